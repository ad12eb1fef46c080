//! Checks of the derives in const evaluation.

use super::event_type::EventType;
use super::lock::leads_elsewhere;
use super::names::{merges_all, same_name};
use super::{Fingerprint, Shape};

/// The shape of a type with a mistake in it that its derive has reported.
pub const UNKNOWN: &Shape = &Shape::Opaque("");

pub(crate) const fn is_unknown(shape: &Shape) -> bool {
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

/// Fails to compile when `event` does not follow `previous`, with the sentence for what is wrong:
/// stored under another name, not the version after it, the same shape, or not all that it merges.
#[track_caller]
pub const fn follows(
    previous: &EventType,
    event: &EventType,
    other_name: &str,
    gap: &str,
    unchanged: &str,
    lost: &str,
) {
    // One mistake is reported once, not by every version behind it.
    if is_unknown(previous.shape) || is_unknown(event.shape) {
        return;
    }
    if !same_name(previous.name, event.name) {
        panic!("{}", other_name);
    }
    if previous.version != event.version - 1 {
        panic!("{}", gap);
    }
    if previous.fingerprint.equals(event.fingerprint) {
        panic!("{}", unchanged);
    }
    if !merges_all(event, previous) {
        panic!("{}", lost);
    }
}

/// Fails to compile, with the derive's sentence, when a declared step leads from a shape to the same.
#[track_caller]
pub const fn changes(before: (&Shape, Fingerprint), after: (&Shape, Fingerprint), unchanged: &str) {
    if before.1.equals(after.1) && !holds_unknown(before.0) && !holds_unknown(after.0) {
        panic!("{}", unchanged);
    }
}

/// Fails to compile when `previous`, which a person wrote, is not what the declared steps begin with:
/// stored under another name, another version, or of another shape than they lead back to, which is
/// shown between what is said of it and the ways out.
#[track_caller]
pub const fn leads_back(
    previous: &EventType,
    name: &str,
    version: u32,
    declared: (&'static Shape, Fingerprint),
    other_name: &str,
    gap: &str,
    another: (&str, &str),
) {
    if is_unknown(previous.shape) {
        return;
    }
    if !same_name(previous.name, name) {
        panic!("{}", other_name);
    }
    if previous.version != version {
        panic!("{}", gap);
    }
    if !previous.fingerprint.equals(declared.1) && !holds_unknown(previous.shape) {
        let (sentence, ways) = another;
        panic!("{}", leads_elsewhere(previous.shape, declared.0, sentence, ways).as_str());
    }
}

/// Returns true if a type with a mistake in it is in plain sight; what is said of its holder may be wrong.
const fn holds_unknown(shape: &Shape) -> bool {
    if let Shape::Struct(shape) = *shape {
        let mut i = 0;
        while i < shape.fields.len() {
            if is_unknown(shape.fields[i].shape) {
                return true;
            }
            i += 1;
        }
    }
    is_unknown(shape)
}
