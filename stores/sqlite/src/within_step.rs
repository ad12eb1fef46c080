//! A handler that uses its store while the store runs it.
//!
//! It runs on the one thread that writes, and its future is polled once: whether another thread would
//! answer in time is a matter of luck, so it is refused every time.

use std::cell::Cell;

use esrs_core::StoreError;

use crate::error::{Database, Fault};

/// The message about a handler that did what it may not, and what to do instead.
pub(crate) const AWAITED: &str = "its handler awaited something other than the statements of its \
    transaction, which run on the one thread that writes: read by `transaction.query`, and execute \
    commands or wait for anything else outside of the handler; nothing of the step is stored";

thread_local! {
    /// The address of the database whose step runs on this thread; 0 if there is none.
    static STEP_OF: Cell<usize> = const { Cell::new(0) };
}

fn address(database: &Database) -> usize {
    std::ptr::from_ref(database).addr()
}

/// Runs a step of a subscription.
pub(crate) fn run<T>(database: &Database, step: impl FnOnce() -> T) -> T {
    struct Reset;
    impl Drop for Reset {
        fn drop(&mut self) {
            STEP_OF.set(0);
        }
    }
    STEP_OF.set(address(database));
    let _reset = Reset;
    step()
}

/// Refuses a call that is made by a handler of the same store.
pub(crate) fn refuse(doing: &'static str, database: &Database) -> Result<(), StoreError> {
    match STEP_OF.get() == address(database) {
        true => Err(database.explain(doing, Fault::said(doing, AWAITED))),
        false => Ok(()),
    }
}
