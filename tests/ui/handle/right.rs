//! The answers of a command.

use std::convert::Infallible;

use esrs::Metadata;
use esrs::prelude::*;

#[derive(Event, Serialize, Deserialize)]
#[event("account_opened")]
struct AccountOpened {}

#[derive(Aggregate, Default)]
#[aggregate("bank_account", id = u64, events(ignored(AccountOpened)))]
struct BankAccount {}

struct Open {
    times: usize,
}

impl Handle<Open> for BankAccount {
    type Error = Infallible;

    fn handle(&self, command: &Open, _: &Context<Self>) -> Result<Events<Self>, Infallible> {
        let opened = || AccountOpened {};
        Ok(match command.times {
            0 => Events::none(),
            1 => opened().into(),
            2 => (opened(), Some(opened())).into(),
            3 => Events::of([opened(), opened()]).and(BankAccountEvent::AccountOpened(opened())),
            times => (0..times).map(|_| opened()).collect::<Vec<_>>().into(),
        })
    }
}

pub(crate) fn main() {
    let state = BankAccount::default();
    let ctx = Context::new(18, 0, jiff::Timestamp::UNIX_EPOCH, Metadata::new());
    for times in 0..6 {
        assert_eq!(state.handle(&Open { times }, &ctx).map(|events| events.len()), Ok(times));
    }
}
