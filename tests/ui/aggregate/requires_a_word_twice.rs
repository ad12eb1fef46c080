use esrs::prelude::*;

#[derive(Event, Serialize, Deserialize)]
#[event("account_opened")]
struct AccountOpened {}

#[derive(Id)]
struct Branch(u32);

impl esrs::MetadataKey for Branch {
    const KEY: &str = "branch";
}

#[derive(Aggregate, Default)]
#[aggregate("bank_account", id = u64, events(ignored(AccountOpened)), requires(actor, Branch, actor, Branch))]
struct BankAccount {}

fn main() {}
