use std::convert::Infallible;

use esrs::prelude::*;

#[derive(Event, Serialize, Deserialize)]
#[event("opened")]
struct Opened;

#[derive(Aggregate, Default)]
#[aggregate("bank_account", id = u64, events(Opened))]
struct BankAccount;

struct Open;

impl Handle<Open> for BankAccount {
    type Error = Infallible;

    fn handle(&self, _: &Open, _: &Context<Self>) -> Result<Events<Self>, Infallible> {
        Ok(Opened.into())
    }
}

impl Apply<Opened> for BankAccount {
    fn apply(&mut self, _: Opened) {}
}

async fn with_a_key(accounts: &Repository<BankAccount>) {
    accounts.execute(&1, Open).idempotency_key("request").await.unwrap();
}

async fn of_a_unit(accounts: &Repository<BankAccount>) {
    accounts.execute(&1, Open).and(accounts.execute(&2, Open)).await.unwrap();
}

fn main() {}
