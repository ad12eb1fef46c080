use esrs::prelude::*;

#[derive(Event, Serialize, Deserialize)]
#[event("money_deposited")]
struct MoneyDeposited {
    cents: i64,
}

#[derive(Event, Serialize, Deserialize)]
#[event("money_withdrawn")]
struct MoneyWithdrawn {
    cents: i64,
}

#[derive(Event, Serialize, Deserialize)]
#[event("money_moved", version = 2, from = MoneyMovedV1, merges(MoneyDeposited, MoneyWithdrawn))]
struct MoneyMoved {
    by: i64,
}

/// The newest version reads what it merged, too.
#[derive(Event, Serialize, Deserialize)]
#[event("money_moved", merges(MoneyDeposited))]
struct MoneyMovedV1 {
    cents: i64,
}

impl Upcast<MoneyMovedV1> for MoneyMoved {
    fn upcast(old: MoneyMovedV1) -> Self {
        Self { by: old.cents }
    }
}

impl Upcast<MoneyDeposited> for MoneyMovedV1 {
    fn upcast(old: MoneyDeposited) -> Self {
        Self { cents: old.cents }
    }
}

impl Upcast<MoneyDeposited> for MoneyMoved {
    fn upcast(old: MoneyDeposited) -> Self {
        Self::upcast(MoneyMovedV1::upcast(old))
    }
}

impl Upcast<MoneyWithdrawn> for MoneyMoved {
    fn upcast(old: MoneyWithdrawn) -> Self {
        Self { by: -old.cents }
    }
}

#[derive(Aggregate, Default, Debug, PartialEq)]
#[aggregate("bank_account", id = u64, events(MoneyMoved), retired("gift_given"))]
struct BankAccount {
    cents: i64,
}

impl Apply<MoneyMoved> for BankAccount {
    fn apply(&mut self, event: MoneyMoved) {
        self.cents += event.by;
    }
}

pub(crate) fn main() {
    esrs::testing::Scenario::<BankAccount>::new()
        .and_given_stored("money_deposited", 1, r#"{"cents":5}"#)
        .and_given_stored("money_withdrawn", 1, r#"{"cents":2}"#)
        .and_given_stored("money_moved", 1, r#"{"cents":-1}"#)
        .then_state(BankAccount { cents: 2 });
}
