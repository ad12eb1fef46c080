use std::sync::Arc;

use esrs::prelude::*;
use esrs::projection::Value;

/// On every store, also by reference and behind an `Arc`.
async fn fresh<P: Projection>(store: &impl ReadModels) -> Result<Vec<P>, StoreError> {
    store.catch_up::<P>().await?;
    store.all().await
}

/// On those that speak SQL.
async fn totals(store: &impl SqlReadModels) -> Result<Vec<Vec<Value>>, StoreError> {
    store.query("SELECT count(*) FROM account_summary", []).await
}

fn is_send<T: Send>(_: T) {}

fn each_store<P: Projection>(memory: &MemoryStore, file: &SqliteStore, shared: &Arc<SqliteStore>) {
    is_send(fresh::<P>(memory));
    is_send(fresh::<P>(file));
    is_send(fresh::<P>(shared));
    is_send(totals(file));
    is_send(totals(shared));
}

fn main() {
    let _ = each_store::<Row>;
}

#[derive(Event, Serialize, Deserialize)]
#[event("account_opened")]
struct AccountOpened {}

#[derive(Aggregate, Default)]
#[aggregate("account", id = String, events(ignored(AccountOpened)))]
struct Account {}

#[derive(Projection)]
#[projection(table = "account_summary", of = Account, creates(AccountOpened))]
struct Row {
    #[projection(key)]
    account: String,
}

impl Create<AccountOpened> for Row {
    fn create(account: String, _: &Recorded<AccountOpened>) -> Self {
        Self { account }
    }
}
