use esrs::prelude::*;

#[derive(Event, Serialize, Deserialize)]
#[event("account_opened")]
struct AccountOpened {}

// Seven mistakes, and all of them are told.
#[derive(Aggregate, Default)]
#[aggregate(
    "bank-account",
    events(AccountOpened, skipped(AccountOpened)),
    retried("gift_given"),
    retired("card_sent", card_lost),
    crate = esrs,
)]
struct BankAccount {}

impl Apply<AccountOpened> for BankAccount {
    fn apply(&mut self, _: AccountOpened) {}
}

fn main() {}
