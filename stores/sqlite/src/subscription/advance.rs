//! A step of a subscription: what its subscriber writes and its checkpoint, in one transaction.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::task::{Context, Poll, Waker};

use esrs_core::StoreError;
use esrs_core::subscription::{Advance, Advanced, Subscriber};
use futures_channel::oneshot;
use rusqlite::Connection;

use super::kept::Kept;
use super::transaction::Step;
use super::{checkpoint, lease, parked};
use crate::error::Fault;
use crate::writer::Writer;

const DOING: &str = "advancing a subscription";

const AWAITED: &str = "its handler awaited something other than the statements of its transaction, \
    which run on a thread that waits for nothing else";

type Answer = (Box<dyn Subscriber>, Result<Advanced, StoreError>);

/// A subscriber on its way to the writer, and back to whoever lent it: also when the store is closed
/// meanwhile, and nobody runs it.
pub(super) struct Lent {
    subscriber: Option<Box<dyn Subscriber>>,
    reply: Option<oneshot::Sender<Answer>>,
    advanced: Result<Advanced, StoreError>,
}

impl Lent {
    pub(super) fn new(subscriber: Box<dyn Subscriber>) -> (Self, oneshot::Receiver<Answer>) {
        let (reply, answer) = oneshot::channel();
        let advanced = Err(StoreError::Closed);
        (Self { subscriber: Some(subscriber), reply: Some(reply), advanced }, answer)
    }

    /// Takes the step. A panic is an error as others are, and nothing of it is stored.
    pub(super) fn advance(mut self, writer: &mut Writer, advance: &Advance) {
        let Some(subscriber) = &mut self.subscriber else { return };
        let step = AssertUnwindSafe(|| writer.advance(advance, &mut **subscriber));
        let advanced = catch_unwind(step).unwrap_or_else(|_| {
            writer.roll_back();
            Err(Fault::said(DOING, "the subscriber panicked"))
        });
        self.advanced = advanced.map_err(|fault| writer.database.explain(DOING, fault));
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        if let (Some(subscriber), Some(reply)) = (self.subscriber.take(), self.reply.take()) {
            let advanced = std::mem::replace(&mut self.advanced, Err(StoreError::Closed));
            // Who does not wait any more does not have to be told.
            let _ = reply.send((subscriber, advanced));
        }
    }
}

impl Writer {
    fn advance(
        &mut self,
        advance: &Advance,
        subscriber: &mut dyn Subscriber,
    ) -> Result<Advanced, Fault> {
        let kept = Kept::new(advance.subscription.clone())?;
        let advanced = self.transact(|writer| {
            let Writer { connection, database, .. } = writer;
            lease::check(connection, &advance.subscription, advance.fence)?;
            if !move_on(connection, advance)? {
                return elsewhere(connection, advance, &kept);
            }
            let table = kept.table.as_ref();
            run(Step { connection, database, table }, advance, subscriber)?;
            let subscription = &advance.subscription;
            for stream in &advance.park {
                parked::park(connection, subscription, stream)?;
            }
            for stream in &advance.resume {
                parked::resume(connection, subscription, stream)?;
            }
            Ok(Advanced::Done)
        })?;
        if advanced == Advanced::Done {
            self.waiting.moved(&advance.subscription, advance.to);
        }
        Ok(advanced)
    }
}

/// Moves the checkpoint, if it stands where the step begins.
fn move_on(connection: &Connection, advance: &Advance) -> Result<bool, Fault> {
    let Advance { subscription, from, to, .. } = advance;
    let mut statement = connection.prepare_cached(
        "UPDATE esrs_subscriptions SET position = ?5 WHERE name = ?1 AND building = ?2
             AND position = ?3 AND generation = ?4 AND definition = ?6",
    )?;
    let moved = statement.execute((
        subscription.name,
        subscription.building,
        from.position.get().cast_signed(),
        from.generation.cast_signed(),
        to.get().cast_signed(),
        &*subscription.definition,
    ))?;
    Ok(moved == 1)
}

/// Where it stands instead. What is gone, because it was put in place, begins anew.
fn elsewhere(connection: &Connection, advance: &Advance, kept: &Kept) -> Result<Advanced, Fault> {
    match checkpoint::stored(connection, &advance.subscription)? {
        Some((definition, at)) if at == advance.from => {
            Err(advance.subscription.changed(definition).into())
        }
        Some((_, at)) => Ok(Advanced::Elsewhere(at)),
        None => kept.enter(connection).map(Advanced::Elsewhere),
    }
}

/// Runs the subscriber, whose futures are ready when they are polled first.
fn run(
    mut step: Step<'_>,
    advance: &Advance,
    subscriber: &mut dyn Subscriber,
) -> Result<(), Fault> {
    let mut running = subscriber.run(advance.from.position, &mut step);
    match running.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(done) => done?,
        Poll::Pending => return Err(Fault::said(DOING, AWAITED)),
    }
    drop(running);
    step.check()
}
