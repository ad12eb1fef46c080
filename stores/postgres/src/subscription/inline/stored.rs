//! Events that are in the log already: one that cannot be taken keeps nobody from appending, and its
//! stream is parked.

use esrs_core::projection::{ProjectionError, RowError};
use esrs_core::subscription::{ParkedStream, Subscription};
use esrs_core::{Page, PayloadError, Position, ReadQuery, StoreError, StreamId, Withheld};
use jiff::Timestamp;
use tokio_postgres::types::ToSql;

use super::model::{Aside, Model};
use super::{InlineError, run};
use crate::connect::{Client, PIN_PATH};
use crate::encode::{Moment, to_i64};
use crate::store::Shared;

/// Why a page cannot be taken.
enum Refusal {
    Event(ParkedStream),
    /// The table refuses a row, of whichever event.
    Row(Withheld),
}

/// Whether no program will take the event: one of a newer version is for a newer program.
fn is_of_the_event(error: &ProjectionError) -> bool {
    !matches!(
        &*error.reason,
        RowError::Payload(PayloadError::NewerVersion { .. }) | RowError::NoEnvelope
    )
}

fn parked_by(error: ProjectionError) -> ParkedStream {
    let ProjectionError { stream, version, position, event, reason, .. } = error;
    let (parked_at, is_to_resume, reason) =
        (Timestamp::now(), false, ParkedStream::reason_of(reason.in_stream(&stream)));
    ParkedStream { stream, version, position, event, reason, parked_at, is_to_resume }
}

impl Model {
    /// Takes up streams again as somebody has asked for, to where the others stand.
    pub(super) async fn resume(
        &mut self,
        client: &Client,
        shared: &Shared,
        reader: &Aside<'_>,
        (streams, to): (Vec<(StreamId, u64)>, Position),
    ) -> Result<(), InlineError> {
        for (stream, version) in streams {
            self.resume_stream(client, shared, reader, (&stream, version, to)).await?;
        }
        Ok(())
    }

    async fn resume_stream(
        &mut self,
        client: &Client,
        shared: &Shared,
        reader: &Aside<'_>,
        (stream, mut version, to): (&StreamId, u64, Position),
    ) -> Result<(), InlineError> {
        self.parked.resume(stream);
        let mut page = Page::new();
        loop {
            let query = ReadQuery::stream(stream.clone()).with_envelopes();
            page = reader.read(&query.after_version(version.saturating_sub(1)), page).await?;
            self.take_until(Some(to));
            let taken = self.take_stored(client, shared, &page).await;
            self.take_until(None);
            taken?;
            // It may be parked again, at the same event or at a later one.
            if self.parked.contains(stream, u64::MAX) {
                return Ok(());
            }
            let last = page.records().last().map(|last| (last.version(), last.position()));
            match last {
                Some((last, at)) if at < to && !page.is_last() => version = last + 1,
                _ => break,
            }
        }
        let Subscription { name, building, .. } = &*self.subscription;
        let resume = &shared.subscriptions.statements.resume;
        run(client, resume, &[name, building, &stream.as_str()]).await?;
        Ok(())
    }

    /// Takes a page of events that are stored already.
    pub(super) async fn take_stored(
        &mut self,
        client: &Client,
        shared: &Shared,
        page: &Page,
    ) -> Result<(), InlineError> {
        loop {
            let parked = match self.attempt(client, shared, page, false).await? {
                None => return Ok(()),
                Some(Refusal::Event(parked)) => parked,
                Some(Refusal::Row(reason)) => {
                    self.first_refused(client, shared, page, reason).await?
                }
            };
            self.park(client, shared, parked).await?;
        }
    }

    /// Takes a page, or nothing of it; nothing in any case if it is only tried.
    async fn attempt(
        &mut self,
        client: &Client,
        shared: &Shared,
        page: &Page,
        is_trial: bool,
    ) -> Result<Option<Refusal>, InlineError> {
        client.batch_execute("SAVEPOINT esrs_rows").await?;
        let written = match self.write(client, shared, page).await {
            // Constraints that are looked at last are looked at here, where they tell of these rows.
            Ok(()) => {
                let role_path = client.role_path();
                let check = format!("{role_path}; SET CONSTRAINTS ALL IMMEDIATE; {PIN_PATH}");
                let checked = client.batch_execute(&check).await;
                checked.map_err(|error| match crate::error::is_about_rows(&error) {
                    true => shared.location.refused_row(self.name(), &error).into(),
                    false => InlineError::from(error),
                })
            }
            error => error,
        };
        let refusal = match written {
            Ok(()) => None,
            Err(InlineError::Store(StoreError::RowRefused { reason, .. })) => {
                Some(Refusal::Row(reason))
            }
            Err(InlineError::Store(StoreError::Projection(error))) if is_of_the_event(&error) => {
                Some(Refusal::Event(parked_by(*error)))
            }
            Err(error) => return Err(error),
        };
        let end = match is_trial || refusal.is_some() {
            true => "ROLLBACK TO esrs_rows; RELEASE esrs_rows",
            false => "RELEASE esrs_rows; SET CONSTRAINTS ALL DEFERRED",
        };
        client.batch_execute(end).await?;
        Ok(refusal)
    }

    /// The first event of a page whose row is refused: fewer and fewer events are taken.
    async fn first_refused(
        &mut self,
        client: &Client,
        shared: &Shared,
        page: &Page,
        mut reason: Withheld,
    ) -> Result<ParkedStream, InlineError> {
        let until = self.until;
        let taken: Vec<_> =
            page.records().filter(|record| !self.parked.leaves_out(record)).collect();
        // So many are taken, and so many are refused.
        let (mut good, mut bad) = (0, taken.len());
        while bad - good > 1 {
            let middle = good + (bad - good) / 2;
            self.take_until(Some(taken[middle - 1].position()));
            let refusal = self.attempt(client, shared, page, true).await;
            self.take_until(until);
            match refusal? {
                None => good = middle,
                Some(Refusal::Event(parked)) => return Ok(parked),
                Some(Refusal::Row(said)) => (bad, reason) = (middle, said),
            }
        }
        let Some(record) = bad.checked_sub(1).and_then(|last| taken.get(last)) else {
            let table = self.name().to_owned();
            return Err(StoreError::RowRefused { table, reason }.into());
        };
        Ok(ParkedStream {
            stream: record.stream().clone(),
            version: record.version(),
            position: record.position(),
            event: record.kind().name.to_string(),
            reason: ParkedStream::reason_of(RowError::Refused { reason }),
            parked_at: Timestamp::now(),
            is_to_resume: false,
        })
    }

    async fn park(
        &mut self,
        client: &Client,
        shared: &Shared,
        parked: ParkedStream,
    ) -> Result<(), InlineError> {
        let Subscription { name, building, .. } = &*self.subscription;
        let ParkedStream { stream, version, position, event, reason, parked_at, is_to_resume } =
            parked;
        tracing::warn!(
            table = name, stream = %esrs_core::escaped(&stream), version, reason, "a stream is parked: retry or skip the event"
        );
        // A reason may quote whatever could not be taken.
        let reason = reason.replace('\0', "\u{fffd}");
        let parameters: [&(dyn ToSql + Sync); 9] = [
            name,
            building,
            &stream.as_str(),
            &to_i64(version),
            &to_i64(position.get()),
            &event,
            &reason,
            &Moment(parked_at),
            &is_to_resume,
        ];
        run(client, &shared.subscriptions.statements.park, &parameters).await?;
        self.parked.park(stream, version);
        Ok(())
    }
}
