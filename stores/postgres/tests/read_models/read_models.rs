//! Read models in PostgreSQL: what plain SQL sees of them, what users put on them, and what happens
//! when connections are lost and holders of leases are slow.

use std::sync::Arc;
use std::time::Duration;

use crate::support::account::{Account, AccountAnew, AccountVersion2, Taken};
use crate::support::proxy::Proxy;
use crate::support::turns::Turns;
use crate::support::working::{Working, advance, step, subscription};
use crate::support::{connect, event, stream, terminate_all, within};
use esrs_core::projection::{ColumnSpec, ColumnType, Value};
use esrs_core::subscription::{
    Advance, Advanced, CheckpointStore, Lease, LeaseClaim, LeaseStore, Parked, Projected,
    ReadModelWriter, Replaced, Subscriber, Subscription,
};
use esrs_core::{
    AppendBatch, AppendCondition, EventStore, NewEvent, Page, Position, Projection, ReadModels,
    ReadQuery, SqlReadModels, StoreError,
};
use esrs_postgres::PostgresStore;
use postgres_server::Database;
use tokio_postgres::Client;

const LIMIT: Duration = Duration::from_secs(20);

async fn opened() -> (Database, PostgresStore, Client) {
    let database = postgres_server::database().unwrap();
    let store = PostgresStore::open(database.url()).await.unwrap();
    let raw = connect(database.url()).await;
    (database, store, raw)
}

async fn append(store: &PostgresStore, id: &str, name: &'static str, payload: &str) {
    let event = NewEvent { name: name.into(), ..event(payload) };
    store.append(AppendBatch::new(stream(id), AppendCondition::Any, vec![event])).await.unwrap();
}

/// Two accounts, of which one was closed.
async fn history(store: &PostgresStore) {
    for (id, name, payload) in [
        ("alice", "opened", "100"),
        ("bob", "opened", "7"),
        ("alice", "deposited", "5"),
        ("carol", "opened", "1"),
        ("bob", "closed", "0"),
    ] {
        append(store, id, name, payload).await;
    }
}

async fn shown(raw: &Client, sql: &str) -> Vec<String> {
    raw.query(sql, &[]).await.unwrap().iter().map(|row| row.get(0)).collect()
}

const ACCOUNTS: &str = "SELECT id || ' ' || cents FROM accounts ORDER BY 1";

fn column(name: &'static str, column_type: ColumnType) -> ColumnSpec {
    ColumnSpec { name, column_type, nullable: true, key: false }
}

const fn key(name: &'static str, column_type: ColumnType) -> ColumnSpec {
    ColumnSpec { name, column_type, nullable: false, key: true }
}

const SUMS: &[ColumnSpec] =
    &[key("name", ColumnType::Text), ColumnSpec { key: false, ..key("sum", ColumnType::Integer) }];

fn sum(name: &str, sum: i64) -> Vec<Value> {
    vec![name.into(), sum.into()]
}

#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn rows_follow_from_the_log_and_are_asked_by_key_and_by_condition() {
    let (_database, store, raw) = opened().await;
    history(&store).await;
    let error = store.get::<Account>(&"alice".to_owned()).await.unwrap_err();
    assert!(matches!(&error, StoreError::ProjectionTable { .. }), "{error}");
    assert!(error.to_string().contains("catch_up"), "{error}");
    assert_eq!(store.catch_up::<Account>().await.unwrap(), Position::new(5));
    assert_eq!(shown(&raw, ACCOUNTS).await, ["alice 105", "carol 1"]);
    let alice = store.get::<Account>(&"alice".to_owned()).await.unwrap().unwrap();
    assert_eq!((alice.cents, alice.actor.as_deref()), (105, Some("alice")));
    assert_eq!(alice.changed_at, event("1").recorded_at);
    assert_eq!(store.get::<Account>(&"bob".to_owned()).await.unwrap(), None);
    let rich = store.find::<Account>("cents > $1 ORDER BY id", [50.into()]).await.unwrap();
    assert_eq!(rich, [alice]);
    assert_eq!(store.find::<Account>("", []).await.unwrap().len(), 2);
    assert_eq!(store.catch_up::<Account>().await.unwrap(), Position::new(5), "nothing is new");
    let error = store.find::<Account>("no_such_column = 1", []).await.unwrap_err();
    assert!(error.to_string().contains("no_such_column"), "{error}");
}

