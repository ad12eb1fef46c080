//! A role that may make functions, operators, casts, types and tables in a schema which others find names in:

//! nothing of it is ever called by the store.
#![cfg(unix)]

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use crate::support::account::Account;
use crate::support::{IMPORTS, connect, event, one, read_all, stream};
use esrs_core::conformance;
use esrs_core::subscription::{
    CheckpointStore, Decision, LeaseClaim, LeaseStore, ParkingStore, Projected, WaitTarget,
};
use esrs_core::{
    AppendBatch, AppendCondition, EventStore, IdempotencyKey, NewEvent, Page, Position, ReadModels,
    ReadQuery,
};
use esrs_postgres::PostgresStore;
use postgres_server::{Database, Server};
use tokio_postgres::Client;

/// Makes what shadows the names that it is given, in one schema.
const SHADOWS: &str = include_str!("../support/shadows.sql");

/// The text that a shadow writes into the server's log when it is called.
const CALLED: &str = "a shadow was called";

/// The cases in which users' own SQL runs, which finds names by the path of the role.
const WITH_SQL_OF_USERS: [&str; 12] = [
    "a_row_that_the_table_refuses_refuses_the_step",
    "rows_that_are_built_fulfil_what_those_that_are_asked_do",
    "a_statement_that_failed_is_the_last_but_for_a_way_back",
    "sql_does_not_end_the_transaction_of_the_step",
    "who_waits_is_told_of_an_append",
    "what_stands_behind_takes_what_it_lacks_first",
    "what_cannot_take_what_it_lacks_takes_no_place",
    "sql_runs_in_the_transaction_of_the_step",
    "who_catches_up_is_told_of_parked_streams",
    "a_step_behind_an_event_that_is_gone_is_refused",
    "times_of_rows_come_back_in_their_order_or_are_refused",
    "a_row_that_cannot_be_read_refuses_the_step",
];

async fn open(url: &str) -> PostgresStore {
    PostgresStore::builder(url).read_model_schema("models").open().await.unwrap()
}

async fn inline(url: &str) -> PostgresStore {
    let builder = PostgresStore::builder(url).read_model_schema("models");
    builder.inline::<Account>().rebuild_changed().open().await.unwrap()
}

fn opened(id: &str) -> AppendBatch {
    let opened = NewEvent { name: "opened".into(), ..event("1") };
    AppendBatch::new(stream(id), AppendCondition::Any, vec![opened])
}

/// All that appends and reads.
async fn append_and_read(store: &PostgresStore, by: &str) {
    // One event behind a known one, several streams, several events, by key and again, and refused.
    for version in 0..4 {
        let condition = match version {
            0 => AppendCondition::NoStream,
            version => AppendCondition::Version(version),
        };
        let next = AppendBatch::new(stream(by), condition, vec![event("1")]);
        store.append(next).await.unwrap();
    }
    let stale = AppendBatch::new(stream(by), AppendCondition::Version(1), vec![event("1")]);
    store.append(stale).await.unwrap_err();
    let several = AppendBatch::new(
        stream(format!("{by}-several")),
        AppendCondition::Any,
        vec![event("1"), event("2"), event("3")],
    );
    store.append(several.with_idempotency_key(format!("key of {by}"))).await.unwrap();
    let again = one(format!("{by}-several")).with_idempotency_key(format!("key of {by}"));
    assert!(store.append(again).await.unwrap().repeated);
    let appends = (0..8).map(|number| store.append(one(format!("{by}-{number}"))));
    for appended in futures_util::future::join_all(appends).await {
        appended.unwrap();
    }
    let key = IdempotencyKey::new(format!("key of {by}"));
    let of_several = || store.find_append(stream(format!("{by}-several")), key.clone());
    // At once: those behind the first are looked for together.
    for found in futures_util::future::join_all((0..3).map(|_| of_several())).await {
        found.unwrap().unwrap();
    }
    read(store, by).await;
}

async fn read(store: &PostgresStore, by: &str) {
    read_all(store).await;
    let of_stream = ReadQuery::stream(stream(by)).after_version(1).with_envelopes();
    store.read(of_stream, Page::new()).await.unwrap();
    store.wait_behind(Position::START).await.unwrap();
}

