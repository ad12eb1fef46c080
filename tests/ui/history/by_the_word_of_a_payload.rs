use esrs::prelude::*;

#[derive(Event, Serialize, Deserialize)]
#[event("money_deposited", version = 2)]
struct MoneyDeposited {
    #[schema(added(in = 2, default = 0))]
    cents: i64,
}

fn main() {}
