use esrs::prelude::*;

struct MoneyDeposited {
    cents: i64,
}

#[derive(Event, Serialize, Deserialize)]
#[event("money_moved", merges(MoneyDeposited))]
struct MoneyMoved {
    by: i64,
}

impl Upcast<MoneyDeposited> for MoneyMoved {
    fn upcast(old: MoneyDeposited) -> Self {
        Self { by: old.cents }
    }
}

fn main() {}
