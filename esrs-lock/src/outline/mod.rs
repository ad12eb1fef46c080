//! A shape as lines of text: one a field, each with its whole path.
//!
//! ```text
//! struct
//! .amount: struct
//! .amount.cents: i64
//! .amount.currency/curr: enum
//! .amount.currency|EUR
//! .note?: string?
//! ```
//!
//! A path goes by `.field` and `.0`, by `|Variant`, by `[]` into the items of a list, by `{}` and `<>`
//! into the values and the keys of a map. `/name` is an alias, `/*` takes every other name, `?` behind a
//! name may be absent, `!` behind a name has to be there although it may be null, `?` behind a type may
//! be null.

mod describe;
mod find;
mod hash;
mod line;
mod lines;
mod name;
mod pairs;
mod scan;
mod span;
mod text;
mod written;

pub use describe::describe;
pub use line::{
    Line, Path, first_lost_alias, has_alias, has_aliases, is_variant_step, name_end, parse, split,
};
pub use lines::{Lines, MAX_LINES, Room};
pub use name::{push_name, unquote, written_name};
pub use pairs::{CompareRoom, HeapRoom, Pairs};
pub use span::Span;
pub use text::{Text, begins_with, contains, ends_with, equal, slice};
pub use written::Spans;

/// The longest outline, in bytes: some thousands of fields.
pub const MAX_OUTLINE: usize = 256 * 1024;

/// The longest path of one field, in bytes.
pub const MAX_PATH: usize = 1024;

/// True if a field may be absent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    /// It may, whatever its shape.
    Optional,
    /// It may not, although its shape is that of an `Option`.
    Required,
    /// It may if its shape is that of an `Option`.
    ByShape,
}
