//! Every word of `#[aggregate(…)]`, as it should be; and an enum as a state machine.

use esrs::prelude::*;

mod other {
    use esrs::prelude::*;

    #[derive(Event, Debug, Serialize, Deserialize)]
    #[event("account_closed")]
    pub struct Opened {}
}

#[derive(Event, Debug, Serialize, Deserialize)]
#[event("account_opened", aliases("account_created"))]
struct Opened {
    owner: String,
}

#[derive(Event, Debug, Serialize, Deserialize)]
#[event("statement_sent")]
struct StatementSent {}

#[derive(Aggregate, Default)]
#[aggregate(
    "bank_account",
    id = u64,
    events(Opened, other::Opened as Closed, ignored(StatementSent)),
    retired("gift_given"),
    fold_version = 2,
    event_enum = AccountEvent,
    event_derives(Debug),
    crate = ::esrs,
)]
enum BankAccount {
    #[default]
    New,
    Open(String),
    Closed,
}

impl Apply<Opened> for BankAccount {
    fn apply(&mut self, event: Opened) {
        *self = Self::Open(event.owner);
    }
}

impl Apply<other::Opened> for BankAccount {
    fn apply(&mut self, _: other::Opened) {
        *self = Self::Closed;
    }
}

pub(crate) fn main() {
    let mut account = BankAccount::default();
    assert!(matches!(account, BankAccount::New));
    account.apply_event(Opened { owner: "Alice".to_owned() }.into());
    account.apply_event(StatementSent {}.into());
    assert!(matches!(&account, BankAccount::Open(owner) if owner == "Alice"));
    account.apply_event(AccountEvent::Closed(other::Opened {}));
    assert!(matches!(account, BankAccount::Closed));
    assert_eq!(
        format!("{:?}", AccountEvent::from(StatementSent {})),
        "StatementSent(StatementSent)"
    );
}
