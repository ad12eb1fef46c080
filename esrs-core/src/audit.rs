//! Who changed what, when and why.

use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use uuid::Uuid;

use crate::{
    Aggregate, Envelope, EventFilter, EventKind, EventStore, MetadataFilter, MetadataKey, Page,
    ReadQuery, ReadSource, StoreError, StreamId,
};

/// The recorded events of a store, of one stream or of all, with their circumstances: who changed
/// what, when and why.
///
/// It reads a page at a time. What is asked for is looked for by the store.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), esrs_core::StoreError> {
/// use esrs_core::{AuditTrail, MemoryStore};
///
/// let store = MemoryStore::new();
/// let mut trail = AuditTrail::new(store).by("alice").with("branch", "Brno");
/// while let Some(entry) = trail.next().await? {
///     println!("{entry}");
/// }
/// # Ok(()) }
/// ```
pub struct AuditTrail {
    store: Arc<dyn EventStore>,
    query: ReadQuery,
    page: Page,
    /// The place in the page of the entry that comes next.
    next: usize,
}

/// A recorded event: what happened, when, by whom, and why.
///
/// Its `Display` is one line: the time, who, the stream and version, what, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct AuditEntry {
    /// Where it stands, when it was recorded, and its metadata.
    pub envelope: Envelope,
    /// The name and version that it was stored under.
    pub kind: EventKind,
    /// Its payload, as it was stored.
    pub payload: String,
}

impl AuditTrail {
    /// All events of a store, in the order of their positions.
    pub fn new(store: impl EventStore) -> Self {
        Self::over(Arc::new(store), ReadQuery::all())
    }

    fn over(store: Arc<dyn EventStore>, query: ReadQuery) -> Self {
        Self { store, query: query.with_envelopes(), page: Page::new(), next: 0 }
    }

    /// Only the events of one stream, in the order of their versions.
    #[must_use]
    pub fn of_stream(self, stream: StreamId) -> Self {
        let query = ReadQuery::stream(stream).limit(ReadQuery::DEFAULT_LIMIT);
        Self::over(self.store, query.recorded(self.query.metadata))
    }

    /// Only the events of one aggregate, of all its instances, also those whose names it has
    /// retired; of no effect on the trail of one stream.
    #[must_use]
    pub fn of<A: Aggregate>(mut self) -> Self {
        let names = A::EVENTS
            .iter()
            .flat_map(|event| std::iter::once(&event.name).chain(event.aliases).copied());
        let names = names.chain(A::RETIRED.iter().copied());
        self.query = self.query.only(EventFilter::everything().and(A::NAME, names));
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
        self.query.metadata = and(std::mem::take(&mut self.query.metadata));
        self
    }

    /// The next entry; `None` behind the last. What is stored later is found when it is asked again.
    ///
    /// # Errors
    /// What may happen to a database.
    pub async fn next(&mut self) -> Result<Option<AuditEntry>, StoreError> {
        while self.next == self.page.len() {
            let page = std::mem::take(&mut self.page);
            self.page = self.store.read(self.query.clone(), page).await?;
            self.next = 0;
            self.move_on();
            if self.page.is_empty() && self.page.is_last() {
                return Ok(None);
            }
        }
        let record = self.page.record(self.next);
        self.next += 1;
        let envelope = record.envelope().ok_or_else(|| {
            let stream = record.stream();
            let source = format!("the store gave an event of {stream} without its envelope");
            StoreError::Database { doing: "reading an audit trail", source: source.into() }
        })?;
        let (kind, payload) = (record.kind().clone(), record.payload().to_owned());
        Ok(Some(AuditEntry { envelope, kind, payload }))
    }

    /// The next page begins behind this one.
    fn move_on(&mut self) {
        let scanned = self.page.scanned();
        match &mut self.query.source {
            ReadSource::Stream { after_version, .. } => {
                let last = self.page.len().checked_sub(1).map(|last| self.page.record(last));
                *after_version = last.map_or(*after_version, |last| last.version());
            }
            ReadSource::All { after, .. } => *after = scanned.max(*after),
        }
    }
}

impl fmt::Debug for AuditTrail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuditTrail").field("query", &self.query).finish_non_exhaustive()
    }
}

impl fmt::Display for AuditEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Envelope { stream, version, recorded_at, metadata, .. } = &self.envelope;
        let actor = metadata.actor().unwrap_or("nobody");
        let (name, payload) = (&self.kind.name, &self.payload);
        write!(f, "{recorded_at} {actor}: {stream} {version} {name} {payload}")?;
        let mut why = Vec::new();
        why.extend(metadata.causation_id().map(|id| format!("caused by {id}")));
        why.extend(metadata.keys().map(|(key, value)| format!("{key} = {value}")));
        if why.is_empty() { Ok(()) } else { write!(f, " ({})", why.join(", ")) }
    }
}
