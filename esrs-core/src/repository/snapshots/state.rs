//! States that can be stored, and told from states of another fold.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::aggregate::Aggregate;
use crate::schema::{Fingerprint, FormatMismatch, Formats, Schema};

/// An aggregate whose state can be stored as a snapshot.
///
/// Every aggregate is one that is also `Schema`, `Serialize`, `Deserialize` and `PartialEq`. The
/// schema tells when the state's shape changes; `PartialEq` is what a snapshot is checked by before
/// it is stored: read again, it has to be the state that was written.
#[diagnostic::on_unimplemented(
    message = "the state of `{Self}` cannot be stored as a snapshot",
    label = "lacks `Schema`, `Serialize`, `Deserialize` or `PartialEq`",
    note = "add `Schema, Serialize, Deserialize, PartialEq` to the derives of `{Self}`"
)]
pub trait SnapshotState: Aggregate {
    /// The fingerprint of a snapshot: the shape of the state, and the fold that made it.
    const SNAPSHOT: Fingerprint;

    /// Checks that this program writes the formats in the state as they are named.
    ///
    /// # Errors
    /// [`FormatMismatch`] if a feature of a foreign crate changes one.
    #[doc(hidden)]
    fn check_formats() -> Result<(), FormatMismatch>;

    /// The state as JSON.
    ///
    /// # Errors
    /// When its `Serialize` fails.
    #[doc(hidden)]
    fn to_json(&self) -> Result<String, serde_json::Error>;

    /// The state of this JSON.
    ///
    /// # Errors
    /// When it is not that of a state.
    #[doc(hidden)]
    fn from_json(json: &str) -> Result<Self, serde_json::Error>;

    /// Returns true if it is the same state.
    #[doc(hidden)]
    fn is_same(&self, other: &Self) -> bool;
}

#[diagnostic::do_not_recommend]
impl<A: Aggregate + Schema + Serialize + DeserializeOwned + PartialEq> SnapshotState for A {
    const SNAPSHOT: Fingerprint = A::FINGERPRINT.with(A::FOLD.to_u64());

    fn check_formats() -> Result<(), FormatMismatch> {
        const { Formats::of(A::SHAPE) }.check()
    }

    fn to_json(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string(self)
    }

    fn from_json(json: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(json)
    }

    fn is_same(&self, other: &Self) -> bool {
        self == other
    }
}
