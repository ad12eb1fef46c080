//! The round trips of a command with cached state, and that an outdated state does no harm.

use std::sync::Arc;

use esrs::event::{FixedClock, PayloadError};
use esrs::prelude::*;
use esrs::repository::WarmStates;
use esrs::store::{AppendBatch, AppendCondition, NewEvent};
use esrs::{EventStore, Metadata, StreamId};

use crate::counted::{Asked, Counted};

#[derive(Event, Serialize, Deserialize)]
#[event("money_deposited")]
struct MoneyDeposited {
    cents: i64,
    /// Known to the program that records it, and to no later reader.
    #[serde(skip)]
    teller: String,
}

#[derive(Event, Serialize, Deserialize)]
#[event("money_withdrawn")]
struct MoneyWithdrawn {
    cents: i64,
}

/// An event that cannot be read again.
#[derive(Event, Serialize, Deserialize)]
#[event("interest_measured")]
struct InterestMeasured {
    rate: f64,
}

#[derive(Aggregate, Default, Debug, PartialEq)]
#[aggregate(
    "bank_account",
    id = String,
    events(MoneyDeposited, MoneyWithdrawn, ignored(InterestMeasured))
)]
struct BankAccount {
    cents: i64,
    last_teller: String,
}

impl Apply<MoneyDeposited> for BankAccount {
    fn apply(&mut self, event: MoneyDeposited) {
        self.cents += event.cents;
        self.last_teller = event.teller;
    }
}

impl Apply<MoneyWithdrawn> for BankAccount {
    fn apply(&mut self, event: MoneyWithdrawn) {
        self.cents -= event.cents;
    }
}

#[derive(Clone, Copy, Serialize)]
struct Deposit(i64);

#[derive(Clone, Copy)]
struct Withdraw(i64);

struct MeasureInterest;

/// Says what the teller is in the state that the command is decided on.
struct AskTeller;

#[derive(Debug, PartialEq, thiserror::Error)]
#[error("{0} cents are missing")]
struct InsufficientFunds(i64);

impl Handle<Deposit> for BankAccount {
    type Error = std::convert::Infallible;

    fn handle(&self, command: &Deposit, _: &Context<Self>) -> Result<Events<Self>, Self::Error> {
        let teller = "known now, and not written".to_owned();
        Ok(Some(MoneyDeposited { cents: command.0, teller })
            .filter(|event| event.cents != 0)
            .into())
    }
}

impl Handle<Withdraw> for BankAccount {
    type Error = InsufficientFunds;

    fn handle(&self, command: &Withdraw, _: &Context<Self>) -> Result<Events<Self>, Self::Error> {
        match command.0 - self.cents {
            missing if missing > 0 => Err(InsufficientFunds(missing)),
            _ => Ok(MoneyWithdrawn { cents: command.0 }.into()),
        }
    }
}

impl Handle<MeasureInterest> for BankAccount {
    type Error = std::convert::Infallible;

    fn handle(&self, _: &MeasureInterest, _: &Context<Self>) -> Result<Events<Self>, Self::Error> {
        Ok(InterestMeasured { rate: f64::NAN }.into())
    }
}

impl Handle<AskTeller> for BankAccount {
    type Error = String;

    fn handle(&self, _: &AskTeller, _: &Context<Self>) -> Result<Events<Self>, Self::Error> {
        Err(self.last_teller.clone())
    }
}

fn alice() -> String {
    "alice".to_owned()
}

fn accounts() -> (Repository<BankAccount>, Counted<MemoryStore>) {
    let store = Counted::new(MemoryStore::new());
    (Repository::new(store.clone()), store)
}

/// Deposits as another process would, meanwhile.
async fn deposit_elsewhere(store: &Counted<MemoryStore>, cents: i64) {
    let event = MoneyDeposited { cents, teller: String::new() };
    let event = NewEvent::of(&event, Metadata::new()).unwrap();
    let stream = StreamId::new("bank_account", alice()).unwrap();
    let batch = AppendBatch::new(stream, AppendCondition::Any, vec![event]);
    store.store.append(batch).await.unwrap();
}

