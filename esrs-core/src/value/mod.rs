//! Values on their way to text and back, for people and for a log.
//!
//! Text for terminals and logs (`escaped`), errors without the values that they are about (`withheld`), the
//! differences of two values (`changes`), the check that a value is read as it was written (`faithful`),
//! calls of user code whose panic becomes an error (`guard`), and the proof that an implementation was
//! generated (`by_derive`). Nothing here knows an event, a schema or a
//! store: every other folder may import this one, and it imports none.

mod by_derive;
mod changes;
mod escaped;
mod faithful;
mod guard;
mod withheld;

pub use by_derive::ByDerive;
pub use changes::{Change, Changes};
pub use escaped::{Escaped, escaped};
pub(crate) use escaped::{brief, quoted, reason};
pub use faithful::{ChangedValue, Encoder};
pub(crate) use faithful::{changed, is_same, to_faithful_json};
pub(crate) use guard::{from_json, guarded, to_json};
pub use withheld::{JsonError, Withheld};
