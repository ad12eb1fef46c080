//! The content of a lock besides shapes: the declared steps that lead to a version, and the code by
//! which its parts are read.
//!
//! ```text
//! version 2 = 0c8bd2c1b1a8a7f4
//!     struct
//!     .cents: i64
//! steps
//!     .cents: renamed(from = "amount", in = 2)
//! ```
//!
//! A shape is the same with two `renamed(from = …)` swapped, so no fingerprint shows that values change
//! places. An entry without `steps` was locked before they were, or has none: it is taken as it is.

use std::collections::BTreeMap;

use super::check::entry;
use super::line::{Line, Text, begins_with, equal, name_end, parse, slice, split};
use super::located::is_named;
use super::outline::{INDENT, push_name};
use super::ways::{Message, push_quoted_path};
use crate::schema::derived::is_unknown;
use crate::schema::history::{ShapeVersion, Step};
use crate::schema::{Content, EnumShape, Field, Item, Shape};
use crate::text::ConstText;

/// Says that nothing else is declared than is locked.
pub const UNCHANGED: usize = usize::MAX;

/// How long the steps of a version may be.
pub(super) type Steps = ConstText<{ 48 * 1024 }>;

/// The line before the steps of an entry.
pub(crate) const STEPS: &str = "steps\n";

/// How a line of steps begins that says of a part only that a later version removed it: no value of it
/// reaches the newest, so nothing is asked of what led to it.
const REMOVED: &[u8] = b"removed(";

/// The message about a payload that an `Upcast` of the user's makes.
const BY_HAND: &str = "upcast by hand";

/// Writes what is declared of a version, a line each for the parts of which anything is; returns false if
/// it does not fit.
pub(super) const fn push_steps<const N: usize>(
    text: &mut ConstText<N>,
    history: &ShapeVersion,
    version: u32,
) -> bool {
    let version = at(history, version);
    let mut writer = Writer { text, path: ConstText::new(), says: Says::Steps };
    let by_hand = if matches!(version.step(), Step::Written) { BY_HAND } else { "" };
    writer.line(&[by_hand, version.declared()]);
    writer.parts(version.shape());
    writer.end()
}

/// The line before the parts of an event that are never left out of what is written.
pub(super) const ALWAYS: &str = "always written\n";

/// Writes the fields that may be absent in what is read, and never are in what is written, a line each; returns
/// false if it does not fit.
pub(super) const fn push_always_written<const N: usize>(
    text: &mut ConstText<N>,
    shape: &Shape,
) -> bool {
    let mut writer = Writer { text, path: ConstText::new(), says: Says::AlwaysWritten };
    writer.parts(shape);
    writer.end()
}

/// The paths of the fields that a type of this shape always writes, though they may be absent in what it reads;
/// see [`as_written`](super::as_written).
pub fn always_written(shape: &Shape) -> Vec<String> {
    let mut text = Steps::new();
    push_always_written(&mut text, shape);
    text.as_str().lines().map(|line| line.trim().to_owned()).collect()
}

/// The steps that are declared of the parts of a shape.
pub(super) fn steps_of(shape: &Shape) -> Box<Steps> {
    let mut text = Box::new(Steps::new());
    Writer { text: &mut *text, path: ConstText::new(), says: Says::Steps }.parts(shape);
    text
}

struct Writer<'a, const N: usize> {
    text: &'a mut ConstText<N>,
    path: ConstText<1024>,
    says: Says,
}

/// The content of the lines of a writer.
#[derive(Clone, Copy)]
enum Says {
    Steps,
    AlwaysWritten,
}

