use esrs::prelude::*;

#[derive(Event, Serialize, Deserialize)]
#[event("account_opened")]
struct AccountOpened {}

#[derive(Aggregate, Default)]
#[aggregate("bank_account", id = u64, events(ignored(AccountOpened)))]
struct BankAccount {}

fn main() {
    let accounts = Repository::<BankAccount>::new(MemoryStore::new());
    let _ = accounts.with_snapshots(esrs::repository::SnapshotPolicy::every(100));
}
