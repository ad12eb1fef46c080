//! A log that loses events under open stores, because a backup is restored into its file: whatever a
//! store remembers, nothing is built on events that are gone.

use std::sync::Arc;
use std::time::Duration;

use crate::support::account::Account;
use crate::support::{File, append, batch, event, read_all, stream};
use esrs_core::subscription::{Advance, CheckpointStore, Projected, ReadModelWriter};
use esrs_core::{
    AppendBatch, AppendCondition, Appended, AsOf, Conflict, EventStore, Fingerprint,
    IdempotencyKey, LogMark, NewEvent, Page, Position, ReadModels, ReadQuery, Schema, Snapshot,
    SnapshotQuery, SqlReadModels, StoreError,
};
use esrs_sqlite::SqliteStore;
use rusqlite::backup::Backup;
use uuid::Uuid;

const FOLD: Fingerprint = <u64 as Schema>::FINGERPRINT;

/// A file, and the backup that is restored into it.
struct Log {
    file: File,
}

impl Log {
    fn backup_path(&self) -> std::path::PathBuf {
        self.file.directory.path().join("backup.db")
    }

    fn back_up(&self) {
        copy(&self.file.path, &self.backup_path());
    }

    /// As `.restore` of the shell does it.
    fn restore(&self) {
        copy(&self.backup_path(), &self.file.path);
    }
}

fn copy(from: &std::path::Path, to: &std::path::Path) {
    let from = rusqlite::Connection::open(from).unwrap();
    let mut to = rusqlite::Connection::open(to).unwrap();
    to.busy_timeout(Duration::from_secs(5)).unwrap();
    let backup = Backup::new(&from, &mut to).unwrap();
    backup.run_to_completion(1_000, Duration::ZERO, None).unwrap();
}

/// The log has 2 events in the backup. Then `lost` is appended by `store`, the backup is restored, and
/// another process appends what takes the numbers of streams, kinds and positions of what was lost.
async fn lose(store: &SqliteStore, log: &Log, lost: &[(&str, Vec<NewEvent>)]) {
    append(store, "kept", "opened", "1").await;
    append(store, "kept", "deposited", "2").await;
    log.back_up();
    for (id, events) in lost {
        store.append(batch(stream(id), events.clone())).await.unwrap();
    }
    // Everything is remembered: names by their numbers, and the end of the log.
    read_all(store).await;
    log.restore();
}

/// Appends what other processes append after the restore.
async fn grow(log: &Log, count: usize) {
    let other = log.file.open().await;
    for number in 0..count {
        let name = format!("other_kind_{number}");
        append(&other, &format!("other {number}"), &name, "1").await;
    }
    other.close().await;
}

/// Every stream without a gap, with events of its own only: by plain SQL.
fn check(log: &Log) {
    let raw = log.file.raw();
    let broken: i64 = raw
        .query_row(
            "SELECT (SELECT count(*) FROM (SELECT 1 FROM esrs_events GROUP BY stream
                        HAVING max(version) <> count(*) OR min(version) <> 1))
                  + (SELECT count(*) FROM esrs_events
                        WHERE stream NOT IN (SELECT id FROM esrs_streams)
                           OR kind NOT IN (SELECT id FROM esrs_kinds))
                  + (SELECT count(*) FROM esrs_events JOIN esrs_streams ON esrs_streams.id = stream
                        JOIN esrs_kinds ON esrs_kinds.id = kind
                        WHERE esrs_streams.name LIKE 'account-other%'
                            <> (esrs_kinds.name LIKE 'other_kind%'))
                  + (SELECT max(position) - count(*) FROM esrs_events)",
            [],
            |row| row.get(0),
        )
        .unwrap();
    assert_eq!(broken, 0, "an event is in another stream, of another kind, or behind a gap");
    let whole: String = raw.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(whole, "ok");
}

fn lost() -> Vec<(&'static str, Vec<NewEvent>)> {
    vec![
        ("lost", vec![event("lost_kind", "1")]),
        ("kept", vec![event("deposited", "3"), event("closed_kind", "4")]),
        ("more", vec![event("opened", "1"), event("lost_kind", "2")]),
    ]
}

