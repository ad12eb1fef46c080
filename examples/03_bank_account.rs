//! A bank account: a log in SQLite, and a table that plain SQL can ask.
//!
//! The log is good at "what happened to this account", and bad at "which accounts hold more than a
//! thousand". A projection answers the second: its row is a struct, its table has real columns, and
//! here it is written in the very transaction that appends the events.

use std::error::Error;

use esrs::prelude::*;

#[derive(Id, Clone, Debug, PartialEq, Serialize, Deserialize)]
struct AccountId(String);

#[derive(Event, Serialize, Deserialize)]
#[event("account_opened")]
struct AccountOpened {
    owner: String,
}

#[derive(Event, Serialize, Deserialize)]
#[event("money_deposited")]
struct MoneyDeposited {
    cents: i64,
}

#[derive(Event, Serialize, Deserialize)]
#[event("money_withdrawn")]
struct MoneyWithdrawn {
    cents: i64,
}

#[derive(Aggregate, Default)]
#[aggregate("bank_account", id = AccountId, events(MoneyDeposited, MoneyWithdrawn, ignored(AccountOpened)))]
struct BankAccount {
    cents: i64,
}

impl Apply<MoneyDeposited> for BankAccount {
    fn apply(&mut self, event: MoneyDeposited) {
        self.cents += event.cents;
    }
}

impl Apply<MoneyWithdrawn> for BankAccount {
    fn apply(&mut self, event: MoneyWithdrawn) {
        self.cents -= event.cents;
    }
}

struct Open {
    owner: &'static str,
    first_deposit: i64,
}

struct Withdraw {
    cents: i64,
}

#[derive(Debug, thiserror::Error)]
#[error("the account is open already")]
struct AlreadyOpen;

#[derive(Debug, thiserror::Error)]
#[error("{missing_cents} cents are missing")]
struct InsufficientFunds {
    missing_cents: i64,
}

impl Handle<Open> for BankAccount {
    type Error = AlreadyOpen;

    fn handle(&self, command: &Open, ctx: &Context<Self>) -> Result<Events<Self>, AlreadyOpen> {
        if !ctx.is_new() {
            return Err(AlreadyOpen);
        }
        let opened = AccountOpened { owner: command.owner.to_owned() };
        Ok((opened, MoneyDeposited { cents: command.first_deposit }).into())
    }
}

impl Handle<Withdraw> for BankAccount {
    type Error = InsufficientFunds;

    fn handle(
        &self,
        command: &Withdraw,
        _: &Context<Self>,
    ) -> Result<Events<Self>, InsufficientFunds> {
        let missing_cents = command.cents - self.cents;
        if missing_cents > 0 {
            return Err(InsufficientFunds { missing_cents });
        }
        Ok(MoneyWithdrawn { cents: command.cents }.into())
    }
}

// The read model: one row an account. `of` says whose events these are, and the compiler checks
// that the aggregate has them.
#[derive(Projection, Debug)]
#[projection(
    table = "account_summary",
    of = BankAccount,
    creates(AccountOpened),
    events(MoneyDeposited, MoneyWithdrawn),
)]
struct AccountSummary {
    #[projection(key)]
    account_id: AccountId,
    owner: String,
    cents: i64,
}

impl Create<AccountOpened> for AccountSummary {
    fn create(account_id: AccountId, event: &Recorded<AccountOpened>) -> Self {
        Self { account_id, owner: event.owner.clone(), cents: 0 }
    }
}

impl Project<MoneyDeposited> for AccountSummary {
    fn project(&mut self, event: &Recorded<MoneyDeposited>) {
        self.cents += event.cents;
    }
}

impl Project<MoneyWithdrawn> for AccountSummary {
    fn project(&mut self, event: &Recorded<MoneyWithdrawn>) {
        self.cents -= event.cents;
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("bank.db");
    let store = SqliteStore::builder(&file).inline::<AccountSummary>().open().await?;
    let accounts = Repository::<BankAccount>::new(store.clone());

    for (id, owner, first_deposit) in
        [("a1", "Alice", 150_000), ("a2", "Bob", 20_000), ("a3", "Carol", 990_000)]
    {
        let id = AccountId(id.to_owned());
        accounts.execute(&id, Open { owner, first_deposit }).by("branch 12").await?;
    }
    let bob = AccountId("a2".to_owned());
    let refused = accounts.execute(&bob, Withdraw { cents: 50_000 }).by("bob").await;
    if let Err(error) = refused {
        println!("Bob withdraws 500: {error}");
    }
    let done = accounts.execute(&bob, Withdraw { cents: 5_000 }).by("bob").await?;
    println!("Bob withdraws 50: version {}", done.version());

    // By key, by a condition that gives rows back, and by any SQL at all.
    println!("{:?}", store.get::<AccountSummary>(&bob).await?);
    let rich = "cents > $1 ORDER BY cents DESC";
    for account in store.find::<AccountSummary>(rich, [100_000.into()]).await? {
        println!("over 1000: {} with {} cents", account.owner, account.cents);
    }
    let sum = store.query("SELECT count(*), sum(cents) FROM account_summary", []).await?;
    println!("accounts and cents: {}, {}", sum[0][0], sum[0][1]);

    // Everything is in the file: close it, open it, and go on.
    store.close().await;
    let accounts = Repository::<BankAccount>::new(SqliteStore::open(&file).await?);
    println!("Bob has {} cents, from the log", accounts.load(&bob).await?.cents);
    Ok(())
}
