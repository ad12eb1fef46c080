//! Many events at once, as another system has recorded them.

use std::collections::{HashMap, HashSet};
use std::pin::pin;

use esrs_core::{
    AppendBatch, AppendCondition, EventKind, Imported, LogMark, NewEvent, Page, Position,
    StoreError, StreamId,
};
use tokio_postgres::Error;
use tokio_postgres::binary_copy::BinaryCopyInWriter;
use tokio_postgres::types::{ToSql, Type};

use crate::connect::OutOfOrder;
use crate::encode::{JsonText, Moment};
use crate::find;
use crate::names::KindOf;
use crate::pool::{self, ask};
use crate::store::Shared;
use crate::subscription::{Inline, InlineError, commit};
use crate::writer::{Condition, PreparedAppend};
use crate::{PostgresStore, connect};

const DOING: &str = "importing events";

/// The columns of the log, in the order of [`Row`].
const TYPES: [Type; 10] = [
    Type::INT8,
    Type::INT8,
    Type::INT8,
    Type::INT4,
    Type::UUID,
    Type::TIMESTAMPTZ,
    Type::UUID,
    Type::UUID,
    Type::JSON,
    Type::JSON,
];

/// An event of a chunk, and its place.
struct Row {
    name: StreamId,
    stream: i64,
    version: i64,
    kind: i32,
    event: NewEvent,
    details: Option<String>,
}

impl PostgresStore {
    /// So many events of an import are stored as one unit.
    pub const IMPORT_CHUNK: usize = AppendBatch::MAX_EVENTS;

    /// Stores the events of another system by `COPY`: each behind the last of its stream, in this
    /// order, on no condition.
    ///
    /// They are stored in chunks of [`IMPORT_CHUNK`](Self::IMPORT_CHUNK) events, each as one unit; an
    /// event whose id is stored already is left out. So an import that has failed is simply repeated, if its
    /// ids are those of an [`ImportSource`](esrs_core::ImportSource). Appends wait while a chunk is stored,
    /// and not while one is looked for that is stored already. [Inline](crate::PostgresStoreBuilder::inline)
    /// read models take the events of a chunk in its transaction.
    ///
    /// ```no_run
    /// # use esrs_core::{NewEvent, StreamId, StoreError};
    /// # async fn example(store: esrs_postgres::PostgresStore, recorded: Vec<(StreamId, NewEvent)>) ->
    /// Result<(), StoreError> { let imported = store.import(recorded).await?; println!("{} events, {} of
    /// which were known", imported.stored + imported.known, imported.known);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`StoreError::EventDiffers`] if an id is stored with other content, and those of an append,
    /// [`StoreError::Busy`] when another process holds the log for longer than
    /// [`busy_timeout`](crate::PostgresStoreBuilder::busy_timeout) among them. The chunks before the one
    /// that failed are stored.
    pub async fn import(
        &self,
        events: impl IntoIterator<Item = (StreamId, NewEvent), IntoIter: Send>,
    ) -> Result<Imported, StoreError> {
        let mut imported = Imported::default();
        let mut events = events.into_iter();
        let mut client = None;
        loop {
            let chunk: Vec<_> = events.by_ref().take(Self::IMPORT_CHUNK).collect();
            if chunk.is_empty() {
                return Ok(imported);
            }
            imported.add(self.import_by(chunk, &mut client).await?);
        }
    }

    /// Stores a chunk by `COPY` on a connection of its own, which is opened if anything is not stored yet.
    pub(crate) async fn import_by(
        &self,
        chunk: Vec<(StreamId, NewEvent)>,
        client: &mut Option<connect::Client>,
    ) -> Result<Imported, StoreError> {
        let shared = self.shared();
        // An append's checks, event by event: a stream may stand in a chunk often.
        let chunk = chunk.into_iter().map(|(stream, event)| {
            let append = AppendBatch::new(stream, AppendCondition::Any, vec![event]);
            append.check_payloads(shared.max_payload)?;
            PreparedAppend::new(append)
        });
        let mut chunk = chunk.collect::<Result<Vec<_>, _>>()?;
        let count = chunk.len() as u64;
        // Without the lock: what is stored stays stored.
        chunk = ask!(shared, |reader| find::unknown(&reader, &chunk))
            .map(|is_unknown| without_known(chunk, &is_unknown))?;
        if chunk.is_empty() {
            return Ok(Imported::new(0, count, None));
        }
        let client = match client {
            Some(client) => client,
            None => {
                let connecting = async {
                    let connected = shared.connector.connect().await;
                    connected.map_err(|error| pool::not_connected(error, &shared.location))
                };
                client.insert(shared.in_time(shared.longest_call(), connecting).await?)
            }
        };
        let stored = store_chunk(chunk, client, shared);
        // Whether its end was sent, nobody knows.
        let stored = shared.timer.within(shared.longest_call(), stored).await;
        let stored = stored.unwrap_or_else(|elapsed| Err(shared.unknown(elapsed)))?;
        let (number, last) = stored.map_or((0, None), |(number, last)| (number, Some(last)));
        Ok(Imported::new(number, count - number, last))
    }
}

