//! Tests of a projection: given events, then rows.

use std::collections::HashMap;
use std::fmt::{Debug, Display};
use std::marker::PhantomData;

use jiff::Timestamp;
use uuid::Uuid;

use super::log;
use super::report::{Report, Told, lines_of};
use super::table::{Rows, key_text};
use crate::aggregate::{Aggregate, Events, IntoEvents, Resolution, resolve};
use crate::event::{EventKind, Metadata, Position, StreamId};
use crate::log::{
    BoxError, ColumnError, NewEvent, ProjectionError, ReadQuery, RowError, StoreError,
};
use crate::memory::MemoryStore;
use crate::read_model::projection::{AnyPass, Parked, Pass, Projection, RowKey, Value};

/// A test of a projection: given the events of streams, then these are its rows.
///
/// ```text
/// ProjectionScenario::<AccountSummary>::new()
///     .given::<BankAccount>("alice".to_owned(), [MoneyDeposited { cents: 500 }])
///     .given_stored::<BankAccount>("bob".to_owned(), "money_deposited", 1, r#"{"amount":20}"#)
///     .then_rows([
///         AccountSummary { account: "alice".to_owned(), cents: 500 },
///         AccountSummary { account: "bob".to_owned(), cents: 20 },
///     ]);
/// ```
///
/// The events are written to a log in memory and read from there, and the rows go through their
/// columns, as they do in a store. It is done twice, once with every event alone and once with all
/// of them in one page: a store may take either way, so a projection whose rows differ fails its
/// scenario. A row that follows from more than its events, such as the clock, is such a one.
///
/// The first event has the position 1 and the id 00000000-0000-0000-0000-000000000001, and so on.
pub struct ProjectionScenario<P: Projection> {
    store: MemoryStore,
    given: Vec<(StreamId, Told)>,
    now: Timestamp,
    metadata: Metadata,
    projection: PhantomData<fn() -> P>,
}

