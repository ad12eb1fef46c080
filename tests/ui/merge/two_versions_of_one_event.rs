use esrs::prelude::*;

#[derive(Event, Serialize, Deserialize)]
#[event("money_deposited")]
struct MoneyDeposited {
    cents: i64,
}

#[derive(Event, Serialize, Deserialize)]
#[event("money_deposited", version = 2, from = MoneyDeposited)]
struct MoneyDepositedV2 {
    by: i64,
}

impl Upcast<MoneyDeposited> for MoneyDepositedV2 {
    fn upcast(old: MoneyDeposited) -> Self {
        Self { by: old.cents }
    }
}

#[derive(Event, Serialize, Deserialize)]
#[event("money_moved", merges(MoneyDepositedV2, MoneyDeposited))]
struct MoneyMoved {
    by: i64,
}

impl Upcast<MoneyDeposited> for MoneyMoved {
    fn upcast(old: MoneyDeposited) -> Self {
        Self { by: old.cents }
    }
}

impl Upcast<MoneyDepositedV2> for MoneyMoved {
    fn upcast(old: MoneyDepositedV2) -> Self {
        Self { by: old.by }
    }
}

fn main() {}
