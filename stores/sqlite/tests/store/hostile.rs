//! A file in the hands of other programs: what they may not change, what they have added, and who may
//! read it.

use crate::support::account::Account;
use crate::support::{File, append, batch, event, read_all, stream};
use esrs_core::projection::Value;
use esrs_core::{EventStore, Page, ReadModels, ReadQuery, SqlReadModels, StoreError};
use esrs_sqlite::SqliteStore;

/// Two streams of two events, a key, and an entry of the parking log.
async fn filled() -> (File, SqliteStore) {
    let file = File::new();
    let store = file.open().await;
    for id in ["1", "2"] {
        append(&store, id, "opened", "1").await;
        let keyed = batch(stream(id), vec![event("deposited", "2")]);
        store.append(keyed.with_idempotency_key(id)).await.unwrap();
    }
    file.raw()
        .execute_batch(
            "INSERT INTO esrs_parking_log (subscription, stream, version, action, reason, at)
                 VALUES ('accounts', 'account-1', 1, 'skip', 'agreed', 0)",
        )
        .unwrap();
    (file, store)
}

const COLUMNS: &str = "position, stream, version, kind, event_id, recorded_at, payload";

/// Everything that is evidence.
fn evidence(file: &File) -> Vec<String> {
    let raw = file.raw();
    let tables =
        ["esrs_events", "esrs_streams", "esrs_kinds", "esrs_idempotency_keys", "esrs_parking_log"];
    let mut all = Vec::new();
    for table in tables {
        let mut statement = raw.prepare(&format!("SELECT * FROM {table} ORDER BY 1, 2")).unwrap();
        let columns = statement.column_count();
        let mut rows = statement.query([]).unwrap();
        while let Some(row) = rows.next().unwrap() {
            let values = (0..columns).map(|place| format!("{:?}", row.get_ref(place).unwrap()));
            all.push(format!("{table}: {}", values.collect::<Vec<_>>().join(", ")));
        }
    }
    all
}

