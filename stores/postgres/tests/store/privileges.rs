//! The rights of each role on each table, as they are measured; the page of the documentation says the same.

use std::fmt::Write;

use crate::support::account::Account;
use crate::support::{append, connect, one, read_all, stream};
use esrs_core::subscription::CheckpointStore;
use esrs_core::{EventStore, IdempotencyKey, ReadModels, ReadQuery, StoreError};
use esrs_postgres::PostgresStore;
use tokio_postgres::Client;
use tokio_postgres::error::SqlState;

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/doc/privileges.md");

const ROLES: [&str; 6] = ["nobody", "reading", "appending", "snapshots", "following", "owner"];

/// The tables, each with a row in it, columns and values to insert, and a column to update.
const TABLES: [(&str, &str, &str); 12] = [
    (
        "events",
        "(position, stream, version, kind, event_id, recorded_at, payload)
            VALUES (77, 1, 77, 1, gen_random_uuid(), 'infinity', '1')",
        "payload",
    ),
    ("streams", "(name, category) VALUES ('nonsense', '')", "name"),
    ("kinds", "(category, name, version) VALUES ('', '', 0)", "name"),
    (
        "idempotency_keys",
        "(stream, key, first_position, last_position) VALUES (77, '', 77, 7)",
        "key",
    ),
    ("snapshots", "VALUES (77, 1, 1, 1, now(), '1')", "state"),
    ("subscriptions", "VALUES ('s', false, 'd', 0, 7)", "definition"),
    ("leases", "VALUES ('l', 'h', 1, now())", "holder"),
    ("parked", "VALUES ('s', false, 'x', 1, 1, 'e', 'r', now(), false)", "reason"),
    (
        "parking_log",
        "(subscription, stream, version, action, reason, at) VALUES ('s', 'x', 1, 'a', 'r', now())",
        "reason",
    ),
    ("superseded", "VALUES ('n', 'd')", "definition"),
    ("schema_version", "VALUES (7)", "version"),
    ("log", "(position) VALUES (1)", "stream"),
];

/// The result of a statement of a role, which is rolled back.
async fn measured(client: &Client, statement: &str) -> &'static str {
    client.batch_execute("BEGIN").await.unwrap();
    let done = client.batch_execute(statement).await;
    client.batch_execute("ROLLBACK").await.unwrap();
    let Err(error) = done else { return "yes" };
    let said = error.as_db_error().unwrap();
    match said.code() {
        code if *code == SqlState::INSUFFICIENT_PRIVILEGE => {
            match said.message().contains("row-level security") {
                true => "bounded",
                false => "–",
            }
        }
        code if *code == SqlState::RESTRICT_VIOLATION => "refused",
        // It may be done, and not twice.
        code if *code == SqlState::UNIQUE_VIOLATION => "yes",
        // A view of several tables takes no rows.
        code if *code == SqlState::OBJECT_NOT_IN_PREREQUISITE_STATE => "–",
        code if *code == SqlState::WRONG_OBJECT_TYPE => "–",
        _ => panic!("{statement}: {error:?}"),
    }
}

/// Rows of a Markdown table: one for each thing that is done, one column for each role.
async fn rows(page: &mut String, clients: &[Client], cases: &[(String, String)]) {
    let _ = writeln!(page, "| | {} |", ROLES.join(" | "));
    let _ = writeln!(page, "| --- |{}", " --- |".repeat(ROLES.len()));
    for (name, statement) in cases {
        let mut cells = Vec::new();
        for client in clients {
            cells.push(measured(client, statement).await);
        }
        let _ = writeln!(page, "| {name} | {} |", cells.join(" | "));
    }
}

