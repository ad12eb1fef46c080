//! User code that panics: a typed error, nothing stored, and the next call works.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod applying;
mod counter;
mod encoding;
mod faulty;
mod handling;
mod loading;
mod snapshots;
