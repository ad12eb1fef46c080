use esrs::prelude::*;

#[derive(Event, Serialize, Deserialize)]
#[event("money_deposited", version = 2)]
struct MoneyDeposited {
    #[event(aded(in = 2, defualt = 0))]
    cents: i64,
}

fn main() {}