impl<const N: usize> Writer<'_, N> {
    /// Returns true if all of it fits.
    const fn end(self) -> bool {
        let is_cut = self.text.is_cut() || self.path.is_cut();
        if is_cut {
            // A path that was cut would be taken for another.
            self.text.push("…");
        }
        !is_cut
    }

    /// Writes what is declared of the part at the path.
    const fn declared(&mut self, declared: &[&str]) {
        if matches!(self.says, Says::Steps) {
            self.line(declared);
        }
    }

    /// Writes the path of a field by itself.
    const fn always_written(&mut self) {
        self.text.push(INDENT);
        self.text.push_bytes(self.path.as_bytes());
        self.text.push_byte(b'\n');
    }

    const fn line(&mut self, declared: &[&str]) {
        let (mut i, mut count) = (0, 0);
        while i < declared.len() {
            if !declared[i].is_empty() {
                if count == 0 {
                    self.text.push(INDENT);
                    self.text.push_bytes(self.path.as_bytes());
                }
                self.text.push(match count {
                    0 if self.path.len() == 0 => "",
                    0 => ": ",
                    _ => ", ",
                });
                self.text.push(declared[i]);
                count += 1;
            }
            i += 1;
        }
        if count > 0 {
            self.text.push_byte(b'\n');
        }
    }

    const fn parts(&mut self, shape: &Shape) {
        match *shape {
            Shape::Option(inner) => self.parts(inner),
            Shape::Sequence(item) | Shape::Set(item) | Shape::Array { item, .. } => {
                self.within("[]", item);
            }
            Shape::Map { key, value } => {
                self.within("<>", key);
                self.within("{}", value);
            }
            Shape::Tuple(items) => self.items(items),
            Shape::Struct(shape) => self.fields(shape.fields),
            Shape::Enum(shape) => self.variants(shape),
            _ => {}
        }
    }

    const fn within(&mut self, step: &str, shape: &Shape) {
        let length = self.path.len();
        self.path.push(step);
        self.parts(shape);
        self.path.truncate(length);
    }

    const fn fields(&mut self, fields: &[Field]) {
        let mut i = 0;
        while i < fields.len() {
            let Field { name, shape, declared, .. } = fields[i];
            let length = self.down(".", name);
            self.declared(&[declared.part(), declared.whole()]);
            if declared.is_always_written() && matches!(self.says, Says::AlwaysWritten) {
                self.always_written();
            }
            self.parts(shape);
            self.path.truncate(length);
            i += 1;
        }
    }

    const fn items(&mut self, items: &[Item]) {
        let mut i = 0;
        while i < items.len() {
            let Item { shape, declared, .. } = items[i];
            let mut number = ConstText::<20>::new();
            number.push_number(i as u64);
            let length = self.down(".", number.as_str());
            self.declared(&[declared.part(), declared.whole()]);
            self.parts(shape);
            self.path.truncate(length);
            i += 1;
        }
    }

    const fn variants(&mut self, shape: &EnumShape) {
        let mut i = 0;
        while i < shape.variants.len() {
            let variant = &shape.variants[i];
            let length = self.down("|", variant.name);
            match variant.content {
                Content::Newtype(Item { shape, declared, .. }) => {
                    self.declared(&[variant.declared.part(), declared.part(), declared.whole()]);
                    self.parts(shape);
                }
                Content::Unit => self.declared(&[variant.declared.part()]),
                Content::Tuple(items) => {
                    self.declared(&[variant.declared.part()]);
                    self.items(items);
                }
                Content::Struct(fields) => {
                    self.declared(&[variant.declared.part()]);
                    self.fields(fields);
                }
            }
            self.path.truncate(length);
            i += 1;
        }
    }

    const fn down(&mut self, mark: &str, name: &str) -> usize {
        let length = self.path.len();
        self.path.push(mark);
        push_name(&mut self.path, name);
        length
    }
}

/// So many parts of a version may have something declared.
const MAX_PARTS: usize = 1024;

/// The lines of steps, each by where its path begins and ends, and where what is declared does.
struct Lines<'a> {
    text: Text<'a>,
    places: [[u32; 4]; MAX_PARTS],
    count: usize,
}

impl<'a> Lines<'a> {
    /// The lines from `start` up to the first that is not indented.
    const fn new(text: &'a [u8], start: usize) -> Self {
        let text = Text::of(text);
        let mut lines = Self { text, places: [[0; 4]; MAX_PARTS], count: 0 };
        let mut at = start;
        while at < text.len() && text.byte(at) == b' ' && lines.count < MAX_PARTS {
            let mut begin = at;
            while begin < text.len() && text.byte(begin) == b' ' {
                begin += 1;
            }
            let mut end = begin;
            while end < text.len() && text.byte(end) != b'\n' {
                end += 1;
            }
            at = if end < text.len() { end + 1 } else { end };
            if end > begin && text.byte(end - 1) == b'\r' {
                end -= 1;
            }
            let has_path =
                begin < end && matches!(text.byte(begin), b'.' | b'|' | b'[' | b'{' | b'<');
            let path = match has_path {
                true => begin + name_end(slice(text, begin, end), 0, b":"),
                false => begin,
            };
            let mut said = if has_path && path < end { path + 1 } else { path };
            while said < end && text.byte(said) == b' ' {
                said += 1;
            }
            lines.places[lines.count] = [begin as u32, path as u32, said as u32, end as u32];
            lines.count += 1;
        }
        lines
    }

