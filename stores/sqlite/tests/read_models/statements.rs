//! Statements of a user: in the transaction of a step, and in a query.

use std::sync::Arc;

use crate::support::account::Account;
use crate::support::{File, append, read_all};
use esrs_core::projection::{ProjectionError, Value};
use esrs_core::subscription::{
    Advance, Advanced, Checkpoint, CheckpointStore, Parked, ReadModelWriter, RowTransaction,
    Subscriber, Subscription, Transaction,
};
use esrs_core::{EventFilter, Page, Position, ReadModels, SqlReadModels, StoreError};
use esrs_sqlite::SqliteStore;
use futures_core::future::BoxFuture;

/// A handler that notes the step, runs statements, and notes the step again. Errors of statements are
/// as if they had not been, if `ignores` says so.
struct Running {
    subscription: Arc<Subscription>,
    statements: Vec<String>,
    ignores: bool,
    /// The results of the statements.
    said: Arc<std::sync::Mutex<Vec<Result<(), String>>>>,
}

fn subscription() -> Arc<Subscription> {
    let (name, definition) = ("handler", "first".into());
    Arc::new(Subscription { name, definition, table: None, building: false, owner: None })
}

impl Subscriber for Running {
    fn subscription(&self) -> &Arc<Subscription> {
        &self.subscription
    }

    fn filter(&self) -> EventFilter {
        EventFilter::everything()
    }

    fn take(&mut self, _: &Page, _: &Parked) -> Result<(), ProjectionError> {
        Ok(())
    }

    fn run<'a>(
        &'a mut self,
        from: Position,
        transaction: &'a mut dyn RowTransaction,
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(async move {
            let sql = transaction.as_transaction();
            note(sql, from, "before").await?;
            for statement in &self.statements {
                let done = sql.query(statement, &[]).await;
                let said = done.as_ref().map(drop).map_err(ToString::to_string);
                self.said.lock().unwrap().push(said);
                if !self.ignores {
                    done?;
                }
            }
            note(sql, from, "after").await
        })
    }
}

async fn note(sql: &mut dyn Transaction, from: Position, what: &str) -> Result<(), StoreError> {
    let at = Value::from(from.get().cast_signed());
    sql.execute("INSERT INTO notes VALUES ($1, $2)", &[at, what.into()]).await.map(drop)
}

struct Handler {
    file: File,
    store: SqliteStore,
    at: Checkpoint,
}

impl Handler {
    async fn new() -> Self {
        let file = File::new();
        let store = file.open().await;
        for number in 0..4 {
            append(&store, &number.to_string(), "opened", "1").await;
        }
        store.catch_up::<Account>().await.unwrap();
        file.raw()
            .execute_batch(
                "CREATE TABLE notes (step INTEGER, what TEXT);
                 CREATE TABLE own (a INTEGER PRIMARY KEY); INSERT INTO own VALUES (1)",
            )
            .unwrap();
        let at = store.subscribe(subscription()).await.unwrap();
        Self { file, store, at }
    }

    /// Runs a step; says what it and its statements returned.
    async fn step(
        &mut self,
        statements: &[&str],
        ignores: bool,
    ) -> (Result<(), String>, Vec<Result<(), String>>) {
        let subscription = subscription();
        let said = Arc::default();
        let running = Running {
            subscription: subscription.clone(),
            statements: statements.iter().map(|&sql| sql.to_owned()).collect(),
            ignores,
            said: Arc::clone(&said),
        };
        let to = Position::new(self.at.position.get() + 1);
        let (from, mark, fence) = (self.at, None, None);
        let (park, resume) = (Vec::new(), Vec::new());
        let advance =
            Advance { subscription: subscription.clone(), from, to, mark, fence, park, resume };
        let notes = self.notes().await;
        let (_, advanced) = self.store.advance(advance, Box::new(running)).await;
        let advanced = advanced
            .map(|advanced| assert_eq!(advanced, Advanced::Done))
            .map_err(|error| error.to_string());
        self.at = self.store.subscribe(subscription).await.unwrap();
        let expected = if advanced.is_ok() { to } else { from.position };
        assert_eq!(self.at.position, expected, "{statements:?} and the checkpoint");
        let written = self.notes().await - notes;
        let expected = if advanced.is_ok() { 2 } else { 0 };
        assert_eq!(written, expected, "{statements:?} and the rows");
        let said = said.lock().unwrap().clone();
        (advanced, said)
    }

    async fn notes(&self) -> i64 {
        let rows = self.store.query("SELECT count(*) FROM notes", []).await.unwrap();
        let Value::Integer(count) = rows[0][0] else { panic!("{rows:?}") };
        count
    }

