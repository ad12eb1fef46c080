//! The answer to a call, which is given once: by the thread that does the work, or by the clock.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use esrs_core::StoreError;
use futures_channel::oneshot;

type Reply<T> = oneshot::Sender<Result<T, StoreError>>;

/// A call whose answer is not given yet, or is.
pub(crate) struct Call<T>(Mutex<Option<Reply<T>>>);

/// A [`Call`], whatever its answer is.
pub(crate) trait AnyCall: Send + Sync {
    /// Answers with an error, if there is no answer yet.
    fn refuse(&self, error: StoreError);

    /// Returns true if the caller still waits for an answer.
    fn is_wanted(&self) -> bool;
}

impl<T> Call<T> {
    pub(crate) fn new() -> (Arc<Self>, oneshot::Receiver<Result<T, StoreError>>) {
        let (reply, answer) = oneshot::channel();
        (Arc::new(Self(Mutex::new(Some(reply)))), answer)
    }

    pub(crate) fn answer(&self, answer: Result<T, StoreError>) {
        if let Some(reply) = self.lock().take() {
            // A caller that does not wait any more does not have to be told.
            let _ = reply.send(answer);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Reply<T>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T: Send> AnyCall for Call<T> {
    fn refuse(&self, error: StoreError) {
        self.answer(Err(error));
    }

    fn is_wanted(&self) -> bool {
        self.lock().as_ref().is_some_and(|reply| !reply.is_canceled())
    }
}
