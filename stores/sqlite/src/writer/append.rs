//! One append, within a transaction.

use esrs_core::{
    AppendBatch, Appended, AppendedStream, CommandFingerprint, Conflict, EventKind, NewEvent,
    Position, StoreError, StreamAppend,
};
use rusqlite::OptionalExtension;
use uuid::Uuid;

use super::event_row::{EventRow, to_sql};
use super::{Writer, find};
use crate::error::Fault;
use crate::reader::stream_row;

/// A batch that was checked, with its metadata written as JSON.
#[derive(Debug)]
pub(crate) struct PreparedAppend {
    pub(super) batch: AppendBatch,
    /// Of each event, in order.
    pub(super) details: Vec<Option<String>>,
}

impl PreparedAppend {
    pub(crate) fn new(batch: AppendBatch) -> Result<Self, StoreError> {
        batch.check()?;
        let details = batch.details()?;
        Ok(Self { batch, details })
    }

    /// The id of its last event.
    pub(super) fn last_event(&self) -> Option<Uuid> {
        self.batch.events().last().map(|(_, event)| event.id)
    }

    /// An estimate of its size in memory, in bytes.
    pub(crate) fn bytes(&self) -> usize {
        self.batch.bytes_with(&self.details)
    }
}

/// Where a stream stands before an append.
struct Target {
    /// Its row, unless it has none yet.
    id: Option<i64>,
    version: u64,
}

impl Writer {
    /// Appends a batch behind `head`. After an error nothing of it is in the transaction.
    pub(super) fn append(
        &mut self,
        append: &PreparedAppend,
        head: Position,
    ) -> Result<Appended, Fault> {
        let batch = &append.batch;
        if let (Some(key), Some(first)) = (&batch.idempotency_key, batch.streams.first())
            && let Some(stored) = find::by_key(&self.connection, &first.stream, key)?
        {
            return Ok(stored);
        }
        let targets = match self.targets(batch) {
            Err(Fault::Store(StoreError::Conflict(conflict))) => {
                return self.repetition(batch)?.ok_or(conflict.into());
            }
            targets => targets?,
        };
        if self.is_known(batch)?
            && let Some(first) = self.repetition(batch)?
        {
            return Ok(first);
        }
        self.in_savepoint(head, |writer| writer.insert(append, targets, head))
    }

