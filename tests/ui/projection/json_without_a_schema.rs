use esrs::prelude::*;

#[derive(Event, Serialize, Deserialize)]
#[event("account_opened")]
struct AccountOpened {}

#[derive(Aggregate, Default)]
#[aggregate("bank_account", id = u64, events(ignored(AccountOpened)))]
struct BankAccount {}

#[derive(Serialize, Deserialize)]
struct Settings {
    color: String,
}

#[derive(Projection)]
#[projection(table = "accounts", of = BankAccount, creates(AccountOpened))]
struct Account {
    #[projection(key)]
    id: u64,
    #[projection(json)]
    settings: Settings,
}

impl Create<AccountOpened> for Account {
    fn create(id: u64, _: &Recorded<AccountOpened>) -> Self {
        Self { id, settings: Settings { color: String::new() } }
    }
}

fn main() {}
