//! Stores that were opened just now, on logs that are longer than any buffer on the way.

use std::time::Duration;

use crate::support::{event, read_all, stream, within};
use esrs_core::{AppendBatch, AppendCondition, EventStore, NewEvent, Page, ReadQuery, StreamId};
use esrs_postgres::PostgresStore;
use futures_util::future::join_all;

const LIMIT: Duration = Duration::from_secs(20);

/// Appends so many small events to one stream, the kinds of which repeat after `kinds`.
async fn write(store: &PostgresStore, id: &str, count: usize, kinds: usize) {
    let names: Vec<&'static str> =
        (0..kinds).map(|kind| &*Box::leak(format!("{id}_{kind}").into_boxed_str())).collect();
    let named = |number: usize| NewEvent {
        name: names[number % kinds].into(),
        ..event("12345678901234567890")
    };
    let numbers: Vec<usize> = (0..count).collect();
    for chunk in numbers.chunks(500) {
        let events = chunk.iter().map(|number| named(*number)).collect();
        store.append(AppendBatch::new(stream(id), AppendCondition::Any, events)).await.unwrap();
    }
}

/// The versions of a stream, page by page.
async fn load(store: &PostgresStore, stream: &StreamId) -> Vec<u64> {
    let (mut page, mut found) = (Page::new(), Vec::new());
    loop {
        let after = found.last().copied().unwrap_or(0);
        page =
            store.read(ReadQuery::stream(stream.clone()).after_version(after), page).await.unwrap();
        found.extend(page.records().map(|record| record.version()));
        if page.is_last() {
            return found;
        }
    }
}

#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn long_streams_are_loaded_by_a_store_that_knows_no_kind() {
    let database = postgres_server::database().unwrap();
    let writer = PostgresStore::open(database.url()).await.unwrap();
    for (id, count, kinds) in [("short", 300, 1), ("long", 3_000, 40)] {
        write(&writer, id, count, kinds).await;
        for readers in [1, 4] {
            let builder = PostgresStore::builder(database.url()).readers(readers);
            let cold = builder.open().await.unwrap();
            let stream = stream(id);
            let loads = join_all((0..4).map(|_| load(&cold, &stream)));
            for versions in within(LIMIT, "four cold loads at once", loads).await {
                assert!(versions.into_iter().eq(1..=count as u64));
            }
            cold.close().await;
        }
    }
    for readers in [1, 4] {
        let cold = PostgresStore::builder(database.url()).readers(readers).open().await.unwrap();
        let logs = join_all((0..4).map(|_| read_all(&cold)));
        for log in within(LIMIT, "four cold reads of the log", logs).await {
            assert_eq!(log.len(), 3_300);
        }
    }
}

#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn a_kind_that_another_store_introduces_early_in_a_long_stream_is_learned() {
    let database = postgres_server::database().unwrap();
    let open = || PostgresStore::builder(database.url()).readers(1).open();
    let (reader, writer) = (open().await.unwrap(), open().await.unwrap());
    write(&writer, "first", 3, 1).await;
    assert_eq!(load(&reader, &stream("first")).await.len(), 3);
    for round in 0..3 {
        let id = format!("round-{round}");
        write(&writer, &id, 2, 2).await;
        write(&writer, &id, 998, 1).await;
        let stream = stream(&id);
        let loads = join_all((0..2).map(|_| load(&reader, &stream)));
        for versions in within(LIMIT, "a load with new kinds", loads).await {
            assert!(versions.into_iter().eq(1..=1_000));
        }
        let log = within(LIMIT, "a read of the log with new kinds", read_all(&reader)).await;
        assert_eq!(log.len(), 3 + 1_000 * (round + 1));
    }
}
