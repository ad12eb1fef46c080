//! One batch of events: tried, tried again, and without the streams that cannot be taken.

use std::time::Instant;

use esrs_core::projection::ProjectionError;
use esrs_core::subscription::{Advance, Advanced, Checkpoint, ParkedStream, ResumedStream};
use esrs_core::{LogMark, Page, Position, StoreError};
use tracing::Instrument;

use crate::follow::Follow;
use crate::outdated::Newer;
use crate::{measure, trace};

/// Events that must be taken together.
pub(crate) struct Batch<'a> {
    pub(crate) page: &'a Page,
    pub(crate) from: Checkpoint,
    pub(crate) to: Position,
    /// The last event at or before `to`.
    pub(crate) mark: Option<LogMark>,
    pub(crate) resume: Option<ResumedStream>,
}

/// The result of taking a batch.
pub(crate) enum Took {
    Advanced(Advanced),
    /// Nothing was stored: the table refused the row of one of so many events. Take fewer at once.
    TooMany(usize),
}

/// The number of attempts at an event.
#[derive(Default)]
struct Tries {
    of: Option<(esrs_core::StreamId, u64)>,
    count: u32,
}

impl Tries {
    /// The number of this failure of the same event, from 1.
    fn count(&mut self, error: &ProjectionError) -> u32 {
        let place = (error.stream.clone(), error.version);
        if self.of.as_ref() != Some(&place) {
            *self = Self { of: Some(place), count: 0 };
        }
        self.count = self.count.saturating_add(1);
        self.count
    }
}

impl Follow {
    /// Takes a batch, but for what is parked; parks what cannot be taken.
    ///
    /// An error is one of the store, which may be gone the next time, or about an event that a newer
    /// program has stored.
    pub(crate) async fn take(&mut self, batch: Batch<'_>) -> Result<Took, StoreError> {
        let span = trace::batch(self.subscription.name, batch.page);
        self.take_batch(batch).instrument(span).await
    }

    async fn take_batch(&mut self, batch: Batch<'_>) -> Result<Took, StoreError> {
        let begun = Instant::now();
        let Batch { page, .. } = batch;
        let (mut tries, mut park) = (Tries::default(), Vec::<ParkedStream>::new());
        let mut resume = batch.resume.clone();
        loop {
            let error = match self.try_once(&batch, park.clone(), resume.clone()).await {
                Ok(Advanced::Done) => {
                    measure::committed(self.subscription.name, page.len(), begun.elapsed());
                    return Ok(Took::Advanced(Advanced::Done));
                }
                Err(StoreError::Projection(error)) if is_about_the_event(&error) => error,
                Err(StoreError::RowRefused { table, reason }) => {
                    let mut events =
                        page.records().filter(|record| !self.parked.leaves_out(record));
                    match (events.next(), events.count()) {
                        (Some(only), 0) => {
                            let table = self.subscription.name;
                            Box::new(ProjectionError::refused(table, &only, reason))
                        }
                        (Some(_), others) => {
                            drop_parked(self, &park);
                            return Ok(Took::TooMany(others + 1));
                        }
                        // It follows from no event.
                        (None, _) => {
                            drop_parked(self, &park);
                            return Err(StoreError::RowRefused { table, reason });
                        }
                    }
                }
                other => {
                    drop_parked(self, &park);
                    return other.map(Took::Advanced);
                }
            };
            let again = tries.count(&error);
            if again <= self.options.retries.count {
                measure::retried(self.subscription.name);
                tracing::debug!(%error, again, "an event is tried again");
                tokio::time::sleep(self.options.retries.pause(again)).await;
                continue;
            }
            tracing::warn!(%error, "a stream is parked: retry or skip the event");
            resume = resume.filter(|resumed| resumed.stream != error.stream);
            park.retain(|stream| stream.stream != error.stream);
            self.parked.park(error.stream.clone(), error.version);
            park.push(ParkedStream::of(*error));
        }
    }

    async fn try_once(
        &mut self,
        batch: &Batch<'_>,
        park: Vec<ParkedStream>,
        resume: Option<ResumedStream>,
    ) -> Result<Advanced, StoreError> {
        let Batch { page, from, to, mark, .. } = *batch;
        let except = std::mem::take(&mut self.parked);
        let taken = self.subscriber().take(page, &except);
        self.parked = except;
        taken?;
        let (subscription, fence) = (self.subscription.clone(), Some(self.fence));
        let resume = Vec::from_iter(resume);
        self.advance(Advance { subscription, from, to, mark, fence, park, resume }).await
    }
}

/// Forgets what was parked with a batch that is not stored.
fn drop_parked(follow: &mut Follow, park: &[ParkedStream]) {
    park.iter().for_each(|stream| follow.parked.resume(&stream.stream));
}

/// Returns true if an event is retried and then parked.
fn is_about_the_event(error: &ProjectionError) -> bool {
    !is_about_the_store(error) && Newer::of(error).is_none()
}

/// Returns true if an event failed because a store was out of reach: that says nothing against the event.
pub(crate) fn is_about_the_store(error: &ProjectionError) -> bool {
    let error = error.store_error();
    error.is_some_and(|error| error.is_transient() || matches!(error, StoreError::Closed))
}
