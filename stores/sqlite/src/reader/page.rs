//! From rows of the log to a page.

use std::collections::HashMap;

use esrs_core::store::{
    KindIndex, NewEnvelope, NewRecord, PageWriter, StreamIndex, from_microseconds,
};
use esrs_core::{
    BoxError, EventFilter, EventKind, LogMark, Page, Position, ReadQuery, ReadSource, StoreError,
    StreamId,
};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row, params_from_iter};
use uuid::Uuid;

use super::rows::{ENVELOPES, LEAN, Rows};
use crate::error::Fault;
use crate::{history, snapshot};

/// Of one stream: the index on (stream, version) finds the rows. As few columns as can be: with a
/// short payload, to take a number out of SQLite costs a tenth of the whole.
const OF_STREAM: &str = "SELECT position, kind, payload FROM esrs_events \
    WHERE stream = ?1 AND version > ?2 ORDER BY version";

/// Fills pages, and remembers what the small numbers in the rows stand for: for as long as the log holds
/// an event that was there when it was learned.
#[derive(Debug, Default)]
pub(crate) struct PageReader {
    /// The last event that was there.
    anchor: Option<LogMark>,
    /// By row id; there are few, and their ids are dense.
    kinds: Vec<Option<EventKind>>,
    streams: HashMap<i64, StreamId>,
    /// The kinds of the page that is being filled, by row id.
    kinds_of_page: Vec<Option<KindOfPage>>,
    streams_of_page: HashMap<i64, StreamIndex>,
}

#[derive(Debug, Clone, Copy)]
struct KindOfPage {
    /// `None` when no category of the filter lists its name.
    index: Option<KindIndex>,
}

impl PageReader {
    /// A filtered read gives an answer after so many rows, found or not, so that it does not hold
    /// its snapshot of the file, and with it checkpoints, for long.
    const MAX_ROWS: usize = 100_000;
    /// Ids of kinds are given one after the other; a higher one is invalid.
    const MAX_KINDS: usize = 1 << 20;
    /// So many names of streams are remembered at most.
    const MAX_STREAMS: usize = 100_000;

    /// The next page of what `query` asks for.
    pub(crate) fn read(
        &mut self,
        connection: &Connection,
        query: &ReadQuery,
        page: Page,
    ) -> Result<Page, Fault> {
        self.kinds_of_page.clear();
        self.streams_of_page.clear();
        if self.streams.len() > Self::MAX_STREAMS {
            self.streams.clear();
        }
        let look = history::look(connection, self.anchor)?;
        if !look.holds {
            history::check_tables(connection)?;
            self.kinds.clear();
            self.streams.clear();
        }
        self.anchor = look.head;
        let head = look.position();
        let mut writer = page.into_writer();
        match &query.source {
            ReadSource::Stream { stream, after_version, after_event } => {
                let at = (*after_version, *after_event);
                let Some(id) = continued_stream(connection, stream, at, head)? else {
                    return Ok(writer.finish(true, head)?);
                };
                let index = self.begin_stream(id, stream, &mut writer);
                let mut after = to_i64(*after_version);
                if let Some(wanted) = &query.snapshot
                    && let Some(found) = snapshot::find(connection, (id, stream), wanted)?
                    && found.version > *after_version
                {
                    after = to_i64(found.version);
                    writer.begin_with(found);
                }
                let scanned = if query.envelopes || !query.metadata.is_everything() {
                    let columns = if query.envelopes { ENVELOPES } else { LEAN };
                    let rows = Rows::of_stream(columns, id, after, &query.metadata);
                    self.fill(connection, &rows, query, &EventFilter::everything(), &mut writer)?
                } else {
                    self.fill_lean(connection, (id, index), after, query, &mut writer)?
                };
                let mark = match &scanned {
                    Some(Scanned { mark: Some(mark), .. }) => Some(*mark),
                    Some(Scanned { up_to, .. }) => history::mark_at(connection, *up_to)?,
                    None => writer.snapshot_mark(),
                };
                writer.set_mark(mark);
                Ok(match scanned {
                    Some(Scanned { up_to, is_last: false, .. }) => writer.finish(false, up_to)?,
                    Some(Scanned { up_to, .. }) => writer.finish(true, up_to.max(head))?,
                    None => writer.finish(true, head)?,
                })
            }
            ReadSource::StreamBackwards { stream, before_version, before_event } => {
                let at = (*before_version, *before_event);
                let Some(id) = continued_stream(connection, stream, at, head)? else {
                    return Ok(writer.finish(true, Position::START)?);
                };
                self.begin_stream(id, stream, &mut writer);
                let columns = if query.envelopes { ENVELOPES } else { LEAN };
                let before = to_i64(*before_version);
                let rows = Rows::of_stream_backwards(columns, id, before, &query.metadata);
                let everything = EventFilter::everything();
                match self.fill(connection, &rows, query, &everything, &mut writer)? {
                    Some(Scanned { up_to, is_last, .. }) => {
                        writer.set_mark(history::mark_at(connection, up_to)?);
                        Ok(writer.finish(is_last, up_to)?)
                    }
                    None => Ok(writer.finish(true, Position::START)?),
                }
            }
            ReadSource::All { after, mark, filter } => {
                if let Some(mark) = *mark
                    && look.head != Some(mark)
                {
                    history::check(connection, mark)?;
                }
                let columns = if query.envelopes { ENVELOPES } else { LEAN };
                let rows = Rows::of_all(columns, to_i64(after.get()), &query.metadata);
                // What SQLite itself drops is passed over all the same.
                let end = match query.metadata.is_everything() {
                    true => *after,
                    false => head.max(*after),
                };
                let scanned = self.fill(connection, &rows, query, filter, &mut writer)?;
                let (is_last, up_to) = match scanned {
                    Some(Scanned { up_to, is_last: false, .. }) => (false, up_to),
                    Some(Scanned { up_to, .. }) => (true, up_to.max(end)),
                    // A reader that starts at the end, or behind it, is not sent back.
                    None => (true, end),
                };
                writer.set_mark(match look.head {
                    Some(last) if up_to >= last.position => Some(last),
                    _ => history::mark_at(connection, up_to)?,
                });
                Ok(writer.finish(is_last, up_to)?)
            }
            other => {
                let reason = format!("this version of the SQLite store cannot read {other:?}");
                Err(Fault::said("reading events", reason))
            }
        }
    }

