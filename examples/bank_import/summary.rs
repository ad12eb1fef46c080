//! The read model: one row an account, and what plain SQL makes of the rows.

use esrs::prelude::*;

use crate::account::{Account, AccountId, AccountOpened, MoneyDeposited, MoneyWithdrawn};

#[derive(Projection, Debug)]
#[projection(
    table = "account_summary",
    of = Account,
    creates(AccountOpened),
    events(MoneyDeposited, MoneyWithdrawn),
)]
pub(crate) struct AccountSummary {
    #[projection(key)]
    pub account_id: AccountId,
    pub balance: i64,
    pub lowest_balance: i64,
    pub credits: i64,
    pub debits: i64,
    pub transactions: u64,
}

impl AccountSummary {
    fn moved(&mut self, cents: i64) {
        self.balance += cents;
        self.lowest_balance = self.lowest_balance.min(self.balance);
        self.transactions += 1;
    }
}

impl Create<AccountOpened> for AccountSummary {
    fn create(account_id: AccountId, _: &Recorded<AccountOpened>) -> Self {
        Self { account_id, balance: 0, lowest_balance: 0, credits: 0, debits: 0, transactions: 0 }
    }
}

impl Project<MoneyDeposited> for AccountSummary {
    fn project(&mut self, event: &Recorded<MoneyDeposited>) {
        self.credits += event.0.cents;
        self.moved(event.0.cents);
    }
}

impl Project<MoneyWithdrawn> for AccountSummary {
    fn project(&mut self, event: &Recorded<MoneyWithdrawn>) {
        self.debits += event.0.cents;
        self.moved(-event.0.cents);
    }
}

/// The totals of the book, queried from the table of any store in SQL: a name and a value each.
pub(crate) async fn figures(
    store: &impl SqlReadModels,
) -> Result<Vec<(&'static str, String)>, StoreError> {
    let totals = "SELECT coalesce(sum(transactions), 0), count(*), coalesce(sum(credits), 0),
            coalesce(sum(debits), 0), coalesce(sum(balance), 0), count(*) FILTER (WHERE balance > 10000000),
            count(*) FILTER (WHERE balance < 0), count(*) FILTER (WHERE lowest_balance < 0),
            coalesce(max(transactions), 0)
        FROM account_summary";
    let names = [
        "transactions",
        "accounts",
        "credits",
        "debits",
        "sum_of_balances",
        "over_10000000",
        "below_zero_at_end",
        "below_zero_ever",
        "most_transactions",
    ];
    let row = store.query(totals, []).await?.into_iter().flatten();
    let mut figures: Vec<_> = names.into_iter().zip(row.map(|value| value.to_string())).collect();
    let richest = "true ORDER BY balance DESC, account_id LIMIT 1";
    let largest = match store.find::<AccountSummary>(richest, []).await?.first() {
        Some(row) => format!("account {}: {}", row.account_id, row.balance),
        None => "none".to_owned(),
    };
    figures.insert(5, ("largest_balance", largest));
    Ok(figures)
}
