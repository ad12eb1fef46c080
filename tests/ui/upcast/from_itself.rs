use esrs::prelude::*;

#[derive(Event, Serialize, Deserialize)]
#[event("money_withdrawn", version = 2, from = MoneyWithdrawn)]
struct MoneyWithdrawn {
    cents: i64,
}

fn main() {}