    /// Returns true if everything else still works: an append, a read model, another process, a good step.
    async fn check(&mut self, after: &str) {
        let events = read_all(&self.store).await.len();
        append(&self.store, &format!("more {events}"), "opened", "1").await;
        assert_eq!(read_all(&self.store).await.len(), events + 1, "after {after}");
        let at = self.store.catch_up::<Account>().await.unwrap().get();
        assert_eq!(at, events as u64 + 1, "after {after}");
        assert_eq!(self.step(&["SELECT 1"], false).await.0, Ok(()), "after {after}");
        let modes =
            "SELECT (SELECT count(*) FROM own), (SELECT journal_mode FROM pragma_journal_mode)";
        let rows = self.store.query(modes, []).await.unwrap();
        assert_eq!(rows, [[Value::from(1), "wal".into()]], "after {after}");
        let raw = self.file.raw();
        let checked: String =
            raw.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
        assert_eq!(checked, "ok", "after {after}");
    }
}

/// A statement, and a part of the error that refuses it.
const REFUSED: &[(&str, &str)] = &[
    ("COMMIT", "`COMMIT` is refused"),
    ("END TRANSACTION", "`COMMIT` is refused"),
    (";COMMIT", "`COMMIT` is refused"),
    (";;\n; COMMIT;", "`COMMIT` is refused"),
    ("\u{feff}COMMIT", "`COMMIT` is refused"),
    ("\u{feff};\u{feff}COMMIT", "`COMMIT` is refused"),
    ("/* /* */ COMMIT", "`COMMIT` is refused"),
    ("-- /*\nCOMMIT -- */", "`COMMIT` is refused"),
    ("/**/--\n/*-- */COMMIT", "`COMMIT` is refused"),
    ("\u{c}COMMIT", "`COMMIT` is refused"),
    ("ROLLBACK", "`ROLLBACK` is refused"),
    (";ROLLBACK", "`ROLLBACK` is refused"),
    ("ROLLBACK -- to the start", "`ROLLBACK` is refused"),
    ("BEGIN", "`BEGIN` is refused"),
    ("BEGIN IMMEDIATE", "`BEGIN` is refused"),
    ("SELECT 1; COMMIT", "more than one statement"),
    ("COMMIT\0", "NUL"),
    ("SELECT 1\0; COMMIT", "NUL"),
    ("SELECT 1; SELECT 2", "more than one statement"),
    ("", "no statement"),
    (" -- COMMIT", "no statement"),
    (";", "no statement"),
    ("SAVEPOINT esrs_step", "belongs to the store"),
    ("RELEASE esrs_step", "belongs to the store"),
    ("RELEASE \"ESRS_STEP\"", "belongs to the store"),
    ("ROLLBACK TO [esrs_step]", "belongs to the store"),
    ("ROLLBACK TO esrs_append", "belongs to the store"),
    ("ROLLBACK TO nowhere", "no such savepoint"),
    ("ATTACH ':memory:' AS other", "ATTACH"),
    ("DETACH main", "DETACH"),
    ("PRAGMA journal_mode = DELETE", "`PRAGMA journal_mode` is refused"),
    ("PRAGMA synchronous = OFF", "`PRAGMA synchronous` is refused"),
    ("PRAGMA locking_mode = EXCLUSIVE", "`PRAGMA locking_mode` is refused"),
    ("PRAGMA writable_schema = ON", "`PRAGMA writable_schema` is refused"),
    ("PRAGMA query_only = ON", "`PRAGMA query_only` is refused"),
    ("PRAGMA foreign_keys(1)", "`PRAGMA foreign_keys` is refused"),
    ("PRAGMA busy_timeout = 1", "`PRAGMA busy_timeout` is refused"),
    ("PRAGMA wal_checkpoint", "`PRAGMA wal_checkpoint` is refused"),
    ("PRAGMA main.max_page_count = 1", "`PRAGMA max_page_count` is refused"),
    ("PRAGMA wal_autocheckpoint = 0", "`PRAGMA wal_autocheckpoint` is refused"),
    ("VACUUM", "cannot VACUUM"),
    ("UPDATE esrs_subscriptions SET position = 0", "`esrs_subscriptions`"),
    ("DELETE FROM Esrs_Leases", "`esrs_leases`"),
    ("INSERT INTO \"ESRS_STREAMS\" VALUES (7, 'x', 'x')", "`esrs_streams`"),
    ("INSERT INTO main.esrs_event_ids_up_to VALUES (7)", "`esrs_event_ids_up_to`"),
    ("WITH x AS (SELECT 1) DELETE FROM esrs_kinds", "`esrs_kinds`"),
    ("DROP TABLE esrs_snapshots", "`esrs_snapshots`"),
    ("DROP TRIGGER esrs_events_are_never_updated", "`esrs_events`"),
    ("ALTER TABLE esrs_events ADD COLUMN more", "`esrs_events`"),
    ("CREATE INDEX more ON esrs_events (payload)", "`esrs_events`"),
    (
        "CREATE TRIGGER no BEFORE INSERT ON esrs_events BEGIN SELECT RAISE(ABORT, 'no'); END",
        "`esrs_events`",
    ),
    ("CREATE TABLE esrs_more (a)", "`esrs_more`"),
    ("CREATE VIEW esrs_more AS SELECT 1", "`esrs_more`"),
    ("ALTER TABLE own RENAME TO esrs_more", "`esrs_more`"),
    ("ALTER TABLE own RENAME TO \"Esrs_Building_1\"", "`Esrs_Building_1`"),
    ("SELECT load_extension('/nonexistent')", "`load_extension` is refused"),
    ("CREATE TEMP TABLE accounts (id)", "temporary"),
    ("CREATE TEMP VIEW accounts AS SELECT 1", "temporary"),
    ("CREATE TABLE temp.esrs_events (id)", "esrs_events"),
    (
        "CREATE TEMP TRIGGER no BEFORE INSERT ON main.accounts BEGIN SELECT RAISE(ABORT, 'no'); END",
        "temporary",
    ),
    ("INSERT OR ROLLBACK INTO own VALUES (1)", "UNIQUE"),
    ("EXPLAIN COMMIT", "`COMMIT` is refused"),
];

