//! Commands on several instances whose events are stored as one unit.

use std::time::Duration;

use esrs::prelude::*;
use esrs::repository::Rejection;
use esrs::store::{AppendBatch, AppendCondition, AuditTrail, NewEvent};
use esrs::{EventStore, Metadata, StreamId};

use crate::counted::{Asked, Counted};

#[derive(Event, Serialize, Deserialize)]
#[event("money_moved")]
struct MoneyMoved {
    cents: i64,
}

#[derive(Aggregate, Default, Debug)]
#[aggregate("bank_account", id = u32, events(MoneyMoved))]
struct BankAccount {
    cents: i64,
}

impl Apply<MoneyMoved> for BankAccount {
    fn apply(&mut self, event: MoneyMoved) {
        self.cents += event.cents;
    }
}

#[derive(Event, Serialize, Deserialize)]
#[event("transfer_booked")]
struct TransferBooked {
    cents: i64,
}

/// Of another aggregate, with an id of another type.
#[derive(Aggregate, Default, Debug)]
#[aggregate("journal", id = String, events(TransferBooked))]
struct Journal {
    booked: i64,
}

impl Apply<TransferBooked> for Journal {
    fn apply(&mut self, event: TransferBooked) {
        self.booked += event.cents;
    }
}

#[derive(Serialize)]
struct Move(i64);

#[derive(Debug, PartialEq, thiserror::Error)]
#[error("{0} cents are missing")]
struct InsufficientFunds(i64);

impl Handle<Move> for BankAccount {
    type Error = InsufficientFunds;

    fn handle(&self, command: &Move, _: &Context<Self>) -> Result<Events<Self>, Self::Error> {
        match self.cents + command.0 {
            missing if missing < 0 => Err(InsufficientFunds(-missing)),
            _ => Ok(Some(MoneyMoved { cents: command.0 }).filter(|moved| moved.cents != 0).into()),
        }
    }
}

#[derive(Serialize)]
struct Book(i64);

#[derive(Debug, PartialEq, thiserror::Error)]
#[error("the journal is full")]
struct Full;

impl Handle<Book> for Journal {
    type Error = Full;

    fn handle(&self, command: &Book, _: &Context<Self>) -> Result<Events<Self>, Self::Error> {
        match self.booked + command.0 {
            too_much if too_much > 1_000 => Err(Full),
            _ => Ok(TransferBooked { cents: command.0 }.into()),
        }
    }
}

struct Bank {
    store: Counted<MemoryStore>,
    accounts: Repository<BankAccount>,
    journals: Repository<Journal>,
}

async fn bank() -> Bank {
    let store = Counted::new(MemoryStore::new());
    let accounts = Repository::<BankAccount>::new(store.clone());
    let journals = Repository::new(store.clone());
    accounts.execute(&1, Move(1_000)).await.unwrap();
    Bank { store, accounts, journals }
}

impl Bank {
    async fn cents(&self, id: u32) -> i64 {
        self.accounts.load(&id).await.unwrap().cents
    }
}

fn today() -> String {
    "2026-01-31".to_owned()
}

#[tokio::test]
async fn the_events_of_two_commands_are_stored_as_one_unit() {
    let bank = bank().await;
    let withdrawal = bank.accounts.execute(&1, Move(-300)).by("alice");
    let (withdrawn, deposited) =
        withdrawal.and(bank.accounts.execute(&2, Move(300))).await.unwrap();
    assert_eq!((withdrawn.version(), deposited.version()), (2, 1));
    assert_eq!(bank.store.asked().appends, 2, "the first deposit, and the unit");
    assert_eq!((bank.cents(1).await, bank.cents(2).await), (700, 300));
    // What they have in common stands beside each event; who gave which command is its own.
    let mut trail = AuditTrail::new(bank.store.clone());
    trail.try_next().await.unwrap();
    let [first, second] =
        [trail.try_next().await.unwrap().unwrap(), trail.try_next().await.unwrap().unwrap()];
    let [first, second] = [first, second].map(|entry| entry.envelope.metadata);
    assert_eq!(first.correlation_id(), second.correlation_id());
    assert_eq!((first.actor(), second.actor()), (Some("alice"), None));
}

