use esrs::prelude::*;

#[derive(Event, Serialize, Deserialize)]
#[event("money_moved", merges())]
struct MoneyMoved {
    by: i64,
}

fn main() {}
