//! Queries: what is read, and how much of it at once.

use uuid::Uuid;

use super::{LogMark, MetadataFilter, SnapshotQuery};
use crate::event::{Position, StreamId};

/// A query: what to read, and how much of it at once.
///
/// ```
/// use esrs_core::{Position, ReadQuery, StreamId};
///
/// let stream = StreamId::new("bank_account", 18).unwrap();
/// let replay = ReadQuery::stream(stream).after_version(41);
/// let follow = ReadQuery::all().after(Position::new(1_000)).limit(500).with_envelopes();
/// assert!(follow.envelopes && !replay.envelopes);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReadQuery {
    /// The events to read.
    pub source: ReadSource,
    /// At most so many events in the page.
    pub limit: usize,
    /// A page is closed early once its payloads come to so many bytes.
    pub max_bytes: usize,
    /// True if envelopes are wanted next to the payloads; a replay needs none.
    pub envelopes: bool,
    /// Only events of these circumstances.
    pub metadata: MetadataFilter,
    /// Of one stream: the snapshot that the first page may begin with, in place of the events that
    /// it is made of.
    pub snapshot: Option<SnapshotQuery>,
}

/// The events that are read, and the place from which they are.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReadSource {
    /// The events of one stream, by version.
    Stream {
        /// The stream.
        stream: StreamId,
        /// Those with a higher version than this.
        after_version: u64,
        /// The id of the event at `after_version`, if the reader knows it: a stream that holds another
        /// event there is refused.
        after_event: Option<Uuid>,
    },
    /// The events of one stream from the newest to the oldest, by version. A snapshot is of no use here.
    StreamBackwards {
        /// The stream.
        stream: StreamId,
        /// Those with a lower version than this; `u64::MAX` begins at the last.
        before_version: u64,
        /// The id of the event at `before_version`, if the reader knows it: a stream that holds another
        /// event there is refused.
        before_event: Option<Uuid>,
    },
    /// The events of all streams, by position.
    All {
        /// Those with a higher position than this.
        after: Position,
        /// The last event that the reader knows to stand at or before `after`: a log that does not hold
        /// it is refused.
        mark: Option<LogMark>,
        /// Only those that pass.
        filter: EventFilter,
    },
}

/// A filter of the events of the log, by the aggregate they belong to and their stored name.
///
/// A filter that names nothing lets every event pass.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EventFilter {
    wanted: Vec<(&'static str, Vec<&'static str>)>,
}

impl EventFilter {
    /// A filter that lets every event pass.
    pub fn everything() -> Self {
        Self::default()
    }

    /// The same filter, which also lets the events pass that have one of these names and belong to
    /// the aggregate `category`.
    #[must_use]
    pub fn and(
        mut self,
        category: &'static str,
        names: impl IntoIterator<Item = &'static str>,
    ) -> Self {
        self.wanted.push((category, names.into_iter().collect()));
        self
    }

    /// Returns true if it lets every event pass.
    pub fn is_everything(&self) -> bool {
        self.wanted.is_empty()
    }

    /// The names it asks for, next to the aggregate they belong to.
    pub fn wanted(&self) -> &[(&'static str, Vec<&'static str>)] {
        &self.wanted
    }

    /// Returns true if an event of this name and aggregate passes.
    pub fn allows(&self, category: &str, name: &str) -> bool {
        self.is_everything()
            || self.wanted.iter().any(|(of, names)| *of == category && names.contains(&name))
    }
}

impl ReadQuery {
    /// The number of events in a page of all streams, unless the query says otherwise.
    pub const DEFAULT_LIMIT: usize = 1_000;
    /// The number of events in a page of one stream, unless the query says otherwise: more, because a stream
    /// is read to its end as a rule, and each page is a round trip to the store.
    pub const DEFAULT_STREAM_LIMIT: usize = 10_000;
    /// The number of bytes of payload that close a page early, unless the query says otherwise.
    pub const DEFAULT_MAX_BYTES: usize = 4 * 1024 * 1024;

    /// All events of one stream.
    pub fn stream(stream: StreamId) -> Self {
        Self::new(ReadSource::Stream { stream, after_version: 0, after_event: None })
            .limit(Self::DEFAULT_STREAM_LIMIT)
    }

