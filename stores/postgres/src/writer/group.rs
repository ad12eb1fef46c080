//! Appends that are stored by one statement.

use std::collections::HashMap;

use esrs_core::{
    AppendCondition, Appended, AppendedStream, CommandFingerprint, IdempotencyKey, LogMark,
    Position, StreamAppend, StreamId,
};
use tokio_postgres::{Error, Row};
use uuid::Uuid;

use super::prepared::kind_of;
use super::{Connection, Direct, PreparedAppend};
use crate::encode::{Moment, to_i64};
use crate::error::{is_duplicate, is_renumbered};
use crate::find::{self, StoredKey};
use crate::names::{Anchor, KindOf, Names, StoredIn};
use crate::sql::Sql;

/// The number of times that kinds are numbered again whose numbers turn out to be others'.
pub(super) const RENUMBERED: usize = 2;

/// The outcome of one append of a group.
#[derive(Debug)]
pub(super) enum Outcome {
    Stored(Appended),
    /// It was refused, with its streams as they are, and what is stored under its key.
    Refused(Vec<At>, Option<StoredKey>),
}

/// The version of a stream, and the id of its last event.
#[derive(Debug, Clone, Copy)]
pub(super) struct At {
    pub(super) version: u64,
    pub(super) last: Option<Uuid>,
}

/// A stream that an append was stored in, with its number and the version that it has then.
pub(super) struct SeenStream {
    stream: StreamId,
    id: i64,
    version: u64,
}

impl SeenStream {
    pub(super) fn learn(&self, names: &Names) {
        names.learn_stream(&self.stream, self.id, self.version);
    }
}

/// The parts of batches, column by column, as `append` takes them.
#[derive(Default)]
struct Parts<'a> {
    batch: Vec<i32>,
    stream: Vec<&'a str>,
    category: Vec<&'a str>,
    expected: Vec<i64>,
    last: Vec<Option<Uuid>>,
    key: Vec<Option<&'a str>>,
    command: Vec<Option<String>>,
    count: Vec<i32>,
    event_part: Vec<i32>,
    event_number: Vec<i32>,
}

/// The same, where their streams and versions are known.
struct KnownParts<'a> {
    anchor: Anchor,
    event_stream: Vec<i64>,
    event_version: Vec<i64>,
    /// The streams that the anchor does not prove.
    stream: Vec<i64>,
    name: Vec<&'a str>,
    version: Vec<i64>,
    last: Vec<Option<Uuid>>,
}

/// The kinds of events, column by column, each once.
#[derive(Default)]
pub(super) struct Kinds {
    /// The number of each event's kind, in the order of the events.
    of_events: Vec<i32>,
    id: Vec<i32>,
    of: Vec<KindOf>,
}

impl Kinds {
    fn category(&self) -> Vec<&str> {
        self.of.iter().map(|of| &*of.category).collect()
    }

    fn name(&self) -> Vec<&str> {
        self.of.iter().map(|of| &*of.kind.name).collect()
    }

    fn version(&self) -> Vec<i64> {
        self.of.iter().map(|of| i64::from(of.kind.version)).collect()
    }

    /// Those that the anchor does not prove.
    fn unproven(&self, names: &Names, anchor: Anchor) -> Self {
        let is_proven = |of: &KindOf, id: i32| {
            names.kind_at(of, anchor).is_some_and(|known| known.is_proven && known.id == id)
        };
        let kinds = self.of.iter().zip(&self.id).filter(|(of, id)| !is_proven(of, **id));
        let (of, id) = kinds.map(|(of, id)| (of.clone(), *id)).unzip();
        Self { of_events: Vec::new(), id, of }
    }

    pub(super) fn forget(&self, names: &Names) {
        self.of.iter().for_each(|of| names.forget_kind(of));
    }
}

/// The events of batches, column by column.
#[derive(Default)]
struct Events<'a> {
    kind: Vec<i32>,
    id: Vec<Uuid>,
    recorded_at: Vec<Moment>,
    correlation_id: Vec<Option<Uuid>>,
    causation_id: Vec<Option<Uuid>>,
    metadata: Vec<Option<&'a str>>,
    payload: Vec<&'a str>,
}

/// Returns the expected version of a stream, as a number that no version is where it is nothing.
fn expected(condition: AppendCondition) -> i64 {
    condition.version().map_or(-1, to_i64)
}

