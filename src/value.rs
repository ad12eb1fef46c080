//! Values: the differences between two of them, and texts and errors that are shown safely.
//!
//! [`Repository::diff`](crate::Repository::diff) returns [`Changes`] between two versions of a state.
//! [`escaped`] is for text of unknown origin in a log or on a terminal; it leaves no control characters.
//!
//! ```
//! use esrs::value::escaped;
//!
//! assert_eq!(escaped("ada\n").to_string(), "ada\\n");
//! ```

pub use esrs_core::{Change, ChangedValue, Changes, Escaped, JsonError, Withheld, escaped};
