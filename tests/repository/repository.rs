//! The promises of a repository, on the memory store and on stores that misbehave.

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use esrs::aggregate::ReplayFault;
use esrs::event::FixedClock;
use esrs::prelude::*;
use esrs::store::{AppendBatch, AppendCondition, Appended, NewEvent, Page, ReadQuery};
use esrs::{EventStore, ExecuteError, LoadError, Metadata, Position, StoreError, StreamId};
use futures_core::future::BoxFuture;
use uuid::Uuid;

#[derive(Event, Serialize, Deserialize, Debug, PartialEq)]
#[event("counted")]
struct Counted {
    by: i64,
}

#[derive(Event, Serialize, Deserialize)]
#[event("closed")]
struct Closed {}

#[derive(Aggregate, Default, Debug)]
#[aggregate("counter", id = String, events(Counted, Closed), retired("reset"))]
struct Counter {
    sum: i64,
    closed: bool,
}

impl Apply<Counted> for Counter {
    fn apply(&mut self, event: Counted) {
        self.sum += event.by;
    }
}

impl Apply<Closed> for Counter {
    fn apply(&mut self, _: Closed) {
        self.closed = true;
    }
}

#[derive(Clone, Serialize)]
struct Count {
    by: i64,
}

struct Close;

#[derive(Debug, PartialEq, thiserror::Error)]
#[error("the counter is closed")]
struct IsClosed;

impl Handle<Count> for Counter {
    type Error = IsClosed;

    fn handle(&self, command: &Count, _: &Context<Self>) -> Result<Events<Self>, IsClosed> {
        match (self.closed, command.by) {
            (true, _) => Err(IsClosed),
            (false, 0) => Ok(Events::none()),
            (false, by) => Ok(Counted { by }.into()),
        }
    }
}

impl Handle<Close> for Counter {
    type Error = IsClosed;

    fn handle(&self, _: &Close, _: &Context<Self>) -> Result<Events<Self>, IsClosed> {
        if self.closed { Err(IsClosed) } else { Ok(Closed {}.into()) }
    }
}

fn id() -> String {
    "one".to_owned()
}

fn counters() -> Repository<Counter> {
    Repository::new(MemoryStore::new())
}

/// Lets another writer in before each of the first `races` appends.
#[derive(Clone)]
struct Racing {
    store: MemoryStore,
    races: Arc<AtomicU32>,
    appends: Arc<AtomicU32>,
}

impl Racing {
    fn new(races: u32) -> Self {
        let (races, appends) = (Arc::new(AtomicU32::new(races)), Arc::default());
        Self { store: MemoryStore::new(), races, appends }
    }
}

impl EventStore for Racing {
    fn append(&self, batch: AppendBatch) -> BoxFuture<'_, Result<Appended, StoreError>> {
        Box::pin(async move {
            self.appends.fetch_add(1, Ordering::Relaxed);
            let left = self.races.load(Ordering::Relaxed);
            if left > 0 {
                self.races.store(left - 1, Ordering::Relaxed);
                let other = NewEvent::of(&Counted { by: 100 }, Metadata::new()).unwrap();
                let stream = batch.streams[0].stream.clone();
                let other = AppendBatch::new(stream, AppendCondition::Any, vec![other]);
                self.store.append(other).await?;
            }
            self.store.append(batch).await
        })
    }

    forward!(store: read, find_append, save_snapshot, others);
}

#[tokio::test]
async fn a_command_that_lost_a_race_is_handled_again_on_the_newer_state() {
    let store = Racing::new(3);
    let counters = Repository::<Counter>::new(store.clone());
    let done = counters.execute(&id(), Count { by: 1 }).await.unwrap();
    assert_eq!((done.version(), done.event_count()), (4, 1));
    assert_eq!(counters.load(&id()).await.unwrap().sum, 301);
    assert_eq!(store.appends.load(Ordering::Relaxed), 4);
}