/// Everything of read models but users' SQL.
async fn follow(store: &PostgresStore, name: &str) {
    let accounts = Arc::new(Projected::<Account>::subscription_of());
    let head = store.catch_up::<Account>().await;
    if head.is_ok() {
        store.rebuild::<Account>().await.unwrap();
        store.get::<Account>(&"a".to_owned()).await.unwrap();
        let target = WaitTarget { position: Position::new(1), streams: vec![stream("a")] };
        store.wait_for(accounts.clone(), target, Duration::from_secs(5)).await.unwrap();
    }
    store.parked(accounts.clone()).await.unwrap();
    store.parking_log(accounts.name.to_owned()).await.unwrap();
    store.checkpoints().await.unwrap();
    let decision = Decision::retry(1, "operator", "it fits now");
    store.decide(accounts.name.to_owned(), stream("a"), decision).await.unwrap();
    store.record_failure(accounts.clone(), Some("it failed".to_owned())).await.unwrap();
    let (name, duration) = (name.to_owned(), Duration::from_secs(5));
    for holder in ["one", "other"] {
        let claim = LeaseClaim { name: name.clone(), holder: holder.into(), duration };
        store.claim_lease(claim).await.unwrap();
    }
    store.release_lease(name, "one".into()).await.unwrap();
}

async fn cases(store: &PostgresStore) {
    conformance::all(store).await;
    for case in conformance::subscriptions::CASES {
        if !WITH_SQL_OF_USERS.contains(&case.name) {
            case.run(store).await;
        }
    }
}

fn url_of(user: &str, url: &str) -> String {
    let (_, address) = url.split_once('@').expect("it names a user");
    format!("postgres://{user}:secret@{address}")
}

/// The words and the operators of all statements that the store has sent, and of the functions that it calls.
async fn names_of_statements(server: &Server) -> (Vec<String>, Vec<String>) {
    let database = server.create_database().unwrap();
    let store = open(database.url()).await;
    append_and_read(&store, "owner").await;
    cases(&store).await;
    follow(&store, "lease").await;
    store.import([(stream("i"), event("1"))]).await.unwrap();
    store.close().await;
    inline(database.url()).await.close().await;
    let raw = connect(database.url()).await;
    let rows = raw
        .query("SELECT prosrc FROM pg_proc WHERE pronamespace = 'esrs'::regnamespace", &[])
        .await
        .unwrap();
    let mut text = server.log().unwrap();
    assert!(text.contains("append_commands"), "statements are not logged");
    rows.iter().for_each(|row| text += row.get::<_, &str>(0));
    let is_word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    let words: BTreeSet<_> = text.split(|c| !is_word(c)).map(str::to_owned).collect();
    let is_operator = |c: char| "+-*/<>=~!@#%^&|?".contains(c);
    let operators: BTreeSet<_> = text.split(|c| !is_operator(c)).map(str::to_owned).collect();
    let short = |names: BTreeSet<String>| {
        names.into_iter().filter(|name| !name.is_empty() && name.len() < 64).collect()
    };
    (short(words), short(operators))
}

/// Makes the shadows as a role; says how many there are.
async fn shadow(hostile: &Client, schema: &str, names: &(Vec<String>, Vec<String>)) -> i64 {
    hostile.batch_execute("SET search_path = pg_catalog, pg_temp").await.unwrap();
    hostile.batch_execute(&SHADOWS.replace("{in}", schema)).await.unwrap();
    let made = format!("SELECT {schema}.esrs_test_shadow($1, $2)");
    hostile.query_one(&made, &[&names.0, &names.1]).await.unwrap().get(0)
}

/// The shadows that were called since the log was so long.
fn called_since(server: &Server, length: usize) -> BTreeSet<String> {
    let log = server.log().unwrap();
    let lines = log[length..].lines().filter(|line| line.contains(CALLED));
    lines.filter(|line| line.contains("LOG:")).map(str::to_owned).collect()
}

struct Roles {
    owner: String,
    appender: String,
    follower: String,
}

