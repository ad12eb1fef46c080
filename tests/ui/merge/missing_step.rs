use esrs::prelude::*;

#[derive(Event, Serialize, Deserialize)]
#[event("money_deposited")]
struct MoneyDeposited {
    cents: i64,
}

#[derive(Event, Serialize, Deserialize)]
#[event("money_moved", merges(MoneyDeposited))]
struct MoneyMoved {
    by: i64,
}

fn main() {}
