//! Repetitions of commands, which come in rows when an import is resumed.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

/// The result of the last command with an idempotency key.
#[derive(Debug, Default)]
pub(super) struct Repetitions {
    last_was_one: AtomicBool,
}

impl Repetitions {
    /// Returns true if the next command with a key is probably a repetition, too.
    pub(super) fn are_expected(&self) -> bool {
        self.last_was_one.load(Relaxed)
    }

    pub(super) fn record(&self, was_repeated: bool) {
        // A shared cache line is written only when there is something new.
        if self.are_expected() != was_repeated {
            self.last_was_one.store(was_repeated, Relaxed);
        }
    }
}
