//! The programs of the README, word for word; `tests/package/readme.rs` compares them.

use esrs::prelude::*;

// Events: what happened, in the past tense. The stored name never follows a Rust rename.
#[derive(Event, Serialize, Deserialize)]
#[event("money_deposited")]
struct MoneyDeposited { cents: i64 }

#[derive(Event, Serialize, Deserialize)]
#[event("money_withdrawn")]
struct MoneyWithdrawn { cents: i64 }

// The aggregate: what the events add up to. `Default` is the state before the first of them.
#[derive(Aggregate, Clone, Default)]
#[aggregate("bank_account", id = String, events(MoneyDeposited, MoneyWithdrawn))]
struct BankAccount { cents: i64 }

impl Apply<MoneyDeposited> for BankAccount {
    fn apply(&mut self, event: MoneyDeposited) { self.cents += event.cents }
}

impl Apply<MoneyWithdrawn> for BankAccount {
    fn apply(&mut self, event: MoneyWithdrawn) { self.cents -= event.cents }
}

// Commands: what somebody wants. The aggregate answers with events, or with an error of its own.
#[derive(Serialize)]
struct Deposit { cents: i64 }
#[derive(Serialize)]
struct Withdraw { cents: i64 }

#[derive(Debug, PartialEq, thiserror::Error)]
#[error("{missing_cents} cents are missing")]
struct InsufficientFunds { missing_cents: i64 }

impl Handle<Deposit> for BankAccount {
    type Error = std::convert::Infallible;

    fn handle(&self, command: &Deposit, _: &Context<Self>) -> Result<Events<Self>, Self::Error> {
        Ok(MoneyDeposited { cents: command.cents }.into())
    }
}

impl Handle<Withdraw> for BankAccount {
    type Error = InsufficientFunds;

    fn handle(&self, command: &Withdraw, _: &Context<Self>) -> Result<Events<Self>, Self::Error> {
        let missing_cents = command.cents - self.cents;
        if missing_cents > 0 {
            return Err(InsufficientFunds { missing_cents });
        }
        Ok(MoneyWithdrawn { cents: command.cents }.into())
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let store = MemoryStore::new(); // to keep it: SqliteStore::open("bank.db").await?
    let accounts = Repository::<BankAccount>::new(store);
    let alice = "alice".to_owned();

    accounts.execute(&alice, Deposit { cents: 500 }).by("branch 12").await?;
    accounts.execute(&alice, Withdraw { cents: 200 }).by("alice").idempotency_key("request 7").await?;

    let refused = accounts.execute(&alice, Withdraw { cents: 900 }).await;
    assert_eq!(refused.unwrap_err().rejection(), Some(&InsufficientFunds { missing_cents: 600 }));

    let account = accounts.load(&alice).await?;
    assert_eq!((account.cents, Loaded::version(&account)), (300, 2));
    Ok(())
}

#[derive(Projection, Debug)]
#[projection(
    table = "account_summary",
    of = BankAccount,
    creates(MoneyDeposited),                 // the first one makes the row
    events(MoneyDeposited, MoneyWithdrawn),  // the others change it
)]
struct AccountSummary {
    #[projection(key)]
    account: String,
    cents: i64,
}

impl Create<MoneyDeposited> for AccountSummary {
    fn create(account: String, event: &Recorded<MoneyDeposited>) -> Self {
        Self { account, cents: event.cents }
    }
}

impl Project<MoneyDeposited> for AccountSummary {
    fn project(&mut self, event: &Recorded<MoneyDeposited>) { self.cents += event.cents }
}

impl Project<MoneyWithdrawn> for AccountSummary {
    fn project(&mut self, event: &Recorded<MoneyWithdrawn>) { self.cents -= event.cents }
}

async fn rich(file: &str) -> Result<(), StoreError> {
    // `inline`: the row is written in the transaction that appends the event.
    let store = SqliteStore::builder(file).inline::<AccountSummary>().open().await?;
    for row in store.find::<AccountSummary>("cents > $1 ORDER BY cents DESC", [100_000.into()]).await? {
        println!("{} has {} cents", row.account, row.cents);
    }
    let sums = store.query("SELECT count(*), sum(cents) FROM account_summary", []).await?;
    println!("{} accounts, {} cents", sums[0][0], sums[0][1]);
    Ok(())
}

use esrs::{AsOf, Timestamp};
use esrs::store::AuditTrail;

async fn explain(store: SqliteStore, id: &String, noon: Timestamp) -> Result<(), LoadError> {
    let accounts = Repository::<BankAccount>::new(store.clone());

    // As it was: at a time, at a version, or when the whole log ended at a position.
    let then = accounts.load_at(id, AsOf::Time(noon)).await?;
    println!("{} cents at noon, after {} events", then.cents, Loaded::version(&then));

    // What happened to it, and what it was after each event.
    let mut history = accounts.history(id)?;
    while let Some(moment) = history.try_next().await? {
        println!("{} {}: {} cents", moment.envelope.recorded_at, moment.kind.name, moment.state.cents);
    }

    // Who changed what, when and why: of one stream, of an aggregate, or of all.
    let mut trail = AuditTrail::new(store).of::<BankAccount>().by("alice");
    while let Some(entry) = trail.try_next().await? {
        println!("{entry}");
    }
    Ok(())
}

mod second_version {
use esrs::prelude::*;

#[derive(Event, Serialize, Deserialize)]
#[event("money_withdrawn")]
struct MoneyWithdrawnV1 { cents: i64 }

#[derive(Event, Serialize, Deserialize)]
#[event("money_withdrawn", version = 2, from = MoneyWithdrawnV1)]
struct MoneyWithdrawn { cents: i64, reason: String }

impl Upcast<MoneyWithdrawnV1> for MoneyWithdrawn {
    fn upcast(old: MoneyWithdrawnV1) -> Self {
        Self { cents: old.cents, reason: "unknown".to_owned() }
    }
}

#[test]
fn what_was_stored_as_version_1_arrives_in_version_2() {
    let event = <MoneyWithdrawn as Event>::decode(1, r#"{"cents":5}"#).unwrap();
    assert_eq!((event.cents, &*event.reason), (5, "unknown"));
}
}

#[test]
fn the_first_program_runs() {
    main().unwrap();
}

#[test]
fn the_table_can_be_asked() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("bank.db");
    tokio::runtime::Runtime::new().unwrap().block_on(rich(file.to_str().unwrap())).unwrap();
}

#[test]
fn the_history_can_be_explained() {
    let folder = tempfile::tempdir().unwrap();
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let store = SqliteStore::open(folder.path().join("bank.db")).await.unwrap();
        let (accounts, id) = (Repository::<BankAccount>::new(store.clone()), "alice".to_owned());
        accounts.execute(&id, Deposit { cents: 500 }).by("alice").await.unwrap();
        explain(store, &id, Timestamp::now()).await.unwrap();
    });
}

#[test]
fn the_domain_is_tested_by_a_scenario() {
use esrs::testing::Scenario;

Scenario::<BankAccount>::given([MoneyDeposited { cents: 500 }])
    .and_given_stored("money_withdrawn", 1, r#"{"cents":200}"#) // as an older program wrote it
    .when(Withdraw { cents: 900 })
    .then_error(InsufficientFunds { missing_cents: 600 });
}
