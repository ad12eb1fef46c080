//! Plans: what a tree can be made up from, and what cannot be made up.

use std::collections::{BTreeMap, BTreeSet};

use esrs_lock::outline::written_name;

use super::leaf::{Leaf, quoted};
use crate::schema::lock::tree::{Content, Field, Tag, Tree, Variant};

/// Values of parts that cannot be made up, as JSON, by the paths of the parts.
pub(super) type Kept = BTreeMap<String, Vec<String>>;

/// The path of the payload itself.
pub(super) const WHOLE: &str = "(the payload)";

/// A part of a payload.
#[derive(Debug)]
pub(super) struct Part {
    /// Where its turns are counted.
    pub(super) id: usize,
    pub(super) kind: Kind,
}

#[derive(Debug)]
pub(super) enum Kind {
    Leaf(Leaf, Vec<String>),
    Option(Box<Part>),
    List {
        item: Box<Part>,
        length: Option<usize>,
    },
    /// No item is twice.
    Set(Box<Part>),
    Places(Vec<Part>),
    /// The key is `None` where no key can be written.
    Map {
        key: Option<Box<Part>>,
        value: Box<Part>,
    },
    Object(Vec<Member>),
    Enum {
        tag: Tag,
        choices: Vec<Choice>,
    },
    /// One of the values that were found.
    Kept(Vec<String>),
    Missing(Missing),
}

#[derive(Debug)]
pub(super) struct Member {
    /// Where its turns are counted.
    pub(super) id: usize,
    /// The names in quotes.
    pub(super) names: Vec<String>,
    pub(super) optional: bool,
    /// True if it is the members of the value that are written.
    pub(super) is_spread: bool,
    pub(super) part: Part,
}

/// A variant by one of its names.
#[derive(Debug)]
pub(super) struct Choice {
    /// The name in quotes.
    pub(super) name: String,
    /// `None` for a variant that holds nothing.
    pub(super) part: Option<Part>,
}

/// A part that cannot be made up, and no value of it was found.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{path}` ({what})")]
pub struct Missing {
    /// Where it is in the outline.
    pub path: String,
    /// The text of the outline about it.
    pub what: String,
}

/// Reads the tree of a lock; parts at a path in `narrow` are taken from what was found.
pub(super) struct Planner<'a> {
    pub(super) kept: &'a Kept,
    pub(super) narrow: &'a BTreeSet<String>,
    /// The number of parts.
    pub(super) count: usize,
    /// The paths in `narrow` that there are.
    pub(super) met: Vec<String>,
}

impl Planner<'_> {
    fn id(&mut self) -> usize {
        self.count += 1;
        self.count - 1
    }

    pub(super) fn part(&mut self, tree: &Tree, path: &str) -> Part {
        let id = self.id();
        if self.narrow.contains(path) {
            self.met.push(path.to_owned());
        }
        let kind = match is_kept(tree, path, self.narrow) {
            true => self.kept(tree, path),
            false => self.kind(tree, path),
        };
        Part { id, kind }
    }

    fn kept(&self, tree: &Tree, path: &str) -> Kind {
        match self.kept.get(path) {
            Some(values) if !values.is_empty() => Kind::Kept(values.clone()),
            _ => Kind::Missing(missing(tree, path)),
        }
    }

    fn kind(&mut self, tree: &Tree, path: &str) -> Kind {
        match tree {
            Tree::Option(inner) => Kind::Option(Box::new(self.part(inner, path))),
            Tree::Sequence(item) => self.list(item, None, path),
            Tree::Set(item) => {
                let item = Box::new(self.part(item, &format!("{path}[]")));
                Kind::Set(item)
            }
            Tree::Array { item, length } => self.list(item, Some(*length), path),
            Tree::Tuple(items) => self.places(items, path),
            Tree::Map { key, value } => {
                let key = as_key(key).map(|key| self.part(&key, &format!("{path}<>")));
                let value = Box::new(self.part(value, &format!("{path}{{}}")));
                Kind::Map { key: key.map(Box::new), value }
            }
            Tree::Struct { fields, .. } => self.object(fields, path),
            Tree::Enum { tag, variants, .. } => {
                let mut choices = Vec::new();
                for variant in variants {
                    self.choices(variant, tag, path, &mut choices);
                }
                match choices.is_empty() {
                    true => Kind::Missing(missing(tree, path)),
                    false => Kind::Enum { tag: tag.clone(), choices },
                }
            }
            leaf => match Leaf::of(leaf) {
                Some(leaf) => Kind::Leaf(leaf, leaf.edges()),
                None => Kind::Missing(missing(tree, path)),
            },
        }
    }

    fn list(&mut self, item: &Tree, length: Option<usize>, path: &str) -> Kind {
        Kind::List { item: Box::new(self.part(item, &format!("{path}[]"))), length }
    }

    fn places(&mut self, items: &[Tree], path: &str) -> Kind {
        let items = items.iter().enumerate();
        Kind::Places(items.map(|(i, item)| self.part(item, &format!("{path}.{i}"))).collect())
    }

    fn object(&mut self, fields: &[Field], path: &str) -> Kind {
        let member = |field: &Field| {
            let path = format!("{path}.{}", written_name(&field.name));
            Member {
                id: self.id(),
                names: std::iter::once(&field.name)
                    .chain(&field.aliases)
                    .map(|n| quoted(n))
                    .collect(),
                // Which of the members that are spread may be absent, nobody knows.
                optional: !is_spread(field) && (field.optional || self.is_left_out(field, &path)),
                is_spread: is_spread(field),
                part: self.part(&field.tree, &path),
            }
        };
        Kind::Object(fields.iter().map(member).collect())
    }

    /// Returns true if a field may have been left out by `skip_serializing_if`, though its shape does not say
    /// so: serde reads an `Option` that is absent as `None`.
    fn is_left_out(&self, field: &Field, path: &str) -> bool {
        matches!(field.tree, Tree::Option(_))
            && !field.required
            && !is_kept(&field.tree, path, self.narrow)
    }

    /// The variant by each of its names; none when serde could not have written it.
    fn choices(&mut self, variant: &Variant, tag: &Tag, path: &str, choices: &mut Vec<Choice>) {
        let path = format!("{path}|{}", written_name(&variant.name));
        let mut names = vec![&variant.name];
        names.extend(&variant.aliases);
        let unknown = "a name that is not known".to_owned();
        if variant.other {
            names.push(&unknown);
        }
        for name in names {
            let part = match &variant.content {
                Content::Unit => None,
                Content::Newtype(tree) => Some(self.part(tree, &path)),
                Content::Tuple(items) => {
                    Some(Part { id: self.id(), kind: self.places(items, &path) })
                }
                Content::Struct(fields) => {
                    Some(Part { id: self.id(), kind: self.object(fields, &path) })
                }
            };
            let is_written = match (tag, &part) {
                (Tag::Internal { .. }, Some(part)) => part.has_members(),
                _ => true,
            };
            if is_written && part.as_ref().is_none_or(|part| part.missing().is_none()) {
                choices.push(Choice { name: quoted(name), part });
            }
        }
    }
}

