//! Bringing a read model to the end of the log, and making it anew, when somebody asks for it.

use esrs_core::subscription::{self, Projected};
use esrs_core::{Position, Projection, StoreError};

use crate::SqliteStore;

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
        subscription::catch_up(self, Box::new(Projected::<P>::new()), |_| {}).await
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
        subscription::rebuild(self, || Box::new(Projected::<P>::building()), |_| {}).await
    }
}
