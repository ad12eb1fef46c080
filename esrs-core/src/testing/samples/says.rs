//! Compares a payload that was written with the one that was read.

use serde_json::{Map, Number, Value};

use super::plan::is_spread;
use crate::schema::lock::tree::{Content, Field, Tag, Tree, Variant};

type Members = Map<String, Value>;

/// Returns true if `written`, of a type of this shape, has all that `read` has in the parts that the shape
/// knows: by another name where that is an alias, and not where a default may be left out.
pub(super) fn says(tree: &Tree, read: &Value, written: &Value) -> bool {
    match (tree, read, written) {
        (Tree::Option(_), Value::Null, written) => written.is_null(),
        (Tree::Option(inner), read, written) => says(inner, read, written),
        (
            Tree::Sequence(item) | Tree::Array { item, .. },
            Value::Array(read),
            Value::Array(all),
        ) => {
            read.len() == all.len()
                && read.iter().zip(all).all(|(read, written)| says(item, read, written))
        }
        (Tree::Set(item), Value::Array(read), Value::Array(all)) => {
            let is_there = |read| all.iter().any(|written| says(item, read, written));
            read.len() == all.len() && read.iter().all(is_there)
        }
        (Tree::Tuple(items), Value::Array(read), Value::Array(all)) => places(items, read, all),
        (Tree::Map { key, value }, Value::Object(read), Value::Object(all)) => {
            read.len() == all.len()
                && read.iter().all(|(name, read)| {
                    let found = all.get(name).or_else(|| all.get(written_key(key, name)?));
                    found.is_some_and(|written| says(value, read, written))
                })
        }
        (Tree::Struct { fields: shape, .. }, Value::Object(read), Value::Object(all)) => {
            fields(shape, read, all)
        }
        (Tree::Enum { tag, variants, .. }, read, written) => {
            match (Held::of(tag, read), Held::of(tag, written)) {
                (Some(read), Some(written)) => variant(variants, &read, &written),
                _ => false,
            }
        }
        (_, read, written) => is_equal(read, written),
    }
}

fn places(items: &[Tree], read: &[Value], written: &[Value]) -> bool {
    let mut pairs = items.iter().zip(read.iter().zip(written));
    read.len() == written.len() && pairs.all(|(tree, (read, written))| says(tree, read, written))
}

fn fields(shape: &[Field], read: &Members, written: &Members) -> bool {
    let has_spread = shape.iter().any(is_spread);
    read.iter().all(|(name, read)| {
        let is_of = |field: &&Field| {
            !is_spread(field) && (field.name == *name || field.aliases.contains(name))
        };
        match shape.iter().find(is_of) {
            Some(field) => match written.get(&field.name) {
                Some(written) => says(&field.tree, read, written),
                // `skip_serializing_if` leaves out what is read again without being there.
                None => field.optional || (matches!(field.tree, Tree::Option(_)) && read.is_null()),
            },
            None if has_spread => written.get(name).is_some_and(|written| is_equal(read, written)),
            // An unknown field is skipped.
            None => true,
        }
    })
}

/// The name of a variant, and what it holds.
struct Held<'a> {
    name: &'a str,
    content: Option<Value>,
}

impl<'a> Held<'a> {
    fn of(tag: &Tag, json: &'a Value) -> Option<Self> {
        match (tag, json) {
            (Tag::External, Value::String(name)) => Some(Self { name, content: None }),
            (Tag::External, Value::Object(members)) => {
                let (name, content) = members.iter().next()?;
                Some(Self { name, content: Some(content.clone()) })
            }
            (Tag::Internal { tag }, Value::Object(members)) => {
                let name = members.get(tag)?.as_str()?;
                let mut rest = members.clone();
                rest.remove(tag);
                Some(Self { name, content: Some(Value::Object(rest)) })
            }
            (Tag::Adjacent { tag, content }, Value::Object(members)) => {
                let name = members.get(tag)?.as_str()?;
                Some(Self { name, content: members.get(content).cloned() })
            }
            _ => None,
        }
    }

    fn is_nothing(&self) -> bool {
        match &self.content {
            None | Some(Value::Null) => true,
            Some(Value::Object(members)) => members.is_empty(),
            Some(_) => false,
        }
    }
}

fn variant(variants: &[Variant], read: &Held<'_>, written: &Held<'_>) -> bool {
    let Some(variant) = of_name(variants, read.name) else {
        // A name that is not known is read as `other`.
        return variants.iter().any(|variant| variant.other && variant.name == written.name);
    };
    if variant.name != written.name {
        return false;
    }
    match (&variant.content, &read.content, &written.content) {
        (Content::Newtype(tree), Some(read), Some(written)) if *tree != Tree::Null => {
            says(tree, read, written)
        }
        (Content::Tuple(items), Some(Value::Array(read)), Some(Value::Array(written))) => {
            places(items, read, written)
        }
        (Content::Struct(shape), Some(Value::Object(read)), Some(Value::Object(written))) => {
            fields(shape, read, written)
        }
        // What stands beside a variant without content is skipped.
        (Content::Unit, _, _) => written.is_nothing(),
        _ => read.is_nothing() && written.is_nothing(),
    }
}

