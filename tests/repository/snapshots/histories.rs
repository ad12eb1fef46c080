//! Random histories: at every moment a load is the fold of what was stored before it.
//!
//! 10,000 of them as a rule; `PROPTEST_CASES` says how many.

use std::sync::LazyLock;

use esrs::event::FixedClock;
use esrs::prelude::*;
use esrs::repository::{SnapshotPolicy, WarmStates};
use esrs::store::{AppendBatch, AppendCondition, NewEvent, Page, ReadQuery, Snapshot};
use esrs::{AsOf, EventStore, Metadata, Position, StreamId, Timestamp};
use futures_core::future::BoxFuture;
use jiff::SignedDuration;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use tokio::runtime::Runtime;

use super::tally::{Add, Added, AddedV1, AddedV2, Cleared, Noted, Tally};
use super::{id, stream};

/// A step of a history.
#[derive(Debug, Clone)]
enum Step {
    /// A command of the repository.
    Execute(i64),
    /// Another process records an event, of any version and of any kind.
    Elsewhere(Stored, u8),
    /// Another stream becomes longer, so that positions and versions part.
    OtherStream,
    /// The program is started again, with another snapshot policy, or without cached states.
    Restart(Kept, bool),
    /// The snapshots that are due are waited for; without it they are written sometime.
    Wait,
    WriteSnapshot,
    Load,
    /// A look at an earlier moment: how far back, of how far there is.
    LookBack(Back, prop::sample::Index),
    /// Time goes on, or back: clocks differ.
    Time(i8),
}

#[derive(Debug, Clone, Copy)]
enum Stored {
    V1(i16),
    V2(i16),
    V3(i16),
    Cleared,
    ClearedUnderItsOldName,
    Ignored,
    Retired,
}

#[derive(Debug, Clone, Copy)]
enum Kept {
    Every(u8),
    Bytes(u16),
    No,
}

#[derive(Debug, Clone, Copy)]
enum Back {
    Version,
    Position,
    Time,
}

fn stored() -> impl Strategy<Value = Stored> {
    prop_oneof![
        any::<i16>().prop_map(Stored::V1),
        any::<i16>().prop_map(Stored::V2),
        any::<i16>().prop_map(Stored::V3),
        Just(Stored::Cleared),
        Just(Stored::ClearedUnderItsOldName),
        Just(Stored::Ignored),
        Just(Stored::Retired),
    ]
}

fn kept() -> impl Strategy<Value = Kept> {
    prop_oneof![
        4 => (1u8..12).prop_map(Kept::Every),
        3 => (1u16..200).prop_map(Kept::Bytes),
        1 => Just(Kept::No),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => any::<i64>().prop_map(Step::Execute),
        6 => (stored(), 1u8..4).prop_map(|(stored, times)| Step::Elsewhere(stored, times)),
        1 => Just(Step::OtherStream),
        2 => (kept(), any::<bool>()).prop_map(|(kept, warm)| Step::Restart(kept, warm)),
        1 => Just(Step::Wait),
        2 => Just(Step::WriteSnapshot),
        3 => Just(Step::Load),
        4 => (
            prop_oneof![Just(Back::Version), Just(Back::Position), Just(Back::Time)],
            any::<prop::sample::Index>()
        ).prop_map(|(back, far)| Step::LookBack(back, far)),
        2 => (-3i8..10).prop_map(Step::Time),
    ]
}

/// The facts about each event, computed by hand: where and when it was recorded, and the state after it.
struct Known {
    position: Position,
    recorded_at: Timestamp,
    after: Tally,
}

struct History<S> {
    store: S,
    clock: FixedClock,
    tallies: Repository<Tally>,
    known: Vec<Known>,
}

impl<S: EventStore + Clone> History<S> {
    fn new(store: S) -> Self {
        let clock = FixedClock::at("2026-01-01T00:00:00Z".parse().unwrap());
        let tallies = Repository::new(store.clone()).with_clock(clock.clone());
        let tallies = tallies.with_snapshots(SnapshotPolicy::every(2));
        Self { store, clock, tallies, known: Vec::new() }
    }