#[tokio::test]
async fn a_statement_beyond_the_step_is_refused_and_stores_nothing() {
    let mut handler = Handler::new().await;
    for (statement, expected) in REFUSED {
        // Also a second time, when it could be cached.
        for _ in 0..2 {
            let (advanced, _) = handler.step(&[statement], false).await;
            let error = advanced.unwrap_err();
            assert!(
                error.to_lowercase().contains(&expected.to_lowercase()),
                "{statement}: {error}"
            );
            assert!(!error.contains("of the user"), "{error}");
        }
        handler.check(statement).await;
    }
}

#[tokio::test]
async fn a_failed_statement_whose_error_is_ignored_fails_the_step() {
    let mut handler = Handler::new().await;
    for (statement, _) in REFUSED {
        let (advanced, said) = handler.step(&[statement, "SELECT 1", statement], true).await;
        assert!(said.iter().all(Result::is_err), "{statement}: {said:?}");
        assert!(advanced.is_err(), "{statement}");
        handler.check(statement).await;
    }
}

#[tokio::test]
async fn savepoints_of_a_handler_end_with_its_step() {
    let mut handler = Handler::new().await;
    let ways: [&[&str]; 5] = [
        &["SAVEPOINT here"],
        &["SAVEPOINT here", "SAVEPOINT there", "SAVEPOINT here"],
        &["SAVEPOINT here", "DELETE FROM own", "ROLLBACK TO here", "RELEASE here"],
        &["SAVEPOINT here", "DELETE FROM own", "ROLLBACK TRANSACTION TO SAVEPOINT here"],
        &["SAVEPOINT commit_", "RELEASE SAVEPOINT commit_"],
    ];
    for statements in ways {
        assert_eq!(handler.step(statements, false).await.0, Ok(()), "{statements:?}");
        for left in ["ROLLBACK TO here", "RELEASE there"] {
            let error = handler.step(&[left], false).await.0.unwrap_err();
            assert!(error.contains("no such savepoint"), "{error}");
        }
        handler.check(statements[0]).await;
    }
}

#[tokio::test]
async fn statements_within_the_step_are_allowed() {
    let mut handler = Handler::new().await;
    let statements = [
        "\u{feff}SELECT 'COMMIT'; -- COMMIT",
        "SELECT count(*) FROM esrs_events JOIN esrs_streams ON esrs_streams.id = stream",
        "PRAGMA table_info(own)",
        "SELECT name FROM pragma_table_info('own')",
        "PRAGMA user_version",
        "CREATE TABLE more (a INTEGER PRIMARY KEY AUTOINCREMENT, b TEXT)",
        "CREATE INDEX by_b ON more (b)",
        "INSERT INTO more (b) VALUES ('x') RETURNING a",
        "CREATE TRIGGER noted AFTER DELETE ON more BEGIN UPDATE more SET b = 'y'; END",
        "CREATE VIEW less AS SELECT b FROM more",
        "ALTER TABLE more RENAME COLUMN b TO c",
        "ALTER TABLE more RENAME TO others",
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 9)
         INSERT INTO others (c) SELECT i FROM n",
        "DELETE FROM others WHERE c = 'x'",
        "ANALYZE others",
        "REINDEX by_b",
        "DROP VIEW less",
        "DROP TABLE others",
    ];
    let (advanced, said) = handler.step(&statements, true).await;
    for (statement, said) in statements.iter().zip(said) {
        assert_eq!(said, Ok(()), "{statement}");
    }
    assert_eq!(advanced, Ok(()));
    handler.check("all").await;
}

