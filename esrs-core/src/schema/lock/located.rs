//! Where a part of a shape is declared.

use esrs_lock::outline::{Path, Text, begins_with, contains, push_name, split};
use esrs_lock::text::ConstText;

use super::message::Message;
use crate::schema::{Content, Field, Item, Place, Shape};

/// Says where the part of this path is declared, or which field leads there.
pub(super) const fn push_place(text: &mut Message, shape: &'static Shape, path: Text<'_>) {
    let Some((place, is_its_own)) = place(shape, path) else { return };
    text.push(if is_its_own { " (" } else { " (in the type of the field at " });
    text.push(place.file());
    text.push(":");
    text.push_number(place.line() as u64);
    text.push(")");
}

/// Where the field of this path is declared, or else the nearest one above it; and which of them it is.
const fn place(shape: &'static Shape, path: Text<'_>) -> Option<(Place, bool)> {
    let mut found = None;
    let mut shape = shape;
    let mut depth = depth(path);
    while depth > 0 {
        depth -= 1;
        let step = ancestor(path, depth);
        match part(shape, &step) {
            Some((part, at)) => {
                shape = part;
                found = match (at, found) {
                    (Some(at), _) => Some((at, true)),
                    (None, Some((above, _))) => Some((above, false)),
                    (None, None) => None,
                };
            }
            None => {
                return match found {
                    Some((above, _)) => Some((above, false)),
                    None => None,
                };
            }
        }
    }
    found
}

const fn depth(path: Text<'_>) -> usize {
    let (mut depth, mut path) = (0, path);
    while !path.is_empty() {
        path = split(path).parent;
        depth += 1;
    }
    depth
}

/// The part of a path that has so many parts below it.
const fn ancestor(path: Text<'_>, below: usize) -> Path<'_> {
    let (mut path, mut below) = (path, below);
    while below > 0 {
        path = split(path).parent;
        below -= 1;
    }
    split(path)
}

/// The part of a shape that one step of a path leads to, and where it is declared.
const fn part(shape: &'static Shape, step: &Path<'_>) -> Option<(&'static Shape, Option<Place>)> {
    let is_key = contains(step.step, b'<');
    match *shape {
        Shape::Option(inner)
        | Shape::Sequence(inner)
        | Shape::Set(inner)
        | Shape::Array { item: inner, .. } => part(inner, step),
        Shape::Map { key, value } => part(if is_key { key } else { value }, step),
        Shape::Struct(shape) => field(shape.fields, step.name),
        Shape::Tuple(items) => item(items, step.name),
        Shape::Enum(shape) => {
            let mut i = 0;
            while i < shape.variants.len() && !is_named(step.name, shape.variants[i].name) {
                i += 1;
            }
            if i == shape.variants.len() {
                return None;
            }
            Some((
                match shape.variants[i].content {
                    Content::Newtype(item) => item.shape,
                    // Fields of a variant are found where the variant is: by its enum.
                    Content::Unit | Content::Tuple(_) | Content::Struct(_) => &Shape::Unit,
                },
                None,
            ))
        }
        _ => None,
    }
}

const fn field(fields: &[Field], name: Text<'_>) -> Option<(&'static Shape, Option<Place>)> {
    let mut i = 0;
    while i < fields.len() {
        if is_named(name, fields[i].name) {
            return Some((fields[i].shape, Some(fields[i].place)));
        }
        i += 1;
    }
    None
}

const fn item(items: &[Item], name: Text<'_>) -> Option<(&'static Shape, Option<Place>)> {
    let mut i = 0;
    while i < items.len() {
        let mut number = ConstText::<20>::new();
        number.push_number(i as u64);
        if name.is(number.as_bytes()) {
            return Some((items[i].shape, None));
        }
        i += 1;
    }
    None
}

/// Returns true if a lock writes this name so.
pub(super) const fn is_named(written: Text<'_>, name: &str) -> bool {
    if !begins_with(written, b"\"") {
        return written.is(name.as_bytes());
    }
    let mut quoted = ConstText::<1024>::new();
    push_name(&mut quoted, name);
    written.is(quoted.as_bytes())
}
