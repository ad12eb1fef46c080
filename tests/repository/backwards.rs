//! The last event of an instance, and its events from the newest to the oldest.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;

use esrs::prelude::*;
use esrs::store::{AppendBatch, AppendCondition, AuditTrail, NewEvent};
use esrs::{EventStore, Metadata, StreamId};
use futures_core::Stream;

use crate::answers::{postgres, stores};
use crate::counted::{Asked, Counted};

#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[event("page_turned")]
struct PageTurned {
    page: u64,
}

#[derive(Event, Serialize, Deserialize)]
#[event("opened_and_turned")]
struct OpenedAndTurned {
    page: u64,
}

impl Split for OpenedAndTurned {
    type Into = (PageTurned, PageTurned);

    fn split(self) -> Self::Into {
        (PageTurned { page: 0 }, PageTurned { page: self.page })
    }
}

#[derive(Aggregate, Default)]
#[aggregate(
    "book",
    id = u32,
    events(PageTurned, split(OpenedAndTurned)),
    retired("dusted"),
    event_derives(Debug, PartialEq)
)]
struct Book {}

impl Apply<PageTurned> for Book {
    fn apply(&mut self, _: PageTurned) {}
}

fn stream(id: u32) -> StreamId {
    StreamId::new("book", id).unwrap()
}

async fn append(store: &dyn EventStore, id: u32, events: Vec<NewEvent>) {
    store.append(AppendBatch::new(stream(id), AppendCondition::Any, events)).await.unwrap();
}

fn turned(page: u64) -> NewEvent {
    NewEvent::of(&PageTurned { page }, Metadata::new()).unwrap()
}

async fn check(store: Arc<dyn EventStore>) {
    let counted = Counted::new(store.clone());
    let books = Repository::<Book>::new(counted.clone());
    assert!(books.last_event(&1).await.unwrap().is_none(), "nothing has happened to it");
    // More events than a page holds.
    append(&*store, 1, (1..=2_500).map(turned).collect()).await;
    append(&*store, 2, vec![turned(7)]).await;
    counted.asked();
    let last = books.last_event(&1).await.unwrap().unwrap();
    assert_eq!(counted.asked(), Asked { reads: 1, ..Asked::default() });
    assert_eq!(
        (last.envelope.version, last.events),
        (2_500, vec![PageTurned { page: 2_500 }.into()])
    );
    assert_eq!(books.last_event(&2).await.unwrap().unwrap().envelope.version, 1);

    counted.asked();
    let mut versions = Vec::new();
    let mut backwards = books.history_backwards(&1).unwrap();
    while let Some(past) = backwards.try_next().await.unwrap() {
        versions.push(past.envelope.version);
    }
    assert!(versions.iter().copied().eq((1..=2_500).rev()), "{} events", versions.len());
    assert!(backwards.try_next().await.unwrap().is_none(), "it stays at its end");
    assert_eq!(counted.asked().reads, 3, "no page is read behind the first event");

    let mut some = books.history_backwards(&1).unwrap().before_version(1_900).limit(1_200);
    let mut versions = Vec::new();
    // As a `Stream`, too.
    while let Some(past) = poll_fn(|context| Pin::new(&mut some).poll_next(context)).await {
        versions.push(past.unwrap().envelope.version);
    }
    assert!(versions.iter().copied().eq((700..=1_899).rev()), "{} events", versions.len());
    assert!(books.history_backwards(&1).unwrap().limit(0).try_next().await.unwrap().is_none());

    // What an event counts as today: its parts, nothing, or an error that comes again.
    let named = |name: &str, payload: &str| NewEvent {
        name: name.into(),
        payload: payload.to_owned(),
        ..turned(1)
    };
    append(&*store, 3, vec![named("opened_and_turned", "{\"page\":3}"), named("dusted", "{}")])
        .await;
    let mut past = books.history_backwards(&3).unwrap();
    let dusted = past.try_next().await.unwrap().unwrap();
    assert_eq!((&*dusted.kind.name, dusted.events.len()), ("dusted", 0));
    let parts = past.try_next().await.unwrap().unwrap().events;
    assert_eq!(parts, vec![PageTurned { page: 0 }.into(), PageTurned { page: 3 }.into()]);
    append(&*store, 3, vec![named("burnt", "{}")]).await;
    let mut past = books.history_backwards(&3).unwrap();
    for _ in 0..2 {
        let error = past.try_next().await.err().unwrap().to_string();
        assert!(error.contains("`book` has no event of this name"), "{error}");
    }
    assert_eq!(books.last_event(&2).await.unwrap().unwrap().envelope.version, 1);

    // An audit trail is a `Stream` as well.
    let mut trail = AuditTrail::new(store).of_stream(stream(2));
    let entry = poll_fn(|context| Pin::new(&mut trail).poll_next(context)).await.unwrap().unwrap();
    assert_eq!(entry.payload, "{\"page\":7}");
    assert!(poll_fn(|context| Pin::new(&mut trail).poll_next(context)).await.is_none());
}

#[tokio::test]
async fn events_are_read_backwards() {
    let (_folder, stores) = stores().await;
    for store in stores {
        check(store).await;
    }
}

#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn events_are_read_backwards_in_postgresql() {
    let (_database, store) = postgres().await;
    check(store).await;
}