#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn columns_are_what_plain_sql_expects_of_them() {
    let (_database, store, raw) = opened().await;
    let columns = vec![
        key("id", ColumnType::Uuid),
        key("number", ColumnType::Integer),
        column("yes", ColumnType::Bool),
        column("ratio", ColumnType::Real),
        column("order", ColumnType::Text),
        column("bytes", ColumnType::Bytes),
        column("at", ColumnType::Timestamp),
        column("json", ColumnType::Json),
    ];
    let subscription = subscription("kinds", Vec::leak(columns));
    let row = vec![
        uuid::Uuid::from_u128(7).into(),
        (-1_i64).into(),
        true.into(),
        0.5.into(),
        "it's \"odd\"".into(),
        vec![0_u8, 255].into(),
        "2026-01-31T12:00:00.123456Z".parse::<jiff::Timestamp>().unwrap().into(),
        Value::Json("{\"b\": 1.50}".to_owned()),
    ];
    let done = advance(&store, Working::writing(&subscription, vec![row])).await.unwrap();
    assert_eq!(done, Advanced::Done);
    let sql = "SELECT concat_ws('|', id, number, yes, ratio, \"order\", encode(bytes, 'hex'),
        at AT TIME ZONE 'UTC', json::text) FROM kinds";
    let expected = "00000000-0000-0000-0000-000000000007|-1|t|0.5|it's \"odd\"|00ff|\
        2026-01-31 12:00:00.123456|{\"b\": 1.50}";
    assert_eq!(shown(&raw, sql).await, [expected]);
    let types = "SELECT column_name || ' ' || data_type || ' ' || is_nullable
        FROM information_schema.columns WHERE table_name = 'kinds' AND table_schema = 'public' ORDER BY ordinal_position";
    assert_eq!(
        shown(&raw, types).await,
        [
            "id uuid NO",
            "number bigint NO",
            "yes boolean YES",
            "ratio double precision YES",
            "order text YES",
            "bytes bytea YES",
            "at timestamp with time zone YES",
            "json json YES",
        ]
    );
}

#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn a_query_is_answered_by_the_types_of_its_columns_and_only_reads() {
    let (_database, store, _) = opened().await;
    history(&store).await;
    store.catch_up::<Account>().await.unwrap();
    let sql = "SELECT sum(cents), avg(cents)::numeric(9, 2), count(*)::int2, '-0.001'::numeric,
        sum(cents) * 1000000000000000000, date '2026-01-31', '{\"a\":1}'::jsonb, NULL::text,
        1.5::real, $1::numeric, $2::jsonb, -12345678901::numeric
        FROM accounts";
    let given = [(-120_034_i64).into(), Value::Json("[1]".to_owned())];
    let row = store.query(sql, given).await.unwrap().remove(0);
    let expected = [
        106.into(),
        "53.00".into(),
        2.into(),
        "-0.001".into(),
        "106000000000000000000".into(),
        "2026-01-31".into(),
        Value::Json("{\"a\": 1}".to_owned()),
        Value::Null,
        1.5.into(),
        (-120_034).into(),
        Value::Json("[1]".to_owned()),
        (-12_345_678_901_i64).into(),
    ];
    // What is whole is an integer, whichever scale it has.
    assert_eq!(row[1], 53.into());
    for (place, (found, expected)) in row.iter().zip(&expected).enumerate() {
        assert!(place == 1 || found == expected, "{place}: {found:?} is not {expected:?}");
    }
    for sql in
        ["DELETE FROM accounts", "DROP TABLE accounts", "SELECT nextval('esrs.position_seq')"]
    {
        let error = store.query(sql, []).await.unwrap_err();
        assert!(matches!(error, StoreError::ReadOnly { .. }), "{sql}: {error}");
    }
    let error = store.query("SELECT interval '1 day'", []).await.unwrap_err();
    assert!(error.to_string().contains("::text"), "{error}");
    let error = store.query("SELECT * FROM accounts WHERE cents = $1", ["x".into()]).await;
    let error = error.unwrap_err().to_string();
    assert!(error.contains("int8") && error.contains("a text was given"), "{error}");
    assert_eq!(store.find::<Account>("", []).await.unwrap().len(), 2);
}

#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn a_whole_number_is_compared_with_a_float_exactly_or_not_at_all() {
    let (_database, store, _) = opened().await;
    let query = |number: i64, of: &str| {
        let sql = format!("SELECT $1::{of} = {number}::numeric");
        let store = store.clone();
        async move { store.query(&sql, [number.into()]).await }
    };
    for (number, of) in [(1 << 53, "float8"), (i64::MIN, "float8"), (-16_777_216, "float4")] {
        assert_eq!(query(number, of).await.unwrap(), [[Value::from(true)]], "{number} as {of}");
    }
    for (number, of) in [((1 << 53) + 1, "float8"), (i64::MAX, "float8"), (16_777_217, "float4")] {
        let error = query(number, of).await.unwrap_err().to_string();
        assert!(error.contains("exactly"), "{number} as {of}: {error}");
        assert!(query(1, of).await.is_ok());
    }
}

#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn a_time_that_another_program_wrote_and_none_can_read_is_named() {
    let (_database, store, raw) = opened().await;
    history(&store).await;
    store.catch_up::<Account>().await.unwrap();
    for (time, expected) in [
        ("infinity", "`infinity`"),
        ("-infinity", "`-infinity`"),
        ("12026-01-31", "after the year 9999"),
    ] {
        let spoil = format!("UPDATE accounts SET changed_at = '{time}' WHERE id = 'alice'");
        raw.batch_execute(&spoil).await.unwrap();
        let error = store.get::<Account>(&"alice".to_owned()).await.unwrap_err().to_string();
        assert!(error.contains(expected), "{time}: {error}");
        assert!(store.get::<Account>(&"carol".to_owned()).await.unwrap().is_some());
    }
    raw.batch_execute("UPDATE accounts SET changed_at = now()").await.unwrap();
    assert!(store.get::<Account>(&"alice".to_owned()).await.unwrap().is_some());
}

