//! The programs of the tutorial and the bank import, run as their users run them.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod bank_import;
mod examples;
mod support;
