//! What a server may refuse: a clear error each, which says what to do and never tells a password.

mod support;

use std::time::{Duration, Instant};

use esrs_core::StoreError;
use esrs_postgres::PostgresStore;
use support::within;

/// What a test's own roles have for a password; no error may hold it.
const PASSWORD: &str = "hunter2";

/// Why a store cannot be opened, in words and as a value.
async fn refusal(url: &str) -> StoreError {
    let opened = within(Duration::from_secs(20), "opening", PostgresStore::open(url)).await;
    let error = opened.expect_err("it has to be refused");
    for said in [error.to_string(), format!("{error:?}")] {
        assert!(!said.contains(PASSWORD), "it tells the password: {said}");
    }
    error
}

#[tokio::test]
async fn a_port_where_nobody_is_is_unavailable_and_one_where_nobody_answers_too() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let url = format!("postgres://me:{PASSWORD}@127.0.0.1:{port}/bank?connect_timeout=1");
    let begun = Instant::now();
    let error = refusal(&url).await;
    let StoreError::Unavailable { location, reason } = &error else { panic!("{error}") };
    assert_eq!(*location, format!("postgres://me@127.0.0.1:{port}/bank"));
    assert!(reason.contains("timed out") || reason.contains("no answer"), "{reason}");
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());

    drop(listener);
    let error = refusal(&url).await;
    let StoreError::Unavailable { reason, .. } = &error else { panic!("{error}") };
    assert!(reason.contains("refused"), "{reason}");
}
