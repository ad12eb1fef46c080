use esrs::prelude::*;

#[derive(Event, Serialize, Deserialize)]
#[event("account_opened")]
struct AccountOpened {}

struct AccountId(u64);

#[derive(Aggregate, Default)]
#[aggregate("bank_account", id = AccountId, events(AccountOpened))]
struct BankAccount {}

impl Apply<AccountOpened> for BankAccount {
    fn apply(&mut self, _: AccountOpened) {}
}

fn main() {}
