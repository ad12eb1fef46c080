use esrs::prelude::*;

#[derive(Event, Serialize, Deserialize)]
#[event("money_moved", merges("money_deposited"))]
struct MoneyMoved {
    by: i64,
}

fn main() {}
