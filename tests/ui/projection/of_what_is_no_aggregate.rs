use esrs::prelude::*;

#[derive(Event, Serialize, Deserialize)]
#[event("account_opened")]
struct AccountOpened {}

struct BankAccount;

#[derive(Projection)]
#[projection(table = "accounts", of = BankAccount, creates(AccountOpened))]
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
