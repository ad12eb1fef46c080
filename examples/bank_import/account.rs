//! The account: what the bank's book says about it, as events.

use esrs::prelude::*;
use jiff::civil::Date;

/// The number of an account in the book.
#[derive(Id, Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct AccountId(pub u32);

#[derive(Event, Serialize, Deserialize)]
#[event("account_opened")]
pub(crate) struct AccountOpened {
    pub on: Date,
}

/// Amounts are whole cents of a koruna: a float would lose some of them.
#[derive(Event, Serialize, Deserialize)]
#[event("money_deposited")]
pub(crate) struct MoneyDeposited {
    pub transaction: u32,
    pub on: Date,
    pub cents: i64,
    pub means: Means,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub purpose: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub counterparty: Option<Counterparty>,
}

#[derive(Event, Serialize, Deserialize)]
#[event("money_withdrawn")]
pub(crate) struct MoneyWithdrawn {
    pub transaction: u32,
    pub on: Date,
    pub cents: i64,
    pub means: Means,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub purpose: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub counterparty: Option<Counterparty>,
}

/// How money moved.
#[derive(Schema, Serialize, Deserialize, Clone, Copy, Debug, PartialEq)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Means {
    Cash,
    Card,
    Transfer,
    Interest,
}

/// The account at the other end of a transfer.
#[derive(Schema, Serialize, Deserialize, Clone, Debug, PartialEq)]
pub(crate) struct Counterparty {
    pub bank: String,
    pub account: String,
}

#[derive(Aggregate, Default)]
#[aggregate("account", id = AccountId, events(MoneyDeposited, MoneyWithdrawn, ignored(AccountOpened)))]
pub(crate) struct Account {
    pub cents: i64,
    pub transactions: u64,
}

impl Apply<MoneyDeposited> for Account {
    fn apply(&mut self, event: MoneyDeposited) {
        self.cents += event.cents;
        self.transactions += 1;
    }
}

impl Apply<MoneyWithdrawn> for Account {
    fn apply(&mut self, event: MoneyWithdrawn) {
        self.cents -= event.cents;
        self.transactions += 1;
    }
}

/// A row of the book. The bank has booked it already, so no balance is too low for it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Book {
    pub transaction: u32,
    pub on: Date,
    pub direction: Direction,
    pub cents: i64,
    pub means: Means,
    pub purpose: Option<String>,
    pub counterparty: Option<Counterparty>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Direction {
    Credit,
    Debit,
}

impl Handle<Book> for Account {
    type Error = std::convert::Infallible;

    fn handle(&self, command: &Book, ctx: &Context<Self>) -> Result<Events<Self>, Self::Error> {
        let Book { transaction, on, cents, means, purpose, counterparty, .. } = command.clone();
        let opened = ctx.is_new().then_some(AccountOpened { on });
        let events = Events::of(opened);
        Ok(match command.direction {
            Direction::Credit => {
                events.and(MoneyDeposited { transaction, on, cents, means, purpose, counterparty })
            }
            Direction::Debit => {
                events.and(MoneyWithdrawn { transaction, on, cents, means, purpose, counterparty })
            }
        })
    }
}
