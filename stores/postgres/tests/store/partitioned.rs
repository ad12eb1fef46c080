//! A log may be divided into partitions, and is protected in each.

use crate::support::{append, connect, event, one, read_all, stream};
use esrs_core::conformance;
use esrs_core::{AppendBatch, AppendCondition, EventStore};
use esrs_postgres::PostgresStore;
use tokio_postgres::Client;
use tokio_postgres::error::SqlState;

/// The statements that the crate's documentation tells a user to run.
const PARTITION: &str = include_str!("../../doc/partition.sql");

/// The script that it told before the tables of version 5.
const BY_HAND: &str = include_str!("../support/partitioned_by_hand.sql");

const TABLES_OF_VERSION_4: [&str; 4] = [
    include_str!("../../src/sql/v1.sql"),
    include_str!("../../src/sql/v2.sql"),
    include_str!("../../src/sql/v3.sql"),
    include_str!("../../src/sql/v4.sql"),
];

async fn partitions(raw: &Client) -> Vec<String> {
    let names = "SELECT inhrelid::regclass::text FROM pg_inherits
        WHERE inhparent = 'esrs.events'::regclass ORDER BY inhrelid";
    raw.query(names, &[]).await.unwrap().iter().map(|row| row.get(0)).collect()
}

/// Nobody, not even the owner, takes events away by a partition.
async fn each_partition_refuses_changes(raw: &Client) {
    for table in partitions(raw).await.into_iter().chain(["esrs.events".to_owned()]) {
        for statement in [
            format!("TRUNCATE {table}"),
            format!("TRUNCATE {table} CASCADE"),
            format!("TRUNCATE {table} RESTART IDENTITY"),
        ] {
            let error = raw.batch_execute(&statement).await.expect_err(&statement);
            assert_eq!(error.code(), Some(&SqlState::RESTRICT_VIOLATION), "{statement}: {error:?}");
        }
        let count = format!("SELECT count(*) FROM {table}");
        if raw.query_one(&count, &[]).await.unwrap().get::<_, i64>(0) == 0 {
            continue;
        }
        for statement in
            [format!("DELETE FROM {table}"), format!("UPDATE {table} SET payload = '1'")]
        {
            let error = raw.batch_execute(&statement).await.expect_err(&statement);
            assert_eq!(error.code(), Some(&SqlState::RESTRICT_VIOLATION), "{statement}: {error:?}");
        }
    }
}

