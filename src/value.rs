//! Values: what differs between two of them, and how a text or an error is shown safely.
//!
//! ```
//! use esrs::value::escaped;
//!
//! assert_eq!(escaped("ada\n").to_string(), "ada\\n");
//! ```

pub use esrs_core::{Change, ChangedValue, Changes, Escaped, JsonError, Withheld, escaped};
