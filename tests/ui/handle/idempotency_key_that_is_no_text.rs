use std::convert::Infallible;

use esrs::prelude::*;

#[derive(Event, Serialize, Deserialize)]
#[event("account_opened")]
struct AccountOpened {}

#[derive(Aggregate, Default)]
#[aggregate("bank_account", id = u64, events(ignored(AccountOpened)))]
struct BankAccount {}

#[derive(Serialize)]
struct Open;

impl Handle<Open> for BankAccount {
    type Error = Infallible;

    fn handle(&self, _: &Open, _: &Context<Self>) -> Result<Events<Self>, Infallible> {
        Ok(AccountOpened {}.into())
    }
}

#[tokio::main]
async fn main() {
    let accounts = Repository::<BankAccount>::new(MemoryStore::new());
    let request = 7_u64;
    accounts.execute(&1, Open).idempotency_key(request).await.unwrap();
}
