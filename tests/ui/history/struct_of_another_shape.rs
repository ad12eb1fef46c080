use esrs::prelude::*;

#[derive(Event, Serialize, Deserialize)]
#[event("money_deposited", version = 2, from = MoneyDepositedV1)]
struct MoneyDeposited {
    #[event(renamed(from = "amount", in = 2))]
    cents: i64,
}

#[derive(Event, Serialize, Deserialize)]
#[event("money_deposited")]
struct MoneyDepositedV1 {
    amount: i64,
    currency: String,
}


fn main() {}
