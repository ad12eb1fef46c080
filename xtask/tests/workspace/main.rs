//! What is true of the workspace, and what `cargo xtask` does with it.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod book;
mod ci;
mod ignored;
mod map;
mod published;
mod surface;
mod testing;
mod words;
