//! Faults of a file: a clear error each, and what is stored is left alone.

use std::time::{Duration, Instant};

use crate::support::account::Account;
use crate::support::{File, append, batch, event, read_all, stream};
use esrs_core::subscription::{Checkpoint, CheckpointOf, CheckpointStore};
use esrs_core::{
    CommandFingerprint, EventStore, IdempotencyKey, LogMark, NewEvent, Position, Projection,
    ReadModels, SqlReadModels, StoreError,
};
use esrs_sqlite::SqliteStore;
use futures_util::future::join_all;
use uuid::Uuid;

async fn refusal(path: impl Into<std::path::PathBuf>) -> StoreError {
    SqliteStore::open(path).await.expect_err("it has to be refused")
}

#[tokio::test]
async fn a_busy_file_is_waited_for_and_then_a_typed_error() {
    let file = File::new();
    let wait = Duration::from_millis(200);
    let store = SqliteStore::builder(&file.path).busy_timeout(wait).open().await.unwrap();
    append(&store, "1", "opened", "1").await;
    let mut raw = file.raw();
    let lock = raw.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate).unwrap();
    let begun = Instant::now();
    let appends = (0..8).map(|id| store.append(batch(stream(id), vec![event("opened", "1")])));
    for answer in join_all(appends).await {
        let Err(StoreError::Busy { location, waited }) = answer else { panic!("{answer:?}") };
        assert_eq!((location, waited), (file.path.display().to_string(), wait));
    }
    let took = begun.elapsed();
    assert!(took >= wait && took < Duration::from_secs(3), "{took:?}");
    drop(lock);
    append(&store, "1", "deposited", "1").await;
    assert_eq!(read_all(&store).await.len(), 2);
}

#[tokio::test]
async fn a_full_file_is_a_typed_error_and_goes_on_once_there_is_room() {
    let file = File::new();
    let bound = 400_000;
    let store = SqliteStore::builder(&file.path).max_size(bound).open().await.unwrap();
    let large = format!("\"{}\"", "x".repeat(50_000));
    let mut stored = 0;
    let full = loop {
        let events = vec![event("opened", "1"), event("noted", large.clone())];
        match store.append(batch(stream(stored), events)).await {
            Ok(_) => stored += 1,
            Err(error) => break error,
        }
    };
    assert!(
        matches!(&full, StoreError::Full { location } if *location == file.path.display().to_string()),
        "{full}"
    );
    assert!((3..9).contains(&stored), "{stored}");
    assert_eq!(read_all(&store).await.len(), 2 * stored);

    store.close().await;

    // A few pages more: what fits is stored beside what does not.
    let store = SqliteStore::builder(&file.path).max_size(bound + 20_000).open().await.unwrap();
    let larger = event("noted", format!("\"{}\"", "x".repeat(100_000)));
    let too_much = store.append(batch(stream("much"), vec![larger.clone()]));
    let little = store.append(batch(stream("little"), vec![event("noted", "1")]));
    let answers = futures_util::join!(too_much, little);
    assert!(matches!(answers, (Err(StoreError::Full { .. }), Ok(_))), "{answers:?}");
    store.close().await;

    let store = SqliteStore::builder(&file.path).max_size(2 * bound).open().await.unwrap();
    store.append(batch(stream("much"), vec![larger])).await.unwrap();
    assert_eq!(read_all(&store).await.len(), 2 * stored + 2);
}

#[tokio::test]
async fn a_file_that_is_something_else_is_refused_and_left_alone() {
    let file = File::new();
    for content in ["hello".to_owned(), "This is a letter, and no database. ".repeat(500)] {
        std::fs::write(&file.path, &content).unwrap();
        let error = refusal(&file.path).await;
        assert!(matches!(&error, StoreError::NotADatabase { .. }), "{error}");
        assert_eq!(std::fs::read_to_string(&file.path).unwrap(), content);
    }
}

#[tokio::test]
async fn a_directory_a_missing_directory_and_no_file_are_refused() {
    let file = File::new();
    let error = refusal(file.directory.path()).await.to_string();
    assert!(error.ends_with("is not a database of this store: it is a directory"), "{error}");
    let error = refusal(file.directory.path().join("missing/log.db")).await.to_string();
    assert!(error.contains("there is no directory") && error.ends_with("missing"), "{error}");
    let error = refusal("").await.to_string();
    assert!(error.contains(":memory:"), "{error}");
}

