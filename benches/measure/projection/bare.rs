//! The same rows by a loop that knows of nothing else: it reads the same pages, keeps all balances in
//! memory, and writes those of a page by one statement, together with where it stands.

use std::collections::{HashMap, HashSet};

use tokio_postgres::{Client, NoTls, Statement};

use crate::bank::{Balances, by_hand};
use crate::{BATCH, Tried};

pub(crate) struct Bare {
    client: Client,
    select: Statement,
    upsert: Statement,
    accounts: HashMap<i64, i64>,
    kinds: HashMap<i32, String>,
}

impl Bare {
    pub(crate) async fn open(url: &str) -> Tried<Self> {
        let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
        tokio::spawn(connection);
        client
            .batch_execute(
                "CREATE TABLE bare_balances (account bigint PRIMARY KEY, cents bigint NOT NULL,
                    movements bigint NOT NULL);
                CREATE TABLE bare_checkpoint (position bigint NOT NULL);
                INSERT INTO bare_checkpoint VALUES (0)",
            )
            .await?;
        let select = "SELECT position, stream, kind, payload::text FROM esrs.events
            WHERE position > $1 ORDER BY position LIMIT $2";
        let upsert = "WITH moved AS (UPDATE bare_checkpoint SET position = $4)
            INSERT INTO bare_balances SELECT * FROM unnest($1::int8[], $2::int8[], $3::int8[])
            ON CONFLICT (account) DO UPDATE
            SET cents = excluded.cents, movements = excluded.movements";
        let (select, upsert) = (client.prepare(select).await?, client.prepare(upsert).await?);
        let mut accounts = HashMap::new();
        for row in client.query("SELECT id, name FROM esrs.streams", &[]).await? {
            let name: &str = row.try_get(1)?;
            let id = name.strip_prefix("account-").ok_or("an account")?.parse()?;
            accounts.insert(row.try_get(0)?, id);
        }
        let mut kinds = HashMap::new();
        for row in client.query("SELECT id, name FROM esrs.kinds", &[]).await? {
            kinds.insert(row.try_get(0)?, row.try_get(1)?);
        }
        Ok(Self { client, select, upsert, accounts, kinds })
    }

    /// Rebuilds all rows.
    pub(crate) async fn catch_up(&self) -> Tried<()> {
        self.client.batch_execute("TRUNCATE bare_balances").await?;
        let mut balances: HashMap<i64, (i64, i64)> = HashMap::new();
        let mut position = 0_i64;
        loop {
            let rows = self.client.query(&self.select, &[&position, &(BATCH as i64)]).await?;
            if rows.is_empty() {
                return Ok(());
            }
            let mut touched = HashSet::new();
            for row in &rows {
                position = row.try_get(0)?;
                let account = self.accounts[&row.try_get::<_, i64>(1)?];
                let name = &self.kinds[&row.try_get::<_, i32>(2)?];
                let balance = balances.entry(account).or_default();
                balance.0 += by_hand(name, row.try_get(3)?)?;
                balance.1 += 1;
                touched.insert(account);
            }
            let (mut accounts, mut cents, mut movements) = (vec![], vec![], vec![]);
            for account in touched {
                let balance = balances[&account];
                accounts.push(account);
                cents.push(balance.0);
                movements.push(balance.1);
            }
            let upsert = &self.upsert;
            self.client.execute(upsert, &[&accounts, &cents, &movements, &position]).await?;
        }
    }

    pub(crate) async fn balances(&self, table: &str) -> Tried<Balances> {
        let select = format!("SELECT account, cents, movements FROM {table}");
        let mut balances = Balances::new();
        for row in self.client.query(&select, &[]).await? {
            balances.insert(row.try_get(0)?, (row.try_get(1)?, row.try_get(2)?));
        }
        Ok(balances)
    }
}
