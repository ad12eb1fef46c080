//! The bank account of the page on cqrs-es, as an aggregate of esrs, and its test.

// ANCHOR: events
use esrs::prelude::*;
use esrs::testing::Scenario;

#[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[event("money_deposited")]
struct MoneyDeposited {
    cents: i64,
}

#[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[event("money_withdrawn")]
struct MoneyWithdrawn {
    cents: i64,
}
// ANCHOR_END: events

// ANCHOR: commands
struct Deposit {
    cents: i64,
}

struct Withdraw {
    cents: i64,
}

#[derive(Debug, PartialEq, thiserror::Error)]
#[error("insufficient funds")]
struct InsufficientFunds;
// ANCHOR_END: commands

// ANCHOR: aggregate
#[derive(Aggregate, Clone, Default)]
#[aggregate(
    "bank_account",
    id = String,
    events(MoneyDeposited, MoneyWithdrawn),
    event_derives(Debug, PartialEq)
)]
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
// ANCHOR_END: aggregate

// ANCHOR: handle
impl Handle<Deposit> for BankAccount {
    type Error = std::convert::Infallible;

    fn handle(&self, command: &Deposit, _: &Context<Self>) -> Result<Events<Self>, Self::Error> {
        Ok(MoneyDeposited { cents: command.cents }.into())
    }
}

impl Handle<Withdraw> for BankAccount {
    type Error = InsufficientFunds;

    fn handle(&self, command: &Withdraw, _: &Context<Self>) -> Result<Events<Self>, Self::Error> {
        if command.cents > self.cents {
            return Err(InsufficientFunds);
        }
        Ok(MoneyWithdrawn { cents: command.cents }.into())
    }
}
// ANCHOR_END: handle

// ANCHOR: main
#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    Scenario::<BankAccount>::given(MoneyDeposited { cents: 300 })
        .when(Withdraw { cents: 900 })
        .then_error(InsufficientFunds);

    let accounts = Repository::<BankAccount>::new(MemoryStore::new());
    let alice = "alice".to_owned();
    accounts.execute(&alice, Deposit { cents: 500 }).await?;
    let withdrawn = accounts.execute(&alice, Withdraw { cents: 200 }).returning().await?;
    println!("version {}, {} cents", withdrawn.executed().version(), withdrawn.state().cents);
    Ok(())
}
// ANCHOR_END: main
