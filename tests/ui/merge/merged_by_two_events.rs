use esrs::prelude::*;

#[derive(Event, Serialize, Deserialize)]
#[event("money_deposited")]
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

#[derive(Event, Serialize, Deserialize)]
#[event("money_received", merges(MoneyDeposited))]
struct MoneyReceived {
    by: i64,
}

impl Upcast<MoneyDeposited> for MoneyReceived {
    fn upcast(old: MoneyDeposited) -> Self {
        Self { by: old.cents }
    }
}

#[derive(Aggregate, Default)]
#[aggregate("bank_account", id = u64, events(ignored(MoneyMoved, MoneyReceived)))]
struct BankAccount {}

fn main() {}
