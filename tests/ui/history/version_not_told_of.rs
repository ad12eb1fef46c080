use esrs::prelude::*;

#[derive(Event, Serialize, Deserialize)]
#[event("money_deposited", version = 4)]
struct MoneyDeposited {
    #[event(renamed(from = "amount", in = 3))]
    cents: i64,
}

fn main() {}