#[tokio::test]
async fn warm_instances_cost_one_way_to_the_store_together() {
    let bank = bank().await;
    for round in 0..3 {
        bank.store.asked();
        let unit = bank.accounts.execute(&1, Move(-1)).and(bank.accounts.execute(&2, Move(1)));
        unit.and(bank.journals.execute(&today(), Book(1))).await.unwrap();
        let reads = if round == 0 { 2 } else { 0 };
        assert_eq!(bank.store.asked(), Asked { appends: 1, reads, ..Asked::default() });
    }
    assert_eq!(bank.journals.load(&today()).await.unwrap().booked, 3);
}

#[tokio::test]
async fn when_one_is_rejected_nothing_of_the_others_is_stored_and_it_is_told_whose_it_is() {
    let bank = bank().await;
    let too_much =
        bank.accounts.execute(&1, Move(-1_001)).and(bank.accounts.execute(&2, Move(1_001)));
    let error = too_much.await.unwrap_err();
    assert_eq!(error.rejection(), Some(&Rejection::First(InsufficientFunds(1))));
    let unit =
        bank.accounts.execute(&1, Move(-1)).and(bank.journals.execute(&today(), Book(2_000)));
    let error = unit.await.unwrap_err();
    assert_eq!(error.rejection(), Some(&Rejection::Second(Full)));
    assert_eq!(error.to_string(), "the command was rejected: the journal is full");
    assert_eq!(bank.cents(1).await, 1_000);
}

#[tokio::test]
async fn a_lost_race_on_one_of_them_decides_all_of_them_again() {
    let bank = bank().await;
    let unit = || bank.accounts.execute(&1, Move(-100)).and(bank.accounts.execute(&2, Move(100)));
    unit().await.unwrap();
    // Another process withdraws meanwhile.
    let event = NewEvent::of(&MoneyMoved { cents: -850 }, Metadata::new()).unwrap();
    let stream = StreamId::new(BankAccount::NAME, 1).unwrap();
    let batch = AppendBatch::new(stream, AppendCondition::Any, vec![event]);
    bank.store.append(batch).await.unwrap();
    let error = unit().await.unwrap_err();
    assert_eq!(error.rejection(), Some(&Rejection::First(InsufficientFunds(50))));
    assert_eq!((bank.cents(1).await, bank.cents(2).await), (50, 100));
}

#[tokio::test]
async fn a_unit_with_an_idempotency_key_has_its_effects_once() {
    let bank = bank().await;
    let transfer = || {
        let withdrawal = bank.accounts.execute(&1, Move(-900)).idempotency_key("transfer 1");
        withdrawal.and(bank.accounts.execute(&2, Move(900)))
    };
    let first = transfer().await.unwrap();
    let again = transfer().await.unwrap();
    assert!(again.0.was_repeated() && again.1.was_repeated());
    assert_eq!(first.0.version(), again.0.version());
    assert_eq!(first.1.version(), again.1.version());
    assert_eq!((bank.cents(1).await, bank.cents(2).await), (100, 900));
}

#[tokio::test]
async fn a_key_is_known_again_though_other_commands_of_the_unit_have_events_by_now() {
    let bank = bank().await;
    let unit = |cents| {
        let first = bank.accounts.execute(&1, Move(cents)).idempotency_key_for("k", "request");
        first.and(bank.accounts.execute(&2, Move(5)))
    };
    unit(0).await.unwrap();
    assert!(unit(7).await.unwrap().1.was_repeated());
    assert_eq!((bank.cents(1).await, bank.cents(2).await), (1_000, 5));
}

