//! Refusals of a server: a clear error each, which says what to do and never tells a password.

use std::time::{Duration, Instant};

use crate::support::{
    ALLOW_WRITES, REFUSE_WRITES, append, connect, event, one, read_all, stream, within,
};
use esrs_core::{AppendBatch, AppendCondition, EventStore, Page, ReadQuery, StoreError};
use esrs_postgres::PostgresStore;
use postgres_server::Server;

/// The password of a test's own roles; no error may hold it.
const PASSWORD: &str = "hunter2";

/// The url of another user of the same database.
fn url_of(user: &str, url: &str) -> String {
    let (_, address) = url.split_once('@').expect("it names a user");
    format!("postgres://{user}:{PASSWORD}@{address}")
}

/// A role that is gone with the test.
async fn create_role(name: &str, url: &str) -> tokio_postgres::Client {
    let raw = connect(url).await;
    raw.batch_execute(&format!("CREATE ROLE {name} LOGIN PASSWORD '{PASSWORD}'")).await.unwrap();
    raw
}

async fn drop_role(name: &str, raw: &tokio_postgres::Client) {
    raw.batch_execute(&format!("DROP OWNED BY {name}; DROP ROLE {name}")).await.unwrap();
}

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
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn a_server_that_is_read_only_is_read_and_refuses_appends_as_such() {
    let database = postgres_server::database().unwrap();
    append(&PostgresStore::open(database.url()).await.unwrap(), "1").await;
    let raw = connect(database.url()).await;
    // What a server in recovery says; sessions set `default_transaction_read_only` themselves.
    let read_only = format!(
        "{REFUSE_WRITES}
         CREATE FUNCTION refuse_tables() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN
             RAISE read_only_sql_transaction USING MESSAGE = 'cannot make it: read-only'; END $$;
         CREATE EVENT TRIGGER read_only ON ddl_command_start EXECUTE FUNCTION refuse_tables()"
    );
    raw.batch_execute(&read_only).await.unwrap();

    let store = PostgresStore::open(database.url()).await.unwrap();
    assert_eq!(read_all(&store).await.len(), 1);
    let behind = AppendBatch::new(stream("1"), AppendCondition::Version(1), vec![event("1")]);
    for batch in [one("1"), behind.clone(), behind.with_idempotency_key("key")] {
        let refused = store.append(batch).await;
        let Err(StoreError::ReadOnly { reason, .. }) = &refused else { panic!("{refused:?}") };
        assert!(reason.contains("read-only"), "{reason}");
    }
    let new = PostgresStore::builder(database.url()).schema("new").open().await.unwrap_err();
    assert!(matches!(new, StoreError::ReadOnly { .. }), "{new}");

    raw.batch_execute(&format!("DROP EVENT TRIGGER read_only; {ALLOW_WRITES}")).await.unwrap();
    append(&PostgresStore::open(database.url()).await.unwrap(), "1").await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn a_role_without_rights_is_told_which_it_needs() {
    let database = postgres_server::database().unwrap();
    let role = format!("role_{}", database.name());
    let raw = create_role(&role, database.url()).await;
    let url = url_of(&role, database.url());

    let denied = refusal(&url).await;
    let StoreError::Denied { reason, .. } = &denied else { panic!("{denied}") };
    assert!(reason.contains("permission denied for database"), "{reason}");
    assert!(reason.contains("who owns"), "{reason}");

    let store = PostgresStore::open(database.url()).await.unwrap();
    append(&store, "1").await;
    let denied = refusal(&url).await;
    let StoreError::Denied { reason, .. } = &denied else { panic!("{denied}") };
    assert!(reason.contains("permission denied for schema esrs"), "{reason}");

    let read = format!(
        "GRANT USAGE ON SCHEMA esrs TO {role}; GRANT SELECT ON ALL TABLES IN SCHEMA esrs TO {role}"
    );
    raw.batch_execute(&read).await.unwrap();
    let reader = PostgresStore::open(&url).await.unwrap();
    assert_eq!(read_all(&reader).await.len(), 1);
    let denied = reader.append(one("1")).await;
    assert!(matches!(denied, Err(StoreError::Denied { .. })), "{denied:?}");
    assert_eq!(read_all(&store).await.len(), 1);
    reader.close().await;
    drop_role(&role, &raw).await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn a_wrong_password_and_an_unknown_user_are_denied() {
    // The one that the environment names may believe everybody.
    let server = Server::start().unwrap();
    let database = server.create_database().unwrap();
    let role = format!("other_{}", database.name());
    let raw = create_role(&role, database.url()).await;
    let right = url_of(&role, database.url());
    let wrong = right.replacen(PASSWORD, &format!("{PASSWORD}{PASSWORD}"), 1);
    for url in [wrong, url_of("nobody_of_this_name", database.url())] {
        let denied = refusal(&url).await;
        let StoreError::Denied { reason, .. } = &denied else { panic!("{denied}") };
        assert!(reason.contains("password authentication failed for user"), "{reason}");
    }
    drop_role(&role, &raw).await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn a_database_that_is_not_there_is_named() {
    let database = postgres_server::database().unwrap();
    let url = database.url().replacen(database.name(), "nowhere", 1);
    let error = refusal(&url).await;
    let StoreError::NotADatabase { reason, .. } = &error else { panic!("{error}") };
    assert!(reason.contains("database \"nowhere\" does not exist"), "{reason}");
}

#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn a_password_that_a_server_refuses_later_is_a_typed_error_of_each_append() {
    // The one that the environment names may believe everybody.
    let server = Server::start().unwrap();
    let database = server.create_database().unwrap();
    let role = format!("later_{}", database.name());
    let raw = create_role(&role, database.url()).await;
    raw.batch_execute(&format!("GRANT CREATE ON DATABASE {} TO {role}", database.name()))
        .await
        .unwrap();
    let store = PostgresStore::open(&url_of(&role, database.url())).await.unwrap();
    raw.batch_execute(&format!("ALTER ROLE {role} PASSWORD 'another'")).await.unwrap();
    let denied = store.append(one("1")).await.expect_err("it connects anew");
    assert!(matches!(denied, StoreError::Denied { .. }), "{denied}");
    raw.batch_execute(&format!("ALTER ROLE {role} PASSWORD '{PASSWORD}'")).await.unwrap();
    append(&store, "1").await;
    store.close().await;
    drop_role(&role, &raw).await;
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

#[tokio::test]
async fn a_url_that_is_none_is_refused_without_its_password() {
    for (url, reason) in [
        (format!("postgres://me:{PASSWORD}@localhost:port/bank"), "port"),
        (format!("postgres://me:{PASSWORD}@localhost/bank?sslmode=always"), "sslmode"),
        (format!("postgres://me:{PASSWORD}@localhost/bank?colour=red"), "colour"),
        (format!("postgres://me:{PASSWORD}%ff@localhost/bank?colour=red"), "colour"),
        (format!("host=localhost user=me password='{PASSWORD}"), "unterminated"),
        (format!("postgres:///bank?password={PASSWORD}"), "host"),
        // The driver takes the credentials for the name of an option.
        (
            format!("postgress://me:{PASSWORD}@localhost/bank?sslmode=require"),
            "postgres://user@host",
        ),
        (format!("me:{PASSWORD}@localhost/bank?sslmode=require"), "postgres://user@host"),
        (format!(" postgres://me:{PASSWORD}@localhost/bank?a=b"), "postgres://user@host"),
    ] {
        let error = refusal(&url).await.to_string();
        assert!(error.contains(reason), "{error}");
    }
}

#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn the_tables_of_a_newer_esrs_are_refused_and_left_alone() {
    let database = postgres_server::database().unwrap();
    let store = PostgresStore::open(database.url()).await.unwrap();
    append(&store, "1").await;
    let raw = connect(database.url()).await;
    raw.batch_execute("UPDATE esrs.schema_version SET version = 99").await.unwrap();
    let error = refusal(database.url()).await;
    let StoreError::NewerSchema { found: 99, known: 5, location } = &error else {
        panic!("{error}")
    };
    assert!(location.ends_with(database.name()), "{location}");
    let versions = raw.query("SELECT version FROM esrs.schema_version", &[]).await.unwrap();
    assert_eq!(versions.iter().map(|row| row.get(0)).collect::<Vec<i32>>(), [99]);
    let page = store.read(ReadQuery::all(), Page::new()).await.unwrap();
    assert_eq!(page.len(), 1);
}
