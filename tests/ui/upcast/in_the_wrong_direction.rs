use esrs::prelude::*;

#[derive(Event, Serialize, Deserialize)]
#[event("money_withdrawn")]
struct MoneyWithdrawnV1 {
    cents: i64,
}

#[derive(Event, Serialize, Deserialize)]
#[event("money_withdrawn", version = 2, from = MoneyWithdrawnV1)]
struct MoneyWithdrawn {
    cents: i64,
    reason: String,
}

impl Upcast<MoneyWithdrawn> for MoneyWithdrawnV1 {
    fn upcast(event: MoneyWithdrawn) -> Self {
        Self { cents: event.cents }
    }
}

fn main() {}
