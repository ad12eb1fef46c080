//! The only place that writes code.

pub(crate) mod aggregate;
pub(crate) mod column;
mod columns;
pub(crate) mod event;
pub(crate) mod history;
pub(crate) mod id;
pub(crate) mod lock;
mod merges;
pub(crate) mod projection;
mod requires;
mod samples;
pub(crate) mod schema;
