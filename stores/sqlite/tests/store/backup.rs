//! A file in use is backed up and restored, and a copy that is not whole is told of.

use crate::support::account::Account;
use crate::support::{File, append, batch, event, read_all, stream};
use esrs_core::{AppendCondition, Position, SqlReadModels, StoreError};
use esrs_sqlite::SqliteStore;

async fn refusal(path: &std::path::Path) -> StoreError {
    match SqliteStore::open(path).await {
        Ok(_) => panic!("a copy without its write-ahead log was opened"),
        Err(error) => error,
    }
}

#[tokio::test]
async fn a_plain_copy_of_a_file_in_use_is_refused_and_names_the_missing_log() {
    let file = File::new();
    let store = file.open().await;
    append(&store, "1", "opened", "1").await;
    let copy = file.directory.path().join("copy.db");
    std::fs::copy(&file.path, &copy).unwrap();
    for _ in 0..2 {
        let error = refusal(&copy).await;
        let StoreError::NotADatabase { reason, .. } = &error else { panic!("{error}") };
        assert!(reason.contains("copy.db-wal is missing"), "{reason}");
        // What was refused is left as it was.
        assert_eq!(std::fs::read(&copy).unwrap(), std::fs::read(&file.path).unwrap());
        let _ = std::fs::remove_file(file.directory.path().join("copy.db-wal"));
        let _ = std::fs::remove_file(file.directory.path().join("copy.db-shm"));
    }
    // With its log it is whole.
    let mut wal = file.path.clone().into_os_string();
    wal.push("-wal");
    std::fs::copy(&wal, file.directory.path().join("copy.db-wal")).unwrap();
    let copied = SqliteStore::open(&copy).await.unwrap();
    assert_eq!(read_all(&copied).await, read_all(&store).await);
}

#[tokio::test]
async fn a_torn_copy_names_the_missing_log() {
    let file = File::new();
    let store = file.open().await;
    for number in 0..200 {
        append(&store, &number.to_string(), "opened", "1").await;
    }
    store.close().await;
    let bytes = std::fs::read(&file.path).unwrap();
    let copy = file.directory.path().join("copy.db");
    std::fs::write(&copy, &bytes[..bytes.len() / 4096 / 2 * 4096]).unwrap();
    let error = refusal(&copy).await;
    let StoreError::NotADatabase { reason, .. } = &error else { panic!("{error}") };
    assert!(reason.contains("copy.db-wal is missing"), "{reason}");
    // A file that was closed has none, and is whole.
    assert_eq!(read_all(&file.open().await).await.len(), 200);
}

#[tokio::test]
async fn a_backup_of_a_store_in_use_is_restored_with_its_rows() {
    let file = File::new();
    let store = SqliteStore::builder(&file.path).inline::<Account>().open().await.unwrap();
    for number in 1..=300 {
        let name = if number <= 7 { "opened" } else { "deposited" };
        append(&store, &(number % 7).to_string(), name, "1").await;
    }
    let backup = file.directory.path().join("backup.db");
    file.raw().execute("VACUUM INTO ?1", [backup.to_str().unwrap()]).unwrap();
    let (events, rows) =
        (read_all(&store).await, store.find::<Account>("true ORDER BY id", []).await);
    let rows = format!("{:?}", rows.unwrap());
    // What is stored later is not in it.
    append(&store, "1", "deposited", "1").await;
    store.close().await;

    for path in
        [&file.path, &file.path.with_extension("db-wal"), &file.path.with_extension("db-shm")]
    {
        let _ = std::fs::remove_file(path);
    }
    std::fs::copy(&backup, &file.path).unwrap();
    let store = SqliteStore::builder(&file.path).inline::<Account>().open().await.unwrap();
    assert_eq!(read_all(&store).await, events);
    let restored = store.find::<Account>("true ORDER BY id", []).await.unwrap();
    assert_eq!(format!("{restored:?}"), rows);
    let next = batch(stream(8), vec![event("opened", "1")]);
    assert_eq!(next.streams[0].condition, AppendCondition::Any);
    let appended = esrs_core::EventStore::append(&store, next).await.unwrap();
    assert_eq!(appended.first_position, Position::new(301));
}
