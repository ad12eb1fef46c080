//! A stream that lost events, and got others in their place, between two pages of a read.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use esrs::prelude::*;
use esrs::store::{AppendBatch, AppendCondition, AuditTrail, NewEvent};
use esrs::testing::conformance::Cold;
use esrs::{EventStore, Metadata, StreamId};

use crate::answers::{postgres, stores};

#[derive(Event, Serialize, Deserialize)]
#[event("drop_fallen")]
struct DropFallen {
    drops: u64,
}

#[derive(Aggregate, Default, Clone)]
#[aggregate("bucket", id = u32, events(DropFallen))]
struct Bucket {
    drops: u64,
}

impl Apply<DropFallen> for Bucket {
    fn apply(&mut self, event: DropFallen) {
        self.drops += event.drops;
    }
}

/// More events than a page holds.
const EVENTS: u64 = 1_500;

fn stream() -> StreamId {
    StreamId::new("bucket", 1).unwrap()
}

fn is_changed(error: &StoreError) -> bool {
    matches!(error, StoreError::HistoryChanged { .. })
}

/// Reads from `before`, and from `after` once events are lost.
fn losing(
    before: &Arc<dyn EventStore>,
    after: &Arc<dyn EventStore>,
) -> (impl EventStore + use<>, Arc<AtomicBool>) {
    let lost = Arc::new(AtomicBool::new(false));
    let (stores, now) = ([before.clone(), after.clone()], lost.clone());
    let open = move || {
        let store = stores[usize::from(now.load(Relaxed))].clone();
        Box::pin(async move { store }) as futures_core::future::BoxFuture<'static, _>
    };
    (Cold::new(before.clone(), open), lost)
}

async fn check(before: Arc<dyn EventStore>, after: Arc<dyn EventStore>) {
    for (store, drops) in [(&before, 1), (&after, 2)] {
        let fallen = |_| NewEvent::of(&DropFallen { drops }, Metadata::new()).unwrap();
        let batch =
            AppendBatch::new(stream(), AppendCondition::Any, (0..EVENTS).map(fallen).collect());
        store.append(batch).await.unwrap();
    }

    let (store, lost) = losing(&before, &after);
    let mut history = Repository::<Bucket>::new(store).history(&1).unwrap();
    let mut states = Vec::new();
    let error = loop {
        match history.try_next().await {
            Ok(moment) => states.push(moment.expect("the second page is of another stream").state),
            Err(error) => break error,
        }
        lost.store(true, Relaxed);
    };
    assert!(matches!(&error, LoadError::Store(error) if is_changed(error)), "{error}");
    assert!(states.iter().map(|state| state.drops).eq(1..=states.len() as u64));
    assert!((1..EVENTS as usize).contains(&states.len()), "{}", states.len());
    assert!(history.try_next().await.is_err(), "it does not go on");

    let (store, lost) = losing(&before, &after);
    let mut trail = AuditTrail::new(store).of_stream(stream());
    let mut versions = 0;
    let error = loop {
        match trail.try_next().await {
            Ok(entry) => drop(entry.expect("the second page is of another stream")),
            Err(error) => break error,
        }
        versions += 1;
        lost.store(true, Relaxed);
    };
    assert!(is_changed(&error) && versions < EVENTS, "{error} after {versions}");

    let (store, lost) = losing(&before, &after);
    let mut backwards = Repository::<Bucket>::new(store).history_backwards(&1).unwrap();
    let error = loop {
        match backwards.try_next().await {
            Ok(past) => drop(past.expect("the second page is of another stream")),
            Err(error) => break error,
        }
        lost.store(true, Relaxed);
    };
    assert!(matches!(&error, LoadError::Store(error) if is_changed(error)), "{error}");

    // Without a loss each is read to its end, and so are events that come later.
    let (store, _) = losing(&before, &after);
    let mut trail = AuditTrail::new(store).of_stream(stream());
    for version in 1..=EVENTS {
        assert_eq!(trail.try_next().await.unwrap().unwrap().envelope.version, version);
    }
    assert_eq!(trail.try_next().await.unwrap(), None);
    let later = NewEvent::of(&DropFallen { drops: 1 }, Metadata::new()).unwrap();
    let batch = AppendBatch::new(stream(), AppendCondition::Any, vec![later]);
    before.append(batch).await.unwrap();
    assert_eq!(trail.try_next().await.unwrap().unwrap().envelope.version, EVENTS + 1);
    assert_eq!(trail.try_next().await.unwrap(), None);
}

#[tokio::test]
async fn read_of_a_stream_that_regrew_between_pages_is_refused() {
    let ((_folder, before), (_other, after)) = (stores().await, stores().await);
    for (before, after) in before.into_iter().zip(after) {
        check(before, after).await;
    }
}

#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn read_of_a_stream_that_regrew_between_pages_is_refused_in_postgresql() {
    let ((_database, before), (_other, after)) = (postgres().await, postgres().await);
    check(before, after).await;
}
