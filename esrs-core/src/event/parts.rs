//! The parts of an event that was split, as the compiler knows them.

/// The event types that a value is made of.
#[derive(Debug, Clone, Copy)]
pub enum PartTypes {
    /// Nobody tells: an event that was written by hand, or the events of an aggregate.
    Untold,
    /// An event.
    Event(PartType),
    /// Those of each of these.
    All(&'static [&'static PartTypes]),
}

/// An event type, as a part of a value.
#[derive(Debug, Clone, Copy)]
pub struct PartType {
    /// The name that the user gives it.
    pub written: &'static str,
    /// The name it is stored under.
    pub name: &'static str,
    /// Its version.
    pub version: u32,
}
