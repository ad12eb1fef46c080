//! Aggregates: a state, the events that make it, and the commands that it answers with events.

use std::fmt::Display;
use std::str::FromStr;

use super::context::Context;
use super::events::{Events, IntoEvents};
use crate::aggregate::demands::Demands;
use crate::event::{EventKind, PayloadError};
use crate::schema::{EventType, Fingerprint, StoredAs};
use crate::value::Encoder;

/// A state that is made of its own events, and decides what happens next.
///
/// Derive it on a struct, or on an enum when the aggregate is a state machine:
///
/// ```text
/// #[derive(Aggregate, Default)]
/// #[aggregate("bank_account", id = AccountId, events(AccountOpened, MoneyDeposited, ignored(StatementSent)))]
/// pub struct BankAccount { owner: String, cents: i64 }
/// ```
///
/// The derive writes `enum BankAccountEvent` with a variant per event, the conversions into it, and
/// the dispatch to each [`Apply`]. The state before the first event is the type's `Default`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an aggregate",
    label = "not an aggregate",
    note = "add `#[derive(Aggregate, Default)]` and `#[aggregate(\"name\", id = Id, events(…))]` to `{Self}`"
)]
pub trait Aggregate: Send + Sync + Sized + 'static {
    /// The name that its streams begin with.
    const NAME: &'static str;
    /// The event types it is made of; a decoder's number is a place in this list.
    const EVENTS: &'static [EventType];
    /// The number of them, from the end of the list, that it emits without folding them.
    const IGNORED: usize;
    /// The number of them, before those, that it emits no more because they became several; see
    /// [`Split`](crate::Split).
    const SPLIT: usize = 0;
    /// Stored names that it once had events of, and skips on purpose.
    const RETIRED: &'static [&'static str];
    /// The code that the state follows from, apart from the state's own shape. A state that was stored under
    /// another fingerprint was folded otherwise, and is not to be used.
    ///
    /// It changes with `fold_version`; with the code of each [`Apply`] for this type, of each
    /// [`Upcast`](crate::Upcast) and [`TryUpcast`](crate::TryUpcast) that leads to one of its events, of
    /// each [`Split`](crate::Split) of one, and of the types, functions, constants and macros that this
    /// code and the fields of the type name, as far as they stand in the source file of the type; with the
    /// name, the version, the shape and the aliases of an event; with which events are folded, which are
    /// split and which are ignored; and with the names that are retired. Comments, formatting and order
    /// leave no trace.
    ///
    /// An `Apply` in another file of the target is found, with the code that it names there. One that is
    /// found nowhere is a compile error unless `fold_version` is declared. Other code elsewhere is not
    /// seen, such as a function of another module that `apply` calls: after a change of that, raise
    /// `fold_version`.
    const FOLD: Fingerprint;
    /// The type that tells its instances apart.
    type Id: Id;
    /// The facts that it demands to know of every command, before that can be awaited; `()` for nothing.
    ///
    /// `requires(actor, causation, correlation, Branch)` says it, in any order, with the types of
    /// [`MetadataKey`](crate::MetadataKey)s; see [`demands`](crate::demands).
    type Requires: Demands;
    /// The enum of its events.
    type Event: IntoEvents<Self> + Send + Sync + 'static;

    /// The state before the first event.
    fn initial() -> Self;

    /// Folds one event into the state.
    fn apply_event(&mut self, event: Self::Event);

    /// Decodes a stored payload with decoder number `decoder`, and folds it into the state.
    ///
    /// # Errors
    /// Those of [`Event::decode`].
    #[doc(hidden)]
    fn replay(
        &mut self,
        decoder: usize,
        stored: StoredAs,
        payload: &str,
    ) -> Result<(), PayloadError>;

    /// Decodes a stored payload with decoder number `decoder`.
    ///
    /// # Errors
    /// Those of [`Event::decode`].
    #[doc(hidden)]
    fn decode(decoder: usize, stored: StoredAs, payload: &str)
    -> Result<Self::Event, PayloadError>;

    /// Decodes a stored payload with decoder number `decoder`, which is that of an event that was
    /// [split](crate::Split), and gives its parts.
    ///
    /// # Errors
    /// Those of [`Event::decode`].
    #[doc(hidden)]
    fn decode_parts<P: Extend<Self::Event>>(
        decoder: usize,
        _: StoredAs,
        _: &str,
        _: &mut P,
    ) -> Result<(), PayloadError> {
        Err(PayloadError::NoSuchDecoder(decoder))
    }

    /// Writes the event, and answers with the place of its type in [`EVENTS`](Self::EVENTS).
    ///
    /// # Errors
    /// When its `Serialize` fails.
    #[doc(hidden)]
    fn encode_into(
        event: &Self::Event,
        encoder: &mut Encoder,
    ) -> (usize, Result<(), serde_json::Error>);

    /// The place of the event's type in [`EVENTS`](Self::EVENTS), and its payload.
    ///
    /// # Errors
    /// When its `Serialize` fails.
    #[doc(hidden)]
    fn encode(event: &Self::Event) -> (usize, Result<String, serde_json::Error>) {
        let mut encoder = Encoder::json();
        let (place, written) = Self::encode_into(event, &mut encoder);
        (place, written.map(|()| encoder.into_json()))
    }
}

