use esrs::prelude::*;

#[derive(Event, Serialize, Deserialize)]
#[event("money_deposited", version = 2)]
struct MoneyDeposited {
    #[event(renamed(from = "amount", in = 2))]
    cents: i64,
    #[event(renamed(from = "amount", in = 2))]
    euros: i64,
}

fn main() {}