#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn a_table_that_no_projection_has_made_is_left_alone() {
    let (database, store, raw) = opened().await;
    raw.batch_execute("CREATE TABLE accounts (precious text)").await.unwrap();
    let subscription = Arc::new(Projected::<Account>::subscription_of());
    let anew = Arc::new(subscription.building());
    for error in [
        store.catch_up::<Account>().await.unwrap_err(),
        store.start_over(subscription, None).await.unwrap_err(),
        store.rebuild::<Account>().await.unwrap_err(),
    ] {
        assert!(matches!(&error, StoreError::ProjectionTable { .. }), "{error}");
        assert!(error.to_string().contains("read_model_schema"), "{error}");
    }
    assert!(store.subscribe(anew).await.is_ok());
    let error = store.catch_up::<Taken>().await.unwrap_err();
    assert!(error.to_string().contains("are taken"), "{error}");
    store.close().await;
    let elsewhere = PostgresStore::builder(database.url()).read_model_schema("models");
    let elsewhere = elsewhere.open().await.unwrap();
    history(&elsewhere).await;
    // The log of both is one, and so are the checkpoints; the table alone is elsewhere.
    elsewhere.catch_up::<Account>().await.unwrap();
    let sql = "SELECT id || ' ' || cents FROM models.accounts ORDER BY 1";
    assert_eq!(shown(&raw, sql).await, ["alice 105", "carol 1"]);
}

#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn a_table_that_was_dropped_by_hand_is_made_anew() {
    let (_database, store, raw) = opened().await;
    history(&store).await;
    store.catch_up::<Account>().await.unwrap();
    raw.batch_execute("DROP TABLE accounts").await.unwrap();
    store.catch_up::<Account>().await.unwrap();
    assert_eq!(shown(&raw, ACCOUNTS).await, ["alice 105", "carol 1"]);
}

#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn what_users_have_put_on_a_table_outlives_its_rows() {
    let (database, store, raw) = opened().await;
    history(&store).await;
    store.catch_up::<Account>().await.unwrap();
    let (reader, owner) =
        (format!("reader_{}", database.name()), format!("owner_{}", database.name()));
    raw.batch_execute(&format!(
        "CREATE ROLE {reader};
         CREATE ROLE {owner};
         GRANT SELECT ON accounts TO {reader} WITH GRANT OPTION;
         GRANT UPDATE (actor) ON accounts TO PUBLIC;
         CREATE INDEX by_cents ON accounts (cents) WHERE cents > 0;
         ALTER TABLE accounts ADD CONSTRAINT few CHECK (cents < 1000000);
         ALTER TABLE accounts ADD CONSTRAINT one UNIQUE (last_event);
         CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
         CREATE TRIGGER noted AFTER INSERT ON accounts FOR EACH ROW EXECUTE FUNCTION note();
         CREATE TRIGGER silent AFTER INSERT ON accounts FOR EACH ROW EXECUTE FUNCTION note();
         ALTER TABLE accounts DISABLE TRIGGER silent;
         CREATE STATISTICS together ON cents, actor FROM accounts;
         CREATE POLICY own ON accounts AS RESTRICTIVE FOR SELECT TO {reader}, {owner}
            USING (id = current_user);
         CREATE POLICY small ON accounts FOR INSERT WITH CHECK (cents < 5);
         ALTER TABLE accounts ENABLE ROW LEVEL SECURITY;
         ALTER TABLE accounts FORCE ROW LEVEL SECURITY;
         COMMENT ON TABLE accounts IS 'it''s what they have';
         COMMENT ON COLUMN accounts.cents IS 'hundredths';
         GRANT CREATE ON SCHEMA public TO {owner};
         ALTER TABLE accounts OWNER TO {owner}"
    ))
    .await
    .unwrap();
    let what = "SELECT pg_get_indexdef(indexrelid) FROM pg_index
            WHERE indrelid = 'accounts'::regclass
        UNION ALL SELECT pg_get_constraintdef(oid) FROM pg_constraint
            WHERE conrelid = 'accounts'::regclass AND contype <> 'n'
        UNION ALL SELECT tgenabled::text || pg_get_triggerdef(oid) FROM pg_trigger
            WHERE tgrelid = 'accounts'::regclass
        UNION ALL SELECT pg_get_statisticsobjdef(oid) FROM pg_statistic_ext
            WHERE stxrelid = 'accounts'::regclass
        UNION ALL SELECT to_jsonb(p)::text FROM pg_policies p WHERE tablename = 'accounts'
        UNION ALL SELECT concat(relrowsecurity, relforcerowsecurity, relacl, ' of ',
                pg_get_userbyid(relowner), ': ', obj_description(oid, 'pg_class'))
            FROM pg_class WHERE oid = 'accounts'::regclass
        UNION ALL SELECT col_description(attrelid, attnum) FROM pg_attribute
            WHERE attrelid = 'accounts'::regclass AND col_description(attrelid, attnum) IS NOT NULL
        UNION ALL SELECT attacl::text FROM pg_attribute WHERE attrelid = 'accounts'::regclass
            AND attacl IS NOT NULL
        ORDER BY 1";
    let before = shown(&raw, what).await;
    assert_eq!(before.len(), 14, "{before:?}");
    store.rebuild::<Account>().await.unwrap();
    assert_eq!(shown(&raw, what).await, before);
    assert_eq!(shown(&raw, ACCOUNTS).await, ["alice 105", "carol 1"]);
    store.rebuild::<Account>().await.unwrap();
    assert_eq!(shown(&raw, what).await, before, "also the second time");

    // A column of it is not there any more.
    let error = store.rebuild::<AccountAnew>().await.unwrap_err();
    assert!(matches!(&error, StoreError::ProjectionTable { .. }), "{error}");
    assert!(error.to_string().contains("by_cents") || error.to_string().contains("few"), "{error}");
    assert_eq!(shown(&raw, what).await, before, "nothing was changed");
    raw.batch_execute(
        "DROP INDEX by_cents; ALTER TABLE accounts DROP CONSTRAINT few;
         DROP STATISTICS together; DROP POLICY small ON accounts",
    )
    .await
    .unwrap();
    store.rebuild::<AccountAnew>().await.unwrap();
    assert_eq!(store.find::<AccountAnew>("balance = 105", []).await.unwrap().len(), 1);
    let error = store.get::<Account>(&"alice".to_owned()).await.unwrap_err();
    assert!(matches!(error, StoreError::ProjectionSuperseded { .. }), "{error}");
    let error = store.catch_up::<Account>().await.unwrap_err();
    assert!(matches!(error, StoreError::ProjectionSuperseded { .. }), "{error}");
    let roles = format!("{reader}, {owner}");
    raw.batch_execute(&format!("DROP OWNED BY {roles}; DROP ROLE {roles}")).await.unwrap();
}