#[tokio::test]
async fn races_that_are_lost_too_often_end_in_a_conflict_that_says_how_often() {
    let counters = Repository::<Counter>::new(Racing::new(u32::MAX)).with_max_attempts(3);
    let error = counters.execute(&id(), Count { by: 1 }).await.unwrap_err();
    let ExecuteError::Conflict { attempts, conflict } = &error else { panic!("{error}") };
    assert_eq!((*attempts, conflict.actual), (3, 3));
    assert_eq!(
        error.to_string(),
        "another writer appended first in each of 3 attempts: expected counter-one at version 2, found \
         version 3; try again"
    );
}

#[tokio::test]
async fn a_rejection_is_the_commands_own_error_and_stores_nothing() {
    let counters = counters();
    counters.execute(&id(), Close).await.unwrap();
    let error = counters.execute(&id(), Count { by: 1 }).await.unwrap_err();
    assert_eq!(error.rejection(), Some(&IsClosed));
    assert_eq!(error.to_string(), "the command was rejected: the counter is closed");
    assert_eq!(Loaded::version(&counters.load(&id()).await.unwrap()), 1);
}

#[tokio::test]
async fn a_command_without_events_stores_nothing_and_says_the_version() {
    let counters = counters();
    counters.execute(&id(), Count { by: 2 }).await.unwrap();
    let done = counters.execute(&id(), Count { by: 0 }).await.unwrap();
    assert_eq!((done.version(), done.event_count(), done.position()), (1, 0, None));
}

#[tokio::test]
async fn an_instance_that_nothing_has_happened_to_is_its_default() {
    let counter = counters().load(&id()).await.unwrap();
    assert!(Loaded::is_new(&counter) && !counter.closed);
    assert_eq!((Loaded::version(&counter), counter.sum), (0, 0));
}

#[tokio::test]
async fn a_repeated_command_is_answered_with_its_first_result_though_it_would_be_rejected_by_now() {
    let counters = counters();
    let count = Count { by: 7 };
    let first = counters.execute(&id(), count.clone()).idempotency_key("k").await.unwrap();
    counters.execute(&id(), Close).await.unwrap();
    let again = counters.execute(&id(), count.clone()).idempotency_key("k").await.unwrap();
    assert_eq!(
        (again.version(), again.event_count(), again.position(), again.was_repeated()),
        (first.version(), first.event_count(), first.position(), true)
    );
    assert!(!first.was_repeated());
    let other = counters.execute(&"two".to_owned(), count).idempotency_key("k").await.unwrap();
    assert!(!other.was_repeated(), "a key is scoped to the instance");
    assert_eq!(counters.load(&id()).await.unwrap().sum, 7);
}

#[tokio::test]
async fn commands_of_many_tasks_on_one_instance_all_count() {
    let counters = counters().with_max_attempts(1_000);
    let tasks: Vec<_> = (0..50)
        .map(|_| {
            let counters = counters.clone();
            tokio::spawn(async move { counters.execute(&id(), Count { by: 1 }).await })
        })
        .collect();
    for task in tasks {
        task.await.unwrap().unwrap();
    }
    let counter = counters.load(&id()).await.unwrap();
    assert_eq!((counter.sum, Loaded::version(&counter)), (50, 50));
}

#[tokio::test]
async fn what_a_command_says_of_itself_stands_beside_each_of_its_events() {
    let store = MemoryStore::new();
    let time = "2026-02-03T04:05:06.789012345Z".parse().unwrap();
    let counters = Repository::<Counter>::new(store.clone()).with_clock(FixedClock::at(time));
    let (cause, correlation) = (Uuid::now_v7(), Uuid::now_v7());
    counters
        .execute(&id(), Count { by: 1 })
        .by("alice")
        .caused_by(cause)
        .correlated_by(correlation)
        .with("branch", "Brno")
        .await
        .unwrap();
    counters.execute(&id(), Count { by: 2 }).await.unwrap();
    let page = store.read(ReadQuery::all().with_envelopes(), Page::new()).await.unwrap();
    let envelopes: Vec<_> = page.records().map(|record| record.envelope().unwrap()).collect();
    let [first, second] = &envelopes[..] else { panic!("{envelopes:?}") };
    let expected = Metadata::new()
        .with_actor("alice")
        .with_causation_id(cause)
        .with_correlation_id(correlation)
        .with("branch", "Brno");
    assert_eq!(first.metadata, expected);
    assert_eq!(first.recorded_at.to_string(), "2026-02-03T04:05:06.789012Z");
    assert_eq!((first.position, first.version), (Position::new(1), 1));
    assert_eq!(second.metadata.actor(), None);
    assert!(second.metadata.correlation_id().is_some_and(|id| id != correlation));
}

