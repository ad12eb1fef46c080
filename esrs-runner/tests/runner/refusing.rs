//! Refusals by the table, another program or the log.

use std::time::Duration;

use esrs::Position;
use esrs::prelude::*;
use esrs::runner::{Live, Parking, Rebuild, Retries, Runner, Running, State, Status};
use esrs::store::BoxError;
use esrs::subscription::{EventHandler, Listen, On, Transaction};

use crate::bank::{Account, AccountClosed, AccountOpened, Balance, MoneyDeposited, Say};
use crate::between::{Between, Call};
use crate::stores::{TestStore, on_every_store};
use crate::{SOON, caught_up, deposit, history, stores, until};

on_every_store!(; row_that_its_table_refuses_parks_its_stream_and_the_others_go_on);

/// Has the table of balances refuse a second account of an owner.
struct OneOfEachOwner;

impl EventHandler for OneOfEachOwner {
    const NAME: &'static str = "one_of_each_owner";

    fn listen(events: Listen<Self>) -> Listen<Self> {
        events.to::<Account, AccountOpened>()
    }

    async fn start_over(&mut self, transaction: &mut dyn Transaction) -> Result<(), BoxError> {
        let create = "CREATE UNIQUE INDEX one_of_each_owner ON balances (owner)";
        transaction.execute(create, &[]).await?;
        Ok(())
    }
}

impl On<AccountOpened> for OneOfEachOwner {
    async fn on(
        &mut self,
        _: &Recorded<AccountOpened>,
        _: &mut dyn Transaction,
    ) -> Result<(), BoxError> {
        Ok(())
    }
}

fn start(store: &impl TestStore) -> Running {
    let retries = Retries::new(1, Duration::ZERO);
    Runner::new(store.clone()).retries(retries).project::<Balance>().start()
}

async fn open(store: &impl TestStore, account: u32, owner: &str) {
    let accounts = Repository::<Account>::new(store.clone());
    let opened = AccountOpened { owner: owner.to_owned() };
    accounts.execute(&account, Say(opened)).await.unwrap();
}

