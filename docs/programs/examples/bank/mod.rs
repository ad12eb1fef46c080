//! The bank account that the programs of the guide share.
#![allow(dead_code, unreachable_pub, reason = "each program uses a part of it")]

use esrs::prelude::*;

// ANCHOR: events
#[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[event("account_opened")]
pub struct AccountOpened {
    pub owner: String,
}

#[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[event("money_deposited")]
pub struct MoneyDeposited {
    pub cents: i64,
}

#[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[event("money_withdrawn")]
pub struct MoneyWithdrawn {
    pub cents: i64,
}
// ANCHOR_END: events

// ANCHOR: aggregate
#[derive(Aggregate, Clone, Debug, Default, PartialEq)]
#[aggregate(
    "bank_account",
    id = String,
    events(AccountOpened, MoneyDeposited, MoneyWithdrawn),
    event_derives(Debug)
)]
pub struct BankAccount {
    is_open: bool,
    pub cents: i64,
}

impl Apply<AccountOpened> for BankAccount {
    fn apply(&mut self, _: AccountOpened) {
        self.is_open = true;
    }
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

// ANCHOR: commands
#[derive(Debug, Serialize, Deserialize)]
pub struct Open {
    pub owner: String,
}

#[derive(Debug, Serialize, Deserialize)]
pub struct Deposit {
    pub cents: i64,
}

#[derive(Debug, Serialize, Deserialize)]
pub struct Withdraw {
    pub cents: i64,
}

#[derive(Debug, PartialEq, thiserror::Error)]
pub enum Refusal {
    #[error("the account is already open")]
    AlreadyOpen,
    #[error("there is no such account")]
    NoSuchAccount,
    #[error("an amount must be at least one cent, found {cents}")]
    InvalidAmount { cents: i64 },
    #[error("{missing_cents} cents are missing")]
    InsufficientFunds { missing_cents: i64 },
}
// ANCHOR_END: commands

// ANCHOR: handle
impl BankAccount {
    fn check(&self, cents: i64) -> Result<(), Refusal> {
        match (self.is_open, cents) {
            (false, _) => Err(Refusal::NoSuchAccount),
            (true, ..=0) => Err(Refusal::InvalidAmount { cents }),
            (true, _) => Ok(()),
        }
    }
}

impl Handle<Open> for BankAccount {
    type Error = Refusal;

    fn handle(&self, command: &Open, _: &Context<Self>) -> Result<Events<Self>, Refusal> {
        if self.is_open {
            return Err(Refusal::AlreadyOpen);
        }
        Ok(AccountOpened { owner: command.owner.clone() }.into())
    }
}

impl Handle<Deposit> for BankAccount {
    type Error = Refusal;

    fn handle(&self, command: &Deposit, _: &Context<Self>) -> Result<Events<Self>, Refusal> {
        self.check(command.cents)?;
        Ok(MoneyDeposited { cents: command.cents }.into())
    }
}

impl Handle<Withdraw> for BankAccount {
    type Error = Refusal;

    fn handle(&self, command: &Withdraw, _: &Context<Self>) -> Result<Events<Self>, Refusal> {
        self.check(command.cents)?;
        let missing_cents = command.cents - self.cents;
        if missing_cents > 0 {
            return Err(Refusal::InsufficientFunds { missing_cents });
        }
        Ok(MoneyWithdrawn { cents: command.cents }.into())
    }
}
// ANCHOR_END: handle

// ANCHOR: projection
#[derive(Projection, Clone, Debug, PartialEq, Serialize)]
#[projection(
    table = "account_summary",
    of = BankAccount,
    creates(AccountOpened),
    events(MoneyDeposited, MoneyWithdrawn)
)]
pub struct AccountSummary {
    #[projection(key)]
    pub account_id: String,
    pub owner: String,
    pub cents: i64,
}

impl Create<AccountOpened> for AccountSummary {
    fn create(account_id: String, event: &Recorded<AccountOpened>) -> Self {
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
// ANCHOR_END: projection
