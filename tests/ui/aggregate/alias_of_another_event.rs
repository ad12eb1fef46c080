use esrs::prelude::*;

#[derive(Event, Serialize, Deserialize)]
#[event("account_opened")]
struct AccountOpened {}

#[derive(Event, Serialize, Deserialize)]
#[event("account_reopened", aliases("account_opened"))]
struct AccountReopened {}

#[derive(Aggregate, Default)]
#[aggregate("bank_account", id = u64, events(AccountOpened, AccountReopened))]
struct BankAccount {}

impl Apply<AccountOpened> for BankAccount {
    fn apply(&mut self, _: AccountOpened) {}
}

impl Apply<AccountReopened> for BankAccount {
    fn apply(&mut self, _: AccountReopened) {}
}

fn main() {}
