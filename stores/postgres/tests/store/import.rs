//! Many events at once.

use std::collections::HashMap;

use esrs_core::{
    AppendBatch, AppendCondition, EventStore, Metadata, NewEvent, Page, Position, ReadQuery,
    StoreError, StreamId,
};
use esrs_postgres::PostgresStore;
use jiff::Timestamp;
use uuid::Uuid;

fn recorded(number: usize) -> (StreamId, NewEvent) {
    let stream = StreamId::new("account", number % 700).unwrap();
    let event = NewEvent {
        id: Uuid::now_v7(),
        name: ["opened", "deposited", "withdrawn"][number % 3].into(),
        version: 1,
        payload: format!("{{ \"number\":{number} }}"),
        recorded_at: Timestamp::from_second(number as i64).unwrap(),
        metadata: match number % 2 {
            0 => Metadata::new(),
            _ => Metadata::new().with_actor("alice").with_correlation_id(Uuid::from_u128(7)),
        },
    };
    (stream, event)
}

async fn all(store: &PostgresStore) -> Vec<(StreamId, u64, NewEvent)> {
    let (mut found, mut after, mut page) = (Vec::new(), Position::START, Page::new());
    loop {
        page = store.read(ReadQuery::all().after(after).with_envelopes(), page).await.unwrap();
        for record in page.records() {
            let envelope = record.envelope().unwrap();
            let event = NewEvent {
                id: envelope.event_id,
                name: record.kind().name.clone(),
                version: record.kind().version,
                payload: record.payload().to_owned(),
                recorded_at: envelope.recorded_at,
                metadata: envelope.metadata,
            };
            assert!(record.position() > after, "positions increase");
            after = record.position();
            found.push((record.stream().clone(), record.version(), event));
        }
        if page.is_last() {
            return found;
        }
    }
}

#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn what_is_imported_stands_in_its_order_behind_what_was_there_and_is_imported_once() {
    let database = postgres_server::database().unwrap();
    let store = PostgresStore::open(database.url()).await.unwrap();
    let (stream, before) = recorded(5);
    let batch = AppendBatch::new(stream.clone(), AppendCondition::NoStream, vec![before.clone()]);
    store.append(batch).await.unwrap();

    let events: Vec<_> = (0..25_000).map(recorded).collect();
    let imported = store.import(events.clone()).await.unwrap();
    assert_eq!((imported.stored, imported.known), (25_000, 0));
    let found = all(&store).await;
    let last = found.len() as u64;
    assert_eq!(imported.last_position, Some(Position::new(last)), "without a gap");
    let expected = [(stream.clone(), before)].into_iter().chain(events.clone());
    let mut versions = HashMap::new();
    for ((stream, event), found) in expected.zip(&found) {
        let version = versions.entry(stream.clone()).or_insert(0);
        *version += 1;
        assert_eq!(found, &(stream, *version, event));
    }
    assert_eq!(found.len(), 25_001);

    let again = store.import(events).await.unwrap();
    assert_eq!((again.stored, again.known, again.last_position), (0, 25_000, None));
    let (_, event) = recorded(5);
    let next = AppendBatch::new(stream, AppendCondition::Version(37), vec![event]);
    let appended = store.append(next).await.unwrap();
    assert_eq!(appended.first_position, Position::new(last + 1), "appends go on behind it");
}

#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn a_chunk_that_cannot_be_imported_is_not_and_those_before_it_are() {
    let database = postgres_server::database().unwrap();
    let store = PostgresStore::open(database.url()).await.unwrap();
    let mut events: Vec<_> = (0..PostgresStore::IMPORT_CHUNK + 10).map(recorded).collect();
    events.last_mut().unwrap().1.payload = "{".to_owned();
    let error = store.import(events.clone()).await.unwrap_err();
    assert!(matches!(error, StoreError::InvalidBatch { .. }), "{error}");
    assert_eq!(all(&store).await.len(), PostgresStore::IMPORT_CHUNK);
    events.last_mut().unwrap().1.payload = "{}".to_owned();
    let imported = store.import(events).await.unwrap();
    assert_eq!((imported.stored, imported.known), (10, PostgresStore::IMPORT_CHUNK as u64));
}

#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn what_postgresql_cannot_hold_and_a_log_that_is_held_are_typed_errors() {
    let database = postgres_server::database().unwrap();
    let wait = std::time::Duration::from_millis(200);
    let store = PostgresStore::builder(database.url()).busy_timeout(wait).open().await.unwrap();
    let (stream, mut event) = recorded(1);
    event.recorded_at = "-005000-01-01T00:00:00Z".parse().unwrap();
    let error = store.import([(stream, event)]).await.unwrap_err();
    assert!(matches!(error, StoreError::InvalidBatch { .. }), "{error}");

    let raw = crate::support::connect(database.url()).await;
    raw.batch_execute(&format!("BEGIN; {}", crate::support::HOLD_THE_LOG)).await.unwrap();
    let error = store.import([recorded(1)]).await.unwrap_err();
    assert!(matches!(error, StoreError::Busy { .. }), "{error}");
    raw.batch_execute("ROLLBACK").await.unwrap();
    assert_eq!(store.import([recorded(1)]).await.unwrap().stored, 1);
}
