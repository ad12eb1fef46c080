use esrs::prelude::*;

#[derive(Event, Serialize, Deserialize)]
#[event("money_deposited", version = 3)]
struct MoneyDeposited {
    cents: i64,
    #[event(added(in = 3), renamed(from = "text", in = 2))]
    note: Option<String>,
}

fn main() {}
