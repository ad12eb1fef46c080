use esrs::Apply as Fold;
use esrs::prelude::*;

#[derive(Event, Serialize, Deserialize)]
#[event("account_opened")]
struct AccountOpened {}

#[derive(Aggregate, Default)]
#[aggregate("bank_account", id = u64, events(AccountOpened))]
struct BankAccount {}

impl Fold<AccountOpened> for BankAccount {
    fn apply(&mut self, _: AccountOpened) {}
}

fn main() {}
