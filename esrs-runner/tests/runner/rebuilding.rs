//! Rows are rebuilt next to those that are asked.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use esrs::prelude::*;
use esrs::runner::{Rebuild, Retries, Runner, State};

use crate::bank::{Account, Balance, NEVER, next};
use crate::stores::{TestStore, on_every_store};
use crate::{caught_up, deposit, history, until};

on_every_store!(
    a_changed_projection_is_refused_unless_it_may_be_built_anew,
    the_old_rows_are_kept_and_asked_until_the_new_ones_are_there,
    of_two_definitions_that_may_both_rebuild_the_newer_wins_once,
    rows_are_built_anew_while_others_append_and_follow,
    what_cannot_be_taken_at_the_end_of_a_rebuild_is_parked;
    // In memory it is at its end before it is interrupted.
    a_rebuild_that_was_interrupted_is_gone_on_with,
);

async fn a_changed_projection_is_refused_unless_it_may_be_built_anew(store: impl TestStore) {
    history(&store, 2, 3).await;
    let running = Runner::new(store.clone()).project::<Balance>().start();
    caught_up(&store, &running).await;
    running.stop().await;
    let running = Runner::new(store.clone()).project::<next::Balance>().start();
    let failed = until(&running, |status| matches!(status.state, State::Failed { .. })).await;
    assert!(format!("{failed:?}").contains("a different definition"), "{failed:?}");
    assert_eq!(store.rows::<Balance>().await.unwrap().len(), 2);
    running.stop().await;
    let running = Runner::new(store.clone()).rebuild_changed().project::<next::Balance>().start();
    caught_up(&store, &running).await;
    let rows = store.rows::<next::Balance>().await.unwrap();
    assert_eq!(rows, [1, 2].map(|account| next::Balance { account, deposits: 3 }));
    running.stop().await;
}

async fn the_old_rows_are_kept_and_asked_until_the_new_ones_are_there(store: impl TestStore) {
    history(&store, 2, 30).await;
    let old = Runner::new(store.clone()).named("old").project::<Balance>().start();
    caught_up(&store, &old).await;
    let new = Runner::new(store.clone())
        .named("new")
        .rebuild_changed()
        .batch(3)
        .project::<next::Balance>()
        .start();
    let accounts = Repository::<Account>::new(store.clone());
    let mut deposits = 30;
    // Either all rows are of the one definition, or of the other.
    loop {
        deposit(&accounts, 1, 10).await;
        deposits += 1;
        let (old_rows, new_rows) =
            (store.rows::<Balance>().await, store.rows::<next::Balance>().await);
        if let Ok(rows) = &old_rows {
            assert_eq!(rows.len(), 2);
        }
        if let Ok(rows) = new_rows {
            assert_eq!(rows.len(), 2);
            break;
        }
    }
    caught_up(&store, &new).await;
    until(&old, |status| matches!(status.state, State::Superseded { .. })).await;
    let rows = store.rows::<next::Balance>().await.unwrap();
    assert_eq!(rows.iter().map(|row| row.deposits).collect::<Vec<_>>(), [deposits, 30]);
    new.stop().await;
    old.stop().await;
}

async fn of_two_definitions_that_may_both_rebuild_the_newer_wins_once(store: impl TestStore) {
    history(&store, 2, 30).await;
    let runner = |name: &str| Runner::new(store.clone()).named(name).rebuild_changed();
    let (one, other) = (
        runner("old 1").project::<Balance>().start(),
        runner("old 2").project::<Balance>().start(),
    );
    until(&one, |status| status.position.get() == 62).await;
    let new = runner("new").project::<next::Balance>().start();
    caught_up(&store, &new).await;
    let generation = async || {
        let stored = store.checkpoints().await.unwrap();
        let (asked, building): (Vec<_>, Vec<_>) = stored.into_iter().partition(|one| !one.building);
        assert!(building.is_empty(), "{building:?}");
        asked[0].checkpoint.generation
    };
    let built = generation().await;
    for old in [&one, &other] {
        until(old, |status| matches!(status.state, State::Superseded { .. })).await;
    }
    // An older process that starts now rebuilds nothing either.
    let late = runner("old 3").project::<Balance>().start();
    until(&late, |status| matches!(status.state, State::Superseded { .. })).await;
    let accounts = Repository::<Account>::new(store.clone());
    for deposits in 31..=50 {
        deposit(&accounts, 1, 10).await;
        tokio::time::sleep(Duration::from_millis(50)).await;
        let rows = store.rows::<next::Balance>().await.unwrap();
        assert_eq!(rows.len(), 2, "after {deposits} deposits");
        let refused = store.rows::<Balance>().await;
        assert!(matches!(refused, Err(StoreError::ProjectionSuperseded { .. })), "{refused:?}");
    }
    caught_up(&store, &new).await;
    assert_eq!(store.rows::<next::Balance>().await.unwrap()[0].deposits, 50);
    assert_eq!(generation().await, built, "it was rebuilt again");
    for running in [late, one, other, new] {
        running.stop().await;
    }
}