#[tokio::test]
async fn no_statement_of_another_program_rewrites_what_is_stored() {
    let (file, store) = filled().await;
    let before = evidence(&file);
    let id = "x'00000000000070008000000000000001'";
    let rewrites = [
        format!("INSERT OR REPLACE INTO esrs_events ({COLUMNS}) VALUES (1, 1, 1, 1, {id}, 0, '9')"),
        format!("REPLACE INTO esrs_events ({COLUMNS}) VALUES (1, 7, 7, 1, {id}, 0, '9')"),
        // By the index of streams, at a new position.
        format!("REPLACE INTO esrs_events ({COLUMNS}) VALUES (5, 1, 1, 1, {id}, 0, '9')"),
        format!("REPLACE INTO esrs_events ({COLUMNS}) VALUES (NULL, 1, 2, 1, {id}, 0, '9')"),
        format!("REPLACE INTO esrs_events ({COLUMNS}) VALUES (-1, 9, 1, 1, {id}, 0, '9')"),
        format!(
            "REPLACE INTO esrs_events ({COLUMNS})
             SELECT position, stream, version, kind, event_id, recorded_at, '9' FROM esrs_events"
        ),
        format!(
            "INSERT INTO esrs_events ({COLUMNS}) VALUES (1, 1, 1, 1, {id}, 0, '9')
             ON CONFLICT DO UPDATE SET payload = '9'"
        ),
        format!(
            "INSERT INTO esrs_events ({COLUMNS}) VALUES (5, 1, 1, 1, {id}, 0, '9')
             ON CONFLICT (stream, version) DO UPDATE SET payload = excluded.payload"
        ),
        format!("INSERT OR IGNORE INTO esrs_events ({COLUMNS}) VALUES (1, 1, 1, 1, {id}, 0, '9')"),
        // Out of the order of the log or of the stream, and what no reader takes.
        format!(
            "INSERT INTO esrs_events ({COLUMNS}) VALUES (9223372036854775807, 1, 3, 1, {id}, 0, '9')"
        ),
        format!("INSERT INTO esrs_events ({COLUMNS}) VALUES (6, 1, 3, 1, {id}, 0, '9')"),
        format!("INSERT INTO esrs_events ({COLUMNS}) VALUES (5, 1, 4, 1, {id}, 0, '9')"),
        format!(
            "INSERT INTO esrs_events ({COLUMNS}) VALUES (5, 1, 9223372036854775807, 1, {id}, 0, '9')"
        ),
        format!("INSERT INTO esrs_events ({COLUMNS}) VALUES (5, 1, 3, 1, x'00', 0, '9')"),
        format!(
            "INSERT INTO esrs_events ({COLUMNS}) VALUES (5, 1, 3, 1, {id}, 9223372036854775807, '9')"
        ),
        "UPDATE esrs_events SET payload = '9'".to_owned(),
        "UPDATE OR REPLACE esrs_events SET position = 1 WHERE position = 2".to_owned(),
        "UPDATE OR REPLACE esrs_events SET rowid = 9 WHERE position = 4".to_owned(),
        "DELETE FROM esrs_events".to_owned(),
        "UPDATE esrs_streams SET name = 'account-9' WHERE id = 1".to_owned(),
        "UPDATE OR REPLACE esrs_streams SET id = 2 WHERE id = 1".to_owned(),
        "REPLACE INTO esrs_streams VALUES (1, 'account-9', 'account')".to_owned(),
        "REPLACE INTO esrs_streams VALUES (9, 'account-1', 'account')".to_owned(),
        "INSERT INTO esrs_streams VALUES (1, 'account-1', 'account')
             ON CONFLICT DO UPDATE SET name = 'account-9'"
            .to_owned(),
        "DELETE FROM esrs_streams WHERE id = 1".to_owned(),
        "UPDATE esrs_kinds SET name = 'closed'".to_owned(),
        "REPLACE INTO esrs_kinds VALUES (1, 'closed', 1)".to_owned(),
        "REPLACE INTO esrs_kinds VALUES (9, 'opened', 1)".to_owned(),
        "DELETE FROM esrs_kinds".to_owned(),
        "UPDATE esrs_idempotency_keys SET first_position = 1".to_owned(),
        "REPLACE INTO esrs_idempotency_keys VALUES (1, '1', 9, 9, NULL)".to_owned(),
        "UPDATE esrs_parking_log SET actor = 'alice'".to_owned(),
        "REPLACE INTO esrs_parking_log
             SELECT id, subscription, stream, version, action, 'alice', reason, at
             FROM esrs_parking_log"
            .to_owned(),
        "DELETE FROM esrs_parking_log".to_owned(),
    ];
    let settings = [
        "",
        "PRAGMA recursive_triggers = OFF; PRAGMA ignore_check_constraints = ON;",
        "PRAGMA recursive_triggers = ON; PRAGMA foreign_keys = OFF;",
        "PRAGMA defer_foreign_keys = ON; PRAGMA count_changes = ON;",
    ];
    for rewrite in &rewrites {
        for setting in settings {
            let raw = file.raw();
            raw.execute_batch(setting).unwrap();
            let done = raw.execute_batch(rewrite);
            assert!(done.is_err(), "{setting} {rewrite}");
            assert_eq!(evidence(&file), before, "{setting} {rewrite}");
        }
    }
    // Everything else goes on, for the store and for a program that appends by hand.
    for id in ["1", "2", "3"] {
        append(&store, id, "deposited", "3").await;
        append(&store, id, "renamed", "3").await;
    }
    let next = format!("INSERT INTO esrs_events ({COLUMNS}) VALUES (11, 1, 5, 1, {id}, 0, '9')");
    file.raw().execute_batch(&next).unwrap();
    append(&store, "1", "deposited", "4").await;
    let log = read_all(&store).await;
    assert_eq!(log.len(), 12);
    assert_eq!(log[11].2, 6);
}