async fn row_that_its_table_refuses_parks_its_stream_and_the_others_go_on(store: impl TestStore) {
    history(&store, 5, 1).await;
    let running = start(&store);
    caught_up(&store, &running).await;
    running.stop().await;
    let indexing = Runner::new(store.clone()).handle(OneOfEachOwner).start();
    caught_up(&store, &indexing).await;
    indexing.stop().await;
    // A long page, with refused rows at its beginning, in its middle and at its end.
    let accounts = Repository::<Account>::new(store.clone());
    open(&store, 100, "owner 1").await;
    for account in 6..=60 {
        open(&store, account, &format!("owner {account}")).await;
        deposit(&accounts, account, 10).await;
        if account == 30 {
            open(&store, 101, "owner 2").await;
        }
        let is_open = |id: &u32| *id == 100 || account >= 30;
        for account in [100, 101].into_iter().filter(is_open).filter(|_| account % 10 == 0) {
            deposit(&accounts, account, 1).await;
        }
    }
    open(&store, 102, "owner 3").await;
    let running = start(&store);
    assert_eq!(caught_up(&store, &running).await.parked, 3);
    let parking = Parking::of::<Balance>(store.clone());
    let parked = parking.streams().await.unwrap();
    let places: Vec<_> = parked.iter().map(|one| (one.stream.to_string(), one.version)).collect();
    let expected = [("account-100", 1), ("account-101", 1), ("account-102", 1)];
    assert_eq!(places, expected.map(|(stream, version)| (stream.to_owned(), version)));
    assert!(parked[0].reason.contains("the table refused the row"), "{}", parked[0].reason);
    let rows = store.rows::<Balance>().await.unwrap();
    assert_eq!(rows.len(), 60);
    assert!(rows.iter().all(|row| row.cents == 10), "{rows:?}");
    // Tried again, it is refused again; and taken when there is room.
    let before = parking.log().await.unwrap().len();
    parking.retry(&parked[0], "alice", "hope").await.unwrap();
    let refused_again = async {
        while parking.log().await.unwrap().len() < before + 2 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(SOON, refused_again).await.unwrap();
    assert_eq!(parking.streams().await.unwrap().len(), 3);
    accounts.execute(&1, Say(AccountClosed {})).await.unwrap();
    caught_up(&store, &running).await;
    parking.retry(&parking.streams().await.unwrap()[0], "alice", "closed").await.unwrap();
    until(&running, |status| status.parked == 2).await;
    let rows = store.rows::<Balance>().await.unwrap();
    let row = rows.iter().find(|row| row.account == 100).unwrap();
    assert_eq!((row.owner.as_str(), row.cents), ("owner 1", 6));
    running.stop().await;
    // Rows that are built are judged likewise: the rebuild ends, with the same streams parked but for that
    // whose row was there when the other went.
    let retries = || Retries::new(0, Duration::ZERO);
    for batch in [1, 2_000] {
        Rebuild::new(store.clone()).batch(batch).retries(retries()).run::<Balance>().await.unwrap();
        let parked = parking.streams().await.unwrap();
        let parked: Vec<_> = parked.iter().map(|one| one.stream.to_string()).collect();
        assert_eq!(parked, ["account-100", "account-101", "account-102"]);
        assert_eq!(store.rows::<Balance>().await.unwrap().len(), 59);
    }
    open(&store, 103, "owner 4").await;
    let running = start(&store);
    assert_eq!(caught_up(&store, &running).await.parked, 4);
    running.stop().await;
}

/// Has the table of balances refuse rows by a check, by a trigger, and by an index that holds no long entry.
struct RefusedByPostgres;

impl EventHandler for RefusedByPostgres {
    const NAME: &'static str = "refused_by_postgres";

    fn listen(events: Listen<Self>) -> Listen<Self> {
        events.to::<Account, AccountOpened>()
    }

    async fn start_over(&mut self, transaction: &mut dyn Transaction) -> Result<(), BoxError> {
        for statement in [
            "ALTER TABLE balances ADD CONSTRAINT not_mallory CHECK (owner <> 'mallory')",
            "CREATE INDEX by_owner ON balances (owner)",
            "CREATE FUNCTION not_eve() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                 IF new.owner = 'eve' THEN RAISE EXCEPTION 'not eve'; END IF; RETURN new; END $$",
            "CREATE TRIGGER not_eve BEFORE INSERT ON balances
                 FOR EACH ROW EXECUTE FUNCTION not_eve()",
        ] {
            transaction.execute(statement, &[]).await?;
        }
        Ok(())
    }
}

impl On<AccountOpened> for RefusedByPostgres {
    async fn on(
        &mut self,
        _: &Recorded<AccountOpened>,
        _: &mut dyn Transaction,
    ) -> Result<(), BoxError> {
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn row_that_postgres_refuses_for_any_reason_parks_its_stream() {
    let (database, store) = stores::postgres().await;
    history(&store, 5, 1).await;
    let running = start(&store);
    caught_up(&store, &running).await;
    running.stop().await;
    let refusing = Runner::new(store.clone()).handle(RefusedByPostgres).start();
    caught_up(&store, &refusing).await;
    refusing.stop().await;
    // Longer than an index holds, and not to be compressed to less.
    let long: String = (0..400)
        .map(|number| format!("{:016x}", 0x9e37_79b9_7f4a_7c15_u64.wrapping_mul(number)))
        .collect();
    for (account, owner) in [(100, "mallory"), (101, &*long), (102, "eve"), (103, "bob")] {
        open(&store, account, owner).await;
    }
    let running = start(&store);
    assert_eq!(caught_up(&store, &running).await.parked, 3);
    running.stop().await;
    let parked = Parking::of::<Balance>(store.clone()).streams().await.unwrap();
    let of: Vec<_> = parked.iter().map(|one| one.stream.id()).collect();
    assert_eq!(of, ["100", "101", "102"]);
    for (parked, reason) in parked.iter().zip(["not_mallory", "index", "a trigger"]) {
        assert!(parked.reason.contains(reason), "{}", parked.reason);
    }
    let rows = store.rows::<Balance>().await.unwrap();
    assert!(rows.iter().any(|row| row.account == 103), "{rows:?}");
    // Inline, the append is refused alone, and what others have stored parks its stream.
    let inline = PostgresStore::builder(database.url()).inline::<Balance>();
    open(&store, 104, &long).await;
    let inline = inline.open().await.unwrap();
    assert_eq!(Parking::of::<Balance>(inline.clone()).streams().await.unwrap().len(), 4);
    let accounts = Repository::<Account>::new(inline.clone());
    for owner in ["mallory", &*long, "eve"] {
        let opened = AccountOpened { owner: owner.to_owned() };
        let refused = accounts.execute(&105, Say(opened)).await;
        assert!(refused.is_err(), "{owner}");
    }
    open(&inline, 105, "carol").await;
    assert_eq!(inline.rows::<Balance>().await.unwrap().len(), 7);
}

fn superseded() -> StoreError {
    StoreError::ProjectionSuperseded {
        table: "balances",
        stored: "new".to_owned(),
        declared: "old".to_owned(),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn superseded_program_says_so_and_rebuilds_nothing() {
    let (_folder, store) = stores::sqlite().await;
    history(&store, 1, 1).await;
    let store = Between::new(store);
    store.fail(Call::Subscribe, superseded);
    let running = Runner::new(store.clone()).rebuild_changed().project::<Balance>().start();
    let superseded = State::Superseded { stored: "new".to_owned() };
    until(&running, |status| status.state == superseded).await;
    tokio::time::sleep(Duration::from_millis(700)).await;
    assert_eq!((store.count(Call::Claim), store.count(Call::Subscribe)), (0, 1));
    assert!(store.failures().is_empty(), "it is no failure of the rows");
    running.stop().await;
}

fn history_changed() -> StoreError {
    StoreError::HistoryChanged {
        event_id: uuid::Uuid::nil(),
        place: "position 2".to_owned(),
        head: Position::new(1),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn log_that_lost_events_is_noticed_in_silence_and_followed_again_from_the_checkpoint() {
    let (_folder, store) = stores::sqlite().await;
    history(&store, 1, 1).await;
    let store = Between::new(store);
    let live = Live::<Balance>::new();
    let running = Runner::new(store.clone()).project::<Balance>().live(&live).start();
    let all_follow = async |position: u64| {
        let follow =
            async {
                while !running.status().await.iter().all(|status| {
                    status.state == State::Following && status.position.get() >= position
                }) {
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
            };
        tokio::time::timeout(SOON, follow).await.unwrap();
    };
    all_follow(2).await;
    // Nothing happens in the log, and it is read again within a second or so.
    store.fail(Call::Read, history_changed);
    until(&running, |status| matches!(status.state, State::Failed { .. })).await;
    store.mend();
    all_follow(2).await;
    assert_eq!(live.get(&1).unwrap().unwrap().cents, 10, "it was computed anew");
    // While the checkpoint itself is ahead of the log, the subscription has failed, for everybody.
    store.fail(Call::Subscribe, history_changed);
    store.fail(Call::Read, history_changed);
    let failed = |status: &Status| {
        status.name == "balances"
            && matches!(&status.state, State::Failed { reason } if reason.contains("lost"))
    };
    until(&running, failed).await;
    store.recorded(|failure| failure.is_some_and(|reason| reason.contains("lost"))).await;
    store.mend();
    all_follow(2).await;
    store.recorded(|failure| failure.is_none()).await;
    let accounts = Repository::<Account>::new(store.store.clone());
    let last = accounts.execute(&1, Say(MoneyDeposited { cents: 5 })).await.unwrap();
    all_follow(3).await;
    live.wait_for(last.position().unwrap(), SOON).await.unwrap();
    assert_eq!(live.get(&1).unwrap().unwrap().cents, 15);
    assert_eq!(store.store.get::<Balance>(&1).await.unwrap().unwrap().cents, 15);
    running.stop().await;
}
