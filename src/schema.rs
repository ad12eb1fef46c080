//! The shape of a payload's JSON, known to the compiler, and the shapes of an event over its versions.
//!
//! Programs that derive [`Schema`](trait@crate::Schema) need nothing of it. It is for a type whose shape is
//! written by hand, and for tools that list what a log may hold.
//!
//! ```
//! use esrs::prelude::*;
//! use esrs::schema::ShapeVersion;
//!
//! #[derive(Event, Serialize, Deserialize)]
//! #[event("account_opened", version = 2)]
//! struct AccountOpened {
//!     owner: String,
//!     #[event(added(in = 2, default = "EUR".to_owned()))]
//!     currency: String,
//! }
//!
//! let newest_first: Vec<String> =
//!     AccountOpened::history().map(|known: &ShapeVersion| known.shape().to_string()).collect();
//! assert_eq!(newest_first, ["{owner: string, currency: string}", "{owner: string}"]);
//! ```

pub use esrs_core::schema::FormatMismatch;
#[doc(hidden)]
pub use esrs_core::schema::lock;
pub use esrs_core::{
    Content, EnumShape, EventType, Field, FieldChange, Fingerprint, Item, PastVersion, Shape,
    ShapeVersion, ShapeVersions, Step, StoredAs, StructShape, Tagging, Variant,
};
