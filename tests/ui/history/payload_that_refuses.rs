use esrs::prelude::*;

#[derive(Schema, Serialize, Deserialize)]
#[schema(version = 2)]
struct Amount {
    #[schema(retyped(from = i64, in = 2, try_with = u64::try_from))]
    cents: u64,
}

#[derive(Event, Serialize, Deserialize)]
#[event("money_deposited", version = 2)]
struct MoneyDeposited {
    #[event(updated(in = 2, from = 1))]
    amount: Amount,
}

fn main() {}
