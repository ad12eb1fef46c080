use std::time::Duration;

use esrs::prelude::*;

#[derive(Event, Serialize, Deserialize)]
#[event("money_deposited")]
struct MoneyDeposited {}

#[derive(Aggregate, Default)]
#[aggregate("bank_account", id = String, events(ignored(MoneyDeposited)))]
struct BankAccount {}

struct Deposit;

impl Handle<Deposit> for BankAccount {
    type Error = std::convert::Infallible;

    fn handle(&self, _: &Deposit, _: &Context<Self>) -> Result<Events<Self>, Self::Error> {
        Ok(MoneyDeposited {}.into())
    }
}

async fn deposit(accounts: &Repository<BankAccount>, id: &String) {
    let deposit = accounts.execute(id, Deposit);
    let _ = deposit.wait_for::<BankAccount>(Duration::from_secs(1)).await;
}

fn main() {}
