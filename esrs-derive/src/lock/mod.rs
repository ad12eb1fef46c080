//! The locks next to the user's source: what is stored already, and must not change.
//!
//! Each target of a package has its own: two examples may have events of one name. A crate that is
//! compiled without a target of a package, as a documentation test is, has none.

mod file;
mod folder;

pub(crate) use file::{Locked, Unsound, aggregate, aggregates, all, event, event_names, golden};
pub(crate) use folder::{Folder, Mode};