#[tokio::test]
async fn the_tables_of_a_newer_esrs_are_refused_and_left_alone() {
    let file = File::new();
    file.open().await.close().await;
    file.raw().execute("UPDATE esrs_schema SET version = 99", []).unwrap();
    let before = std::fs::read(&file.path).unwrap();
    let error = refusal(&file.path).await;
    let StoreError::NewerSchema { found: 99, known: 7, location } = &error else {
        panic!("{error}")
    };
    assert_eq!(*location, file.path.display().to_string());
    assert_eq!(std::fs::read(&file.path).unwrap(), before);
}

#[tokio::test]
async fn the_tables_of_an_older_esrs_are_brought_up_to_date_and_its_events_are_kept() {
    let file = File::new();
    let raw = file.raw();
    raw.execute_batch(include_str!("../tables/version_1.sql")).unwrap();
    let definition = <Account as Projection>::definition();
    raw.execute("INSERT INTO esrs_projections VALUES ('Accounts', ?1, 2)", [definition]).unwrap();
    raw.execute_batch(
        "CREATE TABLE Accounts (id TEXT NOT NULL, cents INTEGER NOT NULL, last_event TEXT NOT NULL,
             changed_at TEXT NOT NULL, actor TEXT, PRIMARY KEY (id)) STRICT;
         INSERT INTO Accounts VALUES ('1', 3, '01890000-0000-7000-8000-000000000002',
             '2026-01-31T12:00:00.123456Z', 'alice')",
    )
    .unwrap();
    let store = file.open().await;
    let found = read_all(&store).await;
    let expected = [(1, "account-1", 1, "1"), (2, "account-1", 2, "2"), (3, "account-2", 1, "3")];
    assert_eq!(found, expected.map(|(at, of, is, what)| (at, of.into(), is, what.into())));
    let snapshots = "SELECT version, (SELECT count(*) FROM esrs_snapshots) FROM esrs_schema";
    assert_eq!(store.query(snapshots, []).await.unwrap(), [[7.into(), 0.into()]]);

    // Its read model goes on where it stood.
    assert_eq!(store.catch_up::<Account>().await.unwrap().get(), 3);
    let rows = store.find::<Account>("true ORDER BY id", []).await.unwrap();
    assert_eq!(rows.iter().map(|row| row.cents).collect::<Vec<_>>(), [3, 3]);
    let checkpoints = store.checkpoints().await.unwrap();
    let event_id = Uuid::from_u128(0x01890000_0000_7000_8000_000000000003);
    let mark = Some(LogMark { position: Position::new(3), event_id });
    let at = Checkpoint { position: Position::new(3), generation: 1, mark };
    assert_eq!(checkpoints, [CheckpointOf::new("Accounts", false, at)]);

    // What was stored then is known by its ids and its key, and is as safe as it was.
    let old = |id: u128| NewEvent {
        id: Uuid::from_u128(0x01890000_0000_7000_8000_000000000000 + id),
        ..event(if id == 2 { "deposited" } else { "opened" }, id.to_string())
    };
    let again = store.append(batch(stream(1), vec![old(1), old(2)])).await.unwrap();
    assert_eq!((again.repeated, again.last_position.get()), (true, 2));
    let taken = store.append(batch(stream(4), vec![old(3)])).await;
    assert!(matches!(taken, Err(StoreError::EventIdTaken { .. })), "{taken:?}");
    let keyed = store.find_append(stream(1), "first".into()).await.unwrap();
    assert_eq!(keyed.map(|first| first.last_position.get()), Some(2));
    for command in ["one", "another"] {
        let fingerprint = CommandFingerprint::of(command).unwrap();
        let old_key = IdempotencyKey::new("first").for_command(fingerprint);
        let again =
            batch(stream(1), vec![event("opened", "1")]).with_idempotency_key(old_key.clone());
        assert!(store.append(again).await.unwrap().repeated, "{command}");
        assert!(store.find_append(stream(1), old_key).await.unwrap().is_some(), "{command}");
    }
    let next = append(&store, "1", "deposited", "4").await;
    assert_eq!((next.last_position.get(), next.streams[0].last_version), (4, 3));
    let changed = file.raw().execute("UPDATE esrs_events SET payload = '2'", []).unwrap_err();
    assert!(changed.to_string().contains("is never changed"), "{changed}");
}

#[tokio::test]
async fn events_cannot_be_changed_or_deleted_by_anybody() {
    let file = File::new();
    let store = file.open().await;
    append(&store, "1", "opened", "1").await;
    let raw = file.raw();
    let changed = raw.execute("UPDATE esrs_events SET payload = '2'", []).unwrap_err();
    assert!(changed.to_string().contains("is never changed"), "{changed}");
    let deleted = raw.execute("DELETE FROM esrs_events", []).unwrap_err();
    assert!(deleted.to_string().contains("is never deleted"), "{deleted}");
    assert_eq!(read_all(&store).await[0].3, "1");
}

