//! The other direction of a change: what an older program reads of the payloads that a newer one writes.
//!
//! Names are written by one word and read by several, and a field that is not known is skipped, so this is
//! not [`first_change`] with its sides swapped. The names, fields and variants are matched first; the values
//! that are left are compared by the same rules.

mod rule;

pub use rule::RollingRule;

use crate::compat::{OutlineChange, first_change, part_text};
use crate::outline::{Line, parse, written_name};
use crate::tree::{Content, Field, OutlineError, Tag, Tree, Variant};

/// The first difference between an outline that is written and one that is read; see [`first_unread`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RollingChange {
    /// The kind of difference.
    pub rule: RollingRule,
    /// The path of the field or the variant; empty for the payload itself.
    pub path: String,
    /// The part as the newer program writes it; `None` where it does not.
    pub written: Option<String>,
    /// The part as the older program reads it; `None` where it knows none.
    pub read: Option<String>,
}

/// The first difference that keeps an older program, whose lock has the outline `read`, from reading the
/// payloads of a newer one, or else the first that does not; `None` if they read the same.
///
/// ```
/// use esrs_lock::rolling::{RollingRule, first_unread};
///
/// let old = ["struct", ".cents: i64"];
/// let more = first_unread(&["struct", ".cents: i64", ".note: string?"], &old)?.unwrap();
/// assert_eq!((more.rule, more.path.as_str()), (RollingRule::FieldSkipped, ".note"));
/// let less = first_unread(&["struct"], &old)?.unwrap();
/// assert!(!less.rule.is_compatible());
/// # Ok::<_, esrs_lock::tree::OutlineError>(())
/// ```
///
/// # Errors
/// Returns [`OutlineError`] if one of the two is not an outline.
pub fn first_unread<S: AsRef<str>>(
    written: &[S],
    read: &[S],
) -> Result<Option<RollingChange>, OutlineError> {
    let (mut writer, mut reader) = (Tree::parse(written)?, Tree::parse(read)?);
    let mut matching = Matching { compatible: None };
    let breaking = matching.value(&mut writer, &mut reader, &Paths::default()).err();
    if let Some(found) = breaking {
        return Ok(Some(found.shown(written, read)));
    }
    let change = first_change(&writer.outline(), &reader.outline());
    let change = change.map(|OutlineChange { rule, path, locked, now }| RollingChange {
        rule: RollingRule::of(rule),
        path,
        written: locked,
        read: now,
    });
    Ok(match (change, matching.compatible) {
        (Some(change), Some(found)) if change.rule.is_compatible() => {
            Some(found.shown(written, read))
        }
        (None, Some(found)) => Some(found.shown(written, read)),
        (change, _) => change,
    })
}

/// An outline without the mark of what may be absent on the fields that are `None` then, as an `Option` is
/// without a `default` too; these are its steps.
///
/// ```
/// use esrs_lock::rolling::with_plain_options;
///
/// let outline = ["struct", ".a?: u8?", ".b?: u8?"];
/// assert_eq!(
///     with_plain_options(&outline, &[".a: default = None", ".b: default = \"five\""]),
///     ["struct", ".a: u8?", ".b?: u8?"]
/// );
/// ```
pub fn with_plain_options<S: AsRef<str>, P: AsRef<str>>(outline: &[S], steps: &[P]) -> Vec<String> {
    without_mark(outline, |line| {
        let begin = format!("{}: default = None", line.path.as_str());
        line.head.as_str().ends_with('?')
            && steps.iter().any(|step| step.as_ref().starts_with(&begin))
    })
}

/// An outline without the mark of what may be absent on the fields that are always written, which stand at these
/// paths: `#[serde(default)]` concerns a reader alone.
///
/// ```
/// use esrs_lock::rolling::as_written;
///
/// assert_eq!(as_written(&["struct", ".a?: u8", ".b?: u8"], &[".a"]), ["struct", ".a: u8", ".b?: u8"]);
/// ```
pub fn as_written<S: AsRef<str>, P: AsRef<str>>(outline: &[S], always: &[P]) -> Vec<String> {
    without_mark(outline, |line| always.iter().any(|path| path.as_ref() == line.path.as_str()))
}

