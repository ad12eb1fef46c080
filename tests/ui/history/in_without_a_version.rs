use esrs::prelude::*;

#[derive(Event, Serialize, Deserialize)]
#[event("money_deposited")]
struct MoneyDeposited {
    cents: i64,
    #[event(added(in = 2))]
    note: Option<String>,
}

fn main() {}
