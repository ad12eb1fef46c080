//! An enum's schema, after <https://serde.rs/enum-representations.html>.

use esrs_lock::tree::{Content, Tag, Tree, Variant};

use super::object::{Rest, Spread};
use super::{Draft, Object, also_read_as, describe, typed};

impl Draft {
    pub(super) fn variants(self, tag: &Tag, variants: &[Variant], closed: bool) -> Object {
        let is_name =
            |variant: &&Variant| *tag == Tag::External && variant.content == Content::Unit;
        let mut ways = Vec::new();
        let names: Vec<_> = variants.iter().filter(is_name).collect();
        if !names.is_empty() {
            let values: Vec<_> = names.iter().map(|variant| variant.name.as_str()).collect();
            let mut schema = typed("string").with("enum", values);
            for variant in names {
                for note in notes(variant) {
                    describe(&mut schema, &format!("{:?}: {note}", variant.name));
                }
            }
            ways.push(schema);
        }
        let objects = variants.iter().filter(|variant| !is_name(variant));
        let objects = objects.flat_map(|variant| self.objects_of_variant(tag, variant, closed));
        ways.extend(objects.map(Spread::schema));
        match ways.len() {
            // Nothing can be written of it.
            0 => Object::default().with("not", Object::default()),
            1 => ways.remove(0),
            _ => Object::default().with("oneOf", ways),
        }
    }

    /// The objects that a variant may be written as.
    fn objects_of_variant(self, tag: &Tag, variant: &Variant, closed: bool) -> Vec<Spread> {
        let Variant { name, content, .. } = variant;
        let mut objects = match tag {
            Tag::External => {
                let content = self.content(content, closed).unwrap_or_else(|| typed("null"));
                vec![Spread { rest: Rest::Closed, ..Spread::of(name, content) }]
            }
            Tag::Internal { tag } => {
                let objects = match content {
                    Content::Unit => vec![self.fields(&[], closed)],
                    Content::Struct(fields) => vec![self.fields(fields, closed)],
                    Content::Newtype(tree) => self.objects(tree),
                    // serde refuses them.
                    Content::Tuple(_) => Vec::new(),
                };
                objects.into_iter().map(|object| object.tagged(tag, name)).collect()
            }
            Tag::Adjacent { tag, content: key } => {
                let rest = if closed { Rest::Closed } else { Rest::Open };
                let content = self.content(content, closed);
                let object = content.map_or_else(Spread::default, |held| Spread::of(key, held));
                vec![Spread { rest, ..object }.tagged(tag, name)]
            }
        };
        for object in &mut objects {
            object.notes.extend(notes(variant));
        }
        objects
    }

    /// The schema of what a variant holds; `None` for nothing.
    fn content(self, content: &Content, closed: bool) -> Option<Object> {
        match content {
            Content::Unit => None,
            Content::Newtype(tree) => Some(self.schema(tree)),
            Content::Tuple(items) => Some(self.tuple(items)),
            Content::Struct(fields) => Some(self.fields(fields, closed).schema()),
        }
    }

    /// The objects that a value may be written as, for serde to put a tag into; none for what it refuses.
    fn objects(self, tree: &Tree) -> Vec<Spread> {
        match tree {
            Tree::Null | Tree::Opaque(_) | Tree::Any => vec![Spread::default()],
            Tree::Map { key, value } => vec![self.map(key, value)],
            Tree::Struct { fields, closed } => vec![self.fields(fields, *closed)],
            Tree::Enum { tag, variants, closed } => variants
                .iter()
                .flat_map(|variant| self.objects_of_variant(tag, variant, *closed))
                .collect(),
            _ => Vec::new(),
        }
    }
}

/// Describes how a reader treats other names.
fn notes(variant: &Variant) -> Vec<String> {
    let mut notes = Vec::new();
    if !variant.aliases.is_empty() {
        notes.push(also_read_as(&variant.aliases));
    }
    if variant.other {
        notes.push("A name that is not known is read as this one.".to_owned());
    }
    notes
}
