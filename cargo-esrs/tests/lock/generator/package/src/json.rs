//! JSON with all of its digits and members, and whether one says what another said.

use esrs::schema::lock::tree::{Content, Field, Tag, Tree, Variant};

#[derive(Debug, Clone, PartialEq)]
pub enum Json {
    Null,
    Bool(bool),
    Number(String),
    Text(String),
    List(Vec<Json>),
    Object(Vec<(String, Json)>),
}

type Members = Vec<(String, Json)>;

impl Json {
    pub fn parse(text: &str) -> Self {
        let mut reader = Reader(text);
        let value = reader.value();
        assert_eq!(reader.0.trim_start(), "", "{text}");
        value
    }
}

struct Reader<'a>(&'a str);

impl Reader<'_> {
    fn take(&mut self, text: &str) -> bool {
        self.0 = self.0.trim_start();
        let rest = self.0.strip_prefix(text);
        self.0 = rest.unwrap_or(self.0);
        rest.is_some()
    }

    fn value(&mut self) -> Json {
        if self.take("null") {
            return Json::Null;
        }
        if self.take("true") {
            return Json::Bool(true);
        }
        if self.take("false") {
            return Json::Bool(false);
        }
        if self.take("[") {
            let mut items = Vec::new();
            while !self.take("]") {
                items.push(self.value());
                self.take(",");
            }
            return Json::List(items);
        }
        if self.take("{") {
            let mut members = Vec::new();
            while !self.take("}") {
                let name = self.text();
                assert!(self.take(":"));
                members.push((name, self.value()));
                self.take(",");
            }
            return Json::Object(members);
        }
        if self.0.starts_with('"') {
            return Json::Text(self.text());
        }
        let end = self.0.find(|c: char| !(c.is_ascii_alphanumeric() || "+-.".contains(c)));
        let (number, rest) = self.0.split_at(end.unwrap_or(self.0.len()));
        assert!(!number.is_empty(), "{}", self.0);
        self.0 = rest;
        Json::Number(number.to_owned())
    }

    fn text(&mut self) -> String {
        self.0 = self.0.trim_start();
        let mut escaped = false;
        let end = self.0[1..].find(|c| {
            let is_end = c == '"' && !escaped;
            escaped = c == '\\' && !escaped;
            is_end
        });
        let (text, rest) = self.0.split_at(end.unwrap() + 2);
        self.0 = rest;
        serde_json::from_str(text).unwrap()
    }
}

fn number(text: &str) -> Option<i128> {
    text.parse().ok()
}

/// The same value, whatever the order of members and the form of numbers.
fn equal(old: &Json, new: &Json) -> bool {
    match (old, new) {
        (Json::Number(old), Json::Number(new)) if old == new => true,
        (Json::Number(old), Json::Number(new)) => match (number(old), number(new)) {
            (Some(old), Some(new)) => old == new,
            (Some(whole), None) => is_whole(new, whole),
            (None, Some(whole)) => is_whole(old, whole),
            (None, None) => {
                let is_fraction = |text: &str| text.contains(['.', 'e', 'E']);
                is_fraction(old) && is_fraction(new) && old.parse::<f64>() == new.parse::<f64>()
            }
        },
        (Json::List(old), Json::List(new)) => {
            old.len() == new.len() && old.iter().zip(new).all(|(old, new)| equal(old, new))
        }
        (Json::Object(old), Json::Object(new)) => {
            let has = |(name, old): &(String, Json)| new.iter().any(|(other, new)| other == name && equal(old, new));
            old.len() == new.len() && old.iter().all(has)
        }
        _ => old == new,
    }
}

fn is_whole(fraction: &str, whole: i128) -> bool {
    fraction.parse::<f64>().is_ok_and(|float| float as i128 == whole && float == whole as f64)
}

/// Returns true if all that `old` says is in `new`, which a type of the shape `tree` wrote after it had read `old`.
pub fn keeps(old: &Json, new: &Json, tree: &Tree) -> bool {
    Kept { skips: false }.value(old, new, tree)
}

/// The same of what the type knows: without fields that it skips, and with variants that it reads as its `other`.
pub fn keeps_known(old: &Json, new: &Json, tree: &Tree) -> bool {
    Kept { skips: true }.value(old, new, tree)
}

#[derive(Clone, Copy)]
struct Kept {
    skips: bool,
}

