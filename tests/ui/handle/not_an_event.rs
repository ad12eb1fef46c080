use std::convert::Infallible;

use esrs::prelude::*;

#[derive(Event, Serialize, Deserialize)]
#[event("account_opened")]
struct AccountOpened {}

#[derive(Aggregate, Default)]
#[aggregate("bank_account", id = u64, events(ignored(AccountOpened)))]
struct BankAccount {}

struct Open {
    owner: String,
}

impl Handle<Open> for BankAccount {
    type Error = Infallible;

    fn handle(&self, command: &Open, _: &Context<Self>) -> Result<Events<Self>, Infallible> {
        Ok(command.owner.clone().into())
    }
}

fn main() {}
