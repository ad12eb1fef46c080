//! Appends that are stored by one statement.

use esrs_core::{AppendCondition, Appended, AppendedStream, Position, StreamAppend};
use tokio_postgres::{Error, Row};
use uuid::Uuid;

use super::prepared::kind_of;
use super::{Connection, PreparedAppend};
use crate::encode::{Moment, to_i64};
use crate::names::Names;
use crate::sql::Sql;

/// What became of one append of a group.
#[derive(Debug)]
pub(super) enum Outcome {
    Stored(Appended),
    /// It was refused, with its streams at these versions.
    Refused(Vec<u64>),
}

/// What `append` is called with, column by column.
#[derive(Default)]
struct Columns<'a> {
    part_batch: Vec<i32>,
    part_stream: Vec<&'a str>,
    part_category: Vec<&'a str>,
    part_expected: Vec<i64>,
    part_key: Vec<Option<&'a str>>,
    part_count: Vec<i32>,
    event_part: Vec<i32>,
    event_number: Vec<i32>,
    event_kind: Vec<i32>,
    event_ids: Vec<Uuid>,
    event_recorded_at: Vec<Moment>,
    event_correlation_id: Vec<Option<Uuid>>,
    event_causation_id: Vec<Option<Uuid>>,
    event_metadata: Vec<Option<&'a str>>,
    event_payload: Vec<&'a str>,
}

/// What is asked of a stream, as a number that no version is where it is nothing.
fn expected(condition: AppendCondition) -> i64 {
    match condition {
        AppendCondition::NoStream => 0,
        AppendCondition::Version(version) => to_i64(version),
        _ => -1,
    }
}

impl<'a> Columns<'a> {
    fn push(&mut self, append: &'a PreparedAppend, kinds: &mut impl Iterator<Item = i32>) {
        let batch = self.part_batch.last().copied().unwrap_or(0) + 1;
        let mut key = append.batch.idempotency_key.as_ref().map(|key| key.as_str());
        let mut details = append.details.iter();
        for part in &append.batch.streams {
            self.part_batch.push(batch);
            self.part_stream.push(part.stream.as_str());
            self.part_category.push(part.stream.category());
            self.part_expected.push(expected(part.condition));
            // The key belongs to the first stream.
            self.part_key.push(key.take());
            self.part_count.push(part.events.len() as i32);
            let place = self.part_batch.len() as i32;
            for (number, event) in (1..).zip(&part.events) {
                self.event_part.push(place);
                self.event_number.push(number);
                self.event_kind.extend(kinds.next());
                self.event_ids.push(event.id);
                self.event_recorded_at.push(Moment(event.recorded_at));
                self.event_correlation_id.push(event.metadata.correlation_id());
                self.event_causation_id.push(event.metadata.causation_id());
                self.event_metadata.push(details.next().and_then(Option::as_deref));
                self.event_payload.push(&event.payload);
            }
        }
    }
}

impl Connection {
    /// Appends batches no two of which are about one stream; says what became of each.
    pub(super) async fn append_group<'a>(
        &self,
        appends: impl Iterator<Item = &'a PreparedAppend> + Clone,
        names: &Names,
        sql: &Sql,
    ) -> Result<Vec<Outcome>, Error> {
        let kinds = self.number_kinds(appends.clone(), names, sql).await?;
        let (mut columns, mut kinds) = (Columns::default(), kinds.into_iter());
        appends.clone().for_each(|append| columns.push(append, &mut kinds));
        let rows = self
            .client
            .query(
                &self.append,
                &[
                    &columns.part_batch,
                    &columns.part_stream,
                    &columns.part_category,
                    &columns.part_expected,
                    &columns.part_key,
                    &columns.part_count,
                    &columns.event_part,
                    &columns.event_number,
                    &columns.event_kind,
                    &columns.event_ids,
                    &columns.event_recorded_at,
                    &columns.event_correlation_id,
                    &columns.event_causation_id,
                    &columns.event_metadata,
                    &columns.event_payload,
                ],
            )
            .await?;
        let mut rows = rows.into_iter();
        appends.map(|append| outcome(append, &mut rows, names)).collect()
    }

    /// The number of each event's kind, in their order.
    async fn number_kinds<'a>(
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

/// What `append` said of the parts of one batch.
fn outcome(
    append: &PreparedAppend,
    rows: &mut impl Iterator<Item = Row>,
    names: &Names,
) -> Result<Outcome, Error> {
    let mut versions = Vec::with_capacity(append.batch.streams.len());
    let (mut streams, mut first, mut last) = (Vec::new(), None, 0);
    for (part, row) in append.batch.streams.iter().zip(rows) {
        let version = row.try_get::<_, i64>(1)? as u64;
        versions.push(version);
        let Some(position) = row.try_get::<_, Option<i64>>(2)? else { continue };
        names.learn_stream(part.stream.clone(), row.try_get(0)?);
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