    const fn path(&self, line: usize) -> Text<'a> {
        let place = &self.places[line];
        slice(self.text, place[0] as usize, place[1] as usize)
    }

    const fn declared(&self, line: usize) -> Text<'a> {
        let place = &self.places[line];
        slice(self.text, place[2] as usize, place[3] as usize)
    }

    /// The declarations on the part of this path.
    const fn find(&self, path: Text<'_>) -> Option<Text<'a>> {
        let mut i = 0;
        while i < self.count {
            let place = &self.places[i];
            if (place[1] - place[0]) as usize == path.len() && equal(self.path(i), path) {
                return Some(self.declared(i));
            }
            i += 1;
        }
        None
    }

    /// Returns true if the part of this path, or one above it, is gone in a later version.
    const fn is_removed(&self, path: Text<'_>) -> bool {
        let mut path = path;
        while !path.is_empty() {
            if let Some(declared) = self.find(path)
                && begins_with(declared, REMOVED)
            {
                return true;
            }
            path = split(path).parent;
        }
        false
    }
}

/// The first part of which something else is declared than is locked.
struct Changed<'a> {
    path: Text<'a>,
    locked: Option<Text<'a>>,
    now: Option<Text<'a>>,
}

const fn compare<'a>(locked: &Lines<'a>, now: &Lines<'a>) -> Option<Changed<'a>> {
    let mut i = 0;
    while i < locked.count {
        let (path, declared) = (locked.path(i), locked.declared(i));
        i += 1;
        let other = now.find(path);
        let is_same = match other {
            Some(other) => equal(other, declared),
            None => false,
        };
        if !is_same && !now.is_removed(path) {
            return Some(Changed { path, locked: Some(declared), now: other });
        }
    }
    let mut i = 0;
    while i < now.count {
        let path = now.path(i);
        if locked.find(path).is_none() && !now.is_removed(path) {
            return Some(Changed { path, locked: None, now: Some(now.declared(i)) });
        }
        i += 1;
    }
    None
}

/// Where the steps of the newest entry of a version begin; `None` when it was locked without any.
const fn locked_steps(lock: &[u8], version: u32) -> Option<usize> {
    let mut at = lock.len() - entry(lock, version).len();
    let text = Text::of(lock);
    while at < lock.len() {
        let is_steps = begins_with(text.from(at), b"steps");
        let is_entry = lock[at] == b' ';
        while at < lock.len() && lock[at] != b'\n' {
            at += 1;
        }
        at = if at < lock.len() { at + 1 } else { at };
        if is_steps {
            return Some(at);
        }
        if !is_entry {
            return None;
        }
    }
    None
}

const fn at(history: &ShapeVersion, version: u32) -> &ShapeVersion {
    let mut found = history;
    while found.version() != version {
        match found.previous() {
            Some(previous) => found = previous,
            None => panic!("the event has no such version"),
        }
    }
    found
}

/// Which of a payload's own fields leads to the part of which something else is declared than is locked;
/// [`UNCHANGED`] when it is the same, or the shape is another, which is reported by itself.
pub const fn changed_steps(
    history: &ShapeVersion,
    version: u32,
    fingerprint: u64,
    lock: &str,
) -> usize {
    let now = at(history, version);
    if is_unknown(now.shape()) || now.fingerprint().to_u64() != fingerprint {
        return UNCHANGED;
    }
    let Some(start) = locked_steps(lock.as_bytes(), version) else { return UNCHANGED };
    let mut steps = Steps::new();
    push_steps(&mut steps, history, version);
    let (locked, steps) = (Lines::new(lock.as_bytes(), start), Lines::new(steps.as_bytes(), 0));
    let Some(change) = compare(&locked, &steps) else { return UNCHANGED };
    let fields = match *now.shape() {
        Shape::Struct(shape) => shape.fields,
        _ => &[],
    };
    let name = first_name(change.path);
    let mut i = 0;
    while i < fields.len() && !is_named(name, fields[i].name) {
        i += 1;
    }
    i
}

