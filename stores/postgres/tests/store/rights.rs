//! Rights in the database: a user of the log may append and read, and nothing else.

use esrs_core::conformance;
use esrs_core::{AppendBatch, AppendCondition, EventStore, Metadata, Page, ReadQuery, StreamId};
use esrs_core::{NewEvent, StoreError};
use esrs_postgres::PostgresStore;
use jiff::Timestamp;
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, NoTls};
use uuid::Uuid;

fn event() -> NewEvent {
    NewEvent {
        id: Uuid::now_v7(),
        name: "deposited".into(),
        version: 1,
        payload: r#"{"cents":1}"#.to_owned(),
        recorded_at: Timestamp::now(),
        metadata: Metadata::new().with_actor("alice"),
    }
}

fn batch(id: &str) -> AppendBatch {
    let stream = StreamId::new("account", id).unwrap();
    AppendBatch::new(stream, AppendCondition::Any, vec![event(), event()])
        .with_idempotency_key(format!("key of {id}"))
}

async fn connect(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

/// The url of another user of the same database.
fn url_of(user: &str, url: &str) -> String {
    let (_, address) = url.split_once('@').expect("it names a user");
    format!("postgres://{user}:secret@{address}")
}

#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn a_user_of_the_log_appends_and_reads_and_never_changes_nor_deletes() {
    let database = postgres_server::database().unwrap();
    let store = PostgresStore::open(database.url()).await.unwrap();
    store.append(batch("1")).await.unwrap();
    let owner = connect(database.url()).await;
    let user = format!("teller_{}", database.name());
    owner.batch_execute(&format!("CREATE ROLE {user} LOGIN PASSWORD 'secret'")).await.unwrap();
    store.grant_appending(&user).await.unwrap();

    let as_user = PostgresStore::open(&url_of(&user, database.url())).await.unwrap();
    as_user.append(batch("1")).await.unwrap();
    as_user.append(batch("2")).await.unwrap();
    let page = as_user.read(ReadQuery::all().with_envelopes(), Page::new()).await.unwrap();
    assert_eq!(page.len(), 4, "the batch of the first stream is repeated by its key");

    let raw = connect(&url_of(&user, database.url())).await;
    for statement in [
        "UPDATE esrs.events SET payload = '{}'",
        "DELETE FROM esrs.events",
        "TRUNCATE esrs.events",
        "DELETE FROM esrs.idempotency_keys",
        "UPDATE esrs.streams SET name = 'x'",
        "UPDATE esrs.kinds SET name = 'x'",
        "DROP TABLE esrs.events",
        "ALTER TABLE esrs.events DISABLE TRIGGER ALL",
    ] {
        let error = raw.batch_execute(statement).await.expect_err(statement);
        assert_eq!(error.code(), Some(&SqlState::INSUFFICIENT_PRIVILEGE), "{statement}: {error}");
    }
    as_user.close().await;
    drop(raw);
    owner.batch_execute(&format!("DROP OWNED BY {user}; DROP ROLE {user}")).await.unwrap();
}

#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn a_reader_of_the_log_reads_and_cannot_append() {
    let database = postgres_server::database().unwrap();
    let store = PostgresStore::open(database.url()).await.unwrap();
    store.append(batch("1")).await.unwrap();
    let owner = connect(database.url()).await;
    let user = format!("auditor_{}", database.name());
    owner.batch_execute(&format!("CREATE ROLE {user} LOGIN PASSWORD 'secret'")).await.unwrap();
    store.grant_reading(&user).await.unwrap();

    let as_user = PostgresStore::open(&url_of(&user, database.url())).await.unwrap();
    let page = as_user.read(ReadQuery::all(), Page::new()).await.unwrap();
    assert_eq!(page.len(), 2);
    let error = as_user.append(batch("2")).await.expect_err("it may only read");
    assert!(matches!(error, StoreError::Denied { .. }), "{error}");
    assert!(!error.to_string().contains("secret"), "{error}");
    as_user.close().await;
    owner.batch_execute(&format!("DROP OWNED BY {user}; DROP ROLE {user}")).await.unwrap();
}

