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

#[derive(Event, Serialize, Deserialize)]
#[event("money_deposited")]
pub(crate) struct MoneyDeposited(pub(crate) Booking);

#[derive(Event, Serialize, Deserialize)]
#[event("money_withdrawn")]
pub(crate) struct MoneyWithdrawn(pub(crate) Booking);

/// An entry of the bank's book. Amounts are whole cents of a koruna: a float would lose some of them.
#[derive(Schema, Serialize, Deserialize, Clone, Debug, PartialEq)]
pub(crate) struct Booking {
    pub transaction: u32,
    pub on: Date,
    pub cents: i64,
    pub means: Means,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub purpose: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub counterparty: Option<Counterparty>,
}

/// The kinds of transfers.
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
    fn apply(&mut self, MoneyDeposited(booking): MoneyDeposited) {
        self.cents += booking.cents;
        self.transactions += 1;
    }
}

impl Apply<MoneyWithdrawn> for Account {
    fn apply(&mut self, MoneyWithdrawn(booking): MoneyWithdrawn) {
        self.cents -= booking.cents;
        self.transactions += 1;
    }
}

/// A row of the book. The bank has booked it already, so no balance is too low for it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Book {
    pub direction: Direction,
    pub booking: Booking,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(crate) enum Direction {
    Credit,
    Debit,
}

impl Handle<Book> for Account {
    type Error = std::convert::Infallible;

    fn handle(&self, command: &Book, ctx: &Context<Self>) -> Result<Events<Self>, Self::Error> {
        let booking = command.booking.clone();
        let opened = Events::of(ctx.is_new().then_some(AccountOpened { on: booking.on }));
        Ok(match command.direction {
            Direction::Credit => opened.and(MoneyDeposited(booking)),
            Direction::Debit => opened.and(MoneyWithdrawn(booking)),
        })
    }
}