const fn first_name(path: Text<'_>) -> Text<'_> {
    let mut last = split(path);
    while !last.parent.is_empty() {
        last = split(last.parent);
    }
    last.name
}

/// Fails to compile, at the place of the call, with what [`changed_steps`] found.
#[track_caller]
pub const fn steps_changed(
    history: &ShapeVersion,
    version: u32,
    name: &str,
    ident: &str,
    lock: &str,
) {
    let mut now = Steps::new();
    push_steps(&mut now, history, version);
    let Some(start) = locked_steps(lock.as_bytes(), version) else { return };
    let (locked, now) = (Lines::new(lock.as_bytes(), start), Lines::new(now.as_bytes(), 0));
    let Some(change) = compare(&locked, &now) else { return };
    let mut text = Message::new().say("version ");
    text.push_number(version as u64);
    text.push(" of ");
    let mut text = text.quote(ident).say(" is locked, and what leads to it has changed: ");
    push_quoted_path(&mut text, change.path);
    text.push("\n    locked is:   ");
    push_declared(&mut text, change.locked);
    text.push("\n    declared is: ");
    push_declared(&mut text, change.now);
    text.push(
        "\n    stored payloads would be read as other values, which no shape shows\neither: put back what \
         is locked\nor:     if each of them is read as the same value, run `cargo esrs lock --accept-steps ",
    );
    text.push(name);
    text.push("`");
    panic!("{}", text.as_str())
}

const fn push_declared(text: &mut Message, declared: Option<Text<'_>>) {
    /// A closure may be long; the lock has all of it.
    const LONG: usize = 400;
    match declared {
        None => text.push("nothing"),
        Some(declared) if declared.len() > LONG => {
            text.push(slice(declared, 0, LONG).as_str());
            text.push(" …");
        }
        Some(declared) => text.push(declared.as_str()),
    }
}

/// A part of which something else is declared than is locked; see [`first_changed_step`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct StepChange {
    /// Its path; empty for the payload itself.
    pub path: String,
    /// The locked declaration; `None` for nothing.
    pub locked: Option<String>,
    /// The declaration in the source; `None` for nothing.
    pub now: Option<String>,
}

/// The first part of which something else is declared than is locked, among those that both shapes have. A
/// `default` counts where a part may be absent in both: [`first_change_of`](super::first_change_of) judges
/// the others.
pub fn first_changed_step<S: AsRef<str>>(
    (locked_outline, locked): (&[S], &[S]),
    (outline, now): (&[S], &[S]),
) -> Option<StepChange> {
    let then = parts(locked_outline, &BTreeMap::new());
    let former = former_paths(outline, &then);
    let today = parts(outline, &former);
    let may_be_absent = |path: &str| Some((*then.get(path)?, *today.get(path)?));
    let (locked, now) = (declared(locked, &BTreeMap::new()), declared(now, &former));
    let common = |lines: &[(String, String)], is_locked: bool| {
        let mut text = String::new();
        for (path, declared) in lines {
            let counts = match may_be_absent(path) {
                None if path.is_empty() => true,
                None => continue,
                Some((true, true)) => true,
                // Of an opaque part, whether it is an `Option` is known by its type alone.
                Some((false, false)) => is_locked || has_default(&locked, path),
                Some(_) => false,
            };
            let declared = if counts { declared } else { without_default(declared) };
            match (path.is_empty(), declared.is_empty()) {
                (_, true) => {}
                (true, false) => text += &format!("{INDENT}{declared}\n"),
                (false, false) => text += &format!("{INDENT}{path}: {declared}\n"),
            }
        }
        text
    };
    let (before, after) = (common(&locked, true), common(&now, false));
    let (before, after) = (Lines::new(before.as_bytes(), 0), Lines::new(after.as_bytes(), 0));
    let change = compare(&before, &after)?;
    let text = |text: Text<'_>| text.as_str().to_owned();
    Some(StepChange {
        path: text(change.path),
        locked: change.locked.map(text),
        now: change.now.map(text),
    })
}

