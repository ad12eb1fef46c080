//! Commits are lost under a living store, as by a fail-over to a standby that was behind, and another
//! process lets the log grow past them again: nothing that the store remembers is trusted.

use crate::support::account::Account;
use crate::support::{connect, event, stream};
use esrs_core::conformance;
use esrs_core::subscription::{CheckpointStore, Projected};
use esrs_core::{
    AppendBatch, AppendCondition, EventStore, NewEvent, Page, Position, ReadModels, ReadQuery,
    SqlReadModels, StoreError, StreamAppend,
};
use esrs_postgres::PostgresStore;
use postgres_server::Database;
use tokio_postgres::Client;
use uuid::Uuid;

fn named(name: &str) -> NewEvent {
    NewEvent { name: name.into(), ..event("1") }
}

fn batch(id: &str, condition: AppendCondition, name: &str) -> AppendBatch {
    AppendBatch::new(stream(id), condition, vec![named(name)])
}

/// Undoes all that was committed behind a position: events, streams, kinds, keys, and the numbers given.
async fn lose_behind(raw: &Client, position: u64) {
    let lose = format!(
        "SET session_replication_role = replica;
         DELETE FROM esrs.events WHERE position > {position};
         DELETE FROM esrs.streams s WHERE NOT EXISTS (SELECT FROM esrs.events e WHERE e.stream = s.id);
         DELETE FROM esrs.kinds k WHERE NOT EXISTS (SELECT FROM esrs.events e WHERE e.kind = k.id);
         DELETE FROM esrs.idempotency_keys WHERE last_position > {position};
         DELETE FROM esrs.snapshots WHERE position > {position};
         SELECT setval('esrs.position_seq', {position});
         SELECT setval(pg_get_serial_sequence('esrs.streams', 'id'), (SELECT max(id) FROM esrs.streams));
         SELECT setval(pg_get_serial_sequence('esrs.kinds', 'id'), (SELECT max(id) FROM esrs.kinds));
         SET session_replication_role = DEFAULT"
    );
    raw.batch_execute(&lose).await.unwrap();
}

/// The log by plain SQL: stream, version, and the name of the kind, and that no stream has a gap.
async fn log(raw: &Client) -> Vec<(String, i64, String)> {
    let rows = raw
        .query(
            "SELECT s.name, e.version, k.name FROM esrs.events e
             JOIN esrs.streams s ON s.id = e.stream JOIN esrs.kinds k ON k.id = e.kind
             ORDER BY e.position",
            &[],
        )
        .await
        .unwrap();
    let count = raw.query_one("SELECT count(*) FROM esrs.events", &[]).await.unwrap();
    assert_eq!(count.get::<_, i64>(0), rows.len() as i64, "an event of no stream or kind");
    let mut versions = std::collections::HashMap::new();
    rows.iter()
        .map(|row| {
            let (name, version): (String, i64) = (row.get(0), row.get(1));
            let before = versions.insert(name.clone(), version).unwrap_or(0);
            assert_eq!(version, before + 1, "{name} has a gap");
            (name, version, row.get(2))
        })
        .collect()
}

struct Lost {
    _database: Database,
    raw: Client,
    /// It remembers the history that was lost.
    store: PostgresStore,
    /// The id of the last event of `account-old` that it remembers.
    last: Uuid,
}

/// A store that has written and read streams and kinds which then were lost, and replaced by others of the
/// same numbers.
async fn lost() -> Lost {
    lost_for(4).await
}

/// The same, with so many events in the stream that took the number of a lost one.
async fn lost_for(foreign: u64) -> Lost {
    let database = postgres_server::database().unwrap();
    let raw = connect(database.url()).await;
    let store = PostgresStore::open(database.url()).await.unwrap();
    let any = AppendCondition::Any;
    store.append(batch("kept", any, "opened")).await.unwrap();
    let kept = store.append(batch("kept", any, "kept")).await.unwrap().last_position.get();
    let mut last = Uuid::nil();
    for number in 0..3 {
        let condition = AppendCondition::Version(number);
        let old = batch("old", condition, "mine");
        last = old.events().next().unwrap().1.id;
        store.append(old).await.unwrap();
    }
    store.append(batch("kept", AppendCondition::Version(2), "mine")).await.unwrap();
    store.read(ReadQuery::all(), Page::new()).await.unwrap();
    store.read(ReadQuery::stream(stream("old")), Page::new()).await.unwrap();
    lose_behind(&raw, kept).await;
    let other = PostgresStore::open(database.url()).await.unwrap();
    for number in 0..foreign {
        let condition = AppendCondition::Version(number);
        other.append(batch("foreign", condition, "theirs")).await.unwrap();
    }
    other.append(batch("kept", AppendCondition::Version(2), "theirs")).await.unwrap();
    other.close().await;
    Lost { _database: database, raw, store, last }
}