    /// Adds the stream that a page is read of.
    fn begin_stream(&mut self, id: i64, stream: &StreamId, writer: &mut PageWriter) -> StreamIndex {
        self.streams.entry(id).or_insert_with(|| stream.clone());
        let index = writer.add_stream(stream.clone());
        self.streams_of_page.insert(id, index);
        index
    }

    /// Fills a page from one stream, without envelopes: what loading an aggregate waits for.
    fn fill_lean(
        &mut self,
        connection: &Connection,
        (id, stream): (i64, StreamIndex),
        after: i64,
        query: &ReadQuery,
        writer: &mut PageWriter,
    ) -> Result<Option<Scanned>, Fault> {
        let everything = EventFilter::everything();
        let mut statement = connection.prepare_cached(OF_STREAM)?;
        let mut rows = statement.query([id, after])?;
        let (mut last, mut version, mut is_last) = (None, after as u64, true);
        while let Some(row) = rows.next()? {
            if writer.is_full(query) {
                is_last = false;
                break;
            }
            version += 1;
            let position = Position::new(row.get::<_, i64>(0)? as u64);
            let kind = self.kind(connection, row.get(1)?, &everything, writer)?;
            let (Some(kind), ValueRef::Text(payload)) = (kind, row.get_ref(2)?) else {
                return Err(self.damaged(id, position, "the payload is no text".into()));
            };
            writer.push(NewRecord { position, version, stream, kind }, payload);
            last = Some(position);
        }
        let Some(up_to) = last else { return Ok(None) };
        // They come in the order of their versions, and none comes twice: if the last has the
        // version that was counted, so has every other.
        let mut last_of = connection
            .prepare_cached("SELECT version, event_id FROM esrs_events WHERE position = ?1")?;
        let (stored, event_id) = last_of.query_row([up_to.get() as i64], |row| {
            Ok((row.get::<_, i64>(0)?, Uuid::from_slice(row.get_ref(1)?.as_bytes()?)))
        })?;
        let event_id = event_id.map_err(|error| self.damaged(id, up_to, error.into()))?;
        if stored as u64 != version {
            let reason = "a version of the stream before it is missing";
            return Err(self.damaged(id, up_to, reason.into()));
        }
        let mark = Some(LogMark { position: up_to, event_id });
        Ok(Some(Scanned { up_to, is_last, mark }))
    }