fn without_known(chunk: Vec<PreparedAppend>, is_unknown: &[bool]) -> Vec<PreparedAppend> {
    let chunk = chunk.into_iter().zip(is_unknown);
    chunk.filter(|(_, is_unknown)| **is_unknown).map(|(append, _)| append).collect()
}

/// Stores a chunk; how many of its events were not stored yet, and the position of the last of them.
async fn store_chunk(
    chunk: Vec<PreparedAppend>,
    client: &connect::Client,
    shared: &Shared,
) -> Result<Option<(u64, Position)>, StoreError> {
    lock(client, shared).await?;
    let condition = Condition::of(client, shared).await;
    let condition = condition.map_err(|error| explain(shared, error))?;
    condition.check().map_err(OutOfOrder::explain)?;
    let rows = rows_of(chunk, client, shared).await?;
    if rows.is_empty() {
        let ended = client.batch_execute("ROLLBACK").await;
        return ended.map(|()| None).map_err(|error| explain(shared, error));
    }
    let last = copy(&rows, client, shared).await.map_err(|error| explain(shared, error))?;
    let mut inline = Inline::again(shared)?;
    let explain_inline = |error| match error {
        InlineError::Store(error) => error,
        InlineError::Driver(error) => shared.explain_append(DOING, &error),
    };
    if !inline.is_empty() {
        let (first, page) = page_of(&rows, last)?;
        inline.take(client, shared, (first, &page)).await.map_err(explain_inline)?;
    }
    let ended = client.batch_execute(&commit(client)).await;
    ended.map_err(|error| explain_inline(inline.not_committed(shared, error)))?;
    shared.committed(1);
    inline.committed(shared);
    Ok(Some((rows.len() as u64, last)))
}

/// The events of a chunk as a read returns them, and the position of the first.
fn page_of(rows: &[Row], last: Position) -> Result<(Position, Page), StoreError> {
    let first = Position::new(last.get() + 1 - rows.len() as u64);
    let mut page = Page::new().into_writer();
    let mut streams = HashMap::new();
    for (position, row) in (first.get()..).map(Position::new).zip(rows) {
        let Row { name, version, event, details, .. } = row;
        let stream = *streams.entry(name).or_insert_with(|| page.add_stream(name.clone()));
        let written =
            event.write_into(&mut page, stream, (*version as u64, position), details.as_deref());
        written.map_err(|source| StoreError::Damaged {
            stream: name.to_string(),
            position,
            source: source.into(),
        })?;
    }
    let event_id = rows.last().map(|row| row.event.id);
    page.set_mark(event_id.map(|event_id| LogMark { position: last, event_id }));
    Ok((first, page.finish(true, last)?))
}

fn explain(shared: &Shared, error: Error) -> StoreError {
    shared.location.explain(DOING, error)
}

/// The events of a chunk that are not stored yet, in their order, each with its place.
async fn rows_of(
    chunk: Vec<PreparedAppend>,
    client: &connect::Client,
    shared: &Shared,
) -> Result<Vec<Row>, StoreError> {
    let explain = |error| explain(shared, error);
    // What another process has imported meanwhile.
    let known = client.query(&shared.sql.by_event_ids, &[&find::ids_of(&chunk)]).await;
    let is_unknown = find::unknown_of(&chunk, &known.map_err(explain)?, &shared.location)?;
    let chunk = without_known(chunk, &is_unknown);
    let chunk: Vec<_> = chunk.into_iter().filter_map(PreparedAppend::into_one).collect();
    let names: HashSet<&StreamId> = chunk.iter().map(|(stream, ..)| stream).collect();
    let mut streams = enter_streams(names, client, shared).await.map_err(explain)?;
    let kinds = number_kinds(&chunk, client, shared).await?;
    let mut rows = Vec::with_capacity(chunk.len());
    for (name, event, details) in chunk {
        let Some(&kind) = kinds.get(&kind_of(&name, &event)) else {
            let source = format!("expected a number for the kind {}, found none", event.name);
            return Err(StoreError::Database { doing: DOING, source: source.into() });
        };
        let Some((stream, version)) = streams.get_mut(name.as_str()) else {
            let source = format!("the stream {name} was entered and is not there");
            return Err(StoreError::Database { doing: DOING, source: source.into() });
        };
        *version += 1;
        let (stream, version) = (*stream, *version);
        rows.push(Row { name, stream, version, kind, event, details });
    }
    Ok(rows)
}