async fn a_rebuild_that_was_interrupted_is_gone_on_with(store: impl TestStore) {
    history(&store, 3, 40).await;
    let running = Runner::new(store.clone()).project::<Balance>().start();
    caught_up(&store, &running).await;
    running.stop().await;
    let told = Arc::new(Mutex::new(Vec::new()));
    let rebuild = || {
        let told = told.clone();
        let tell = move |progress: esrs::runner::Progress| {
            told.lock().unwrap().push(progress.position.get());
        };
        Rebuild::new(store.clone()).batch(2).lease(Duration::from_millis(60)).on_progress(tell)
    };
    let interrupted = async {
        while told.lock().unwrap().last().is_none_or(|position| *position < 40) {
            tokio::time::sleep(Duration::from_micros(100)).await;
        }
    };
    tokio::select! {
        built = rebuild().run::<Balance>() => panic!("it was not interrupted: {built:?}"),
        () = interrupted => {}
    }
    let first = std::mem::take(&mut *told.lock().unwrap());
    assert!(first[0] <= 2, "{first:?}");
    let up_to = rebuild().run::<Balance>().await.unwrap();
    assert_eq!(up_to.get(), 123);
    let second = told.lock().unwrap().clone();
    assert!(second[0] >= 40, "it began again: {second:?}");
    assert_eq!(store.rows::<Balance>().await.unwrap().len(), 3);
}

async fn rows_are_built_anew_while_others_append_and_follow(store: impl TestStore) {
    history(&store, 2, 20).await;
    let running = Runner::new(store.clone()).project::<Balance>().start();
    caught_up(&store, &running).await;
    let appending = async {
        let accounts = Repository::<Account>::new(store.clone());
        for _ in 0..60 {
            deposit(&accounts, 2, 10).await;
        }
    };
    let rebuilding = async {
        for _ in 0..3 {
            Rebuild::new(store.clone()).batch(4).run::<Balance>().await.unwrap();
        }
    };
    futures_util::future::join(appending, rebuilding).await;
    caught_up(&store, &running).await;
    let rows = store.rows::<Balance>().await.unwrap();
    assert_eq!(rows.iter().map(|row| row.cents).collect::<Vec<_>>(), [200, 800]);
    running.stop().await;
}

async fn what_cannot_be_taken_at_the_end_of_a_rebuild_is_parked(store: impl TestStore) {
    history(&store, 40, 1).await;
    let retries = Retries::new(0, Duration::ZERO);
    let running = Runner::new(store.clone()).retries(retries.clone()).project::<Balance>().start();
    caught_up(&store, &running).await;
    let appending = async {
        let accounts = Repository::<Account>::new(store.clone());
        for account in 1..=40 {
            deposit(&accounts, account, NEVER).await;
            deposit(&accounts, account, 10).await;
        }
    };
    let rebuilding = async {
        for _ in 0..8 {
            let rebuild = Rebuild::new(store.clone()).retries(retries.clone()).batch(4);
            rebuild.run::<Balance>().await.unwrap();
        }
    };
    futures_util::future::join(appending, rebuilding).await;
    assert_eq!(caught_up(&store, &running).await.parked, 40);
    let rows = store.rows::<Balance>().await.unwrap();
    assert_eq!(rows.iter().map(|row| row.cents).collect::<Vec<_>>(), [10; 40]);
    running.stop().await;
}