#[tokio::test]
async fn other_tables_in_the_file_are_left_alone() {
    let file = File::new();
    let raw = file.raw();
    raw.execute_batch(
        "PRAGMA user_version = 7; CREATE TABLE mine (a); INSERT INTO mine VALUES (1)",
    )
    .unwrap();
    let store = file.open().await;
    append(&store, "1", "opened", "1").await;
    let mine: i64 = raw.query_row("SELECT a FROM mine", [], |row| row.get(0)).unwrap();
    let version: i64 = raw.query_row("PRAGMA user_version", [], |row| row.get(0)).unwrap();
    assert_eq!((mine, version), (1, 7));
}

#[tokio::test]
async fn a_damaged_event_says_where_it_stands() {
    let file = File::new();
    let store = file.open().await;
    append(&store, "1", "opened", "1").await;
    let raw = file.raw();
    raw.execute_batch("DROP TRIGGER esrs_events_are_never_updated").unwrap();
    raw.execute("UPDATE esrs_events SET event_id = x'00'", []).unwrap();
    let query = esrs_core::ReadQuery::all().with_envelopes();
    let error = store.read(query, esrs_core::Page::new()).await.unwrap_err();
    let StoreError::Damaged { stream, position, .. } = &error else { panic!("{error}") };
    assert_eq!((stream.as_str(), position.get()), ("account-1", 1));
}

#[tokio::test]
async fn what_is_no_utf8_is_an_error_and_not_a_page() {
    let file = File::new();
    let store = file.open().await;
    append(&store, "1", "opened", "1").await;
    let raw = file.raw();
    raw.execute_batch("DROP TRIGGER esrs_events_are_never_updated").unwrap();
    raw.execute("UPDATE esrs_events SET payload = CAST(x'ff' AS TEXT)", []).unwrap();
    let error = store.read(esrs_core::ReadQuery::all(), esrs_core::Page::new()).await.unwrap_err();
    assert!(matches!(error, StoreError::InvalidPage(_)), "{error}");
}

#[tokio::test]
async fn an_event_that_is_missing_within_a_stream_is_noticed() {
    let file = File::new();
    let store = file.open().await;
    for number in 0..4 {
        append(&store, "1", "deposited", &number.to_string()).await;
    }
    let raw = file.raw();
    raw.execute_batch("DROP TRIGGER esrs_events_are_never_deleted").unwrap();
    raw.execute("DELETE FROM esrs_events WHERE version = 2", []).unwrap();
    let query = esrs_core::ReadQuery::stream(stream("1"));
    let error = store.read(query, esrs_core::Page::new()).await.unwrap_err();
    assert!(error.to_string().contains("is missing"), "{error}");
}

#[tokio::test]
async fn extreme_settings_are_clamped() {
    let file = File::new();
    for wait in
        [Duration::ZERO, Duration::from_nanos(1), Duration::from_secs(1 << 40), Duration::MAX]
    {
        let store = SqliteStore::builder(&file.path).busy_timeout(wait).open().await.unwrap();
        append(&store, "a", "opened", "1").await;
        store.close().await;
    }
    for readers in [0, usize::MAX] {
        let store = SqliteStore::builder(&file.path).readers(readers).open().await.unwrap();
        assert!(!read_all(&store).await.is_empty());
        store.close().await;
    }
    for size in [u64::MAX, i64::MAX as u64, 1 << 53] {
        let store = SqliteStore::builder(&file.path).max_size(size).open().await.unwrap();
        append(&store, "a", "opened", "1").await;
        store.close().await;
    }
    let stored = {
        let store = file.open().await;
        read_all(&store).await.len()
    };
    for size in [0, 1, 4096] {
        let full = File::new();
        let refused = SqliteStore::builder(&full.path).max_size(size).open().await;
        assert!(matches!(refused, Err(StoreError::Full { .. })), "{refused:?}");
        append(&full.open().await, "a", "opened", "1").await;

        let store = SqliteStore::builder(&file.path).max_size(size).open().await.unwrap();
        assert_eq!(read_all(&store).await.len(), stored);
        let large = event("noted", format!("\"{}\"", "x".repeat(50_000)));
        let refused = store.append(batch(stream("b"), vec![large])).await;
        assert!(matches!(refused, Err(StoreError::Full { .. })), "{refused:?}");
        store.close().await;
    }
    let store = file.open().await;
    append(&store, "b", "opened", "1").await;
    assert_eq!(read_all(&store).await.len(), stored + 1);
}

#[tokio::test]
async fn a_path_that_no_file_can_have_is_refused() {
    for path in ["a\0b.db", ""] {
        let error = refusal(path).await;
        assert!(!error.to_string().contains("panicked"), "{error}");
    }
}
