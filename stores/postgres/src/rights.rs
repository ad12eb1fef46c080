//! Who may do what.

use esrs_core::StoreError;

use crate::PostgresStore;
use crate::pool::{Reader, ask};

const DOING: &str = "granting rights";

impl PostgresStore {
    /// Lets a role of the database append and read, and keep snapshots. It can never change or delete
    /// an event: it has not the right to, and triggers refuse it to everybody.
    ///
    /// The store has to be opened by the owner of the tables, and the role's own programs open it with
    /// less: their tables are up to date, and they make none.
    ///
    /// ```no_run
    /// # async fn example(store: esrs_postgres::PostgresStore) -> Result<(), esrs_core::StoreError> {
    /// // As the owner, where programs are deployed:
    /// store.grant_appending("teller").await?;
    /// # Ok(()) }
    /// ```
    ///
    /// It runs `GRANT USAGE` on the schema and its sequence, `SELECT` on its tables, and `INSERT` on
    /// those of events, streams, kinds, idempotency keys and snapshots; of these, a snapshot alone may
    /// be updated, since it is a cache.
    ///
    /// # Errors
    /// [`StoreError::Denied`] when the user of this store may not grant that, and when there is no
    /// such role.
    pub async fn grant_appending(&self, role: &str) -> Result<(), StoreError> {
        self.grant(role, |schema, role| {
            format!(
                "{};
                 GRANT USAGE ON SEQUENCE {schema}.position_seq TO {role};
                 GRANT INSERT ON {schema}.events, {schema}.streams, {schema}.kinds,
                     {schema}.idempotency_keys, {schema}.snapshots TO {role};
                 GRANT UPDATE ON {schema}.snapshots TO {role}",
                reading(schema, role)
            )
        })
        .await
    }

    /// Lets a role of the database read the log and its snapshots, and nothing else.
    ///
    /// # Errors
    /// Those of [`grant_appending`](Self::grant_appending).
    pub async fn grant_reading(&self, role: &str) -> Result<(), StoreError> {
        self.grant(role, reading).await
    }

    /// Lets a role of the database read the log and run projections and event handlers: keep
    /// checkpoints, leases and parked streams, and make tables in the schema of read models, which is
    /// made if it is not there.
    ///
    /// Tables belong to whoever made them, who alone may [rebuild](Self::rebuild) them, and are read by
    /// whom that role lets read them: a rebuild keeps such rights.
    ///
    /// ```no_run
    /// # async fn example(store: esrs_postgres::PostgresStore) -> Result<(), esrs_core::StoreError> {
    /// // As the owner, where programs are deployed; one that also appends needs both.
    /// store.grant_appending("teller").await?;
    /// store.grant_following("teller").await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// Those of [`grant_appending`](Self::grant_appending).
    pub async fn grant_following(&self, role: &str) -> Result<(), StoreError> {
        let models = self.shared().subscriptions.read_model_schema();
        self.grant(role, |schema, role| {
            format!(
                "{};
                 GRANT INSERT, UPDATE, DELETE ON {schema}.subscriptions, {schema}.leases,
                     {schema}.parked, {schema}.parking_log, {schema}.superseded TO {role};
                 DO $$ BEGIN
                     IF to_regnamespace('{models}') IS NULL THEN CREATE SCHEMA {models}; END IF;
                 END $$;
                 GRANT USAGE, CREATE ON SCHEMA {models} TO {role}",
                reading(schema, role)
            )
        })
        .await
    }

    async fn grant(
        &self,
        role: &str,
        statements: impl Fn(&str, &str) -> String,
    ) -> Result<(), StoreError> {
        let shared = self.shared();
        ask!(shared, |reader| granted(&reader, role, &statements))
    }
}

async fn granted(
    reader: &Reader<'_>,
    role: &str,
    statements: &impl Fn(&str, &str) -> String,
) -> Result<(), StoreError> {
    let Reader { client, sql, location, .. } = reader;
    let granted = async {
        let quoted = "SELECT quote_ident($1)";
        let role: String = client.query_one_scalar(quoted, &[&role]).await?;
        client.batch_execute(&statements(&sql.schema, &role)).await
    };
    granted.await.map_err(|error| location.explain(DOING, error))
}

fn reading(schema: &str, role: &str) -> String {
    format!(
        "GRANT USAGE ON SCHEMA {schema} TO {role};
         GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO {role}"
    )
}
