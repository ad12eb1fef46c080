//! The writer, as its thread and those who append share it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};

use esrs_core::{Appended, StoreError};

use super::{PreparedAppend, Writer};

/// The one writer of a store; empty once the store is closed.
#[derive(Clone)]
pub(crate) struct SharedWriter(Arc<Mutex<Option<Writer>>>);

impl SharedWriter {
    pub(crate) fn new(writer: Writer) -> Self {
        Self(Arc::new(Mutex::new(Some(writer))))
    }

    /// Commits an append on this thread. It is given back if the writer is at work, or closed.
    pub(crate) fn commit_at_once(
        &self,
        append: PreparedAppend,
    ) -> Result<Result<Appended, StoreError>, PreparedAppend> {
        let mut writer = match self.0.try_lock() {
            Ok(writer) => writer,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return Err(append),
        };
        match &mut *writer {
            Some(writer) => Ok(writer.commit_alone(&append)),
            None => Err(append),
        }
    }

    /// Does its work when the writer is free; nothing once the store is closed.
    pub(super) fn with(&self, work: impl FnOnce(&mut Writer)) {
        self.lock().as_mut().map(work);
    }

    /// Closes its connection.
    pub(crate) fn close(&self) {
        self.lock().take();
    }

    /// A panic leaves no lock behind that is of use to nobody: what panics is rolled back by itself.
    fn lock(&self) -> MutexGuard<'_, Option<Writer>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