#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn rows_that_are_built_have_the_rights_of_those_that_are_asked() {
    let (database, store, raw) = opened().await;
    let role = format!("reader_{}", database.name());
    let owner = format!("owner_{}", database.name());
    raw.batch_execute(&format!(
        "CREATE ROLE {role}; CREATE ROLE {owner}; GRANT CREATE ON SCHEMA public TO {owner};
         ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO {role}, PUBLIC"
    ))
    .await
    .unwrap();
    history(&store).await;
    store.catch_up::<Account>().await.unwrap();
    // The right that the table had by itself is taken back, and its rows are hidden.
    raw.batch_execute(&format!(
        "REVOKE ALL ON accounts FROM {role}, PUBLIC;
         GRANT SELECT (id) ON accounts TO {role};
         ALTER TABLE accounts ENABLE ROW LEVEL SECURITY;
         CREATE POLICY own ON accounts FOR SELECT USING (id = 'carol');
         ALTER TABLE accounts OWNER TO {owner}"
    ))
    .await
    .unwrap();
    let may_read = format!(
        "SELECT relname::text, has_table_privilege('{role}', oid, 'SELECT'), relrowsecurity,
            pg_get_userbyid(relowner)::text, (SELECT count(*) FROM pg_policy WHERE polrelid = c.oid)
         FROM pg_class c WHERE relname = 'accounts' OR relname LIKE 'esrs_building_%' AND relkind = 'r'
         ORDER BY relname"
    );
    let found = async || {
        let rows = raw.query(&may_read, &[]).await.unwrap();
        let row = |row: &tokio_postgres::Row| {
            (
                row.get::<_, bool>(1),
                row.get::<_, bool>(2),
                row.get::<_, String>(3),
                row.get::<_, i64>(4),
            )
        };
        rows.iter().map(row).collect::<Vec<_>>()
    };
    // Before the first row, and by a build that was begun before.
    let building = Arc::new(Projected::<Account>::building().subscription().as_ref().clone());
    for _ in 0..2 {
        store.subscribe(building.clone()).await.unwrap();
        let protected = (false, true, owner.clone(), 1);
        assert_eq!(found().await, [protected.clone(), protected]);
    }
    // What changes while it is built is true of the new rows, too.
    raw.batch_execute(
        "CREATE POLICY more ON accounts FOR SELECT USING (id = 'alice'); DROP POLICY own ON accounts",
    )
    .await
    .unwrap();
    for _ in 0..2 {
        store.rebuild::<Account>().await.unwrap();
        assert_eq!(found().await, [(false, true, owner.clone(), 1)]);
        let seen = format!(
            "SET ROLE {role}; CREATE TEMP TABLE seen AS SELECT id FROM accounts; RESET ROLE"
        );
        raw.batch_execute(&seen).await.unwrap();
        assert_eq!(shown(&raw, "SELECT id FROM seen").await, ["alice"]);
        raw.batch_execute("DROP TABLE seen").await.unwrap();
    }
    // By another definition, in one transaction.
    store.start_over(Arc::new(Projected::<AccountAnew>::subscription_of()), None).await.unwrap();
    assert_eq!(found().await, [(false, true, owner.clone(), 1)]);
    raw.batch_execute(&format!(
        "ALTER DEFAULT PRIVILEGES IN SCHEMA public REVOKE SELECT ON TABLES FROM {role}, PUBLIC;
         REASSIGN OWNED BY {owner} TO postgres; DROP OWNED BY {role}, {owner}; DROP ROLE {role}, {owner}"
    ))
    .await
    .unwrap();
}

