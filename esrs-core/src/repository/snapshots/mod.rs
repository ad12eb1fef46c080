//! Snapshots: when they are written, by whom, and how a load begins with one.

mod policy;
mod state;
mod writer;

use std::sync::Arc;

use serde_json::Error as JsonError;

pub(super) use policy::Replayed;
pub use policy::SnapshotPolicy;
pub use state::SnapshotState;
use writer::{SnapshotWriter, write};

use super::SnapshotError;
use crate::aggregate::Aggregate;
use crate::event::StreamId;
use crate::log::{AsOf, Page, Snapshot, SnapshotQuery};
use crate::schema::{Fingerprint, FormatMismatch};
use crate::store::EventStore;
use crate::value::from_json;

/// The functions that a repository needs of an aggregate to keep its state; a repository without snapshots
/// asks nothing of the kind.
pub(super) struct Codec<A> {
    fold: Fingerprint,
    check_formats: fn() -> Result<(), FormatMismatch>,
    to_json: fn(&A) -> Result<String, JsonError>,
    from_json: fn(&str) -> Result<A, JsonError>,
    is_same: fn(&A, &A) -> bool,
}

impl<A> Clone for Codec<A> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<A> Copy for Codec<A> {}

impl<A: Aggregate> Codec<A> {
    fn new() -> Self
    where
        A: SnapshotState,
    {
        Self {
            fold: A::SNAPSHOT,
            check_formats: A::check_formats,
            to_json: A::to_json,
            from_json: A::from_json,
            is_same: A::is_same,
        }
    }

    /// Returns the query of snapshots that a load may begin with.
    pub(super) fn query(&self, as_of: AsOf) -> SnapshotQuery {
        SnapshotQuery { fold: self.fold, as_of }
    }

    /// The state of a snapshot. One that cannot be read is as good as none.
    pub(super) fn state(&self, snapshot: &Snapshot) -> Option<A> {
        let read = from_json(|| (self.from_json)(&snapshot.state));
        let read = read.map_err(crate::value::JsonError::from);
        read.inspect_err(|error| {
            let Snapshot { stream, version, .. } = snapshot;
            tracing::warn!(stream = %crate::value::escaped(&stream), version, %error, "a snapshot cannot be read, and is passed over");
        })
        .ok()
    }
}

/// The snapshots of a repository.
pub(super) struct Snapshots<A: Aggregate> {
    policy: SnapshotPolicy,
    pub(super) codec: Codec<A>,
    writer: SnapshotWriter<A>,
}

impl<A: SnapshotState> Snapshots<A> {
    pub(super) fn new(policy: SnapshotPolicy, store: Arc<dyn EventStore>) -> Self {
        let codec = Codec::new();
        Self { policy, codec, writer: SnapshotWriter::new(store, codec) }
    }
}

impl<A: Aggregate> Snapshots<A> {
    /// See [`write`].
    pub(super) async fn write(
        &self,
        store: &dyn EventStore,
        stream: &StreamId,
        page: &mut Page,
    ) -> Result<u64, SnapshotError> {
        write(store, self.codec, (stream, AsOf::Now), page).await
    }

    /// Waits until all that was asked for is written, or was given up.
    pub(super) async fn written(&self) {
        self.writer.done().await;
    }

    /// Has a snapshot of the stream at this version written, if so much makes it due. What is asked for is
    /// counted again: it is not asked for again with the next event.
    pub(super) fn if_due(&self, stream: &StreamId, version: u64, since: &mut Replayed) {
        if self.policy.is_due(*since) {
            *since = Replayed::default();
            self.writer.request(stream.clone(), version);
        }
    }
}