impl<'a> Parts<'a> {
    fn of(appends: impl Iterator<Item = &'a PreparedAppend>) -> Self {
        let mut parts = Self::default();
        for (batch, append) in (1..).zip(appends) {
            let mut key = append.batch.idempotency_key.as_ref();
            for part in &append.batch.streams {
                parts.batch.push(batch);
                parts.stream.push(part.stream.as_str());
                parts.category.push(part.stream.category());
                parts.expected.push(expected(part.condition));
                parts.last.push(part.condition.last_event());
                // The key belongs to the first stream.
                let key = key.take();
                parts.key.push(key.map(IdempotencyKey::as_str));
                let command = key.and_then(IdempotencyKey::fingerprint);
                parts.command.push(command.map(CommandFingerprint::to_json));
                parts.count.push(part.events.len() as i32);
                let place = parts.batch.len() as i32;
                for number in 1..=part.events.len() as i32 {
                    parts.event_part.push(place);
                    parts.event_number.push(number);
                }
            }
        }
        parts
    }
}

impl<'a> KnownParts<'a> {
    /// `None` if a stream or its version is not known, or a key has to be looked for.
    fn of(appends: impl Iterator<Item = &'a PreparedAppend>, names: &Names) -> Option<Self> {
        let mut parts = Self {
            anchor: names.anchor(),
            event_stream: Vec::new(),
            event_version: Vec::new(),
            stream: Vec::new(),
            name: Vec::new(),
            version: Vec::new(),
            last: Vec::new(),
        };
        for append in appends {
            if append.batch.idempotency_key.is_some() || append.may_be_stored {
                return None;
            }
            for part in &append.batch.streams {
                let expected = known_version(part.condition, part.events.len())?;
                let (stream, last) = (&part.stream, part.condition.last_event());
                let known = names.stream_at(stream, expected as u64, last, parts.anchor)?;
                if !known.is_proven {
                    parts.stream.push(known.id);
                    parts.name.push(stream.as_str());
                    parts.version.push(expected);
                    parts.last.push(last);
                }
                for version in expected + 1..=expected + part.events.len() as i64 {
                    parts.event_stream.push(known.id);
                    parts.event_version.push(version);
                }
            }
        }
        Some(parts)
    }
}

/// The version that a stream has to have for `more` events behind it.
fn known_version(condition: AppendCondition, more: usize) -> Option<i64> {
    let version = i64::try_from(condition.version().filter(|version| *version > 0)?).ok()?;
    version.checked_add(more as i64).is_some().then_some(version)
}

impl<'a> Events<'a> {
    fn of(appends: impl Iterator<Item = &'a PreparedAppend>, kind: Vec<i32>) -> Self {
        let mut events = Self { kind, ..Self::default() };
        for append in appends {
            for ((_, event), details) in append.batch.events().zip(&append.details) {
                events.id.push(event.id);
                events.recorded_at.push(Moment(event.recorded_at));
                events.correlation_id.push(event.metadata.correlation_id());
                events.causation_id.push(event.metadata.causation_id());
                events.metadata.push(details.as_deref());
                events.payload.push(&event.payload);
            }
        }
        events
    }
}