async fn setting(grown: usize) -> (Log, SqliteStore, Vec<(&'static str, Vec<NewEvent>)>) {
    let log = Log { file: File::new() };
    // Caches of a store with one reader are those that were filled.
    let store = SqliteStore::builder(&log.file.path).readers(1).open().await.unwrap();
    let lost = lost();
    lose(&store, &log, &lost).await;
    grow(&log, grown).await;
    (log, store, lost)
}

fn conflict<T: std::fmt::Debug>(answer: Result<T, StoreError>) -> u64 {
    let Err(StoreError::Conflict(Conflict { actual, .. })) = answer else { panic!("{answer:?}") };
    actual
}

fn changed<T: std::fmt::Debug>(answer: Result<T, StoreError>) {
    assert!(matches!(answer, Err(StoreError::HistoryChanged { .. })), "{answer:?}");
}

#[tokio::test]
async fn the_first_append_after_a_restore_goes_by_the_log_that_is_there() {
    // Shorter than what was lost, as long, and longer.
    for grown in [0, 1, 5, 40] {
        for way in 0..7 {
            let (log, store, lost) = setting(grown).await;
            let one = |id, condition| {
                let new = event("lost_kind", "7");
                store.append(AppendBatch::new(stream(id), condition, vec![new]))
            };
            let last = lost[1].1[1].id;
            let before = read_all(&log.file.open().await).await.len();
            match way {
                0 => drop(one("lost", AppendCondition::Any).await.unwrap()),
                1 => drop(one("lost", AppendCondition::NoStream).await.unwrap()),
                2 => assert_eq!(conflict(one("lost", AppendCondition::Version(1)).await), 0),
                3 => {
                    let behind = AppendCondition::LastEvent { version: 4, id: last };
                    assert_eq!(conflict(one("kept", behind).await), 2);
                }
                4 => {
                    let both = batch(stream("lost"), vec![event("lost_kind", "1")]);
                    let and = AppendCondition::NoStream;
                    let both = both.and(stream("more"), and, vec![event("deposited", "1")]);
                    drop(store.append(both).await.unwrap());
                }
                5 => {
                    let mut keyed = batch(stream("more"), vec![event("opened", "1")]);
                    keyed.idempotency_key = Some(IdempotencyKey::new("key"));
                    assert!(!store.append(keyed.clone()).await.unwrap().repeated);
                    assert!(store.append(keyed).await.unwrap().repeated);
                }
                // What was acknowledged before can be repeated, and is stored again.
                _ => {
                    for (id, events) in &lost {
                        let again = store.append(batch(stream(id), events.clone())).await.unwrap();
                        assert!(!again.repeated, "it was lost");
                    }
                }
            }
            check(&log);
            let after = read_all(&store).await;
            let expected = before + [1, 1, 0, 0, 2, 1, 5][way];
            assert_eq!(after.len(), expected, "way {way} with {grown}");
            assert_eq!(after, read_all(&log.file.open().await).await);
            for version in 0..3 {
                let next = AppendCondition::Version(version);
                let new = vec![event("opened", "1")];
                store.append(AppendBatch::new(stream("new"), next, new)).await.unwrap();
            }
            check(&log);
        }
    }
}

#[tokio::test]
async fn a_stream_that_was_lost_and_has_grown_again_is_told_by_its_last_event() {
    for grown in [0, 1, 30] {
        let log = Log { file: File::new() };
        let store = SqliteStore::builder(&log.file.path).readers(1).open().await.unwrap();
        let mine = event("deposited", "\"mine\"");
        lose(&store, &log, &[("kept", vec![mine.clone()])]).await;
        // The same version of the same stream at the same position, by another process.
        let other = log.file.open().await;
        append(&other, "kept", "deposited", "\"theirs\"").await;
        other.close().await;
        grow(&log, grown).await;
        let behind = AppendCondition::LastEvent { version: 3, id: mine.id };
        let new = vec![event("deposited", "1")];
        let answer = store.append(AppendBatch::new(stream("kept"), behind, new)).await;
        assert_eq!(conflict(answer), 3);
        let query = ReadQuery::stream(stream("kept")).after_version(3);
        changed(store.read(query.clone().after_event(Some(mine.id)), Page::new()).await);
        let page = store.read(query, Page::new()).await.unwrap();
        assert!(page.is_empty());
        check(&log);
    }
}

#[tokio::test]
async fn reads_after_a_restore_go_by_the_log_that_is_there() {
    for grown in [0, 1, 5, 40] {
        let (log, store, lost) = setting(grown).await;
        let expected = read_all(&log.file.open().await).await;
        let gone = LogMark { position: Position::new(7), event_id: lost[2].1[1].id };
        changed(
            store
                .read(ReadQuery::all().after(gone.position).continuing(Some(gone)), Page::new())
                .await,
        );
        let version = ReadQuery::stream(stream("kept")).after_version(4);
        changed(store.read(version.after_event(Some(lost[1].1[1].id)), Page::new()).await);
        assert_eq!(read_all(&store).await, expected);
        for (id, count) in [("lost", 0), ("more", 0), ("kept", 2), ("other 0", grown.min(1))] {
            for envelopes in [false, true] {
                let mut query = ReadQuery::stream(stream(id));
                query.envelopes = envelopes;
                let page = store.read(query, Page::new()).await.unwrap();
                assert_eq!(page.len(), count, "{id}");
                for record in page.records() {
                    assert_eq!(
                        id.starts_with("other"),
                        record.kind().name.starts_with("other"),
                        "{id}"
                    );
                }
            }
        }
        let key = IdempotencyKey::new("key");
        assert!(store.find_append(stream("kept"), key).await.unwrap().is_none());
    }
}

#[tokio::test]
async fn a_snapshot_of_a_lost_event_is_not_kept_and_not_read() {
    let (log, store, lost) = setting(0).await;
    let snapshot = |version, event_id| Snapshot {
        stream: stream("kept"),
        version,
        position: Position::new(version),
        event_id,
        recorded_at: jiff::Timestamp::now(),
        fold: FOLD,
        state: "{}".to_owned(),
    };
    store.save_snapshot(snapshot(4, lost[1].1[1].id)).await.unwrap();
    let page = |store: SqliteStore| async move {
        let mut query = ReadQuery::stream(stream("kept"));
        query.snapshot = Some(SnapshotQuery { fold: FOLD, as_of: AsOf::Now });
        store.read(query, Page::new()).await.unwrap()
    };
    let read = page(store.clone()).await;
    assert!(read.snapshot().is_none());
    assert_eq!(read.len(), 2);
    // By hand, as if it had been kept before the event was lost and another took its place.
    let raw = log.file.raw();
    raw.execute(
        "INSERT INTO esrs_snapshots (stream, fold, version, position, recorded_at, state, event_id)
         SELECT id, ?2, 2, 2, 0, '{}', ?1 FROM esrs_streams WHERE name = 'account-kept'",
        (lost[0].1[0].id.as_bytes(), FOLD.to_u64().cast_signed()),
    )
    .unwrap();
    assert!(page(store.clone()).await.snapshot().is_none());
    let kept = page(store.clone()).await.mark().unwrap().event_id;
    store.save_snapshot(snapshot(2, kept)).await.unwrap();
    assert!(page(store.clone()).await.snapshot().is_some(), "it takes the place of the other");
}

#[tokio::test]
async fn a_checkpoint_ahead_of_the_log_is_a_typed_error_until_it_starts_over() {
    let log = Log { file: File::new() };
    let store = log.file.open().await;
    append(&store, "1", "opened", "1").await;
    let lost = append(&store, "1", "deposited", "2").await;
    store.catch_up::<Account>().await.unwrap();
    let rows = Arc::new(Projected::<Account>::subscription_of());
    let at = store.subscribe(rows.clone()).await.unwrap();
    assert_eq!(at.mark.unwrap().position, lost.last_position);
    // Only the events go, as in a database whose tables are restored one by one.
    let raw = log.file.raw();
    raw.execute_batch(
        "DROP TRIGGER esrs_events_are_never_deleted; DELETE FROM esrs_events WHERE position = 2",
    )
    .unwrap();
    for grown in [false, true] {
        if grown {
            append(&store, "1", "deposited", "40").await;
            append(&store, "1", "deposited", "500").await;
        }
        changed(store.subscribe(rows.clone()).await);
        changed(store.catch_up::<Account>().await);
        changed(store.wait_for(rows.clone(), Position::new(1).into(), Duration::ZERO).await);
        changed(store.find::<Account>("", []).await);
        let subscriber = Box::new(Projected::<Account>::new());
        let advance = Advance {
            subscription: rows.clone(),
            from: at,
            to: Position::new(2),
            mark: at.mark,
            fence: None,
            park: Vec::new(),
            resume: Vec::new(),
        };
        changed(store.advance(advance, subscriber).await.1);
    }
    store.rebuild::<Account>().await.unwrap();
    let rows = store.find::<Account>("", []).await.unwrap();
    assert_eq!(rows[0].cents, 541);
    let at = store.catch_up::<Account>().await.unwrap();
    assert_eq!(at.get(), 3);
}

#[tokio::test]
async fn inline_rows_are_those_of_the_log_after_a_restore() {
    for grown in [0, 1, 5] {
        let log = Log { file: File::new() };
        let store = SqliteStore::builder(&log.file.path)
            .readers(1)
            .inline::<Account>()
            .open()
            .await
            .unwrap();
        let lost = vec![
            ("lost", vec![event("opened", "1")]),
            ("kept", vec![event("deposited", "3"), event("deposited", "4")]),
        ];
        lose(&store, &log, &lost).await;
        grow(&log, grown).await;
        append(&store, "kept", "deposited", "10").await;
        append(&store, "lost", "opened", "20").await;
        let rows = store.find::<Account>("true ORDER BY id", []).await.unwrap();
        let rows: Vec<_> = rows.iter().map(|row| (&*row.id, row.cents)).collect();
        assert_eq!(rows, [("kept", 13), ("lost", 20)], "{grown}");
        check(&log);
    }
}

/// Appends to one stream until it is told that the store is closed; what was acknowledged.
async fn write(store: SqliteStore, id: usize, until: std::time::Instant) -> Vec<(Uuid, Appended)> {
    let mut stored = Vec::new();
    while std::time::Instant::now() < until {
        let new = event("opened", "1");
        let (of, key) = (new.id, stream(id));
        if let Ok(appended) = store.append(batch(key, vec![new])).await {
            stored.push((of, appended));
        }
    }
    stored
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn restores_under_load_leave_no_gap_and_no_foreign_event() {
    let log = Log { file: File::new() };
    let stores = [log.file.open().await, log.file.open().await];
    append(&stores[0], "first", "opened", "1").await;
    log.back_up();
    let until = std::time::Instant::now() + Duration::from_secs(2);
    let writers: Vec<_> = (0..6)
        .map(|number| tokio::spawn(write(stores[number % 2].clone(), number, until)))
        .collect();
    let restored = log.file.path.clone();
    let backup = log.backup_path();
    let restorer = tokio::task::spawn_blocking(move || {
        let mut restores = 0;
        while std::time::Instant::now() + Duration::from_millis(200) < until {
            std::thread::sleep(Duration::from_millis(60));
            copy(&backup, &restored);
            restores += 1;
        }
        restores
    });
    let mut acknowledged = 0;
    for writer in writers {
        acknowledged += writer.await.unwrap().len();
    }
    let restores = restorer.await.unwrap();
    println!("{acknowledged} appends acknowledged, {restores} restores");
    assert!(restores > 3 && acknowledged > 50);
    check(&log);
    let all = read_all(&stores[0]).await;
    assert_eq!(all, read_all(&stores[1]).await);
    assert_eq!(all, read_all(&log.file.open().await).await);
}

#[tokio::test]
async fn a_backup_of_an_older_esrs_is_to_be_opened_again() {
    let log = Log { file: File::new() };
    let backup = rusqlite::Connection::open(log.backup_path()).unwrap();
    backup.execute_batch(include_str!("../tables/version_1.sql")).unwrap();
    drop(backup);
    let store = SqliteStore::builder(&log.file.path).readers(1).open().await.unwrap();
    append(&store, "1", "opened", "1").await;
    read_all(&store).await;
    log.restore();
    let appended = store.append(batch(stream("1"), vec![event("opened", "1")])).await;
    assert!(matches!(appended, Err(StoreError::Replaced { .. })), "{appended:?}");
    let read = store.read(ReadQuery::all(), Page::new()).await;
    assert!(matches!(read, Err(StoreError::Replaced { .. })), "{read:?}");
    store.close().await;
    let store = log.file.open().await;
    let stored = read_all(&store).await.len();
    append(&store, "1", "opened", "1").await;
    assert_eq!(read_all(&store).await.len(), stored + 1);
}