#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn a_partitioned_log_keeps_every_promise_and_what_was_there_before() {
    let database = postgres_server::database().unwrap();
    let store = PostgresStore::open(database.url()).await.unwrap();
    conformance::all(&store).await;
    let client = connect(database.url()).await;
    let count = "SELECT count(*) FROM esrs.log";
    let before: i64 = client.query_one(count, &[]).await.unwrap().get(0);
    store.close().await;

    client.batch_execute(PARTITION).await.unwrap();
    let after: i64 = client.query_one(count, &[]).await.unwrap().get(0);
    assert_eq!(before, after);
    let store = PostgresStore::open(database.url()).await.unwrap();
    conformance::all(&store).await;
    let parts = "SELECT count(DISTINCT tableoid) FROM esrs.events";
    let parts: i64 = client.query_one(parts, &[]).await.unwrap().get(0);
    assert!(parts > 1, "all events stand in one partition");
    each_partition_refuses_changes(&client).await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn division_keeps_the_rights_and_the_protection_of_the_log() {
    let database = postgres_server::database().unwrap();
    let raw = connect(database.url()).await;
    let role = format!("appender_{}", database.name());
    // Rights that tables get by themselves are none of the log's.
    raw.batch_execute(&format!(
        "CREATE ROLE {role} LOGIN PASSWORD 'secret'; CREATE ROLE {role}_other;
         ALTER DEFAULT PRIVILEGES GRANT ALL ON TABLES TO {role}_other"
    ))
    .await
    .unwrap();
    let store = PostgresStore::open(database.url()).await.unwrap();
    raw.batch_execute(&format!("REVOKE ALL ON ALL TABLES IN SCHEMA esrs FROM {role}_other"))
        .await
        .unwrap();
    store.grant_appending(&role).await.unwrap();
    append(&store, "a").await;
    let rights = "SELECT relacl::text FROM pg_class WHERE oid = 'esrs.events'::regclass";
    let before: String = raw.query_one(rights, &[]).await.unwrap().get(0);

    // Whoever has it open would store what the indexes of partitions cannot refuse.
    let error = raw.batch_execute(PARTITION).await.unwrap_err();
    assert!(error.as_db_error().unwrap().message().contains("open store"), "{error:?}");
    append(&store, "a").await;
    store.close().await;
    raw.batch_execute("SELECT esrs.partition_events(3)").await.unwrap();
    for wrong in ["0", "-1", "NULL", "1000000000001"] {
        raw.batch_execute(&format!("SELECT esrs.partition_events({wrong})")).await.unwrap_err();
    }
    let after: String = raw.query_one(rights, &[]).await.unwrap().get(0);
    assert_eq!(after, before);
    assert_eq!(partitions(&raw).await.len(), 3);

    let (_, address) = database.url().split_once('@').unwrap();
    let url = format!("postgres://{role}:secret@{address}");
    let as_role = PostgresStore::open(&url).await.unwrap();
    let several = AppendBatch::new(stream("b"), AppendCondition::Any, vec![event("1"), event("2")]);
    as_role.append(several).await.unwrap();
    // It goes on while another partition is made ready, far behind the last.
    for round in 0..6 {
        append(&as_role, "a").await;
        as_role.append(one(format!("c-{round}"))).await.unwrap();
        raw.batch_execute("SELECT esrs.partition_events(3)").await.unwrap();
    }
    append(&as_role, "a").await;
    assert_eq!(read_all(&as_role).await.len(), 17);
    let shown: i64 = raw.query_one("SELECT count(*) FROM esrs.log", &[]).await.unwrap().get(0);
    assert_eq!(shown, 17, "the view shows a part of the log");
    assert_eq!(partitions(&raw).await.len(), 9);
    each_partition_refuses_changes(&raw).await;

    // A partition gives the role nothing that the whole does not.
    let raw_role = connect(&url).await;
    let nonsense = "(position, stream, version, kind, event_id, recorded_at, payload)
        VALUES (9223372036854775000, 1, 77, 1, gen_random_uuid(), 'infinity', '1')";
    for table in partitions(&raw).await.into_iter().chain(["esrs.events".to_owned()]) {
        let insert = format!("INSERT INTO {table} {nonsense}");
        let error = raw_role.batch_execute(&insert).await.expect_err(&insert);
        assert_eq!(error.code(), Some(&SqlState::INSUFFICIENT_PRIVILEGE), "{insert}: {error:?}");
    }
    drop(raw_role);
    as_role.close().await;
    raw.batch_execute(&format!(
        "ALTER DEFAULT PRIVILEGES REVOKE ALL ON TABLES FROM {role}_other;
         DROP OWNED BY {role}, {role}_other; DROP ROLE {role}, {role}_other"
    ))
    .await
    .unwrap();
}

#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn log_that_was_divided_by_hand_is_protected_by_the_migration() {
    let database = postgres_server::database().unwrap();
    let raw = connect(database.url()).await;
    let tables = TABLES_OF_VERSION_4
        .map(|step| step.replace("{schema}", "esrs").replace("{lock}", "1702064755, -1509142538"));
    raw.batch_execute(&format!(
        "CREATE SCHEMA esrs; CREATE TABLE esrs.schema_version (version integer NOT NULL);
         INSERT INTO esrs.schema_version VALUES (4); {}",
        tables.join(";")
    ))
    .await
    .unwrap();
    raw.batch_execute(
        "INSERT INTO esrs.kinds (category, name, version) VALUES ('account', 'deposited', 1);
         INSERT INTO esrs.streams (name, category) VALUES ('account-old', 'account');
         INSERT INTO esrs.events (position, stream, version, kind, event_id, recorded_at, payload)
             VALUES (nextval('esrs.position_seq'), 1, 1, 1, gen_random_uuid(), now(), '7')",
    )
    .await
    .unwrap();
    raw.batch_execute(BY_HAND).await.unwrap();
    let store = PostgresStore::open(database.url()).await.unwrap();
    append(&store, "old").await;
    append(&store, "new").await;
    each_partition_refuses_changes(&raw).await;
    raw.batch_execute("SELECT esrs.partition_events(5)").await.unwrap();
    append(&store, "new").await;
    assert_eq!(read_all(&store).await.len(), 4);
    assert_eq!(partitions(&raw).await.len(), 4);
    each_partition_refuses_changes(&raw).await;
}

