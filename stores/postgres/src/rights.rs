//! Rights of roles.

use esrs_core::StoreError;

use crate::PostgresStore;
use crate::error::Location;
use crate::pool::{Reader, ask};

const DOING: &str = "granting rights";

impl PostgresStore {
    /// Lets a role of the database append and read. It can never change or delete an event: it has not the
    /// right to, and triggers refuse it to everybody.
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
    /// It runs the `GRANT`s of [`grant_reading`](Self::grant_reading), `USAGE` on the sequence of positions,
    /// and `INSERT` on the tables of events, streams, kinds and idempotency keys. What the role says by an
    /// `INSERT` of its own is bounded by policies: an event is at the end of the log and of a stream that
    /// is there, at a time that can be read. Its content is the role's word: payload, actor and time.
    /// [Snapshots](Self::grant_snapshots) need a right of their own, and an [import](Self::import) is the
    /// owner's. [`privileges`](crate::privileges) has every cell.
    ///
    /// # Errors
    /// Returns [`StoreError::Denied`] if the user of this store may not grant that, or there is no such
    /// role.
    pub async fn grant_appending(&self, role: &str) -> Result<(), StoreError> {
        self.grant(role, |schema, role| {
            format!(
                "{};
                 GRANT USAGE ON SEQUENCE {schema}.position_seq TO {role};
                 GRANT SELECT ON {schema}.idempotency_keys TO {role};
                 GRANT INSERT ON {schema}.events, {schema}.idempotency_keys TO {role};
                 GRANT INSERT (name, category) ON {schema}.streams TO {role};
                 GRANT INSERT (category, name, version) ON {schema}.kinds TO {role}",
                reading(schema, role)
            )
        })
        .await
    }

    /// Lets a role of the database save snapshots, in addition to what else it may do.
    ///
    /// A snapshot is a state that other programs begin with: a role that saves one can have them decide on a
    /// state that follows from no event. Grant it to programs that are trusted like the owner.
    ///
    /// # Errors
    /// Those of [`grant_appending`](Self::grant_appending).
    pub async fn grant_snapshots(&self, role: &str) -> Result<(), StoreError> {
        self.grant(role, |schema, role| {
            format!(
                "{};
                 GRANT INSERT, UPDATE ON {schema}.snapshots TO {role}",
                reading(schema, role)
            )
        })
        .await
    }

    /// Lets a role of the database read the log, its snapshots, and where its subscriptions stand, so that it
    /// can ask read models whose tables it may read; and nothing else. Idempotency keys, leases and the
    /// log of what was parked are not among it, so [`find_append`](esrs_core::EventStore::find_append) and
    /// [`checkpoints`](esrs_core::subscription::CheckpointStore::checkpoints) are denied.
    ///
    /// # Errors
    /// Those of [`grant_appending`](Self::grant_appending).
    pub async fn grant_reading(&self, role: &str) -> Result<(), StoreError> {
        self.grant(role, reading).await
    }

    /// Lets a role of the database read the log and run projections and event handlers: keep
    /// checkpoints, leases and parked streams, and make tables in the schema of read models, which is
    /// made if it is not there. What happened to a parked stream can be added to, and not changed.
    ///
    /// In the schema `public`, and in that of the log, it is granted no tables: a role that may make tables
    /// may also make functions, and those would be found by the names in statements of others. Have a
    /// [schema of their own](crate::PostgresStoreBuilder::read_model_schema) for read models, or make the
    /// tables as the owner, by [`catch_up`](esrs_core::ReadModels::catch_up), and grant the role `SELECT`,
    /// `INSERT`, `UPDATE` and `DELETE` on them.
    ///
    /// Tables belong to the role that made them, which alone may [rebuild](esrs_core::ReadModels::rebuild)
    /// them, and are read by whom that role lets read them: a rebuild keeps such rights.
    ///
    /// ```no_run
    /// # async fn example() -> Result<(), esrs_core::StoreError> {
    /// use esrs_postgres::PostgresStore;
    ///
    /// // As the owner, where programs are deployed; one that also appends needs both.
    /// let store = PostgresStore::builder("postgres://owner@localhost/bank")
    ///     .read_model_schema("bank_models")
    ///     .open()
    ///     .await?;
    /// store.grant_appending("teller").await?;
    /// store.grant_following("teller").await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// Those of [`grant_appending`](Self::grant_appending).
    pub async fn grant_following(&self, role: &str) -> Result<(), StoreError> {
        let shared = self.shared();
        let models = shared.subscriptions.read_model_schema();
        let is_own = models != "public" && models != shared.sql.schema;
        self.grant(role, |schema, role| {
            let create = if is_own { ", CREATE" } else { "" };
            format!(
                "{};
                 GRANT SELECT, INSERT, UPDATE, DELETE ON {schema}.subscriptions, {schema}.parked
                     TO {role};
                 GRANT SELECT, INSERT, UPDATE ON {schema}.leases TO {role};
                 GRANT INSERT, DELETE ON {schema}.superseded TO {role};
                 GRANT SELECT ON {schema}.parking_log TO {role};
                 GRANT INSERT (subscription, stream, version, action, actor, reason, at)
                     ON {schema}.parking_log TO {role};
                 DO $$ BEGIN
                     IF to_regnamespace('{models}') IS NULL THEN CREATE SCHEMA {models}; END IF;
                 END $$;
                 GRANT USAGE{create} ON SCHEMA {models} TO {role}",
                reading(schema, role)
            )
        })
        .await?;
        // Of rights on a schema that it may not grant, PostgreSQL only warns.
        let right = if is_own { "CREATE" } else { "USAGE" };
        match ask!(shared, |reader| has_right(&reader, role, models, right))? {
            true => Ok(()),
            false => Err(not_the_owner(&shared.location, format!("the schema `{models}`"))),
        }
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
        // Of rights that it may not grant, PostgreSQL only warns.
        let is_owner: bool = client.query_one_scalar(&sql.is_owner, &[]).await?;
        if is_owner {
            client.batch_execute(&statements(&sql.schema, &role)).await?;
        }
        Ok(is_owner)
    };
    match granted.await {
        Ok(true) => Ok(()),
        Ok(false) => Err(not_the_owner(location, "the store's tables".to_owned())),
        Err(error) => Err(location.explain(DOING, error)),
    }
}

async fn has_right(
    reader: &Reader<'_>,
    role: &str,
    schema: &str,
    right: &str,
) -> Result<bool, StoreError> {
    let sql = "SELECT has_schema_privilege($1::text::name, $2::text, $3::text)";
    let rows = reader.query(sql, &[&role, &schema, &right]).await;
    let has = rows.and_then(|rows| rows.first().map_or(Ok(false), |row| row.try_get(0)));
    has.map_err(|error| reader.location.explain(DOING, error))
}

fn not_the_owner(location: &Location, what: String) -> StoreError {
    let reason = format!(
        "expected the owner of {what}, found another role; open the store as the owner to grant rights"
    );
    StoreError::Denied { location: location.to_string(), reason }
}

/// The tables by name: in a schema like `public`, others have tables too.
fn reading(schema: &str, role: &str) -> String {
    format!(
        "GRANT USAGE ON SCHEMA {schema} TO {role};
         GRANT SELECT ON {schema}.schema_version, {schema}.events, {schema}.streams, {schema}.kinds,
             {schema}.log, {schema}.snapshots, {schema}.subscriptions, {schema}.superseded,
             {schema}.parked TO {role};
         GRANT SELECT ON SEQUENCE {schema}.position_seq TO {role}"
    )
}