fn kind_of(stream: &StreamId, event: &NewEvent) -> KindOf {
    let kind = EventKind { name: event.name.clone(), version: event.version };
    KindOf { category: stream.category().into(), kind }
}

/// The kinds of a chunk by what the log says, which no append changes meanwhile; those that have no
/// number are given one outside of the transaction, because others may use it at once.
async fn number_kinds(
    chunk: &[(StreamId, NewEvent, Option<String>)],
    client: &connect::Client,
    shared: &Shared,
) -> Result<HashMap<KindOf, i32>, StoreError> {
    let explain = |error| explain(shared, error);
    let kinds: HashSet<KindOf> =
        chunk.iter().map(|(stream, event, _)| kind_of(stream, event)).collect();
    let kinds: Vec<KindOf> = kinds.into_iter().collect();
    let categories: Vec<&str> = kinds.iter().map(|of| &*of.category).collect();
    let names: Vec<&str> = kinds.iter().map(|of| &*of.kind.name).collect();
    let versions: Vec<i64> = kinds.iter().map(|of| i64::from(of.kind.version)).collect();
    let known = client.query(&shared.sql.known_kinds, &[&categories, &names, &versions]).await;
    let mut numbers = HashMap::with_capacity(kinds.len());
    for row in known.map_err(explain)? {
        let (place, id): (i64, Option<i32>) =
            (|| Ok((row.try_get(0)?, row.try_get(1)?)))().map_err(explain)?;
        let Some(of) = usize::try_from(place - 1).ok().and_then(|place| kinds.get(place)) else {
            continue;
        };
        let id = match id {
            Some(id) => id,
            None => {
                let reader = shared.reader().await?;
                shared.names.forget_kind(of);
                let numbered =
                    shared.names.number_kind(of.clone(), &reader.client, &shared.sql).await;
                let numbered = numbered.map_err(explain)?;
                reader.client.give_back();
                numbered
            }
        };
        numbers.insert(of.clone(), id);
    }
    Ok(numbers)
}

/// Begins, and holds the log until the transaction ends, as every writer does.
async fn lock(client: &connect::Client, shared: &Shared) -> Result<(), StoreError> {
    let locked = client.batch_execute(&format!("BEGIN; {}", shared.sql.lock)).await;
    locked.map_err(|error| explain(shared, error))
}

/// The number of each stream, which is given to it if it has none, and its version.
async fn enter_streams(
    streams: HashSet<&StreamId>,
    client: &connect::Client,
    shared: &Shared,
) -> Result<HashMap<String, (i64, i64)>, Error> {
    let streams = streams.into_iter().map(|stream| (stream.as_str(), stream.category()));
    let (names, categories): (Vec<_>, Vec<_>) = streams.unzip();
    client.execute(&shared.sql.enter_streams, &[&names, &categories]).await?;
    let found = client.query(&shared.sql.stream_versions, &[&names]).await?;
    let found = found.iter();
    found.map(|row| Ok((row.try_get(0)?, (row.try_get(1)?, row.try_get(2)?)))).collect()
}

/// Copies the rows behind the end of the log; says the position of the last.
async fn copy(rows: &[Row], client: &connect::Client, shared: &Shared) -> Result<Position, Error> {
    let count = rows.len() as i64;
    let taken = client.query_one(&shared.sql.take_positions, &[&count]).await?;
    let last: i64 = taken.try_get(0)?;
    let sink = client.copy_in(&shared.sql.copy).await?;
    let mut writer = pin!(BinaryCopyInWriter::new(sink, &TYPES));
    for (position, row) in (last - count + 1..).zip(rows) {
        let Row { stream, version, kind, event, details, .. } = row;
        let values: [&(dyn ToSql + Sync); 10] = [
            &position,
            stream,
            version,
            kind,
            &event.id,
            &Moment(event.recorded_at),
            &event.metadata.correlation_id(),
            &event.metadata.causation_id(),
            &details.as_deref().map(JsonText),
            &JsonText(&event.payload),
        ];
        writer.as_mut().write(&values).await?;
    }
    writer.finish().await?;
    Ok(Position::new(last as u64))
}
