//! Read models: tables whose rows follow from the events of the same file.

mod catch_up;
mod inline;
mod query;
mod rebuild;
mod table;

pub(crate) use inline::{Inline, Registered};
use table::ModelTable;
