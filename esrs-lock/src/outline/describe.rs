//! A part in words, as messages show it.

use super::line::Line;
use super::text::{begins_with, ends_with, slice};
use crate::text::ConstText;

/// Writes what a part is, without its path.
pub const fn describe<const N: usize>(text: &mut ConstText<N>, line: &Line<'_>) {
    let Line { head, optional, required, aliases, .. } = *line;
    let is_nullable = ends_with(head, b"?");
    let head = if is_nullable { slice(head, 0, head.len() - 1) } else { head };
    let is_closed = begins_with(head, b"closed ");
    let head = if is_closed { slice(head, 7, head.len()) } else { head };
    if head.is_empty() {
        text.push("a variant without fields");
    } else if head.is(b"fields") {
        text.push("a variant with named fields");
    } else if head.is(b"places") {
        text.push("a variant with unnamed fields");
    } else {
        head.push_to(text);
    }
    if is_closed {
        text.push(", without unknown fields");
    }
    if is_nullable {
        text.push(", may be null");
    }
    if required && !optional {
        text.push(", must be there");
    }
    if optional {
        text.push(", may be absent");
    }
    if !aliases.is_empty() {
        text.push(", also read as ");
        slice(aliases, 1, aliases.len()).push_to(text);
    }
}