/// The rights that roles have by the partitions themselves.
async fn rights_on_partitions(raw: &Client) -> Vec<String> {
    let rights = "SELECT c.relname || ': ' || a::text FROM pg_inherits
        JOIN pg_class c ON c.oid = inhrelid, LATERAL (
            SELECT aclexplode(c.relacl) UNION ALL
            SELECT aclexplode(attacl) FROM pg_attribute WHERE attrelid = c.oid) rights (a)
        WHERE inhparent = 'esrs.events'::regclass AND (a).grantee <> c.relowner";
    raw.query(rights, &[]).await.unwrap().iter().map(|row| row.get(0)).collect()
}

/// The message of an error that says that a right is missing.
async fn denied(client: &Client, statement: &str) -> String {
    let error = client.batch_execute(statement).await.expect_err(statement);
    assert_eq!(error.code(), Some(&SqlState::INSUFFICIENT_PRIVILEGE), "{statement}: {error:?}");
    error.as_db_error().unwrap().message().to_owned()
}

#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn grants_on_a_partition_give_no_way_past_the_log() {
    let database = postgres_server::database().unwrap();
    let raw = connect(database.url()).await;
    let (role, other) = (format!("ops_{}", database.name()), format!("other_{}", database.name()));
    raw.batch_execute(&format!(
        "CREATE ROLE {role} LOGIN PASSWORD 'secret'; CREATE ROLE {other} LOGIN PASSWORD 'secret'"
    ))
    .await
    .unwrap();
    let store = PostgresStore::open(database.url()).await.unwrap();
    store.grant_appending(&role).await.unwrap();
    append(&store, "a").await;
    store.close().await;
    raw.batch_execute("SELECT esrs.partition_events(3)").await.unwrap();
    let parts = partitions(&raw).await;
    for part in &parts {
        raw.batch_execute(&format!("GRANT ALL ON {part} TO {role} WITH GRANT OPTION"))
            .await
            .unwrap();
    }

    let (_, address) = database.url().split_once('@').unwrap();
    let as_role = connect(&format!("postgres://{role}:secret@{address}")).await;
    for part in &parts {
        let insert = format!(
            "INSERT INTO {part} (position, stream, version, kind, event_id, recorded_at, payload)
            VALUES (1, 1, 77, 1, gen_random_uuid(), now(), '1')"
        );
        assert!(denied(&as_role, &insert).await.contains("row-level security"), "{insert}");
        let changed = format!("UPDATE {part} SET payload = '1'");
        assert_eq!(as_role.execute(&changed, &[]).await.unwrap(), 0, "{changed}");
        // Neither what it passes on, nor a right on columns, keeps one behind.
        as_role.batch_execute(&format!("GRANT SELECT ON {part} TO {other}")).await.unwrap();
        let columns = format!("GRANT INSERT (payload), SELECT (position) ON {part} TO {other}");
        raw.batch_execute(&columns).await.unwrap();
    }
    each_partition_refuses_changes(&raw).await;
    raw.batch_execute("SELECT esrs.partition_events(3)").await.unwrap();
    assert_eq!(rights_on_partitions(&raw).await, [""; 0]);
    let as_other = connect(&format!("postgres://{other}:secret@{address}")).await;
    raw.batch_execute(&format!("GRANT USAGE ON SCHEMA esrs TO {other}")).await.unwrap();
    for part in &parts {
        let read = format!("SELECT position FROM {part}");
        for client in [&as_role, &as_other] {
            assert!(denied(client, &read).await.contains("permission denied"), "{read}");
        }
    }
    let store = PostgresStore::open(&format!("postgres://{role}:secret@{address}")).await.unwrap();
    append(&store, "a").await;
    store.close().await;
    drop((as_role, as_other));
    raw.batch_execute(&format!("DROP OWNED BY {role}, {other}; DROP ROLE {role}, {other}"))
        .await
        .unwrap();
}

