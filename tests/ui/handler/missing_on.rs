use esrs::store::BoxError;
use esrs::prelude::*;
use esrs::subscription::{EventHandler, Listen, Transaction};

#[derive(Event, Serialize, Deserialize)]
#[event("money_deposited")]
struct MoneyDeposited {
    cents: i64,
}

#[derive(Event, Serialize, Deserialize)]
#[event("order_placed")]
struct OrderPlaced {}

#[derive(Aggregate, Default)]
#[aggregate("bank_account", id = String, events(ignored(MoneyDeposited)))]
struct BankAccount {}

struct Report;

impl EventHandler for Report {
    const NAME: &'static str = "report";

    fn listen(events: Listen<Self>) -> Listen<Self> {
        events.to::<BankAccount, MoneyDeposited>()
    }

    async fn start_over(&mut self, transaction: &mut dyn Transaction) -> Result<(), BoxError> {
        transaction.execute("DELETE FROM report", &[]).await?;
        Ok(())
    }
}

fn main() {}
