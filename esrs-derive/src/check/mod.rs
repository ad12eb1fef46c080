//! Rules that no single attribute breaks: one function a rule, each with the sentence that the user reads.
//!
//! `model` alone calls them, while it is built: a model that `expand` sees is checked.

pub(crate) mod aggregate;
pub(crate) mod column;
pub(crate) mod cycle;
pub(crate) mod event;
pub(crate) mod history;
mod paths;
pub(crate) mod projection;
pub(crate) mod schema;
