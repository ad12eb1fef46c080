//! The read model: a row for each open account.

use esrs::prelude::*;

use crate::domain::{
    AccountClosed, AccountId, AccountOpened, BankAccount, MoneyDeposited, MoneyWithdrawn,
};

/// A row for each open account: a table that plain SQL can ask.
#[derive(Projection, Debug, Serialize)]
#[projection(
    table = "account_summary",
    of = BankAccount,
    creates(AccountOpened),
    events(MoneyDeposited, MoneyWithdrawn),
    deletes(AccountClosed)
)]
pub(crate) struct AccountSummary {
    /// The account.
    #[projection(key)]
    pub(crate) account_id: AccountId,
    /// Whose it is.
    pub(crate) owner: String,
    /// The balance.
    pub(crate) cents: i64,
}

impl Create<AccountOpened> for AccountSummary {
    fn create(account_id: AccountId, event: &Recorded<AccountOpened>) -> Self {
        Self { account_id, owner: event.owner.clone(), cents: 0 }
    }
}

impl Project<MoneyDeposited> for AccountSummary {
    fn project(&mut self, event: &Recorded<MoneyDeposited>) {
        self.cents = self.cents.saturating_add(event.cents);
    }
}

impl Project<MoneyWithdrawn> for AccountSummary {
    fn project(&mut self, event: &Recorded<MoneyWithdrawn>) {
        self.cents = self.cents.saturating_sub(event.cents);
    }
}
