//! Events that are in the log already: one that cannot be taken keeps nobody from appending, and its
//! stream is parked.

use esrs_core::subscription::{FirstRefused, ParkedStream, Refusal, Subscription};
use esrs_core::{Page, Position, ReadQuery, StreamId, Withheld};
use tokio_postgres::types::ToSql;

use super::model::{Aside, Model};
use super::{InlineError, run};
use crate::connect::{Client, PIN_PATH};
use crate::encode::{Moment, to_i64};
use crate::store::Shared;

impl Model {
    /// Takes up streams again as an operator has requested, to where the others stand.
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
            Err(InlineError::Store(error)) => Some(Refusal::of(error)?),
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
        reason: Withheld,
    ) -> Result<ParkedStream, InlineError> {
        let before = self.until;
        let mut search = FirstRefused::new(self.name(), page, &self.parked, reason);
        while let Some(until) = search.until() {
            self.take_until(Some(until));
            let refusal = self.attempt(client, shared, page, true).await;
            self.take_until(before);
            if let Some(parked) = search.tried(refusal?) {
                return Ok(parked);
            }
        }
        Ok(search.parked()?)
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