#[tokio::test]
async fn units_that_meet_in_another_order_do_not_wait_for_each_other() {
    let bank = bank().await;
    let tasks: Vec<_> = (0..40)
        .map(|number| {
            let accounts = bank.accounts.clone();
            tokio::spawn(async move {
                let (from, to) = if number % 2 == 0 { (1, 2) } else { (2, 1) };
                for _ in 0..10 {
                    let unit = accounts.execute(&from, Move(0)).and(accounts.execute(&to, Move(1)));
                    unit.await.unwrap();
                    tokio::task::yield_now().await;
                }
            })
        })
        .collect();
    for task in tasks {
        tokio::time::timeout(Duration::from_secs(30), task).await.unwrap().unwrap();
    }
    assert_eq!(bank.cents(1).await + bank.cents(2).await, 1_400);
}

#[tokio::test]
async fn two_commands_on_one_instance_are_no_unit() {
    let bank = bank().await;
    let unit = bank.accounts.execute(&1, Move(-600)).and(bank.accounts.execute(&1, Move(-600)));
    let error = unit.await.unwrap_err();
    assert!(matches!(error, ExecuteError::SameInstance { .. }), "{error}");
    assert_eq!(bank.cents(1).await, 1_000);
}

#[tokio::test]
async fn instances_of_two_stores_are_no_unit() {
    let bank = bank().await;
    let elsewhere = Repository::<Journal>::new(MemoryStore::new());
    let unit = bank.accounts.execute(&1, Move(-1)).and(elsewhere.execute(&today(), Book(1)));
    let error = unit.await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "journal-2026-01-31 is stored in another store than the first command's instance, so they \
         cannot be stored as one unit; make both repositories from clones of one store"
    );
    assert_eq!(bank.cents(1).await, 1_000);
}

#[tokio::test]
async fn a_key_on_a_later_command_is_refused_before_anything_is_asked_or_stored() {
    let bank = bank().await;
    let withdrawal = || bank.accounts.execute(&1, Move(-300));
    let deposit = || bank.accounts.execute(&2, Move(300));
    let booking = || bank.journals.execute(&today(), Book(300)).idempotency_key("k");
    bank.store.asked();
    let of_a_unit_within =
        withdrawal().and(deposit().and(booking())).await.unwrap_err().to_string();
    let though_the_first_has_it = withdrawal().idempotency_key("k").and(deposit()).and(booking());
    let errors = [of_a_unit_within, though_the_first_has_it.await.unwrap_err().to_string()];
    assert_eq!(
        errors,
        ["the idempotency key of a unit is that of its first command, and the one for \
          journal-2026-01-31 is a later one; write `.idempotency_key(…)` on the first, before \
          `.and(…)`"; 2]
    );
    assert_eq!(bank.store.asked(), Asked::default());
    assert_eq!(bank.cents(1).await, 1_000);
}

#[test]
fn a_unit_can_be_awaited_in_a_task_of_another_thread() {
    fn assert_send<T: Send>(_: &T) {}
    let accounts = Repository::<BankAccount>::new(MemoryStore::new());
    assert_send(&accounts.execute(&1, Move(1)).and(accounts.execute(&2, Move(1))).into_future());
}

#[cfg(feature = "sqlite")]
#[tokio::test]
async fn sqlite_stores_a_unit_in_one_transaction() {
    let directory = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(directory.path().join("log.db")).await.unwrap();
    let accounts = Repository::<BankAccount>::new(store.clone());
    let journals = Repository::<Journal>::new(store.clone());
    accounts.execute(&1, Move(1_000)).await.unwrap();
    let before = store.stats().commits;
    let unit = accounts.execute(&1, Move(-300)).and(accounts.execute(&2, Move(300)));
    unit.and(journals.execute(&today(), Book(300))).await.unwrap();
    assert_eq!(store.stats().commits - before, 1);
    assert_eq!(accounts.load(&2).await.unwrap().cents, 300);
}
