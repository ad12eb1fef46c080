//! The ids of an aggregate, by which its streams are found.

use esrs_lock::text::ConstText;

use super::outline::head;
use crate::schema::Shape;

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
