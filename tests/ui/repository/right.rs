//! The uses of a repository beyond commands.

use std::convert::Infallible;

use esrs::prelude::*;
use esrs::AsOf;
use esrs::repository::{SnapshotPolicy, WarmStates};

#[derive(Event, Serialize, Deserialize)]
#[event("account_opened")]
struct AccountOpened {}

#[derive(Aggregate, Clone, Schema, Serialize, Deserialize, Default, PartialEq)]
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

#[tokio::main(flavor = "current_thread")]
pub(crate) async fn main() {
    let accounts = Repository::<BankAccount>::new(MemoryStore::new())
        .with_snapshots(SnapshotPolicy::every(100))
        .with_warm_states(WarmStates::bytes(1_000_000, |account| size_of_val(account)));
    let unit = accounts.execute(&1, Open).and(accounts.execute(&2, Open));
    unit.and(accounts.execute(&3, Open)).await.unwrap();
    // What wants a future is given one.
    let command = accounts.execute(&4, Open).idempotency_key(7.to_string()).into_future();
    assert_eq!(command.await.unwrap().version(), 1);
    let mut history = accounts.history(&1).unwrap().with_changes();
    assert!(history.try_next().await.unwrap().unwrap().changes.is_empty());
    assert!(accounts.diff(&1, AsOf::Version(0), AsOf::Now).await.unwrap().is_empty());
}
