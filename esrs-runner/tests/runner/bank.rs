//! A bank whose events are read by several projections.

use std::convert::Infallible;
use std::sync::atomic::{AtomicBool, Ordering};

use esrs::prelude::*;
use tokio::sync::{Mutex, MutexGuard};

#[derive(Event, Clone, Serialize, Deserialize)]
#[event("account_opened")]
pub(crate) struct AccountOpened {
    pub(crate) owner: String,
}

#[derive(Event, Clone, Serialize, Deserialize)]
#[event("money_deposited")]
pub(crate) struct MoneyDeposited {
    pub(crate) cents: i64,
}

#[derive(Event, Clone, Serialize, Deserialize)]
#[event("account_closed")]
pub(crate) struct AccountClosed {}

#[derive(Aggregate, Clone, Default)]
#[aggregate("account", id = u32, events(ignored(AccountOpened, MoneyDeposited, AccountClosed)))]
pub(crate) struct Account {}

#[derive(Event, Clone, Serialize, Deserialize)]
#[event("money_transferred")]
pub(crate) struct MoneyTransferred {
    pub(crate) from: u32,
    pub(crate) to: u32,
    pub(crate) cents: i64,
}

#[derive(Aggregate, Clone, Default)]
#[aggregate("transfer", id = u32, events(ignored(MoneyTransferred)))]
pub(crate) struct Transfer {}

/// Appends what it is given.
pub(crate) struct Say<E>(pub(crate) E);

macro_rules! says {
    ($($event:ident of $aggregate:ident),*) => {$(
        impl Handle<Say<$event>> for $aggregate {
            type Error = Infallible;

            fn handle(
                &self,
                Say(event): &Say<$event>,
                _: &Context<Self>,
            ) -> Result<Events<Self>, Infallible> {
                Ok(event.clone().into())
            }
        }
    )*};
}

says!(
    AccountOpened of Account, MoneyDeposited of Account, AccountClosed of Account,
    MoneyTransferred of Transfer
);

/// Of two aggregates: one event is about a row, another about two.
#[derive(Projection, Debug, Clone, PartialEq, Eq)]
#[projection(
    table = "balances",
    of = Account,
    creates(AccountOpened),
    events(MoneyDeposited, MoneyTransferred(of = Transfer, key = [from, to])),
    deletes(AccountClosed)
)]
pub(crate) struct Balance {
    #[projection(key)]
    pub(crate) account: u32,
    pub(crate) owner: String,
    pub(crate) cents: i64,
}

/// True if a deposit of thirteen is still bad luck.
pub(crate) struct Luck {
    has_turned: AtomicBool,
    /// Luck is of the whole process, and tests of two stores turn it.
    turn: Mutex<()>,
}

pub(crate) static LUCK: Luck =
    Luck { has_turned: AtomicBool::new(false), turn: Mutex::const_new(()) };

impl Luck {
    /// Bad luck, until it turns; no other test turns it meanwhile.
    pub(crate) async fn is_bad(&self) -> MutexGuard<'_, ()> {
        let turn = self.turn.lock().await;
        self.has_turned.store(false, Ordering::SeqCst);
        turn
    }

    pub(crate) fn turns(&self) {
        self.has_turned.store(true, Ordering::SeqCst);
    }
}

/// A deposit that no projection takes, ever.
pub(crate) const NEVER: i64 = 666;

impl Create<AccountOpened> for Balance {
    fn create(account: u32, event: &Recorded<AccountOpened>) -> Self {
        Self { account, owner: event.owner.clone(), cents: 0 }
    }
}

impl Project<MoneyDeposited> for Balance {
    fn project(&mut self, event: &Recorded<MoneyDeposited>) {
        let is_unlucky = event.cents == 13 && !LUCK.has_turned.load(Ordering::SeqCst);
        assert!(!is_unlucky, "thirteen is bad luck");
        assert!(event.cents != NEVER, "never");
        self.cents += event.cents;
    }
}

impl Project<MoneyTransferred> for Balance {
    fn project(&mut self, event: &Recorded<MoneyTransferred>) {
        self.cents += if event.from == self.account { -event.cents } else { event.cents };
    }
}

/// The same table in the next version of the program.
pub(crate) mod next {
    use super::*;

    #[derive(Projection, Debug, Clone, PartialEq, Eq)]
    #[projection(table = "balances", of = Account, creates(AccountOpened), events(MoneyDeposited))]
    pub(crate) struct Balance {
        #[projection(key)]
        pub(crate) account: u32,
        pub(crate) deposits: u32,
    }

    impl Create<AccountOpened> for Balance {
        fn create(account: u32, _: &Recorded<AccountOpened>) -> Self {
            Self { account, deposits: 0 }
        }
    }

    impl Project<MoneyDeposited> for Balance {
        fn project(&mut self, _: &Recorded<MoneyDeposited>) {
            self.deposits += 1;
        }
    }
}
