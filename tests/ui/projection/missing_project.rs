use esrs::prelude::*;

#[derive(Event, Serialize, Deserialize)]
#[event("account_opened")]
struct AccountOpened {}

#[derive(Event, Serialize, Deserialize)]
#[event("account_closed")]
struct AccountClosed {}

#[derive(Aggregate, Default)]
#[aggregate("bank_account", id = u64, events(ignored(AccountOpened, AccountClosed)))]
struct BankAccount {}

#[derive(Projection)]
#[projection(table = "accounts", of = BankAccount, creates(AccountOpened), events(AccountClosed))]
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
