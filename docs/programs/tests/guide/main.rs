//! The guide: its programs print what its pages show, and everything that a page names is there.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod book;
mod charts;
mod markdown;
mod names;
mod programs;
