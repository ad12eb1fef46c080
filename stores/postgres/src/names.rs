//! What the numbers in rows stand for: streams and kinds.
//!
//! Nothing here is trusted by itself, because the log may be another one by now: a fail-over may have
//! lost commits, or a backup may have been restored. Statements that append verify the numbers that they
//! are given. What reads look up by number holds as long as the log holds one event, the anchor: events
//! are committed in their order, so that everything before it is unchanged then.

use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, MutexGuard};

use esrs_core::{EventKind, LogMark, StreamId};
use lru::LruCache;
use tokio_postgres::{Client, Error};

use crate::sql::Sql;

/// The largest number of streams that are remembered.
const STREAMS: NonZeroUsize = NonZeroUsize::new(100_000).expect("it is not zero");
/// The same for kinds.
const KINDS: NonZeroUsize = NonZeroUsize::new(10_000).expect("it is not zero");

/// A kind, and the category of the streams that have it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct KindOf {
    pub(crate) category: Arc<str>,
    pub(crate) kind: EventKind,
}

/// What is remembered of streams and kinds; shared by all that read and write.
pub(crate) struct Names {
    numbers: Mutex<Numbers>,
    read: Mutex<Read>,
}

/// By name: what appends are given, whose statements verify it.
struct Numbers {
    streams: LruCache<StreamId, KnownStream>,
    kinds: LruCache<KindOf, KnownKind>,
}

/// By number: what reads look up, while the log holds the anchor.
struct Read {
    kinds: LruCache<i32, EventKind>,
    streams: LruCache<i64, StreamId>,
    anchor: Option<LogMark>,
    /// Counts the anchors.
    stamp: u64,
}

/// A stream that is there.
#[derive(Debug, Clone, Copy)]
struct KnownStream {
    id: i64,
    /// The version that it has at least.
    version: u64,
}

/// A kind that is there.
#[derive(Debug, Clone, Copy)]
pub(crate) struct KnownKind {
    pub(crate) id: i32,
    /// An event that was stored by a statement which has verified the number: a log that holds it, holds
    /// the kind.
    pub(crate) proof: Option<LogMark>,
}

/// The anchor that a read verifies. What was remembered by another is not used by it: it may be of a log
/// that has changed in between.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Seen {
    pub(crate) anchor: Option<LogMark>,
    stamp: u64,
}

impl Names {
    pub(crate) fn new() -> Self {
        let (streams, kinds) = (LruCache::new(STREAMS), LruCache::new(KINDS));
        let numbers = Mutex::new(Numbers { streams, kinds });
        let (kinds, streams) = (LruCache::new(KINDS), LruCache::new(STREAMS));
        let read = Mutex::new(Read { kinds, streams, anchor: None, stamp: 0 });
        Self { numbers, read }
    }

    // Nothing in either is ever half done.
    fn numbers(&self) -> MutexGuard<'_, Numbers> {
        self.numbers.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    fn read(&self) -> MutexGuard<'_, Read> {
        self.read.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// The number of a stream, if it was at this version or a later one.
    pub(crate) fn stream_at(&self, stream: &StreamId, version: u64) -> Option<i64> {
        let mut numbers = self.numbers();
        numbers.streams.get(stream).filter(|known| known.version >= version).map(|known| known.id)
    }

    /// Remembers a stream whose row is committed, and its version.
    pub(crate) fn learn_stream(&self, stream: &StreamId, id: i64, version: u64) {
        let mut numbers = self.numbers();
        match numbers.streams.get_mut(stream) {
            Some(known) if known.id == id => known.version = known.version.max(version),
            Some(known) => *known = KnownStream { id, version },
            None => drop(numbers.streams.put(stream.clone(), KnownStream { id, version })),
        }
    }

    /// Remembers the version of a stream whose number is known.
    pub(crate) fn learn_version(&self, stream: &StreamId, version: u64) {
        if let Some(known) = self.numbers().streams.get_mut(stream) {
            known.version = known.version.max(version);
        }
    }

    /// What was remembered of a stream is not true of the log.
    pub(crate) fn forget_stream(&self, stream: &StreamId) {
        self.numbers().streams.pop(stream);
    }

    /// The number of a kind, if it is known.
    pub(crate) fn known_kind(&self, of: &KindOf) -> Option<KnownKind> {
        self.numbers().kinds.get(of).copied()
    }

    /// Remembers an event that was stored by a statement which has verified the number of its kind.
    pub(crate) fn prove_kind(&self, of: &KindOf, id: i32, event: LogMark) {
        if let Some(known) = self.numbers().kinds.get_mut(of).filter(|known| known.id == id) {
            known.proof = Some(event);
        }
    }

    /// The number of a kind is not true of the log.
    pub(crate) fn forget_kind(&self, of: &KindOf) {
        self.numbers().kinds.pop(of);
    }

    /// The number of a kind, which is given to it if it has none.
    pub(crate) async fn number_kind(
        &self,
        of: KindOf,
        client: &Client,
        sql: &Sql,
    ) -> Result<i32, Error> {
        if let Some(known) = self.known_kind(&of) {
            return Ok(known.id);
        }
        let version = i64::from(of.kind.version);
        let id = client
            .query_one_scalar::<i32, _>(&sql.kind_of, &[&&*of.category, &&*of.kind.name, &version])
            .await?;
        self.numbers().kinds.put(of, KnownKind { id, proof: None });
        Ok(id)
    }

    /// The anchor that a read has to verify.
    pub(crate) fn seen(&self) -> Seen {
        let Read { anchor, stamp, .. } = *self.read();
        Seen { anchor, stamp }
    }

    /// The kind of this number, if it is known by the anchor that was verified.
    pub(crate) fn kind(&self, id: i32, seen: Seen) -> Option<EventKind> {
        let mut read = self.read();
        if read.stamp != seen.stamp { None } else { read.kinds.get(&id).cloned() }
    }

    /// The name of a stream, if it is known by the anchor that was verified.
    pub(crate) fn stream(&self, id: i64, seen: Seen) -> Option<StreamId> {
        let mut read = self.read();
        if read.stamp != seen.stamp { None } else { read.streams.get(&id).cloned() }
    }

    /// Remembers what was found in a log that holds the anchor, and `last` as well.
    pub(crate) fn learn<'a>(
        &self,
        seen: Seen,
        kinds: impl Iterator<Item = (i32, &'a EventKind)>,
        streams: impl Iterator<Item = (i64, &'a StreamId)>,
        last: LogMark,
    ) {
        let mut read = self.read();
        if read.stamp != seen.stamp {
            return;
        }
        for (id, kind) in kinds {
            read.kinds.put(id, kind.clone());
        }
        for (id, stream) in streams {
            read.streams.put(id, stream.clone());
        }
        if seen.anchor.is_none_or(|anchor| anchor.position < last.position) {
            read.anchor = Some(last);
            read.stamp += 1;
        }
    }

    /// The log does not hold the anchor any more; the anchor from then on.
    pub(crate) fn forget(&self, seen: Seen) -> Seen {
        let mut read = self.read();
        if read.stamp == seen.stamp {
            read.kinds.clear();
            read.streams.clear();
            read.anchor = None;
            read.stamp += 1;
            tracing::warn!("the log has lost events or is another one; nothing remembered is used");
        }
        // Another read may have found an anchor since then, which this one has not verified.
        Seen { anchor: None, stamp: if read.anchor.is_none() { read.stamp } else { u64::MAX } }
    }
}
