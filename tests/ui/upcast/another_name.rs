use esrs::prelude::*;

#[derive(Event, Serialize, Deserialize)]
#[event("withdrawal")]
struct MoneyWithdrawnV1 {
    cents: i64,
}

#[derive(Event, Serialize, Deserialize)]
#[event("money_withdrawn", version = 2, from = MoneyWithdrawnV1)]
struct MoneyWithdrawn {
    cents: i64,
    reason: String,
}

impl Upcast<MoneyWithdrawnV1> for MoneyWithdrawn {
    fn upcast(old: MoneyWithdrawnV1) -> Self {
        Self { cents: old.cents, reason: String::new() }
    }
}

fn main() {}
