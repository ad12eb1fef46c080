//! The ids of an aggregate, by which its streams are found.

use super::compare::change_of_key;
use super::line::Text;
use super::outline::head;
use crate::schema::Shape;
use crate::text::ConstText;

/// The text that ids of this shape have, in a word; `None` if their shape does not tell it.
pub(crate) const fn id_text(id: Option<&'static Shape>) -> Option<ConstText<128>> {
    let Some(shape) = id else { return None };
    let is_told = matches!(
        shape,
        Shape::Bool
            | Shape::Integer { .. }
            | Shape::NonZero { .. }
            | Shape::Char
            | Shape::String
            | Shape::Format(_)
    );
    if !is_told {
        return None;
    }
    let mut text = ConstText::new();
    head(&mut text, shape);
    if text.is_cut() { None } else { Some(text) }
}

/// Returns true if each id whose text was locked by the first word is the same one by the second.
pub const fn is_id_kept(locked: &str, now: &str) -> bool {
    match change_of_key(Text::of(locked.as_bytes()), Text::of(now.as_bytes())) {
        Some(rule) => rule.is_compatible(),
        None => true,
    }
}