    fn state(&self) -> Tally {
        self.known.last().map(|known| known.after.clone()).unwrap_or_default()
    }

    fn record(&mut self, position: Position, change: impl FnOnce(&mut Tally)) {
        let mut after = self.state();
        change(&mut after);
        let recorded_at = esrs::event::Clock::now(&self.clock);
        self.known.push(Known { position, recorded_at, after });
    }

    async fn take(&mut self, step: &Step) -> Result<(), String> {
        match step {
            Step::Execute(by) => {
                let done = self.tallies.execute(&id(), Add { by: *by }).await;
                let done = done.map_err(|error| error.to_string())?;
                self.record(done.position().unwrap(), |tally| tally.add(*by, 0));
                same("the version of a command", done.version(), self.known.len() as u64)
            }
            Step::Elsewhere(stored, times) => {
                for _ in 0..*times {
                    self.append_elsewhere(*stored).await;
                }
                Ok(())
            }
            Step::OtherStream => {
                let event = NewEvent::of(&Cleared {}, Metadata::new()).unwrap();
                let stream = StreamId::new(Tally::NAME, 2).unwrap();
                let batch = AppendBatch::new(stream, AppendCondition::Any, vec![event]);
                self.store.append(batch).await.unwrap();
                Ok(())
            }
            Step::Restart(kept, warm) => {
                let tallies = Repository::new(self.store.clone()).with_clock(self.clock.clone());
                let bound = if *warm { WarmStates::count(1) } else { WarmStates::none() };
                let tallies = tallies.with_warm_states(bound);
                self.tallies = match *kept {
                    Kept::Every(events) => {
                        tallies.with_snapshots(SnapshotPolicy::every(events.into()))
                    }
                    Kept::Bytes(bytes) => {
                        tallies.with_snapshots(SnapshotPolicy::replay_cost(bytes.into()))
                    }
                    Kept::No => tallies,
                };
                Ok(())
            }
            Step::Wait => {
                self.tallies.snapshots_written().await;
                Ok(())
            }
            Step::WriteSnapshot => match self.tallies.write_snapshot(&id()).await {
                Ok(version) => same("a snapshot", version, self.known.len() as u64),
                Err(esrs::repository::SnapshotError::NoPolicy) => Ok(()),
                Err(error) => Err(error.to_string()),
            },
            Step::Load => self.check(AsOf::Now, self.known.len()).await,
            Step::LookBack(back, far) => self.look_back(*back, far).await,
            Step::Time(seconds) => {
                self.clock.advance(SignedDuration::from_secs(i64::from(*seconds)));
                Ok(())
            }
        }
    }

    async fn append_elsewhere(&mut self, stored: Stored) {
        let event = match stored {
            Stored::V1(by) => NewEvent::of(&AddedV1 { amount: by.to_string() }, Metadata::new()),
            Stored::V2(by) => {
                NewEvent::of(&AddedV2 { amount: by.into(), unit: 2 }, Metadata::new())
            }
            Stored::V3(by) => NewEvent::of(&Added { by: by.into(), unit: 3 }, Metadata::new()),
            Stored::Ignored => NewEvent::of(&Noted { text: "x".to_owned() }, Metadata::new()),
            _ => NewEvent::of(&Cleared {}, Metadata::new()),
        };
        let mut event = event.unwrap();
        match stored {
            Stored::ClearedUnderItsOldName => event.name = "reset".into(),
            Stored::Retired => event.name = "doubled".into(),
            _ => {}
        }
        event.recorded_at = esrs::event::Clock::now(&self.clock);
        let batch = AppendBatch::new(stream(), AppendCondition::Any, vec![event]);
        let appended = self.store.append(batch).await.unwrap();
        self.record(appended.last_position, |tally| match stored {
            Stored::V1(by) => tally.add(by.into(), 9),
            Stored::V2(by) => tally.add(by.into(), 2),
            Stored::V3(by) => tally.add(by.into(), 3),
            Stored::Cleared | Stored::ClearedUnderItsOldName => tally.clear(),
            Stored::Ignored | Stored::Retired => {}
        });
    }

