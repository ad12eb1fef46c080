use esrs::prelude::*;

#[derive(Event, Serialize, Deserialize)]
#[event("money_deposited", version = 2)]
struct MoneyDeposited {
    #[event(retyped(from = i64, in = 2, try_with = i64::unsigned_abs))]
    cents: u64,
}

fn main() {}
