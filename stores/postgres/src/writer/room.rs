//! The room that appends take while they are queued.

use std::sync::Arc;
use std::time::Instant;

use esrs_core::StoreError;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::PreparedAppend;
use crate::limit::Elapsed;
use crate::store::Shared;

/// The bytes of appends that may be queued at once. Appends that come when there is no room wait outside,
/// with their callers, in the order in which they came.
pub(crate) struct Room(Arc<Semaphore>);

impl Room {
    /// The size of the room, in KiB. An append that is larger takes all of it.
    const SIZE: usize = 32 * 1024;
    /// The smallest share of an append, in KiB, which bounds their number, too: 4,096.
    const LEAST: usize = 8;

    pub(crate) fn new() -> Self {
        Self(Arc::new(Semaphore::new(Self::SIZE)))
    }

    /// Waits for room until the append is given up.
    ///
    /// # Errors
    /// Returns [`StoreError::Busy`] after that time, and [`StoreError::Closed`] if the store is closed.
    pub(crate) async fn enter(
        &self,
        shared: &Shared,
        append: &PreparedAppend,
        give_up_at: Instant,
    ) -> Result<OwnedSemaphorePermit, StoreError> {
        let size = (append.bytes() / 1024).clamp(Self::LEAST, Self::SIZE) as u32;
        let entering = self.0.clone().acquire_many_owned(size);
        let error = match shared.timer.until(give_up_at, entering).await {
            Ok(Ok(place)) => return Ok(place),
            Ok(Err(_)) => StoreError::Closed,
            Err(Elapsed::Time) => StoreError::Busy {
                location: shared.location.to_string(),
                waited: shared.busy_timeout,
            },
            Err(elapsed) => shared.elapsed(elapsed, shared.busy_timeout),
        };
        // What was sent before may be stored all the same.
        Err(match append.may_be_stored {
            true => {
                let reason = format!("the connection was lost, and since then {error}");
                StoreError::Unknown { reason }
            }
            false => error,
        })
    }

    /// Refuses those who wait: the queue takes nothing more.
    pub(crate) fn close(&self) {
        self.0.close();
    }
}