#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn triggers_of_users_find_names_by_the_path_of_the_role() {
    let (database, store, raw) = opened().await;
    // Named without a schema, in triggers of a row and of the end, and where rows are read.
    raw.batch_execute("CREATE TABLE noted (what text)").await.unwrap();
    store.catch_up::<Account>().await.unwrap();
    raw.batch_execute(
        "CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
             INSERT INTO noted VALUES (TG_NAME); RETURN NULL; END $$;
         CREATE TRIGGER at_once AFTER INSERT OR UPDATE ON accounts
             FOR EACH ROW EXECUTE FUNCTION note();
         CREATE CONSTRAINT TRIGGER late AFTER INSERT OR UPDATE ON accounts DEFERRABLE INITIALLY DEFERRED
             FOR EACH ROW EXECUTE FUNCTION note()",
    )
    .await
    .unwrap();
    let noted = "SELECT what || ' ' || count(*) FROM noted GROUP BY what ORDER BY 1";
    history(&store).await;
    store.catch_up::<Account>().await.unwrap();
    assert_eq!(shown(&raw, noted).await, ["at_once 2", "late 2"]);
    store.close().await;
    let inline = PostgresStore::builder(database.url()).inline::<Account>().open().await.unwrap();
    append(&inline, "dave", "opened", "1").await;
    assert_eq!(shown(&raw, noted).await, ["at_once 3", "late 3"]);
    let plain = PostgresStore::open(database.url()).await.unwrap();
    append(&plain, "erin", "opened", "1").await;
    append(&inline, "dave", "deposited", "1").await;
    assert_eq!(shown(&raw, noted).await, ["at_once 5", "late 5"]);
    let found = inline.find::<Account>("EXISTS (SELECT FROM noted)", []).await.unwrap();
    assert_eq!(found.len(), 4);
}

#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn a_table_that_a_view_depends_on_is_not_taken_away() {
    let (_database, store, raw) = opened().await;
    history(&store).await;
    store.catch_up::<Account>().await.unwrap();
    raw.batch_execute("CREATE VIEW rich AS SELECT * FROM accounts").await.unwrap();
    let error = store.rebuild::<Account>().await.unwrap_err();
    assert!(matches!(&error, StoreError::ProjectionTable { .. }), "{error}");
    assert!(error.to_string().contains("view public.rich depends"), "{error}");
    assert_eq!(shown(&raw, "SELECT id FROM rich ORDER BY 1").await, ["alice", "carol"]);
    raw.batch_execute("DROP VIEW rich").await.unwrap();
    store.rebuild::<Account>().await.unwrap();
}

#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn who_rebuilds_at_the_same_time_as_another_builds_anew() {
    let (_database, store, raw) = opened().await;
    deposits(&store, 20).await;
    store.catch_up::<Account>().await.unwrap();
    let both =
        futures_util::future::join(store.rebuild::<Account>(), store.rebuild::<Account>()).await;
    assert_eq!((both.0.unwrap().get(), both.1.unwrap().get()), (21, 21));
    assert_eq!(shown(&raw, ACCOUNTS).await, ["alice 20"]);
}

/// Deposits that are taken one page after the other, whatever happens to connections meanwhile.
async fn deposits(store: &PostgresStore, count: usize) {
    append(store, "alice", "opened", "0").await;
    for _ in 0..count {
        append(store, "alice", "deposited", "1").await;
    }
}

#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn an_event_counts_once_when_the_connection_is_lost_before_or_after_the_commit() {
    let (database, direct, raw) = opened().await;
    let proxy = Proxy::before(database.url()).await;
    let store = PostgresStore::open(&proxy.url(database.url())).await.unwrap();
    let mut expected = 0;
    deposits(&direct, 3).await;
    store.catch_up::<Account>().await.unwrap();
    for is_committed in [false, true] {
        append(&direct, "alice", "deposited", "1").await;
        expected += 1;
        match is_committed {
            true => proxy.lose_the_answer_to("COMMIT"),
            false => proxy.lose_the_message_with("COMMIT"),
        }
        let error = store.catch_up::<Account>().await.unwrap_err();
        assert!(matches!(error, StoreError::Unavailable { .. }), "{error}");
        let sum = 3 + expected - i64::from(!is_committed);
        assert_eq!(shown(&raw, ACCOUNTS).await, [format!("alice {sum}")]);
        store.catch_up::<Account>().await.unwrap();
        assert_eq!(shown(&raw, ACCOUNTS).await, [format!("alice {}", 3 + expected)]);
    }
}