const ONE_APPEND: Asked = Asked { appends: 1, reads: 0, finds: 0, snapshots: 0 };
const ONE_READ: Asked = Asked { appends: 0, reads: 1, finds: 0, snapshots: 0 };

#[tokio::test]
async fn a_command_on_a_warm_aggregate_costs_one_way_to_the_store() {
    let (accounts, store) = accounts();
    accounts.execute(&alice(), Deposit(500)).await.unwrap();
    assert_eq!(store.asked(), Asked { reads: 1, ..ONE_APPEND }, "the first one loads");
    for _ in 0..100 {
        accounts.clone().execute(&alice(), Withdraw(1)).await.unwrap();
        assert_eq!(store.asked(), ONE_APPEND, "clones share the states");
    }
    assert_eq!(accounts.load(&alice()).await.unwrap().cents, 400);
}

#[tokio::test]
async fn a_repetition_is_found_by_the_append_and_the_next_command_loads() {
    let (accounts, store) = accounts();
    let keyed = || accounts.execute(&alice(), Deposit(1)).by("bob").idempotency_key("new");
    keyed().await.unwrap();
    store.asked();
    assert_eq!(keyed().await.unwrap().version(), 1);
    assert_eq!(store.asked(), ONE_APPEND);
    accounts.execute(&alice(), Deposit(5)).await.unwrap();
    // The state had taken the events of the repetition before that was known.
    assert_eq!(store.asked(), Asked { reads: 1, ..ONE_APPEND });
    assert_eq!(accounts.load(&alice()).await.unwrap().cents, 6);
}

#[tokio::test]
async fn repetitions_in_a_row_are_looked_up_and_load_nothing() {
    let (accounts, store) = accounts();
    let deposit =
        |n: u32| accounts.execute(&alice(), Deposit(1)).idempotency_key(format!("row {n}"));
    for n in 0..100 {
        assert!(!deposit(n).await.unwrap().was_repeated());
    }
    store.asked();
    for n in 0..100 {
        let again = deposit(n).await.unwrap();
        assert!(again.was_repeated());
        assert_eq!(again.version(), u64::from(n) + 1);
    }
    assert_eq!(store.asked(), Asked { finds: 99, ..ONE_APPEND }, "the first of them is appended");
    // The first new row is looked up in vain and loads; those behind it are appended at once.
    deposit(100).await.unwrap();
    assert_eq!(store.asked(), Asked { finds: 1, reads: 1, ..ONE_APPEND });
    deposit(101).await.unwrap();
    assert_eq!(store.asked(), ONE_APPEND);
    assert_eq!(accounts.load(&alice()).await.unwrap().cents, 102);
}

#[tokio::test]
async fn a_key_that_was_reused_is_refused_between_repetitions() {
    let (accounts, _) = accounts();
    let deposit = |cents| accounts.execute(&alice(), Deposit(cents)).idempotency_key("request 1");
    deposit(500).await.unwrap();
    for _ in 0..2 {
        assert!(deposit(500).await.unwrap().was_repeated());
        let reused = deposit(501).await.unwrap_err();
        assert!(matches!(reused, ExecuteError::KeyReused { .. }), "{reused}");
    }
    assert_eq!(accounts.load(&alice()).await.unwrap().cents, 500);
}

#[tokio::test]
async fn without_warm_states_each_command_loads() {
    let (accounts, store) = accounts();
    let accounts = accounts.with_warm_states(WarmStates::none());
    for cents in [500, 1, 1] {
        accounts.execute(&alice(), Deposit(cents)).await.unwrap();
        assert_eq!(store.asked(), Asked { reads: 1, ..ONE_APPEND });
    }
}

