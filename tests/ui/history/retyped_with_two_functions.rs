use esrs::prelude::*;

#[derive(Event, Serialize, Deserialize)]
#[event("money_deposited", version = 2)]
struct MoneyDeposited {
    #[event(retyped(from = i64, in = 2, with = i64::unsigned_abs, try_with = u64::try_from))]
    cents: u64,
}

fn main() {}
