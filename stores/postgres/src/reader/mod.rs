//! From rows of the log to a page.

mod rows;
mod streams;

use std::collections::HashMap;
use std::ops::Deref;
use std::pin::pin;

use esrs_core::store::{KindIndex, NewEnvelope, NewRecord, PageWriter, StreamIndex};
use esrs_core::{
    BoxError, EventKind, LogMark, MetadataFilter, Page, Position, ReadQuery, ReadSource,
    StoreError, StreamId,
};
use futures_util::TryStreamExt;
use futures_util::future::{join, try_join};
use tokio_postgres::types::ToSql;
use tokio_postgres::{Error, Row};
use uuid::Uuid;

use crate::connect::Client;
use crate::encode::{Json, StoredTime, to_i64};
use crate::names::Seen;
use crate::pool::Reader;
use crate::snapshot;
use rows::{Rows, Span};

const DOING: &str = "reading events";

/// The number of times that a page is read whose log changes meanwhile.
const ATTEMPTS: usize = 3;

/// The source of a page: rows, and whether there are more behind them.
struct Read {
    rows: Vec<Row>,
    is_last: bool,
}

impl<C: Deref<Target = Client>> Reader<'_, C> {
    /// The next page of what `query` asks for.
    pub(crate) async fn read(&self, query: &ReadQuery, page: Page) -> Result<Page, StoreError> {
        let mut page = Some(page);
        for _ in 0..ATTEMPTS {
            let writer = page.take().unwrap_or_default().into_writer();
            let read = match &query.source {
                ReadSource::Stream { stream, after_version, after_event } => {
                    self.read_stream((stream, *after_version, *after_event), query, writer).await?
                }
                ReadSource::StreamBackwards { stream, before_version, before_event } => {
                    let from = (stream, *before_version, *before_event);
                    self.read_stream(from, query, writer).await?
                }
                ReadSource::All { after, mark, .. } => {
                    self.read_all(*after, *mark, query, writer).await?
                }
                other => {
                    let source =
                        format!("expected a stream or the log, found {other:?}; update esrs");
                    return Err(StoreError::Database { doing: DOING, source: source.into() });
                }
            };
            if let Some(read) = read {
                return Ok(read);
            }
        }
        let source = "the log changed into another one while it was read; read again".into();
        Err(StoreError::Database { doing: DOING, source })
    }

    fn explain(&self, error: Error) -> StoreError {
        self.location.explain(DOING, error)
    }

    /// A page of a stream; `None` if the log changed meanwhile.
    async fn read_stream(
        &self,
        (stream, from_version, from_event): (&StreamId, u64, Option<Uuid>),
        query: &ReadQuery,
        mut writer: PageWriter,
    ) -> Result<Option<Page>, StoreError> {
        let mut after = from_version;
        let is_backwards = matches!(query.source, ReadSource::StreamBackwards { .. });
        // No event is at the version that a read from the end begins with.
        let is_continued = from_version > 0 && (!is_backwards || from_event.is_some());
        if let Some(wanted) = &query.snapshot
            && !is_backwards
        {
            let found = snapshot::find(self, stream, wanted).await;
            if let Some(found) = found.map_err(|error| self.explain(error))?
                && found.version > from_version
            {
                after = found.version;
                writer.begin_with(found);
            }
        }
        let index = writer.add_stream(stream.clone());
        let (mut scanned, mut last_version) = (Position::START, after);
        let mut mark = writer.snapshot_mark();
        let mut is_first = true;
        loop {
            let seen = self.names.seen();
            let to_version = to_i64(last_version);
            let rows = Rows::of_stream(query, self.sql, seen.anchor, stream, to_version);
            let Read { rows, is_last } = match is_first && is_continued {
                true => {
                    self.prepare(&self.sql.before_stream, &rows.sql).await?;
                    // Both are sent at once, and answered in this order.
                    let before = self.before_stream(stream, from_version);
                    let (before, found) = join(before, self.take_rows(&rows, query)).await;
                    let (before, head) = before?;
                    if let Some(event_id) = from_event
                        && before.is_none_or(|before| before.event_id != event_id)
                    {
                        self.names.forget_stream(stream);
                        let place = format!("version {from_version} of {stream}");
                        return Err(StoreError::HistoryChanged { event_id, place, head });
                    }
                    mark = mark.or(before);
                    found?
                }
                false => self.take_rows(&rows, query).await?,
            };
            is_first = false;
            let Some((mut kinds, _)) = self.names_of(&rows, seen, false).await? else {
                return Ok(None);
            };
            for row in &rows {
                let at = At::of(row).map_err(|error| self.explain(error))?;
                (scanned, last_version) = (at.position, at.version);
                let kind = kinds.index(at.kind, &mut writer)?;
                self.push(row, at, (index, kind), query, &mut writer)
                    .map_err(|source| damaged(stream.as_str(), at.position, source))?;
            }
            if let Some(row) = rows.last() {
                let at = At::of(row).map_err(|error| self.explain(error))?;
                mark = Some(self.mark_of(row)?);
                self.names.learn_stream(stream, at.stream, at.version);
            }
            // Where the filter dropped all of it, the next rows may hold what is wanted.
            if is_last || !writer.is_empty() {
                writer.set_mark(mark);
                return Ok(Some(writer.finish(is_last, scanned)?));
            }
        }
    }

    /// Prepares two statements, so that nothing is awaited between them when they are sent.
    async fn prepare(&self, one: &str, other: &str) -> Result<(), StoreError> {
        let prepared = try_join(self.client.prepare_cached(one), self.client.prepare_cached(other));
        prepared.await.map(drop).map_err(|error| self.explain(error))
    }

    /// The event of a stream at this version, and the end of the log.
    async fn before_stream(
        &self,
        stream: &StreamId,
        version: u64,
    ) -> Result<(Option<LogMark>, Position), StoreError> {
        let asked = async {
            let parameters: [&(dyn ToSql + Sync); 2] = [&stream.as_str(), &to_i64(version)];
            let rows = self.query(&self.sql.before_stream, &parameters).await?;
            let Some(row) = rows.first() else { return Ok((None, Position::START)) };
            Ok((mark_at(row, 0)?, Position::new(row.try_get::<_, i64>(2)? as u64)))
        };
        asked.await.map_err(|error| self.explain(error))
    }

    fn mark_of(&self, row: &Row) -> Result<LogMark, StoreError> {
        let mark = || {
            let position = Position::new(row.try_get::<_, i64>(rows::POSITION)? as u64);
            Ok(LogMark { position, event_id: row.try_get(rows::EVENT_ID)? })
        };
        mark().map_err(|error| self.explain(error))
    }

    /// A page of the log; `None` if the log changed meanwhile.
    async fn read_all(
        &self,
        after: Position,
        continued: Option<LogMark>,
        query: &ReadQuery,
        mut writer: PageWriter,
    ) -> Result<Option<Page>, StoreError> {
        let span = Span::of(query);
        let seen = self.names.seen();
        let rows = Rows::of_all(query, self.sql, seen.anchor, to_i64(after.get()), span);
        self.prepare(&self.sql.before_all, &rows.sql).await?;
        // The end of the log is asked for first: what stood before it then, the rows behind show.
        let before = self.before_all(continued, span.end(after).unwrap_or(after));
        let (before, found) = join(before, self.take_rows(&rows, query)).await;
        let before = before?;
        let head = before.head.map_or(Position::START, |head| head.position);
        if let Some(continued) = continued
            && before.continued != Some(continued.event_id)
        {
            let place = format!("position {}", continued.position);
            return Err(StoreError::HistoryChanged { event_id: continued.event_id, place, head });
        }
        let end = head.max(after);
        let Read { rows, is_last } = found?;
        let Some((mut kinds, streams)) = self.names_of(&rows, seen, true).await? else {
            return Ok(None);
        };
        let mut numbers = HashMap::new();
        let mut last = after;
        for row in &rows {
            let at = At::of(row).map_err(|error| self.explain(error))?;
            last = at.position;
            let kind = kinds.index(at.kind, &mut writer)?;
            let Some(stream) = streams.get(&at.stream) else {
                let source = "its stream has no name".into();
                return Err(damaged(&format!("stream number {}", at.stream), last, source));
            };
            let index =
                *numbers.entry(at.stream).or_insert_with(|| writer.add_stream(stream.clone()));
            self.push(row, at, (index, kind), query, &mut writer)
                .map_err(|source| damaged(stream.as_str(), at.position, source))?;
        }
        let last_mark = rows.last().map(|row| self.mark_of(row)).transpose()?;
        let (is_last, scanned, mark) = match (is_last, span.end(after)) {
            // More rows stand behind the last.
            (false, _) => (false, last, last_mark),
            // The log goes on behind the span that was searched, and behind the hole that follows it.
            (true, Some(upto)) if upto < end => {
                let before_next = before.next.map(|next| next.get().saturating_sub(1));
                let upto = before_next.map_or(upto, |next| upto.max(Position::new(next)));
                (false, upto, before.upto)
            }
            (true, _) if last > head => (true, last.max(end), last_mark.or(before.head)),
            (true, _) => (true, end, before.head),
        };
        writer.set_mark(mark);
        Ok(Some(writer.finish(is_last, scanned)?))
    }

    async fn before_all(
        &self,
        continued: Option<LogMark>,
        upto: Position,
    ) -> Result<Before, StoreError> {
        let continued = continued.map(|continued| to_i64(continued.position.get()));
        let asked = async {
            let parameters: [&(dyn ToSql + Sync); 2] = [&continued, &to_i64(upto.get())];
            let rows = self.query(&self.sql.before_all, &parameters).await?;
            let Some(row) = rows.first() else { return Ok(Before::default()) };
            Ok(Before {
                head: mark_at(row, 0)?,
                upto: mark_at(row, 2)?,
                continued: row.try_get(4)?,
                next: row.try_get::<_, Option<i64>>(5)?.map(|next| Position::new(next as u64)),
            })
        };
        asked.await.map_err(|error| self.explain(error))
    }

    /// Rows until a page is full of them.
    ///
    /// Nothing else is awaited on the connection while the stream of rows is open: the answer to a
    /// second query arrives behind rows that nobody takes.
    async fn take_rows(&self, rows: &Rows<'_>, query: &ReadQuery) -> Result<Read, StoreError> {
        let found = self.stream(&rows.sql, rows.parameters()).await;
        let mut found = pin!(found.map_err(|error| self.explain(error))?);
        let (mut taken, mut bytes) = (Vec::new(), 0);
        while let Some(row) = found.try_next().await.map_err(|error| self.explain(error))? {
            if taken.len() == rows.limit || (bytes >= query.max_bytes && !taken.is_empty()) {
                return Ok(Read { rows: taken, is_last: false });
            }
            let Json(payload) = row.try_get(rows::PAYLOAD).map_err(|error| self.explain(error))?;
            bytes += payload.len();
            taken.push(row);
        }
        Ok(Read { rows: taken, is_last: true })
    }

    /// Adds an event to a page, unless the query's filter drops it.
    fn push(
        &self,
        row: &Row,
        at: At,
        (stream, kind): (StreamIndex, KindIndex),
        query: &ReadQuery,
        writer: &mut PageWriter,
    ) -> Result<(), BoxError> {
        let Json(payload) = row.try_get(rows::PAYLOAD)?;
        let record = NewRecord { position: at.position, version: at.version, stream, kind };
        if !query.envelopes && query.metadata.is_everything() {
            writer.push(record, payload);
            return Ok(());
        }
        let details = row.try_get::<_, Option<Json<'_>>>(rows::METADATA)?;
        let details = details.map(|Json(text)| std::str::from_utf8(text)).transpose()?;
        let envelope = NewEnvelope {
            event_id: row.try_get(rows::EVENT_ID)?,
            recorded_at: row.try_get::<_, StoredTime>(rows::RECORDED_AT)?.0,
            correlation_id: row.try_get(rows::CORRELATION_ID)?,
            causation_id: row.try_get(rows::CAUSATION_ID)?,
            metadata: details.map(|details| writer.intern_metadata(details)).transpose()?,
        };
        if !passes(&query.metadata, &envelope, details)? {
            return Ok(());
        }
        match query.envelopes {
            true => writer.push_with_envelope(record, payload, envelope),
            false => writer.push(record, payload),
        }
        Ok(())
    }

    /// The kinds of the rows' events, and the names of their streams if they are wanted; `None` if the
    /// log that the rows are of was another one when they were asked for.
    async fn names_of(
        &self,
        rows: &[Row],
        mut seen: Seen,
        with_streams: bool,
    ) -> Result<Option<(KindsOfPage, HashMap<i64, StreamId>)>, StoreError> {
        let (mut kinds, mut streams) = (Vec::new(), HashMap::new());
        let (Some(first), Some(last)) = (rows.first(), rows.last()) else {
            return Ok(Some((KindsOfPage(kinds), streams)));
        };
        let is_known: Option<bool> =
            first.try_get(rows::IS_KNOWN).map_err(|error| self.explain(error))?;
        if seen.anchor.is_some() && is_known != Some(true) {
            seen = self.names.forget(seen);
        }
        let ids = rows.iter().map(|row| row.try_get(rows::KIND)).collect::<Result<Vec<i32>, _>>();
        let mut ids = ids.map_err(|error| self.explain(error))?;
        ids.sort_unstable();
        ids.dedup();
        let (mut unknown_kinds, mut unknown_streams) = (Vec::new(), Vec::new());
        for id in ids {
            match self.names.kind(id, seen) {
                Some(kind) => kinds.push((id, kind, None)),
                None => unknown_kinds.push(id),
            }
        }
        for row in rows.iter().filter(|_| with_streams) {
            let id: i64 = row.try_get(rows::STREAM).map_err(|error| self.explain(error))?;
            if streams.contains_key(&id) {
                continue;
            }
            match self.names.stream(id, seen) {
                Some(stream) => drop(streams.insert(id, stream)),
                None => unknown_streams.push(id),
            }
        }
        if unknown_kinds.is_empty() && unknown_streams.is_empty() {
            return Ok(Some((KindsOfPage(kinds), streams)));
        }
        let last = self.mark_of(last)?;
        let place = to_i64(last.position.get());
        let mut is_same = true;
        if !unknown_kinds.is_empty() {
            let rows = self.query(&self.sql.kinds, &[&unknown_kinds, &place, &last.event_id]).await;
            for row in rows.map_err(|error| self.explain(error))? {
                let (kind, same) = kind_of(&row).map_err(|error| self.explain(error))?;
                kinds.push(kind);
                is_same &= same;
            }
            kinds.sort_unstable_by_key(|(id, ..)| *id);
        }
        if !unknown_streams.is_empty() {
            unknown_streams.sort_unstable();
            unknown_streams.dedup();
            let parameters: [&(dyn ToSql + Sync); 3] = [&unknown_streams, &place, &last.event_id];
            let rows = self.query(&self.sql.stream_names, &parameters).await;
            for row in rows.map_err(|error| self.explain(error))? {
                let (id, name, same): (i64, &str, Option<bool>) =
                    (|| Ok((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?)))()
                        .map_err(|error| self.explain(error))?;
                streams.insert(id, name.parse()?);
                is_same &= same == Some(true);
            }
        }
        if !is_same {
            return Ok(None);
        }
        let learned_kinds = kinds.iter().map(|(id, kind, _)| (*id, kind));
        let learned_streams = streams.iter().map(|(id, stream)| (*id, stream));
        self.names.learn(seen, learned_kinds, learned_streams, last);
        Ok(Some((KindsOfPage(kinds), streams)))
    }
}

