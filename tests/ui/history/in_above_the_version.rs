use esrs::prelude::*;

#[derive(Event, Serialize, Deserialize)]
#[event("money_deposited", version = 2)]
struct MoneyDeposited {
    cents: i64,
    #[event(added(in = 2))]
    note: Option<String>,
    #[event(added(in = 3))]
    place: Option<String>,
}

fn main() {}
