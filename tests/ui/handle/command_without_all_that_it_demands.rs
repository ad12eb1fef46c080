use esrs::prelude::*;

#[derive(Event, Serialize, Deserialize)]
#[event("account_opened")]
struct AccountOpened {}

#[derive(Aggregate, Default)]
#[aggregate("bank_account", id = u64, events(ignored(AccountOpened)), requires(causation, correlation))]
struct BankAccount {}

struct Open;

impl Handle<Open> for BankAccount {
    type Error = std::convert::Infallible;

    fn handle(&self, _: &Open, _: &Context<Self>) -> Result<Events<Self>, Self::Error> {
        Ok(AccountOpened {}.into())
    }
}

async fn open(accounts: Repository<BankAccount>) {
    // Each is told at once.
    let _ = accounts.execute(&18, Open).by("alice").await;
}

fn main() {}
