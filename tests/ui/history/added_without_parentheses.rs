use esrs::prelude::*;

#[derive(Event, Serialize, Deserialize)]
#[event("money_deposited", version = 2)]
struct MoneyDeposited {
    cents: i64,
    #[event(added)]
    note: Option<String>,
}

fn main() {}