/// An outline without the mark of what may be absent on the fields for which `is_there` is true.
fn without_mark<S: AsRef<str>>(outline: &[S], is_there: impl Fn(&Line<'_>) -> bool) -> Vec<String> {
    let unmarked = |line: &S| {
        let parsed = parse(line.as_ref().as_bytes());
        let (path, aliases, head) =
            (parsed.path.as_str(), parsed.aliases.as_str(), parsed.head.as_str());
        match parsed.optional && is_there(&parsed) {
            true => format!("{path}{aliases}: {head}"),
            false => line.as_ref().to_owned(),
        }
    };
    outline.iter().map(unmarked).collect()
}

/// A difference in names, fields or variants, by the paths of its parts.
struct Found {
    rule: RollingRule,
    written: Option<String>,
    read: Option<String>,
}

impl Found {
    fn shown<S: AsRef<str>>(self, written: &[S], read: &[S]) -> RollingChange {
        let text = |lines: &[S], path: &Option<String>| {
            let path = path.as_ref()?;
            let mut lines = lines.iter().map(|line| parse(line.as_ref().as_bytes()));
            let line = lines.find(|line| line.path.as_str() == path)?;
            Some(part_text(line))
        };
        RollingChange {
            rule: self.rule,
            written: text(written, &self.written),
            read: text(read, &self.read),
            path: self.written.or(self.read).unwrap_or_default(),
        }
    }
}

/// Where a part stands in what is written and in what is read.
#[derive(Default, Clone)]
struct Paths {
    written: String,
    read: String,
}

impl Paths {
    /// One step into both, such as `[]`.
    fn within(&self, step: &str) -> Self {
        Self { written: format!("{}{step}", self.written), read: format!("{}{step}", self.read) }
    }

    /// A field or a variant of each, by their names.
    fn part(&self, mark: char, written: &str, read: &str) -> Self {
        let path = |above: &str, name| format!("{above}{mark}{}", written_name(name));
        Self { written: path(&self.written, written), read: path(&self.read, read) }
    }

    /// A difference in a part of this name that is written and not read.
    fn unread(&self, mark: char, name: &str, rule: RollingRule) -> Found {
        Found { rule, written: Some(self.part(mark, name, name).written), read: None }
    }
}

/// Leaves in both shapes the parts that are written and read by one name, and the differences between their
/// values. What a reader skips, refuses or does not know is found here.
struct Matching {
    compatible: Option<Found>,
}

impl Matching {
    fn value(&mut self, written: &mut Tree, read: &mut Tree, at: &Paths) -> Result<(), Found> {
        match (written, read) {
            (Tree::Option(written), Tree::Option(read)) => self.value(written, read, at),
            (Tree::Option(written), read) => self.value(written, read, at),
            (written, Tree::Option(read)) => self.value(written, read, at),
            (
                Tree::Sequence(written) | Tree::Set(written) | Tree::Array { item: written, .. },
                Tree::Sequence(read) | Tree::Set(read) | Tree::Array { item: read, .. },
            ) => self.value(written, read, &at.within("[]")),
            (Tree::Map { key, value }, Tree::Map { key: read_key, value: read_value }) => {
                self.value(key, read_key, &at.within("<>"))?;
                self.value(value, read_value, &at.within("{}"))
            }
            (Tree::Tuple(written), Tree::Tuple(read)) => self.places(written, read, at),
            (
                Tree::Struct { fields: written, closed: is_closed },
                Tree::Struct { fields: read, closed },
            ) => {
                let refuses = std::mem::take(closed);
                *is_closed = false;
                self.fields(written, read, refuses, at)
            }
            (
                Tree::Enum { tag: written_tag, variants: written, closed: is_closed },
                Tree::Enum { tag, variants: read, closed },
            ) if written_tag == tag => {
                let refuses = std::mem::take(closed);
                *is_closed = false;
                let has_others = matches!(tag, Tag::Internal { .. });
                self.variants(written, read, (refuses, has_others), at)
            }
            _ => Ok(()),
        }
    }

    fn places(&mut self, written: &mut [Tree], read: &mut [Tree], at: &Paths) -> Result<(), Found> {
        if written.len() != read.len() {
            let Paths { written, read } = at.clone();
            let rule = RollingRule::OtherLength;
            return Err(Found { rule, written: Some(written), read: Some(read) });
        }
        for (place, (written, read)) in written.iter_mut().zip(read).enumerate() {
            let place = place.to_string();
            self.value(written, read, &at.part('.', &place, &place))?;
        }
        Ok(())
    }

    fn fields(
        &mut self,
        written: &mut Vec<Field>,
        read: &mut [Field],
        refuses_unknown: bool,
        at: &Paths,
    ) -> Result<(), Found> {
        let names: Vec<_> = written.iter().map(|field| field.name.clone()).collect();
        let spreads = written.iter().any(is_flattened);
        for mut field in std::mem::take(written) {
            if is_flattened(&field) {
                written.push(field);
                continue;
            }
            let reader = reader_of(read, &field.name, |other| {
                (!is_flattened(other)).then_some((&other.name, &other.aliases))
            });
            if let Some(place) = reader {
                let other = &mut read[place];
                // A flattened field cannot hold a name that its own type reads as this field.
                field
                    .aliases
                    .retain(|alias| spreads && answers(&other.name, &other.aliases, alias));
                let at = at.part('.', &field.name, &other.name);
                self.value(&mut field.tree, &mut other.tree, &at)?;
                written.push(field);
                continue;
            }
            let lost = read.iter().filter(|other| !is_flattened(other));
            let lost = lost.map(|other| (&other.name, &other.aliases));
            let rule = if is_renamed(&field.aliases, &names, lost) {
                RollingRule::NameUnknown
            } else if refuses_unknown {
                RollingRule::UnknownFieldRefused
            } else if read.iter().any(is_flattened) {
                RollingRule::TakenByFlattened
            } else {
                self.found(at.unread('.', &field.name, RollingRule::FieldSkipped));
                continue;
            };
            return Err(at.unread('.', &field.name, rule));
        }
        for other in read.iter_mut().filter(|_| !spreads) {
            other.aliases.retain(|alias| names.contains(alias));
        }
        Ok(())
    }

    fn variants(
        &mut self,
        written: &mut Vec<Variant>,
        read: &mut [Variant],
        (refuses_unknown, has_others): (bool, bool),
        at: &Paths,
    ) -> Result<(), Found> {
        let names: Vec<_> = written.iter().map(|variant| variant.name.clone()).collect();
        let takes_others = has_others && read.iter().any(|other| other.other);
        for mut variant in std::mem::take(written) {
            let reader =
                reader_of(read, &variant.name, |other| Some((&other.name, &other.aliases)));
            if let Some(place) = reader {
                let other = &mut read[place];
                variant.aliases.clear();
                variant.other = false;
                let at = at.part('|', &variant.name, &other.name);
                self.content(&mut variant.content, &mut other.content, refuses_unknown, &at)?;
                written.push(variant);
                continue;
            }
            let lost = read.iter().map(|other| (&other.name, &other.aliases));
            let rule = if is_renamed(&variant.aliases, &names, lost) {
                RollingRule::NameUnknown
            } else if takes_others {
                self.found(at.unread('|', &variant.name, RollingRule::VariantReadAsOther));
                continue;
            } else {
                RollingRule::VariantUnknown
            };
            return Err(at.unread('|', &variant.name, rule));
        }
        for other in read {
            other.aliases.retain(|alias| names.contains(alias));
            other.other = false;
        }
        Ok(())
    }

    fn content(
        &mut self,
        written: &mut Content,
        read: &mut Content,
        refuses_unknown: bool,
        at: &Paths,
    ) -> Result<(), Found> {
        match (written, read) {
            (Content::Newtype(written), Content::Newtype(read)) => self.value(written, read, at),
            (Content::Tuple(written), Content::Tuple(read)) => self.places(written, read, at),
            (Content::Struct(written), Content::Struct(read)) => {
                self.fields(written, read, refuses_unknown, at)
            }
            _ => Ok(()),
        }
    }

    fn found(&mut self, found: Found) {
        self.compatible.get_or_insert(found);
    }
}

/// Returns true if a field stands for all the fields of a `flatten`.
fn is_flattened(field: &Field) -> bool {
    let tree = match &field.tree {
        Tree::Option(inner) => inner,
        tree => tree,
    };
    field.name == "*" && matches!(tree, Tree::Opaque(_))
}

fn answers(name: &str, aliases: &[String], to: &str) -> bool {
    name == to || aliases.iter().any(|alias| alias == to)
}

/// The place of the part that reads this name: by its own, or else by an alias.
fn reader_of<T>(
    parts: &[T],
    name: &str,
    names: impl Fn(&T) -> Option<(&String, &Vec<String>)>,
) -> Option<usize> {
    let has_name = |part: &T| names(part).is_some_and(|(other, _)| other == name);
    let has_alias =
        |part: &T| names(part).is_some_and(|(other, aliases)| answers(other, aliases, name));
    parts.iter().position(has_name).or_else(|| parts.iter().position(has_alias))
}

/// Returns true if a part that is written had a name before, by which the older program looks for it, and which
/// nothing else is written by.
fn is_renamed<'a>(
    former: &[String],
    written: &[String],
    mut read: impl Iterator<Item = (&'a String, &'a Vec<String>)>,
) -> bool {
    read.any(|(name, aliases)| {
        former.iter().any(|former| answers(name, aliases, former))
            && !written.iter().any(|written| answers(name, aliases, written))
    })
}
