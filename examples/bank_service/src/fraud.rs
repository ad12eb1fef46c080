//! The report that came later: it is given the whole history, as if it had been there all the time.

use esrs::prelude::*;
use esrs::store::BoxError;
use esrs::subscription::{EventHandler, Listen, On, Transaction};

use crate::domain::{BankAccount, MoneyWithdrawn};

/// Accounts from which money was taken too often within a minute.
///
/// One event is about rows of two tables, and has to ask one of them: more than a projection says, so it
/// is a handler, with SQL in the transaction that moves its checkpoint.
pub(crate) struct FraudReport;

/// So many withdrawals within a minute are suspicious.
const SUSPICIOUS: i64 = 3;

impl EventHandler for FraudReport {
    const NAME: &'static str = "fraud_report";

    fn listen(events: Listen<Self>) -> Listen<Self> {
        events.to::<BankAccount, MoneyWithdrawn>()
    }

    async fn start_over(&mut self, transaction: &mut dyn Transaction) -> Result<(), BoxError> {
        for sql in [
            "DROP TABLE IF EXISTS fraud_withdrawals, fraud_alerts",
            "CREATE TABLE fraud_withdrawals (account_id text, at timestamptz, cents bigint)",
            "CREATE INDEX ON fraud_withdrawals (account_id, at)",
            "CREATE TABLE fraud_alerts (
                account_id text PRIMARY KEY, withdrawals bigint NOT NULL, cents bigint NOT NULL,
                last_at timestamptz NOT NULL)",
        ] {
            transaction.execute(sql, &[]).await?;
        }
        Ok(())
    }
}

impl On<MoneyWithdrawn> for FraudReport {
    async fn on(
        &mut self,
        event: &Recorded<MoneyWithdrawn>,
        transaction: &mut dyn Transaction,
    ) -> Result<(), BoxError> {
        let (account, at) = (Recorded::stream(event).id(), Recorded::recorded_at(event));
        let insert = "INSERT INTO fraud_withdrawals VALUES ($1, $2, $3)";
        transaction.execute(insert, &[account.into(), at.into(), event.cents.into()]).await?;
        let alert = "INSERT INTO fraud_alerts
            SELECT account_id, count(*), sum(cents)::bigint, max(at) FROM fraud_withdrawals
            WHERE account_id = $1 AND at > $2::timestamptz - interval '1 minute' AND at <= $2
            GROUP BY account_id HAVING count(*) >= $3
            ON CONFLICT (account_id) DO UPDATE SET withdrawals = excluded.withdrawals,
                cents = excluded.cents, last_at = excluded.last_at";
        transaction.execute(alert, &[account.into(), at.into(), SUSPICIOUS.into()]).await?;
        Ok(())
    }
}
