use esrs::prelude::*;

#[derive(Event, Serialize, Deserialize)]
#[event("account_opened")]
struct AccountOpened {}

#[derive(Aggregate, Default)]
#[aggregate("bank_account", id = u64, events(ignored(AccountOpened)))]
struct BankAccount {}

#[derive(Projection)]
#[projection(table = "accounts", of = BankAccount, creates(AccountOpened))]
struct AccountSummary {
    #[projection(key)]
    id: u64,
    #[projection(text, json)]
    owner: String,
}

impl Create<AccountOpened> for AccountSummary {
    fn create(id: u64, _: &Recorded<AccountOpened>) -> Self {
        Self { id, owner: String::new() }
    }
}

fn main() {}
