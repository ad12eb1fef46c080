//! A database whose tables were made by the version before is brought up to date, with all that is in it.

use std::sync::Arc;

use crate::support::account::Account;
use crate::support::{connect, event, read_all, stream};
use esrs_core::subscription::{
    Checkpoint, CheckpointStore, Lease, LeaseClaim, LeaseStore, Projected, Subscription,
};
use esrs_core::{
    AppendBatch, AppendCondition, CommandFingerprint, EventStore, IdempotencyKey, NewEvent,
    Position, ReadModels, SqlReadModels, StoreError,
};
use esrs_postgres::PostgresStore;
use tokio_postgres::error::SqlState;

const BEFORE: [&str; 2] =
    [include_str!("../../src/sql/v1.sql"), include_str!("../../src/sql/v2.sql")];

#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn tables_of_version_two_are_migrated_with_their_rows_and_rights() {
    let database = postgres_server::database().unwrap();
    let raw = connect(database.url()).await;
    let subscription = Projected::<Account>::subscription_of();
    let Subscription { name, definition, .. } = &subscription;
    let role = format!("follower_{}", database.name());
    let made = BEFORE
        .map(|step| step.replace("{schema}", "esrs").replace("{lock}", "1702064755, -1509142538"));
    let old = format!(
        "CREATE ROLE {role};
         CREATE SCHEMA esrs;
         CREATE TABLE esrs.schema_version (version integer NOT NULL);
         INSERT INTO esrs.schema_version VALUES (2);
         {};
         GRANT SELECT, INSERT, UPDATE, DELETE ON esrs.subscriptions, esrs.leases TO {role};
         INSERT INTO esrs.kinds (category, name, version) VALUES ('account', 'opened', 1);
         INSERT INTO esrs.streams (name, category) VALUES ('account-a', 'account');
         INSERT INTO esrs.events (position, stream, version, kind, event_id, recorded_at, payload)
             VALUES (nextval('esrs.position_seq'), 1, 1, 1, gen_random_uuid(), now(), '7');
         INSERT INTO esrs.idempotency_keys VALUES (1, 'old key', 1, 1);
         CREATE TABLE accounts (id text PRIMARY KEY, cents bigint NOT NULL, last_event uuid NOT NULL,
             changed_at timestamptz NOT NULL, actor text);
         INSERT INTO accounts VALUES ('a', 7, gen_random_uuid(), now());
         INSERT INTO esrs.subscriptions VALUES ('{name}', false, '{definition}', 1, 3);
         INSERT INTO esrs.leases VALUES ('lease', 'old', 5, now() - interval '1 minute')",
        made.join(";")
    );
    raw.batch_execute(&old).await.unwrap();

    let store = PostgresStore::builder(database.url()).inline::<Account>().open().await.unwrap();
    let at = store.subscribe(Arc::new(subscription.clone())).await.unwrap();
    let checkpoint = Checkpoint { position: Position::new(1), generation: 3, mark: None };
    assert_eq!((at.position, at.generation), (checkpoint.position, checkpoint.generation));
    let next = NewEvent { name: "opened".into(), ..event("1") };
    let behind = AppendCondition::Version(1);
    store.append(AppendBatch::new(stream("a"), behind, vec![event("5")])).await.unwrap();
    store
        .append(AppendBatch::new(stream("b"), AppendCondition::NoStream, vec![next]))
        .await
        .unwrap();
    assert_eq!(read_all(&store).await.len(), 3);
    let cents = store.query("SELECT cents FROM accounts ORDER BY id", []).await.unwrap();
    assert_eq!(cents, [[12.into()], [1.into()]]);
    for command in ["one", "another"] {
        let fingerprint = CommandFingerprint::of(command).unwrap();
        let old_key = || IdempotencyKey::new("old key").for_command(fingerprint.clone());
        let again = AppendBatch::new(stream("a"), AppendCondition::Any, vec![event("1")]);
        let again = store.append(again.with_idempotency_key(old_key())).await.unwrap();
        assert!(again.repeated && again.first_position == Position::new(1), "{again:?}");
        assert!(store.find_append(stream("a"), old_key()).await.unwrap().is_some());
    }
    let claim = LeaseClaim {
        name: "lease".into(),
        holder: "new".into(),
        duration: std::time::Duration::from_secs(9),
    };
    assert_eq!(store.claim_lease(claim).await.unwrap(), Lease::Held { fence: 6 });
    for (table, is_granted) in [("superseded", true), ("events", false)] {
        let asked = format!("SET ROLE {role}; SELECT count(*) FROM esrs.{table}");
        raw.batch_execute(&format!("GRANT USAGE ON SCHEMA esrs TO {role}")).await.unwrap();
        let read = raw.batch_execute(&asked).await;
        raw.batch_execute("RESET ROLE").await.unwrap();
        match is_granted {
            true => read.unwrap(),
            false => {
                assert_eq!(read.unwrap_err().code(), Some(&SqlState::INSUFFICIENT_PRIVILEGE));
            }
        }
    }
    store.close().await;
    raw.batch_execute(&format!("DROP OWNED BY {role}; DROP ROLE {role}")).await.unwrap();
}

