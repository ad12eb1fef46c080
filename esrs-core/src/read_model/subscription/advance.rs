//! A subscription, where it stands, and how it gets further.

use std::any::{TypeId, type_name};
use std::borrow::Borrow;
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use super::{ParkedStream, ResumedStream};
use crate::event::{Position, StreamId};
use crate::log::{LogMark, StoreError};
use crate::read_model::projection::Table;
use crate::schema::Formats;

/// A follower of the log under a name of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscription {
    /// Its name; that of its table, if it has one.
    pub name: &'static str,
    /// The text that tells it from another, or an earlier one, of the same name.
    pub definition: Arc<str>,
    /// The table that has its rows.
    pub table: Option<Table>,
    /// True if it is rebuilt, next to the one of this name that others ask.
    pub building: bool,
    /// The type that it was derived from; `None` if that is not known.
    pub owner: Option<Owner>,
}

/// The Rust type of a projection or an event handler: two of them must not share a subscription.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Owner {
    id: TypeId,
    name: &'static str,
    /// The formats that it writes.
    formats: Formats,
}

impl Owner {
    /// The type `T`.
    pub fn of<T: 'static>() -> Self {
        Self { id: TypeId::of::<T>(), name: type_name::<T>(), formats: Formats::NONE }
    }

    /// The same, which writes these formats.
    pub(crate) fn writing(self, formats: Formats) -> Self {
        Self { formats, ..self }
    }
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`", self.name)
    }
}

impl fmt::Debug for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

impl Subscription {
    /// Refuses subscriptions of which two have one name, in whichever case, and those that cannot be run
    /// at all.
    ///
    /// # Errors
    /// Returns [`StoreError::SubscriptionTaken`] for two of one name, and the errors of
    /// [`check`](Self::check).
    pub fn check_distinct<'a>(
        subscriptions: impl IntoIterator<Item = &'a Self>,
    ) -> Result<(), StoreError> {
        let mut first: HashMap<String, &Self> = HashMap::new();
        for second in subscriptions {
            second.check()?;
            if let Some(first) = first.insert(second.name.to_ascii_lowercase(), second) {
                return Err(first.taken_by(second));
            }
        }
        Ok(())
    }

    /// Refuses a subscription whose rows this program would write otherwise than they are read: with each
    /// event it would park one more stream.
    ///
    /// # Errors
    /// Returns [`StoreError::ProjectionTable`] if a feature of a foreign crate changes a format in a column.
    pub fn check(&self) -> Result<(), StoreError> {
        let formats = self.owner.map_or(Formats::NONE, |owner| owner.formats);
        formats.check().map_err(|mismatch| StoreError::ProjectionTable {
            table: self.name,
            reason: mismatch.to_string(),
        })
    }

    /// The error when another subscription has the name of this one.
    pub fn taken_by(&self, other: &Self) -> StoreError {
        let owner = |one: &Self| match one.owner {
            Some(owner) => owner.to_string(),
            None => format!("{:?}", one.name),
        };
        let (first, second) = (owner(self), owner(other));
        let reason = match first == second {
            true => format!("{first} is registered twice; remove one of the registrations"),
            false => format!(
                "it belongs to {first} and to {second}; give one of them another table or name"
            ),
        };
        StoreError::SubscriptionTaken { name: other.name.to_owned(), reason }
    }

    /// The same, built next to the one of its name.
    #[must_use]
    pub fn building(&self) -> Self {
        Self { building: true, ..self.clone() }
    }

    /// The one of its name that others ask, whose place it takes once it is built.
    ///
    /// ```
    /// use esrs_core::subscription::Subscription;
    ///
    /// let asked = Subscription {
    ///     name: "alerts",
    ///     definition: "1".into(),
    ///     table: None,
    ///     building: false,
    ///     owner: None,
    /// };
    /// assert_eq!(asked.building().asked()?, asked);
    /// assert!(asked.asked().is_err());
    /// # Ok::<(), esrs_core::StoreError>(())
    /// ```
    ///
    /// # Errors
    /// [`StoreError::ProjectionTable`] when it is not built next to another.
    pub fn asked(&self) -> Result<Self, StoreError> {
        match self.building {
            true => Ok(Self { building: false, ..self.clone() }),
            false => Err(StoreError::ProjectionTable {
                table: self.name,
                reason:
                    "it is the one that is asked, and takes nobody's place; give what was built, \
                    as `Projected::building()` does"
                        .to_owned(),
            }),
        }
    }

    /// The name of the lease of the process that runs it.
    pub fn lease(&self) -> String {
        Self::lease_of(self.name, self.building)
    }

    pub(crate) fn lease_of(name: &str, building: bool) -> String {
        match building {
            true => format!("{name} (building)"),
            false => name.to_owned(),
        }
    }

    /// The error when its rows are read and were not made yet.
    pub fn not_made(&self) -> StoreError {
        StoreError::ProjectionTable {
            table: self.name,
            reason: "it was not made yet; call `catch_up`, run it, or open the store with the \
                projection inline"
                .to_owned(),
        }
    }

    /// The error when what is stored was made by another definition.
    pub fn changed(&self, stored: impl Into<String>) -> StoreError {
        StoreError::ProjectionChanged {
            table: self.name,
            stored: stored.into(),
            declared: self.definition.to_string(),
        }
    }
}

