//! The domain: an account, what can happen to it, and what may be asked of it.

use esrs::prelude::*;

/// The id of an account.
#[derive(Id, Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct AccountId(pub(crate) String);

/// An account was opened.
#[derive(Event, Serialize, Deserialize)]
#[event("account_opened")]
pub(crate) struct AccountOpened {
    /// Whose it is.
    pub(crate) owner: String,
}

/// Money came in.
#[derive(Event, Serialize, Deserialize)]
#[event("money_deposited")]
pub(crate) struct MoneyDeposited {
    /// The amount.
    pub(crate) cents: i64,
}

/// Money went out.
#[derive(Event, Serialize, Deserialize)]
#[event("money_withdrawn")]
pub(crate) struct MoneyWithdrawn {
    /// The amount.
    pub(crate) cents: i64,
}

/// The account was closed.
#[derive(Event, Serialize, Deserialize)]
#[event("account_closed")]
pub(crate) struct AccountClosed {}

/// An account, as far as its decisions need it.
#[derive(Aggregate, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[aggregate(
    "bank_account",
    id = AccountId,
    events(AccountOpened, MoneyDeposited, MoneyWithdrawn, AccountClosed)
)]
pub(crate) struct BankAccount {
    is_open: bool,
    cents: i64,
}

impl Apply<AccountOpened> for BankAccount {
    fn apply(&mut self, _: AccountOpened) {
        self.is_open = true;
    }
}

impl Apply<MoneyDeposited> for BankAccount {
    fn apply(&mut self, event: MoneyDeposited) {
        // `Handle` refuses a deposit that would not fit; an event that is stored is not refused any more.
        self.cents = self.cents.saturating_add(event.cents);
    }
}

impl Apply<MoneyWithdrawn> for BankAccount {
    fn apply(&mut self, event: MoneyWithdrawn) {
        self.cents = self.cents.saturating_sub(event.cents);
    }
}

impl Apply<AccountClosed> for BankAccount {
    fn apply(&mut self, _: AccountClosed) {
        self.is_open = false;
    }
}

/// Why the bank refuses a command.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    /// There is an account of this id, or there was.
    #[error("the account was opened before")]
    OpenedBefore,
    /// There is none.
    #[error("there is no such account")]
    NoSuchAccount,
    /// More is put in than an account can hold.
    #[error("an account holds at most {} cents", i64::MAX)]
    TooMuch,
    /// An amount is not above nothing.
    #[error("an amount is at least one cent")]
    NothingToMove,
    /// More is asked for than there is.
    #[error("{missing_cents} cents are missing")]
    InsufficientFunds {
        /// The amount that is missing.
        missing_cents: i64,
    },
    /// An account with money cannot be closed.
    #[error("{cents} cents are still on the account")]
    NotEmpty {
        /// The amount.
        cents: i64,
    },
}

impl BankAccount {
    fn check(&self, cents: i64) -> Result<(), Refusal> {
        match (self.is_open, cents) {
            (false, _) => Err(Refusal::NoSuchAccount),
            (true, 1..) => Ok(()),
            (true, _) => Err(Refusal::NothingToMove),
        }
    }
}

/// Opens an account.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Open {
    /// For whom.
    pub(crate) owner: String,
}

impl Handle<Open> for BankAccount {
    type Error = Refusal;

    fn handle(&self, command: &Open, ctx: &Context<Self>) -> Result<Events<Self>, Refusal> {
        if !ctx.is_new() {
            return Err(Refusal::OpenedBefore);
        }
        Ok(AccountOpened { owner: command.owner.clone() }.into())
    }
}

/// Puts money in.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Deposit {
    /// The amount.
    pub(crate) cents: i64,
}

impl Handle<Deposit> for BankAccount {
    type Error = Refusal;

    fn handle(&self, command: &Deposit, _: &Context<Self>) -> Result<Events<Self>, Refusal> {
        self.check(command.cents)?;
        self.cents.checked_add(command.cents).ok_or(Refusal::TooMuch)?;
        Ok(MoneyDeposited { cents: command.cents }.into())
    }
}

/// Takes money out.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Withdraw {
    /// The amount.
    pub(crate) cents: i64,
}

impl Handle<Withdraw> for BankAccount {
    type Error = Refusal;

    fn handle(&self, command: &Withdraw, _: &Context<Self>) -> Result<Events<Self>, Refusal> {
        self.check(command.cents)?;
        match command.cents - self.cents {
            missing_cents @ 1.. => Err(Refusal::InsufficientFunds { missing_cents }),
            _ => Ok(MoneyWithdrawn { cents: command.cents }.into()),
        }
    }
}

/// Closes an account with nothing on it.
#[derive(Debug, Serialize)]
pub(crate) struct Close;

impl Handle<Close> for BankAccount {
    type Error = Refusal;

    fn handle(&self, _: &Close, _: &Context<Self>) -> Result<Events<Self>, Refusal> {
        match (self.is_open, self.cents) {
            (false, _) => Err(Refusal::NoSuchAccount),
            (true, 0) => Ok(AccountClosed {}.into()),
            (true, cents) => Err(Refusal::NotEmpty { cents }),
        }
    }
}