async fn roles(raw: &Client, database: &Database) -> Roles {
    let name = database.name();
    let [owner, appender, follower] =
        ["owner", "appender", "follower"].map(|role| format!("{role}_{name}"));
    for role in [&owner, &appender, &follower] {
        let create = format!("CREATE ROLE {role} LOGIN PASSWORD 'secret'");
        raw.batch_execute(&create).await.unwrap();
    }
    raw.batch_execute(&format!("GRANT CREATE ON DATABASE {name} TO {owner}")).await.unwrap();
    Roles { owner, appender, follower }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn shadow_of_any_name_is_never_called_by_the_store() {
    let server = Server::builder().config("log_statement = 'all'").start().unwrap();
    let names = names_of_statements(&server).await;
    assert!(names.0.iter().any(|name| name == "nextval"), "{names:?}");

    let database = server.create_database().unwrap();
    let raw = connect(database.url()).await;
    let Roles { owner, appender, follower } = roles(&raw, &database).await;
    let urls = [&owner, &appender, &follower].map(|role| url_of(role, database.url()));
    let store = open(&urls[0]).await;
    store.append(opened("a")).await.unwrap();
    store.grant_appending(&appender).await.unwrap();
    store.grant_snapshots(&appender).await.unwrap();
    store.grant_following(&follower).await.unwrap();
    store.close().await;

    // The schemas that it may make something in: by `grant_following`, and by a hand that was too generous.
    let create = format!("GRANT CREATE ON SCHEMA public, esrs TO {follower}");
    raw.batch_execute(&create).await.unwrap();
    for role in [&owner, &appender, &follower] {
        let set = format!("ALTER ROLE {role} SET search_path = public, models");
        raw.batch_execute(&set).await.unwrap();
    }
    let hostile = connect(&urls[2]).await;
    for schema in ["public", "models", "esrs"] {
        let made = shadow(&hostile, schema, &names).await;
        assert!(made > 1_000, "{made} shadows were made");
    }
    // They would be found.
    let before = server.log().unwrap().len();
    let as_owner = connect(&urls[0]).await;
    as_owner.batch_execute("SELECT nextval('esrs.position_seq')").await.unwrap();
    as_owner
        .batch_execute("SELECT 1::int4 = 1::int8, ARRAY['a'::text] || 'b'::text")
        .await
        .unwrap();
    assert!(!called_since(&server, before).is_empty());

    let before = server.log().unwrap().len();
    let store = open(&urls[0]).await;
    append_and_read(&store, "owner").await;
    cases(&store).await;
    store.import([(stream("i"), event("1")), (stream("i"), event("2"))]).await.unwrap();
    follow(&store, "lease of the owner").await;
    store.grant_appending(&appender).await.unwrap();
    store.grant_following(&follower).await.unwrap();
    let as_appender = open(&urls[1]).await;
    append_and_read(&as_appender, "appender").await;
    for case in conformance::CASES.iter().filter(|case| !IMPORTS.contains(&case.name)) {
        case.run(&as_appender).await;
    }
    let as_follower = open(&urls[2]).await;
    read(&as_follower, "owner").await;
    follow(&as_follower, "lease of the follower").await;
    for store in [store, as_appender, as_follower] {
        store.close().await;
    }
    let store = inline(&urls[0]).await;
    store.append(opened("inline")).await.unwrap();
    store.close().await;
    let called = called_since(&server, before);
    assert!(called.is_empty(), "{called:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn function_in_public_does_not_run_as_the_owner() {
    let database = postgres_server::database().unwrap();
    let raw = connect(database.url()).await;
    let store = inline(database.url()).await;
    store.append(opened("a")).await.unwrap();
    raw.batch_execute(
        "CREATE TABLE called (what text);
         CREATE FUNCTION nextval(text) RETURNS bigint LANGUAGE plpgsql AS $$ BEGIN
             INSERT INTO public.called VALUES ('nextval'); RETURN pg_catalog.nextval($1::regclass); END $$;
         CREATE FUNCTION setval(text, bigint) RETURNS bigint LANGUAGE plpgsql AS $$ BEGIN
             INSERT INTO public.called VALUES ('setval'); RETURN pg_catalog.setval($1::regclass, $2); END $$;
         CREATE FUNCTION format(text, text, text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN
             INSERT INTO public.called VALUES ('format'); RETURN pg_catalog.format($1, $2, $3); END $$",
    )
    .await
    .unwrap();
    for round in 0..2 {
        store.append(opened(&format!("b{round}"))).await.unwrap();
        let deposited = NewEvent { name: "deposited".into(), ..event("1") };
        let again = AppendBatch::new(stream("a"), AppendCondition::Any, vec![deposited]);
        store.append(again).await.unwrap();
        let opened = NewEvent { name: "opened".into(), ..event("1") };
        store.import([(stream(format!("c{round}")), opened)]).await.unwrap();
        raw.batch_execute("ALTER TABLE models.accounts DROP CONSTRAINT IF EXISTS few")
            .await
            .unwrap();
        let few = "ALTER TABLE models.accounts ADD CONSTRAINT few CHECK (cents < 1000000)";
        raw.batch_execute(few).await.unwrap();
        store.rebuild::<Account>().await.unwrap();
    }
    let called: i64 = raw.query_one("SELECT count(*) FROM called", &[]).await.unwrap().get(0);
    assert_eq!(called, 0);
}