/// The state of the log that is known before its rows are read.
#[derive(Default)]
struct Before {
    /// The last event.
    head: Option<LogMark>,
    /// The last event up to the end of what is searched.
    upto: Option<LogMark>,
    /// The event at the position where the reader goes on.
    continued: Option<Uuid>,
    /// The position of the first event behind what is searched.
    next: Option<Position>,
}

/// The event whose position and id are in these columns, if there is one.
fn mark_at(row: &Row, column: usize) -> Result<Option<LogMark>, Error> {
    let Some(position) = row.try_get::<_, Option<i64>>(column)? else { return Ok(None) };
    let position = Position::new(position as u64);
    Ok(Some(LogMark { position, event_id: row.try_get(column + 1)? }))
}

type KindOfPage = (i32, EventKind, Option<KindIndex>);

fn kind_of(row: &Row) -> Result<(KindOfPage, bool), Error> {
    let version = u32::try_from(row.try_get::<_, i64>(2)?).unwrap_or(u32::MAX);
    let kind = EventKind { name: row.try_get::<_, &str>(1)?.into(), version };
    let is_same = row.try_get::<_, Option<bool>>(3)? == Some(true);
    Ok(((row.try_get(0)?, kind, None), is_same))
}

/// The kinds of a page's events, ordered by their ids, each with its index within the page.
struct KindsOfPage(Vec<KindOfPage>);