    /// Up to where it came; `None` when there was no row at all.
    fn fill(
        &mut self,
        connection: &Connection,
        rows: &Rows,
        query: &ReadQuery,
        filter: &EventFilter,
        writer: &mut PageWriter,
    ) -> Result<Option<Scanned>, Fault> {
        let mut statement = connection.prepare_cached(&rows.sql)?;
        let mut rows = statement.query(params_from_iter(&rows.parameters))?;
        let mut scanned = None;
        let mut budget = Self::MAX_ROWS.max(query.limit);
        // Events of one stream and kind often stand side by side, and have the same numbers.
        let mut last = None;
        while let Some(row) = rows.next()? {
            if budget == 0 || writer.is_full(query) {
                return Ok(scanned.map(|up_to| Scanned { up_to, is_last: false, mark: None }));
            }
            budget -= 1;
            let position = Position::new(row.get::<_, i64>(0)? as u64);
            scanned = Some(position);
            let (version, stream, kind): (i64, i64, i64) = (row.get(1)?, row.get(2)?, row.get(3)?);
            let numbers = match last {
                Some((same, numbers)) if same == (stream, kind) => numbers,
                _ => self.numbers(connection, stream, kind, filter, writer)?,
            };
            last = Some(((stream, kind), numbers));
            let Some((stream_index, kind_index)) = numbers else { continue };
            let record = NewRecord {
                position,
                version: version as u64,
                stream: stream_index,
                kind: kind_index,
            };
            let ValueRef::Text(payload) = row.get_ref(4)? else {
                return Err(self.damaged(stream, position, "the payload is no text".into()));
            };
            if query.envelopes {
                let envelope = envelope(row, writer)
                    .map_err(|source| self.damaged(stream, position, source))?;
                writer.push_with_envelope(record, payload, envelope);
            } else {
                writer.push(record, payload);
            }
        }
        Ok(scanned.map(|up_to| Scanned { up_to, is_last: true, mark: None }))
    }

    /// The numbers of a stream and a kind within the page, unless the filter does not want them.
    fn numbers(
        &mut self,
        connection: &Connection,
        stream: i64,
        kind: i64,
        filter: &EventFilter,
        writer: &mut PageWriter,
    ) -> Result<Option<(StreamIndex, KindIndex)>, Fault> {
        let Some(kind_index) = self.kind(connection, kind, filter, writer)? else {
            return Ok(None);
        };
        let stream_index = self.stream(connection, stream, kind, filter, writer)?;
        Ok(stream_index.map(|stream_index| (stream_index, kind_index)))
    }

    /// The number of a kind within the page, unless no category of the filter has its name.
    fn kind(
        &mut self,
        connection: &Connection,
        id: i64,
        filter: &EventFilter,
        writer: &mut PageWriter,
    ) -> Result<Option<KindIndex>, Fault> {
        if let Some(Some(known)) = self.kinds_of_page.get(id as usize) {
            return Ok(known.index);
        }
        let kind = self.load_kind(connection, id)?;
        let wanted = filter.is_everything()
            || filter.wanted().iter().any(|(_, names)| names.contains(&&*kind.name));
        let index = wanted.then(|| writer.intern_kind(&kind.name, kind.version));
        let place = id as usize;
        if self.kinds_of_page.len() <= place {
            self.kinds_of_page.resize(place + 1, None);
        }
        self.kinds_of_page[place] = Some(KindOfPage { index });
        Ok(index)
    }

    fn load_kind(&mut self, connection: &Connection, id: i64) -> Result<EventKind, Fault> {
        let place = usize::try_from(id).ok().filter(|place| *place < Self::MAX_KINDS);
        let Some(place) = place else {
            return Err(Fault::said("reading events", format!("there is no kind number {id}")));
        };
        if let Some(Some(kind)) = self.kinds.get(place) {
            return Ok(kind.clone());
        }
        let mut statement =
            connection.prepare_cached("SELECT name, version FROM esrs_kinds WHERE id = ?1")?;
        let kind = statement.query_row([id], |row| {
            Ok(EventKind { name: row.get::<_, String>(0)?.into(), version: row.get(1)? })
        })?;
        if self.kinds.len() <= place {
            self.kinds.resize(place + 1, None);
        }
        self.kinds[place] = Some(kind.clone());
        Ok(kind)
    }

