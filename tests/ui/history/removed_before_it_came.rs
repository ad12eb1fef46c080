use esrs::prelude::*;

#[derive(Event, Serialize, Deserialize)]
#[event("money_deposited", version = 3, removed(name = "note", ty = String, since = 3, in = 2))]
struct MoneyDeposited {
    cents: i64,
    #[event(added(in = 3))]
    place: Option<String>,
}

fn main() {}
