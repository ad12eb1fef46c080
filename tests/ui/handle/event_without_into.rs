use std::convert::Infallible;

use esrs::prelude::*;

#[derive(Event, Serialize, Deserialize)]
#[event("account_opened")]
struct AccountOpened {}

#[derive(Aggregate, Default)]
#[aggregate("bank_account", id = u64, events(ignored(AccountOpened)))]
struct BankAccount {}

struct Open;

impl Handle<Open> for BankAccount {
    type Error = Infallible;

    fn handle(&self, _: &Open, _: &Context<Self>) -> Result<Events<Self>, Infallible> {
        // rustc's own words; they say what to write.
        let events: Events<Self> = AccountOpened {};
        Ok(events)
    }
}

fn main() {}
