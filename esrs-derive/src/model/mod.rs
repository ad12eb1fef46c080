//! The model of a type in terms of the domain; borrowed from the input, with its spans.

pub(crate) mod aggregate;
pub(crate) mod column;
pub(crate) mod declared;
pub(crate) mod event;
pub(crate) mod history;
pub(crate) mod id;
pub(crate) mod name;
pub(crate) mod newtype;
pub(crate) mod projection;
pub(crate) mod schema;
