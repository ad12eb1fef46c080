//! A row that another program has written, and that no `Timestamp` can hold.

use std::time::Duration;

use esrs::prelude::*;
use esrs::runner::{Live, Parking, Rebuild, Retries, Runner};
use esrs::{StoreError, Timestamp};

use crate::bank::{Account, AccountOpened, MoneyDeposited, Say};
use crate::{deposit, until};

#[derive(Projection, Debug, Clone, PartialEq)]
#[projection(table = "seen", of = Account, creates(AccountOpened), events(MoneyDeposited))]
struct Seen {
    #[projection(key)]
    account: u32,
    at: Timestamp,
    cents: i64,
}

impl Create<AccountOpened> for Seen {
    fn create(account: u32, event: &Recorded<AccountOpened>) -> Self {
        Self { account, at: Recorded::recorded_at(event), cents: 0 }
    }
}

impl Project<MoneyDeposited> for Seen {
    fn project(&mut self, event: &Recorded<MoneyDeposited>) {
        self.at = Recorded::recorded_at(event);
        self.cents += event.cents;
    }
}

const REASON: &str = "column `at`: it holds `infinity`, which is no point in time";

fn runner(store: &PostgresStore) -> Runner {
    Runner::new(store.clone()).retries(Retries::new(0, Duration::ZERO))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn infinity_in_a_row_parks_its_stream_alone() {
    let database = postgres_server::database().unwrap();
    let store = PostgresStore::open(database.url()).await.unwrap();
    crate::history(&store, 3, 1).await;
    store.catch_up::<Seen>().await.unwrap();
    database.execute("UPDATE seen SET at = 'infinity' WHERE account = 2").unwrap();
    let accounts = Repository::<Account>::new(store.clone());
    for account in [2, 1, 2, 3] {
        deposit(&accounts, account, 10).await;
    }

    // In batches, the other streams go on.
    let running = runner(&store).project::<Seen>().start();
    let head = store.catch_up::<crate::bank::Balance>().await.unwrap();
    until(&running, |status| status.parked == 1 && status.position >= head).await;
    let parked = Parking::of::<Seen>(store.clone()).streams().await.unwrap();
    assert_eq!((parked.len(), parked[0].stream.to_string()), (1, "account-2".to_owned()));
    assert!(parked[0].reason.contains(REASON), "{}", parked[0].reason);
    let cents = async |condition| {
        let rows = store.find::<Seen>(condition, []).await;
        rows.map(|rows| rows.iter().map(|row| (row.account, row.cents)).collect::<Vec<_>>())
    };
    assert_eq!(cents("account <> 2 ORDER BY 1").await.unwrap(), [(1, 20), (3, 20)]);
    let refused = cents("").await.unwrap_err();
    assert!(refused.to_string().contains(REASON), "{refused}");
    let refused = store.get::<Seen>(&2).await.unwrap_err();
    assert!(refused.to_string().contains(REASON), "{refused}");
    // Rows in memory follow from events alone.
    let live = Live::<Seen>::new();
    let following = runner(&store).live(&live).start();
    until(&following, |status| status.position >= head).await;
    assert_eq!(live.all().unwrap().iter().map(|row| row.cents).sum::<i64>(), 70);
    following.stop().await;

    // It is taken up again when the row was corrected.
    database.execute("UPDATE seen SET at = now() WHERE account = 2").unwrap();
    assert!(Parking::of::<Seen>(store.clone()).retry(&parked[0], "operator", "ok").await.unwrap());
    until(&running, |status| status.parked == 0).await;
    running.stop().await;
    assert_eq!(cents("true ORDER BY 1").await.unwrap(), [(1, 20), (2, 30), (3, 20)]);

    // In the transaction of an append, that append is refused alone.
    database.execute("UPDATE seen SET at = 'infinity' WHERE account = 2").unwrap();
    let inline = PostgresStore::builder(database.url()).inline::<Seen>().open().await.unwrap();
    let accounts = Repository::<Account>::new(inline.clone());
    for _ in 0..2 {
        let (refused, other) = tokio::join!(
            accounts.execute(&2, Say(MoneyDeposited { cents: 1 })),
            accounts.execute(&1, Say(MoneyDeposited { cents: 1 })),
        );
        let Err(ExecuteError::Store(StoreError::RowRefused { reason, .. })) = &refused else {
            panic!("{refused:?}")
        };
        assert!(reason.contains(REASON), "{reason}");
        other.unwrap();
    }
    // What was stored by others parks its stream, and a rebuild makes the row again.
    deposit(&Repository::<Account>::new(store.clone()), 2, 5).await;
    deposit(&accounts, 3, 5).await;
    assert_eq!(Parking::of::<Seen>(store.clone()).streams().await.unwrap().len(), 1);
    Rebuild::new(store.clone()).run::<Seen>().await.unwrap();
    assert_eq!(cents("true ORDER BY 1").await.unwrap(), [(1, 22), (2, 35), (3, 25)]);
    assert!(Parking::of::<Seen>(store.clone()).streams().await.unwrap().is_empty());
}