/// Returns true if values of a part are taken from what was found, and not made up.
pub(super) fn is_kept(tree: &Tree, path: &str, narrow: &BTreeSet<String>) -> bool {
    let is_unknown = match tree {
        Tree::Opaque(_) => true,
        Tree::Format(_) | Tree::Integer { .. } | Tree::NonZero { .. } | Tree::Float { .. } => {
            Leaf::of(tree).is_none()
        }
        _ => false,
    };
    is_unknown || narrow.contains(path)
}

/// Returns true if a field stands for all those of a `#[serde(flatten)]`.
pub(super) fn is_spread(field: &Field) -> bool {
    field.name == "*" && matches!(field.tree, Tree::Opaque(_))
}

fn missing(tree: &Tree, path: &str) -> Missing {
    let what = tree.outline().swap_remove(0);
    Missing { path: if path.is_empty() { WHOLE } else { path }.to_owned(), what }
}

/// Returns what a key can be made from: what is written as text, or without quotes.
fn as_key(tree: &Tree) -> Option<Tree> {
    match tree {
        Tree::Option(inner) => as_key(inner),
        Tree::Enum { tag: Tag::External, variants, closed } => {
            let units = variants.iter().filter(|variant| variant.content == Content::Unit);
            let variants: Vec<_> = units.cloned().collect();
            let has_any = !variants.is_empty();
            has_any.then_some(Tree::Enum { tag: Tag::External, variants, closed: *closed })
        }
        Tree::Bool
        | Tree::Integer { .. }
        | Tree::NonZero { .. }
        | Tree::Float { .. }
        | Tree::Char
        | Tree::String
        | Tree::Format(_)
        | Tree::Opaque(_) => Some(tree.clone()),
        _ => None,
    }
}

impl Part {
    /// Returns what keeps it from being made up.
    pub(super) fn missing(&self) -> Option<&Missing> {
        match &self.kind {
            Kind::Missing(missing) => Some(missing),
            Kind::List { item, length: Some(1..) } => item.missing(),
            Kind::Places(items) => items.iter().find_map(Self::missing),
            Kind::Object(members) => {
                let needed = members.iter().filter(|member| !member.optional);
                needed.filter_map(|member| member.part.missing()).next()
            }
            _ => None,
        }
    }

    /// Returns true if the names of its members are values of it.
    pub(super) fn has_any_names(&self) -> bool {
        matches!(self.kind, Kind::Map { .. } | Kind::Leaf(Leaf::Any, _) | Kind::Kept(_))
    }

    /// Returns true if it is written as an object, or as nothing, so that a tag can stand among its members.
    fn has_members(&self) -> bool {
        match &self.kind {
            Kind::Object(_) | Kind::Map { .. } | Kind::Enum { .. } => true,
            Kind::Leaf(leaf, _) => matches!(leaf, Leaf::Null | Leaf::Any),
            Kind::Kept(values) => values.iter().all(|value| value.starts_with('{')),
            _ => false,
        }
    }
}
