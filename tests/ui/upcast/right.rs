//! Three versions in a chain, one step of which may fail.

use esrs::event::PayloadError;
use esrs::prelude::*;

#[derive(Event, Serialize, Deserialize)]
#[event("money_withdrawn")]
struct MoneyWithdrawnV1 {
    amount: String,
}

#[derive(Event, Serialize, Deserialize)]
#[event("money_withdrawn", version = 2, from = MoneyWithdrawnV1)]
struct MoneyWithdrawnV2 {
    cents: i64,
}

#[derive(Event, Debug, PartialEq, Serialize, Deserialize)]
#[event("money_withdrawn", version = 3, from = MoneyWithdrawnV2)]
struct MoneyWithdrawn {
    cents: i64,
    reason: Option<String>,
}

impl TryUpcast<MoneyWithdrawnV1> for MoneyWithdrawnV2 {
    type Error = std::num::ParseIntError;

    fn try_upcast(old: MoneyWithdrawnV1) -> Result<Self, Self::Error> {
        Ok(Self { cents: old.amount.parse()? })
    }
}

impl Upcast<MoneyWithdrawnV2> for MoneyWithdrawn {
    fn upcast(old: MoneyWithdrawnV2) -> Self {
        Self { cents: old.cents, reason: None }
    }
}

pub(crate) fn main() {
    let read = MoneyWithdrawn::decode(1, r#"{"amount":"500"}"#);
    assert_eq!(read.ok(), Some(MoneyWithdrawn { cents: 500, reason: None }));
    let refused = MoneyWithdrawn::decode(1, r#"{"amount":"much"}"#);
    assert!(matches!(refused, Err(PayloadError::Upcast { from: 1, .. })));
}
