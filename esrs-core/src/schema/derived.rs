//! What the derives ask in const evaluation.

use super::{Fingerprint, Shape};
use crate::Event;

/// The shape of a type with a mistake in it that its derive has reported.
pub const UNKNOWN: &Shape = &Shape::Opaque("");

const fn is_unknown(shape: &Shape) -> bool {
    matches!(shape, Shape::Opaque(name) if name.is_empty())
}

/// The fingerprint of a shape that carries those of its parts, or has none.
pub const fn fingerprint(shape: &Shape) -> Fingerprint {
    match *shape {
        Shape::Struct(shape) => Fingerprint::of_struct(shape),
        Shape::Enum(shape) => Fingerprint::of_enum(shape),
        Shape::Tuple(items) => Fingerprint::of_tuple(items),
        _ => Fingerprint::of_leaf(shape),
    }
}

/// Fails to compile when `E` does not follow `Previous`, with the sentence for what is wrong: stored
/// under another name, not the version after it, or the same shape.
#[track_caller]
pub const fn follows<Previous: Event, E: Event>(other_name: &str, gap: &str, unchanged: &str) {
    // One mistake is reported once, not by every version behind it.
    if is_unknown(Previous::SHAPE) || is_unknown(E::SHAPE) {
        return;
    }
    if !crate::__private::same_name(Previous::NAME, E::NAME) {
        panic!("{}", other_name);
    }
    if Previous::VERSION != E::VERSION - 1 {
        panic!("{}", gap);
    }
    if Previous::FINGERPRINT.equals(E::FINGERPRINT) {
        panic!("{}", unchanged);
    }
}
