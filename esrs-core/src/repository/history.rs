//! What happened to an instance, and what it was after each event.

use serde_json::Value;

use super::fold::initial;
use super::load::{ComparedState, shown, stream_of};
use super::returned::decode_entry;
use super::{LoadError, Repository};
use crate::cursor::{Cursor, InMemory};
use crate::replay::{ReplayFault, replay_range, stop};
use crate::{Aggregate, AuditEntry, Changes, Envelope, EventKind, ReadQuery, StreamId};

type Show<A> = fn(&A, &StreamId, u64) -> Result<Value, LoadError>;

/// The events of an instance one by one, each beside the state after it.
///
/// Made by [`Repository::history`]. It reads a page at a time, so that a long history needs no more
/// memory than a short one.
pub struct History<A: Aggregate> {
    cursor: Cursor,
    stream: StreamId,
    state: A,
    version: u64,
    /// The message of the panic that the next event ends in: the state is half changed since.
    panicked: Option<String>,
    show: Option<Show<A>>,
    /// The state as JSON, if changes are asked for.
    shown: Value,
}

/// One event of an instance, and the state after it.
pub struct Moment<'a, A: Aggregate> {
    /// Where, when and by whom it was recorded.
    pub envelope: Envelope,
    /// The name and the version that it was stored under.
    pub kind: EventKind,
    /// Its payload, as it was stored.
    pub payload: String,
    /// The event, brought up to date. None for one whose name is retired; the parts of one that was
    /// [split](crate::Split), in order.
    pub events: Vec<A::Event>,
    /// The state after it.
    pub state: &'a A,
    /// What it changed in the state, if [`with_changes`](History::with_changes) has asked for it.
    pub changes: Changes,
}

impl<A: Aggregate> Repository<A> {
    /// The events of an instance one by one, each beside the state after it.
    ///
    /// ```
    #[doc = include_str!("../doc/bank_account.txt")]
    /// use esrs_core::{MemoryStore, Repository};
    ///
    /// let accounts = Repository::<BankAccount>::new(MemoryStore::new());
    /// let id = "NL-18".to_owned();
    /// accounts.execute(&id, Deposit { cents: 500 }).by("alice").await?;
    /// accounts.execute(&id, Deposit { cents: 20 }).by("bob").await?;
    ///
    /// let mut history = accounts.history(&id)?.with_changes();
    /// let mut told = Vec::new();
    /// while let Some(moment) = history.next().await? {
    ///     let who = moment.envelope.metadata.actor().unwrap_or("nobody");
    ///     told.push(format!("{who}, {}: {}", moment.kind.name, moment.changes));
    /// }
    /// assert_eq!(told, [
    ///     "alice, money_deposited: cents: 0 → 500",
    ///     "bob, money_deposited: cents: 500 → 520",
    /// ]);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`LoadError::Id`] when the id cannot be part of a stream's name.
    pub fn history(&self, id: &A::Id) -> Result<History<A>, LoadError> {
        let stream = stream_of::<A>(id)?;
        let query = ReadQuery::stream(stream.clone()).limit(ReadQuery::DEFAULT_LIMIT);
        Ok(History {
            cursor: Cursor::new(self.store.clone(), query, "reading a history"),
            state: initial::<A>(&stream)?,
            stream,
            version: 0,
            panicked: None,
            show: None,
            shown: Value::Null,
        })
    }
}

/// Says in a `for` what to write instead. Nothing implements what this asks for: it is there for its
/// words.
#[doc(hidden)]
impl<A: Aggregate> Iterator for History<A>
where
    for<'a> &'a Self: InMemory,
{
    type Item = Result<Moment<'static, A>, LoadError>;

    fn next(&mut self) -> Option<Self::Item> {
        unreachable!("no history is in memory")
    }
}

impl<A: Aggregate> History<A> {
    /// Says of each event what it changed in the state.
    #[must_use]
    pub fn with_changes(mut self) -> Self
    where
        A: ComparedState,
    {
        self.show = Some(shown::<A>);
        self
    }

    /// The next event, and the state after it; `None` behind the last.
    ///
    /// # Errors
    /// [`LoadError`] when the store fails, or holds an event that cannot be read; the events before
    /// that have come already, and asked again it says so again.
    pub async fn next(&mut self) -> Result<Option<Moment<'_, A>>, LoadError> {
        let Self { cursor, stream, state, version, panicked, show, shown } = self;
        let Some((entry, page, place)) = cursor.peek().await? else { return Ok(None) };
        if let Some(message) = panicked.clone() {
            return Err(stop(page, place, ReplayFault::Panicked { message }).into());
        }
        if let (Some(show), 0) = (*show, *version) {
            *shown = show(state, stream, 0)?;
        }
        let events = decode_entry::<A>(&entry, page, place)?;
        let AuditEntry { envelope, kind, payload } = entry;
        // It is applied already if its state could not be shown before.
        if envelope.version > *version {
            let replayed = replay_range(state, *version, page, place..place + 1);
            *version = replayed.inspect_err(|error| {
                if let ReplayFault::Panicked { message } = &error.reason {
                    *panicked = Some(message.clone());
                }
            })?;
        }
        let mut changes = Changes::default();
        if let Some(show) = show {
            let after = show(state, stream, *version)?;
            changes = Changes::between(shown, &after);
            *shown = after;
        }
        cursor.step();
        Ok(Some(Moment { envelope, kind, payload, events, state, changes }))
    }
}
