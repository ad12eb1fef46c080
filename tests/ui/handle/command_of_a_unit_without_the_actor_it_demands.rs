use esrs::prelude::*;

#[derive(Event, Serialize, Deserialize)]
#[event("account_opened")]
struct AccountOpened {}

#[derive(Aggregate, Default)]
#[aggregate("bank_account", id = u64, events(ignored(AccountOpened)), requires(actor))]
struct BankAccount {}

#[derive(Serialize)]
struct Open;

impl Handle<Open> for BankAccount {
    type Error = std::convert::Infallible;

    fn handle(&self, _: &Open, _: &Context<Self>) -> Result<Events<Self>, Self::Error> {
        Ok(AccountOpened {}.into())
    }
}

async fn open(accounts: Repository<BankAccount>) {
    // The second and the fourth error are rustc's own: it asks again at `.await`.
    let by_alice = || accounts.execute(&18, Open).by("alice");
    let _ = by_alice().and(accounts.execute(&19, Open)).await;
    let _ = accounts.execute(&20, Open).and(by_alice()).await;
}

fn main() {}
