use esrs::prelude::*;

#[derive(Event, Serialize, Deserialize)]
#[event("money_deposited", version = 3)]
struct MoneyDeposited {
    cents: i64,
    #[event(added(in = 2), added(in = 3))]
    note: Option<String>,
}

fn main() {}