#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn connections_that_were_lost_while_nobody_used_them_are_not_noticed() {
    let (_database, store, raw) = opened().await;
    deposits(&store, 1).await;
    store.catch_up::<Account>().await.unwrap();
    append(&store, "alice", "deposited", "1").await;
    let live = Arc::new(Projected::<Account>::subscription_of());
    let from = store.subscribe(live.clone()).await.unwrap();
    terminate_all(&raw).await;
    let idle = Working::writing(&live, Vec::new());
    let (_, advanced) = store.advance(step(&live, from), idle).await;
    assert_eq!(advanced.unwrap(), Advanced::Done);
    terminate_all(&raw).await;
    append(&store, "bob", "opened", "1").await;
    store.catch_up::<Account>().await.unwrap();
    assert_eq!(shown(&raw, ACCOUNTS).await, ["alice 1", "bob 1"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn followers_whose_connections_are_ended_again_and_again_count_each_event_once() {
    let (database, store, raw) = opened().await;
    deposits(&store, 200).await;
    let (end, mut ended) = tokio::sync::oneshot::channel::<()>();
    let killing = tokio::spawn(async move {
        while ended.try_recv().is_err() {
            // Long enough for a store to open its connections, and too short for much more.
            tokio::time::sleep(Duration::from_millis(50)).await;
            terminate_all(&raw).await;
        }
        raw
    });
    let following = (0..3).map(|_| {
        let url = database.url().to_owned();
        tokio::spawn(async move {
            loop {
                let Ok(store) = PostgresStore::open(&url).await else { continue };
                if store.catch_up::<Account>().await.is_ok() {
                    break;
                }
            }
        })
    });
    let following: Vec<_> = following.collect();
    for follower in following {
        within(LIMIT * 3, "following", follower).await.unwrap();
    }
    // Who ends connections is not cut off: what it has sent last might end another.
    end.send(()).unwrap();
    let raw = killing.await.unwrap();
    assert_eq!(shown(&raw, ACCOUNTS).await, ["alice 200"]);
}

#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn a_step_that_is_dropped_on_the_way_leaves_nothing_behind() {
    let database = postgres_server::database().unwrap();
    let store = PostgresStore::builder(database.url()).readers(1).open().await.unwrap();
    let subscription = subscription("sums", SUMS);
    let from = store.subscribe(subscription.clone()).await.unwrap();
    let stuck = Working::writing(&subscription, vec![sum("a", 1)]).and(|transaction| {
        Box::pin(async move {
            transaction.query("SELECT 1", &[]).await?;
            std::future::pending().await
        })
    });
    let step = store.advance(step(&subscription, from), stuck);
    assert!(tokio::time::timeout(Duration::from_millis(300), step).await.is_err());
    let next = advance(&store, Working::writing(&subscription, vec![sum("b", 2)]));
    let next = within(LIMIT, "a connection that is in no transaction", next).await;
    assert_eq!(next.unwrap(), Advanced::Done);
    let raw = connect(database.url()).await;
    assert_eq!(shown(&raw, "SELECT name FROM sums").await, ["b"]);
}

#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn an_error_that_a_subscriber_keeps_to_itself_is_no_success() {
    let (_database, store, raw) = opened().await;
    let subscription = subscription("sums", SUMS);
    let quiet = Working::writing(&subscription, vec![sum("a", 1)]).and(|transaction| {
        Box::pin(async move {
            let _ = transaction.execute("INSERT INTO sums VALUES ('a', 2)", &[]).await;
            Ok(())
        })
    });
    let error = advance(&store, quiet).await.unwrap_err();
    assert!(error.to_string().contains("has failed"), "{error}");
    assert!(shown(&raw, "SELECT name FROM sums").await.is_empty());
    let stand = store.subscribe(subscription).await.unwrap();
    assert_eq!(stand.position, Position::START);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn a_page_of_events_takes_two_round_trips() {
    let (database, direct, _) = opened().await;
    append(&direct, "alice", "opened", "0").await;
    let turns = Turns::before(database.url()).await;
    let builder = PostgresStore::builder(&turns.url(database.url())).readers(1);
    let store = builder.open().await.unwrap();
    store.catch_up::<Account>().await.unwrap();
    let mut subscriber: Box<dyn Subscriber> = Box::new(Projected::<Account>::new());
    let live = subscriber.subscription().clone();
    let mut fewest = usize::MAX;
    let mut of_nothing = usize::MAX;
    // By chance, an answer may come in two parts.
    for _ in 0..5 {
        append(&direct, "alice", "deposited", "1").await;
        let from = store.subscribe(live.clone()).await.unwrap();
        let query = ReadQuery::all().with_envelopes().after(from.position);
        let page = store.read(query, Page::new()).await.unwrap();
        subscriber.take(&page, &Parked::none()).unwrap();
        let before = turns.count();
        let (same, advanced) = store.advance(step(&live, from), subscriber).await;
        fewest = fewest.min(turns.count() - before);
        assert_eq!(advanced.unwrap(), Advanced::Done);
        subscriber = same;
        let from = store.subscribe(live.clone()).await.unwrap();
        let before = turns.count();
        let to_the_same = Advance { to: from.position, ..step(&live, from) };
        let nothing = Working::writing(&live, Vec::new());
        store.advance(to_the_same, nothing).await.1.unwrap();
        of_nothing = of_nothing.min(turns.count() - before);
    }
    assert_eq!((fewest, of_nothing), (2, 1));
}

#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn a_text_that_postgresql_cannot_keep_is_named() {
    let (_database, store, _) = opened().await;
    let subscription = subscription("sums", SUMS);
    let error = advance(&store, Working::writing(&subscription, vec![sum("a\0b", 1)]));
    let error = error.await.unwrap_err().to_string();
    assert!(error.contains("column `name`") && error.contains("U+0000"), "{error}");
    let by_sql = Working::writing(&subscription, Vec::new()).and(|transaction| {
        Box::pin(async move {
            transaction.execute("INSERT INTO sums VALUES ($1, 1)", &["\0".into()]).await.map(drop)
        })
    });
    let error = advance(&store, by_sql).await.unwrap_err().to_string();
    assert!(error.contains("U+0000"), "{error}");
}

