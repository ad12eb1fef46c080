use esrs::prelude::*;

#[derive(Event, Serialize, Deserialize)]
#[event("money_deposited")]
struct MoneyDeposited {
    cents: i64,
}

#[derive(Event, Serialize, Deserialize)]
#[event("money_moved", merges(MoneyDeposited))]
struct MoneyMovedV1 {
    by: i64,
}

impl Upcast<MoneyDeposited> for MoneyMovedV1 {
    fn upcast(old: MoneyDeposited) -> Self {
        Self { by: old.cents }
    }
}

#[derive(Event, Serialize, Deserialize)]
#[event("money_moved", version = 2, from = MoneyMovedV1)]
struct MoneyMoved {
    cents: i64,
}

impl Upcast<MoneyMovedV1> for MoneyMoved {
    fn upcast(old: MoneyMovedV1) -> Self {
        Self { cents: old.by }
    }
}

fn main() {}
