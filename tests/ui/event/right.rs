//! Every word of `#[event(…)]`, as it should be.

use esrs::event::PayloadError;
use esrs::prelude::*;

#[derive(Event, Serialize, Deserialize)]
#[event("money_deposited")]
struct MoneyDepositedV1 {
    euros: u32,
}

#[derive(Event, Debug, PartialEq, Serialize, Deserialize)]
#[event("money_deposited", version = 2, from = MoneyDepositedV1, aliases("deposit"), crate = ::esrs)]
struct MoneyDeposited {
    cents: i64,
}

impl Upcast<MoneyDepositedV1> for MoneyDeposited {
    fn upcast(old: MoneyDepositedV1) -> Self {
        Self { cents: i64::from(old.euros) * 100 }
    }
}

pub(crate) fn main() -> Result<(), PayloadError> {
    assert_eq!(MoneyDeposited::decode(1, r#"{"euros":5}"#)?, MoneyDeposited { cents: 500 });
    assert_eq!(MoneyDeposited::decode(2, r#"{"cents":5}"#)?, MoneyDeposited { cents: 5 });
    Ok(())
}
