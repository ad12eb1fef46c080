use esrs::prelude::*;

#[derive(Event, Serialize, Deserialize)]
#[event("money_deposited", version = 3)]
struct MoneyDeposited {
    #[event(updated(in = 2, from = 2), updated(in = 3, from = 1))]
    amount: Amount,
}

#[derive(Schema, Serialize, Deserialize)]
#[schema(version = 3)]
struct Amount {
    #[schema(renamed(from = "euros", in = 2), renamed(from = "amount", in = 3))]
    cents: i64,
}


fn main() {}
