//! Bringing a read model to the end of the log, and making it anew, when somebody asks for it.

use std::sync::Arc;

use esrs_core::subscription::{Projected, Replaced, SubscriptionStore, catch_up};
use esrs_core::{Position, Projection, StoreError};

use super::replace::REPLACING;
use crate::SqliteStore;
use crate::projection::{Inline, Registered};

impl SqliteStore {
    /// Brings the table of `P` to the end of the log, and says where that was. It is made if it is
    /// not there.
    ///
    /// Rows are written together with the checkpoint, page by page: if the process ends in between,
    /// or another one catches up the same table at the same time, no event is applied twice.
    ///
    /// # Errors
    /// - [`StoreError::Projection`] when `P` cannot take an event; its table then stands before the
    ///   page of that event;
    /// - [`StoreError::ProjectionChanged`] when another definition of `P` has made the table: call
    ///   [`rebuild`](Self::rebuild);
    /// - [`StoreError::ProjectionTable`] when there is a table of that name which is something else;
    /// - and what may happen to a database.
    pub async fn catch_up<P: Projection>(&self) -> Result<Position, StoreError> {
        catch_up(self, Box::new(Projected::<P>::new()), |_| {}).await
    }

    /// Makes the rows of `P` anew from the whole log, and says up to where that goes.
    ///
    /// They are written into a table beside the one that is asked, page by page, and take its place at
    /// once: queries see the old rows until then, appends go on meanwhile, and the old rows stay if it
    /// fails. What an earlier call has begun is gone on with. Indexes and triggers that you have put on
    /// the table are kept; one that names a column which is not there any more is an error.
    ///
    /// # Errors
    /// [`StoreError::Projection`] when `P` cannot take an event, [`StoreError::ProjectionTable`] when
    /// there is a table of that name which is something else, or what stands on it cannot be kept, and
    /// what may happen to a database.
    pub async fn rebuild<P: Projection>(&self) -> Result<Position, StoreError> {
        let building = Arc::new(Projected::<P>::subscription_of().building());
        if let Err(StoreError::ProjectionChanged { .. }) = self.subscribe(building.clone()).await {
            // What was begun is of a definition that nobody has any more.
            self.start_over(building.clone(), None).await?;
        }
        loop {
            catch_up(self, Box::new(Projected::<P>::building()), |_| {}).await?;
            let building = building.clone();
            let replaced = self.on_writer(REPLACING, move |writer| {
                // Where the rows are inline, each append moves them: it takes the last events itself.
                let follower = Inline::new(Registered::new::<P>())?;
                writer.replace(building, None, Some(follower))
            });
            if let Replaced::Done(checkpoint) = replaced.await? {
                return Ok(checkpoint.position);
            }
        }
    }
}