#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn division_keeps_rights_on_columns_and_those_that_were_passed_on() {
    let database = postgres_server::database().unwrap();
    let raw = connect(database.url()).await;
    let name = database.name();
    let (lead, clerk) = (format!("lead_{name}"), format!("clerk_{name}"));
    let store = PostgresStore::open(database.url()).await.unwrap();
    append(&store, "a").await;
    store.close().await;
    raw.batch_execute(&format!(
        "CREATE ROLE {lead} LOGIN PASSWORD 'secret'; CREATE ROLE {clerk} LOGIN PASSWORD 'secret';
         GRANT USAGE ON SCHEMA esrs TO {lead}, {clerk};
         GRANT SELECT (position, kind) ON esrs.events TO {clerk};
         GRANT SELECT (version) ON esrs.events TO {lead} WITH GRANT OPTION;
         GRANT SELECT (stream) ON esrs.events TO PUBLIC;
         GRANT REFERENCES ON esrs.events TO {lead} WITH GRANT OPTION;
         SET ROLE {lead};
         GRANT SELECT (version) ON esrs.events TO {clerk};
         GRANT REFERENCES ON esrs.events TO {clerk};
         RESET ROLE"
    ))
    .await
    .unwrap();
    let rights = "SELECT (SELECT string_agg(a.grantee || a.privilege_type || a.is_grantable, ',' ORDER BY 1)
                FROM aclexplode(relacl) a WHERE a.grantee <> relowner) || ' ' ||
            (SELECT string_agg(attname || a.grantee || a.privilege_type || a.is_grantable, ',' ORDER BY 1)
                FROM pg_attribute, aclexplode(attacl) a WHERE attrelid = c.oid)
        FROM pg_class c WHERE oid = 'esrs.events'::regclass";
    let before: String = raw.query_one(rights, &[]).await.unwrap().get(0);
    raw.batch_execute("SELECT esrs.partition_events(3)").await.unwrap();
    let after: String = raw.query_one(rights, &[]).await.unwrap().get(0);
    assert_eq!(after, before);
    assert_eq!(rights_on_partitions(&raw).await, [""; 0]);

    let (_, address) = database.url().split_once('@').unwrap();
    let as_clerk = connect(&format!("postgres://{clerk}:secret@{address}")).await;
    let read = "SELECT position, kind, version, stream FROM esrs.events";
    assert_eq!(as_clerk.query(read, &[]).await.unwrap().len(), 1);
    denied(&as_clerk, "SELECT payload FROM esrs.events").await;
    denied(&as_clerk, "SELECT position FROM esrs.events_of_old").await;
    drop(as_clerk);
    raw.batch_execute(&format!("DROP OWNED BY {lead}, {clerk}; DROP ROLE {lead}, {clerk}"))
        .await
        .unwrap();
}

#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn log_that_a_superuser_divides_stays_its_owners() {
    let database = postgres_server::database().unwrap();
    let raw = connect(database.url()).await;
    let owner = format!("owner_{}", database.name());
    raw.batch_execute(&format!(
        "CREATE ROLE {owner} LOGIN PASSWORD 'secret';
         GRANT CREATE ON DATABASE {} TO {owner}",
        database.name()
    ))
    .await
    .unwrap();
    let (_, address) = database.url().split_once('@').unwrap();
    let url = format!("postgres://{owner}:secret@{address}");
    let store = PostgresStore::open(&url).await.unwrap();
    append(&store, "a").await;
    store.close().await;
    // The first time, and again.
    for parts in [3, 4] {
        raw.batch_execute("SELECT esrs.partition_events(2)").await.unwrap();
        assert_eq!(partitions(&raw).await.len(), parts);
        let owners = "SELECT DISTINCT pg_get_userbyid(relowner)::text FROM pg_class
            WHERE relnamespace = 'esrs'::regnamespace";
        let owners = raw.query(owners, &[]).await.unwrap();
        let owners: Vec<&str> = owners.iter().map(|row| row.get(0)).collect();
        assert_eq!(owners, [&owner]);
    }
    let store = PostgresStore::open(&url).await.unwrap();
    let as_owner = connect(&url).await;
    for _ in 0..3 {
        append(&store, "a").await;
        as_owner.batch_execute("SELECT esrs.partition_events(2)").await.unwrap();
    }
    assert_eq!(read_all(&store).await.len(), 4);
    let shown = as_owner.query("SELECT stream FROM esrs.log", &[]).await.unwrap();
    assert_eq!(shown.len(), 4);
    each_partition_refuses_changes(&as_owner).await;
    store.close().await;
    drop(as_owner);
    raw.batch_execute(&format!("DROP OWNED BY {owner} CASCADE; DROP ROLE {owner}")).await.unwrap();
}
