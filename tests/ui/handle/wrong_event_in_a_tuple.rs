use std::convert::Infallible;

use esrs::prelude::*;

#[derive(Event, Serialize, Deserialize)]
#[event("account_opened")]
struct AccountOpened {}

#[derive(Event, Serialize, Deserialize)]
#[event("card_sent")]
struct CardSent {}

#[derive(Aggregate, Default)]
#[aggregate("bank_account", id = u64, events(ignored(AccountOpened)))]
struct BankAccount {}

struct Open;

impl Handle<Open> for BankAccount {
    type Error = Infallible;

    fn handle(&self, _: &Open, _: &Context<Self>) -> Result<Events<Self>, Infallible> {
        Ok((AccountOpened {}, CardSent {}).into())
    }
}

fn main() {}
