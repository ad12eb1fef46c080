//! Appends that are stored by one statement.

use esrs_core::{AppendCondition, Appended, AppendedStream, Position, StreamAppend, StreamId};
use tokio_postgres::{Error, Row};
use uuid::Uuid;

use super::prepared::kind_of;
use super::{Connection, Direct, PreparedAppend};
use crate::encode::{Moment, to_i64};
use crate::error::is_duplicate;
use crate::names::Names;
use crate::sql::Sql;

/// What became of one append of a group.
#[derive(Debug)]
pub(super) enum Outcome {
    Stored(Appended),
    /// It was refused, with its streams at these versions.
    Refused(Vec<u64>),
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
    key: Vec<Option<&'a str>>,
    count: Vec<i32>,
    id: Vec<Option<i64>>,
    event_part: Vec<i32>,
    event_number: Vec<i32>,
}

/// The same, where their streams and versions are known.
#[derive(Default)]
struct KnownParts {
    event_stream: Vec<i64>,
    event_version: Vec<i64>,
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

/// What is asked of a stream, as a number that no version is where it is nothing.
fn expected(condition: AppendCondition) -> i64 {
    condition.version().map_or(-1, to_i64)
}

impl<'a> Parts<'a> {
    fn of(appends: impl Iterator<Item = &'a PreparedAppend>, names: &Names) -> Self {
        let mut parts = Self::default();
        for (batch, append) in (1..).zip(appends) {
            let mut key = append.batch.idempotency_key.as_ref().map(|key| key.as_str());
            for part in &append.batch.streams {
                parts.batch.push(batch);
                parts.stream.push(part.stream.as_str());
                parts.category.push(part.stream.category());
                parts.expected.push(expected(part.condition));
                // The key belongs to the first stream.
                parts.key.push(key.take());
                parts.count.push(part.events.len() as i32);
                parts.id.push(names.stream_id(&part.stream));
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

impl KnownParts {
    /// `None` if a stream or its version is not known, or a key has to be looked for.
    fn of<'a>(appends: impl Iterator<Item = &'a PreparedAppend>, names: &Names) -> Option<Self> {
        let mut parts = Self::default();
        for append in appends {
            if append.batch.idempotency_key.is_some() || append.may_be_stored {
                return None;
            }
            for part in &append.batch.streams {
                let expected = known_version(part.condition, part.events.len())?;
                let id = names.stream_at(&part.stream, expected as u64)?;
                for version in expected + 1..=expected + part.events.len() as i64 {
                    parts.event_stream.push(id);
                    parts.event_version.push(version);
                }
            }
        }
        Some(parts)
    }
}

/// The version that a stream has to have for `more` events behind it.
fn known_version(condition: AppendCondition, more: usize) -> Option<i64> {
    let AppendCondition::Version(version @ 1..) = condition else { return None };
    let version = i64::try_from(version).ok()?;
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
        let events = Events::of(appends.clone(), kinds);
        if let Some(direct) = &self.direct
            && let Some(parts) = KnownParts::of(appends.clone(), names)
        {
            match self.append_known(direct, &parts, &events).await {
                Ok(Some(first)) => return Ok(behind(first, appends, names)),
                Ok(None) => {}
                Err(error) if is_duplicate(&error) => {}
                Err(error) => return Err(error),
            }
        }
        let (outcomes, seen) = self.append_checked(appends, &events, names).await?;
        seen.into_iter().for_each(|seen| seen.learn(names));
        Ok(outcomes)
    }

    /// The same within a transaction of the caller's, who has numbered the kinds before it, and learns
    /// what was seen once it is committed: of what is rolled back, nothing may be remembered.
    pub(super) async fn append_in_transaction<'a>(
        &self,
        appends: impl Iterator<Item = &'a PreparedAppend> + Clone,
        kinds: Vec<i32>,
        names: &Names,
    ) -> Result<(Vec<Outcome>, Vec<SeenStream>), Error> {
        let events = Events::of(appends.clone(), kinds);
        self.append_checked(appends, &events, names).await
    }

    /// Appends what the database says may be appended.
    async fn append_checked<'a>(
        &self,
        appends: impl Iterator<Item = &'a PreparedAppend> + Clone,
        events: &Events<'_>,
        names: &Names,
    ) -> Result<(Vec<Outcome>, Vec<SeenStream>), Error> {
        let parts = Parts::of(appends.clone(), names);
        let Events { kind, id, recorded_at, correlation_id, causation_id, metadata, payload } =
            events;
        let rows = self
            .client
            .query(
                &self.append,
                &[
                    &parts.batch,
                    &parts.stream,
                    &parts.category,
                    &parts.expected,
                    &parts.key,
                    &parts.count,
                    &parts.id,
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
    /// where the first came to stand. An error if a stream has others behind that, or an id is stored
    /// already: nothing was done then.
    async fn append_known(
        &self,
        direct: &Direct,
        parts: &KnownParts,
        events: &Events<'_>,
    ) -> Result<Option<u64>, Error> {
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
                ],
            )
            .await?;
        let first = rows.first().map(|row| row.try_get::<_, i64>(0)).transpose()?;
        Ok(first.map(|first| first as u64))
    }

    /// The number of each event's kind, in their order.
    pub(super) async fn number_kinds<'a>(
        &self,
        appends: impl Iterator<Item = &'a PreparedAppend>,
        names: &Names,
        sql: &Sql,
    ) -> Result<Vec<i32>, Error> {
        let mut numbers = Vec::new();
        for append in appends {
            for part in &append.batch.streams {
                for event in &part.events {
                    let of = kind_of(part, event);
                    numbers.push(match names.kind_id(&of) {
                        Some(number) => number,
                        None => names.number_kind(of, &self.client, sql).await?,
                    });
                }
            }
        }
        Ok(numbers)
    }
}

/// Where batches stand whose events are stored one behind the other from `first` on.
fn behind<'a>(
    first: u64,
    appends: impl Iterator<Item = &'a PreparedAppend>,
    names: &Names,
) -> Vec<Outcome> {
    let mut next = first;
    let stand = |append: &PreparedAppend| {
        let first_position = Position::new(next);
        next += append.details.len() as u64;
        let streams = append.batch.streams.iter().map(|part| {
            let version = match part.condition {
                AppendCondition::Version(version) => version,
                _ => 0,
            };
            let stored = stored(part, version);
            names.learn_version(&part.stream, stored.last_version);
            stored
        });
        Outcome::Stored(Appended {
            streams: streams.collect(),
            first_position,
            last_position: Position::new(next - 1),
            repeated: false,
        })
    };
    appends.map(stand).collect()
}

/// What `append` said of the parts of one batch.
fn outcome(
    append: &PreparedAppend,
    rows: &mut impl Iterator<Item = Row>,
    seen: &mut Vec<SeenStream>,
) -> Result<Outcome, Error> {
    let mut versions = Vec::with_capacity(append.batch.streams.len());
    let (mut streams, mut first, mut last) = (Vec::new(), None, 0);
    for (part, row) in append.batch.streams.iter().zip(rows) {
        let version = row.try_get::<_, i64>(1)? as u64;
        versions.push(version);
        let Some(position) = row.try_get::<_, Option<i64>>(2)? else { continue };
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
        None => Outcome::Refused(versions),
    })
}

fn stored(part: &StreamAppend, version: u64) -> AppendedStream {
    AppendedStream {
        stream: part.stream.clone(),
        first_version: version + 1,
        last_version: version + part.events.len() as u64,
    }
}
