//! The outcome of a command, and the expected one.

use std::fmt::Debug;

use super::report::{Report, Told, lines_of};
use super::{Instance, Story, log};
use uuid::Uuid;

use crate::aggregate::{Aggregate, Context, Events, IntoEvents, round_trip};
use crate::event::{EncodeError, why};
use crate::log::BoxError;

/// The outcome of the command of a [`Scenario`](super::Scenario).
///
/// Every `then…` gives it back, so that they follow each other.
pub struct Outcome<A: Aggregate, E> {
    story: Story,
    answer: Result<Accepted<A>, E>,
    state: A,
}

/// The events that a command emitted, as they are read from the log.
struct Accepted<A: Aggregate> {
    events: Events<A>,
    told: Vec<Told>,
}

impl<A: Aggregate, E: Debug> Outcome<A, E> {
    pub(super) fn new(
        story: Story,
        instance: Instance<A>,
        answer: Result<Events<A>, E>,
        context: &Context<A>,
    ) -> Result<Self, Report> {
        let (answer, state) = match answer {
            Err(error) => (Err(error), instance.state),
            Ok(events) => match store(&instance, &events, context) {
                Ok((accepted, state)) => (Ok(accepted), state),
                Err(error) => return Err(story.report(error)),
            },
        };
        Ok(Self { story, answer, state })
    }

    /// Asserts that the command emitted exactly these events, in this order.
    ///
    /// # Panics
    /// When it emitted others, or was rejected.
    #[track_caller]
    pub fn then(self, expected: impl IntoEvents<A>) -> Self {
        let expected = match Told::all::<A>(Events::of(expected).as_slice()) {
            Ok(expected) => expected,
            Err(error) => self.story.report(error).fail(),
        };
        match &self.answer {
            Ok(accepted) if expected == accepted.told => {}
            Ok(accepted) => {
                let report = self.story.report("the command came to other events than expected");
                report.events("then (- expected, + actual)", &expected, &accepted.told).fail()
            }
            Err(error) => self.rejected(error).section("expected", &expected).fail(),
        }
        self
    }

    /// Asserts that the command was accepted, and emitted no event.
    ///
    /// # Panics
    /// When it emitted some, or was rejected.
    #[track_caller]
    pub fn then_nothing(self) -> Self {
        self.then(())
    }

    /// Asserts that the command was rejected with this error.
    ///
    /// # Panics
    /// When it was rejected with another, or emitted events.
    #[track_caller]
    pub fn then_error(self, expected: E) -> Self
    where
        E: PartialEq,
    {
        match &self.answer {
            Err(error) if *error == expected => {}
            Err(error) => {
                let report = self.story.report("the command was rejected with another error");
                let title = "then (- expected, + actual)";
                report.texts(title, &lines_of(&expected), &lines_of(error)).fail()
            }
            Ok(accepted) => {
                self.accepted(accepted).section("expected", lines_of(&expected).lines()).fail()
            }
        }
        self
    }

    /// Asserts that the command was rejected with an error of which this is true.
    ///
    /// # Panics
    /// When it is not true of the error, or the command emitted events.
    #[track_caller]
    pub fn then_error_that(self, is_expected: impl FnOnce(&E) -> bool) -> Self {
        match &self.answer {
            Err(error) if is_expected(error) => {}
            Err(error) => {
                let report = self.story.report("the command was rejected with another error");
                report.section("then", lines_of(error).lines()).fail()
            }
            Ok(accepted) => self.accepted(accepted).fail(),
        }
        self
    }

    /// Asserts that the given events and those of the command add up to this state; those given alone, when
    /// the command was rejected.
    ///
    /// # Panics
    /// When they do not.
    #[track_caller]
    pub fn then_state(self, expected: A) -> Self
    where
        A: PartialEq + Debug,
    {
        if expected != self.state {
            let report = self.story.report("the state is another than expected");
            let report = match &self.answer {
                Ok(accepted) => report.section("then", &accepted.told),
                Err(error) => report.section("then", lines_of(error).lines()),
            };
            report.states(&expected, &self.state).fail()
        }
        self
    }

    /// The state after the command.
    pub fn state(&self) -> &A {
        &self.state
    }

    /// The events that the command emitted, as they are read from the log; none when it was rejected.
    pub fn events(&self) -> &[A::Event] {
        self.answer.as_ref().map_or(&[], |accepted| accepted.events.as_slice())
    }

    /// The error that the command was rejected with.
    pub fn error(&self) -> Option<&E> {
        self.answer.as_ref().err()
    }

    fn rejected(&self, error: &E) -> Report {
        let report = self.story.report("the command was rejected");
        report.section("then", lines_of(error).lines())
    }

    fn accepted(&self, accepted: &Accepted<A>) -> Report {
        let report = self.story.report("the command was not rejected");
        report.section("then", &accepted.told)
    }
}

/// The error, with the payload: a test shows it, and a log does not.
fn with_payload(error: EncodeError) -> BoxError {
    match error {
        EncodeError::Unreadable { event, payload, source, unheld } => {
            let why = why(unheld.as_deref(), &source);
            format!("the event `{event}` could not be read again, {payload}: {why}").into()
        }
        error => error.into(),
    }
}

/// Stores the events as a repository does, and reads them again as who comes later will.
fn store<A: Aggregate>(
    instance: &Instance<A>,
    events: &Events<A>,
    context: &Context<A>,
) -> Result<(Accepted<A>, A), BoxError> {
    let Instance { store, stream, .. } = instance;
    let written =
        |event| round_trip::<A>(Uuid::now_v7(), event, context.now(), context.metadata().clone());
    let written = events.as_slice().iter().map(written).collect::<Result<_, _>>();
    let (new, read): (Vec<_>, Vec<_>) = written.map_err(with_payload)?;
    log::append(store, stream, new)?;
    let (state, _) = log::fold(store, stream)?;
    let events = Events::of(read);
    let told = Told::all::<A>(events.as_slice())?;
    Ok((Accepted { events, told }, state))
}