fn theirs() -> Vec<(String, i64, String)> {
    let mut log = vec![("account-kept".to_owned(), 1, "opened".to_owned())];
    log.push(("account-kept".to_owned(), 2, "kept".to_owned()));
    log.extend((1..=4).map(|version| ("account-foreign".to_owned(), version, "theirs".to_owned())));
    log.push(("account-kept".to_owned(), 3, "theirs".to_owned()));
    log
}

type Append = fn(&Lost) -> AppendBatch;

#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn appends_go_to_their_own_stream_or_are_refused() {
    let last_event = |it: &Lost| AppendCondition::LastEvent { version: 3, id: it.last };
    // One event and several, by the fast ways and the checked one.
    let cases: [(&str, Append, bool); 8] = [
        ("any", |_| batch("old", AppendCondition::Any, "mine"), true),
        ("no stream", |_| batch("old", AppendCondition::NoStream, "mine"), true),
        ("version", |_| batch("old", AppendCondition::Version(3), "mine"), false),
        ("next version", |_| batch("old", AppendCondition::Version(4), "mine"), false),
        (
            "version of a stream that is there",
            |_| batch("kept", AppendCondition::Version(3), "mine"),
            true,
        ),
        (
            "two events",
            |_| {
                let events = vec![named("mine"), named("new")];
                AppendBatch::new(stream("kept"), AppendCondition::Version(3), events)
            },
            true,
        ),
        (
            "two streams",
            |_| {
                let part = |id, version| StreamAppend {
                    stream: stream(id),
                    condition: AppendCondition::Version(version),
                    events: vec![named("mine")],
                };
                let mut batch = batch("kept", AppendCondition::Version(3), "mine");
                batch.streams.push(part("old", 3));
                batch
            },
            false,
        ),
        (
            "with a key",
            |_| batch("old", AppendCondition::Version(3), "mine").with_idempotency_key("key"),
            false,
        ),
    ];
    for (what, append, is_taken) in cases {
        let it = lost().await;
        let batch = append(&it);
        let count = batch.events().count();
        let answer = it.store.append(batch).await;
        assert_eq!(answer.is_ok(), is_taken, "{what}: {answer:?}");
        if let Err(error) = answer {
            assert!(matches!(error, StoreError::Conflict(_)), "{what}: {error:?}");
        }
        let found = log(&it.raw).await;
        assert_eq!(found[..7], theirs(), "{what}");
        assert_eq!(found.len(), 7 + if is_taken { count } else { 0 }, "{what}");
        for (name, _, kind) in &found[7..] {
            assert!(name != "account-foreign" && kind != "theirs", "{what}: {found:?}");
        }
        // The next appends are right, too.
        for version in 0..2 {
            let next = batch_of_next(version);
            it.store.append(next).await.unwrap();
        }
        log(&it.raw).await;
    }
    let it = lost().await;
    let refused = it.store.append(batch("old", last_event(&it), "mine")).await;
    assert!(matches!(refused, Err(StoreError::Conflict(_))), "{refused:?}");
    // The version fits, and the event is another.
    let condition = AppendCondition::LastEvent { version: 3, id: it.last };
    let refused = it.store.append(batch("kept", condition, "mine")).await;
    let Err(StoreError::Conflict(conflict)) = refused else { panic!("{refused:?}") };
    assert_eq!(conflict.actual, 3);
    assert_eq!(log(&it.raw).await, theirs());
}

fn batch_of_next(version: u64) -> AppendBatch {
    batch("next", AppendCondition::Version(version), "mine")
}

#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn many_appends_at_once_go_to_their_own_streams() {
    let it = lost().await;
    let appends = (0..24).map(|number| {
        let batch = match number % 3 {
            0 => batch("old", AppendCondition::Version(3), "mine"),
            1 => batch(&format!("other-{number}"), AppendCondition::NoStream, "mine"),
            _ => batch("kept", AppendCondition::Any, "mine"),
        };
        it.store.append(batch)
    });
    let answers = futures_util::future::join_all(appends).await;
    let taken = answers.iter().filter(|answer| answer.is_ok()).count();
    assert_eq!(taken, 16, "{answers:?}");
    let found = log(&it.raw).await;
    assert_eq!(found[..7], theirs());
    assert_eq!(found.len(), 7 + 16);
    assert!(found[7..].iter().all(|(name, _, kind)| name != "account-foreign" && kind == "mine"));
}