    /// The number of a stream within the page, unless the filter does not want this kind of it.
    fn stream(
        &mut self,
        connection: &Connection,
        id: i64,
        kind: i64,
        filter: &EventFilter,
        writer: &mut PageWriter,
    ) -> Result<Option<StreamIndex>, Fault> {
        let of_page = self.streams_of_page.get(&id).copied();
        if of_page.is_some() && filter.is_everything() {
            return Ok(of_page);
        }
        let stream = self.load_stream(connection, id)?;
        if !filter.is_everything() {
            let kind = self.load_kind(connection, kind)?;
            if !filter.allows(stream.category(), &kind.name) {
                return Ok(None);
            }
        }
        let index = of_page.unwrap_or_else(|| writer.add_stream(stream));
        self.streams_of_page.insert(id, index);
        Ok(Some(index))
    }

    fn load_stream(&mut self, connection: &Connection, id: i64) -> Result<StreamId, Fault> {
        if let Some(stream) = self.streams.get(&id) {
            return Ok(stream.clone());
        }
        let mut statement =
            connection.prepare_cached("SELECT name FROM esrs_streams WHERE id = ?1")?;
        let stream: StreamId = statement.query_row([id], |row| row.get::<_, String>(0))?.parse()?;
        self.streams.insert(id, stream.clone());
        Ok(stream)
    }

    fn damaged(&self, stream: i64, position: Position, source: BoxError) -> Fault {
        let name = self.streams.get(&stream).map(ToString::to_string);
        let stream = name.unwrap_or_else(|| format!("stream number {stream}"));
        Fault::Store(StoreError::Damaged { stream, position, source })
    }
}

struct Scanned {
    up_to: Position,
    is_last: bool,
    /// The event at `up_to`, if it was read.
    mark: Option<LogMark>,
}

/// Finds the row of a stream, and refuses an event that it does not hold at this version.
fn continued_stream(
    connection: &Connection,
    stream: &StreamId,
    (version, event): (u64, Option<Uuid>),
    head: Position,
) -> Result<Option<i64>, Fault> {
    let row = stream_row(connection, stream)?;
    if let Some(event_id) = event
        && !is_at(connection, row, version, event_id)?
    {
        let place = format!("version {version} of {stream}");
        return Err(StoreError::HistoryChanged { event_id, place, head }.into());
    }
    Ok(row)
}

/// Returns true if the stream in this row has the event at this version.
fn is_at(
    connection: &Connection,
    row: Option<i64>,
    version: u64,
    event_id: Uuid,
) -> Result<bool, Fault> {
    let Some(row) = row else { return Ok(false) };
    let mut statement = connection.prepare_cached(
        "SELECT 1 FROM esrs_events WHERE stream = ?1 AND version = ?2 AND event_id = ?3",
    )?;
    Ok(statement.exists((row, to_i64(version), event_id.as_bytes()))?)
}

fn envelope(row: &Row<'_>, writer: &mut PageWriter) -> Result<NewEnvelope, BoxError> {
    let details = match row.get_ref(9)? {
        ValueRef::Null => None,
        details => Some(writer.intern_metadata(details.as_str()?)?),
    };
    Ok(NewEnvelope {
        event_id: Uuid::from_slice(row.get_ref(5)?.as_blob()?)?,
        recorded_at: from_microseconds(row.get(6)?)?,
        correlation_id: optional_id(row.get_ref(7)?)?,
        causation_id: optional_id(row.get_ref(8)?)?,
        metadata: details,
    })
}

fn optional_id(value: ValueRef<'_>) -> Result<Option<Uuid>, BoxError> {
    Ok(value.as_blob_or_null()?.map(Uuid::from_slice).transpose()?)
}

/// A number that is too large for SQLite is larger than any that it holds.
fn to_i64(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// The position of the last event.
pub(crate) fn head(connection: &Connection) -> Result<Position, Fault> {
    let mut statement = connection.prepare_cached("SELECT max(position) FROM esrs_events")?;
    let head: Option<i64> = statement.query_row([], |row| row.get(0))?;
    Ok(Position::new(head.unwrap_or(0) as u64))
}

/// The row of a stream, if it has one.
pub(crate) fn stream_row(connection: &Connection, stream: &StreamId) -> Result<Option<i64>, Fault> {
    let mut statement = connection.prepare_cached("SELECT id FROM esrs_streams WHERE name = ?1")?;
    let mut rows = statement.query([stream.as_str()])?;
    Ok(rows.next()?.map(|row| row.get(0)).transpose()?)
}