impl Connection {
    /// Appends batches no two of which are about one stream, as a transaction of its own; says what
    /// became of each.
    pub(super) async fn append_group<'a>(
        &self,
        appends: impl Iterator<Item = &'a PreparedAppend> + Clone,
        names: &Names,
        sql: &Sql,
    ) -> Result<Vec<Outcome>, Error> {
        let kinds = self.number_kinds(appends.clone(), names, sql).await?;
        if let Some(direct) = &self.direct
            && let Some(parts) = KnownParts::of(appends.clone(), names)
        {
            let events = Events::of(appends.clone(), kinds.of_events.clone());
            match self.append_known(direct, &parts, &events, &kinds, names).await {
                Ok(Some(first)) => {
                    learn(first, parts.anchor, appends.clone(), &kinds, names);
                    return Ok(behind(first, appends));
                }
                Err(error) if !is_duplicate(&error) => return Err(error),
                // What was remembered is not true of the log, or of its end.
                refused => {
                    if refused.is_ok() {
                        names.forget_anchor(parts.anchor);
                    }
                    for append in appends.clone() {
                        append
                            .batch
                            .streams
                            .iter()
                            .for_each(|part| names.forget_stream(&part.stream));
                    }
                }
            }
        }
        let (mut kinds, mut left) = (kinds, RENUMBERED);
        loop {
            match self.append_checked(appends.clone(), &kinds).await {
                Ok((outcomes, seen)) => {
                    seen.into_iter().for_each(|seen| seen.learn(names));
                    return Ok(outcomes);
                }
                Err(error) if is_renumbered(&error) && left > 0 => {
                    left -= 1;
                    kinds.forget(names);
                    kinds = self.number_kinds(appends.clone(), names, sql).await?;
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// The same within a transaction of the caller's, who has numbered the kinds before it, and learns
    /// what was seen once it is committed: of what is rolled back, nothing may be remembered.
    pub(super) async fn append_in_transaction<'a>(
        &self,
        appends: impl Iterator<Item = &'a PreparedAppend> + Clone,
        kinds: &Kinds,
    ) -> Result<(Vec<Outcome>, Vec<SeenStream>), Error> {
        self.append_checked(appends, kinds).await
    }

    /// Appends what the database says may be appended.
    async fn append_checked<'a>(
        &self,
        appends: impl Iterator<Item = &'a PreparedAppend> + Clone,
        kinds: &Kinds,
    ) -> Result<(Vec<Outcome>, Vec<SeenStream>), Error> {
        let parts = Parts::of(appends.clone());
        let events = Events::of(appends.clone(), kinds.of_events.clone());
        let Events { kind, id, recorded_at, correlation_id, causation_id, metadata, payload } =
            &events;
        let rows = self
            .client
            .query(
                &self.append,
                &[
                    &parts.batch,
                    &parts.stream,
                    &parts.category,
                    &parts.expected,
                    &parts.last,
                    &parts.key,
                    &parts.command,
                    &parts.count,
                    &kinds.id,
                    &kinds.category(),
                    &kinds.name(),
                    &kinds.version(),
                    &parts.event_part,
                    &parts.event_number,
                    kind,
                    id,
                    recorded_at,
                    correlation_id,
                    causation_id,
                    metadata,
                    payload,
                ],
            )
            .await?;
        let (mut rows, mut seen) = (rows.into_iter(), Vec::new());
        let outcomes = appends.map(|append| outcome(append, &mut rows, &mut seen));
        Ok((outcomes.collect::<Result<_, Error>>()?, seen))
    }

    /// Appends events behind versions that their streams are known to have, all of them or none; says
    /// the position of the first. An error if a stream has others behind that, or an id is stored
    /// already: nothing was done then.
    async fn append_known(
        &self,
        direct: &Direct,
        parts: &KnownParts<'_>,
        events: &Events<'_>,
        kinds: &Kinds,
        names: &Names,
    ) -> Result<Option<u64>, Error> {
        let anchor = parts.anchor;
        let anchor_position = anchor.event.map(|event| to_i64(event.position.get()));
        let anchor_id = anchor.event.map(|event| event.event_id);
        let kinds = kinds.unproven(names, anchor);
        let Events { kind, id, recorded_at, correlation_id, causation_id, metadata, payload } =
            events;
        let rows = self
            .client
            .query(
                &direct.append_known,
                &[
                    &parts.event_stream,
                    &parts.event_version,
                    kind,
                    id,
                    recorded_at,
                    correlation_id,
                    causation_id,
                    metadata,
                    payload,
                    &anchor_position,
                    &anchor_id,
                    &parts.stream,
                    &parts.name,
                    &parts.version,
                    &parts.last,
                    &kinds.id,
                    &kinds.category(),
                    &kinds.name(),
                    &kinds.version(),
                ],
            )
            .await?;
        let first = rows.first().map(|row| row.try_get::<_, Option<i64>>(0)).transpose()?.flatten();
        Ok(first.map(|first| first as u64))
    }

    /// The kinds of events, each with its number.
    pub(super) async fn number_kinds<'a>(
        &self,
        appends: impl Iterator<Item = &'a PreparedAppend>,
        names: &Names,
        sql: &Sql,
    ) -> Result<Kinds, Error> {
        let (mut kinds, mut known) = (Kinds::default(), HashMap::new());
        for append in appends {
            for part in &append.batch.streams {
                for event in &part.events {
                    let of = kind_of(part, event);
                    if let Some(number) = known.get(&of) {
                        kinds.of_events.push(*number);
                        continue;
                    }
                    let number = names.number_kind(of.clone(), &self.client, sql).await?;
                    kinds.of_events.push(number);
                    kinds.id.push(number);
                    kinds.of.push(of.clone());
                    known.insert(of, number);
                }
            }
        }
        Ok(kinds)
    }
}

