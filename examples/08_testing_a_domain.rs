//! The tests of a domain: given, when, then.
//!
//! A domain is pure, so its tests need no database, no clock and no runtime. A scenario says what
//! happened, gives a command, and says what has to follow. Nothing is pretended in between: events are
//! written to a log in memory and read from there, as they are in production. In your crate each of
//! these functions is a `#[test]`; here `main` calls them, and shows what the last one says.

use esrs::prelude::*;
use esrs::testing::{ProjectionScenario, Scenario};

#[derive(Event, Serialize, Deserialize)]
#[event("money_deposited", version = 2, from = MoneyDepositedV1)]
struct MoneyDeposited {
    cents: i64,
    branch: Option<String>,
}

#[derive(Event, Serialize, Deserialize)]
#[event("money_deposited")]
struct MoneyDepositedV1 {
    amount: i64,
}

impl Upcast<MoneyDepositedV1> for MoneyDeposited {
    fn upcast(old: MoneyDepositedV1) -> Self {
        Self { cents: old.amount, branch: None }
    }
}

#[derive(Event, Serialize, Deserialize)]
#[event("money_withdrawn")]
struct MoneyWithdrawn {
    cents: i64,
}

#[derive(Aggregate, Default, Debug, PartialEq)]
#[aggregate("bank_account", id = String, events(MoneyDeposited, MoneyWithdrawn))]
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

struct Withdraw {
    cents: i64,
}

#[derive(Debug, PartialEq, thiserror::Error)]
#[error("{missing_cents} cents are missing")]
struct InsufficientFunds {
    missing_cents: i64,
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

#[derive(Projection, Debug, PartialEq)]
#[projection(table = "deposits", of = BankAccount, creates(MoneyDeposited), events(MoneyDeposited))]
struct Deposits {
    #[projection(key)]
    account: String,
    cents: i64,
}

impl Create<MoneyDeposited> for Deposits {
    fn create(account: String, event: &Recorded<MoneyDeposited>) -> Self {
        Self { account, cents: event.cents }
    }
}

impl Project<MoneyDeposited> for Deposits {
    fn project(&mut self, event: &Recorded<MoneyDeposited>) {
        self.cents += event.cents;
    }
}

fn deposited(cents: i64) -> MoneyDeposited {
    MoneyDeposited { cents, branch: Some("Brno".to_owned()) }
}

fn money_can_be_withdrawn() {
    Scenario::<BankAccount>::given(deposited(500))
        .when(Withdraw { cents: 200 })
        .then(MoneyWithdrawn { cents: 200 })
        .then_state(BankAccount { cents: 300 });
}

fn no_more_can_be_withdrawn_than_there_is() {
    Scenario::<BankAccount>::given((deposited(500), MoneyWithdrawn { cents: 200 }))
        .when(Withdraw { cents: 900 })
        .then_error(InsufficientFunds { missing_cents: 600 });
}

/// A stored payload of an older program proves that it can still be read.
fn what_was_stored_years_ago_still_counts() {
    Scenario::<BankAccount>::new()
        .and_given_stored("money_deposited", 1, r#"{"amount":500}"#)
        .and_given(deposited(50))
        .then_state(BankAccount { cents: 550 });
}

fn deposits_are_added_up_for_each_account() {
    ProjectionScenario::<Deposits>::new()
        .given::<BankAccount>("alice".to_owned(), [deposited(500), deposited(20)])
        .given_stored::<BankAccount>("bob".to_owned(), "money_deposited", 1, r#"{"amount":7}"#)
        .given::<BankAccount>("alice".to_owned(), MoneyWithdrawn { cents: 1 })
        .then_rows([
            Deposits { account: "alice".to_owned(), cents: 520 },
            Deposits { account: "bob".to_owned(), cents: 7 },
        ]);
}

/// It expects a fee that nobody has thought of yet, and fails.
fn a_withdrawal_costs_a_fee() {
    Scenario::<BankAccount>::given([deposited(500), deposited(20)])
        .when(Withdraw { cents: 200 })
        .then((MoneyWithdrawn { cents: 201 }, deposited(1)));
}

fn main() {
    money_can_be_withdrawn();
    no_more_can_be_withdrawn_than_there_is();
    what_was_stored_years_ago_still_counts();
    deposits_are_added_up_for_each_account();
    println!("four scenarios passed");

    // A test's panic is printed by the test runner; here it is caught, and printed alone.
    std::panic::set_hook(Box::new(|_| ()));
    if let Err(panic) = std::panic::catch_unwind(a_withdrawal_costs_a_fee)
        && let Ok(text) = panic.downcast::<String>()
    {
        println!("{text}");
    }
}
