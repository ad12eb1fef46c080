//! The only place that writes code.

pub(crate) mod aggregate;
pub(crate) mod column;
mod columns;
pub(crate) mod event;
pub(crate) mod id;
mod merges;
pub(crate) mod projection;
mod requires;
pub(crate) mod schema;