/// The step by which an aggregate's state follows from one of its events.
///
/// By value: replay moves the event's parts into the state and never clones them. An event has
/// happened, so there is nothing to refuse here.
///
/// A command's events are applied before they are stored. If `apply` panics, the command is refused by
/// [`ExecuteError::ApplyPanicked`](crate::ExecuteError::ApplyPanicked) and nothing is stored.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say how `{E}` changes it",
    label = "`{Self}` has no `Apply` for this event",
    note = "write `impl Apply<{E}> for {Self} {{ fn apply(&mut self, event: {E}) {{ … }} }}`",
    note = "or list it as `ignored({E})`, when it does not change the state"
)]
pub trait Apply<E>: Emits<E> {
    /// Makes of the state what it is after `event`.
    fn apply(&mut self, event: E);
}

/// The decision of an aggregate about a command.
///
/// Pure: no I/O, no clock but the context's, and no change to the state. What a decision needs from
/// outside is asked before and carried by the command. It may be called again, on a newer state,
/// when another command appended first.
///
/// A panic of `handle` is a bug of the command, so it reaches the caller of that command as a panic.
/// Nothing is stored then, and other commands on the instance go on.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not handle the command `{C}`",
    label = "`{Self}` has no `Handle<{C}>`",
    note = "write `impl Handle<{C}> for {Self} {{ type Error = …; fn handle(&self, command: &{C}, ctx: &Context<Self>) -> Result<Events<Self>, Self::Error> {{ … }} }}`"
)]
pub trait Handle<C>: Aggregate {
    /// Why the command may be rejected, in the words of the domain.
    type Error;

    /// Decides what happens.
    ///
    /// # Errors
    /// The domain's own, when the command is rejected.
    fn handle(&self, command: &C, ctx: &Context<Self>) -> Result<Events<Self>, Self::Error>;
}

/// The id of an instance of an aggregate: any type that can be written and read again.
///
/// Integers, `String` and `Uuid` are ids; `#[derive(Id)]` makes one of a newtype over them.
/// `Display` and `FromStr` have to be each other's inverse, because the id is part of a stream's name.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the id of an aggregate",
    label = "not an id",
    note = "add `#[derive(Id, Clone)]` to a newtype, or implement `Display`, `FromStr` and `Clone`"
)]
pub trait Id: Display + FromStr<Err: Display> + Clone + Send + Sync + 'static {}

#[diagnostic::do_not_recommend]
impl<T: Display + FromStr<Err: Display> + Clone + Send + Sync + 'static> Id for T {}

/// The meaning of a stored name to an aggregate or a projection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Resolution {
    /// It is decoded by this number, as what it was stored as.
    Decoder(usize, StoredAs),
    /// It is skipped on purpose.
    Skip,
    /// Nobody knows it.
    Unknown,
}

/// Returns what an event of this name and version means to `A`, for folding.
pub(crate) fn resolve<A: Aggregate>(kind: &EventKind) -> Resolution {
    match find(A::EVENTS, kind) {
        Some((decoder, stored)) if decoder < A::EVENTS.len() - A::IGNORED => {
            Resolution::Decoder(decoder, stored)
        }
        Some(_) => Resolution::Skip,
        None if A::RETIRED.contains(&&*kind.name) => Resolution::Skip,
        None => Resolution::Unknown,
    }
}

/// Finds the type that an event of this name and version is read as, and what it is to that.
pub(crate) fn find<'a>(
    types: impl IntoIterator<Item = &'a EventType>,
    kind: &EventKind,
) -> Option<(usize, StoredAs)> {
    let read = |(place, event): (usize, &EventType)| {
        Some((place, event.stored_as(&kind.name, kind.version)?))
    };
    types.into_iter().enumerate().find_map(read)
}

/// A proof that `E` is among the events of an aggregate; the derive gives it for each of them.
#[diagnostic::on_unimplemented(
    message = "`{E}` is not an event of `{Self}`",
    label = "not an event of `{Self}`",
    note = "if `{E}` is in `split(…)`: implement `Apply` for its parts, and remove this one",
    note = "otherwise: add `{E}` to the `events(…)` of `{Self}`"
)]
pub trait Emits<E> {}
