//! Transactions of other programs, which have nothing to do with the store.

use proptest::prelude::RngExt;
use proptest::test_runner::TestRng;
use tokio::task::JoinHandle;
use tokio_postgres::{Client, Error};

/// One that is open all the time, and some that are not.
pub(crate) struct Foreign {
    open: Client,
    others: JoinHandle<Error>,
}

impl Foreign {
    pub(crate) async fn begin(open: Client, other: Client, dice: TestRng) -> Self {
        open.batch_execute("CREATE TABLE elsewhere (note text)").await.unwrap();
        open.batch_execute("BEGIN; INSERT INTO elsewhere VALUES ('open')").await.unwrap();
        Self { open, others: tokio::spawn(write_elsewhere(other, dice)) }
    }

    /// Ends them all: the open one was open until now.
    pub(crate) async fn end(self) {
        self.open.batch_execute("COMMIT").await.unwrap();
        let committed = "SELECT count(*) FROM elsewhere WHERE note = 'open'";
        let committed = self.open.query_one(committed, &[]).await.unwrap();
        assert_eq!(committed.get::<_, i64>(0), 1);
        assert!(!self.others.is_finished(), "{:?}", self.others.await);
        self.others.abort();
    }
}

/// One transaction after the other, each of which stays open for a while.
async fn write_elsewhere(client: Client, mut dice: TestRng) -> Error {
    loop {
        let end = if dice.random() { "COMMIT" } else { "ROLLBACK" };
        let seconds = f64::from(dice.random_range(0..1_000)) / 1_000.0;
        let transaction = format!(
            "BEGIN; INSERT INTO elsewhere VALUES ('short'); SELECT pg_sleep({seconds}); {end}"
        );
        if let Err(error) = client.batch_execute(&transaction).await {
            return error;
        }
    }
}
