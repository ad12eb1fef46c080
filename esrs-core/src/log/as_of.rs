//! A point in the history of a stream.

use jiff::Timestamp;

use crate::event::Position;

/// A point in the history of one instance: what came after it is left out.
///
/// A time or a position that lies behind the last event is the present. A time is one of recording: what
/// occurred before it and was recorded later, as an import does, is left out.
///
/// ```
#[doc = include_str!("../doc/bank_account.txt")]
/// use esrs_core::{AsOf, FixedClock, MemoryStore, Repository};
/// use jiff::SignedDuration;
///
/// let clock = FixedClock::at("2026-01-05T12:00:00Z".parse()?);
/// let accounts = Repository::<BankAccount>::new(MemoryStore::new()).with_clock(clock.clone());
/// let id = "NL-18".to_owned();
/// let deposited = accounts.execute(&id, Deposit { cents: 500 }).await?;
/// clock.advance(SignedDuration::from_hours(24));
/// accounts.execute(&id, Deposit { cents: 20 }).await?;
///
/// let position = deposited.position().ok_or("the deposit emitted no event")?;
/// let moments = [
///     (AsOf::Now, 520),
///     (AsOf::Version(1), 500),
///     (AsOf::Version(0), 0),
///     (AsOf::Time("2026-01-06T00:00:00Z".parse()?), 500),
///     (AsOf::Position(position), 500),
/// ];
/// for (as_of, cents) in moments {
///     assert_eq!(accounts.load_at(&id, as_of).await?.cents, cents, "{as_of}");
/// }
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum AsOf {
    /// After its last event.
    Now,
    /// After so many of its events; 0 is before the first.
    ///
    /// A version that the instance has not reached is an error, because it names an event that is
    /// not there.
    Version(u64),
    /// At this time: after the last event before the first one that was recorded later.
    ///
    /// Clocks of several machines differ, so a time is only as exact as they are. The state is that
    /// of a beginning of the history all the same, and holds no event that was recorded later.
    Time(Timestamp),
    /// When the whole log ended at this position.
    Position(Position),
}

impl AsOf {
    /// Returns true if an event that stands here belongs to the history up to this moment. Of a time the
    /// answer holds only as long as every event before it belongs there too.
    pub fn includes(self, version: u64, position: Position, recorded_at: Timestamp) -> bool {
        match self {
            Self::Now => true,
            Self::Version(last) => version <= last,
            Self::Time(time) => recorded_at <= time,
            Self::Position(last) => position <= last,
        }
    }
}

impl std::fmt::Display for AsOf {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Now => f.write_str("now"),
            Self::Version(version) => write!(f, "version {version}"),
            Self::Time(time) => write!(f, "{time}"),
            Self::Position(position) => write!(f, "position {position}"),
        }
    }
}