#[tokio::test]
async fn a_state_that_another_process_made_old_is_found_out_by_the_append() {
    let (accounts, store) = accounts();
    accounts.execute(&alice(), Deposit(500)).await.unwrap();
    deposit_elsewhere(&store, 70).await;
    store.asked();
    let done = accounts.execute(&alice(), Withdraw(10)).await.unwrap();
    assert_eq!(done.version(), 3);
    assert_eq!(store.asked(), Asked { appends: 2, ..ONE_READ }, "only what is new is read");
    assert_eq!(accounts.load(&alice()).await.unwrap().cents, 560);
}

#[tokio::test]
async fn no_command_is_rejected_by_a_state_that_is_old() {
    let (accounts, store) = accounts();
    accounts.execute(&alice(), Deposit(500)).await.unwrap();
    deposit_elsewhere(&store, 500).await;
    store.asked();
    accounts.execute(&alice(), Withdraw(900)).await.unwrap();
    assert_eq!(store.asked(), Asked { reads: 1, ..ONE_APPEND });
    let refused = accounts.execute(&alice(), Withdraw(900)).await.unwrap_err();
    assert_eq!(refused.rejection(), Some(&InsufficientFunds(800)));
    assert_eq!(store.asked(), ONE_READ, "the stream is looked at before a rejection");
}

#[tokio::test]
async fn a_command_that_comes_to_nothing_says_the_version_of_now() {
    let (accounts, store) = accounts();
    accounts.execute(&alice(), Deposit(500)).await.unwrap();
    deposit_elsewhere(&store, 1).await;
    let nothing = accounts.execute(&alice(), Deposit(0)).await.unwrap();
    assert_eq!((nothing.version(), nothing.event_count()), (2, 0));
}

#[tokio::test]
async fn a_repeated_command_changes_no_warm_state() {
    let (accounts, _) = accounts();
    let deposit = || accounts.execute(&alice(), Deposit(500)).idempotency_key("request 1");
    let first = deposit().await.unwrap();
    let again = deposit().await.unwrap();
    assert_eq!((first.version(), first.position()), (again.version(), again.position()));
    assert!(again.was_repeated() && !first.was_repeated());
    let refused = accounts.execute(&alice(), Withdraw(501)).await.unwrap_err();
    assert_eq!(refused.rejection(), Some(&InsufficientFunds(1)));
}

#[tokio::test]
async fn a_warm_state_is_what_a_load_would_find_and_not_what_the_handler_had_in_mind() {
    let (accounts, _) = accounts();
    accounts.execute(&alice(), Deposit(500)).await.unwrap();
    let warm = accounts.execute(&alice(), AskTeller).await.unwrap_err();
    assert_eq!(warm.rejection().unwrap(), &accounts.load(&alice()).await.unwrap().last_teller);
    assert_eq!(warm.rejection().unwrap(), "", "`#[serde(skip)]` is what is stored");
}

#[tokio::test]
async fn an_event_that_could_not_be_read_again_is_refused_before_it_is_stored() {
    let (accounts, store) = accounts();
    let error = accounts.execute(&alice(), MeasureInterest).await.unwrap_err();
    let ExecuteError::Unreadable { event, source: PayloadError::Json(_), .. } = &error else {
        panic!("{error}")
    };
    assert_eq!(*event, "interest_measured");
    assert_eq!(store.asked().appends, 0);
    let said = error.to_string();
    assert!(
        said.starts_with("the event `interest_measured` for bank_account-alice was not stored")
    );
}

