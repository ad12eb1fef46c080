//! The stored name and version of an event.

use std::sync::Arc;

/// The stored name and version of an event's type.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct EventKind {
    /// The stored name.
    pub name: Arc<str>,
    /// The version of the shape.
    pub version: u32,
}