const TABLES_OF_VERSION_4: [&str; 4] = [
    BEFORE[0],
    BEFORE[1],
    include_str!("../../src/sql/v3.sql"),
    include_str!("../../src/sql/v4.sql"),
];

#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn rights_that_were_granted_on_tables_of_version_four_are_bounded_and_enough() {
    let database = postgres_server::database().unwrap();
    let raw = connect(database.url()).await;
    let name = database.name();
    let (teller, follower) = (format!("teller_{name}"), format!("follower_{name}"));
    let (lead, clerk) = (format!("lead_{name}"), format!("clerk_{name}"));
    let made = TABLES_OF_VERSION_4
        .map(|step| step.replace("{schema}", "esrs").replace("{lock}", "1702064755, -1509142538"));
    // As `grant_appending` and `grant_following` granted them then, and as roles passed them on.
    raw.batch_execute(&format!(
        "CREATE ROLE {teller} LOGIN PASSWORD 'secret'; CREATE ROLE {follower} LOGIN PASSWORD 'secret';
         CREATE SCHEMA esrs;
         CREATE TABLE esrs.schema_version (version integer NOT NULL);
         INSERT INTO esrs.schema_version VALUES (4);
         {};
         GRANT USAGE ON SCHEMA esrs TO {teller}, {follower};
         GRANT SELECT ON ALL TABLES IN SCHEMA esrs TO {teller}, {follower};
         GRANT USAGE ON SEQUENCE esrs.position_seq TO {teller};
         GRANT INSERT ON esrs.events, esrs.streams, esrs.kinds, esrs.idempotency_keys, esrs.snapshots
             TO {teller};
         GRANT UPDATE ON esrs.snapshots TO {teller};
         GRANT INSERT, UPDATE, DELETE ON esrs.subscriptions, esrs.leases, esrs.parked,
             esrs.parking_log, esrs.superseded TO {follower};
         GRANT USAGE, CREATE ON SCHEMA public TO {follower};
         CREATE ROLE {clerk}; CREATE ROLE {lead};
         GRANT USAGE ON SCHEMA esrs TO {lead}, {clerk};
         GRANT ALL ON esrs.streams, esrs.kinds, esrs.parking_log TO {lead} WITH GRANT OPTION;
         SET ROLE {lead}; GRANT ALL ON esrs.streams, esrs.kinds, esrs.parking_log TO {clerk}; RESET ROLE",
        made.join(";")
    ))
    .await
    .unwrap();
    let store = PostgresStore::open(database.url()).await.unwrap();
    let opened = |id: &str| {
        let opened = NewEvent { name: "opened".into(), ..event("1") };
        AppendBatch::new(stream(id), AppendCondition::Any, vec![opened])
    };
    store.append(opened("a")).await.unwrap();
    let (_, address) = database.url().split_once('@').unwrap();
    let url_of = |role: &str| format!("postgres://{role}:secret@{address}");

    let as_teller = PostgresStore::open(&url_of(&teller)).await.unwrap();
    as_teller.append(opened("b").with_idempotency_key("key")).await.unwrap();
    assert!(as_teller.append(opened("b").with_idempotency_key("key")).await.unwrap().repeated);
    as_teller
        .append(AppendBatch::new(stream("b"), AppendCondition::Version(1), vec![event("1")]))
        .await
        .unwrap();
    let as_follower = PostgresStore::open(&url_of(&follower)).await.unwrap();
    as_follower.catch_up::<Account>().await.unwrap();
    assert_eq!(as_follower.find::<Account>("true", []).await.unwrap().len(), 2);
    let denied = as_follower.append(opened("c")).await.unwrap_err();
    assert!(matches!(denied, StoreError::Denied { .. }), "{denied:?}");
    assert_eq!(as_follower.find::<Account>("true", []).await.unwrap().len(), 2);
    // As `grant_reading` grants it now.
    let given = connect(&url_of(&follower)).await;
    let given = given.query_one("SELECT last_value FROM esrs.position_seq", &[]).await.unwrap();
    assert_eq!(given.get::<_, i64>(0), 3);

    for role in [&lead, &clerk] {
        for (statement, is_granted) in [
            ("INSERT INTO esrs.streams (name, category) VALUES ('account-x', 'account')", true),
            ("INSERT INTO esrs.streams (name, category) VALUES ('nonsense', '')", false),
            (
                "INSERT INTO esrs.kinds OVERRIDING SYSTEM VALUE VALUES (77, 'account', 'x', 1)",
                false,
            ),
            ("UPDATE esrs.streams SET name = name", false),
            ("TRUNCATE esrs.kinds", false),
            ("DELETE FROM esrs.parking_log", false),
        ] {
            raw.batch_execute(&format!("BEGIN; SET LOCAL ROLE {role}")).await.unwrap();
            let done = raw.batch_execute(statement).await;
            raw.batch_execute("ROLLBACK").await.unwrap();
            match done {
                Ok(()) => assert!(is_granted, "{role}: {statement}"),
                Err(error) => {
                    assert!(!is_granted, "{role}: {statement}: {error:?}");
                    assert_eq!(error.code(), Some(&SqlState::INSUFFICIENT_PRIVILEGE), "{error:?}");
                }
            }
        }
    }

    for (role, statement) in [
        (&teller, "INSERT INTO esrs.events (position, stream, version, kind, event_id, recorded_at, payload)
            VALUES (190000000000, 1, 2, 1, gen_random_uuid(), now(), '1')"),
        (&teller, "INSERT INTO esrs.streams (name, category) VALUES ('nonsense', '')"),
        (&teller, "INSERT INTO esrs.streams OVERRIDING SYSTEM VALUE VALUES (77, 'account-x', 'account')"),
        (&teller, "INSERT INTO esrs.kinds OVERRIDING SYSTEM VALUE VALUES (77, 'account', 'x', 1)"),
        (&follower, "DELETE FROM esrs.parking_log"),
        (&follower, "UPDATE esrs.parking_log SET actor = 'alice'"),
    ] {
        let asked = connect(&url_of(role)).await.batch_execute(statement).await;
        let error = asked.expect_err(statement);
        assert_eq!(error.code(), Some(&SqlState::INSUFFICIENT_PRIVILEGE), "{statement}: {error:?}");
    }
    for store in [store, as_teller, as_follower] {
        store.close().await;
    }
    let roles = format!("{teller}, {follower}, {lead}, {clerk}");
    raw.batch_execute(&format!("DROP OWNED BY {roles}; DROP ROLE {roles}")).await.unwrap();
}
