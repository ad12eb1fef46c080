//! The answer of a command: its result alone, or with its events and the state after them.

use std::future::Future;

use jiff::Timestamp;
use uuid::Uuid;

use super::load::stream_of;
use super::{Executed, LoadError, Loaded, Repository};
use crate::aggregate::{Aggregate, ReplayError, ReplayFault, decode_all, find, stop};
use crate::event::{Envelope, EventKind, Metadata, PayloadError, Position, Recorded, StreamId};
use crate::log::{AsOf, NewEvent, Page, ReadQuery};
use crate::schema::StoredAs;
use crate::store::{AuditEntry, Cursor};
use crate::value::guarded;

/// The result of a command, with the events that it emitted and the state after them.
///
/// Made by [`Execute::returning`](super::Execute::returning).
#[derive(Debug)]
pub struct Returned<A: Aggregate> {
    executed: Executed,
    events: Vec<Recorded<A::Event>>,
    state: A,
}

impl<A: Aggregate> Returned<A> {
    /// Returns the result: the stream, its version, and whether the command was repeated.
    pub fn executed(&self) -> &Executed {
        &self.executed
    }

    /// Returns the emitted events, in order, as every later read returns them.
    pub fn events(&self) -> &[Recorded<A::Event>] {
        &self.events
    }

    /// Returns the state after the events, at [`Executed::version`].
    pub fn state(&self) -> &A {
        &self.state
    }

    /// Splits it into the result, the events and the state.
    pub fn into_parts(self) -> (Executed, Vec<Recorded<A::Event>>, A) {
        (self.executed, self.events, self.state)
    }
}

impl<A: Aggregate<Event: Clone> + Clone> Clone for Returned<A> {
    fn clone(&self) -> Self {
        let Self { executed, events, state } = self;
        Self { executed: executed.clone(), events: events.clone(), state: state.clone() }
    }
}

/// The answer of a command: [`Executed`], or [`Returned`].
#[diagnostic::on_unimplemented(
    message = "a command on `{A}` is not answered with `{Self}`",
    label = "not an answer",
    note = "the answers are `Executed` and `Returned<{A}>`"
)]
#[allow(private_bounds, reason = "no other crate implements it")]
pub trait Answer<A: Aggregate>: Sized + Send + 'static {
    /// The parts of the answer that are known before the events are stored.
    #[doc(hidden)]
    type Draft: Draft<A, Answer = Self>;

    /// The result of the command.
    #[doc(hidden)]
    fn executed(&self) -> &Executed;
}

/// An answer while its command runs.
pub(super) trait Draft<A: Aggregate>: Default + Send + Sync {
    type Answer;

    /// Drops the events of an earlier decision.
    fn restart(&mut self);
    /// Takes an event that was decided.
    fn decided(&mut self, event: &NewEvent) -> Result<(), PayloadError>;
    /// Takes the state after the decided events, if there are any, which are not stored yet.
    fn applied(&mut self, state: &A);
    /// Makes the answer of what was stored now; `first` is the position of the first event. An error
    /// gives the result back if the answer needs a read.
    fn stored(&mut self, executed: Executed, first: Position) -> Result<Self::Answer, Executed>;
    /// Makes the answer of a command without events; an error as of [`stored`](Self::stored).
    fn unchanged(&mut self, executed: Executed) -> Result<Self::Answer, Executed>;
    /// Makes the answer of a command that an earlier one has stored.
    fn read(
        repository: &Repository<A>,
        id: &A::Id,
        executed: Executed,
    ) -> impl Future<Output = Result<Self::Answer, LoadError>> + Send;
}

impl<A: Aggregate> Answer<A> for Executed {
    type Draft = Bare;

    fn executed(&self) -> &Executed {
        self
    }
}

/// The draft of an [`Executed`]: nothing is stored.
#[derive(Debug, Default)]
pub struct Bare;

impl<A: Aggregate> Draft<A> for Bare {
    type Answer = Executed;

    fn restart(&mut self) {}

    fn decided(&mut self, _: &NewEvent) -> Result<(), PayloadError> {
        Ok(())
    }

    fn applied(&mut self, _: &A) {}

    fn stored(&mut self, executed: Executed, _: Position) -> Result<Executed, Executed> {
        Ok(executed)
    }

    fn unchanged(&mut self, executed: Executed) -> Result<Executed, Executed> {
        Ok(executed)
    }

    async fn read(_: &Repository<A>, _: &A::Id, executed: Executed) -> Result<Executed, LoadError> {
        Ok(executed)
    }
}

impl<A: Aggregate + Clone> Answer<A> for Returned<A> {
    type Draft = Full<A>;

    fn executed(&self) -> &Executed {
        &self.executed
    }
}

/// The draft of a [`Returned`].
pub struct Full<A: Aggregate> {
    events: Vec<Decided<A::Event>>,
    state: Option<A>,
}

/// An event, with what is known of its envelope before it is stored.
struct Decided<E> {
    event: E,
    id: Uuid,
    recorded_at: Timestamp,
    metadata: Metadata,
}

