//! An idempotency key that is used for another command is an error, in every store.

use std::collections::HashSet;
use std::convert::Infallible;
use std::sync::Arc;

use esrs::EventStore;
use esrs::prelude::*;

#[derive(Event, Serialize, Deserialize)]
#[event("moved")]
struct Moved {
    cents: f64,
}

#[derive(Aggregate, Default)]
#[aggregate("account", id = u64, events(Moved))]
struct Account {
    cents: f64,
}

impl Apply<Moved> for Account {
    fn apply(&mut self, event: Moved) {
        self.cents += event.cents;
    }
}

#[derive(Serialize)]
struct Deposit {
    cents: f64,
    tags: HashSet<&'static str>,
    #[serde(skip)]
    received_at: u64,
}

#[derive(Serialize)]
struct Withdraw {
    cents: f64,
}

#[derive(Debug, thiserror::Error)]
#[error("too little")]
struct TooLittle;

impl Handle<Deposit> for Account {
    type Error = Infallible;

    fn handle(&self, command: &Deposit, _: &Context<Self>) -> Result<Events<Self>, Infallible> {
        let _ = command.received_at;
        Ok(Moved { cents: command.cents }.into())
    }
}

impl Handle<Withdraw> for Account {
    type Error = TooLittle;

    fn handle(&self, command: &Withdraw, _: &Context<Self>) -> Result<Events<Self>, TooLittle> {
        if command.cents > self.cents {
            return Err(TooLittle);
        }
        Ok(Moved { cents: -command.cents }.into())
    }
}

/// A command whose `Serialize` fails.
struct Unwritable;

impl Serialize for Unwritable {
    fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        Err(serde::ser::Error::custom("no way"))
    }
}

impl Handle<Unwritable> for Account {
    type Error = Infallible;

    fn handle(&self, _: &Unwritable, _: &Context<Self>) -> Result<Events<Self>, Infallible> {
        Ok(Moved { cents: 1.0 }.into())
    }
}

fn deposit(cents: f64) -> Deposit {
    let tags = ["a", "b", "c", "d", "e", "f", "g", "h"].into();
    Deposit { cents, tags, received_at: 1 }
}

async fn stores() -> (tempfile::TempDir, Vec<Arc<dyn EventStore>>) {
    let folder = tempfile::tempdir().unwrap();
    let on_caller = SqliteStore::builder(folder.path().join("caller.db")).commit_on_caller();
    let stores: Vec<Arc<dyn EventStore>> = vec![
        Arc::new(MemoryStore::new()),
        Arc::new(SqliteStore::open(folder.path().join("log.db")).await.unwrap()),
        Arc::new(on_caller.open().await.unwrap()),
    ];
    (folder, stores)
}

#[tokio::test]
async fn a_key_of_another_command_is_refused_and_names_what_differs() {
    let (_folder, stores) = stores().await;
    for store in stores {
        let accounts = Repository::<Account>::new(store);
        let keyed = |cents| accounts.execute(&1, deposit(cents)).idempotency_key("request 1");
        let first = keyed(500.0).await.unwrap();
        for _ in 0..10 {
            // The elements of the set come in another order each time, and what is skipped differs.
            let again = Deposit { received_at: 2, ..deposit(500.0) };
            let again = accounts.execute(&1, again).idempotency_key("request 1").await.unwrap();
            assert!(again.was_repeated() && again.position() == first.position());
        }
        let another = keyed(501.0).await.unwrap_err();
        assert_eq!(
            another.to_string(),
            "the idempotency key \"request 1\" of account-1 was used for another command: expected \
             `Deposit`, found `Deposit` with another `cents`; nothing was stored, give each command a key \
             of its own"
        );
        // Rejected, or of no events, it is the key that is told of.
        for cents in [1.0, 9_999.0] {
            let withdraw = accounts.execute(&1, Withdraw { cents }).idempotency_key("request 1");
            let reused = match withdraw.await.unwrap_err() {
                ExecuteError::KeyReused(reused) => reused,
                other => panic!("{other}"),
            };
            assert_eq!((&*reused.expected, &*reused.found), ("`Withdraw`", "`Deposit`"));
        }
        // From a cold start, too.
        let cold = accounts.clone();
        let another = cold.execute(&1, deposit(0.1 + 0.2)).idempotency_key("request 1").await;
        assert!(matches!(another, Err(ExecuteError::KeyReused(_))), "{another:?}");
        assert!(
            !accounts
                .execute(&2, deposit(1.0))
                .idempotency_key("request 1")
                .await
                .unwrap()
                .was_repeated()
        );
        assert!(
            !accounts
                .execute(&1, deposit(1.0))
                .idempotency_key("request 2")
                .await
                .unwrap()
                .was_repeated()
        );
        assert_eq!(accounts.load(&1).await.unwrap().cents, 501.0);
        assert_eq!(Loaded::version(&accounts.load(&1).await.unwrap()), 2);
    }
}

