use esrs::prelude::*;

#[derive(Event, Serialize, Deserialize)]
#[event("money_deposited", version = 4, from = MoneyDepositedV1)]
struct MoneyDeposited {
    #[event(renamed(from = "amount", in = 3))]
    cents: i64,
    #[event(added(in = 4))]
    note: Option<String>,
}

#[derive(Event, Serialize, Deserialize)]
#[event("money_deposited")]
struct MoneyDepositedV1 {
    amount: i64,
}


fn main() {}
