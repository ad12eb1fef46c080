use esrs::prelude::*;

#[derive(Event, Serialize, Deserialize)]
#[event("money_deposited", version = 2)]
struct MoneyDeposited {
    #[event(updated(in = 2, from = 1))]
    amount: Amount,
}

#[derive(Schema, Serialize, Deserialize)]
struct Amount {
    cents: i64,
}


fn main() {}