/// The first part that is written by other code than is locked, of the parts that both shapes have: another
/// function of serde, another type of an opaque part, or another `default`, which stands for what is left out.
/// Declared steps concern readers alone.
pub fn first_changed_writer<S: AsRef<str>>(
    (locked_outline, locked): (&[S], &[S]),
    (outline, now): (&[S], &[S]),
) -> Option<StepChange> {
    let lines = |lines: &[S]| lines.iter().map(|line| line.as_ref().to_owned()).collect();
    let (locked_outline, outline): (Vec<String>, Vec<String>) =
        (lines(locked_outline), lines(outline));
    let writers = |lines: &[S]| -> Vec<String> {
        lines.iter().filter_map(|line| writer(line.as_ref())).collect()
    };
    first_changed_step((&locked_outline, &writers(locked)), (&outline, &writers(now)))
}

/// The code by which a line of steps says that its part is written; `None` if it says nothing of it.
fn writer(line: &str) -> Option<String> {
    const WRITING: [&str; 7] = [
        "default",
        "with = ",
        "serialize_with = ",
        "getter = ",
        "into = ",
        "remote = ",
        "of type ",
    ];
    let indented = format!("{INDENT}{line}");
    let lines = Lines::new(indented.as_bytes(), 0);
    let (path, declared) = (lines.path(0).as_str(), lines.declared(0).as_str());
    let is_writing = |word: &&str| WRITING.iter().any(|begin| word.starts_with(begin));
    let words: Vec<_> = words(declared).into_iter().filter(is_writing).collect();
    let said = words.join(", ");
    match (said.as_str(), path) {
        ("", _) => None,
        (_, "") => Some(said),
        _ => Some(format!("{path}: {said}")),
    }
}

/// The words of a declaration, which commas part outside of quotes and brackets.
fn words(declared: &str) -> Vec<&str> {
    let (mut words, mut start, mut depth) = (Vec::new(), 0, 0_usize);
    let (mut is_quoted, mut is_escaped, mut before) = (false, false, ' ');
    for (at, letter) in declared.char_indices() {
        match letter {
            _ if is_escaped => is_escaped = false,
            '\\' if is_quoted => is_escaped = true,
            '"' => is_quoted = !is_quoted,
            _ if is_quoted => {}
            '(' | '[' | '{' | '<' => depth += 1,
            // That of an arrow closes nothing.
            '>' if matches!(before, '-' | '=') => {}
            ')' | ']' | '}' | '>' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                words.push(declared[start..at].trim());
                start = at + 1;
            }
            _ => {}
        }
        before = letter;
    }
    words.push(declared[start..].trim());
    words
}

/// The path that each part has in `then`: a part that was renamed has that of the alias by which it is read.
fn former_paths<S: AsRef<str>>(
    outline: &[S],
    then: &BTreeMap<String, bool>,
) -> BTreeMap<String, String> {
    let mut former = BTreeMap::<String, String>::new();
    for line in outline {
        let line = parse(line.as_ref().as_bytes());
        let path = split(line.path);
        let parent = path.parent.as_str();
        let above = former.get(parent).map_or(parent, String::as_str);
        let of = |name: Text<'_>| format!("{above}{}{}", path.step.as_str(), name.as_str());
        let (mut found, mut start) = (of(path.name), 0);
        while !then.contains_key(&found) && start < line.aliases.len() {
            let end = name_end(line.aliases, start + 1, b"/");
            found = of(slice(line.aliases, start + 1, end));
            start = end;
        }
        let found = if then.contains_key(&found) { found } else { of(path.name) };
        former.insert(line.path.as_str().to_owned(), found);
    }
    former
}

/// The path of each line, in other words where `former` has some, and what is declared there. Any JSON has
/// `null` where an `Option` has `None`.
fn declared<S: AsRef<str>>(
    steps: &[S],
    former: &BTreeMap<String, String>,
) -> Vec<(String, String)> {
    let line = |line: &S| {
        let line = format!("{INDENT}{}\n", line.as_ref());
        let lines = Lines::new(line.as_bytes(), 0);
        let (path, declared) = (lines.path(0).as_str(), lines.declared(0).as_str());
        let path = former.get(path).map_or(path, String::as_str);
        (path.to_owned(), declared.replacen("default = null", "default = None", 1))
    };
    steps.iter().map(line).collect()
}

fn has_default(steps: &[(String, String)], path: &str) -> bool {
    steps.iter().any(|(of, declared)| of == path && declared.starts_with("default"))
}