/// An object that a program leaves in a file, its name in the error, and the statement that removes it.
const LEFT: &[(&str, &str, &str)] = &[
    (
        "CREATE TRIGGER copy AFTER INSERT ON esrs_events BEGIN INSERT INTO stolen VALUES (1); END",
        "the trigger `copy` on `esrs_events`",
        "DROP TRIGGER copy",
    ),
    (
        "CREATE TRIGGER esrs_more BEFORE INSERT ON esrs_kinds BEGIN SELECT RAISE(ABORT, 'no'); END",
        "the trigger `esrs_more` on `esrs_kinds`",
        "DROP TRIGGER esrs_more",
    ),
    (
        "CREATE TRIGGER esrs_sly AFTER DELETE ON stolen BEGIN DELETE FROM esrs_leases; END",
        "the trigger `esrs_sly` on `stolen`",
        "DROP TRIGGER esrs_sly",
    ),
    (
        "CREATE VIEW Esrs_log AS SELECT * FROM esrs_events",
        "the view `Esrs_log`",
        "DROP VIEW esrs_log",
    ),
    (
        "CREATE VIEW esrs_building_view AS SELECT 1",
        "the view `esrs_building_view`",
        "DROP VIEW esrs_building_view",
    ),
    ("CREATE TABLE esrs_more (a)", "the table `esrs_more`", "DROP TABLE esrs_more"),
    (
        "CREATE UNIQUE INDEX one ON esrs_events (event_id, actor)",
        "the index `one` on `esrs_events`",
        "DROP INDEX one",
    ),
    (
        "CREATE INDEX code ON esrs_events (json(payload))",
        "the index `code` on `esrs_events`",
        "DROP INDEX code",
    ),
    (
        "CREATE INDEX part ON esrs_events (actor) WHERE json(payload) = 1",
        "the index `part` on `esrs_events`",
        "DROP INDEX part",
    ),
    (
        "ALTER TABLE esrs_leases ADD COLUMN more TEXT",
        "the table `esrs_leases`",
        "ALTER TABLE esrs_leases DROP COLUMN more",
    ),
    (
        "DROP TRIGGER esrs_events_are_never_replaced",
        "the trigger `esrs_events_are_never_replaced` on `esrs_events`",
        "",
    ),
    (
        "DROP TRIGGER esrs_parking_log_is_never_deleted",
        "the trigger `esrs_parking_log_is_never_deleted` on `esrs_parking_log`",
        "",
    ),
    (
        "DROP TRIGGER esrs_events_are_never_updated;
         CREATE TRIGGER esrs_events_are_never_updated BEFORE UPDATE ON esrs_events
         WHEN OLD.position > 9 BEGIN SELECT RAISE(ABORT, 'no'); END",
        "the trigger `esrs_events_are_never_updated` on `esrs_events`",
        "DROP TRIGGER esrs_events_are_never_updated;",
    ),
    (
        "PRAGMA writable_schema = ON;
         UPDATE sqlite_schema SET sql = replace(sql, 'BEFORE UPDATE ON esrs_streams',
             'BEFORE UPDATE ON esrs_streams WHEN false') WHERE name LIKE 'esrs_streams_%';
         PRAGMA writable_schema = RESET",
        "the trigger `esrs_streams_are_never_updated` on `esrs_streams`",
        "DROP TRIGGER esrs_streams_are_never_updated;",
    ),
    (
        "ALTER TABLE esrs_snapshots RENAME TO other; CREATE VIEW esrs_snapshots AS SELECT * FROM other",
        "the view `esrs_snapshots`",
        "DROP VIEW esrs_snapshots; ALTER TABLE other RENAME TO esrs_snapshots",
    ),
];

