use esrs::prelude::*;

#[derive(Event, Serialize, Deserialize)]
#[event("money_deposited", version = 2)]
struct MoneyDeposited {
    #[event(added(in = 1, default = 0))]
    cents: i64,
    #[event(added(in = 2))]
    note: Option<String>,
}

fn main() {}
