//! The events of an account.

use std::net::IpAddr;

use esrs::{Aggregate, Apply, Event, Schema, Timestamp, Upcast};
use serde::{Deserialize, Serialize};

/// An account was opened.
#[derive(Event, Serialize, Deserialize)]
#[event("account_opened")]
pub struct AccountOpened {
    /// Whose it is.
    pub owner: String,
    /// When.
    pub opened_at: Timestamp,
    /// From where.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opened_from: Option<IpAddr>,
}

/// Money came in, before there were currencies.
#[derive(Event, Serialize, Deserialize)]
#[event("money_deposited")]
pub struct MoneyDepositedV1 {
    /// The amount.
    pub cents: i32,
    /// The purpose.
    #[serde(default)]
    pub note: String,
}

/// Money came in.
#[derive(Event, Serialize, Deserialize)]
#[event("money_deposited", version = 2, from = MoneyDepositedV1)]
pub struct MoneyDeposited {
    /// The amount.
    pub amount: Money,
    /// The purpose.
    #[serde(default, alias = "remark")]
    pub note: Option<String>,
}

impl Upcast<MoneyDepositedV1> for MoneyDeposited {
    fn upcast(old: MoneyDepositedV1) -> Self {
        let amount = Money { cents: old.cents.into(), currency: Currency::Eur };
        Self { amount, note: Some(old.note) }
    }
}

/// Money went out.
#[derive(Event, Serialize, Deserialize)]
#[event("money_withdrawn")]
pub struct MoneyWithdrawn {
    /// The amount.
    pub amount: Money,
    /// The way.
    pub way: Way,
}

/// An account was closed.
#[derive(Event, Serialize, Deserialize)]
#[event("account_closed")]
pub struct AccountClosed;

/// An amount.
#[derive(Schema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Money {
    /// In hundredths.
    pub cents: i64,
    /// Of what.
    pub currency: Currency,
}

/// The currency of an amount.
#[derive(Schema, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Currency {
    /// Euro.
    Eur,
    /// Dollar.
    #[serde(alias = "US$")]
    Usd,
}

/// The way in which money goes out.
#[derive(Schema, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Way {
    /// In notes.
    Cash,
    /// By a card.
    Card {
        /// The end of its number.
        last_digits: [u8; 4],
    },
    /// To another account.
    Transfer(Receiver),
}

/// Another account.
#[derive(Schema, Serialize, Deserialize)]
pub struct Receiver {
    /// Its number.
    pub iban: String,
    /// The reply of the other bank.
    #[schema(opaque = "bank_reply@1")]
    pub reply: Option<Reply>,
}

/// Of no shape that this bank knows.
#[derive(Serialize, Deserialize)]
pub struct Reply {
    /// All of it.
    #[serde(flatten)]
    pub fields: std::collections::BTreeMap<String, String>,
}

/// An account.
#[derive(Aggregate, Default)]
#[aggregate(
    "account",
    id = u64,
    events(AccountOpened, MoneyDeposited, MoneyWithdrawn, AccountClosed),
    retired("gift_received")
)]
pub struct Account {
    /// True if it is closed.
    pub is_closed: bool,
}

impl Apply<AccountOpened> for Account {
    fn apply(&mut self, _: AccountOpened) {}
}

impl Apply<MoneyDeposited> for Account {
    fn apply(&mut self, _: MoneyDeposited) {}
}

impl Apply<MoneyWithdrawn> for Account {
    fn apply(&mut self, _: MoneyWithdrawn) {}
}

impl Apply<AccountClosed> for Account {
    fn apply(&mut self, _: AccountClosed) {
        self.is_closed = true;
    }
}
