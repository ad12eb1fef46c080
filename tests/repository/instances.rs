//! The instances of an aggregate: their ids, and how many they are.

use std::sync::Arc;

use esrs::prelude::*;
use esrs::store::{AppendBatch, AppendCondition, NewEvent};
use esrs::{EventStore, Metadata, StreamId};

use crate::answers::{postgres, stores};
use crate::counted::{Asked, Counted};

#[derive(Event, Serialize, Deserialize)]
#[event("lamp_lit")]
struct LampLit {}

#[derive(Aggregate, Default)]
#[aggregate("lamp", id = u32, events(ignored(LampLit)))]
struct Lamp {}

#[derive(Aggregate, Default)]
#[aggregate("lamp_post", id = String, events(ignored(LampLit)))]
struct LampPost {}

async fn append(store: &dyn EventStore, stream: &str) {
    let lit = NewEvent::of(&LampLit {}, Metadata::new()).unwrap();
    let stream: StreamId = stream.parse().unwrap();
    store.append(AppendBatch::new(stream, AppendCondition::Any, vec![lit])).await.unwrap();
}

async fn check(store: Arc<dyn EventStore>) {
    let counted = Counted::new(store.clone());
    let lamps = Repository::<Lamp>::new(counted.clone());
    let posts = Repository::<LampPost>::new(store.clone());
    assert_eq!(lamps.instances().try_next().await.unwrap(), None);
    assert_eq!(
        (lamps.count_instances().await.unwrap(), posts.count_instances().await.unwrap()),
        (0, 0)
    );
    for id in [1, 2, 9, 10, 11, 100] {
        append(&*store, &format!("lamp-{id}")).await;
    }
    append(&*store, "lamp-9").await;
    append(&*store, "lamp_post-corner").await;

    for size in [1, 2, 1_000] {
        let (mut ids, mut found) = (lamps.instances().page_size(size), Vec::new());
        while let Some(id) = ids.try_next().await.unwrap() {
            found.push(id);
            assert!(found.len() <= 6, "the list does not end: {found:?}");
        }
        // As text.
        assert_eq!(found, [1, 10, 100, 11, 2, 9]);
        assert_eq!(ids.try_next().await.unwrap(), None, "it stays at its end");
    }
    assert_eq!(
        (lamps.count_instances().await.unwrap(), posts.count_instances().await.unwrap()),
        (6, 1)
    );
    assert_eq!(counted.asked(), Asked::default(), "no event is read");

    // It is continued by an id, and an instance behind it that is new is found.
    let mut ids = lamps.instances().after(&11).unwrap().page_size(1);
    assert_eq!(ids.try_next().await.unwrap(), Some(2));
    append(&*store, "lamp-3").await;
    assert_eq!(ids.try_next().await.unwrap(), Some(3));

    // A list that is read in part begins again behind the id that it is given.
    for size in [1, 2, 1_000] {
        let mut ids = lamps.instances().page_size(size);
        assert_eq!(ids.try_next().await.unwrap(), Some(1));
        let mut ids = ids.after(&11).unwrap();
        assert_eq!(ids.try_next().await.unwrap(), Some(2));
        // Also from its end, and to an earlier id.
        while let Some(id) = ids.try_next().await.unwrap() {
            assert!([3, 9].contains(&id), "{id} comes before 2");
        }
        let mut ids = ids.after(&1).unwrap().page_size(2);
        let mut found = Vec::new();
        for _ in 0..2 {
            found.extend(ids.try_next().await.unwrap());
        }
        ids = ids.page_size(1_000);
        while let Some(id) = ids.try_next().await.unwrap() {
            found.push(id);
            assert!(found.len() <= 6, "the list does not end: {found:?}");
        }
        assert_eq!(found, [10, 100, 11, 2, 3, 9]);
    }

    // A stream that no instance has is an error, and the list goes on behind it.
    for stream in ["lamp-1a", "lamp-07"] {
        append(&*store, stream).await;
    }
    let mut ids = lamps.instances();
    let Err(LoadError::NotAnInstance { stream, reason }) = ids.try_next().await else {
        panic!("07 is another id")
    };
    assert_eq!((stream.id(), &*reason), ("07", "expected the id as its type writes it, `7`"));
    let (mut found, mut refused) = (Vec::new(), Vec::new());
    loop {
        match ids.try_next().await {
            Ok(Some(id)) => found.push(id),
            Ok(None) => break,
            Err(error) => refused.push(error.to_string()),
        }
        assert!(found.len() + refused.len() <= 8, "the list does not end: {found:?}, {refused:?}");
    }
    assert_eq!(found, [1, 10, 100, 11, 2, 3, 9]);
    assert_eq!(
        refused,
        ["lamp-1a is not the stream of an instance: invalid digit found in string"]
    );
}

#[tokio::test]
async fn instances_are_listed_in_a_stable_order_and_counted() {
    let (_folder, stores) = stores().await;
    for store in stores {
        check(store).await;
    }
}

#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn instances_are_listed_in_a_stable_order_and_counted_in_postgresql() {
    let (_database, store) = postgres().await;
    check(store).await;
}
