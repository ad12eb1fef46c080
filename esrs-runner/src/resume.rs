//! Taking up a parked stream again.

use esrs_core::subscription::{Advanced, Checkpoint, ParkedStream, ResumedStream};
use esrs_core::{Page, ReadQuery, StoreError};

use crate::batch::Batch;
use crate::follow::Follow;

impl Follow {
    /// Takes the events of a stream from where it was parked to where the subscription stands, page by
    /// page. If one of them cannot be taken, it is parked there.
    pub(crate) async fn resume(
        &mut self,
        stream: ParkedStream,
        at: Checkpoint,
    ) -> Result<Advanced, StoreError> {
        let ParkedStream { stream, version, .. } = stream;
        tracing::info!(subscription = self.subscription.name, %stream, version, "resuming a stream");
        let query = ReadQuery::stream(stream.clone()).with_envelopes().limit(self.options.batch);
        let (mut next, mut page) = (version, Page::new());
        loop {
            let query = query.clone().after_version(next.saturating_sub(1));
            page = self.store.read(query, page).await?;
            let beyond = page.records().find(|record| record.position() > at.position);
            // What stands behind the checkpoint comes with the log.
            let end = beyond.map(|record| record.version());
            let last = page.records().last().map(|record| record.version());
            let goes_on = end.is_none() && !page.is_last();
            let next_version = last.filter(|_| goes_on).map(|last| last + 1);
            self.parked.resume(&stream);
            if let Some(end) = end {
                self.parked.park(stream.clone(), end);
            }
            let resumed = ResumedStream { stream: stream.clone(), next_version };
            let (from, to, resume) = (at, at.position, vec![resumed]);
            let advanced = self.take(Batch { page: &page, from, to, resume }).await;
            match next_version {
                // It was parked anew, or is not parked any more.
                None => {
                    self.reload_parked().await?;
                    return advanced;
                }
                Some(version) => {
                    let is_parked_anew = self.parked.contains(&stream, version);
                    if is_parked_anew || !matches!(advanced, Ok(Advanced::Done)) {
                        self.reload_parked().await?;
                        return advanced;
                    }
                    next = version;
                }
            }
        }
    }

    async fn reload_parked(&mut self) -> Result<(), StoreError> {
        let parked = self.store.parked(self.subscription.clone()).await?;
        self.parked = parked.into_iter().map(|one| (one.stream, one.version)).collect();
        Ok(())
    }
}
