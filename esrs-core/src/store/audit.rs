//! The audit trail: changes with their actors, times and causes.

use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use futures_core::Stream;
use jiff::Timestamp;
use uuid::Uuid;

use super::cursor::Cursor;
use super::event_store::EventStore;
use crate::aggregate::Aggregate;
use crate::event::{Envelope, EventKind, MetadataKey, StreamId};
use crate::log::{EventFilter, MetadataFilter, ReadQuery, StoreError};
use crate::schema::EventType;
use crate::value::escaped;

/// The recorded events of a store, of one stream or of all, with their circumstances: who changed
/// what, when and why.
///
/// A [`Stream`], which reads a page at a time. The store applies the filters.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), esrs_core::StoreError> {
/// use esrs_core::{AuditTrail, MemoryStore};
///
/// let store = MemoryStore::new();
/// let mut trail = AuditTrail::new(store).by("alice").with("branch", "Brno");
/// while let Some(entry) = trail.try_next().await? {
///     println!("{entry}");
/// }
/// # Ok(()) }
/// ```
pub struct AuditTrail {
    cursor: Cursor,
}

/// A recorded event: what happened, when it occurred and was recorded, by whom, and why.
///
/// Its `Display` is one line: the time at which it was recorded, who, the stream and version, what, why,
/// and the time at which it occurred if that is another. Control characters are [escaped].
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct AuditEntry {
    /// Where it stands, when it was recorded and occurred, and its metadata.
    pub envelope: Envelope,
    /// The name and version that it was stored under.
    pub kind: EventKind,
    /// Its payload, as it was stored.
    pub payload: String,
}

impl AuditTrail {
    /// All events of a store, in the order of their positions.
    pub fn new(store: impl EventStore) -> Self {
        let cursor = Cursor::new(Arc::new(store), ReadQuery::all(), "reading an audit trail");
        Self { cursor }
    }

    /// Only the events of one stream, in the order of their versions.
    #[must_use]
    pub fn of_stream(self, stream: StreamId) -> Self {
        let query = ReadQuery::stream(stream).limit(ReadQuery::DEFAULT_LIMIT);
        let query = query.recorded(self.cursor.query.metadata.clone());
        Self { cursor: self.cursor.restarted(query) }
    }

    /// Only the events of one aggregate, of all its instances, also those whose names it has
    /// retired; of no effect on the trail of one stream.
    #[must_use]
    pub fn of<A: Aggregate>(mut self) -> Self {
        let names = A::EVENTS.iter().flat_map(EventType::names).chain(A::RETIRED.iter().copied());
        let filter = EventFilter::everything().and(A::NAME, names);
        self.cursor.query = self.cursor.query.only(filter);
        self
    }

    /// Only what this actor did.
    #[must_use]
    pub fn by(self, actor: impl Into<String>) -> Self {
        self.recorded(|metadata| metadata.by(actor))
    }

    /// Only what belongs to this business transaction.
    #[must_use]
    pub fn correlated_by(self, id: Uuid) -> Self {
        self.recorded(|metadata| metadata.correlated_by(id))
    }

    /// Only what follows from this event or message.
    #[must_use]
    pub fn caused_by(self, id: Uuid) -> Self {
        self.recorded(|metadata| metadata.caused_by(id))
    }

    /// Only what was recorded at this time or later.
    #[must_use]
    pub fn from(self, time: Timestamp) -> Self {
        self.recorded(|metadata| metadata.recorded_from(time))
    }

    /// Only what was recorded before this time.
    #[must_use]
    pub fn before(self, time: Timestamp) -> Self {
        self.recorded(|metadata| metadata.recorded_before(time))
    }

    /// Only what has this value under a key of the user's own.
    #[must_use]
    pub fn with(self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.recorded(|metadata| metadata.with(key, value))
    }

    /// Only what has this value under a key of the user's own, by its type.
    #[must_use]
    pub fn with_key<K: MetadataKey>(self, value: &K) -> Self {
        self.recorded(|metadata| metadata.with_key(value))
    }

    fn recorded(mut self, and: impl FnOnce(MetadataFilter) -> MetadataFilter) -> Self {
        let metadata = &mut self.cursor.query.metadata;
        *metadata = and(std::mem::take(metadata));
        self
    }

    /// Returns the next entry; `None` behind the last. What is stored later is found when it is called
    /// again.
    ///
    /// The same as `TryStreamExt::try_next` of the crate `futures`, without that crate.
    ///
    /// # Errors
    /// Returns the errors of the database, after which the next call tries again, and
    /// [`StoreError::HistoryChanged`] if the log or the stream does not hold an event that was returned.
    pub async fn try_next(&mut self) -> Result<Option<AuditEntry>, StoreError> {
        poll_fn(|context| Pin::new(&mut *self).poll_next(context)).await.transpose()
    }
}

impl Stream for AuditTrail {
    type Item = Result<AuditEntry, StoreError>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let cursor = &mut self.get_mut().cursor;
        if !ready!(cursor.poll_ready(context))? {
            return Poll::Ready(None);
        }
        let (entry, ..) = cursor.current()?;
        cursor.step();
        Poll::Ready(Some(Ok(entry)))
    }
}

impl fmt::Debug for AuditTrail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuditTrail").field("query", &self.cursor.query).finish_non_exhaustive()
    }
}

impl fmt::Display for AuditEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Envelope { stream, version, recorded_at, metadata, .. } = &self.envelope;
        // One line, whatever an actor or a value has in it.
        let actor = escaped(metadata.actor().unwrap_or("nobody"));
        let (stream, name, payload) =
            (escaped(stream), escaped(&self.kind.name), escaped(&self.payload));
        write!(f, "{recorded_at} {actor}: {stream} {version} {name} {payload}")?;
        let mut why = Vec::new();
        why.extend(metadata.occurred_at().map(|time| format!("occurred at {time}")));
        why.extend(metadata.causation_id().map(|id| format!("caused by {id}")));
        why.extend(
            metadata.keys().map(|(key, value)| format!("{} = {}", escaped(key), escaped(value))),
        );
        if why.is_empty() { Ok(()) } else { write!(f, " ({})", why.join(", ")) }
    }
}