async fn fence(store: &PostgresStore, name: String, holder: &str, duration: Duration) -> u64 {
    let claim = LeaseClaim { name, holder: holder.into(), duration };
    match store.claim_lease(claim).await.unwrap() {
        Lease::Held { fence } => fence,
        Lease::Taken { by, .. } => panic!("{by} has it"),
    }
}

#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn definition_that_was_replaced_does_not_come_back_with_a_dropped_table() {
    let (_database, store, raw) = opened().await;
    history(&store).await;
    store.catch_up::<Account>().await.unwrap();
    store.rebuild::<AccountAnew>().await.unwrap();
    raw.batch_execute("DROP TABLE accounts").await.unwrap();
    let error = store.catch_up::<Account>().await.unwrap_err();
    assert!(matches!(error, StoreError::ProjectionSuperseded { .. }), "{error}");
    store.catch_up::<AccountAnew>().await.unwrap();
    assert_eq!(store.find::<AccountAnew>("", []).await.unwrap().len(), 2);
    // One that nobody has replaced may make the table, and replaces the one before by that.
    raw.batch_execute("DROP TABLE accounts").await.unwrap();
    store.catch_up::<AccountVersion2>().await.unwrap();
    let error = store.catch_up::<AccountAnew>().await.unwrap_err();
    assert!(matches!(error, StoreError::ProjectionSuperseded { .. }), "{error}");
}

