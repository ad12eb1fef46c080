//! The log as a stream that waits for the next event.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use esrs::prelude::*;
use esrs::repository::Follow;
use esrs::store::{AppendBatch, AppendCondition, EventFilter, LogMark, MetadataFilter, NewEvent};
use esrs::{EventStore, Metadata, Position, StreamId};
use futures_core::Stream;

use crate::answers::{postgres, stores};
use crate::counted::Counted;

#[derive(Event, Serialize, Deserialize, Debug, PartialEq)]
#[event("bell_rung")]
struct BellRung {
    times: u64,
}

#[derive(Event, Serialize, Deserialize)]
#[event("rung_twice")]
struct RungTwice {}

impl Split for RungTwice {
    type Into = [BellRung; 2];

    fn split(self) -> Self::Into {
        [BellRung { times: 1 }, BellRung { times: 2 }]
    }
}

#[derive(Aggregate, Default)]
#[aggregate("bell", id = u32, events(BellRung, split(RungTwice)), retired("dusted"), event_derives(Debug, PartialEq))]
struct Bell {}

impl Apply<BellRung> for Bell {
    fn apply(&mut self, _: BellRung) {}
}

fn rung(times: u64) -> NewEvent {
    NewEvent::of(&BellRung { times }, Metadata::new()).unwrap()
}

async fn append(store: &dyn EventStore, stream: &str, events: Vec<NewEvent>) -> Position {
    let stream: StreamId = stream.parse().unwrap();
    let batch = AppendBatch::new(stream, AppendCondition::Any, events);
    store.append(batch).await.unwrap().last_position
}

/// The next event, which is stored or about to be.
async fn next(log: &mut Follow) -> (u64, String) {
    let next = tokio::time::timeout(Duration::from_secs(30), log.try_next()).await;
    let entry = next.expect("an event is there").unwrap().expect("it does not end");
    (entry.envelope.position.get(), entry.envelope.stream.to_string())
}

async fn check(store: Arc<dyn EventStore>) {
    // More events than a page holds.
    append(&*store, "bell-1", (0..2_500).map(rung).collect()).await;
    let (mut first, mut second) =
        (store.follow(Position::START), store.follow(Position::new(2_000)));
    for position in 1..=2_500 {
        assert_eq!(next(&mut first).await, (position, "bell-1".to_owned()));
    }
    for position in 2_001..=2_500 {
        assert_eq!(next(&mut second).await.0, position);
    }

    // Both wait at the end, and are woken; a call that is dropped loses nothing.
    for _ in 0..3 {
        let waited = tokio::time::timeout(Duration::from_millis(20), first.try_next()).await;
        assert!(waited.is_err(), "there is no event yet");
    }
    let woken = async { (next(&mut first).await, next(&mut second).await) };
    let (woken, last) = tokio::join!(woken, append(&*store, "tower-7", vec![rung(1)]));
    let expected = (last.get(), "tower-7".to_owned());
    assert_eq!(woken, (expected.clone(), expected));
    drop(second);

    // As a `Stream`, only of some events, and a page at a time.
    let filter = EventFilter::everything().and("tower", ["bell_rung"]);
    let mut towers = store.follow(Position::START).only(filter).page_size(1);
    let entry = poll_fn(|context| Pin::new(&mut towers).poll_next(context)).await.unwrap().unwrap();
    assert_eq!(entry.envelope.position, last);
    append(&*store, "bell-1", vec![rung(0)]).await;
    let by = Metadata::new().with_actor("alice");
    let by_alice = NewEvent { metadata: by, ..rung(3) };
    let last = append(&*store, "tower-8", vec![by_alice]).await;
    assert_eq!(next(&mut towers).await.0, last.get());
    let alice = MetadataFilter::default().by("alice");
    let mut by_alice = store.follow(Position::START).recorded(alice);
    assert_eq!(next(&mut by_alice).await.0, last.get());

    // Each event of one aggregate as its type.
    let named = |name: &str| NewEvent { name: name.into(), payload: "{}".into(), ..rung(0) };
    append(&*store, "bell-2", vec![named("rung_twice"), named("dusted"), rung(9)]).await;
    let mut bells = store.follow(last).of::<Bell>();
    let mut times = Vec::new();
    for _ in 0..3 {
        let event = bells.try_next().await.unwrap().unwrap();
        times.push((Recorded::version(&event), format!("{:?}", Recorded::event(&event))));
    }
    let expected = [(1, 1), (1, 2), (3, 9)];
    let expected = expected
        .map(|(version, times)| (version, format!("{:?}", BellEvent::from(BellRung { times }))));
    assert_eq!(times, expected);
    // An event that this program does not know is an error, and not left out; other streams go on.
    let unknown = append(&*store, "bell-2", vec![named("cracked")]).await;
    for _ in 0..2 {
        let error = bells.try_next().await.unwrap_err().to_string();
        assert!(error.contains("`bell` has no event of this name"), "{error}");
    }
    let mut raw = store.follow(Position::new(unknown.get() - 1));
    let entry = raw.try_next().await.unwrap().unwrap();
    assert_eq!(&*entry.kind.name, "cracked");

    // It is continued from an event that is there, and ends where that is gone.
    let mark = |event_id| LogMark { position: unknown, event_id };
    let mut on = store.follow(Position::START).continuing(mark(entry.envelope.event_id));
    let end = append(&*store, "bell-3", vec![rung(4)]).await;
    assert_eq!(next(&mut on).await.0, end.get());
    let mut gone = store.follow(Position::START).continuing(mark(uuid::Uuid::now_v7()));
    let error = gone.try_next().await.unwrap_err();
    assert!(matches!(error, StoreError::HistoryChanged { .. }), "{error}");
    assert!(gone.try_next().await.unwrap().is_none(), "it has ended");
    assert_eq!(next(&mut store.follow(unknown)).await.0, end.get());
}

