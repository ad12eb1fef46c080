//! Read models: tables whose rows follow from the events of the same file.

mod inline;
mod known;
mod query;
mod table;

pub(crate) use inline::{Inline, Registered};
pub(crate) use known::Known;
pub(crate) use table::{ModelTable, building_name};