#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn definitions_longer_than_an_index_holds_replace_each_other() {
    let (_database, store, _) = opened().await;
    // Nothing that can be compressed.
    let long = |_| (0..300).map(|_| uuid::Uuid::now_v7().simple().to_string()).collect::<String>();
    let [one, other] = [(), ()].map(long).map(|definition| {
        let sums = subscription("sums", SUMS);
        Arc::new(Subscription { definition: definition.into(), ..(*sums).clone() })
    });
    store.subscribe(one.clone()).await.unwrap();
    for _ in 0..2 {
        store.start_over(other.clone(), None).await.unwrap();
        let error = store.subscribe(one.clone()).await.unwrap_err();
        assert!(matches!(error, StoreError::ProjectionSuperseded { .. }), "{error}");
        store.start_over(one.clone(), None).await.unwrap();
        let error = store.subscribe(other.clone()).await.unwrap_err();
        assert!(matches!(error, StoreError::ProjectionSuperseded { .. }), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn step_of_a_lease_that_was_taken_over_is_ended_and_stores_nothing() {
    let (_database, store, raw) = opened().await;
    let subscription = subscription("sums", SUMS);
    let lease = subscription.lease();
    let from = store.subscribe(subscription.clone()).await.unwrap();
    let slow = fence(&store, lease.clone(), "slow", Duration::from_millis(100)).await;
    let (begun, is_begun) = tokio::sync::oneshot::channel();
    let (going_on, goes_on) = tokio::sync::oneshot::channel::<()>();
    let mut signals = Some((begun, goes_on));
    let worker = Working::writing(&subscription, vec![sum("a", 1)]).and(move |transaction| {
        let (begun, goes_on) = signals.take().unwrap();
        Box::pin(async move {
            // The rows are written, and locked.
            transaction.query("SELECT sum FROM sums", &[]).await?;
            begun.send(()).unwrap();
            goes_on.await.unwrap();
            Ok(())
        })
    });
    let advance = Advance { fence: Some(slow), ..step(&subscription, from) };
    let running = tokio::spawn({
        let (store, advance) = (store.clone(), advance.clone());
        async move { store.advance(advance, worker).await.1 }
    });
    is_begun.await.unwrap();
    tokio::time::sleep(Duration::from_millis(150)).await;
    let taking = fence(&store, lease.clone(), "other", LIMIT);
    let taken = within(LIMIT / 4, "a step that is under way keeps it waiting", taking).await;
    assert!(taken > slow);
    let other = Advance { fence: Some(taken), ..step(&subscription, from) };
    let writer = Working::writing(&subscription, vec![sum("a", 2)]);
    let advanced = within(LIMIT / 4, "the rows are still locked", store.advance(other, writer));
    assert_eq!(advanced.await.1.unwrap(), Advanced::Done);
    going_on.send(()).unwrap();
    let ended = running.await.unwrap();
    assert!(matches!(ended, Err(StoreError::Fenced { fence, .. }) if fence == slow), "{ended:?}");
    let from = store.subscribe(subscription.clone()).await.unwrap();
    let late = Advance { from, ..advance };
    let late_writer = Working::writing(&subscription, vec![sum("a", 3)]);
    let late = store.advance(late, late_writer).await.1;
    assert!(matches!(late, Err(StoreError::Fenced { fence, .. }) if fence == slow), "{late:?}");
    assert_eq!(shown(&raw, "SELECT sum::text FROM sums").await, ["2"]);
}

#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn lease_claimed_before_the_clock_went_back_ends_after_its_length() {
    let (_database, store, raw) = opened().await;
    let length = Duration::from_millis(300);
    for (name, holder) in [("one", "first"), ("other", "first")] {
        fence(&store, name.to_owned(), holder, length).await;
    }
    raw.batch_execute("UPDATE esrs.leases SET until = until + interval '1 hour'").await.unwrap();
    let claim =
        |name: &str| LeaseClaim { name: name.to_owned(), holder: "second".into(), duration: LIMIT };
    for name in ["one", "other"] {
        let taken = store.claim_lease(claim(name)).await.unwrap();
        let Lease::Taken { by, for_another } = taken else { panic!("it is held: {taken:?}") };
        assert!(by == "first" && for_another <= length, "{by}, {for_another:?}");
    }
    let waiting = async {
        while let Lease::Taken { .. } = store.claim_lease(claim("one")).await.unwrap() {
            tokio::time::sleep(length / 10).await;
        }
    };
    within(LIMIT, "nobody can take it over before the clock is there again", waiting).await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn a_generation_is_never_given_twice() {
    let (_database, store, _) = opened().await;
    let live = subscription("sums", SUMS);
    let building = Arc::new(live.building());
    let mut given = Vec::new();
    for _ in 0..3 {
        given.push(store.subscribe(live.clone()).await.unwrap().generation);
        given.push(store.subscribe(building.clone()).await.unwrap().generation);
        given.push(store.start_over(building.clone(), None).await.unwrap().generation);
        match store.replace(Working::writing(&building, Vec::new()), None).await.1.unwrap() {
            Replaced::Done(checkpoint) => given.push(checkpoint.generation),
            Replaced::Behind(at) => panic!("behind {at}"),
        }
        given.push(store.start_over(live.clone(), None).await.unwrap().generation);
    }
    given.dedup();
    assert!(given.is_sorted_by(|one, other| one < other), "{given:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn a_swap_waits_for_who_reads_the_rows_and_appends_go_on_meanwhile() {
    let (database, _, looking) = opened().await;
    let inline = || PostgresStore::builder(database.url()).inline::<Account>();
    let store = inline().open().await.unwrap();
    history(&store).await;
    let reader = connect(database.url()).await;
    reader.batch_execute("BEGIN; SELECT FROM accounts").await.unwrap();
    let swapping = tokio::spawn({
        let store = store.clone();
        async move { store.rebuild::<Account>().await }
    });
    let waiting = "SELECT 1 FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND NOT granted";
    while looking.query(waiting, &[]).await.unwrap().is_empty() {
        assert!(!swapping.is_finished(), "somebody reads the rows");
    }
    for _ in 0..3 {
        within(LIMIT, "it waits for a moment", append(&store, "alice", "deposited", "5")).await;
    }
    reader.batch_execute("COMMIT").await.unwrap();
    within(LIMIT, "nobody reads any more", swapping).await.unwrap().unwrap();
    assert_eq!(shown(&looking, ACCOUNTS).await, ["alice 120", "carol 1"]);

    let hasty = inline().busy_timeout(Duration::from_millis(1)).open().await.unwrap();
    reader.batch_execute("BEGIN; SELECT FROM accounts").await.unwrap();
    let error = hasty.rebuild::<Account>().await.unwrap_err();
    assert!(matches!(error, StoreError::Busy { .. }), "{error}");
    assert!(error.to_string().starts_with("the table of accounts in "), "{error}");
    assert_eq!(shown(&looking, ACCOUNTS).await, ["alice 120", "carol 1"]);
}

#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn who_waits_learns_of_what_another_process_has_moved() {
    let (database, store, _) = opened().await;
    let other = PostgresStore::open(database.url()).await.unwrap();
    let subscription = subscription("sums", SUMS);
    let nobody =
        store.wait_for(subscription.clone(), Position::new(1).into(), Duration::ZERO).await;
    assert!(matches!(nobody, Err(StoreError::Lagging { reached: Position::START, .. })));
    let waiting = store.wait_for(subscription.clone(), Position::new(1).into(), LIMIT);
    let moving = advance(&other, Working::writing(&subscription, Vec::new()));
    let (waited, moved) = futures_util::future::join(waiting, moving).await;
    assert_eq!((waited.unwrap(), moved.unwrap()), (Position::new(1), Advanced::Done));
    let changed = Subscription { definition: "second".into(), ..(*subscription).clone() };
    let error =
        store.wait_for(Arc::new(changed), Position::new(1).into(), LIMIT).await.unwrap_err();
    assert!(matches!(error, StoreError::ProjectionChanged { .. }), "{error}");
}

#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn a_log_of_the_first_version_gets_what_read_models_need() {
    let (database, store, raw) = opened().await;
    history(&store).await;
    store.close().await;
    raw.batch_execute(
        "DROP TABLE esrs.subscriptions, esrs.leases, esrs.parked, esrs.parking_log, esrs.superseded;
         DROP FUNCTION esrs.hold_lease, esrs.refuse_end, esrs.append_by_name, esrs.append_commands;
         ALTER TABLE esrs.idempotency_keys DROP COLUMN command;
         UPDATE esrs.schema_version SET version = 1",
    )
    .await
    .unwrap();
    let store = PostgresStore::open(database.url()).await.unwrap();
    store.catch_up::<Account>().await.unwrap();
    assert_eq!(shown(&raw, ACCOUNTS).await, ["alice 105", "carol 1"]);
    assert_eq!(Account::TABLE.name, store.checkpoints().await.unwrap()[0].name);
}