#[tokio::test]
async fn what_another_program_has_left_in_the_file_keeps_it_closed_and_is_named() {
    let (file, store) = filled().await;
    let log = read_all(&store).await;
    store.close().await;
    file.raw().execute_batch("CREATE TABLE stolen (a)").unwrap();
    for (left, expected, taken_away) in LEFT {
        file.raw().execute_batch(left).unwrap();
        for _ in 0..2 {
            let error = SqliteStore::open(&file.path).await.unwrap_err();
            let StoreError::UnexpectedSchema { object, reason, .. } = &error else {
                panic!("{left}: {error}")
            };
            assert_eq!(object, expected, "{left}");
            assert!(!error.is_transient());
            assert!(error.to_string().contains(expected), "{error}");
            if taken_away.is_empty() || taken_away.ends_with(';') {
                // The error says how it is created again.
                let again = reason.split_once("CREATE TRIGGER").expect("the statement").1;
                file.raw().execute_batch(&format!("{taken_away} CREATE TRIGGER{again}")).unwrap();
                break;
            }
        }
        if !taken_away.ends_with(';') {
            file.raw().execute_batch(taken_away).unwrap();
        }
        let store = file.open().await;
        assert_eq!(read_all(&store).await, log, "{left}");
        store.close().await;
    }
}

#[tokio::test]
async fn what_does_the_store_no_harm_is_left_alone() {
    let (file, store) = filled().await;
    store.catch_up::<Account>().await.unwrap();
    store.close().await;
    file.raw()
        .execute_batch(
            "CREATE INDEX by_actor ON esrs_events (actor, recorded_at);
             CREATE VIEW of_today AS SELECT * FROM esrs_events JOIN esrs_streams ON id = stream;
             CREATE TABLE noted (a);
             CREATE TRIGGER noted AFTER INSERT ON accounts BEGIN INSERT INTO noted VALUES (1); END",
        )
        .unwrap();
    let store = file.open().await;
    append(&store, "9", "opened", "1").await;
    store.catch_up::<Account>().await.unwrap();
    let found =
        store.query("SELECT (SELECT count(*) FROM of_today), (SELECT count(*) FROM noted)", []);
    assert_eq!(found.await.unwrap(), [[Value::from(5), 1.into()]]);
}

#[tokio::test]
async fn a_trigger_that_is_put_on_the_log_of_an_open_store_never_runs() {
    let (file, store) = filled().await;
    file.raw().execute_batch("CREATE TABLE stolen (a)").unwrap();
    for name in ["copy", "esrs_copy"] {
        for (when, of) in [("AFTER INSERT", "esrs_events"), ("BEFORE INSERT", "esrs_streams")] {
            let trigger = format!(
                "CREATE TRIGGER {name} {when} ON {of} BEGIN INSERT INTO stolen VALUES (1); END"
            );
            file.raw().execute_batch(&trigger).unwrap();
            // New and known streams, one event and several.
            for (id, count) in [("1", 1), ("new", 1), ("1", 2)] {
                let events = (0..count).map(|_| event("deposited", "1")).collect();
                let answer = store.append(batch(stream(id), events)).await;
                if of == "esrs_streams" && id == "1" {
                    answer.unwrap();
                    continue;
                }
                let error = answer.unwrap_err();
                assert!(error.to_string().contains("drop the trigger"), "{trigger}: {error}");
            }
            let stolen = store.query("SELECT count(*) FROM stolen", []).await.unwrap();
            assert_eq!(stolen, [[Value::from(0)]], "{trigger}");
            file.raw().execute_batch(&format!("DROP TRIGGER {name}")).unwrap();
            append(&store, "1", "deposited", "1").await;
        }
    }
}

#[tokio::test]
async fn functions_with_effects_are_not_called_from_the_schema() {
    let (file, store) = filled().await;
    store.catch_up::<Account>().await.unwrap();
    file.raw()
        .execute_batch(
            "CREATE VIEW sly AS SELECT load_extension('/nonexistent') AS a;
             CREATE VIEW compiled AS SELECT sqlite_version() AS a",
        )
        .unwrap();
    let error = store.query("SELECT load_extension('/nonexistent')", []).await.unwrap_err();
    let StoreError::ReadOnly { reason, .. } = &error else { panic!("{error}") };
    assert!(reason.contains("`load_extension` loads code"), "{reason}");
    let error = store.query("SELECT a FROM sly", []).await.unwrap_err();
    assert!(error.to_string().contains("unsafe use of load_extension"), "{error}");
    assert_eq!(store.query("SELECT count(a) FROM compiled", []).await.unwrap(), [[Value::from(1)]]);
}

