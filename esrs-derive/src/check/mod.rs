//! Rules that no single attribute breaks: one function a rule, each with the sentence that the user reads.

pub(crate) mod aggregate;
pub(crate) mod column;
pub(crate) mod cycle;
pub(crate) mod event;
pub(crate) mod history;
pub(crate) mod projection;
pub(crate) mod schema;
