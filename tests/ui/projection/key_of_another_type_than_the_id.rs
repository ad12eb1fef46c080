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
    id: String,
}

impl Create<AccountOpened> for AccountSummary {
    fn create(id: String, _: &Recorded<AccountOpened>) -> Self {
        Self { id }
    }
}

fn main() {}
