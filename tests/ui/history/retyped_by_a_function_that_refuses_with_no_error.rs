use esrs::prelude::*;

#[derive(Event, Serialize, Deserialize)]
#[event("money_deposited", version = 2)]
struct MoneyDeposited {
    #[event(retyped(from = i64, in = 2, try_with = cents_of))]
    cents: u64,
}

struct BelowNothing;

fn cents_of(cents: i64) -> Result<u64, BelowNothing> {
    cents.try_into().map_err(|_| BelowNothing)
}

fn main() {}
