use esrs::prelude::*;

#[derive(Event, Serialize, Deserialize)]
#[event("money_deposited")]
struct MoneyDepositedV1 {
    amount: i64,
}

#[derive(Event, Serialize, Deserialize)]
#[event("money_deposited", version = 2, from = MoneyDepositedV1)]
struct MoneyDepositedV2 {
    amount: Vec<Amount>,
}

#[derive(Event, Serialize, Deserialize)]
#[event("money_deposited", version = 3, from = MoneyDepositedV2)]
struct MoneyDeposited {
    #[event(updated(in = 3, from = 1))]
    amount: Vec<Amount>,
}

#[derive(Schema, Serialize, Deserialize)]
struct Amount {
    cents: i64,
}

impl Upcast<MoneyDepositedV1> for MoneyDepositedV2 {
    fn upcast(old: MoneyDepositedV1) -> Self {
        Self { amount: vec![Amount { cents: old.amount }] }
    }
}

fn main() {}
