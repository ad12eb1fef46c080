//! A subscriber that is lent to the thread that writes, and comes back.

use std::panic::{AssertUnwindSafe, catch_unwind};

use esrs_core::StoreError;
use esrs_core::subscription::Subscriber;
use futures_channel::oneshot;

use crate::error::Fault;
use crate::writer::{Writer, WriterWork};

type Answer<T> = (Box<dyn Subscriber>, Result<T, StoreError>);

/// A subscriber that comes back to its lender, with what came of it: also when the store is closed
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
}

/// The job of the writer thread that does something with a subscriber.
pub(super) struct Lending<T, W> {
    pub(super) doing: &'static str,
    pub(super) lent: Lent<T>,
    pub(super) work: W,
}

impl<T, W> WriterWork for Lending<T, W>
where
    T: Send,
    W: FnOnce(&mut Writer, &mut dyn Subscriber) -> Result<T, Fault> + Send,
{
    /// A panic is an error as others are, and nothing of it is stored.
    fn run(self: Box<Self>, writer: &mut Writer) {
        let Self { doing, mut lent, work } = *self;
        let Some(subscriber) = &mut lent.subscriber else { return };
        let working = AssertUnwindSafe(|| work(writer, &mut **subscriber));
        let done = catch_unwind(working).unwrap_or_else(|_| {
            writer.roll_back();
            Err(Fault::said(doing, "the subscriber panicked"))
        });
        lent.done = done.map_err(|fault| writer.database.explain(doing, fault));
    }

    fn refuse(mut self: Box<Self>, error: StoreError) {
        self.lent.done = Err(error);
    }

    fn is_wanted(&self) -> bool {
        self.lent.reply.as_ref().is_some_and(|reply| !reply.is_canceled())
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
