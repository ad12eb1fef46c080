use esrs::prelude::*;

#[derive(Event, Serialize, Deserialize)]
#[event("account_opened")]
struct AccountOpened {}

#[derive(Aggregate, Default)]
#[aggregate("bank_account", id = u64, events(ignored(AccountOpened)))]
struct BankAccount {}

struct Close;

async fn close(accounts: Repository<BankAccount>) {
    // The second error is rustc's own: it asks again at `.await`.
    let _ = accounts.execute(&18, Close).await;
}

fn main() {}
