//! The JSON Schema of a locked shape.

mod format;
mod object;
mod variants;

use esrs_lock::tree::{Field, Tree};

use super::json::{Json, Object};
use object::{Rest, Spread};

/// A draft of JSON Schema, where drafts differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Draft {
    /// 2020-12, the newest.
    Draft2020,
    /// 07, on which AsyncAPI builds.
    Draft07,
}

impl Draft {
    /// The schema of what is written for a shape.
    pub(super) fn schema(self, tree: &Tree) -> Object {
        match tree {
            Tree::Null => typed("null"),
            Tree::Bool => typed("boolean"),
            Tree::Integer { signed, bits } => integer(*signed, *bits),
            Tree::NonZero { signed, bits } => {
                integer(*signed, *bits).with("not", Object::default().with("const", 0usize))
            }
            Tree::Float { .. } => typed("number"),
            Tree::Char => typed("string").with("minLength", 1).with("maxLength", 1),
            Tree::String => typed("string"),
            Tree::Format(name) => format::schema(name),
            Tree::Option(inner) => nullable(self.schema(not_null(inner))),
            Tree::Sequence(item) => typed("array").with("items", self.schema(item)),
            Tree::Set(item) => {
                typed("array").with("items", self.schema(item)).with("uniqueItems", true)
            }
            Tree::Array { item, length } => typed("array")
                .with("items", self.schema(item))
                .with("minItems", *length)
                .with("maxItems", *length),
            Tree::Tuple(items) => self.tuple(items),
            Tree::Map { key, value } => self.map(key, value).schema(),
            Tree::Struct { fields, closed } => self.fields(fields, *closed).schema(),
            Tree::Enum { tag, variants, closed } => self.variants(tag, variants, *closed),
            Tree::Opaque(name) => opaque(name),
            // Anything else is of a newer esrs, and no promise is better than a wrong one.
            _ => Object::default(),
        }
    }

    fn tuple(self, items: &[Tree]) -> Object {
        if items.is_empty() {
            return typed("array").with("maxItems", 0usize);
        }
        let places: Vec<_> = items.iter().map(|item| self.schema(item)).collect();
        let array = match self {
            Self::Draft2020 => typed("array").with("prefixItems", places).with("items", false),
            Self::Draft07 => typed("array").with("items", places).with("additionalItems", false),
        };
        array.with("minItems", items.len())
    }

    fn map(self, key: &Tree, value: &Tree) -> Spread {
        Spread { names: self.key(key), rest: Rest::Values(self.schema(value)), ..Spread::default() }
    }

    /// The schema of a key, which is text on the wire; `None` when it may be any.
    fn key(self, tree: &Tree) -> Option<Object> {
        match tree {
            Tree::Integer { signed: true, .. } | Tree::NonZero { signed: true, .. } => {
                Some(Object::default().with("pattern", "^-?[0-9]+$"))
            }
            Tree::Integer { signed: false, .. } | Tree::NonZero { signed: false, .. } => {
                Some(Object::default().with("pattern", "^[0-9]+$"))
            }
            Tree::Float { .. } => {
                Some(Object::default().with("pattern", r"^-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?$"))
            }
            Tree::Bool => Some(Object::default().with("enum", vec!["true", "false"])),
            Tree::Option(inner) => self.key(inner),
            Tree::Char | Tree::Format(_) | Tree::Enum { .. } => Some(self.schema(tree)),
            _ => None,
        }
    }

    /// The object of a struct, or of a variant with fields.
    fn fields(self, fields: &[Field], closed: bool) -> Spread {
        let rest = if closed { Rest::Closed } else { Rest::Open };
        let mut object = Spread { rest, ..Spread::default() };
        for field in fields {
            if field.name == "*" {
                object.rest = Rest::Open;
                if let Tree::Opaque(name) = &field.tree {
                    object.notes.push(format!(
                        "Its other fields are those of {name:?}, which only their owner knows."
                    ));
                }
                continue;
            }
            let mut schema = self.schema(&field.tree);
            describe(&mut schema, &also_read_as(&field.aliases));
            if !(field.optional || (may_be_left_out(&field.tree) && !field.required)) {
                object.required.push(field.name.clone());
            }
            object.properties.push((field.name.clone(), schema));
        }
        object
    }
}

/// Returns true if serde may have been told to leave the field out (`skip_serializing_if`) though a shape
/// does not say so: reading needs no `default` for an `Option`, and an opaque type may be one.
pub(super) fn may_be_left_out(tree: &Tree) -> bool {
    matches!(tree, Tree::Option(_) | Tree::Opaque(_))
}

/// `null` of `null` is the same `null`.
fn not_null(tree: &Tree) -> &Tree {
    match tree {
        Tree::Option(inner) => not_null(inner),
        tree => tree,
    }
}

fn typed(name: &str) -> Object {
    Object::default().with("type", name)
}

fn integer(signed: bool, bits: u16) -> Object {
    let mut schema = typed("integer");
    // Rust has none that is wider.
    if (1..=128).contains(&bits) {
        let (min, max) = match signed {
            true => (i128::MIN >> (128 - bits), Json::Integer(i128::MAX >> (128 - bits))),
            false => (0, Json::Natural(u128::MAX >> (128 - bits))),
        };
        schema = schema.with("minimum", Json::Integer(min)).with("maximum", max);
    }
    if bits > 53 {
        let note = "All of its digits are written; a reader that keeps numbers as doubles loses those \
                    beyond 2^53.";
        describe(&mut schema, note);
    }
    schema
}

fn opaque(name: &str) -> Object {
    let note = format!("The shape {name:?}, which only its owner knows.");
    Object::default().with("description", note)
}

/// Allows null, too.
fn nullable(schema: Object) -> Object {
    let null = Json::from("null");
    let takes_any =
        schema.is_empty() || schema == Object::default().with("description", description(&schema));
    if takes_any {
        return schema;
    }
    let mut schema = schema;
    let lists_values = schema.has("const") || schema.has("enum");
    if let Some(Json::Text(name)) = schema.get("type").cloned()
        && !lists_values
        && let Some(kind) = schema.get_mut("type")
    {
        if name != "null" {
            *kind = Json::List(vec![name.into(), null]);
        }
        return schema;
    }
    Object::default().with("anyOf", vec![schema, typed("null")])
}

fn also_read_as(aliases: &[String]) -> String {
    if aliases.is_empty() {
        return String::new();
    }
    let names: Vec<_> = aliases.iter().map(|name| format!("{name:?}")).collect();
    format!("It is also read by the name {}.", names.join(" or "))
}

fn description(schema: &Object) -> &str {
    match schema.get("description") {
        Some(Json::Text(text)) => text,
        _ => "",
    }
}

/// Says one thing more of a schema.
fn describe(schema: &mut Object, note: &str) {
    if note.is_empty() {
        return;
    }
    match schema.get_mut("description") {
        Some(Json::Text(text)) => text.push_str(&format!(" {note}")),
        _ => schema.put("description", note),
    }
}