    /// Returns true if any of its event ids is stored already.
    fn is_known(&self, batch: &AppendBatch) -> Result<bool, Fault> {
        for (_, event) in batch.events() {
            if self.event_ids.position(&self.connection, event.id)?.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Looks for the event of an import in the log; an error if another event has its id.
    pub(super) fn holds_event_of(&self, append: &PreparedAppend) -> Result<bool, Fault> {
        let mut is_stored = false;
        for (stream, event) in append.batch.events() {
            let found = find::by_event_id(&self.connection, &self.event_ids, event.id)?;
            if let Some(stored) = found {
                stored.check(stream, event)?;
                is_stored = true;
            }
        }
        Ok(is_stored)
    }

    fn repetition(&self, batch: &AppendBatch) -> Result<Option<Appended>, Fault> {
        find::repetition(&self.connection, &self.event_ids, batch)
    }

    /// Where the streams stand, if that is as their conditions say.
    fn targets(&mut self, batch: &AppendBatch) -> Result<Vec<Target>, Fault> {
        let mut targets = Vec::with_capacity(batch.streams.len());
        for part in &batch.streams {
            let target = self.target(part)?;
            let is_another = match (part.condition.last_event(), target.id) {
                (Some(event), Some(id)) => !self.is_at(id, target.version, event)?,
                (expected, _) => expected.is_some(),
            };
            if is_another || !part.condition.allows(target.version) {
                let (stream, expected) = (part.stream.clone(), part.condition);
                return Err(Conflict { stream, expected, actual: target.version }.into());
            }
            targets.push(target);
        }
        Ok(targets)
    }

    fn target(&mut self, part: &StreamAppend) -> Result<Target, Fault> {
        let id = match self.streams.get(&part.stream) {
            Some(id) => Some(id),
            None => {
                let id = stream_row(&self.connection, &part.stream)?;
                id.inspect(|&id| self.streams.found(part.stream.clone(), id))
            }
        };
        let version = id.map_or(Ok(0), |id| self.version(id))?;
        Ok(Target { id, version })
    }

    /// Returns true if the event at this version of a stream is this one.
    fn is_at(&self, stream: i64, version: u64, event: Uuid) -> Result<bool, Fault> {
        let mut statement = self.connection.prepare_cached(
            "SELECT 1 FROM esrs_events WHERE stream = ?1 AND version = ?2 AND event_id = ?3",
        )?;
        Ok(statement.exists((stream, version as i64, event.as_bytes()))?)
    }

    fn version(&self, stream: i64) -> Result<u64, Fault> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT max(version) FROM esrs_events WHERE stream = ?1")?;
        let version: Option<i64> = statement.query_row([stream], |row| row.get(0))?;
        Ok(version.unwrap_or(0) as u64)
    }

    fn insert(
        &mut self,
        append: &PreparedAppend,
        targets: Vec<Target>,
        head: Position,
    ) -> Result<Appended, Fault> {
        let batch = &append.batch;
        let mut details = append.details.iter();
        let mut position = head;
        let mut streams = Vec::with_capacity(batch.streams.len());
        let mut first_id = None;
        for (part, target) in batch.streams.iter().zip(targets) {
            let id = target.id.map_or_else(|| self.insert_stream(part), Ok)?;
            first_id = first_id.or(Some(id));
            let mut version = target.version;
            for event in &part.events {
                position = next(position);
                version += 1;
                let details = details.next().and_then(Option::as_deref);
                self.insert_event(position, id, version, event, details)?;
            }
            streams.push(AppendedStream {
                stream: part.stream.clone(),
                first_version: target.version + 1,
                last_version: version,
            });
        }
        let first_position = next(head);
        let appended =
            Appended { streams, first_position, last_position: position, repeated: false };
        if let (Some(key), Some(stream)) = (&batch.idempotency_key, first_id) {
            self.connection
                .prepare_cached(
                    "INSERT INTO esrs_idempotency_keys
                         (stream, key, first_position, last_position, command)
                     VALUES (?1, ?2, ?3, ?4, ?5)",
                )?
                .execute((
                    stream,
                    key.as_str(),
                    to_sql(first_position),
                    to_sql(position),
                    key.fingerprint().map(CommandFingerprint::to_json),
                ))?;
        }
        self.project(append, &appended)?;
        Ok(appended)
    }

    fn insert_stream(&mut self, part: &StreamAppend) -> Result<i64, Fault> {
        let stream = &part.stream;
        let id = self
            .connection
            .prepare_cached("INSERT INTO esrs_streams (name, category) VALUES (?1, ?2)")?
            .insert((stream.as_str(), stream.category()))?;
        self.streams.inserted(stream.clone(), id);
        Ok(id)
    }

    fn insert_event(
        &mut self,
        position: Position,
        stream: i64,
        version: u64,
        event: &NewEvent,
        details: Option<&str>,
    ) -> Result<(), Fault> {
        let kind = self.kind(event)?;
        let row = EventRow { position, stream, version, kind, event, details };
        row.insert(&self.connection)?;
        self.event_ids.inserted(event.id, position);
        Ok(())
    }

    fn kind(&mut self, event: &NewEvent) -> Result<i64, Fault> {
        let kind = kind_of(event);
        if let Some(id) = self.kinds.get(&kind) {
            return Ok(id);
        }
        let found = self
            .connection
            .prepare_cached("SELECT id FROM esrs_kinds WHERE name = ?1 AND version = ?2")?
            .query_row((&*kind.name, kind.version), |row| row.get(0))
            .optional()?;
        if let Some(id) = found {
            self.kinds.found(kind, id);
            return Ok(id);
        }
        let id = self
            .connection
            .prepare_cached("INSERT INTO esrs_kinds (name, version) VALUES (?1, ?2)")?
            .insert((&*kind.name, kind.version))?;
        self.kinds.inserted(kind, id);
        Ok(id)
    }
}

/// The position after this one.
fn next(position: Position) -> Position {
    Position::new(position.get() + 1)
}

pub(super) fn kind_of(event: &NewEvent) -> EventKind {
    EventKind { name: event.name.clone(), version: event.version }
}