#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn each_role_may_do_what_the_page_says() {
    let database = postgres_server::database().unwrap();
    let raw = connect(database.url()).await;
    let name = database.name();
    let role = |role: &str| format!("{role}_{name}");
    for one in ROLES {
        let role = role(one);
        raw.batch_execute(&format!("CREATE ROLE {role} LOGIN PASSWORD 'secret'")).await.unwrap();
    }
    let owner = role("owner");
    raw.batch_execute(&format!("GRANT CREATE ON DATABASE {name} TO {owner}")).await.unwrap();
    let (_, address) = database.url().split_once('@').unwrap();
    let url_of = |one: &str| format!("postgres://{}:secret@{address}", role(one));
    let open = async |one: &str| {
        let url = url_of(one);
        PostgresStore::builder(&url).read_model_schema("models").open().await
    };
    let store = open("owner").await.unwrap();
    store.grant_reading(&role("reading")).await.unwrap();
    store.grant_appending(&role("appending")).await.unwrap();
    store.grant_snapshots(&role("snapshots")).await.unwrap();
    store.grant_following(&role("following")).await.unwrap();
    append(&store, "a").await;
    store.append(one("a").with_idempotency_key("key")).await.unwrap();
    for (table, values, _) in &TABLES[4..10] {
        raw.batch_execute(&format!("INSERT INTO esrs.{table} {values}")).await.unwrap();
    }

    let mut clients = Vec::new();
    for one in ROLES {
        clients.push(connect(&url_of(one)).await);
    }
    let mut page = String::from(
        "The rights of each role, as a test measures them in every cell (`tests/store/privileges.rs`).\n\n\
         `nobody` is a role of the database that was granted nothing; `reading`, `appending`, `snapshots` and \
         `following` are granted by the functions of [`PostgresStore`](crate::PostgresStore) of these names; the \
         `owner` has made the tables. *bounded*: a policy lets the role say only what an append says \
         (an event stands at the end of the log and of a stream that is there, names and times can be \
         read, a key stands for events that are there); the cell was measured with nonsense. *refused*: a \
         trigger refuses it, to everybody. What is bounded is where an event stands: its payload, its actor \
         and its time are the word of the role that appends it.\n\n\
         A superuser, a role with `BYPASSRLS` and the owner of the tables are not bounded by policies. \
         `pg_dump` by any other role needs `--enable-row-security`; every policy lets it read all rows. A role \
         that may connect can hold the lock of the log, and so keep others from appending: limit that by \
         `idle_in_transaction_session_timeout` of the role.\n",
    );
    for (operation, statement) in [
        ("SELECT", "SELECT * FROM esrs.{table}"),
        ("INSERT", "INSERT INTO esrs.{table} {values}"),
        ("UPDATE", "UPDATE esrs.{table} SET {column} = {column}"),
        ("DELETE", "DELETE FROM esrs.{table}"),
        ("TRUNCATE", "TRUNCATE esrs.{table}"),
    ] {
        let case = |(table, values, column): &(&str, &str, &str)| {
            let statement = statement.replace("{table}", table);
            let statement = statement.replace("{values}", values).replace("{column}", column);
            (format!("`{table}`"), statement)
        };
        let cases: Vec<_> = TABLES.iter().map(case).collect();
        let _ = write!(page, "\n# `{operation}`\n\n");
        rows(&mut page, &clients, &cases).await;
    }
    page += "\n# The sequence of positions\n\n";
    let sequence = [
        ("read the last position", "SELECT last_value FROM esrs.position_seq"),
        ("take the next position", "SELECT nextval('esrs.position_seq')"),
        ("set the position", "SELECT setval('esrs.position_seq', 77)"),
    ];
    rows(&mut page, &clients, &sequence.map(|(a, b)| (a.to_owned(), b.to_owned()))).await;
    page += "\n# Making things\n\n";
    let making = [
        ("a table in the schema of the log", "CREATE TABLE esrs.made (a int)"),
        (
            "a function in the schema of the log",
            "CREATE FUNCTION esrs.made() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        ),
        ("a table in the schema of read models", "CREATE TABLE models.made (a int)"),
        (
            "a trigger on events",
            "CREATE TRIGGER made BEFORE INSERT ON esrs.events FOR EACH ROW EXECUTE FUNCTION esrs.refuse_change()",
        ),
        ("events without their triggers", "ALTER TABLE esrs.events DISABLE TRIGGER ALL"),
        ("events without their policies", "ALTER TABLE esrs.events DISABLE ROW LEVEL SECURITY"),
    ];
    rows(&mut page, &clients, &making.map(|(a, b)| (a.to_owned(), b.to_owned()))).await;
    page += "\n# Functions\n\nEach runs with the rights of its caller.\n\n";
    let functions = "SELECT DISTINCT p.proname::text, p.oid::regprocedure::text FROM pg_proc p
        WHERE pronamespace = 'esrs'::regnamespace ORDER BY 1";
    let functions = raw.query(functions, &[]).await.unwrap();
    let _ = writeln!(page, "| `EXECUTE` | {} |", ROLES.join(" | "));
    let _ = writeln!(page, "| --- |{}", " --- |".repeat(ROLES.len()));
    for row in &functions {
        let (short, signature): (&str, &str) = (row.get(0), row.get(1));
        let mut cells = Vec::new();
        for one in ROLES {
            let may = "SELECT has_schema_privilege($1, 'esrs', 'USAGE')
                AND has_function_privilege($1, $2, 'EXECUTE')";
            let may: bool = raw.query_one(may, &[&role(one), &signature]).await.unwrap().get(0);
            cells.push(if may { "yes" } else { "–" });
        }
        let _ = writeln!(page, "| `{short}` | {} |", cells.join(" | "));
    }
    let definers = "SELECT count(*) FROM pg_proc WHERE pronamespace = 'esrs'::regnamespace
        AND (prosecdef OR proconfig IS NULL)";
    let definers: i64 = raw.query_one(definers, &[]).await.unwrap().get(0);
    assert_eq!(definers, 0, "a function runs with other rights, or by the path of its caller");

    if std::env::var_os("BLESS").is_some() {
        std::fs::write(PAGE, &page).unwrap();
    }
    assert_eq!(std::fs::read_to_string(PAGE).unwrap(), page, "BLESS=1 accepts what was measured");

    // The same by the store's own calls.
    assert!(matches!(open("nobody").await, Err(StoreError::Denied { .. })));
    for one in ["reading", "appending", "snapshots", "following"] {
        let store = open(one).await.unwrap();
        assert_eq!(read_all(&store).await.len(), 2);
        let page =
            store.read(ReadQuery::stream(stream("a")), esrs_core::Page::new()).await.unwrap();
        assert_eq!(page.len(), 2);
        let appended = store.append(crate::support::one("a")).await;
        assert_eq!(appended.is_ok(), one == "appending", "{one}: {appended:?}");
        let found = store.find_append(stream("a"), IdempotencyKey::new("key")).await;
        assert_eq!(found.is_ok(), one == "appending", "{one}: {found:?}");
        let checkpoints = store.checkpoints().await;
        assert_eq!(checkpoints.is_ok(), one == "following", "{one}: {checkpoints:?}");
        let followed = store.catch_up::<Account>().await;
        let is_denied = matches!(followed, Err(StoreError::Denied { .. }));
        assert_eq!(is_denied, one != "following", "{one}: {followed:?}");
        let granted = store.grant_reading(&role("nobody")).await;
        assert!(matches!(granted, Err(StoreError::Denied { .. })), "{one}: {granted:?}");
        store.close().await;
        if one == "appending" {
            // So that each finds what the first did.
            raw.batch_execute(
                "ALTER TABLE esrs.events DISABLE TRIGGER ALL; DELETE FROM esrs.events WHERE version = 3;
                 ALTER TABLE esrs.events ENABLE TRIGGER ALL",
            )
            .await
            .unwrap();
        }
    }
    store.close().await;
    drop(clients);
    let roles = ROLES.map(role).join(", ");
    raw.batch_execute(&format!("DROP OWNED BY {roles} CASCADE")).await.unwrap();
    raw.batch_execute(&format!("DROP ROLE {roles}")).await.unwrap();
}