#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn a_follower_of_the_log_keeps_read_models_and_cannot_append() {
    let database = postgres_server::database().unwrap();
    for schema in ["public", "models"] {
        let open = |url: String| async move {
            let builder = PostgresStore::builder(&url).schema(format!("log_of_{schema}"));
            builder.read_model_schema(schema).open().await.unwrap()
        };
        let store = open(database.url().to_owned()).await;
        store.append(batch("1")).await.unwrap();
        let owner = connect(database.url()).await;
        let user = format!("follower_{}_{schema}", database.name());
        owner.batch_execute(&format!("CREATE ROLE {user} LOGIN PASSWORD 'secret'")).await.unwrap();
        store.grant_following(&user).await.unwrap();
        let is_own = schema == "models";
        let may_create = "SELECT has_schema_privilege($1, $2, 'CREATE')";
        let may_create: bool = owner.query_one(may_create, &[&user, &schema]).await.unwrap().get(0);
        assert_eq!(may_create, is_own, "{schema}");
        if !is_own {
            owner.batch_execute(&format!("GRANT CREATE ON SCHEMA public TO {user}")).await.unwrap();
        }

        let as_user = open(url_of(&user, database.url())).await;
        for case in conformance::subscriptions::CASES {
            // They append, or make tables and indexes by SQL, where the search path says.
            let not_here = [
                "a_row_that_the_table_refuses_refuses_the_step",
                "rows_that_are_built_fulfil_what_those_that_are_asked_do",
                "a_row_that_cannot_be_read_refuses_the_step",
                "a_statement_that_failed_is_the_last_but_for_a_way_back",
                "sql_does_not_end_the_transaction_of_the_step",
                "who_waits_is_told_of_an_append",
                "what_stands_behind_takes_what_it_lacks_first",
                "what_cannot_take_what_it_lacks_takes_no_place",
                "sql_runs_in_the_transaction_of_the_step",
                "who_catches_up_is_told_of_parked_streams",
                "a_step_behind_an_event_that_is_gone_is_refused",
                "times_of_rows_come_back_in_their_order_or_are_refused",
            ];
            if !not_here.contains(&case.name) {
                case.run(&as_user).await;
            }
        }
        let error = as_user.append(batch("2")).await.expect_err("it may only follow");
        assert!(matches!(error, StoreError::Denied { .. }), "{error}");
        as_user.close().await;
        owner.batch_execute(&format!("DROP OWNED BY {user}; DROP ROLE {user}")).await.unwrap();
    }
}

#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn rights_on_a_log_in_public_are_none_on_other_tables_there() {
    let database = postgres_server::database().unwrap();
    let owner = connect(database.url()).await;
    let user = format!("user_{}", database.name());
    owner
        .batch_execute(&format!(
            "CREATE ROLE {user} LOGIN PASSWORD 'secret'; CREATE TABLE salaries (cents bigint);
             REVOKE CREATE ON SCHEMA public FROM PUBLIC"
        ))
        .await
        .unwrap();
    let builder = |url: &str| {
        let url = url.to_owned();
        async move { PostgresStore::builder(&url).schema("public").open().await.unwrap() }
    };
    let store = builder(database.url()).await;
    store.grant_reading(&user).await.unwrap();
    store.grant_appending(&user).await.unwrap();
    store.grant_following(&user).await.unwrap();
    let as_user = builder(&url_of(&user, database.url())).await;
    as_user.append(batch("1")).await.unwrap();
    let raw = connect(&url_of(&user, database.url())).await;
    for statement in
        ["SELECT * FROM salaries", "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS '1'"]
    {
        let error = raw.batch_execute(statement).await.expect_err(statement);
        assert_eq!(error.code(), Some(&SqlState::INSUFFICIENT_PRIVILEGE), "{statement}: {error}");
    }
    as_user.close().await;
    drop(raw);
    owner.batch_execute(&format!("DROP OWNED BY {user}; DROP ROLE {user}")).await.unwrap();
}

#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn not_even_the_owner_changes_or_deletes_an_event() {
    let database = postgres_server::database().unwrap();
    let store = PostgresStore::open(database.url()).await.unwrap();
    store.append(batch("1")).await.unwrap();
    let owner = connect(database.url()).await;
    for statement in [
        "UPDATE esrs.events SET payload = '{}'",
        "DELETE FROM esrs.events WHERE version = 2",
        "TRUNCATE esrs.events",
    ] {
        let error = owner.batch_execute(statement).await.expect_err(statement);
        assert_eq!(error.code(), Some(&SqlState::RESTRICT_VIOLATION), "{statement}: {error}");
    }
    let page = store.read(ReadQuery::all(), Page::new()).await.unwrap();
    assert_eq!(page.len(), 2);
}

#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn plain_sql_asks_the_log_what_is_in_its_payloads() {
    let database = postgres_server::database().unwrap();
    let store = PostgresStore::open(database.url()).await.unwrap();
    store.append(batch("1")).await.unwrap();
    let unreadable = NewEvent { payload: r#"{"cents":1,"note":"\u0000"}"#.to_owned(), ..event() };
    let stream = StreamId::new("account", "2").unwrap();
    store.append(AppendBatch::new(stream, AppendCondition::Any, vec![unreadable])).await.unwrap();
    let owner = connect(database.url()).await;
    let sum = "SELECT sum((payload->>'cents')::int)::text, min(metadata->>'actor'), count(*)::text
        FROM esrs.log WHERE event = 'deposited' AND payload @> '{\"cents\": 1}'";
    let row = owner.query_one(sum, &[]).await.unwrap();
    let found: [&str; 3] = [row.get(0), row.get(1), row.get(2)];
    assert_eq!(found, ["2", "alice", "2"], "what jsonb cannot hold is NULL in the view");
    let all = owner.query_one("SELECT count(*)::text FROM esrs.log", &[]).await.unwrap();
    assert_eq!(all.get::<_, &str>(0), "3");
}
