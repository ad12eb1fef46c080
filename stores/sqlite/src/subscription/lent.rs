//! A subscriber on its way to the thread that writes, and back.

use std::panic::{AssertUnwindSafe, catch_unwind};

use esrs_core::StoreError;
use esrs_core::subscription::Subscriber;
use futures_channel::oneshot;

use crate::error::Fault;
use crate::writer::Writer;

type Answer<T> = (Box<dyn Subscriber>, Result<T, StoreError>);

/// A subscriber that comes back to whoever lent it, with what came of it: also when the store is closed
/// meanwhile, and nobody runs it.
pub(super) struct Lent<T> {
    subscriber: Option<Box<dyn Subscriber>>,
    reply: Option<oneshot::Sender<Answer<T>>>,
    done: Result<T, StoreError>,
}

impl<T> Lent<T> {
    pub(super) fn new(subscriber: Box<dyn Subscriber>) -> (Self, oneshot::Receiver<Answer<T>>) {
        let (reply, answer) = oneshot::channel();
        let done = Err(StoreError::Closed);
        (Self { subscriber: Some(subscriber), reply: Some(reply), done }, answer)
    }

    /// Does something with it. A panic is an error as others are, and nothing of it is stored.
    pub(super) fn run(
        mut self,
        doing: &'static str,
        writer: &mut Writer,
        work: impl FnOnce(&mut Writer, &mut dyn Subscriber) -> Result<T, Fault>,
    ) {
        let Some(subscriber) = &mut self.subscriber else { return };
        let working = AssertUnwindSafe(|| work(writer, &mut **subscriber));
        let done = catch_unwind(working).unwrap_or_else(|_| {
            writer.roll_back();
            Err(Fault::said(doing, "the subscriber panicked"))
        });
        self.done = done.map_err(|fault| writer.database.explain(doing, fault));
    }
}

impl<T> Drop for Lent<T> {
    fn drop(&mut self) {
        if let (Some(subscriber), Some(reply)) = (self.subscriber.take(), self.reply.take()) {
            let done = std::mem::replace(&mut self.done, Err(StoreError::Closed));
            // Who does not wait any more does not have to be told.
            let _ = reply.send((subscriber, done));
        }
    }
}
