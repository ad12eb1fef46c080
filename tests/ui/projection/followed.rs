//! The messages of this folder and of those about columns, ids, events and aggregates, followed as they are
//! printed.

use esrs::prelude::*;
use uuid::Uuid;

/// `named_field`, of an id
#[derive(Id, Debug, Clone, PartialEq)]
struct AccountId(Uuid);

/// `named_field`, of a column
#[derive(Column, Debug, Clone, Copy, PartialEq)]
struct Money(i64);

/// `on_an_enum`, of an event
#[derive(Event)]
#[derive(Serialize, Deserialize)]
#[event("account_opened")]
struct AccountOpened {
    year: u32,
    month: u32,
}

/// `json_without_a_schema`
#[derive(Schema)]
#[derive(Serialize, Deserialize)]
struct Card {
    number: String,
}

#[derive(Event)]
#[derive(Serialize, Deserialize)]
#[event("account_closed")]
struct AccountClosed {}

/// `missing_id` and `missing_events`
#[derive(Aggregate, Default)]
#[aggregate("bank_account", id = AccountId, events(AccountOpened, ignored(AccountClosed)))]
struct BankAccount {}

impl Apply<AccountOpened> for BankAccount {
    fn apply(&mut self, _: AccountOpened) {}
}

/// `missing_attribute` and `missing_of`
#[derive(Projection)]
#[projection(table = "accounts", of = BankAccount, creates(AccountOpened), events(AccountClosed(of = BankAccount)))]
struct Account {
    #[projection(key)]
    id: AccountId,
    #[projection(json)]
    card: Card,
    balance: Money,
}

impl Create<AccountOpened> for Account {
    fn create(id: AccountId, _: &Recorded<AccountOpened>) -> Self {
        Self { id, card: Card { number: String::new() }, balance: Money(0) }
    }
}

impl Project<AccountClosed> for Account {
    fn project(&mut self, _: &Recorded<AccountClosed>) {
        self.card.number.clear();
    }
}

/// `key_of_several_fields_without_key`
#[derive(Projection)]
#[projection(table = "months", of = BankAccount, creates(AccountOpened(key = (year, month))))]
struct Month {
    #[projection(key)]
    year: u32,
    #[projection(key)]
    month: u32,
}

impl Create<AccountOpened> for Month {
    fn create((year, month): (u32, u32), _: &Recorded<AccountOpened>) -> Self {
        Self { year, month }
    }
}

pub(crate) fn main() {
    assert_eq!(Account::TABLE.name, "accounts");
    assert_eq!(Month::TABLE.columns.len(), 2);
    assert_eq!(AccountId(Uuid::nil()).to_string(), Uuid::nil().to_string());
    assert_eq!(Money(5), Money(5));
}
