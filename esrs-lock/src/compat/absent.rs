//! The meaning of a field that a stored payload lacks.
//!
//! A line tells whether a field may be absent, and the steps tell what it is read as: `default = None` is
//! what an `Option` is read as without a `default` too, and any other `default` is a value of its own.

use crate::file::STEPS;
use crate::outline::{Line, Lines, Text, begins_with, ends_with};
use crate::steps::declared_of;

/// The treatment of a field by a reader of a payload that lacks it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Absent {
    /// It is an error.
    Refused,
    /// It is `None`, or the `null` of any JSON.
    None,
    /// It is what its `default` says.
    Default,
}

impl Absent {
    /// The treatment of the field of one of these lines.
    pub(super) const fn of(lines: &Lines<'_>, line: &Line<'_>) -> Self {
        if line.optional {
            return if declares_none(lines, line) { Self::None } else { Self::Default };
        }
        if line.required {
            return Self::Refused;
        }
        let is_opaque = begins_with(line.head, b"opaque ");
        if ends_with(line.head, b"?") || (is_opaque && declares_none(lines, line)) {
            Self::None
        } else {
            Self::Refused
        }
    }

    pub(super) const fn is_same(self, other: Self) -> bool {
        self as u8 == other as u8
    }
}

/// Returns true if what is declared of a part makes an absent one `None`.
pub const fn is_none(declared: Text<'_>) -> bool {
    begins_with(declared, b"default = None") || begins_with(declared, b"default = null")
}

/// The words behind a `default` that is of the whole struct.
const OF_STRUCT: &[u8] = b" of the struct";

/// Returns true if the `default` of a part is that of its struct.
pub const fn is_of_struct(declared: Text<'_>) -> bool {
    let default = default_in(declared);
    !default.is_empty() && begins_with(declared.from(default.len()), OF_STRUCT)
}

/// The `default` at the start of a declaration, in the words of serde's attribute; empty without one.
const fn default_in(declared: Text<'_>) -> Text<'_> {
    if is_none(declared) || !begins_with(declared, b"default = \"") {
        let length = if begins_with(declared, b"default") { b"default".len() } else { 0 };
        return declared.up_to(length);
    }
    let mut end = b"default = \"".len();
    while end < declared.len() && declared.byte(end) != b'"' {
        end += 1;
    }
    declared.up_to(if end < declared.len() { end + 1 } else { end })
}

/// The locked `default` of a line's own, in the words of serde's attribute; `default` if the lock does not
/// tell which, and empty without one, or where it is that of the struct.
pub const fn own_default<'a>(lines: &Lines<'a>, line: &Line<'a>) -> Text<'a> {
    if !line.optional {
        return Text::EMPTY;
    }
    match declared_of(lines.steps(), line.path) {
        Some(declared) if is_of_struct(declared) => Text::EMPTY,
        Some(declared) if begins_with(declared, b"default") => default_in(declared),
        _ => Text::of(b"default"),
    }
}

/// Returns true if the `default` of a struct says what the field of a locked line is when it is absent.
pub const fn was_of_struct(lines: &Lines<'_>, line: &Line<'_>) -> bool {
    match declared_of(lines.steps(), line.path) {
        Some(declared) => line.optional && is_of_struct(declared),
        None => false,
    }
}

const fn declares_none(lines: &Lines<'_>, line: &Line<'_>) -> bool {
    if lines.is_written_as_none(line.at) {
        return true;
    }
    match declared_of(lines.steps(), line.path) {
        Some(declared) => is_none(declared),
        None => false,
    }
}

/// Returns true if steps follow the lines.
pub(super) const fn has_steps(lines: &Lines<'_>) -> bool {
    begins_with(lines.steps(), STEPS.as_bytes())
}
