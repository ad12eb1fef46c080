//! Marks, which show that a log is still the one that was read before.

use uuid::Uuid;

use crate::event::Position;

/// An event that was read from a log, by its position and its id.
///
/// Ids are unique, and events are committed in the order of their positions: a log that still holds
/// this event holds everything before it, too. A log that lost commits (a fail-over to a standby that
/// was behind, a restored backup) does not hold it any more, even after it has grown past the position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogMark {
    /// The position of the event.
    pub position: Position,
    /// The id of the event.
    pub event_id: Uuid,
}
