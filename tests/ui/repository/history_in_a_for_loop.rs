use esrs::prelude::*;

#[derive(Event, Serialize, Deserialize)]
#[event("account_opened")]
struct AccountOpened {}

#[derive(Aggregate, Clone, Default)]
#[aggregate("bank_account", id = u64, events(ignored(AccountOpened)))]
struct BankAccount {}

#[tokio::main]
async fn main() {
    let accounts = Repository::<BankAccount>::new(MemoryStore::new());
    for moment in accounts.history(&1).unwrap() {
        drop(moment);
    }
}
