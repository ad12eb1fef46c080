use esrs::prelude::*;

#[derive(Event, Serialize, Deserialize)]
#[event("account_opened")]
struct AccountOpened {}

#[derive(Aggregate, Default)]
#[aggregate("bank_account", id = u64, events(ignored(AccountOpened)))]
struct BankAccount {}

// Eight mistakes, and all of them are told.
#[derive(Projection)]
#[projection(
    table = "Accounts",
    version = 0,
    creates(AccountOpened, AccountOpened(keys = owner)),
    index = "owner",
    crate = esrs,
)]
struct AccountSummary {
    id: u64,
    #[projection(text, json)]
    owner: String,
    #[projection(column = "owner")]
    name: String,
}

impl Create<AccountOpened> for AccountSummary {
    fn create(id: u64, _: &Recorded<AccountOpened>) -> Self {
        Self { id, owner: String::new(), name: String::new() }
    }
}

fn main() {}