impl Kept {
    fn value(self, old: &Json, new: &Json, tree: &Tree) -> bool {
        match (tree, old, new) {
            (Tree::Option(_), Json::Null, new) => *new == Json::Null,
            (Tree::Option(inner), old, new) => self.value(old, new, inner),
            (Tree::Sequence(item) | Tree::Array { item, .. }, Json::List(old), Json::List(new)) => {
                old.len() == new.len() && old.iter().zip(new).all(|(old, new)| self.value(old, new, item))
            }
            (Tree::Set(item), Json::List(old), Json::List(new)) => {
                let has = |old: &Json| new.iter().any(|new| self.value(old, new, item));
                old.len() == new.len() && old.iter().all(has)
            }
            (Tree::Tuple(items), Json::List(old), Json::List(new)) => self.places(old, new, items),
            (Tree::Map { key, value }, Json::Object(old), Json::Object(new)) => {
                let has = |(name, old): &(String, Json)| {
                    new.iter().any(|(other, new)| {
                        let (name, other) = (Json::Text(name.clone()), Json::Text(other.clone()));
                        let is_same =
                            name == other || matches!(**key, Tree::Enum { .. }) && self.value(&name, &other, key);
                        is_same && self.value(old, new, value)
                    })
                };
                old.len() == new.len() && old.iter().all(has)
            }
            (Tree::Struct { fields: shape, .. }, Json::Object(old), Json::Object(new)) => self.fields(old, new, shape),
            (Tree::Enum { tag, variants, .. }, old, new) => self.variant(old, new, tag, variants),
            _ => equal(old, new),
        }
    }

    fn places(self, old: &[Json], new: &[Json], items: &[Tree]) -> bool {
        let is_kept = |((old, new), item): ((&Json, &Json), &Tree)| self.value(old, new, item);
        old.len() == new.len() && old.len() == items.len() && old.iter().zip(new).zip(items).all(is_kept)
    }

    fn fields(self, old: &Members, new: &Members, shape: &[Field]) -> bool {
        let is_spread = shape.iter().any(|field| field.name == "*");
        old.iter().all(|(name, old)| {
            let named = |field: &&Field| field.name != "*" && (field.name == *name || field.aliases.contains(name));
            let found = |wanted: &str| new.iter().find(|(name, _)| name == wanted).map(|(_, new)| new);
            match shape.iter().find(named) {
                Some(field) => match found(&field.name) {
                    Some(new) => self.value(old, new, &field.tree),
                    None => *old == Json::Null,
                },
                None if is_spread => found(name).is_some_and(|new| equal(old, new)),
                None => self.skips || *old == Json::Null,
            }
        })
    }

    fn variant(self, old: &Json, new: &Json, tag: &Tag, variants: &[Variant]) -> bool {
        let split = |json: &Json| -> Option<(String, Option<Json>)> {
            Some(match (tag, json) {
                (Tag::External, Json::Text(name)) => (name.clone(), None),
                (Tag::External, Json::Object(members)) => {
                    let (name, content) = members.first()?.clone();
                    (name, Some(content))
                }
                (Tag::Internal { tag }, Json::Object(members)) => {
                    let name = members.iter().find(|(name, _)| name == tag).map(|(_, name)| name.clone())?;
                    let rest = members.iter().filter(|(name, _)| name != tag).cloned().collect();
                    let Json::Text(name) = name else { return None };
                    (name, Some(Json::Object(rest)))
                }
                (Tag::Adjacent { tag, content }, Json::Object(members)) => {
                    let found =
                        |wanted: &str| members.iter().find(|(name, _)| name == wanted).map(|(_, json)| json.clone());
                    let Some(Json::Text(name)) = found(tag) else { return None };
                    (name, found(content))
                }
                _ => return None,
            })
        };
        let (Some((name, old)), Some((new_name, new))) = (split(old), split(new)) else { return false };
        let is_it = |variant: &&Variant| variant.name == name || variant.aliases.contains(&name);
        let Some(variant) = variants.iter().find(is_it) else {
            let is_other = |variant: &Variant| variant.other && variant.name == new_name;
            return self.skips && matches!(tag, Tag::Internal { .. }) && variants.iter().any(is_other);
        };
        let nothing = |json: &Option<Json>| match json {
            None | Some(Json::Null) => true,
            Some(Json::Object(members)) => members.is_empty(),
            Some(_) => false,
        };
        if variant.name != new_name {
            return false;
        }
        match (&variant.content, old, new) {
            (Content::Unit, old, new) => nothing(&old) && nothing(&new),
            (Content::Newtype(Tree::Null), old, new) => nothing(&old) && nothing(&new),
            (Content::Newtype(tree), Some(old), Some(new)) => self.value(&old, &new, tree),
            (Content::Newtype(_), old, new) => nothing(&old) && nothing(&new),
            (Content::Tuple(items), Some(Json::List(old)), Some(Json::List(new))) => self.places(&old, &new, items),
            (Content::Struct(shape), Some(Json::Object(old)), Some(Json::Object(new))) => {
                self.fields(&old, &new, shape)
            }
            _ => false,
        }
    }
}