/// Where a subscription stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Checkpoint {
    /// It has taken all events up to here, but for those that it parked.
    pub position: Position,
    /// The number of times that its rows were thrown away or replaced: rows of another generation are others.
    pub generation: u64,
    /// The last event at or before `position`, by which a log that lost commits is told from one that did
    /// not; `None` at the start of the log, and for a checkpoint of a store that did not record it yet.
    pub mark: Option<LogMark>,
}

impl Checkpoint {
    /// Where a subscription stands that nobody has entered.
    pub const NOWHERE: Self = Self { position: Position::START, generation: 0, mark: None };
}

/// A subscription by name, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CheckpointOf {
    /// Its name.
    pub name: String,
    /// True if it is the one that is built next to the one of this name.
    pub building: bool,
    /// Where it stands.
    pub checkpoint: Checkpoint,
    /// The number of streams that it has parked.
    pub parked: u64,
    /// The holder of its lease by now.
    pub held_by: Option<String>,
    /// Why what runs it has failed, if it has.
    pub failure: Option<String>,
}

impl CheckpointOf {
    /// A subscription that nobody holds, and that has parked nothing.
    pub fn new(name: impl Into<String>, building: bool, checkpoint: Checkpoint) -> Self {
        let (name, parked, held_by, failure) = (name.into(), 0, None, None);
        Self { name, building, checkpoint, parked, held_by, failure }
    }
}

/// The target of a wait: that a subscription has taken the events up to a position.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaitTarget {
    /// The position that it must reach.
    pub position: Position,
    /// The streams whose events must be among those that it has taken, and not be parked. If there are
    /// none, no event at or before `position` may be parked.
    pub streams: Vec<StreamId>,
}

impl WaitTarget {
    /// Finds the first of the parked streams, in the order of their positions, that has parked one of the
    /// events.
    pub fn parked_among<P: Borrow<ParkedStream>>(
        &self,
        parked: impl IntoIterator<Item = P>,
    ) -> Option<P> {
        let Self { position, streams } = self;
        parked.into_iter().find(|parked| {
            let ParkedStream { position: at, stream, .. } = parked.borrow();
            at <= position && (streams.is_empty() || streams.contains(stream))
        })
    }
}

impl From<Position> for WaitTarget {
    fn from(position: Position) -> Self {
        Self { position, streams: Vec::new() }
    }
}

/// A step of a subscription, to be committed as a whole.
#[derive(Debug, Clone)]
pub struct Advance {
    /// The subscription.
    pub subscription: Arc<Subscription>,
    /// Where it has to stand.
    pub from: Checkpoint,
    /// Where it stands afterwards.
    pub to: Position,
    /// The last event at or before `to`, as [`Page::mark`](crate::Page::mark) answers it. The step is
    /// refused if the log does not hold it.
    pub mark: Option<LogMark>,
    /// The lease that allows it; `None` asks for no lease.
    pub fence: Option<u64>,
    /// The streams that are put aside with it.
    pub park: Vec<ParkedStream>,
    /// The streams whose parked events it takes.
    pub resume: Vec<ResumedStream>,
}

/// The result of an [`Advance`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Advanced {
    /// It is stored.
    Done,
    /// Nothing was stored: the subscription stands elsewhere, because another process has moved it. One
    /// that is not there any more, as what was built and then put in place, stands
    /// [nowhere](Checkpoint::NOWHERE).
    Elsewhere(Checkpoint),
}

/// The result of putting rows in place of others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Replaced {
    /// It is in place.
    Done(Checkpoint),
    /// Nothing was changed: the one to be replaced stands further, here.
    Behind(Position),
}

impl Replaced {
    /// So many events are taken while those who append may have to wait, and not more.
    pub const MOST_TAKEN: u64 = 10_000;

    /// Returns true if rows that were built up to `at` may take the events up to `to` while those who
    /// append wait: if there are any, and not too many.
    pub fn may_take(at: Position, to: Position) -> bool {
        (1..=Self::MOST_TAKEN).contains(&to.get().saturating_sub(at.get()))
    }
}