#[tokio::test]
async fn a_log_is_followed_and_waited_for() {
    let (_folder, stores) = stores().await;
    for store in stores {
        check(store).await;
    }
}

#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn a_log_is_followed_and_waited_for_in_postgresql() {
    let (_database, store) = postgres().await;
    check(store).await;
}

/// Another handle of the same file stands for another process.
#[tokio::test]
async fn what_another_process_appends_is_followed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log.db");
    let store = SqliteStore::open(&path).await.unwrap();
    let other = SqliteStore::open(&path).await.unwrap();
    let mut log = store.follow(Position::START);
    for number in 1..=3 {
        let (found, _) = tokio::join!(next(&mut log), append(&other, "bell-1", vec![rung(number)]));
        assert_eq!(found.0, number);
    }
}

/// A consumer that does not take its events holds one page of them.
#[tokio::test]
async fn a_slow_consumer_reads_no_further_than_its_page() {
    let store = Counted::new(MemoryStore::new());
    append(&store, "bell-1", (0..1_000).map(rung).collect()).await;
    let mut log = store.follow(Position::START).page_size(10);
    next(&mut log).await;
    for _ in 0..100 {
        append(&store, "bell-1", vec![rung(1)]).await;
    }
    assert_eq!(store.asked().reads, 1);
    for position in 2..=11 {
        assert_eq!(next(&mut log).await.0, position);
    }
    assert_eq!(store.asked().reads, 1);
}

/// A store that does not tell of appends says so at the end of its log, and not before.
#[tokio::test]
async fn a_store_that_does_not_tell_of_appends_cannot_be_followed() {
    let store = Counted::new(MemoryStore::new());
    append(&store, "bell-1", vec![rung(1)]).await;
    let mut log = store.follow(Position::START);
    next(&mut log).await;
    for _ in 0..2 {
        let error = log.try_next().await.unwrap_err();
        assert!(matches!(error, StoreError::CannotFollow), "{error}");
    }
    append(&store, "bell-1", vec![rung(2)]).await;
    assert_eq!(next(&mut log).await.0, 2);
}

/// Nothing of a waiting call is polled twice at once, nor after it is dropped.
#[test]
fn a_follower_is_dropped_at_any_point() {
    let store = MemoryStore::new();
    let mut context = Context::from_waker(Waker::noop());
    for polls in 0..3 {
        let mut log = store.follow(Position::START);
        for _ in 0..polls {
            assert!(matches!(pin!(log.try_next()).poll(&mut context), Poll::Pending));
        }
    }
    let mut appended = pin!(append(&store, "bell-1", vec![rung(1)]));
    assert!(appended.as_mut().poll(&mut context).is_ready());
}