/// Remembers what was stored, from `first` on, behind an anchor.
fn learn<'a>(
    first: u64,
    anchor: Anchor,
    appends: impl Iterator<Item = &'a PreparedAppend> + Clone,
    kinds: &Kinds,
    names: &Names,
) {
    let parts = appends.clone().flat_map(|append| &append.batch.streams);
    let streams = parts.map(|part| StoredIn {
        stream: &part.stream,
        version: stored(part, part.condition.version().unwrap_or(0)).last_version,
        last: part.events.last().map(|event| event.id),
    });
    let (count, last) = appends
        .flat_map(|append| append.batch.events())
        .fold((0, None), |(count, _), (_, event)| (count + 1, Some(event.id)));
    let Some(event_id) = last else { return };
    let last = LogMark { position: Position::new(first + count - 1), event_id };
    names.stored(anchor, streams, kinds.of.iter().zip(kinds.id.iter().copied()), last);
}

/// Where batches stand whose events are stored one behind the other from `first` on.
fn behind<'a>(first: u64, appends: impl Iterator<Item = &'a PreparedAppend>) -> Vec<Outcome> {
    let mut next = first;
    let stand = |append: &PreparedAppend| {
        let first_position = Position::new(next);
        next += append.details.len() as u64;
        let parts = append.batch.streams.iter();
        let streams = parts.map(|part| stored(part, part.condition.version().unwrap_or(0)));
        Outcome::Stored(Appended {
            streams: streams.collect(),
            first_position,
            last_position: Position::new(next - 1),
            repeated: false,
        })
    };
    appends.map(stand).collect()
}

/// Returns what `append` said of the parts of one batch.
fn outcome(
    append: &PreparedAppend,
    rows: &mut impl Iterator<Item = Row>,
    seen: &mut Vec<SeenStream>,
) -> Result<Outcome, Error> {
    let mut versions = Vec::with_capacity(append.batch.streams.len());
    let (mut streams, mut first, mut last) = (Vec::new(), None, 0);
    let mut stored_key = None;
    for (part, row) in append.batch.streams.iter().zip(rows) {
        let version = row.try_get::<_, i64>(1)? as u64;
        versions.push(At { version, last: row.try_get(2)? });
        let Some(position) = row.try_get::<_, Option<i64>>(3)? else {
            stored_key = stored_key.or(key_of(&row)?);
            continue;
        };
        let (stream, id) = (part.stream.clone(), row.try_get(0)?);
        seen.push(SeenStream { stream, id, version: version + part.events.len() as u64 });
        first = first.or(Some(position));
        last = position + part.events.len() as i64 - 1;
        streams.push(stored(part, version));
    }
    Ok(match first {
        Some(first) => Outcome::Stored(Appended {
            streams,
            first_position: Position::new(first as u64),
            last_position: Position::new(last as u64),
            repeated: false,
        }),
        None => Outcome::Refused(versions, stored_key),
    })
}

/// The append that is stored under the key of a part.
fn key_of(row: &Row) -> Result<Option<StoredKey>, Error> {
    let first = row.try_get::<_, Option<i64>>(4)?;
    let (last, streams) = (row.try_get::<_, Option<i64>>(5)?, row.try_get::<_, Option<&str>>(7)?);
    let streams = streams.and_then(find::streams_of_lines);
    let (Some(first), Some(last), Some(streams)) = (first, last, streams) else { return Ok(None) };
    let [first_position, last_position] = [first, last].map(|one| Position::new(one as u64));
    let appended = Appended { streams, first_position, last_position, repeated: true };
    Ok(Some(StoredKey { appended, command: row.try_get(6)? }))
}

fn stored(part: &StreamAppend, version: u64) -> AppendedStream {
    AppendedStream {
        stream: part.stream.clone(),
        first_version: version + 1,
        last_version: version + part.events.len() as u64,
    }
}