#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn an_event_of_this_log_proves_nothing_of_a_lost_one() {
    for at_once in [false, true] {
        let it = lost_for(3).await;
        // The first finds that the log has changed, the others are stored behind one another.
        for version in 3..7 {
            let next = batch("kept", AppendCondition::Version(version), "mine");
            it.store.append(next).await.unwrap();
        }
        // The stream and version that it names are those of another stream now.
        let last = AppendCondition::LastEvent { version: 3, id: it.last };
        let count = if at_once { 8 } else { 1 };
        let appends = (0..count).map(|number| {
            it.store.append(match number % 2 {
                0 => batch("old", last, "mine"),
                _ => batch(&format!("other-{number}"), AppendCondition::NoStream, "mine"),
            })
        });
        for (number, answer) in futures_util::future::join_all(appends).await.iter().enumerate() {
            let is_refused = matches!(answer, Err(StoreError::Conflict(_)));
            assert_eq!(is_refused, number % 2 == 0, "{answer:?}");
        }
        let found = log(&it.raw).await;
        let foreign = found.iter().filter(|(name, ..)| name == "account-foreign");
        assert!(foreign.map(|(_, _, kind)| kind).eq(["theirs"; 3]), "{found:?}");
        it.store.append(batch("kept", AppendCondition::Version(7), "mine")).await.unwrap();
    }
}

#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn reads_show_the_log_as_it_is() {
    let it = lost().await;
    let page = it.store.read(ReadQuery::all(), Page::new()).await.unwrap();
    let read: Vec<_> = page
        .records()
        .map(|record| {
            let kind = record.kind().name.to_string();
            (record.stream().to_string(), record.version() as i64, kind)
        })
        .collect();
    assert_eq!(read, theirs());
    let old = it.store.read(ReadQuery::stream(stream("old")), Page::new()).await.unwrap();
    assert!(old.is_empty());
    let foreign = it.store.read(ReadQuery::stream(stream("foreign")), Page::new()).await.unwrap();
    assert!(foreign.records().all(|record| &*record.kind().name == "theirs"));
    assert_eq!(foreign.len(), 4);

    let it = lost().await;
    let query = ReadQuery::stream(stream("old")).after_version(3).after_event(Some(it.last));
    let changed = it.store.read(query, Page::new()).await;
    assert!(matches!(changed, Err(StoreError::HistoryChanged { .. })), "{changed:?}");
    conformance::all(&it.store).await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn imports_and_rows_follow_the_log_as_it_is() {
    let it = lost().await;
    it.store
        .import([(stream("old"), named("mine")), (stream("kept"), named("theirs"))])
        .await
        .unwrap();
    let found = log(&it.raw).await;
    assert_eq!(found[..7], theirs());
    assert_eq!(found[7], ("account-old".to_owned(), 1, "mine".to_owned()));
    assert_eq!(found[8], ("account-kept".to_owned(), 4, "theirs".to_owned()));
}

#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn inline_rows_and_followers_notice_that_the_log_has_changed() {
    let database = postgres_server::database().unwrap();
    let raw = connect(database.url()).await;
    let builder = PostgresStore::builder(database.url()).inline::<Account>();
    let store = builder.open().await.unwrap();
    let any = AppendCondition::Any;
    let kept = store.append(batch("a", any, "opened")).await.unwrap().last_position.get();
    let subscription = std::sync::Arc::new(Projected::<Account>::subscription_of());
    let at = store.subscribe(subscription.clone()).await.unwrap();
    assert_eq!(at.mark.map(|mark| mark.position), Some(Position::new(kept)));
    store.append(batch("b", any, "opened")).await.unwrap();
    // The log alone is cut, as no fail-over does it, and grows past the checkpoint.
    lose_behind(&raw, kept).await;
    let other = PostgresStore::open(database.url()).await.unwrap();
    other.append(batch("c", any, "opened")).await.unwrap();
    let changed = store.subscribe(subscription.clone()).await;
    assert!(matches!(changed, Err(StoreError::HistoryChanged { .. })), "{changed:?}");
    // A rebuild mends it.
    store.rebuild::<Account>().await.unwrap();
    store.append(batch("b", any, "opened")).await.unwrap();
    assert_eq!(store.find::<Account>("true", []).await.unwrap().len(), 3);
    let found = log(&raw).await;
    assert_eq!(found.len(), 3);
}
