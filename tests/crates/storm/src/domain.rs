//! Accounts whose events say themselves where they belong: which account, and which number within it.

use esrs::prelude::*;
use esrs::store::BoxError;
use esrs::subscription::{EventHandler, Listen, On, Transaction};

/// The number of accounts, for all processes together.
pub const ACCOUNTS: u32 = 40;

/// Money came in.
#[derive(Event, Clone, Serialize, Deserialize)]
#[event("deposited")]
pub struct Deposited {
    /// The account that it belongs to.
    pub account: u32,
    /// Its number within the account, from 1, as the command saw it.
    pub number: u64,
    /// The amount.
    pub cents: i64,
    /// The command that it follows from.
    pub operation: String,
}

/// Money went out.
#[derive(Event, Clone, Serialize, Deserialize)]
#[event("withdrawn")]
pub struct Withdrawn {
    /// The account that it belongs to.
    pub account: u32,
    /// Its number within the account, from 1, as the command saw it.
    pub number: u64,
    /// The amount.
    pub cents: i64,
    /// The command that it follows from.
    pub operation: String,
}

/// The state that follows from the events of an account, and the first of them that does not belong there.
#[derive(Aggregate, Schema, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[aggregate("account", id = u32, events(Deposited, Withdrawn))]
pub struct Account {
    /// The account, as its first event says.
    pub account: Option<u32>,
    /// The number of its events.
    pub events: u64,
    /// The balance.
    pub cents: i64,
    /// The first event that does not fit.
    pub wrong: Option<String>,
}

impl Account {
    fn take(&mut self, account: u32, number: u64, cents: i64) {
        let of = *self.account.get_or_insert(account);
        self.events += 1;
        self.cents += cents;
        if (of != account || number != self.events) && self.wrong.is_none() {
            let found = format!("event {number} of account {account}");
            self.wrong = Some(format!("{found} is event {} of account {of}", self.events));
        }
    }
}

impl Apply<Deposited> for Account {
    fn apply(&mut self, event: Deposited) {
        self.take(event.account, event.number, event.cents);
    }
}

impl Apply<Withdrawn> for Account {
    fn apply(&mut self, event: Withdrawn) {
        self.take(event.account, event.number, -event.cents);
    }
}

/// Puts money in.
#[derive(Serialize)]
pub struct Deposit {
    /// The amount.
    pub cents: i64,
    /// The name that tells it from every other command.
    pub operation: String,
}

/// Takes money out, if there is enough.
#[derive(Serialize)]
pub struct Withdraw {
    /// The amount.
    pub cents: i64,
    /// The name that tells it from every other command.
    pub operation: String,
}

/// There is not enough.
#[derive(Debug, thiserror::Error)]
#[error("there is not enough")]
pub struct Insufficient;

impl Handle<Deposit> for Account {
    type Error = Insufficient;

    fn handle(&self, command: &Deposit, ctx: &Context<Self>) -> Result<Events<Self>, Insufficient> {
        let Deposit { cents, operation } = command;
        let (account, number, operation) = (*ctx.id(), self.events + 1, operation.clone());
        Ok(Deposited { account, number, cents: *cents, operation }.into())
    }
}

impl Handle<Withdraw> for Account {
    type Error = Insufficient;

    fn handle(
        &self,
        command: &Withdraw,
        ctx: &Context<Self>,
    ) -> Result<Events<Self>, Insufficient> {
        let Withdraw { cents, operation } = command;
        if self.cents < *cents {
            return Err(Insufficient);
        }
        let (account, number, operation) = (*ctx.id(), self.events + 1, operation.clone());
        Ok(Withdrawn { account, number, cents: *cents, operation }.into())
    }
}

macro_rules! balances {
    ($($(#[$doc:meta])* $name:ident in $table:literal;)+) => {$(
        $(#[$doc])*
        #[derive(Projection, Debug, Clone, PartialEq)]
        #[projection(
            table = $table,
            of = Account,
            creates(Deposited),
            events(Deposited, Withdrawn)
        )]
        pub struct $name {
            /// The account.
            #[projection(key)]
            pub account: u32,
            /// The number of its events.
            pub events: i64,
            /// The balance.
            pub cents: i64,
        }

        impl $name {
            fn take(&mut self, account: u32, number: u64, cents: i64) {
                assert_eq!((self.account, self.events + 1), (account, number as i64));
                self.events += 1;
                self.cents += cents;
            }
        }

        impl Create<Deposited> for $name {
            fn create(account: u32, event: &Recorded<Deposited>) -> Self {
                let mut new = Self { account, events: 0, cents: 0 };
                new.take(event.account, event.number, event.cents);
                new
            }
        }

        impl Project<Deposited> for $name {
            fn project(&mut self, event: &Recorded<Deposited>) {
                self.take(event.account, event.number, event.cents);
            }
        }

        impl Project<Withdrawn> for $name {
            fn project(&mut self, event: &Recorded<Withdrawn>) {
                self.take(event.account, event.number, -event.cents);
            }
        }
    )+};
}

balances! {
    /// The rows that a runner writes.
    Balance in "balances";
    /// The rows that are written in the transaction of the append.
    InlineBalance in "inline_balances";
}

/// A row for each event, which nothing keeps from being written twice.
pub struct Seen {
    /// The repository that it loads from while it handles an event, if it does.
    pub accounts: Option<Repository<Account>>,
}

impl EventHandler for Seen {
    const NAME: &'static str = "seen";

    fn listen(events: Listen<Self>) -> Listen<Self> {
        events.to::<Account, Deposited>().to::<Account, Withdrawn>()
    }

    async fn start_over(&mut self, transaction: &mut dyn Transaction) -> Result<(), BoxError> {
        transaction.execute("DROP TABLE IF EXISTS seen", &[]).await?;
        transaction.execute("CREATE TABLE seen (account bigint, number bigint)", &[]).await?;
        Ok(())
    }
}

impl Seen {
    async fn take(
        &self,
        (account, number): (u32, u64),
        transaction: &mut dyn Transaction,
    ) -> Result<(), BoxError> {
        if let Some(accounts) = &self.accounts {
            let loaded = accounts.load(&account).await?;
            if Loaded::version(&loaded) < number {
                return Err(format!(
                    "event {number} is given, and {} are loaded",
                    Loaded::version(&loaded)
                )
                .into());
            }
        }
        let row = [i64::from(account).into(), (number as i64).into()];
        transaction.execute("INSERT INTO seen VALUES ($1, $2)", &row).await?;
        Ok(())
    }
}

macro_rules! seen {
    ($($event:ident),+) => {$(
        impl On<$event> for Seen {
            async fn on(
                &mut self,
                event: &Recorded<$event>,
                transaction: &mut dyn Transaction,
            ) -> Result<(), BoxError> {
                self.take((event.account, event.number), transaction).await
            }
        }
    )+};
}

seen!(Deposited, Withdrawn);
