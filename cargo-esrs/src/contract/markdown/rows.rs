//! The fields of a shape, a row each, by their way into the payload.

use std::hash::{Hash, Hasher};

use esrs_lock::tree::{Content, Field, Tag, Tree, Variant};

use super::super::schema::may_be_left_out;

/// The way of a field into the payload: `amount.cents`.
#[derive(Debug, Clone, Eq)]
pub(super) struct Path(String);

impl Path {
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<String> for Path {
    fn from(path: String) -> Self {
        Self(path)
    }
}

#[cfg(test)]
thread_local! {
    static COMPARED: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

#[cfg(test)]
impl Path {
    /// Returns the number of paths that were compared since it was called last.
    pub(super) fn compared() -> usize {
        COMPARED.take()
    }
}

impl PartialEq for Path {
    fn eq(&self, other: &Self) -> bool {
        #[cfg(test)]
        COMPARED.set(COMPARED.get() + 1);
        self.0 == other.0
    }
}

impl Hash for Path {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

/// One row of a version's table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) path: Path,
    pub(super) kind: String,
    pub(super) presence: Presence,
}

/// True if a field has to be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Presence {
    Required,
    Optional,
    /// When the payload says this variant.
    OfVariant,
}

/// The rows of a payload; none for an object without a field.
pub(super) fn rows(tree: &Tree) -> Vec<Row> {
    let mut rows = Vec::new();
    if !matches!(tree, Tree::Struct { .. }) {
        let (path, kind) = (Path::from("(the payload)".to_owned()), kind(tree));
        rows.push(Row { path, kind, presence: Presence::Required });
    }
    parts(&mut rows, "", tree);
    rows
}

fn parts(rows: &mut Vec<Row>, path: &str, tree: &Tree) {
    match tree {
        Tree::Option(inner) => parts(rows, path, inner),
        Tree::Sequence(item) | Tree::Set(item) | Tree::Array { item, .. } => {
            parts(rows, &format!("{path}[]"), item);
        }
        Tree::Map { value, .. } => parts(rows, &join(path, "*"), value),
        Tree::Tuple(items) => places(rows, path, items),
        Tree::Struct { fields, .. } => of_fields(rows, path, fields),
        Tree::Enum { tag, variants, .. } => {
            variants.iter().for_each(|variant| of_variant(rows, path, tag, variant));
        }
        _ => {}
    }
}

fn of_fields(rows: &mut Vec<Row>, path: &str, fields: &[Field]) {
    for field in fields {
        if field.name == "*" {
            let kind = format!("the other fields: {}", kind(&field.tree));
            rows.push(Row { path: join(path, "…").into(), kind, presence: Presence::Optional });
            continue;
        }
        let may_be_left_out = may_be_left_out(&field.tree) && !field.required;
        let presence = match field.optional || may_be_left_out {
            true => Presence::Optional,
            false => Presence::Required,
        };
        let mut kind = kind(&field.tree);
        if !field.aliases.is_empty() {
            kind.push_str(&format!("; also read as {}", codes(&field.aliases)));
        }
        row(rows, join(path, &named(&field.name)), kind, presence, &field.tree);
    }
}

fn places(rows: &mut Vec<Row>, path: &str, items: &[Tree]) {
    for (i, item) in items.iter().enumerate() {
        row(rows, format!("{path}[{i}]"), kind(item), Presence::Required, item);
    }
}

fn of_variant(rows: &mut Vec<Row>, path: &str, tag: &Tag, variant: &Variant) {
    let name = named(&variant.name);
    let within = match tag {
        Tag::External => join(path, &name),
        Tag::Internal { tag } => format!("{path}({} = {name})", named(tag)),
        Tag::Adjacent { tag, content } => {
            join(&format!("{path}({} = {name})", named(tag)), &named(content))
        }
    };
    let own =
        |kind: String| Row { path: within.clone().into(), kind, presence: Presence::OfVariant };
    match (&variant.content, tag) {
        (Content::Unit, _) => {}
        // The tag stands among its fields, so it has no place of its own.
        (Content::Newtype(tree), Tag::Internal { .. }) => parts(rows, &within, tree),
        (Content::Struct(fields), Tag::Internal { .. }) => of_fields(rows, &within, fields),
        (Content::Newtype(tree), _) => {
            rows.push(own(kind(tree)));
            parts(rows, &within, tree);
        }
        (Content::Struct(fields), _) => {
            rows.push(own("object".to_owned()));
            of_fields(rows, &within, fields);
        }
        (Content::Tuple(items), _) => {
            rows.push(own(array_of(items)));
            places(rows, &within, items);
        }
    }
}

fn row(rows: &mut Vec<Row>, path: String, kind: String, presence: Presence, tree: &Tree) {
    rows.push(Row { path: path.clone().into(), kind, presence });
    parts(rows, &path, tree);
}

/// Describes a value, in words.
fn kind(tree: &Tree) -> String {
    match tree {
        Tree::Null => "null".to_owned(),
        Tree::Bool => "true or false".to_owned(),
        Tree::Integer { signed, bits } => {
            format!("`{}{bits}`", if *signed { "i" } else { "u" })
        }
        Tree::NonZero { signed, bits } => {
            format!("`{}{bits}` but 0", if *signed { "i" } else { "u" })
        }
        Tree::Float { bits } => format!("`f{bits}`"),
        Tree::Char => "one character".to_owned(),
        Tree::String => "text".to_owned(),
        Tree::Format(name) => format!("`{name}`"),
        Tree::Option(inner) => match kind(inner) {
            inner if inner.ends_with(" or null") => inner,
            inner => format!("{inner} or null"),
        },
        Tree::Sequence(item) => format!("list of {}", kind(item)),
        Tree::Set(item) => format!("set of {}", kind(item)),
        Tree::Array { item, length } => format!("list of {length} times {}", kind(item)),
        Tree::Tuple(items) => array_of(items),
        Tree::Map { key, value } => format!("map of {} to {}", kind(key), kind(value)),
        Tree::Struct { closed, .. } => closed_or("object", *closed),
        Tree::Enum { tag, variants, closed } => closed_or(&of_enum(tag, variants), *closed),
        Tree::Opaque(name) => format!("`{name}`, which only its owner knows"),
        _ => "anything".to_owned(),
    }
}

fn array_of(items: &[Tree]) -> String {
    format!("array of {} places", items.len())
}

fn closed_or(kind: &str, closed: bool) -> String {
    format!("{kind}{}", if closed { ", without other fields" } else { "" })
}

fn of_enum(tag: &Tag, variants: &[Variant]) -> String {
    let ways = variants.iter().map(|variant| {
        let name = &variant.name;
        let way = match (tag, &variant.content) {
            (Tag::External, Content::Unit) => format!("`{name:?}`"),
            (Tag::External, _) => format!("`{{{name:?}: …}}`"),
            _ => format!("`{name}`"),
        };
        let also = match variant.aliases.is_empty() {
            true => String::new(),
            false => format!(" (also read as {})", codes(&variant.aliases)),
        };
        let other = if variant.other { " (and any other name)" } else { "" };
        format!("{way}{also}{other}")
    });
    let ways = ways.collect::<Vec<_>>().join(", ");
    match tag {
        Tag::External => format!("one of {ways}"),
        Tag::Internal { tag } => format!("object, told by `{tag}`: {ways}"),
        Tag::Adjacent { tag, content } => {
            format!("object, told by `{tag}` and with what it holds in `{content}`: {ways}")
        }
    }
}

fn codes(names: &[String]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

/// A name, in quotes when it could be taken for more than a name.
fn named(name: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '@' | '$');
    if !name.is_empty() && name.chars().all(is_plain) {
        name.to_owned()
    } else {
        format!("{name:?}")
    }
}
