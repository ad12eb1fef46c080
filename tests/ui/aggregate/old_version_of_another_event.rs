use esrs::prelude::*;

#[derive(Event, Serialize, Deserialize)]
#[event("account_opened")]
struct AccountOpenedV1 {}

#[derive(Event, Serialize, Deserialize)]
#[event("account_opened", version = 2, from = AccountOpenedV1)]
struct AccountOpened {
    owner: Option<String>,
}

impl Upcast<AccountOpenedV1> for AccountOpened {
    fn upcast(_: AccountOpenedV1) -> Self {
        Self { owner: None }
    }
}

// The chain leads from the old version to the new one; the aggregate lists the newest alone.
#[derive(Aggregate, Default)]
#[aggregate("bank_account", id = u64, events(AccountOpenedV1, AccountOpened))]
struct BankAccount {}

impl Apply<AccountOpenedV1> for BankAccount {
    fn apply(&mut self, _: AccountOpenedV1) {}
}

impl Apply<AccountOpened> for BankAccount {
    fn apply(&mut self, _: AccountOpened) {}
}

fn main() {}
