//! Taking up a parked stream again.

use esrs_core::subscription::{
    Advanced, Checkpoint, Decision, Parked, ParkedStream, ResumedStream,
};
use esrs_core::{Page, ReadQuery, StoreError};

use crate::batch::{Batch, Took};
use crate::follow::Follow;
use crate::outdated::Newer;

impl Follow {
    /// Takes the events of a stream from where it was parked to where the subscription stands, page by
    /// page. If one of them cannot be taken, it is parked there.
    pub(crate) async fn resume(
        &mut self,
        stream: ParkedStream,
        at: Checkpoint,
    ) -> Result<Advanced, StoreError> {
        let ParkedStream { stream, version, .. } = stream;
        tracing::info!(subscription = self.subscription.name, stream = %esrs_core::escaped(&stream), version, "resuming a stream");
        let query = ReadQuery::stream(stream.clone()).with_envelopes();
        let (mut next, mut page) = (version, Page::new());
        loop {
            let query = query.clone().after_version(next.saturating_sub(1)).limit(self.limit());
            page = self.store.read(query, page).await?;
            let beyond = page.records().find(|record| record.position() > at.position);
            // What follows the checkpoint comes with the log.
            let end = beyond.map(|record| record.version());
            let last = page.records().last().map(|record| record.version());
            let goes_on = end.is_none() && !page.is_last();
            let next_version = last.filter(|_| goes_on).map(|last| last + 1);
            self.parked.resume(&stream);
            if let Some(end) = end {
                self.parked.park(stream.clone(), end);
            }
            let resume = Some(ResumedStream { stream: stream.clone(), next_version });
            let (from, to, mark) = (at, at.position, at.mark);
            let advanced = match self.take(Batch { page: &page, from, to, mark, resume }).await {
                Ok(Took::Advanced(advanced)) => {
                    self.take_more();
                    Ok(advanced)
                }
                Ok(Took::TooMany(refused)) => {
                    self.parked.park(stream.clone(), next);
                    self.take_fewer(refused);
                    continue;
                }
                Err(error) => Err(error),
            };
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

    /// Requests another try of streams that an older program has parked because it could not read an event
    /// of a newer schema version, if this program can.
    pub(crate) async fn retry_what_is_known_now(
        &mut self,
        parked: &[ParkedStream],
    ) -> Result<(), StoreError> {
        let mut page = Page::new();
        for stream in parked {
            let ParkedStream { stream, version, event, reason, is_to_resume, .. } = stream;
            if *is_to_resume || !Newer::is_reason(reason) {
                continue;
            }
            let query = ReadQuery::stream(stream.clone()).with_envelopes().limit(1);
            page = self.store.read(query.after_version(version.saturating_sub(1)), page).await?;
            match self.subscriber().take(&page, &Parked::none()) {
                Err(error) if Newer::of(&error).is_some() => continue,
                // Whatever else is wrong with it, that is found out by the try.
                _ => {}
            }
            let actor = format!("runner {}", self.options.holder);
            let decision = Decision::retry(
                *version,
                actor,
                format!("this program reads this version of `{event}`"),
            );
            tracing::info!(subscription = self.subscription.name, stream = %esrs_core::escaped(&stream), version, "retrying");
            self.store.decide(self.subscription.name.to_owned(), stream.clone(), decision).await?;
        }
        Ok(())
    }
}
