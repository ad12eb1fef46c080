//! The lock format of esrs: what is locked of an event or an aggregate, as text, and which change of it is
//! compatible.
//!
//! The derives, the core and `cargo esrs` read and write locks through this crate alone. It has no dependencies,
//! and what the compiler runs when it compares a shape with its lock is `const`. It is an inner part of esrs and
//! pinned to its version: use the crate `esrs`.
//!
//! | module | content |
//! | --- | --- |
//! | [`name`] | the names of locks as files |
//! | [`file`] | the text of a lock and of the index |
//! | [`outline`] | a shape as lines of text |
//! | [`steps`] | what is declared besides the shape |
//! | [`tree`] | an outline as a tree, for programs that do something with it |
//! | [`compat`] | whether stored payloads are still read after a change |
//! | [`rolling`] | whether an older program reads what a newer one writes |
//! | [`told`] | what a target tells `cargo esrs` |
//! | [`hash`], [`text`] | what the others are made of |

pub mod compat;
mod entry;
pub mod file;
pub mod hash;
pub mod name;
pub mod outline;
pub mod rolling;
pub mod steps;
pub mod text;
pub mod told;
pub mod tree;