impl<A: Aggregate> Default for Full<A> {
    fn default() -> Self {
        Self { events: Vec::new(), state: None }
    }
}

impl<A: Aggregate + Clone> Draft<A> for Full<A> {
    type Answer = Returned<A>;

    fn restart(&mut self) {
        *self = Self::default();
    }

    fn decided(&mut self, new: &NewEvent) -> Result<(), PayloadError> {
        // As it is read, and not as it was emitted: serde may skip a field.
        let kind = EventKind { name: new.name.clone(), version: new.version };
        let (decoder, stored) =
            find(A::EVENTS, &kind).ok_or(PayloadError::NoSuchDecoder(A::EVENTS.len()))?;
        let event = guarded(|| A::decode(decoder, stored, &new.payload))
            .unwrap_or_else(|message| Err(PayloadError::Panicked { message }))?;
        let NewEvent { id, recorded_at, metadata, .. } = new;
        let (id, recorded_at, metadata) = (*id, *recorded_at, metadata.clone());
        self.events.push(Decided { event, id, recorded_at, metadata });
        Ok(())
    }

    fn applied(&mut self, state: &A) {
        self.state = Some(state.clone());
    }

    fn stored(&mut self, executed: Executed, first: Position) -> Result<Returned<A>, Executed> {
        let count = self.events.len() as u64;
        if executed.was_repeated() || executed.event_count() != count {
            return Err(executed);
        }
        let Some(state) = self.state.take() else { return Err(executed) };
        let first_version = executed.version() + 1 - executed.event_count();
        let events = std::mem::take(&mut self.events).into_iter().zip(0..);
        let events = events.map(|(decided, place)| {
            let Decided { event, id, recorded_at, metadata } = decided;
            let envelope = Envelope {
                stream: executed.stream().clone(),
                version: first_version + place,
                position: Position::new(first.get() + place),
                event_id: id,
                recorded_at,
                metadata,
            };
            Recorded::new(event, envelope)
        });
        Ok(Returned { events: events.collect(), executed, state })
    }

    fn unchanged(&mut self, executed: Executed) -> Result<Returned<A>, Executed> {
        let Some(state) = self.state.take() else { return Err(executed) };
        Ok(Returned { executed, events: Vec::new(), state })
    }

    async fn read(
        repository: &Repository<A>,
        id: &A::Id,
        executed: Executed,
    ) -> Result<Returned<A>, LoadError> {
        if executed.event_count() == 0 {
            let loaded = repository.load(id).await?;
            let executed = executed.at(Loaded::version(&loaded));
            return Ok(Returned {
                executed,
                events: Vec::new(),
                state: Loaded::into_state(loaded),
            });
        }
        let version = executed.version();
        let after = version.saturating_sub(executed.event_count());
        let events = repository.events_between(&stream_of::<A>(id)?, after, version).await?;
        let state = Loaded::into_state(repository.load_at(id, AsOf::Version(version)).await?);
        Ok(Returned { executed, events, state })
    }
}

impl<A: Aggregate> Repository<A> {
    /// The events of a stream behind a version, up to another.
    async fn events_between(
        &self,
        stream: &StreamId,
        after: u64,
        up_to: u64,
    ) -> Result<Vec<Recorded<A::Event>>, LoadError> {
        let limit = usize::try_from(up_to.saturating_sub(after)).unwrap_or(usize::MAX);
        let limit = limit.min(ReadQuery::DEFAULT_LIMIT);
        let query = ReadQuery::stream(stream.clone()).after_version(after).limit(limit);
        let doing = "reading the events of a repeated command";
        let mut cursor = Cursor::new(self.store.clone(), query, doing);
        let mut events = Vec::new();
        while let Some((entry, page, place)) = cursor.peek().await? {
            if entry.envelope.version > up_to {
                break;
            }
            let decoded = decode_entry::<A>(&entry, page, place)?;
            events.extend(
                decoded.into_iter().map(|event| Recorded::new(event, entry.envelope.clone())),
            );
            cursor.step();
        }
        Ok(events)
    }
}

/// Reads a stored event as the events that it counts as today: none if its name is retired.
///
/// # Errors
/// [`ReplayError`] if the aggregate does not know its name, or its payload cannot be read.
pub(crate) fn decode_entry<A: Aggregate>(
    entry: &AuditEntry,
    page: &Page,
    place: usize,
) -> Result<Vec<A::Event>, ReplayError> {
    let decode = |decoder, stored: StoredAs| {
        guarded(|| decode_all::<A>(decoder, stored, &entry.payload))
            .map_err(|message| ReplayFault::Panicked { message })
            .and_then(|decoded| Ok(decoded?))
    };
    let decoded = match find(A::EVENTS, &entry.kind) {
        Some((decoder, stored)) => decode(decoder, stored),
        None if A::RETIRED.contains(&&*entry.kind.name) => Ok(Vec::new()),
        None => Err(ReplayFault::UnknownEvent { aggregate: A::NAME }),
    };
    decoded.map_err(|fault| stop(page, place, fault))
}
