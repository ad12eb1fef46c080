use esrs::prelude::*;

#[derive(Event, Serialize, Deserialize)]
#[event("account_opened")]
struct AccountOpened {}

#[derive(Aggregate, Default)]
#[aggregate("bank_account", id = u64, events(ignored(AccountOpened)))]
struct BankAccount {}

#[derive(Projection)]
#[projection(table = "accounts", of = BankAccount, creates(AccountOpened(keys = owner)))]
struct AccountSummary {
    #[projection(key)]
    id: u64,
}

impl Create<AccountOpened> for AccountSummary {
    fn create(id: u64, _: &Recorded<AccountOpened>) -> Self {
        Self { id }
    }
}

fn main() {}
