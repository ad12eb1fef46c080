//! Bounds of an `INSERT` by a role that may append, and a log in which a role has said more.

use std::cell::Cell;
use std::sync::Arc;
use std::time::Duration;

use crate::support::account::Account;
use crate::support::{IMPORTS, append, connect, event, read_all, stream, within};
use esrs_core::subscription::{ParkingStore, Projected};
use esrs_core::{
    AppendBatch, AppendCondition, EventStore, Metadata, MetadataFilter, NewEvent, OccurredAt, Page,
    ReadQuery, SqlReadModels, StoreError,
};
use esrs_postgres::PostgresStore;
use postgres_server::Database;
use tokio_postgres::Client;
use tokio_postgres::error::SqlState;

/// The script that the crate's documentation tells an owner to run.
const REPAIR: &str = include_str!("../../doc/repair.sql");

const LIMIT: Duration = Duration::from_secs(30);

fn url_of(user: &str, url: &str) -> String {
    let (_, address) = url.split_once('@').expect("it names a user");
    format!("postgres://{user}:secret@{address}")
}

fn opened(id: &str) -> AppendBatch {
    let opened = NewEvent { name: "opened".into(), ..event("1") };
    AppendBatch::new(stream(id), AppendCondition::Any, vec![opened])
}

struct Setting {
    database: Database,
    store: PostgresStore,
    raw: Client,
    role: String,
}

impl Setting {
    /// A log with two events of the stream 1, and a role that may append.
    async fn new() -> Self {
        let database = postgres_server::database().unwrap();
        let store = PostgresStore::open(database.url()).await.unwrap();
        append(&store, "a").await;
        append(&store, "a").await;
        let raw = connect(database.url()).await;
        let role = format!("appender_{}", database.name());
        raw.batch_execute(&format!("CREATE ROLE {role} LOGIN PASSWORD 'secret'")).await.unwrap();
        store.grant_appending(&role).await.unwrap();
        Self { database, store, raw, role }
    }

    fn url(&self) -> String {
        url_of(&self.role, self.database.url())
    }

    async fn end(self) {
        self.store.close().await;
        let role = self.role;
        self.raw.batch_execute(&format!("DROP OWNED BY {role}; DROP ROLE {role}")).await.unwrap();
    }
}

/// An `INSERT` of one event, some of whose columns are as it is said.
fn insert(columns: &[(&str, &str)]) -> String {
    let mut values = vec![
        ("position", "nextval('esrs.position_seq')"),
        ("stream", "1"),
        ("version", "3"),
        ("kind", "1"),
        ("event_id", "gen_random_uuid()"),
        ("recorded_at", "now()"),
        ("metadata", "NULL"),
        ("payload", "'1'"),
    ];
    for (name, said) in columns {
        values.iter_mut().filter(|(column, _)| column == name).for_each(|(_, value)| *value = said);
    }
    let (names, values): (Vec<_>, Vec<_>) = values.into_iter().unzip();
    format!("INSERT INTO esrs.events ({}) VALUES ({})", names.join(", "), values.join(", "))
}

