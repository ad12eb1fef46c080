//! Facts about the workspace, and the commands of `cargo xtask`.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod book;
mod ci;
mod ignored;
mod map;
mod published;
mod surface;
mod testing;
mod words;
