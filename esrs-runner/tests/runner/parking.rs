//! An event that cannot be taken parks its stream, and not the world.

use std::time::Duration;

use esrs::StreamId;
use esrs::prelude::*;
use esrs::runner::{Parking, Retries, Runner, Running};
use esrs::subscription::{ParkedStream, ParkingAction};

use crate::bank::{Account, Balance, LUCK, NEVER};
use crate::stores::{TestStore, on_every_store};
use crate::{caught_up, deposit, history, until};

on_every_store!(
    a_poisoned_event_parks_its_stream_and_the_others_go_on,
    what_was_parked_is_taken_when_somebody_has_it_tried_again,
    what_can_never_be_taken_is_left_out_when_somebody_says_so,
);

fn start(store: &impl TestStore) -> Running {
    Runner::new(store.clone())
        .retries(Retries::new(1, Duration::from_millis(1)))
        .look_for_decisions_every(Duration::from_millis(20))
        .batch(5)
        .project::<Balance>()
        .start()
}

async fn cents(store: &impl TestStore) -> Vec<i64> {
    store.rows::<Balance>().await.unwrap().into_iter().map(|row| row.cents).collect()
}

fn stream(account: u32) -> StreamId {
    StreamId::new("account", account).unwrap()
}

async fn a_poisoned_event_parks_its_stream_and_the_others_go_on(store: impl TestStore) {
    history(&store, 2, 2).await;
    let accounts = Repository::<Account>::new(store.clone());
    deposit(&accounts, 1, NEVER).await;
    deposit(&accounts, 1, 5).await;
    deposit(&accounts, 2, 5).await;
    let running = start(&store);
    let status = caught_up(&store, &running).await;
    assert_eq!(status.parked, 1);
    assert_eq!(cents(&store).await, [20, 25]);
    // What comes later on the same stream waits behind it.
    deposit(&accounts, 1, 7).await;
    deposit(&accounts, 2, 7).await;
    caught_up(&store, &running).await;
    assert_eq!(cents(&store).await, [20, 32]);
    let parked = Parking::of::<Balance>(store.clone()).streams().await.unwrap();
    assert_eq!(parked.len(), 1);
    assert_eq!((&parked[0].stream, parked[0].version), (&stream(1), 4));
    assert_eq!((parked[0].event.as_str(), parked[0].position.get()), ("money_deposited", 7));
    assert!(parked[0].reason.contains("never"), "{}", parked[0].reason);
    running.stop().await;
    // Whoever goes on knows of it.
    let running = start(&store);
    assert_eq!(caught_up(&store, &running).await.parked, 1);
    running.stop().await;
}

/// The one stream that is parked.
async fn only(parking: &Parking) -> ParkedStream {
    let parked = parking.streams().await.unwrap();
    let [one] = <[_; 1]>::try_from(parked).unwrap();
    one
}

async fn what_was_parked_is_taken_when_somebody_has_it_tried_again(store: impl TestStore) {
    history(&store, 2, 1).await;
    let accounts = Repository::<Account>::new(store.clone());
    deposit(&accounts, 1, NEVER).await;
    for _ in 0..12 {
        deposit(&accounts, 1, 1).await;
    }
    let running = start(&store);
    until(&running, |status| status.parked == 1 && status.lag() == Some(0)).await;
    let parking = Parking::of::<Balance>(store.clone());
    // Nothing has changed, so it is parked again.
    assert!(parking.retry(&only(&parking).await, "alice", "hope").await.unwrap());
    let parked_again = async {
        while parking.log().await.unwrap().len() < 3 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(crate::SOON, parked_again).await.unwrap();
    assert_eq!(cents(&store).await, [10, 10]);
    assert!(parking.skip(&only(&parking).await, "bob", "a test of ours").await.unwrap());
    until(&running, |status| status.parked == 0).await;
    assert_eq!(cents(&store).await, [22, 10]);
    deposit(&accounts, 1, 1).await;
    caught_up(&store, &running).await;
    assert_eq!(cents(&store).await, [23, 10]);
    let log = parking.log().await.unwrap();
    let told: Vec<_> = log.iter().map(|entry| (entry.action, entry.actor.as_deref())).collect();
    assert_eq!(
        told,
        [
            (ParkingAction::Parked, None),
            (ParkingAction::Retried, Some("alice")),
            (ParkingAction::Parked, None),
            (ParkingAction::Skipped, Some("bob")),
            (ParkingAction::Resumed, None),
        ]
    );
    assert_eq!(log[3].reason, "a test of ours");
    running.stop().await;
}

async fn what_can_never_be_taken_is_left_out_when_somebody_says_so(store: impl TestStore) {
    let _luck = LUCK.is_bad().await;
    history(&store, 1, 1).await;
    let accounts = Repository::<Account>::new(store.clone());
    deposit(&accounts, 1, 13).await;
    deposit(&accounts, 1, NEVER).await;
    deposit(&accounts, 1, 2).await;
    let running = start(&store);
    let parking = Parking::of::<Balance>(store.clone());
    until(&running, |status| status.parked == 1).await;
    assert_eq!(parking.streams().await.unwrap()[0].version, 3);
    LUCK.turns();
    parking.retry(&only(&parking).await, "alice", "luck has turned").await.unwrap();
    let at_the_next = async {
        while parking.streams().await.unwrap().first().is_none_or(|one| one.version != 4) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(crate::SOON, at_the_next).await.unwrap();
    assert_eq!(cents(&store).await, [23]);
    parking.skip(&only(&parking).await, "bob", "a test of ours").await.unwrap();
    until(&running, |status| status.parked == 0).await;
    assert_eq!(cents(&store).await, [25]);
    running.stop().await;
}
