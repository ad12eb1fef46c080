use esrs::prelude::*;

#[derive(Event, Serialize, Deserialize)]
#[event("money_deposited", version = 2)]
struct MoneyDeposited {
    #[event(retyped(from = String, in = 2, with = cents_of))]
    cents: i64,
}

fn cents_of(text: &str) -> i64 {
    text.len() as i64
}


fn main() {}
