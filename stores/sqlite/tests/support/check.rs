//! Checks what has to be true of a file, whatever was done to those who wrote to it.

use esrs_core::SqlReadModels;
use std::collections::{BTreeMap, HashMap};

use esrs_sqlite::SqliteStore;

use super::read_all;

/// All events: position, stream, version, payload.
///
/// No position and no version of a stream is missing among them, the table of
/// [`Account`](super::account::Account) is what they come to, and SQLite finds the file in order.
pub async fn read_and_check(store: &SqliteStore) -> Vec<(u64, String, u64, String)> {
    let found = read_all(store).await;
    let (mut versions, mut cents) = (HashMap::new(), BTreeMap::new());
    for (n, (position, stream, version, payload)) in (1..).zip(&found) {
        assert_eq!(*position, n, "a position is missing before {position}");
        let last = versions.insert(stream, *version).unwrap_or(0);
        assert_eq!(*version, last + 1, "a version of {stream} is missing before {version}");
        let id = stream.strip_prefix("account-").expect("they are all of one category");
        // What is no number is a note, which the table leaves out.
        *cents.entry(id).or_insert(0) += payload.parse().unwrap_or(0);
    }

    let ask = async |sql| store.query(sql, []).await.expect("the file can be asked");
    assert_eq!(ask("PRAGMA integrity_check").await, [["ok".into()]]);
    if ask("SELECT count(*) FROM sqlite_schema WHERE name = 'accounts'").await == [[0.into()]] {
        assert!(found.is_empty(), "there are events, and the table is missing");
    } else {
        let rows = ask("SELECT id, cents FROM accounts ORDER BY id").await;
        let expected: Vec<_> =
            cents.into_iter().map(|(id, cents): (_, i64)| vec![id.into(), cents.into()]).collect();
        assert!(rows == expected, "rows and events differ");
    }
    found
}
