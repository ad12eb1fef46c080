use esrs::prelude::*;

#[derive(Event, Serialize, Deserialize)]
#[event("account_opened")]
struct AccountOpened {}

#[derive(Event, Serialize, Deserialize)]
#[event("money_deposited")]
struct MoneyDeposited {}

#[derive(Aggregate, Default)]
#[aggregate("bank_account", id = u64, events(AccountOpened, MoneyDeposited))]
struct BankAccount {}

impl Apply<AccountOpened> for BankAccount {
    fn apply(&mut self, _: AccountOpened) {}
}

fn main() {}