fn of_name<'a>(variants: &'a [Variant], name: &str) -> Option<&'a Variant> {
    let is_it = |variant: &&Variant| {
        variant.name == name || variant.aliases.iter().any(|alias| alias == name)
    };
    variants.iter().find(is_it)
}

/// The name that a key is written by, of an enum that reads it by an alias.
fn written_key<'a>(key: &'a Tree, name: &str) -> Option<&'a str> {
    match key {
        Tree::Enum { variants, .. } => of_name(variants, name).map(|variant| &*variant.name),
        _ => None,
    }
}

/// The same JSON, whatever the form of its numbers.
fn is_equal(read: &Value, written: &Value) -> bool {
    match (read, written) {
        (Value::Number(read), Value::Number(written)) => is_same_number(read, written),
        (Value::Array(read), Value::Array(written)) => {
            read.len() == written.len()
                && read.iter().zip(written).all(|(read, written)| is_equal(read, written))
        }
        (Value::Object(read), Value::Object(written)) => {
            let has = |(name, read): (&String, &Value)| {
                written.get(name).is_some_and(|written| is_equal(read, written))
            };
            read.len() == written.len() && read.iter().all(has)
        }
        (read, written) => read == written,
    }
}

fn is_same_number(read: &Number, written: &Number) -> bool {
    read == written || (read.is_f64() || written.is_f64()) && read.as_f64() == written.as_f64()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns true if what was written says what was read, in a shape of these lines.
    #[track_caller]
    fn is_said(outline: &[&str], read: &str, written: &str) -> bool {
        let json = |text| serde_json::from_str::<Value>(text).unwrap();
        says(&Tree::parse(outline).unwrap(), &json(read), &json(written))
    }

    #[test]
    fn a_value_that_became_another_is_told() {
        let field = ["struct", ".a: [u8]"];
        assert!(is_said(&field, r#"{"a":[1,1]}"#, r#"{"a":[1,1]}"#));
        assert!(!is_said(&field, r#"{"a":[1,1]}"#, r#"{"a":[1]}"#));
        assert!(!is_said(&field, r#"{"a":[1,2]}"#, r#"{"a":[2,1]}"#));
        assert!(!is_said(&field, r#"{"a":[1]}"#, r#"{}"#));
        assert!(!is_said(&["string"], r#""PT90M""#, r#""PT1H30M""#));
        assert!(!is_said(&["u64"], "18446744073709551615", "18446744073709551614"));
        assert!(!is_said(&["any"], r#"{"a":null}"#, "{}"));
        assert!(is_said(&["set<u8>"], "[2,1]", "[1,2]"));
        assert!(!is_said(&["set<u8>"], "[1,1]", "[1]"));
        assert!(!is_said(&["map<string, u8>"], r#"{"a":1}"#, r#"{"b":1}"#));
        assert!(!is_said(&["tuple", ".0: u8", ".1: u8"], "[1,2]", "[2,1]"));
    }

    #[test]
    fn another_way_to_write_a_value_is_the_same() {
        assert!(is_said(&["f64"], "1", "1.0"));
        assert!(is_said(&["struct", ".a/b: u8"], r#"{"b":1}"#, r#"{"a":1}"#));
        assert!(is_said(&["struct", ".a?: [u8]"], r#"{"a":[]}"#, "{}"));
        assert!(is_said(&["struct", ".a: u8?"], r#"{"a":null,"unknown":1}"#, "{}"));
        assert!(!is_said(&["struct", ".a: u8?"], r#"{"a":1}"#, "{}"));
        let spread = ["struct", ".\"*\": opaque rest@1"];
        assert!(is_said(&spread, r#"{"a":1}"#, r#"{"a":1.0}"#));
        assert!(!is_said(&spread, r#"{"a":1}"#, "{}"));
    }

    #[test]
    fn a_variant_is_told_in_every_representation() {
        let external = ["enum", "|A/B: struct", "|A.a: u8", "|C"];
        assert!(is_said(&external, r#"{"B":{"a":1}}"#, r#"{"A":{"a":1}}"#));
        assert!(!is_said(&external, r#"{"B":{"a":1}}"#, r#"{"A":{"a":2}}"#));
        assert!(!is_said(&external, r#""C""#, r#"{"A":{"a":1}}"#));
        let internal = ["enum(tag t)", "|A: fields", "|A.a: u8", "|Other/*"];
        assert!(is_said(&internal, r#"{"t":"A","a":1}"#, r#"{"a":1,"t":"A"}"#));
        assert!(!is_said(&internal, r#"{"t":"A","a":1}"#, r#"{"t":"Other"}"#));
        assert!(is_said(&internal, r#"{"t":"never heard of"}"#, r#"{"t":"Other"}"#));
        let adjacent = ["enum(tag t, content c)", "|A: places", "|A.0: u8", "|A.1: u8", "|B: null"];
        assert!(is_said(&adjacent, r#"{"c":[1,2],"t":"A"}"#, r#"{"t":"A","c":[1,2]}"#));
        assert!(!is_said(&adjacent, r#"{"t":"A","c":[1,2]}"#, r#"{"t":"A","c":[1,3]}"#));
        assert!(is_said(&adjacent, r#"{"t":"B","c":null}"#, r#"{"t":"B"}"#));
        assert!(is_said(&["map<enum, u8>", "<>|A/B"], r#"{"B":1}"#, r#"{"A":1}"#));
    }
}
