//! The names that numbers in rows stand for: streams and kinds.
//!
//! Nothing here is trusted by itself, because the log may be another one by now: a fail-over may have
//! lost commits, or a backup may have been restored. It holds as long as the log holds one event, the
//! anchor: events are committed in their order, so that everything before it is unchanged then. Appends
//! and reads have an anchor each, which their statements verify; an append also verifies the numbers that
//! no append before its anchor has used.

use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, MutexGuard};

use esrs_core::{EventKind, LogMark, StreamId};
use lru::LruCache;
use tokio_postgres::{Client, Error};
use uuid::Uuid;

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

/// The remembered streams and kinds; shared by all that read and write.
pub(crate) struct Names {
    numbers: Mutex<Numbers>,
    read: Mutex<Read>,
}

/// By name: what appends are given, whose statements verify it.
struct Numbers {
    streams: LruCache<StreamId, KnownStream>,
    kinds: LruCache<KindOf, KnownKind>,
    anchor: Option<LogMark>,
    /// Counts the logs in which there was an anchor.
    log: u64,
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
    /// The event of that version, if an append stored it.
    last: Option<Uuid>,
    proven_in: Option<u64>,
}

/// A kind that is there.
#[derive(Debug, Clone, Copy)]
struct KnownKind {
    id: i32,
    proven_in: Option<u64>,
}

/// The anchor that an append verifies.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Anchor {
    pub(crate) event: Option<LogMark>,
    log: u64,
}

impl Anchor {
    /// Returns true if a log that holds the anchor holds what was proven then.
    fn proves(self, proven_in: Option<u64>) -> bool {
        self.event.is_some() && proven_in == Some(self.log)
    }
}

/// A number that an append is given.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Numbered<T> {
    pub(crate) id: T,
    /// True if a log that holds the anchor holds it; otherwise the statement verifies it.
    pub(crate) is_proven: bool,
}

/// Events that an append stored in a stream that was known before.
pub(crate) struct StoredIn<'a> {
    pub(crate) stream: &'a StreamId,
    /// The version of the stream since then, and its last event.
    pub(crate) version: u64,
    pub(crate) last: Option<Uuid>,
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
        let numbers = Mutex::new(Numbers { streams, kinds, anchor: None, log: 0 });
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

    /// The anchor that an append has to verify.
    pub(crate) fn anchor(&self) -> Anchor {
        let numbers = self.numbers();
        Anchor { event: numbers.anchor, log: numbers.log }
    }

    /// The number of a stream that was at the version which is expected, or a later one.
    pub(crate) fn stream_at(
        &self,
        stream: &StreamId,
        version: u64,
        last: Option<Uuid>,
        anchor: Anchor,
    ) -> Option<Numbered<i64>> {
        let mut numbers = self.numbers();
        let known = numbers.streams.get(stream).filter(|known| known.version >= version)?;
        let is_last = last.is_none() || (known.version == version && known.last == last);
        Some(Numbered { id: known.id, is_proven: is_last && anchor.proves(known.proven_in) })
    }

    /// Remembers a stream whose row is committed, and its version.
    pub(crate) fn learn_stream(&self, stream: &StreamId, id: i64, version: u64) {
        let mut numbers = self.numbers();
        let known = KnownStream { id, version, last: None, proven_in: None };
        match numbers.streams.get_mut(stream) {
            Some(old) if old.id == id && old.version >= version => {}
            Some(old) => *old = known,
            None => drop(numbers.streams.put(stream.clone(), known)),
        }
    }

    /// Remembers what was stored by a statement that verified the anchor and what was not proven by it.
    pub(crate) fn stored<'a, 'b>(
        &self,
        anchor: Anchor,
        streams: impl Iterator<Item = StoredIn<'a>>,
        kinds: impl Iterator<Item = (&'b KindOf, i32)>,
        last: LogMark,
    ) {
        let mut numbers = self.numbers();
        if numbers.log != anchor.log {
            return;
        }
        let proven_in = Some(anchor.log);
        for StoredIn { stream, version, last } in streams {
            if let Some(known) = numbers.streams.get_mut(stream) {
                *known = KnownStream { version, last, proven_in, ..*known };
            }
        }
        for (of, id) in kinds {
            if let Some(known) = numbers.kinds.get_mut(of).filter(|known| known.id == id) {
                known.proven_in = proven_in;
            }
        }
        numbers.anchor = Some(last);
    }

    /// The log does not hold the anchor, or what was remembered next to it.
    pub(crate) fn forget_anchor(&self, anchor: Anchor) {
        let mut numbers = self.numbers();
        if numbers.log == anchor.log {
            numbers.anchor = None;
            numbers.log += 1;
        }
    }

    /// Forgets a stream whose remembered state is not true of the log.
    pub(crate) fn forget_stream(&self, stream: &StreamId) {
        self.numbers().streams.pop(stream);
    }

    /// The number of a kind, if it is known.
    pub(crate) fn kind_at(&self, of: &KindOf, anchor: Anchor) -> Option<Numbered<i32>> {
        let known = *self.numbers().kinds.get(of)?;
        Some(Numbered { id: known.id, is_proven: anchor.proves(known.proven_in) })
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
        if let Some(known) = self.numbers().kinds.get(&of) {
            return Ok(known.id);
        }
        let version = i64::from(of.kind.version);
        let id = client
            .query_one_scalar::<i32, _>(&sql.kind_of, &[&&*of.category, &&*of.kind.name, &version])
            .await?;
        self.numbers().kinds.put(of, KnownKind { id, proven_in: None });
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
