use esrs::prelude::*;

#[derive(Event, Serialize, Deserialize)]
#[event("money_deposited", version = 2)]
struct MoneyDeposited {
    #[event(retyped(from = i64, in = 2, with = std::convert::identity))]
    cents: i64,
}

fn main() {}
