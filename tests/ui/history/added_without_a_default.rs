use esrs::prelude::*;

#[derive(Event, Serialize, Deserialize)]
#[event("money_deposited", version = 2)]
struct MoneyDeposited {
    cents: i64,
    #[event(added(in = 2))]
    currency: Currency,
}

#[derive(Schema, Serialize, Deserialize)]
enum Currency {
    Eur,
}


fn main() {}