#[tokio::test]
async fn a_key_of_a_batch_stands_for_all_of_its_commands() {
    let (_folder, stores) = stores().await;
    for store in stores {
        let accounts = Repository::<Account>::new(store);
        accounts.execute(&1, deposit(1_000.0)).await.unwrap();
        let transfer = |from: u64, to: u64, cents, paid| {
            let withdraw = accounts.execute(&from, Withdraw { cents }).idempotency_key("transfer");
            withdraw.and(accounts.execute(&to, deposit(paid)))
        };
        let (withdrawn, _) = transfer(1, 2, 300.0, 300.0).await.unwrap();
        let (again, _) = transfer(1, 2, 300.0, 300.0).await.unwrap();
        assert!(again.was_repeated() && again.position() == withdrawn.position());
        for (to, cents, paid) in
            [(3, 300.0, 300.0), (2, 301.0, 300.0), (2, 300.0, 299.0), (3, 9_999.0, 1.0)]
        {
            let another = transfer(1, to, cents, paid).await;
            assert!(matches!(another, Err(ExecuteError::KeyReused(_))), "{another:?}");
        }
        let error = transfer(1, 3, 300.0, 300.0).await.unwrap_err().to_string();
        let named = "expected `Withdraw` for account-1 and `Deposit` for account-3, found `Withdraw` for \
                     account-1 and `Deposit` for account-2";
        assert!(error.contains(named), "{error}");
        // The first of them, alone, is another command.
        let alone = accounts.execute(&1, Withdraw { cents: 300.0 }).idempotency_key("transfer");
        assert!(matches!(alone.await, Err(ExecuteError::KeyReused(_))));
        let (again, _) = transfer(1, 2, 300.0, 300.0).await.unwrap();
        assert!(again.was_repeated());
        assert_eq!(accounts.load(&1).await.unwrap().cents, 700.0);
        assert_eq!(accounts.load(&2).await.unwrap().cents, 300.0);
    }
}

#[tokio::test]
async fn the_fingerprint_can_be_of_something_else() {
    let accounts = Repository::<Account>::new(MemoryStore::new());
    let keyed = |cents, request: &str| {
        accounts.execute(&1, Withdraw { cents }).idempotency_key_for("key", request).into_future()
    };
    accounts.execute(&1, deposit(10.0)).await.unwrap();
    keyed(1.0, "POST /withdraw 1").await.unwrap();
    assert!(keyed(2.0, "POST /withdraw 1").await.unwrap().was_repeated());
    let reused = keyed(1.0, "POST /withdraw 2").await;
    assert!(matches!(reused, Err(ExecuteError::KeyReused(_))), "{reused:?}");
}

#[tokio::test]
async fn a_command_that_cannot_be_serialized_is_refused_with_a_key_only() {
    let accounts = Repository::<Account>::new(MemoryStore::new());
    let error = accounts.execute(&1, Unwritable).idempotency_key("key").await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the command for account-1 has an idempotency key, and could not be serialized: its `Serialize` \
         refused a value, in words that may quote it"
    );
    let ExecuteError::Fingerprint { source, .. } = &error else { panic!("{error}") };
    assert_eq!(source.details(), "no way");
    assert!(!format!("{error:?}").contains("no way"), "{error:?}");
    let unit = accounts.execute(&1, deposit(1.0)).idempotency_key("key");
    let error = unit.and(accounts.execute(&2, Unwritable)).await.unwrap_err();
    assert!(matches!(error, ExecuteError::Fingerprint { .. }), "{error}");
    let unit = accounts.execute(&1, Unwritable).and(accounts.execute(&2, deposit(1.0)));
    unit.await.unwrap();
    accounts.execute(&1, Unwritable).await.unwrap();
    assert_eq!(Loaded::version(&accounts.load(&1).await.unwrap()), 2);
}
