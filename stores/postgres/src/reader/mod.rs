//! From rows of the log to a page.

mod rows;

use std::collections::HashMap;
use std::ops::Deref;
use std::pin::pin;

use esrs_core::store::{KindIndex, NewEnvelope, NewRecord, PageWriter, StreamIndex};
use esrs_core::{
    BoxError, EventKind, MetadataFilter, Page, Position, ReadQuery, ReadSource, StoreError,
    StreamId,
};
use futures_util::TryStreamExt;
use futures_util::future::{join, try_join};
use tokio_postgres::{Error, Row};

use crate::connect::Client;
use crate::encode::{Json, Moment, to_i64};
use crate::pool::Reader;
use crate::snapshot;
use rows::{Rows, Span};

const DOING: &str = "reading events";

/// What a page is filled from: rows, and whether there are more behind them.
struct Read {
    rows: Vec<Row>,
    is_last: bool,
}

impl<C: Deref<Target = Client>> Reader<'_, C> {
    /// The next page of what `query` asks for.
    pub(crate) async fn read(&self, query: &ReadQuery, page: Page) -> Result<Page, StoreError> {
        match &query.source {
            ReadSource::Stream { stream, after_version, .. } => {
                self.read_stream(stream, *after_version, query, page).await
            }
            ReadSource::All { after, .. } => self.read_all(*after, query, page).await,
            other => {
                let source = format!("this version of the PostgreSQL store cannot read {other:?}");
                Err(StoreError::Database { doing: DOING, source: source.into() })
            }
        }
    }

    fn explain(&self, error: Error) -> StoreError {
        self.location.explain(DOING, error)
    }

    async fn read_stream(
        &self,
        stream: &StreamId,
        after_version: u64,
        query: &ReadQuery,
        page: Page,
    ) -> Result<Page, StoreError> {
        let mut writer = page.into_writer();
        let Some(id) = self.stream_id(stream).await? else {
            return Ok(writer.finish(true, Position::START)?);
        };
        let mut after = after_version;
        if let Some(wanted) = &query.snapshot {
            let found = snapshot::find(self, (id, stream), wanted).await;
            if let Some(found) = found.map_err(|error| self.explain(error))?
                && found.version > after_version
            {
                after = found.version;
                writer.begin_with(found);
            }
        }
        let index = writer.add_stream(stream.clone());
        let (mut scanned, mut last_version) = (Position::START, after);
        loop {
            let rows = Rows::of_stream(query, self.sql, id, to_i64(last_version));
            let Read { rows, is_last } = self.take_rows(&rows, query).await?;
            let mut kinds = self.kinds_of(&rows).await?;
            for row in &rows {
                let at = At::of(row).map_err(|error| self.explain(error))?;
                (scanned, last_version) = (at.position, at.version);
                let kind = kinds.index(at.kind, &mut writer)?;
                self.push(row, at, (index, kind), query, &mut writer)
                    .map_err(|source| damaged(stream.as_str(), at.position, source))?;
            }
            // Where the filter dropped all of it, the next rows may hold what is wanted.
            if is_last || !writer.is_empty() {
                // Whoever begins behind the end has found nothing, and shows nothing.
                if scanned > Position::START {
                    self.names.learn_version(stream, last_version);
                }
                return Ok(writer.finish(is_last, scanned)?);
            }
        }
    }

    async fn read_all(
        &self,
        after: Position,
        query: &ReadQuery,
        page: Page,
    ) -> Result<Page, StoreError> {
        let span = Span::of(query);
        let rows = Rows::of_all(query, self.sql, to_i64(after.get()), span);
        // So nothing is awaited between the two questions, whose order counts.
        let prepared = try_join(
            self.client.prepare_cached(&self.sql.head),
            self.client.prepare_cached(&rows.sql),
        );
        prepared.await.map_err(|error| self.explain(error))?;
        // The end of the log is asked for first: what stood before it then, the rows behind show.
        let (head, found) = join(self.head(), self.take_rows(&rows, query)).await;
        let (head, Read { rows, is_last }) = (head?.max(after), found?);
        let streams = self.streams_of(&rows).await?;
        let mut kinds = self.kinds_of(&rows).await?;
        let mut writer = page.into_writer();
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
        Ok(match (is_last, span.end(after)) {
            // More rows stand behind the last.
            (false, _) => writer.finish(false, last)?,
            // The log goes on behind the span that was searched.
            (true, Some(end)) if end < head => writer.finish(false, end)?,
            (true, _) => writer.finish(true, head.max(last))?,
        })
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
            recorded_at: row.try_get::<_, Moment>(rows::RECORDED_AT)?.0,
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

    /// The kinds of the rows' events.
    async fn kinds_of(&self, rows: &[Row]) -> Result<KindsOfPage, StoreError> {
        let ids = rows.iter().map(|row| row.try_get(rows::KIND)).collect::<Result<Vec<i32>, _>>();
        let mut ids = ids.map_err(|error| self.explain(error))?;
        ids.sort_unstable();
        ids.dedup();
        let (mut known, mut unknown) = (Vec::with_capacity(ids.len()), Vec::new());
        for id in ids {
            match self.names.kind(id) {
                Some(kind) => known.push((id, kind, None)),
                None => unknown.push(id),
            }
        }
        if !unknown.is_empty() {
            let rows = self.query(&self.sql.kinds, &[&unknown]).await;
            for row in rows.map_err(|error| self.explain(error))? {
                let (id, kind) = self.names.learn(&row).map_err(|error| self.explain(error))?;
                known.push((id, kind, None));
            }
            known.sort_unstable_by_key(|(id, ..)| *id);
        }
        Ok(KindsOfPage(known))
    }

    /// The row of a stream, if it has one.
    pub(crate) async fn stream_id(&self, stream: &StreamId) -> Result<Option<i64>, StoreError> {
        if let Some(id) = self.names.stream_id(stream) {
            return Ok(Some(id));
        }
        let rows = self.query(&self.sql.stream_id, &[&stream.as_str()]).await;
        let rows = rows.map_err(|error| self.explain(error))?;
        let Some(row) = rows.first() else { return Ok(None) };
        let id = row.try_get(0).map_err(|error| self.explain(error))?;
        self.names.learn_stream(stream, id, 0);
        Ok(Some(id))
    }

    /// The names of the streams that the rows are of.
    async fn streams_of(&self, rows: &[Row]) -> Result<HashMap<i64, StreamId>, StoreError> {
        let (mut known, mut unknown) = (HashMap::new(), Vec::new());
        for row in rows {
            let id: i64 = row.try_get(rows::STREAM).map_err(|error| self.explain(error))?;
            if known.contains_key(&id) {
                continue;
            }
            match self.names.stream(id) {
                Some(stream) => drop(known.insert(id, stream)),
                None => unknown.push(id),
            }
        }
        if unknown.is_empty() {
            return Ok(known);
        }
        let rows = self.query(&self.sql.stream_names, &[&unknown]).await;
        for row in rows.map_err(|error| self.explain(error))? {
            let (id, name): (i64, &str) = (|| Ok((row.try_get(0)?, row.try_get(1)?)))()
                .map_err(|error| self.explain(error))?;
            let stream: StreamId = name.parse()?;
            self.names.learn_stream(&stream, id, 0);
            known.insert(id, stream);
        }
        Ok(known)
    }
}

/// The kinds of a page's events, ordered by their ids, each with its index within the page.
struct KindsOfPage(Vec<(i32, EventKind, Option<KindIndex>)>);

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

/// Whether an event passes the filter, of which SQL sees the keys and the actor as text only.
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
