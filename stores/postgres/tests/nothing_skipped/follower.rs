//! A follower of the log, which starts again at random.

use std::ops::RangeInclusive;
use std::time::Duration;

use esrs_core::{EventFilter, EventStore, Page, Position, ReadQuery, StoreError};
use esrs_postgres::PostgresStore;
use futures_util::future::{Either, select};
use proptest::prelude::RngExt;
use proptest::test_runner::TestRng;
use tokio::sync::watch;

use crate::events::id_in;
use crate::judge::Event;

/// Where a follower goes on when it is started again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Restart {
    WhereItStood,
    /// It misses what it has not seen.
    OneTooFar,
    /// It sees again what it has seen.
    OneTooEarly,
}

/// The queries of a follower.
#[derive(Debug, Clone)]
pub(crate) struct Habits {
    pub(crate) name: &'static str,
    pub(crate) wanted: EventFilter,
    page: RangeInclusive<usize>,
    envelopes: bool,
    restart: Restart,
}

impl Habits {
    /// Those of the four followers, which go on like this when they are started again.
    pub(crate) fn of_four(restarts: [Restart; 4]) -> [Self; 4] {
        let all = EventFilter::everything;
        let one = || all().and("cart", ["added"]);
        let two = || all().and("account", ["withdrawn"]).and("cart", ["removed"]);
        let [first, second, third, fourth] = restarts;
        let follower = |restart, name, wanted, page, envelopes| Self {
            name,
            wanted,
            page,
            envelopes,
            restart,
        };
        [
            follower(first, "all, small pages", all(), 1..=60, false),
            follower(second, "all, large pages", all(), 500..=2_000, true),
            follower(third, "one name, large pages", one(), 200..=1_000, false),
            follower(fourth, "two names, small pages", two(), 1..=30, true),
        ]
    }
}

/// A follower: its checkpoint, and what it saw.
pub(crate) struct Follower {
    pub(crate) habits: Habits,
    pub(crate) seen: Vec<Event>,
    pub(crate) restarts: usize,
    after: Position,
}

impl Follower {
    pub(crate) fn new(habits: Habits) -> Self {
        Self { habits, seen: Vec::new(), restarts: 0, after: Position::START }
    }

    /// Follows until it is at the end, once it is told where that is. Whatever it is doing, it
    /// is dropped now and then, and goes on from its checkpoint, mostly with connections of its own.
    pub(crate) async fn follow(
        &mut self,
        url: &str,
        end: watch::Receiver<Option<Position>>,
        mut dice: TestRng,
    ) -> Result<(), StoreError> {
        let mut store = open(url, &mut dice).await?;
        loop {
            let limit = dice.random_range(self.habits.page.clone());
            let life = Duration::from_micros(dice.random_range(0..150_000));
            let living = self.live(&store, limit, end.clone());
            if let Ok(ended) = tokio::time::timeout(life, living).await {
                return ended;
            }
            self.restarts += 1;
            match self.habits.restart {
                Restart::WhereItStood => {}
                Restart::OneTooFar => self.after = Position::new(self.after.get() + 1),
                Restart::OneTooEarly => {
                    self.after = Position::new(self.after.get().saturating_sub(1));
                }
            }
            if dice.random_ratio(3, 4) {
                store = open(url, &mut dice).await?;
            }
        }
    }

    async fn live(
        &mut self,
        store: &PostgresStore,
        limit: usize,
        mut end: watch::Receiver<Option<Position>>,
    ) -> Result<(), StoreError> {
        let mut query = ReadQuery::all().only(self.habits.wanted.clone()).limit(limit);
        query.envelopes = self.habits.envelopes;
        let mut page = Page::new();
        loop {
            let is_end = *end.borrow_and_update();
            page = store.read(query.clone().after(self.after), page).await?;
            self.write_down(&page);
            if !page.is_last() {
                continue;
            }
            if is_end.is_some_and(|end| self.after >= end) {
                return Ok(());
            }
            let behind = Box::pin(store.wait_behind(self.after));
            match select(behind, Box::pin(end.changed())).await {
                Either::Left((head, _)) => assert!(head? > self.after, "nothing stands behind it"),
                // The round has failed, and says so itself.
                Either::Right((Err(_), _)) => return Ok(()),
                Either::Right((Ok(()), _)) => {}
            }
        }
    }

    /// Events and checkpoint together: nothing is awaited in between.
    fn write_down(&mut self, page: &Page) {
        for record in page.records() {
            let id = match record.envelope() {
                Some(envelope) => envelope.event_id,
                None => id_in(record.payload()),
            };
            let (position, version) = (record.position().get(), record.version());
            self.seen.push(Event { position, stream: record.stream().clone(), version, id });
        }
        self.after = page.scanned();
    }
}

async fn open(url: &str, dice: &mut TestRng) -> Result<PostgresStore, StoreError> {
    PostgresStore::builder(url)
        .readers(dice.random_range(1..=2))
        // Writers of transactions of their own wake nobody.
        .poll_interval(Duration::from_millis(dice.random_range(5..100)))
        .open()
        .await
}
