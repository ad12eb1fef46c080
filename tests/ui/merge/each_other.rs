use esrs::prelude::*;

#[derive(Event, Serialize, Deserialize)]
#[event("money_moved", merges(MoneyDeposited))]
struct MoneyMoved {
    cents: i64,
}

#[derive(Event, Serialize, Deserialize)]
#[event("money_deposited", merges(MoneyMoved))]
struct MoneyDeposited {
    amount: i64,
}

impl Upcast<MoneyDeposited> for MoneyMoved {
    fn upcast(old: MoneyDeposited) -> Self {
        Self { cents: old.amount }
    }
}

impl Upcast<MoneyMoved> for MoneyDeposited {
    fn upcast(old: MoneyMoved) -> Self {
        Self { amount: old.cents }
    }
}

#[derive(Aggregate, Default)]
#[aggregate("account", id = u32, events(MoneyMoved))]
struct Account;

impl Apply<MoneyMoved> for Account {
    fn apply(&mut self, _: MoneyMoved) {}
}

fn main() {}
