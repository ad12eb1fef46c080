//! One table and one name belong to one type, once.

use esrs::StoreError;
use esrs::prelude::*;
use esrs::runner::{Runner, State};
use esrs::store::BoxError;
use esrs::subscription::{EventHandler, Listen, On, Transaction};

use crate::bank::{Account, MoneyDeposited, Say};
use crate::stores::{TestStore, on_every_store};
use crate::{caught_up, deposit, history, until};

on_every_store!(
    second_type_with_the_same_table_and_shape_is_refused,
    subscription_that_is_registered_twice_runs_once,
    names_that_differ_in_case_alone_are_one_name,
);

/// Two crates with the same words for two things.
pub(crate) mod one {
    use esrs::prelude::*;

    use crate::bank::{Account, MoneyDeposited};

    #[derive(Projection, Debug)]
    #[projection(
        table = "counts",
        of = Account,
        creates(MoneyDeposited),
        events(MoneyDeposited)
    )]
    pub(crate) struct Counts {
        #[projection(key)]
        pub(crate) account: u32,
        pub(crate) count: i64,
    }

    impl Create<MoneyDeposited> for Counts {
        fn create(account: u32, _: &Recorded<MoneyDeposited>) -> Self {
            Self { account, count: 1 }
        }
    }

    impl Project<MoneyDeposited> for Counts {
        fn project(&mut self, _: &Recorded<MoneyDeposited>) {
            self.count += 1;
        }
    }
}

pub(crate) mod other {
    use esrs::prelude::*;

    use crate::bank::{Account, MoneyDeposited};

    #[derive(Projection, Debug)]
    #[projection(
        table = "counts",
        of = Account,
        creates(MoneyDeposited),
        events(MoneyDeposited)
    )]
    pub(crate) struct Counts {
        #[projection(key)]
        pub(crate) account: u32,
        pub(crate) count: i64,
    }

    impl Create<MoneyDeposited> for Counts {
        fn create(account: u32, _: &Recorded<MoneyDeposited>) -> Self {
            Self { account, count: 10 }
        }
    }

    impl Project<MoneyDeposited> for Counts {
        fn project(&mut self, _: &Recorded<MoneyDeposited>) {
            self.count += 10;
        }
    }
}

fn is_taken(error: &StoreError, words: &str) -> bool {
    matches!(error, StoreError::SubscriptionTaken { name, .. } if name == "counts")
        && error.to_string().contains(words)
}

async fn counts(store: &impl TestStore) -> Vec<i64> {
    store.rows::<one::Counts>().await.unwrap().into_iter().map(|row| row.count).collect()
}

async fn second_type_with_the_same_table_and_shape_is_refused(store: impl TestStore) {
    history(&store, 2, 3).await;
    let running = Runner::new(store.clone()).project::<one::Counts>().start();
    caught_up(&store, &running).await;
    let other = Runner::new(store.clone()).project::<other::Counts>().start();
    let failed = until(&other, |status| matches!(status.state, State::Failed { .. })).await;
    let State::Failed { reason } = failed.state else { panic!("{:?}", failed.state) };
    assert!(reason.contains("was built from a different definition"), "{reason}");
    other.stop().await;
    // The first goes on.
    deposit(&Repository::<Account>::new(store.clone()), 1, 1).await;
    caught_up(&store, &running).await;
    assert_eq!(counts(&store).await, [4, 3]);
    running.stop().await;
}

async fn subscription_that_is_registered_twice_runs_once(store: impl TestStore) {
    history(&store, 2, 3).await;
    let runner = Runner::new(store.clone()).project::<one::Counts>().project::<one::Counts>();
    let running = runner.start();
    let failed = until(&running, |status| matches!(status.state, State::Failed { .. })).await;
    let State::Failed { reason } = failed.state else { panic!("{:?}", failed.state) };
    assert!(reason.contains("is registered twice"), "{reason}");
    caught_up(&store, &running).await;
    assert_eq!(counts(&store).await, [3, 3]);
    running.stop().await;
}

struct Named<const LOWER: bool>;

impl<const LOWER: bool> EventHandler for Named<LOWER> {
    const NAME: &'static str = if LOWER { "counts" } else { "Counts" };

    fn listen(events: Listen<Self>) -> Listen<Self> {
        events.to::<Account, MoneyDeposited>()
    }

    async fn start_over(&mut self, _: &mut dyn Transaction) -> Result<(), BoxError> {
        Ok(())
    }
}

impl<const LOWER: bool> On<MoneyDeposited> for Named<LOWER> {
    async fn on(
        &mut self,
        _: &Recorded<MoneyDeposited>,
        _: &mut dyn Transaction,
    ) -> Result<(), BoxError> {
        Ok(())
    }
}

async fn names_that_differ_in_case_alone_are_one_name(store: impl TestStore) {
    history(&store, 1, 1).await;
    let running = Runner::new(store.clone()).handle(Named::<true>).handle(Named::<false>).start();
    let failed = until(&running, |status| matches!(status.state, State::Failed { .. })).await;
    assert_eq!(failed.name, "Counts");
    running.stop().await;
    let running = Runner::new(store.clone()).handle(Named::<true>).project::<one::Counts>().start();
    until(&running, |status| matches!(status.state, State::Failed { .. })).await;
    running.stop().await;
}

/// The read models that are written inline, on each store.
macro_rules! inline {
    ($store:ident, $guard:expr, $it:ident => $place:expr) => {{
        let $it = $guard;
        let builder = || $store::builder($place);
        let twice = builder().inline::<one::Counts>().inline::<one::Counts>().open().await;
        assert!(is_taken(&twice.unwrap_err(), "is registered twice"));
        let both = builder().inline::<one::Counts>().inline::<other::Counts>().open().await;
        assert!(is_taken(&both.unwrap_err(), "give one of them another table"));

        let store = builder().inline::<one::Counts>().open().await.unwrap();
        history(&store, 2, 3).await;
        assert_eq!(counts(&store).await, [3, 3]);
        // What would take turns with the rows is refused, also where it may rebuild them.
        assert!(is_taken(&store.catch_up::<other::Counts>().await.unwrap_err(), "other::Counts"));
        assert!(is_taken(&store.rebuild::<other::Counts>().await.unwrap_err(), "other::Counts"));
        let runner = Runner::new(store.clone()).rebuild_changed().project::<other::Counts>();
        let running = runner.start();
        until(&running, |status| matches!(status.state, State::Failed { .. })).await;
        running.stop().await;
        let executed = Repository::<Account>::new(store.clone());
        executed.execute(&1, Say(MoneyDeposited { cents: 1 })).await.unwrap();
        assert_eq!(counts(&store).await, [4, 3]);
        // The same type may be run as well: each event counts once.
        let running = Runner::new(store.clone()).project::<one::Counts>().start();
        deposit(&executed, 2, 1).await;
        caught_up(&store, &running).await;
        assert_eq!(counts(&store).await, [4, 4]);
        running.stop().await;
        store.rebuild::<one::Counts>().await.unwrap();
        assert_eq!(counts(&store).await, [4, 4]);
    }};
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn inline_tables_in_sqlite_belong_to_one_type() {
    inline!(SqliteStore, tempfile::tempdir().unwrap(), folder => folder.path().join("db"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn inline_tables_in_postgres_belong_to_one_type() {
    inline!(PostgresStore, postgres_server::database().unwrap(), database => database.url());
}
