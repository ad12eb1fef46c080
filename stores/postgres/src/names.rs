//! What the numbers in rows stand for: streams and kinds, which never change once they are committed.

use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, MutexGuard};

use esrs_core::{EventKind, StreamId};
use lru::LruCache;
use tokio_postgres::{Client, Error, Row};

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

/// What is known of streams and kinds; shared by all that read and write.
pub(crate) struct Names {
    kinds: Mutex<Kinds>,
    streams: Mutex<Streams>,
}

struct Kinds {
    by_id: LruCache<i32, EventKind>,
    ids: LruCache<KindOf, i32>,
}

struct Streams {
    known: LruCache<StreamId, KnownStream>,
    names: LruCache<i64, StreamId>,
}

/// A stream that is there.
#[derive(Debug, Clone, Copy)]
struct KnownStream {
    id: i64,
    /// How many events it has at least; they never become fewer.
    version: u64,
}

impl Names {
    pub(crate) fn new() -> Self {
        let streams = Streams { known: LruCache::new(STREAMS), names: LruCache::new(STREAMS) };
        let kinds = Kinds { by_id: LruCache::new(KINDS), ids: LruCache::new(KINDS) };
        Self { kinds: Mutex::new(kinds), streams: Mutex::new(streams) }
    }

    fn kinds(&self) -> MutexGuard<'_, Kinds> {
        // Nothing in it is ever half done.
        self.kinds.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    fn streams(&self) -> MutexGuard<'_, Streams> {
        // Nothing in it is ever half done.
        self.streams.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// The row of a stream, if it is known.
    pub(crate) fn stream_id(&self, stream: &StreamId) -> Option<i64> {
        self.streams().known.get(stream).map(|known| known.id)
    }

    /// The row of a stream, if it is known that it has so many events.
    pub(crate) fn stream_at(&self, stream: &StreamId, version: u64) -> Option<i64> {
        let mut streams = self.streams();
        streams.known.get(stream).filter(|known| known.version >= version).map(|known| known.id)
    }

    /// The name of a stream, if it is known.
    pub(crate) fn stream(&self, id: i64) -> Option<StreamId> {
        self.streams().names.get(&id).cloned()
    }

    /// Remembers a stream whose row is committed, and so many of its events.
    pub(crate) fn learn_stream(&self, stream: &StreamId, id: i64, version: u64) {
        let mut streams = self.streams();
        if let Some(known) = streams.known.get_mut(stream) {
            known.version = known.version.max(version);
            return;
        }
        streams.names.put(id, stream.clone());
        streams.known.put(stream.clone(), KnownStream { id, version });
    }

    /// Remembers how many events a known stream has.
    pub(crate) fn learn_version(&self, stream: &StreamId, version: u64) {
        if let Some(known) = self.streams().known.get_mut(stream) {
            known.version = known.version.max(version);
        }
    }

    /// The kind of this number, if it is known.
    pub(crate) fn kind(&self, id: i32) -> Option<EventKind> {
        self.kinds().by_id.get(&id).cloned()
    }

    /// The number of a kind, if it is known.
    pub(crate) fn kind_id(&self, of: &KindOf) -> Option<i32> {
        self.kinds().ids.get(of).copied()
    }

    fn learn_kind(&self, of: KindOf, id: i32) {
        let mut kinds = self.kinds();
        kinds.by_id.put(id, of.kind.clone());
        kinds.ids.put(of, id);
    }

    /// The number of a kind, which is given to it if it has none.
    pub(crate) async fn number_kind(
        &self,
        of: KindOf,
        client: &Client,
        sql: &Sql,
    ) -> Result<i32, Error> {
        if let Some(id) = self.kind_id(&of) {
            return Ok(id);
        }
        let version = i64::from(of.kind.version);
        let id = client
            .query_one_scalar::<i32, _>(&sql.kind_of, &[&&*of.category, &&*of.kind.name, &version])
            .await?;
        self.learn_kind(of, id);
        Ok(id)
    }

    /// Learns the kind of a row that [`Sql::kinds`] found.
    pub(crate) fn learn(&self, row: &Row) -> Result<(i32, EventKind), Error> {
        let (id, category) = (row.try_get(0)?, row.try_get::<_, &str>(1)?.into());
        let version = u32::try_from(row.try_get::<_, i64>(3)?).unwrap_or(u32::MAX);
        let kind = EventKind { name: row.try_get::<_, &str>(2)?.into(), version };
        self.learn_kind(KindOf { category, kind: kind.clone() }, id);
        Ok((id, kind))
    }
}
