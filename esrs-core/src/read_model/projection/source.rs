//! The bounds on an event that a projection or a handler lists, and on the key of its row, each by one trait
//! with a message of its own.

use std::fmt::Display;
use std::str::FromStr;

use super::{Source, Value};
use crate::aggregate::{Aggregate, Emits, Id};
use crate::event::{Envelope, Event, PayloadError, Recorded};
use crate::log::{ColumnError, RowError};
use crate::schema::StoredAs;

/// The demand of a projection on an event that it lists: it is an event of the aggregate `A`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an event of `{A}`",
    label = "not an event of `{A}`",
    note = "if `{Self}` is in `split(…)`, it comes as its parts: list those that matter to the row",
    note = "otherwise: add `{Self}` to the `events(…)` of `{A}`, or say by `of = …` whose event it is",
    note = "`{A}` is an aggregate by `#[derive(Aggregate)]`, and `{Self}` an event by `#[derive(Event)]`"
)]
pub trait SourceOf<A>: Sized {
    /// The facts about it that are known at compile time.
    const SOURCE: Source;

    /// Reads a stored payload.
    fn recorded(
        stored: StoredAs,
        payload: &str,
        envelope: Envelope,
    ) -> Result<Recorded<Self>, PayloadError>;

    /// Refuses an event of a stream that no instance of `A` has.
    fn of_an_instance(envelope: &Envelope) -> Result<(), RowError>;
}

#[diagnostic::do_not_recommend]
impl<A: Aggregate + Emits<E>, E: Event> SourceOf<A> for E {
    const SOURCE: Source = Source::of::<A, E>();

    fn recorded(
        stored: StoredAs,
        payload: &str,
        envelope: Envelope,
    ) -> Result<Recorded<Self>, PayloadError> {
        Ok(Recorded::new(stored.decode(payload)?, envelope))
    }

    fn of_an_instance(envelope: &Envelope) -> Result<(), RowError> {
        id_of::<A>(envelope, |_| Ok(None)).map(drop)
    }
}

/// The key of a row that is found by its stream: the id of the aggregate `A`.
#[diagnostic::on_unimplemented(
    message = "the key field is a `{Self}`, which is not the id of `{A}`",
    label = "the id of this event's stream is not a key of the row",
    note = "say which field of the event is the key, such as `(key = account_id)`, or give the key field the type of the id"
)]
pub trait StreamKey<A>: Sized {
    /// Reads it; `settle` makes of it what its column returns.
    fn stream_key(
        envelope: &Envelope,
        settle: fn(&mut Self) -> Result<Option<Value>, ColumnError>,
    ) -> Result<Self, RowError>;
}

#[diagnostic::do_not_recommend]
impl<A: Aggregate<Id = K>, K: Id> StreamKey<A> for K {
    fn stream_key(
        envelope: &Envelope,
        settle: fn(&mut Self) -> Result<Option<Value>, ColumnError>,
    ) -> Result<Self, RowError> {
        id_of::<A>(envelope, settle)
    }
}

/// The id of the instance that an event is of; `settle` makes of it what its column returns.
///
/// Two streams of one id would share a row, and a command on that id sees one of them.
fn id_of<A: Aggregate>(
    envelope: &Envelope,
    settle: fn(&mut A::Id) -> Result<Option<Value>, ColumnError>,
) -> Result<A::Id, RowError> {
    let text = envelope.stream.id();
    let refuse = |reason| RowError::Key { id: text.to_owned(), reason };
    let mut id: A::Id =
        text.parse().map_err(|error: <A::Id as FromStr>::Err| refuse(error.to_string()))?;
    settle(&mut id).map_err(|error| refuse(error.to_string()))?;
    match is_written(&id, text) {
        true => Ok(id),
        false => Err(refuse(format!(
            "it is read as the id {id}, whose stream is \"{}-{id}\"; append the events to that stream, \
             and skip this one",
            A::NAME
        ))),
    }
}

/// Returns true if a value is written as this text, without writing it down.
fn is_written(value: &impl Display, text: &str) -> bool {
    use std::fmt::Write;
    let mut expected = Expected(text);
    write!(expected, "{value}").is_ok() && expected.0.is_empty()
}

/// The rest of a text that is expected to be written.
struct Expected<'a>(&'a str);

impl std::fmt::Write for Expected<'_> {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        self.0 = self.0.strip_prefix(text).ok_or(std::fmt::Error)?;
        Ok(())
    }
}
