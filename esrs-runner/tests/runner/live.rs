//! The same projection in memory.

use esrs::StreamId;
use esrs::prelude::*;
use esrs::runner::{Live, Runner};
use esrs::subscription::WaitTarget;

use crate::bank::{Account, Balance, MoneyDeposited, NEVER, Say};
use crate::stores::{TestStore, on_every_store};
use crate::{SOON, deposit, history};

on_every_store!(live_rows_are_those_of_the_table);

async fn live_rows_are_those_of_the_table(store: impl TestStore) {
    history(&store, 3, 4).await;
    let live = Live::<Balance>::new();
    let running = Runner::new(store.clone()).live(&live).project::<Balance>().start();
    let accounts = Repository::<Account>::new(store.clone());
    let last = accounts.execute(&2, Say(MoneyDeposited { cents: 2 }));
    let last = last.wait_for::<Balance>(SOON).await.unwrap();
    live.wait_for(last.position().unwrap(), SOON).await.unwrap();
    let mut rows = live.all().unwrap();
    rows.sort_by_key(|row| row.account);
    assert_eq!(rows, store.rows::<Balance>().await.unwrap());
    assert_eq!(live.get(&2).unwrap().unwrap().cents, 42);
    assert_eq!(live.get(&9).unwrap(), None);
    // A stream that cannot be followed is left where it was.
    deposit(&accounts, 1, NEVER).await;
    let last = accounts.execute(&2, Say(MoneyDeposited { cents: 2 })).await.unwrap();
    let position = last.position().unwrap();
    let of_the_stream = |id| WaitTarget { position, streams: vec![stream(id)] };
    live.wait_for(of_the_stream(2), SOON).await.unwrap();
    for target in [position.into(), of_the_stream(1)] {
        let waited = live.wait_for(target, SOON).await;
        let Err(StoreError::Parked { version: 6, event, .. }) = waited else {
            panic!("{waited:?}")
        };
        assert_eq!(event, "money_deposited");
    }
    assert_eq!(live.get(&1).unwrap().unwrap().cents, 40);
    assert_eq!(live.get(&2).unwrap().unwrap().cents, 44);
    let too_far = esrs::Position::new(last.position().unwrap().get() + 1);
    let waited = live.wait_for(too_far, std::time::Duration::from_millis(10)).await;
    assert!(matches!(waited, Err(StoreError::Lagging { .. })), "{waited:?}");
    running.stop().await;
    // The next runner fills them anew, and leaves out what the first has left out.
    let running = Runner::new(store.clone()).live(&live).start();
    live.wait_for(of_the_stream(2), SOON).await.unwrap();
    deposit(&accounts, 1, 5).await;
    let last = accounts.execute(&2, Say(MoneyDeposited { cents: 2 })).await.unwrap();
    let target = WaitTarget { position: last.position().unwrap(), streams: vec![stream(2)] };
    live.wait_for(target, SOON).await.unwrap();
    assert_eq!(live.get(&1).unwrap().unwrap().cents, 40);
    assert_eq!(live.get(&2).unwrap().unwrap().cents, 46);
    running.stop().await;
}

fn stream(id: u32) -> StreamId {
    StreamId::new("account", id).unwrap()
}
