//! Tests of a domain: given, when, then.

mod diff;
mod log;
mod outcome;
mod report;
mod rows;
mod table;

use std::fmt::Debug;

use jiff::Timestamp;
use uuid::Uuid;

pub use outcome::Outcome;
pub use rows::ProjectionScenario;

use crate::aggregate::{Aggregate, Context, Events, IntoEvents};
use crate::event::{Metadata, StreamId, to_microsecond};
use crate::log::{BoxError, NewEvent};
use crate::memory::MemoryStore;
use crate::repository::CommandOf;
use report::{Report, Told, lines_of, type_name};

/// A test of one aggregate: given what happened, when a command comes, then that follows.
///
/// ```text
/// Scenario::<BankAccount>::given(MoneyDeposited { cents: 500 })
///     .when(Withdraw { cents: 200 })
///     .then(MoneyWithdrawn { cents: 200 })
///     .then_state(BankAccount { cents: 300 });
///
/// Scenario::<BankAccount>::given([MoneyDeposited { cents: 500 }, MoneyDeposited { cents: 50 }])
///     .and_given_stored("money_withdrawn", 1, r#"{"amount":250}"#) // as an older program wrote it
///     .when(Withdraw { cents: 900 })
///     .then_error(InsufficientFunds { missing_cents: 600 });
/// ```
///
/// Nothing is pretended. The events that are given are written to a log in memory, and read and
/// folded from there as a [`Repository`](crate::Repository) does; so are those that the command
/// emits. A scenario does not pass where the log would fail: at an event whose name the
/// aggregate does not know, at a payload that cannot be read, at an id that cannot name a stream.
///
/// Events need be neither `Debug` nor `PartialEq`: they are told and compared by stored name,
/// version and JSON. A `HashSet` in an event has no order, and so differs from one time to the next;
/// a `BTreeSet` does not.
pub struct Scenario<A: Aggregate> {
    given: Vec<NewEvent>,
    id: Option<A::Id>,
    now: Timestamp,
    metadata: Metadata,
}

/// The story that led to an outcome, as a failure tells it.
struct Story {
    aggregate: &'static str,
    given: Vec<Told>,
    command: Option<String>,
}

impl<A: Aggregate> Default for Scenario<A> {
    fn default() -> Self {
        Self::new()
    }
}