    async fn look_back(&self, back: Back, far: &prop::sample::Index) -> Result<(), String> {
        let version = far.index(self.known.len() + 1);
        let at = version.checked_sub(1).map(|last| &self.known[last]);
        match back {
            Back::Version => self.check(AsOf::Version(version as u64), version).await,
            Back::Position => {
                let position = at.map_or(Position::START, |known| known.position);
                self.check(AsOf::Position(position), version).await
            }
            Back::Time => {
                let time = at.map_or(Timestamp::MIN, |known| known.recorded_at);
                let later = self.known.iter().position(|known| known.recorded_at > time);
                self.check(AsOf::Time(time), later.unwrap_or(self.known.len())).await
            }
        }
    }

    /// A load of this moment is the fold by hand of so many events.
    async fn check(&self, as_of: AsOf, version: usize) -> Result<(), String> {
        let loaded = self.tallies.load_at(&id(), as_of).await.map_err(|error| error.to_string())?;
        let last = version.checked_sub(1).map(|last| self.known[last].after.clone());
        same("the version of a load", Loaded::version(&loaded), version as u64)?;
        same("the state of a load", Loaded::state(&loaded), &last.unwrap_or_default())
    }
}

fn same<T: PartialEq + std::fmt::Debug>(what: &str, found: T, expected: T) -> Result<(), String> {
    match found == expected {
        true => Ok(()),
        false => Err(format!("{what} is {found:?}, and by hand it is {expected:?}")),
    }
}

static RUNTIME: LazyLock<Runtime> =
    LazyLock::new(|| tokio::runtime::Builder::new_current_thread().build().unwrap());

fn run<S: EventStore + Clone>(store: S, steps: &[Step]) -> Result<(), TestCaseError> {
    let run = async {
        let mut history = History::new(store);
        for step in steps {
            history.take(step).await?;
        }
        history.tallies.snapshots_written().await;
        history.take(&Step::Load).await
    };
    RUNTIME.block_on(run).map_err(TestCaseError::fail)
}

fn histories() -> impl Strategy<Value = Vec<Step>> {
    prop::collection::vec(step(), 1..40)
}

#[test]
fn a_load_from_a_snapshot_is_a_replay_in_any_history_by_any_policy() {
    let cases = std::env::var("PROPTEST_CASES").map_or(10_000, |cases| cases.parse().unwrap());
    let mut runner =
        TestRunner::new(Config { failure_persistence: None, ..Config::with_cases(cases) });
    if let Err(error) = runner.run(&histories(), |steps| run(MemoryStore::new(), &steps)) {
        panic!("{error}");
    }
}

/// A wrong snapshot: one that holds an event more, or less, than it says.
#[derive(Clone)]
struct Mistaken {
    store: MemoryStore,
    by: i64,
}

impl EventStore for Mistaken {
    fn save_snapshot(&self, mut snapshot: Snapshot) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(async move {
            snapshot.version = snapshot.version.saturating_add_signed(self.by);
            // A snapshot of another event than it says is refused by the store.
            let query = ReadQuery::stream(snapshot.stream.clone()).with_envelopes();
            let page = self.store.read(query, Page::new()).await?;
            let mut records = page.records();
            let there = records.find(|record| record.version() == snapshot.version);
            if let Some(envelope) = there.and_then(|record| record.envelope()) {
                snapshot.event_id = envelope.event_id;
            }
            self.store.save_snapshot(snapshot).await
        })
    }

    forward!(store: append, read, find_append, others);
}

#[test]
fn the_histories_find_an_event_that_is_applied_twice_or_left_out() {
    for (by, what) in [(-1, "twice"), (1, "left out")] {
        let config = Config { failure_persistence: None, ..Config::with_cases(1_000) };
        let found = TestRunner::new(config)
            .run(&histories(), |steps| run(Mistaken { store: MemoryStore::new(), by }, &steps));
        let found = found.expect_err(what).to_string();
        assert!(found.contains("by hand it is"), "{what}: {found}");
    }
}
