esrs::schema!();

use esrs::prelude::*;
use money::Amount;
use serde::{Deserialize, Serialize};

pub type Cents = i64;

#[derive(Schema, Serialize, Deserialize)]
pub struct Place {
    pub city: String,
    pub zip: Option<String>,
}

#[derive(Schema, Serialize, Deserialize)]
pub struct Refund {
    pub order: u32,
    pub at: Place,
}

#[derive(Schema, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    Salary,
    Gift { from: String },
    #[serde(alias = "repayment")]
    Refund(Refund),
}

#[derive(Event, Serialize, Deserialize)]
#[event("account_opened")]
pub struct AccountOpenedV1 {
    pub owner: String,
}

#[derive(Event, Serialize, Deserialize)]
#[event("account_opened", version = 2, from = AccountOpenedV1)]
pub struct AccountOpened {
    pub owners: Vec<String>,
}

impl Upcast<AccountOpenedV1> for AccountOpened {
    fn upcast(old: AccountOpenedV1) -> Self {
        Self { owners: vec![old.owner] }
    }
}

#[derive(Event, Serialize, Deserialize)]
#[event("money_deposited", aliases("deposited"))]
pub struct MoneyDeposited {
    pub amount: Amount,
    pub fee: Cents,
    pub reason: Reason,
    pub shares: (u8, i32),
    pub tags: Vec<String>,
    pub code: Option<u16>,
    #[serde(alias = "memo")]
    pub note: String,
    #[serde(default)]
    pub hint: u8,
}

#[derive(Event, Serialize, Deserialize)]
#[event("account_closed")]
pub struct AccountClosed {
    pub at: Place,
}

#[derive(Aggregate, Default)]
#[aggregate(
    "account",
    id = String,
    events(ignored(AccountOpened, MoneyDeposited, AccountClosed)),
    retired("gift_given")
)]
pub struct Account {}
