//! The derives work wherever a user may write them: for events of another crate, with esrs
//! by another name, in macros, in functions, among taken names, under strict lints.

#![allow(clippy::unwrap_used, reason = "an error of a test's own making fails the test")]

extern crate esrs as renamed;

pub mod aggregates;
mod another_crate;
mod another_name;
mod book;
pub mod columns;
pub mod events;
mod functions;
mod generics;
pub mod lints;
mod macros;
mod taken_names;
mod visibility;