impl KindsOfPage {
    fn index(&mut self, id: i32, writer: &mut PageWriter) -> Result<KindIndex, StoreError> {
        let place = self.0.binary_search_by_key(&id, |(id, ..)| *id).ok();
        let Some((_, kind, index)) = place.and_then(|place| self.0.get_mut(place)) else {
            let source = format!("expected a kind with the id {id}, found none").into();
            return Err(StoreError::Database { doing: DOING, source });
        };
        Ok(*index.get_or_insert_with(|| writer.intern_kind(&kind.name, kind.version)))
    }
}

/// Where the event of a row stands.
#[derive(Clone, Copy)]
struct At {
    position: Position,
    version: u64,
    stream: i64,
    kind: i32,
}

impl At {
    fn of(row: &Row) -> Result<Self, Error> {
        Ok(Self {
            position: Position::new(row.try_get::<_, i64>(rows::POSITION)? as u64),
            version: row.try_get::<_, i64>(rows::VERSION)? as u64,
            stream: row.try_get(rows::STREAM)?,
            kind: row.try_get(rows::KIND)?,
        })
    }
}

/// Returns true if an event passes the filter, of which SQL sees the keys and the actor as text only.
fn passes(
    filter: &MetadataFilter,
    envelope: &NewEnvelope,
    details: Option<&str>,
) -> Result<bool, BoxError> {
    if filter.actor.is_none() && filter.keys.is_empty() {
        return Ok(true);
    }
    let (correlation, causation) = (envelope.correlation_id, envelope.causation_id);
    let metadata = esrs_core::Metadata::from_parts(correlation, causation, details)?;
    Ok(filter.allows(&metadata, envelope.recorded_at))
}

fn damaged(stream: &str, position: Position, source: BoxError) -> StoreError {
    StoreError::Damaged { stream: stream.to_owned(), position, source }
}
