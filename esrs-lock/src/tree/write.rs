//! A tree, as the outline that it was read from.

use super::{Content, Field, Tag, Tree, Variant};
use crate::outline::written_name as name;

impl Tree {
    /// The outline of the shape, a line each for every part.
    pub fn outline(&self) -> Vec<String> {
        let mut lines = vec![head(self)];
        parts(self, "", &mut lines);
        lines
    }
}

/// Writes the head of a value, without its parts.
fn head(tree: &Tree) -> String {
    match tree {
        Tree::Null => "null".to_owned(),
        Tree::Bool => "bool".to_owned(),
        Tree::Integer { signed: true, bits } => format!("i{bits}"),
        Tree::Integer { signed: false, bits } => format!("u{bits}"),
        Tree::NonZero { signed: true, bits } => format!("nonzero i{bits}"),
        Tree::NonZero { signed: false, bits } => format!("nonzero u{bits}"),
        Tree::Float { bits } => format!("f{bits}"),
        Tree::Char => "char".to_owned(),
        Tree::String => "string".to_owned(),
        Tree::Format(name) => name.clone(),
        Tree::Option(inner) => format!("{}?", head(inner)),
        Tree::Sequence(item) => format!("[{}]", head(item)),
        Tree::Set(item) => format!("set<{}>", head(item)),
        Tree::Array { item, length } => format!("[{}; {length}]", head(item)),
        Tree::Tuple(_) => "tuple".to_owned(),
        Tree::Map { key, value } => format!("map<{}, {}>", head(key), head(value)),
        Tree::Struct { closed, .. } => format!("{}struct", closed_mark(*closed)),
        Tree::Enum { tag, closed, .. } => format!("{}enum{}", closed_mark(*closed), tag_mark(tag)),
        Tree::Opaque(name) => format!("opaque {name}"),
        Tree::Any => "any".to_owned(),
    }
}

fn closed_mark(closed: bool) -> &'static str {
    if closed { "closed " } else { "" }
}

fn tag_mark(tag: &Tag) -> String {
    match tag {
        Tag::External => String::new(),
        Tag::Internal { tag } => format!("(tag {})", name(tag)),
        Tag::Adjacent { tag, content } => format!("(tag {}, content {})", name(tag), name(content)),
    }
}

fn parts(tree: &Tree, path: &str, lines: &mut Vec<String>) {
    match tree {
        Tree::Option(inner) => parts(inner, path, lines),
        Tree::Sequence(item) | Tree::Set(item) | Tree::Array { item, .. } => {
            parts(item, &format!("{path}[]"), lines);
        }
        Tree::Map { key, value } => {
            parts(key, &format!("{path}<>"), lines);
            parts(value, &format!("{path}{{}}"), lines);
        }
        Tree::Tuple(items) => write_items(items, path, lines),
        Tree::Struct { fields, .. } => write_fields(fields, path, lines),
        Tree::Enum { variants, .. } => write_variants(variants, path, lines),
        _ => {}
    }
}

fn write_items(items: &[Tree], path: &str, lines: &mut Vec<String>) {
    for (place, item) in items.iter().enumerate() {
        let path = format!("{path}.{place}");
        lines.push(format!("{path}: {}", head(item)));
        parts(item, &path, lines);
    }
}

fn write_fields(fields: &[Field], path: &str, lines: &mut Vec<String>) {
    for Field { name: field, aliases: others, optional, required, tree } in fields {
        let path = format!("{path}.{}", name(field));
        let presence = match (optional, required) {
            (true, _) => "?",
            (false, true) => "!",
            (false, false) => "",
        };
        lines.push(format!("{path}{}{presence}: {}", aliases(others), head(tree)));
        parts(tree, &path, lines);
    }
}

fn write_variants(variants: &[Variant], path: &str, lines: &mut Vec<String>) {
    for Variant { name: variant, aliases: others, other, content } in variants {
        let path = format!("{path}|{}", name(variant));
        let other = if *other { "/*" } else { "" };
        let line = format!("{path}{}{other}", aliases(others));
        match content {
            Content::Unit => lines.push(line),
            Content::Newtype(tree) => {
                lines.push(format!("{line}: {}", head(tree)));
                parts(tree, &path, lines);
            }
            Content::Tuple(items) => {
                lines.push(format!("{line}: places"));
                write_items(items, &path, lines);
            }
            Content::Struct(fields) => {
                lines.push(format!("{line}: fields"));
                write_fields(fields, &path, lines);
            }
        }
    }
}

fn aliases(names: &[String]) -> String {
    names.iter().map(|alias| format!("/{}", name(alias))).collect()
}
