use esrs::prelude::*;

#[derive(Event, Serialize, Deserialize)]
#[event("money_deposited", version = 2)]
struct MoneyDeposited {
    cents: i64,
    #[event(added(in = 2, default = 3))]
    currency: String,
}

fn main() {}
