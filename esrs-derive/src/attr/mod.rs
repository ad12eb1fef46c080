//! The content of the attributes, token by token.

pub(crate) mod aggregate;
pub(crate) mod event;
pub(crate) mod history;
pub(crate) mod list;
pub(crate) mod lock;
pub(crate) mod meta;
pub(crate) mod name;
pub(crate) mod projection;
pub(crate) mod schema;
pub(crate) mod serde;