#[tokio::test]
async fn a_refused_query_names_what_it_would_have_done() {
    let (_file, store) = filled().await;
    store.catch_up::<Account>().await.unwrap();
    let refused = [
        ("DELETE FROM accounts", "`DELETE` from `accounts`"),
        ("UPDATE accounts SET cents = 0", "`UPDATE` of `accounts`"),
        ("INSERT INTO accounts (id) VALUES ('x')", "`INSERT` into `accounts`"),
        ("REPLACE INTO esrs_events (position) VALUES (1)", "`INSERT` into `esrs_events`"),
        ("CREATE TEMP TABLE t (a)", "a temporary table"),
        ("CREATE TEMP VIEW v AS SELECT 1", "a temporary table, view"),
        ("ATTACH ':memory:' AS other", "`ATTACH`"),
        ("PRAGMA writable_schema = ON", "`PRAGMA writable_schema`"),
        ("PRAGMA trusted_schema = ON", "`PRAGMA trusted_schema`"),
        ("PRAGMA recursive_triggers = OFF", "`PRAGMA recursive_triggers`"),
        ("DROP TRIGGER esrs_events_are_never_updated", "would write"),
    ];
    for (sql, expected) in refused {
        for _ in 0..2 {
            let error = store.query(sql, []).await.unwrap_err();
            let StoreError::ReadOnly { reason, .. } = &error else { panic!("{sql}: {error}") };
            assert!(reason.contains(expected), "{sql}: {reason}");
        }
        assert!(store.query("SELECT 1", []).await.is_ok());
    }
}

#[cfg(unix)]
mod modes {
    use std::os::unix::fs::{PermissionsExt, symlink};
    use std::path::Path;

    use super::*;

    fn mode(path: &Path) -> u32 {
        std::fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    fn all_modes(path: &Path) -> [u32; 3] {
        ["", "-wal", "-shm"].map(|suffix| {
            let mut name = path.as_os_str().to_owned();
            name.push(suffix);
            mode(Path::new(&name))
        })
    }

    #[tokio::test]
    async fn a_new_file_is_private() {
        let file = File::new();
        let store = file.open().await;
        append(&store, "1", "opened", "1").await;
        assert_eq!(all_modes(&file.path), [0o600; 3]);
    }

    #[tokio::test]
    async fn a_new_file_behind_links_is_private() {
        let file = File::new();
        let (real, link) = (file.directory.path().join("real.db"), file.path.clone());
        symlink("middle.db", &link).unwrap();
        symlink(&real, file.directory.path().join("middle.db")).unwrap();
        let store = file.open().await;
        append(&store, "1", "opened", "1").await;
        assert_eq!(all_modes(&real), [0o600; 3]);
        // A second store of the process, by the other name, leaves the locks of the first alone.
        let second = SqliteStore::open(&real).await.unwrap();
        append(&second, "1", "opened", "1").await;
        second.close().await;
        append(&store, "1", "opened", "1").await;
        assert_eq!(read_all(&store).await.len(), 3);
    }

    #[tokio::test]
    async fn the_mode_of_a_file_that_exists_is_kept() {
        let file = File::new();
        std::fs::File::create(&file.path).unwrap();
        std::fs::set_permissions(&file.path, PermissionsExt::from_mode(0o640)).unwrap();
        let store = file.open().await;
        append(&store, "1", "opened", "1").await;
        assert_eq!(all_modes(&file.path), [0o640; 3]);
        store.close().await;
        let store = file.open().await;
        assert_eq!(read_all(&store).await.len(), 1);
        assert_eq!(all_modes(&file.path), [0o640; 3]);
    }
}

#[tokio::test]
async fn a_store_reads_on_after_a_refusal() {
    let (file, store) = filled().await;
    for _ in 0..3 {
        file.raw().execute_batch("DELETE FROM esrs_events").unwrap_err();
        let page = store.read(ReadQuery::all(), Page::new()).await.unwrap();
        assert_eq!(page.records().count(), 4);
    }
}