    /// All events of one stream, from the newest to the oldest.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use esrs_core::{EventStore, MemoryStore, Page, ReadQuery, StreamId};
    ///
    /// let stream = StreamId::new("bank_account", 18)?;
    /// let last = ReadQuery::stream_backwards(stream.clone()).limit(1);
    /// let page = MemoryStore::new().read(last, Page::new()).await?;
    /// assert!(page.records().next().is_none(), "nothing has happened to it");
    /// let before = ReadQuery::stream_backwards(stream).before_version(42).limit(10);
    /// # Ok(()) }
    /// ```
    pub fn stream_backwards(stream: StreamId) -> Self {
        let (before_version, before_event) = (u64::MAX, None);
        Self::new(ReadSource::StreamBackwards { stream, before_version, before_event })
    }

    /// All events of the store.
    pub fn all() -> Self {
        let filter = EventFilter::everything();
        Self::new(ReadSource::All { after: Position::START, mark: None, filter })
    }

    fn new(source: ReadSource) -> Self {
        let (limit, max_bytes) = (Self::DEFAULT_LIMIT, Self::DEFAULT_MAX_BYTES);
        let metadata = MetadataFilter::default();
        Self { source, limit, max_bytes, envelopes: false, metadata, snapshot: None }
    }

    /// Only events of a higher version; of no effect on a query of all streams, or backwards.
    #[must_use]
    pub fn after_version(mut self, version: u64) -> Self {
        if let ReadSource::Stream { after_version, .. } = &mut self.source {
            *after_version = version;
        }
        self
    }

    /// Only events of a lower version; of no effect on a query that is not
    /// [backwards](Self::stream_backwards).
    #[must_use]
    pub fn before_version(mut self, version: u64) -> Self {
        if let ReadSource::StreamBackwards { before_version, .. } = &mut self.source {
            *before_version = version;
        }
        self
    }

    /// Continues a read backwards: [`StoreError::HistoryChanged`](super::StoreError::HistoryChanged) if
    /// the event at [`before_version`](Self::before_version) is not this one. Of no effect on a query
    /// that is not [backwards](Self::stream_backwards).
    #[must_use]
    pub fn before_event(mut self, id: Option<Uuid>) -> Self {
        if let ReadSource::StreamBackwards { before_event, .. } = &mut self.source {
            *before_event = id;
        }
        self
    }

    /// Only events of a higher position; of no effect on a query of one stream.
    #[must_use]
    pub fn after(mut self, position: Position) -> Self {
        if let ReadSource::All { after, .. } = &mut self.source {
            *after = position;
        }
        self
    }

    /// Continues a read of the log: [`StoreError::HistoryChanged`](super::StoreError::HistoryChanged) if
    /// the log does not hold this event, which was read before. Of no effect on a query of one stream.
    #[must_use]
    pub fn continuing(mut self, last_seen: Option<LogMark>) -> Self {
        if let ReadSource::All { mark, .. } = &mut self.source {
            *mark = last_seen;
        }
        self
    }

    /// Continues a read of a stream: [`StoreError::HistoryChanged`](super::StoreError::HistoryChanged) if
    /// the event at [`after_version`](Self::after_version) is not this one. Of no effect on a query of
    /// all streams.
    #[must_use]
    pub fn after_event(mut self, id: Option<Uuid>) -> Self {
        if let ReadSource::Stream { after_event, .. } = &mut self.source {
            *after_event = id;
        }
        self
    }

    /// Only events that pass; of no effect on a query of one stream.
    #[must_use]
    pub fn only(mut self, wanted: EventFilter) -> Self {
        if let ReadSource::All { filter, .. } = &mut self.source {
            *filter = wanted;
        }
        self
    }

    /// Only events of these circumstances; so the versions of a stream may have gaps.
    #[must_use]
    pub fn recorded(mut self, metadata: MetadataFilter) -> Self {
        self.metadata = metadata;
        self
    }

    /// The page may begin with a snapshot, in place of the events that it is made of, if that leads
    /// further than the version after which the query begins; of no effect on a query of all streams.
    #[must_use]
    pub fn from_snapshot(mut self, snapshot: SnapshotQuery) -> Self {
        self.snapshot = Some(snapshot);
        self
    }

    /// At most so many events a page; at least one.
    #[must_use]
    pub fn limit(mut self, events: usize) -> Self {
        self.limit = events.max(1);
        self
    }

    /// Closes a page early once its payloads come to so many bytes; it holds at least one event.
    #[must_use]
    pub fn max_bytes(mut self, bytes: usize) -> Self {
        self.max_bytes = bytes;
        self
    }

    /// Envelopes next to the payloads.
    #[must_use]
    pub fn with_envelopes(mut self) -> Self {
        self.envelopes = true;
        self
    }
}