#[tokio::test]
async fn a_statement_that_is_compiled_again_is_looked_at_again() {
    let mut handler = Handler::new().await;
    let insert = "INSERT INTO own SELECT 2 WHERE false";
    assert_eq!(handler.step(&[insert], false).await.0, Ok(()));
    // The cached statement is expired by the new trigger, and now writes to a table of the store.
    handler
        .file
        .raw()
        .execute_batch(
            "CREATE TRIGGER sly AFTER INSERT ON own BEGIN DELETE FROM esrs_subscriptions; END",
        )
        .unwrap();
    let error = handler.step(&[insert], false).await.0.unwrap_err();
    assert!(error.contains("`esrs_subscriptions`"), "{error}");
    handler.file.raw().execute_batch("DROP TRIGGER sly").unwrap();
    assert_eq!(handler.step(&[insert], false).await.0, Ok(()));
    handler.check("a trigger").await;
}

#[tokio::test]
async fn a_trigger_on_rows_does_not_write_to_the_tables_of_the_store() {
    let mut handler = Handler::new().await;
    let trigger =
        "CREATE TRIGGER sly AFTER INSERT ON accounts BEGIN DELETE FROM esrs_subscriptions; END";
    assert_eq!(handler.step(&[trigger], false).await.0, Ok(()));
    append(&handler.store, "new", "opened", "1").await;
    let error = handler.store.catch_up::<Account>().await.unwrap_err().to_string();
    assert!(error.contains("drop the trigger"), "{error}");
    assert_eq!(handler.step(&["DROP TRIGGER sly"], false).await.0, Ok(()));
    handler.check("a trigger").await;
}

#[tokio::test]
async fn a_query_only_reads_the_file_of_its_store() {
    let mut handler = Handler::new().await;
    let other = handler.file.directory.path().join("other.db");
    let attach = format!("ATTACH '{}' AS other", other.display());
    let copy = format!("VACUUM INTO '{}'", other.display());
    let refused = [
        &*attach,
        &*copy,
        "DETACH main",
        "BEGIN",
        ";COMMIT",
        "ROLLBACK",
        "SAVEPOINT here",
        "PRAGMA query_only = 0",
        "PRAGMA journal_mode = DELETE",
        "PRAGMA cache_size = 1",
        "PRAGMA wal_checkpoint",
        "PRAGMA busy_timeout = 0",
        "CREATE TEMP TABLE accounts (id)",
        "CREATE TEMP VIEW accounts AS SELECT 1",
        "DELETE FROM own",
        "DROP TABLE own",
        "REINDEX",
        "ANALYZE",
    ];
    for sql in refused {
        let answer = handler.store.query(sql, []).await;
        assert!(matches!(answer, Err(StoreError::ReadOnly { .. })), "{sql}: {answer:?}");
    }
    for sql in ["SELECT 1; SELECT 2", "SELECT 1; DELETE FROM own", "", "-- nothing", "SELECT 1\0"] {
        let answer = handler.store.query(sql, []).await;
        assert!(matches!(answer, Err(StoreError::Database { .. })), "{sql}: {answer:?}");
    }
    let found = handler.store.find::<Account>("true; DELETE FROM own", []).await;
    assert!(found.is_err(), "what stands behind the first statement is not left out");
    for sql in
        ["\u{feff}SELECT 1;", "PRAGMA page_count", "SELECT name FROM pragma_table_info('own')"]
    {
        assert!(!handler.store.query(sql, []).await.unwrap().is_empty(), "{sql}");
    }
    assert!(!other.exists());
    handler.check("queries").await;
}

#[tokio::test]
async fn after_a_failed_statement_the_step_goes_on_from_a_savepoint_only() {
    let mut handler = Handler::new().await;
    let statements = [
        "SAVEPOINT here",
        "INSERT INTO own VALUES (1)",
        "SELECT 1",
        "SAVEPOINT there",
        "RELEASE here",
        "ROLLBACK TO there",
        "ROLLBACK TO here",
        "INSERT INTO own SELECT 7 WHERE false",
        "SELECT 1",
    ];
    let (advanced, said) = handler.step(&statements, true).await;
    let succeeded: Vec<_> = said.iter().map(Result::is_ok).collect();
    assert_eq!(succeeded, [true, false, false, false, false, false, true, true, true], "{said:?}");
    assert!(said[2].as_ref().unwrap_err().contains("earlier statement"), "{said:?}");
    assert_eq!(advanced, Ok(()));
    let (advanced, _) = handler.step(&statements[..6], true).await;
    let error = advanced.unwrap_err();
    assert!(error.contains("earlier statement") || error.contains("UNIQUE"), "{error}");
    handler.check("a failed statement").await;
}