#[tokio::test]
async fn an_event_that_is_not_known_is_an_error_that_says_where_it_stands() {
    let (store, stream) = (MemoryStore::new(), StreamId::new("counter", "one").unwrap());
    let event = |name: &str| NewEvent {
        name: name.into(),
        ..NewEvent::of(&Counted { by: 1 }, Metadata::new()).unwrap()
    };
    let events = vec![event("counted"), event("reset"), event("doubled")];
    store.append(AppendBatch::new(stream, AppendCondition::Any, events)).await.unwrap();
    let error = Repository::<Counter>::new(store).load(&id()).await.unwrap_err();
    let LoadError::Replay(replay) = &error else { panic!("{error}") };
    assert_eq!((replay.version, &*replay.event), (3, "doubled"));
    assert!(matches!(replay.reason, ReplayFault::UnknownEvent { aggregate: "counter" }));
    assert_eq!(
        error.to_string(),
        "counter-one could not be replayed beyond version 2: the event `doubled` (version 1) at 3: \
         `counter` has no event of this name; list it in `events(…)`, as an alias of the event that \
         it became, or as `retired(\"…\")` to skip it"
    );
}

#[tokio::test]
async fn an_id_that_cannot_be_part_of_a_streams_name_is_an_error() {
    for wrong in ["", "two\nlines", &"x".repeat(600)] {
        let error = counters().load(&wrong.to_owned()).await.unwrap_err();
        assert!(matches!(error, LoadError::Id(_)), "{error}");
    }
}

#[tokio::test]
async fn a_repository_over_a_shared_store_object_is_as_good_as_one_over_the_store() {
    let store: Arc<dyn EventStore> = Arc::new(MemoryStore::new());
    let counters = Repository::<Counter>::new(store.clone());
    counters.execute(&id(), Count { by: 3 }).await.unwrap();
    assert_eq!(Repository::<Counter>::new(store).load(&id()).await.unwrap().sum, 3);
}

#[test]
fn a_command_can_be_awaited_in_a_task_of_another_thread() {
    fn assert_send<T: Send>(_: &T) {}
    let counters = counters();
    assert_send(&counters.execute(&id(), Count { by: 1 }).into_future());
}

#[derive(Event, Serialize, Deserialize)]
#[event("measured")]
struct Measured {
    #[serde(serialize_with = "refuse")]
    #[schema(opaque = "measure@1")]
    value: u8,
}

fn refuse<S: serde::Serializer>(_: &u8, _: S) -> Result<S::Ok, S::Error> {
    Err(serde::ser::Error::custom("no"))
}

#[derive(Aggregate, Default)]
#[aggregate("gauge", id = String, events(Measured))]
struct Gauge {
    value: u8,
}

impl Apply<Measured> for Gauge {
    fn apply(&mut self, event: Measured) {
        self.value = event.value;
    }
}

struct Measure;

impl Handle<Measure> for Gauge {
    type Error = std::convert::Infallible;

    fn handle(&self, _: &Measure, _: &Context<Self>) -> Result<Events<Self>, Self::Error> {
        Ok(Measured { value: self.value }.into())
    }
}

#[tokio::test]
async fn an_event_that_cannot_be_written_is_an_error_and_stores_nothing()
-> Result<(), Box<dyn Error>> {
    let store = MemoryStore::new();
    let gauges = Repository::<Gauge>::new(store.clone());
    let error = gauges.execute(&id(), Measure).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the event `measured` for gauge-one could not be written as JSON: a value was refused, in \
         words that may quote it"
    );
    assert!(store.read(ReadQuery::all(), Page::new()).await?.is_empty());
    Ok(())
}
