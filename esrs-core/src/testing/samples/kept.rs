//! Values that golden payloads hold in parts that cannot be made up.

use std::collections::BTreeSet;

use esrs_lock::outline::written_name;
use serde_json::{Map, Value};

use super::leaf::quoted;
use super::plan::{Kept, is_kept, is_spread};
use crate::schema::lock::tree::{Content, Field, Tag, Tree, Variant};

/// The number of values that are remembered of one part.
const ENOUGH: usize = 16;

/// Looks for parts that cannot be made up, and keeps what `json` holds there.
pub(super) fn collect(
    tree: &Tree,
    path: &str,
    json: &Value,
    narrow: &BTreeSet<String>,
    kept: &mut Kept,
) {
    Collector { narrow, kept }.value(tree, path, json);
}

struct Collector<'a> {
    narrow: &'a BTreeSet<String>,
    kept: &'a mut Kept,
}

impl Collector<'_> {
    fn keep(&mut self, path: &str, json: String) {
        let values = self.kept.entry(path.to_owned()).or_default();
        if values.len() < ENOUGH && !values.contains(&json) {
            values.push(json);
        }
    }

    fn value(&mut self, tree: &Tree, path: &str, json: &Value) {
        if is_kept(tree, path, self.narrow) {
            return self.keep(path, json.to_string());
        }
        match (tree, json) {
            (Tree::Option(_), Value::Null) => {}
            (Tree::Option(inner), _) => self.value(inner, path, json),
            (
                Tree::Sequence(item) | Tree::Set(item) | Tree::Array { item, .. },
                Value::Array(items),
            ) => {
                items.iter().for_each(|json| self.value(item, &format!("{path}[]"), json));
            }
            (Tree::Tuple(items), Value::Array(values)) => self.places(items, path, values),
            (Tree::Map { key, value }, Value::Object(members)) => {
                for (name, json) in members {
                    let path_of_key = format!("{path}<>");
                    if is_kept(key, &path_of_key, self.narrow) {
                        self.keep(&path_of_key, quoted(name));
                    }
                    self.value(value, &format!("{path}{{}}"), json);
                }
            }
            (Tree::Struct { fields, .. }, Value::Object(members)) => {
                self.fields(fields, path, members);
            }
            (Tree::Enum { tag, variants, .. }, Value::Object(members)) => {
                self.variant(tag, variants, path, members);
            }
            _ => {}
        }
    }

    fn places(&mut self, items: &[Tree], path: &str, values: &[Value]) {
        for (place, (item, json)) in items.iter().zip(values).enumerate() {
            self.value(item, &format!("{path}.{place}"), json);
        }
    }

    fn fields(&mut self, fields: &[Field], path: &str, members: &Map<String, Value>) {
        let mut rest = members.clone();
        for field in fields.iter().filter(|field| !is_spread(field)) {
            let names = std::iter::once(&field.name).chain(&field.aliases);
            let mut held = names.filter_map(|name| rest.remove(name));
            let json = held.next();
            drop(held);
            if let Some(json) = json {
                let path = format!("{path}.{}", written_name(&field.name));
                self.value(&field.tree, &path, &json);
            }
        }
        if let Some(field) = fields.iter().find(|field| is_spread(field)) {
            let path = format!("{path}.{}", written_name(&field.name));
            self.keep(&path, Value::Object(rest).to_string());
        }
    }

    fn variant(
        &mut self,
        tag: &Tag,
        variants: &[Variant],
        path: &str,
        members: &Map<String, Value>,
    ) {
        let mut rest = members.clone();
        let (name, json) = match tag {
            Tag::External => match members.iter().next() {
                Some((name, json)) => (Some(name.as_str()), Some(json.clone())),
                None => return,
            },
            Tag::Internal { tag } => {
                rest.remove(tag);
                (members.get(tag).and_then(Value::as_str), Some(Value::Object(rest)))
            }
            Tag::Adjacent { tag, content } => {
                (members.get(tag).and_then(Value::as_str), members.get(content).cloned())
            }
        };
        let is_it = |variant: &&Variant| {
            let mut names = std::iter::once(&variant.name).chain(&variant.aliases);
            names.any(|known| Some(known.as_str()) == name)
        };
        let (Some(variant), Some(json)) = (variants.iter().find(is_it), json) else { return };
        let path = format!("{path}|{}", written_name(&variant.name));
        match (&variant.content, &json) {
            (Content::Newtype(tree), _) => self.value(tree, &path, &json),
            (Content::Tuple(items), Value::Array(values)) => self.places(items, &path, values),
            (Content::Struct(fields), Value::Object(members)) => {
                self.fields(fields, &path, members)
            }
            _ => {}
        }
    }
}
