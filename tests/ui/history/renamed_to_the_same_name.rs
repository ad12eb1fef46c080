use esrs::prelude::*;

#[derive(Event, Serialize, Deserialize)]
#[event("money_deposited", version = 2)]
struct MoneyDeposited {
    #[event(renamed(from = "cents", in = 2))]
    cents: i64,
}

fn main() {}
