use esrs::prelude::*;

#[derive(Event, Serialize, Deserialize)]
#[event("account_opened")]
struct AccountOpened {}

#[derive(Aggregate, Default)]
#[aggregate("bank_account", id = u64, events(ignored(AccountOpened)))]
struct BankAccount {}

struct Open;

struct Close;

impl Handle<Open> for BankAccount {
    type Error = std::convert::Infallible;

    fn handle(&self, _: &Open, _: &Context<Self>) -> Result<Events<Self>, Self::Error> {
        Ok(AccountOpened {}.into())
    }
}

async fn close(accounts: Repository<BankAccount>) {
    // The second error is rustc's own: it asks again at `.await`.
    let _ = accounts.execute(&18, Close).await;
}

fn main() {}