#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn appending_role_cannot_insert_what_no_append_stores() {
    let setting = Setting::new().await;
    let raw = connect(&setting.url()).await;
    setting.raw.batch_execute("SELECT esrs.kind_of('other', 'opened', 1)").await.unwrap();
    let other = "(SELECT id FROM esrs.kinds WHERE category = 'other')";
    let mut refused: Vec<String> = [
        ("position", "9223372036854775807"),
        ("position", "9223372036854775000"),
        ("position", "190000000000"),
        ("position", "3"),
        ("position", "0"),
        ("position", "-1"),
        ("position", "nextval('esrs.position_seq') + 1"),
        ("position", "nextval('esrs.position_seq') - 1"),
        ("stream", "999"),
        ("stream", "-1"),
        ("version", "9223372036854775807"),
        ("version", "4"),
        ("version", "0"),
        ("version", "-5"),
        ("kind", "999"),
        ("kind", other),
        ("recorded_at", "'infinity'"),
        ("recorded_at", "'-infinity'"),
        ("recorded_at", "'9999-12-31 00:00:00+00'"),
        ("recorded_at", "'20000-01-01'"),
        ("metadata", "'[1]'"),
        ("metadata", "'1'"),
        ("metadata", "'null'"),
        ("metadata", r#"'{"actor":5}'"#),
        ("metadata", r#"'{"actor":"a","actor":"b"}'"#),
        ("metadata", r#"'{"keys":[]}'"#),
        ("metadata", r#"'{"keys":{"a":1}}'"#),
        ("metadata", r#"'{"occurred_at":1}'"#),
        ("metadata", r#"'{"occurred_at":"yesterday"}'"#),
        ("metadata", r#"'{"occurred_at":"2026-02-29T12:00:00Z"}'"#),
        ("metadata", r#"'{"occurred_at":"2026-01-31T24:00:00Z"}'"#),
        ("metadata", r#"'{"occurred_at":"2026-01-31T12:00:00"}'"#),
        ("metadata", r#"'{"occurred_at":"2026-01-31T12:00:00+26:00"}'"#),
        ("metadata", r#"'{"occurred_at":"2026-01-31T12:00:00Z[]"}'"#),
        ("metadata", r#"'{"occurred_at":"2026-01-31T12:00:00Z[a b]"}'"#),
        ("metadata", r#"'{"occurred_at":"2026-01-31T12:00:00Z "}'"#),
        ("metadata", r#"'{"occurred_at":"9999-12-30T22:00:01Z"}'"#),
        ("metadata", r#"'{"occurred_at":"9999-12-30T21:00:01-01:00"}'"#),
        ("metadata", r#"'{"occurred_at":"-009999-01-02T01:59:58Z"}'"#),
        ("metadata", r#"'{"occurred_at":"-009999-01-02T02:59:58+01:00"}'"#),
        ("metadata", r#"'{"occurred_at":"-000001-02-29T00:00:00Z"}'"#),
        ("metadata", r#"'{"occurred_at":"-010000-12-31T00:00:00Z"}'"#),
        ("metadata", r#"'{"traceparent":{}}'"#),
    ]
    .map(|column| insert(&[column]))
    .into();
    for (name, category) in [
        ("", ""),
        ("nohyphen", "nohyphen"),
        ("-a", ""),
        ("account-", "account"),
        ("account-b", "other"),
        ("a-b-c", "a-b"),
        ("account-\u{1}", "account"),
        ("account-\u{85}", "account"),
        ("account-\n", "account"),
        (&format!("account-{}", "a".repeat(600)), "account"),
    ] {
        refused.push(format!(
            "INSERT INTO esrs.streams (name, category) VALUES ('{name}', '{category}')"
        ));
    }
    refused.push(
        "INSERT INTO esrs.streams (id, name, category) OVERRIDING SYSTEM VALUE
        VALUES (9223372036854775807, 'account-c', 'account')"
            .to_owned(),
    );
    for (category, name, version) in [
        ("", "opened", "1"),
        ("a-b", "opened", "1"),
        ("account", "", "1"),
        ("account", "a\nb", "1"),
        ("account", "opened", "0"),
        ("account", "opened", "4294967296"),
        ("account", &"a".repeat(256), "1"),
    ] {
        refused.push(format!(
            "INSERT INTO esrs.kinds (category, name, version) VALUES ('{category}', '{name}', {version})"
        ));
    }
    for (key, first, last) in
        [("", 1, 1), ("a\u{7}", 1, 1), ("k", 2, 1), ("k", 999, 999), ("k", 1, 999), ("k", 0, 1)]
    {
        refused.push(format!(
            "INSERT INTO esrs.idempotency_keys (stream, key, first_position, last_position)
             VALUES (1, '{key}', {first}, {last})"
        ));
    }
    refused.push(
        "INSERT INTO esrs.idempotency_keys (stream, key, first_position, last_position)
        VALUES (999, 'k', 1, 1)"
            .to_owned(),
    );
    // A key that stands for half the log would have readers read all of that.
    setting.raw.batch_execute("SELECT setval('esrs.position_seq', 100000)").await.unwrap();
    append(&setting.store, "far").await;
    for (last, is_taken) in [(100_001, false), (2, true)] {
        let statement = format!(
            "INSERT INTO esrs.idempotency_keys (stream, key, first_position, last_position)
             VALUES (1, 'span of {last}', 1, {last})"
        );
        match is_taken {
            true => raw.batch_execute(&statement).await.unwrap(),
            false => refused.push(statement),
        }
    }
    for statement in [
        "SELECT setval('esrs.position_seq', 9223372036854775807)",
        "INSERT INTO esrs.snapshots VALUES (1, 0, 1, 1, now(), '1')",
        "UPDATE esrs.snapshots SET state = '1'",
        "DELETE FROM esrs.idempotency_keys",
        "UPDATE esrs.events SET recorded_at = 'infinity'",
        "ALTER TABLE esrs.events DISABLE ROW LEVEL SECURITY",
        "DROP POLICY events_stand_at_the_end ON esrs.events",
        "SELECT esrs.protect_events()",
        "SELECT esrs.partition_events(1)",
    ] {
        refused.push(statement.to_owned());
    }
    for statement in &refused {
        let error = raw.batch_execute(statement).await.expect_err(statement);
        assert_eq!(error.code(), Some(&SqlState::INSUFFICIENT_PRIVILEGE), "{statement}: {error:?}");
    }
    let copying = connect(&setting.url()).await;
    assert!(copying.copy_in::<_, &[u8]>("COPY esrs.events FROM STDIN").await.is_err());

    // What an append would store is stored, and followed.
    raw.batch_execute(&insert(&[("metadata", r#"'{"actor":"a\u0000","keys":{"a":"b"}}'"#)]))
        .await
        .unwrap();
    let as_appender = PostgresStore::open(&setting.url()).await.unwrap();
    append(&as_appender, "a").await;
    append(&setting.store, "a").await;
    assert_eq!(read_all(&setting.store).await.len(), 6);
    as_appender.close().await;
    drop(raw);
    setting.end().await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn position_that_was_taken_before_another_append_is_refused() {
    let setting = Setting::new().await;
    let raw = connect(&setting.url()).await;
    let taken: i64 =
        raw.query_one("SELECT nextval('esrs.position_seq')", &[]).await.unwrap().get(0);
    append(&setting.store, "b").await;
    let late = insert(&[("position", &taken.to_string())]);
    let error = raw.batch_execute(&late).await.unwrap_err();
    assert_eq!(error.code(), Some(&SqlState::INSUFFICIENT_PRIVILEGE), "{error:?}");
    // Nobody appends between the position and the end of the transaction that has stored at it.
    raw.batch_execute(&format!("BEGIN; {}", insert(&[]))).await.unwrap();
    let ends = Cell::new(false);
    let appending = async {
        let appended = setting.store.append(opened("c")).await;
        assert!(ends.get(), "a follower would see this event, and never the one before it");
        appended
    };
    let (appended, ended) = tokio::join!(appending, async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        ends.set(true);
        raw.batch_execute("COMMIT").await
    });
    ended.unwrap();
    let positions: Vec<_> = read_all(&setting.store).await.iter().map(|one| one.position).collect();
    assert_eq!(positions.last().copied(), Some(appended.unwrap().last_position.get()));
    assert!(positions.is_sorted());
    drop(raw);
    setting.end().await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn log_with_events_that_no_append_has_stored_is_read_and_followed_and_repaired() {
    let setting = Setting::new().await;
    let Setting { store, raw, .. } = &setting;
    store.append(opened("b")).await.unwrap();
    // By the owner, whom nothing bounds; or before the tables did so.
    raw.batch_execute("SELECT setval('esrs.position_seq', 190000000000)").await.unwrap();
    store.append(opened("c")).await.unwrap();
    raw.batch_execute(&insert(&[("recorded_at", "'infinity'")])).await.unwrap();
    raw.batch_execute(&insert(&[("recorded_at", "'-infinity'"), ("version", "4")])).await.unwrap();
    store.append(opened("d")).await.unwrap();
    store.close().await;

    // Every page holds what is there, however far apart.
    let store = PostgresStore::open(setting.database.url()).await.unwrap();
    assert_eq!(within(LIMIT, "reading", read_all(&store)).await.len(), 7);
    let inline = PostgresStore::builder(setting.database.url()).inline::<Account>();
    let inline = within(LIMIT, "following", inline.open()).await.unwrap();
    assert_eq!(inline.find::<Account>("true", []).await.unwrap().len(), 3);
    let accounts = Arc::new(Projected::<Account>::subscription_of());
    let parked = inline.parked(accounts).await.unwrap();
    assert_eq!(parked.len(), 1, "the stream that was never opened: {parked:?}");
    inline.close().await;
    let filtered = ReadQuery::all().recorded(MetadataFilter::default().by("nobody"));
    let mut query = filtered.clone();
    let page = within(LIMIT, "searching", async {
        loop {
            let page = store.read(query.clone(), Page::new()).await.unwrap();
            if page.is_last() {
                return page;
            }
            query = filtered.clone().after(page.scanned());
        }
    })
    .await;
    assert_eq!(page.len(), 0);

    // Behind the last position that the log has given.
    for position in ["9223372036854775807", "9223372036854775000"] {
        raw.batch_execute(&insert(&[("position", position), ("version", "5")])).await.unwrap();
        store.close().await;
        let store = PostgresStore::open(setting.database.url()).await.unwrap();
        assert_eq!(within(LIMIT, "reading", read_all(&store)).await.len(), 8);
        for _ in 0..2 {
            let error = store.append(opened("e")).await.unwrap_err();
            let StoreError::Damaged { position: at, .. } = &error else { panic!("{error:?}") };
            assert_eq!(at.to_string(), position);
            assert!(error.to_string().contains("repair"), "{error}");
            let error = store.import([(stream("e"), event("1"))]).await.unwrap_err();
            assert!(matches!(error, StoreError::Damaged { .. }), "{error}");
        }
        raw.batch_execute(REPAIR).await.unwrap();
        raw.batch_execute("DROP TABLE esrs.events_taken_away").await.unwrap();
        store.append(opened(position)).await.unwrap();
        store.import([(stream(position), event("1"))]).await.unwrap();
        store.close().await;
        raw.batch_execute(
            "ALTER TABLE esrs.events DISABLE TRIGGER events_are_never_updated;
             DELETE FROM esrs.events WHERE position > 190000000004;
             ALTER TABLE esrs.events ENABLE TRIGGER events_are_never_updated",
        )
        .await
        .unwrap();
    }
    setting.end().await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn every_case_is_kept_to_a_role_that_may_append_only() {
    let setting = Setting::new().await;
    let store = PostgresStore::open(&setting.url()).await.unwrap();
    setting.store.grant_snapshots(&setting.role).await.unwrap();
    for case in esrs_core::conformance::CASES {
        // An import is the owner's.
        if !IMPORTS.contains(&case.name) {
            case.run(&store).await;
        }
    }
    let error = store.import([(stream("i"), event("1"))]).await.unwrap_err();
    assert!(matches!(error, StoreError::Denied { .. }), "{error}");
    store.close().await;
    setting.end().await;
}

/// Texts that are times, are nearly times, and are none.
fn times() -> Vec<String> {
    let years = [
        "-010000", "-009999", "-000400", "-000001", "0000", "0004", "1900", "2000", "9999", "10000",
    ];
    let days =
        ["01-01", "01-02", "02-28", "02-29", "02-30", "04-31", "12-30", "12-31", "13-01", "00-10"];
    let times = [
        "00:00:00",
        "01:59:58",
        "01:59:59",
        "22:00:00.999999999",
        "22:00:01",
        "23:59:59",
        "24:00:00",
        "12:00",
    ];
    let offsets =
        ["Z", "+00:00", "-00:00", "+01:00", "-11:30", "+25:59:59", "-25:59:59", "+26:00", ""];
    let zones = ["", "[Europe/Prague]", "[!UTC]", "[-09:00]", "[]", "[a b]", "[Etc/GMT+1]", "[a/]"];
    let mut texts = Vec::new();
    for (year, day) in years.iter().flat_map(|year| days.iter().map(move |day| (year, day))) {
        for (time, offset) in times.iter().flat_map(|time| offsets.iter().map(move |o| (time, o))) {
            texts.extend(zones.map(|zone| format!("{year}-{day}T{time}{offset}{zone}")));
        }
    }
    texts
}

#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn time_of_occurrence_that_is_taken_can_be_read() {
    let setting = Setting::new().await;
    let texts = times();
    let sql = "SELECT array_agg(esrs.is_time(said) ORDER BY place)
        FROM unnest($1::text[]) WITH ORDINALITY AS all_of_them (said, place)";
    let taken: Vec<bool> = setting.raw.query_one(sql, &[&texts]).await.unwrap().get(0);
    let mut count = 0;
    for (text, taken) in texts.iter().zip(taken) {
        let read = text.parse::<OccurredAt>();
        // Every time is written in one form, and the others are never stored.
        let is_stored = read.as_ref().is_ok_and(|time| time.to_string() == *text);
        assert_eq!(taken, is_stored, "{text}: {read:?}");
        count += usize::from(taken);
    }
    assert!((5_000..texts.len() / 2).contains(&count), "{count} of {} are times", texts.len());

    // By a role that is bound.
    let store = PostgresStore::open(&setting.url()).await.unwrap();
    for text in [
        "-009999-01-02T01:59:59Z",
        "9999-12-30T23:00:00.5+01:00[Europe/Prague]",
        "2026-02-28T12:00z",
    ] {
        let time: OccurredAt = text.parse().unwrap();
        let mut batch = opened("t");
        batch.streams[0].events[0].metadata = Metadata::new().with_occurred_at(time);
        store.append(batch).await.unwrap();
    }
    assert_eq!(read_all(&store).await.len(), 5);
    store.close().await;
    setting.end().await;
}