#[tokio::test]
async fn commands_of_one_process_queue_and_do_not_race() {
    let (accounts, store) = accounts();
    let tasks: Vec<_> = (0..50)
        .map(|_| {
            let accounts = accounts.clone();
            tokio::spawn(async move {
                for _ in 0..20 {
                    accounts.execute(&alice(), Deposit(1)).await.unwrap();
                    tokio::task::yield_now().await;
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(store.asked(), Asked { appends: 1_000, ..ONE_READ }, "no append was refused");
    assert_eq!(accounts.load(&alice()).await.unwrap().cents, 1_000);
}

#[tokio::test]
async fn commands_on_other_instances_do_not_wait() {
    let store = Arc::new(Stuck::default());
    let accounts = Repository::<BankAccount>::new(store.clone());
    let mut first = Box::pin(accounts.execute(&alice(), Deposit(1)).into_future());
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    assert!(first.as_mut().poll(&mut context).is_pending(), "its append is on the way");
    store.let_go();
    accounts.execute(&"bob".to_owned(), Deposit(1)).await.unwrap();
}

#[tokio::test]
async fn a_cancelled_command_leaves_its_turn_to_the_next() {
    let store = Arc::new(Stuck::default());
    let accounts = Repository::<BankAccount>::new(store.clone());
    let mut first = Box::pin(accounts.execute(&alice(), Deposit(1)).into_future());
    let mut second = Box::pin(accounts.execute(&alice(), Deposit(2)).into_future());
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    assert!(first.as_mut().poll(&mut context).is_pending(), "its append is on the way");
    assert!(second.as_mut().poll(&mut context).is_pending(), "it waits for its turn");
    drop(first);
    store.let_go();
    assert_eq!(second.await.unwrap().version(), 1);
    assert_eq!(accounts.load(&alice()).await.unwrap().cents, 2);
}

#[tokio::test]
async fn a_handler_that_panics_leaves_its_turn_to_the_next() {
    struct Panic;

    impl Handle<Panic> for BankAccount {
        type Error = std::convert::Infallible;

        fn handle(&self, _: &Panic, _: &Context<Self>) -> Result<Events<Self>, Self::Error> {
            panic!("as it was told to")
        }
    }

    let (accounts, store) = accounts();
    accounts.execute(&alice(), Deposit(5)).await.unwrap();
    let panicking = accounts.clone();
    let panicked = tokio::spawn(async move { panicking.execute(&alice(), Panic).await }).await;
    assert!(panicked.unwrap_err().is_panic());
    store.asked();
    accounts.execute(&alice(), Deposit(5)).await.unwrap();
    assert_eq!(store.asked(), Asked { reads: 1, ..ONE_APPEND }, "what it left is not trusted");
    assert_eq!(accounts.load(&alice()).await.unwrap().cents, 10);
}

#[tokio::test]
async fn a_warm_command_has_the_time_of_its_own_moment() {
    let clock = FixedClock::at("2026-01-31T12:00:00Z".parse().unwrap());
    let (accounts, store) = accounts();
    let accounts = accounts.with_clock(clock.clone());
    for _ in 0..2 {
        accounts.execute(&alice(), Deposit(1)).await.unwrap();
        clock.advance(std::time::Duration::from_secs(60).try_into().unwrap());
    }
    let mut trail = esrs::store::AuditTrail::new(store);
    let mut times = Vec::new();
    while let Some(entry) = trail.try_next().await.unwrap() {
        times.push(entry.envelope.recorded_at.to_string());
    }
    assert_eq!(times, ["2026-01-31T12:00:00Z", "2026-01-31T12:01:00Z"]);
}

/// A store whose appends do not come to an end before it is told.
#[derive(Default)]
struct Stuck {
    store: MemoryStore,
    is_free: std::sync::atomic::AtomicBool,
}

impl Stuck {
    fn let_go(&self) {
        self.is_free.store(true, std::sync::atomic::Ordering::Relaxed);
    }
}

impl EventStore for Stuck {
    fn append(
        &self,
        batch: AppendBatch,
    ) -> futures_core::future::BoxFuture<'_, Result<esrs::store::Appended, StoreError>> {
        Box::pin(async move {
            if !self.is_free.load(std::sync::atomic::Ordering::Relaxed) {
                std::future::pending::<()>().await;
            }
            self.store.append(batch).await
        })
    }

    forward!(store: read, find_append, save_snapshot, others);
}