/// The paths of an outline, in other words where `former` has some, each with whether what is there may be
/// absent.
fn parts<S: AsRef<str>>(
    outline: &[S],
    former: &BTreeMap<String, String>,
) -> BTreeMap<String, bool> {
    let parsed = outline.iter().map(|line| parse(line.as_ref().as_bytes()));
    let part = |line: Line<'_>| {
        let path = line.path.as_str();
        (former.get(path).map_or(path, String::as_str).to_owned(), line.optional)
    };
    parsed.map(part).collect()
}

/// What is declared of a part, without its `default`, which stands first.
fn without_default(declared: &str) -> &str {
    let Some(rest) = declared.strip_prefix("default") else { return declared };
    let rest = match rest.strip_prefix(" = \"") {
        Some(path) => path.split_once('"').map_or("", |(_, rest)| rest),
        None => rest.strip_prefix(" = None").unwrap_or(rest),
    };
    rest.strip_prefix(" of the struct").unwrap_or(rest).trim_start_matches(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_default_counts_only_where_a_part_was_absent() {
        let changed = |then: (&str, &[&str]), now: (&str, &[&str])| {
            first_changed_step((&[then.0], then.1), (&[now.0], now.1)).is_some()
        };
        let (needed, optional) = (".a: u8", ".a?: u8");
        let (five, six) = (".a: default = \"five\"", ".a: default = \"six\"");
        assert!(!changed((needed, &[]), (optional, &[five])));
        assert!(!changed(
            (needed, &[".a: added(in = 2)"]),
            (optional, &[".a: default, added(in = 2)"])
        ));
        assert!(changed((optional, &[five]), (optional, &[six])));
        assert!(changed((optional, &[five]), (".a/b?: u8", &[six])), "whatever else changed");
        assert!(changed((needed, &[]), (optional, &[".a: default, retyped(from = u8)"])));
        assert!(!changed((optional, &[five]), (".b?: u8", &[".b: default = \"six\""])));
    }

    #[test]
    fn code_of_writing_is_told_from_code_of_reading() {
        let outline = [".a: opaque at@1", ".b: u8"];
        let changed = |then: &str, now: &str| {
            first_changed_writer((&outline, &[then]), (&outline, &[now])).is_some()
        };
        let seconds =
            ".a: default, with = \"seconds\", of type Time<u8, fn(u8) -> u8>, added(in = 2)";
        for same in [
            ".a: default, with = \"seconds\", of type Time<u8, fn(u8) -> u8>",
            ".a: default, with = \"seconds\", of type Time<u8, fn(u8) -> u8>, \
             retyped(from = X, in = 3, with = y)",
        ] {
            assert!(!changed(seconds, same), "{same}");
        }
        for other in [
            ".a: default = \"zero, one\", with = \"seconds\", of type Time<u8, fn(u8) -> u8>",
            ".a: default, with = \"millis\", of type Time<u8, fn(u8) -> u8>",
            ".a: default, with = \"seconds\", of type Time<u16, fn(u8) -> u8>",
            ".a: added(in = 2)",
        ] {
            assert!(changed(seconds, other), "{other}");
            assert!(changed(other, seconds), "{other}");
        }
        assert!(changed("into = \"A\"", "into = \"B\", from = \"A\""));
        assert!(!changed("into = \"A\", from = \"B\"", "from = \"A\", into = \"A\""));
        assert!(!changed(".b: deserialize_with = \"a\"", ".b: deserialize_with = \"b\""));
        assert!(changed(".b: serialize_with = \"a\"", ".b: serialize_with = \"b\""));
        assert!(!changed("upcast by hand", ".b: added(in = 2, default = 1)"));
    }

    #[test]
    fn what_led_to_a_part_that_is_gone_does_not_count() {
        let changed = |then: &[&str], now: &[&str]| {
            let outline = [".a: struct", ".a.b: u8"];
            first_changed_step((&outline, then), (&outline, now)).is_some()
        };
        assert!(!changed(&[".a.b: added(in = 2)"], &[".a: removed(in = 3)"]));
        assert!(!changed(&[".a: added(in = 2)"], &[".a: removed(in = 3)"]));
        assert!(changed(&[".a.b: added(in = 2)"], &[]));
        assert!(changed(&["upcast by hand"], &[]));
    }
}
