//! Events, and the circumstances that are stored with them.
//!
//! The [`Event`] trait and the steps between its versions, the encoding of one event, its metadata, stream,
//! position and times. An event on its own is here; the events of an aggregate are in `aggregate`, batches
//! and pages of them in `log`, and the shapes that the compiler compares in `schema`.

mod bounds;
mod clock;
mod encode;
#[expect(clippy::module_inception, reason = "the trait that the folder is named after")]
mod event;
mod kind;
mod metadata;
mod metadata_key;
mod occurred;
mod parts;
mod recorded;
mod stream;
mod trace_context;

pub use bounds::{AddedValue, DeclaredVersion, KnownEvent, Refusal};
pub(crate) use clock::to_microsecond;
pub use clock::{Clock, FixedClock, SystemClock, from_microseconds, to_microseconds};
pub use encode::EncodeError;
pub(crate) use encode::{payload_of, there_and_back, why};
pub use event::{Emit, Event, MergeError, PayloadError, RetypeError, TryUpcast, Upcast};
pub use kind::EventKind;
pub use metadata::{BlankActor, Metadata};
pub use metadata_key::{InvalidMetadata, MetadataKey};
pub use occurred::OccurredAt;
pub use parts::{PartType, PartTypes};
pub use recorded::{Envelope, Recorded};
pub use stream::{InvalidStreamId, Position, StreamId};
pub use trace_context::{InvalidTraceparent, TraceContext};
