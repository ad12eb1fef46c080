use esrs::prelude::*;

#[derive(Event, Serialize, Deserialize)]
#[event("account_opened")]
struct AccountOpened {}

#[derive(Aggregate, Default)]
#[aggregate("bank_account", id = u64, events(ignored(AccountOpened)))]
struct BankAccount {}

#[derive(Projection)]
#[projection(table = "accounts", of = BankAccount, events(AccountOpened))]
struct AccountSummary {
    #[projection(key)]
    id: u64,
}

impl Project<AccountOpened> for AccountSummary {
    fn project(&mut self, _: &Recorded<AccountOpened>) {}
}

fn main() {}