impl<A: Aggregate> Scenario<A> {
    /// The ids that are tried in turn for an instance that no one named.
    const DEFAULT_IDS: [&'static str; 3] =
        ["scenario", "1", "00000000-0000-0000-0000-000000000000"];

    /// An instance that nothing has happened to.
    #[must_use]
    pub fn new() -> Self {
        Self { given: Vec::new(), id: None, now: log::TIME, metadata: Metadata::new() }
    }

    /// An instance that these events have happened to: one, a tuple, an array, a `Vec`, an `Option`.
    ///
    /// # Panics
    /// When one of them cannot be written as JSON, or would be read as another event.
    #[must_use]
    #[track_caller]
    pub fn given(events: impl IntoEvents<A>) -> Self {
        Self::new().and_given(events)
    }

    /// The same instance after further events.
    ///
    /// # Panics
    /// When one of them cannot be written as JSON, or would be read as another event.
    #[must_use]
    #[track_caller]
    pub fn and_given(mut self, events: impl IntoEvents<A>) -> Self {
        match log::store_all::<A>(Events::of(events).as_slice(), self.now, &self.metadata) {
            Ok(events) => self.given.extend(events),
            Err(error) => panic!("{}: {error}", A::NAME),
        }
        self
    }

    /// The same instance after an event that was stored under this name, as this version, with this
    /// JSON: what an older program left in the log.
    #[must_use]
    pub fn and_given_stored(mut self, name: &str, version: u32, payload: &str) -> Self {
        self.given.push(log::stored(name, version, payload, self.now, &self.metadata));
        self
    }

    /// Sets the id of the instance, for a handler that asks the context. Without it, it is `scenario`, or 1,
    /// or the UUID of nothing but zeroes, whichever is an id of the aggregate.
    #[must_use]
    pub fn on(mut self, id: A::Id) -> Self {
        self.id = Some(id);
        self
    }

    /// The time of the command; without it, 2026-01-01T00:00:00Z.
    #[must_use]
    pub fn at(mut self, time: Timestamp) -> Self {
        self.now = time;
        self
    }

    /// Sets the actor of the command. A blank text names nobody, and [`when`](Self::when) refuses it.
    #[must_use]
    pub fn by(mut self, actor: impl Into<String>) -> Self {
        self.metadata = self.metadata.with_actor(actor);
        self
    }

    /// A key of your own in the metadata of the command.
    #[must_use]
    pub fn with(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.metadata = self.metadata.with(key, value);
        self
    }

    /// All metadata of the command at once, in place of what was said so far.
    #[must_use]
    pub fn with_metadata(mut self, metadata: Metadata) -> Self {
        self.metadata = metadata;
        self
    }

    /// Gives the command to the instance.
    ///
    /// It is handled twice. A command that lost a race against another writer is handled again, so a
    /// handler is pure: it answers the same whenever it is asked the same. The time comes from the
    /// context, and what is random from the command.
    ///
    /// # Panics
    /// When the actor is blank, the given events cannot be folded, the handler's second answer is not its first, or the
    /// events that it answers with cannot be stored and read again. When no instance was named by
    /// [`on`](Self::on), and none of the ids that are tried is one of the aggregate.
    #[must_use = "a scenario proves nothing until it says what is expected"]
    #[track_caller]
    pub fn when<C>(self, command: C) -> Outcome<A, C::Error>
    where
        C: CommandOf<A, Error: Debug>,
    {
        let story = self.story(Some(type_name::<C>()));
        let (instance, context) = match self.load_for_command() {
            Ok(loaded) => loaded,
            Err(error) => story.report(error).fail(),
        };
        let answer = command.answer(&instance.state, &context);
        let again = command.answer(&instance.state, &context);
        match (told(&answer), told(&again)) {
            (Ok(first), Ok(second)) if first == second => {}
            (Ok(first), Ok(second)) => story.impure(first, second).fail(),
            (Err(error), _) | (_, Err(error)) => story.report(error).fail(),
        }
        match Outcome::new(story, instance, answer, &context) {
            Ok(outcome) => outcome,
            Err(report) => report.fail(),
        }
    }

    /// Asserts that the given events add up to this state.
    ///
    /// # Panics
    /// When they do not, or cannot be folded.
    #[track_caller]
    pub fn then_state(self, expected: A) -> Self
    where
        A: PartialEq + Debug,
    {
        let story = self.story(None);
        match self.load() {
            Ok(instance) if instance.state == expected => self,
            Ok(instance) => {
                let report = story.report("the state is another than expected");
                report.states(&expected, &instance.state).fail()
            }
            Err(error) => story.report(error).fail(),
        }
    }

    fn story(&self, command: Option<String>) -> Story {
        let given = self.given.iter().map(Told::of).collect();
        Story { aggregate: A::NAME, given, command }
    }

    /// The instance, by way of a log that holds the given events.
    fn load(&self) -> Result<Instance<A>, BoxError> {
        let stream = match &self.id {
            Some(id) => StreamId::new(A::NAME, id)?,
            None => StreamId::new(A::NAME, Self::DEFAULT_IDS[0])?,
        };
        let store = MemoryStore::new();
        log::append(&store, &stream, self.given.clone())?;
        let (state, version) = log::fold(&store, &stream)?;
        Ok(Instance { store, stream, state, version })
    }

    /// The instance, and what its handler may know besides the state.
    fn load_for_command(mut self) -> Result<(Instance<A>, Context<A>), BoxError> {
        self.metadata.refuse_blank_actor()?;
        let id = match self.id {
            Some(id) => id,
            None => default_id(&Self::DEFAULT_IDS)?,
        };
        self.id = Some(id.clone());
        let instance = self.load()?;
        // In a repository every command has one.
        let correlation_id = self.metadata.correlation_id().unwrap_or_else(Uuid::nil);
        let metadata = self.metadata.with_correlation_id(correlation_id);
        let context = Context::new(id, instance.version, to_microsecond(self.now), metadata);
        Ok((instance, context))
    }
}

/// An instance of the aggregate, and the log that it was loaded from.
struct Instance<A> {
    store: MemoryStore,
    stream: StreamId,
    state: A,
    version: u64,
}

fn default_id<I: crate::aggregate::Id>(texts: &[&str]) -> Result<I, String> {
    texts.iter().find_map(|text| text.parse().ok()).ok_or_else(|| {
        let (name, texts) = (type_name::<I>(), texts.join(", "));
        format!("{name} is made of none of {texts}; say by `.on(…)` which instance the command is given to")
    })
}

/// The answer of a command, as it is told and compared: events, or an error.
type ToldAnswer = Result<Vec<Told>, String>;

fn told<A: Aggregate, E: Debug>(answer: &Result<Events<A>, E>) -> Result<ToldAnswer, BoxError> {
    match answer {
        Ok(events) => Ok(Ok(Told::all::<A>(events.as_slice())?)),
        Err(error) => Ok(Err(lines_of(error))),
    }
}

impl Story {
    /// A failure with this headline, and what led to it.
    fn report(&self, headline: impl std::fmt::Display) -> Report {
        let headline = format_args!("{}: {headline}", self.aggregate);
        let report = Report::new(headline).section("given", &self.given);
        match &self.command {
            Some(command) => report.section("when", [command]),
            None => report,
        }
    }

    fn impure(&self, first: ToldAnswer, second: ToldAnswer) -> Report {
        let report = self.report(
            "the command was answered differently the second time; it is handled again after a lost \
             race, so take the time from the context, and let the command carry what is random",
        );
        let title = "then (- the first time, + the second time)";
        match (first, second) {
            (Ok(first), Ok(second)) => report.events(title, &first, &second),
            (first, second) => {
                let text = |answer: ToldAnswer| match answer {
                    Ok(events) => events.iter().map(|event| format!("{event}\n")).collect(),
                    Err(error) => error,
                };
                report.texts(title, &text(first), &text(second))
            }
        }
    }
}
