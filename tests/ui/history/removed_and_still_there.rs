use esrs::prelude::*;

#[derive(Event, Serialize, Deserialize)]
#[event("money_deposited", version = 2, removed(name = "note", ty = String, in = 2))]
struct MoneyDeposited {
    cents: i64,
    note: String,
}

fn main() {}