/// Why there are no rows.
#[derive(Debug, thiserror::Error)]
enum Stopped {
    /// The projection refused an event.
    #[error(transparent)]
    Refused(#[from] ProjectionError),
    /// A row could not be read from its columns.
    #[error(transparent)]
    Row(#[from] ColumnError),
    /// The log could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl<P: Projection> Default for ProjectionScenario<P> {
    fn default() -> Self {
        Self::new()
    }
}

impl<P: Projection> ProjectionScenario<P> {
    /// A log without events, and a table without rows.
    #[must_use]
    pub fn new() -> Self {
        Self {
            store: MemoryStore::new(),
            given: Vec::new(),
            now: log::TIME,
            metadata: Metadata::new(),
            projection: PhantomData,
        }
    }

    /// The same log after further events of this instance of `A`.
    ///
    /// # Panics
    /// When one of them cannot be stored, or the id cannot name a stream.
    #[must_use]
    #[track_caller]
    pub fn given<A: Aggregate>(mut self, id: A::Id, events: impl IntoEvents<A>) -> Self {
        let events = log::store_all::<A>(Events::of(events).as_slice(), self.now, &self.metadata);
        match events.and_then(|events| self.append::<A>(&id, events)) {
            Ok(()) => self,
            Err(error) => self.report(error).fail(),
        }
    }

    /// The same log after an event of this instance of `A` that was stored under this name, as this
    /// version, with this JSON: what an older program left there.
    ///
    /// # Panics
    /// When the payload is no JSON, `A` has no event of this name, nor ever had, or the id cannot
    /// name a stream.
    #[must_use]
    #[track_caller]
    pub fn given_stored<A: Aggregate>(
        mut self,
        id: A::Id,
        name: &str,
        version: u32,
        payload: &str,
    ) -> Self {
        // A store skips what a projection does not list; in a test it would be a slip of the pen.
        let kind = EventKind { name: name.into(), version };
        if resolve::<A>(&kind) == Resolution::Unknown {
            self.report(format_args!("`{}` has no event `{name}`", A::NAME)).fail()
        }
        let event = log::stored(name, version, payload, self.now, &self.metadata);
        match self.append::<A>(&id, vec![event]) {
            Ok(()) => self,
            Err(error) => self.report(error).fail(),
        }
    }

    /// When the events that are given after this were recorded; without it, 2026-01-01T00:00:00Z.
    #[must_use]
    pub fn at(mut self, time: Timestamp) -> Self {
        self.now = time;
        self
    }

    /// Sets the actor of the events that are given after this.
    #[must_use]
    pub fn by(mut self, actor: impl Into<String>) -> Self {
        self.metadata = self.metadata.with_actor(actor);
        self
    }

    /// A key of your own in the metadata of the events that are given after this.
    #[must_use]
    pub fn with(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.metadata = self.metadata.with(key, value);
        self
    }

    /// All metadata of the events that are given after this, in place of what was said so far.
    #[must_use]
    pub fn with_metadata(mut self, metadata: Metadata) -> Self {
        self.metadata = metadata;
        self
    }

    fn append<A: Aggregate>(
        &mut self,
        id: &A::Id,
        mut events: Vec<NewEvent>,
    ) -> Result<(), BoxError> {
        let stream = StreamId::new(A::NAME, id)?;
        for event in &mut events {
            self.given.push((stream.clone(), Told::of(event)));
            event.id = Uuid::from_u128(self.given.len() as u128);
        }
        Ok(log::append(&self.store, &stream, events)?)
    }

    fn report(&self, headline: impl Display) -> Report {
        let given = self.given.iter().map(|(stream, event)| format!("{stream}: {event}"));
        Report::new(format_args!("{}: {headline}", P::TABLE.name)).section("given", given)
    }

    /// The rows that follow when the events are taken so many at a time.
    fn project(&self, at_a_time: usize) -> Result<Rows<P>, Stopped> {
        let mut pass = Pass::<P>::new();
        let mut rows: HashMap<RowKey, Vec<Value>> = HashMap::new();
        let mut after = Position::START;
        loop {
            let query = ReadQuery::all().after(after).only(pass.filter()).with_envelopes();
            let page = log::read(&self.store, query.limit(at_a_time).max_bytes(usize::MAX))?;
            let keys = pass.decode(&page, &Parked::none())?;
            let there = keys.iter().filter_map(|key| rows.get(key)).cloned();
            let changes = pass.change(there.collect())?;
            for row in changes.upserts {
                rows.insert(P::TABLE.key_of(&row), row);
            }
            for key in changes.deletes {
                rows.remove(&key);
            }
            after = page.scanned();
            if page.is_last() {
                return Ok(Rows::read(rows)?);
            }
        }
    }
}

impl<P: Projection + PartialEq + Debug> ProjectionScenario<P> {
    /// Asserts that these are all the rows; their order is of no account.
    ///
    /// # Panics
    /// When there are others, or an event was refused.
    #[track_caller]
    pub fn then_rows(self, expected: impl IntoIterator<Item = P>) -> Self {
        let rows = self.rows_or_fail();
        match Rows::expected(expected) {
            Ok(expected) if expected == rows => self,
            Ok(expected) => {
                let report = self.report("the rows are others than expected");
                let title = "rows (- expected, + actual)";
                report.texts(title, &expected.text(), &rows.text()).fail()
            }
            Err(error) => self.report(error).fail(),
        }
    }

    /// Asserts that this is the row of this key.
    ///
    /// # Panics
    /// When there is no row of this key, or another, or an event was refused.
    #[track_caller]
    pub fn then_row(self, key: P::Key, expected: P) -> Self {
        let rows = self.rows_or_fail();
        let key = self.key_or_fail(&key);
        let text = key_text(&key);
        match rows.0.get(&key) {
            Some(row) if *row == expected => self,
            Some(row) => {
                let report = self.report(format_args!("the row {text} is another than expected"));
                let title = "row (- expected, + actual)";
                report.texts(title, &lines_of(&expected), &lines_of(row)).fail()
            }
            None => {
                let report = self.report(format_args!("there is no row {text}"));
                report.section("rows", rows.text().lines()).fail()
            }
        }
    }

    /// Asserts that there is no row of this key.
    ///
    /// # Panics
    /// When there is one, or an event was refused.
    #[track_caller]
    pub fn then_no_row(self, key: P::Key) -> Self {
        let rows = self.rows_or_fail();
        let key = self.key_or_fail(&key);
        let text = key_text(&key);
        match rows.0.get(&key) {
            None => self,
            Some(row) => {
                let report = self.report(format_args!("there is a row {text}"));
                report.section("row", lines_of(row).lines()).fail()
            }
        }
    }

    /// Asserts that an event was refused, with an error of which this is true.
    ///
    /// # Panics
    /// When it is not true of the error, or no event was refused.
    #[track_caller]
    pub fn then_error(self, is_expected: impl FnOnce(&RowError) -> bool) -> Self {
        match self.take_both_ways() {
            Ok(Err(Stopped::Refused(error))) if is_expected(&error.reason) => self,
            Ok(Err(error)) => {
                let report = self.report("the projection failed with another error");
                report.section("then", [error]).fail()
            }
            Ok(Ok(rows)) => {
                let report = self.report("no event was refused");
                report.section("rows", rows.text().lines()).fail()
            }
            Err(report) => report.fail(),
        }
    }

    /// The rows, in the order of their keys as texts.
    ///
    /// # Panics
    /// When an event was refused.
    #[track_caller]
    pub fn rows(&self) -> Vec<P> {
        self.rows_or_fail().into_sorted()
    }

    #[track_caller]
    fn rows_or_fail(&self) -> Rows<P> {
        match self.take_both_ways() {
            Ok(Ok(rows)) => rows,
            Ok(Err(error)) => self.report(error).fail(),
            Err(report) => report.fail(),
        }
    }

    #[track_caller]
    fn key_or_fail(&self, key: &P::Key) -> RowKey {
        match P::key_values(key) {
            Ok(key) => key,
            Err(error) => self.report(error).fail(),
        }
    }

    /// Returns what comes of the events, if it is the same one at a time and all at once.
    fn take_both_ways(&self) -> Result<Result<Rows<P>, Stopped>, Report> {
        let (one_by_one, at_once) = (self.project(1), self.project(usize::MAX));
        let same = match (&one_by_one, &at_once) {
            (Ok(one_by_one), Ok(at_once)) => one_by_one == at_once,
            // A page is decoded before its first event is taken, so another may be the first to fail.
            (one_by_one, at_once) => one_by_one.is_err() && at_once.is_err(),
        };
        if same {
            return Ok(one_by_one);
        }
        let text = |came: Result<Rows<P>, Stopped>| match came {
            Ok(rows) => rows.text(),
            Err(error) => error.to_string(),
        };
        let report = self.report(
            "it matters how often the events are taken, and how many at a time; a row must follow from \
             its events alone",
        );
        let title = "rows (- one event at a time, + all events at once)";
        Err(report.texts(title, &text(one_by_one), &text(at_once)))
    }
}
