//! One batch of events: tried, tried again, and without the streams that cannot be taken.

use std::time::Instant;

use esrs_core::projection::{ProjectionError, RowError};
use esrs_core::subscription::{Advance, Advanced, Checkpoint, ParkedStream, ResumedStream};
use esrs_core::{Page, Position, StoreError};
use jiff::Timestamp;
use tracing::Instrument;

use crate::follow::Follow;
use crate::{measure, trace};

/// Events that are to be taken together.
pub(crate) struct Batch<'a> {
    pub(crate) page: &'a Page,
    pub(crate) from: Checkpoint,
    pub(crate) to: Position,
    pub(crate) resume: Vec<ResumedStream>,
}

/// How often an event was tried.
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
        self.count += 1;
        self.count
    }
}

impl Follow {
    /// Takes a batch, but for what is parked; parks what cannot be taken.
    ///
    /// An error is one of the store, which may be gone the next time.
    pub(crate) async fn take(&mut self, batch: Batch<'_>) -> Result<Advanced, StoreError> {
        let span = trace::batch(self.subscription.name, batch.page);
        self.take_batch(batch).instrument(span).await
    }

    async fn take_batch(&mut self, batch: Batch<'_>) -> Result<Advanced, StoreError> {
        let Batch { page, from, to, mut resume } = batch;
        let begun = Instant::now();
        let (mut tries, mut park) = (Tries::default(), Vec::<ParkedStream>::new());
        loop {
            let tried = self.try_once(page, (from, to), park.clone(), resume.clone()).await;
            let error = match tried {
                Err(StoreError::Projection(error)) if !is_about_the_store(&error) => error,
                Ok(Advanced::Done) => {
                    measure::committed(self.subscription.name, page.len(), begun.elapsed());
                    return Ok(Advanced::Done);
                }
                other => {
                    // What was parked here is not stored.
                    park.iter().for_each(|stream| self.parked.resume(&stream.stream));
                    return other;
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
            resume.retain(|resumed| resumed.stream != error.stream);
            park.retain(|stream| stream.stream != error.stream);
            self.parked.park(error.stream.clone(), error.version);
            park.push(parked(*error));
        }
    }

    async fn try_once(
        &mut self,
        page: &Page,
        (from, to): (Checkpoint, Position),
        park: Vec<ParkedStream>,
        resume: Vec<ResumedStream>,
    ) -> Result<Advanced, StoreError> {
        let except = std::mem::take(&mut self.parked);
        let taken = self.subscriber().take(page, &except);
        self.parked = except;
        taken?;
        let (subscription, fence) = (self.subscription.clone(), Some(self.fence));
        let mark = None;
        self.advance(Advance { subscription, from, to, mark, fence, park, resume }).await
    }
}

/// Whether an event could not be taken because the store could not be reached: that says nothing
/// against the event.
pub(crate) fn is_about_the_store(error: &ProjectionError) -> bool {
    let RowError::Handler(source) = &*error.reason else { return false };
    matches!(
        source.downcast_ref(),
        Some(
            StoreError::Unavailable { .. }
                | StoreError::Busy { .. }
                | StoreError::Full { .. }
                | StoreError::Closed
        )
    )
}

fn parked(error: ProjectionError) -> ParkedStream {
    let ProjectionError { stream, version, position, event, reason, .. } = error;
    let (parked_at, is_to_resume, reason) = (Timestamp::now(), false, reason.to_string());
    ParkedStream { stream, version, position, event, reason, parked_at, is_to_resume }
}
