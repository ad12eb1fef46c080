//! Inline read models that cannot take an event: one of the append itself, or one that another program
//! has stored.

use std::sync::Arc;

use crate::support::account::{Account, AccountAnew};
use crate::support::{connect, event, stream};
use esrs_core::__private::ByDerive;
use esrs_core::projection::{ColumnError, Projection, RowError, Source, Table, Value};
use esrs_core::subscription::{Decision, ParkedStream, ParkingStore, Projected};
use esrs_core::{
    AppendBatch, AppendCondition, Envelope, EventStore, NewEvent, PayloadError, ReadModels,
    SqlReadModels, StoreError, StoredAs,
};
use esrs_postgres::PostgresStore;
use futures_util::future::{join, join_all};
use postgres_server::Database;
use tokio_postgres::Client;

fn named(name: &str, payload: &str) -> NewEvent {
    NewEvent { name: name.to_owned().into(), ..event(payload) }
}

fn batch(id: &str, name: &str, payload: &str) -> AppendBatch {
    AppendBatch::new(stream(id), AppendCondition::Any, vec![named(name, payload)])
}

async fn append(store: &PostgresStore, id: &str, name: &str, payload: &str) {
    store.append(batch(id, name, payload)).await.unwrap();
}

async fn inline(database: &Database) -> PostgresStore {
    PostgresStore::builder(database.url()).inline::<Account>().open().await.unwrap()
}

async fn opened() -> (Database, PostgresStore, PostgresStore, Client) {
    let database = postgres_server::database().unwrap();
    let with = inline(&database).await;
    let without = PostgresStore::open(database.url()).await.unwrap();
    let raw = connect(database.url()).await;
    (database, with, without, raw)
}

async fn cents(store: &PostgresStore, id: &str) -> Option<i64> {
    store.get::<Account>(&id.to_owned()).await.unwrap().map(|row| row.cents)
}

async fn parked(store: &PostgresStore) -> Vec<ParkedStream> {
    store.parked(Arc::new(Projected::<Account>::subscription_of())).await.unwrap()
}

/// Has the table refuse rows: by a check, by a trigger, by an index, and by a constraint that is looked at
/// with the commit.
async fn refusing(raw: &Client) {
    raw.batch_execute(
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
             IF new.cents BETWEEN 13 AND 19 THEN RAISE 'thirteen is refused'; END IF;
             RETURN new; END $$;
         CREATE TRIGGER not_13 BEFORE INSERT OR UPDATE ON accounts
             FOR EACH ROW EXECUTE FUNCTION refuse();
         CREATE UNIQUE INDEX one_of_77 ON accounts ((cents / 10)) WHERE cents BETWEEN 70 AND 79;
         ALTER TABLE accounts ADD CONSTRAINT not_666 CHECK (cents <> 666);
         CREATE TABLE refused (cents bigint PRIMARY KEY);
         CREATE FUNCTION refuse_late() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
             IF new.cents = 999 THEN RAISE check_violation USING MESSAGE = 'refused late'; END IF;
             RETURN new; END $$;
         CREATE CONSTRAINT TRIGGER not_999 AFTER INSERT OR UPDATE ON accounts
             DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION refuse_late()",
    )
    .await
    .unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn append_whose_row_is_refused_fails_alone() {
    let (_database, store, without, raw) = opened().await;
    append(&store, "a", "opened", "77").await;
    refusing(&raw).await;
    for (id, cents) in [("b", "13"), ("c", "77"), ("d", "666"), ("e", "999")] {
        let (other, another) = (format!("beside {id}"), format!("with {id}"));
        let answers = join_all([
            store.append(batch(&other, "opened", "1")),
            store.append(batch(id, "opened", cents)),
            store.append(batch(&another, "opened", "1")),
        ]);
        let [beside, refused, another] = answers.await.try_into().unwrap();
        assert!(beside.is_ok() && another.is_ok(), "{beside:?}, {another:?}");
        let Err(StoreError::RowRefused { table, reason }) = &refused else { panic!("{refused:?}") };
        assert!(table == "accounts" && !reason.is_empty(), "{table}: {reason}");
        append(&store, id, "opened", "2").await;
    }
    let sums = store.query("SELECT sum(cents), count(*) FROM accounts", []).await.unwrap();
    assert_eq!(sums, [[Value::Integer(77 + 4 * 4), Value::Integer(1 + 3 * 4)]]);
    // An event that cannot be taken is no other kind.
    let poisoned = store.append(batch("b", "poisoned", "1"));
    let (poisoned, good) = join(poisoned, store.append(batch("c", "deposited", "1"))).await;
    let Err(StoreError::Projection(error)) = &poisoned else { panic!("{poisoned:?}") };
    assert!(matches!(*error.reason, RowError::Missing { .. }), "{error}");
    good.unwrap();
    assert!(parked(&store).await.is_empty());
    // A step of a runner says so, too.
    for (id, cents) in [("f", "13"), ("g", "999")] {
        append(&without, id, "opened", cents).await;
        let rows = Box::new(Projected::<Account>::new());
        let refused = esrs_core::subscription::catch_up(&without, rows, |_| {}).await;
        assert!(matches!(refused, Err(StoreError::RowRefused { .. })), "{refused:?}");
        append(&store, "a", "deposited", "100").await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn events_of_others_refuse_no_append_and_no_open() {
    let (database, with, without, raw) = opened().await;
    append(&with, "a", "opened", "77").await;
    refusing(&raw).await;
    let poison = [
        ("p", "poisoned", "1"),
        ("q", "opened", "13"),
        ("r", "opened", "77"),
        ("s", "opened", "999"),
    ];
    for round in ["", "again "] {
        for number in 0..40 {
            append(&without, &format!("{round}good {number}"), "opened", "1").await;
            if number % 10 == 5 {
                let (id, name, cents) = poison[number / 10];
                append(&without, &format!("{round}{id}"), name, cents).await;
                append(&without, &format!("{round}{id}"), "deposited", "0").await;
            }
        }
        let store = if round.is_empty() { with.clone() } else { inline(&database).await };
        append(&store, &format!("{round}b"), "opened", "1").await;
        let parked = parked(&store).await;
        let ids: Vec<_> = parked.iter().map(|one| one.stream.id().to_owned()).collect();
        let of = |round: &str| ["p", "q", "r", "s"].map(|id| format!("{round}{id}")).to_vec();
        let expected = if round.is_empty() { of("") } else { [of(""), of("again ")].concat() };
        assert_eq!(ids, expected, "{parked:?}");
        assert!(parked.iter().all(|one| one.version == 1 && !one.reason.is_empty()));
        assert!(parked[1].reason.contains("SQLSTATE P0001"), "{}", parked[1].reason);
        let good = format!("SELECT count(*) FROM accounts WHERE id LIKE '{round}good%'");
        assert_eq!(store.query(&good, []).await.unwrap(), [[Value::Integer(40)]]);
    }
    // Nor does a rebuild that the builder was asked for.
    let builder = PostgresStore::builder(database.url()).inline::<AccountAnew>().rebuild_changed();
    raw.batch_execute(
        "DROP TRIGGER not_13 ON accounts; DROP TRIGGER not_999 ON accounts;
        DROP INDEX one_of_77; ALTER TABLE accounts DROP CONSTRAINT not_666",
    )
    .await
    .unwrap();
    let anew = builder.open().await.unwrap();
    append(&anew, "z", "opened", "1").await;
    let parked = anew.parked(Arc::new(Projected::<AccountAnew>::subscription_of())).await.unwrap();
    let ids: Vec<_> = parked.iter().map(|one| one.stream.id()).collect();
    assert_eq!(ids, ["p", "again p"]);
}

#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn streams_are_resumed_by_inline_stores() {
    let (database, with, without, raw) = opened().await;
    append(&with, "a", "opened", "1").await;
    refusing(&raw).await;
    append(&without, "q", "opened", "13").await;
    append(&without, "q", "deposited", "2").await;
    append(&without, "p", "opened", "5").await;
    append(&without, "p", "poisoned", "1").await;
    append(&without, "p", "deposited", "3").await;
    append(&with, "a", "deposited", "1").await;
    assert_eq!((cents(&with, "q").await, cents(&with, "p").await), (None, Some(5)));
    let decide = async |id: &str, decision| {
        with.decide("accounts".to_owned(), stream(id), decision).await.unwrap()
    };
    // In vain: it is parked again, and the append is stored.
    assert!(decide("q", Decision::retry(1, "alice", "why")).await);
    append(&with, "a", "deposited", "1").await;
    assert_eq!(cents(&with, "q").await, None);
    assert!(!parked(&with).await[0].is_to_resume);
    raw.batch_execute("DROP TRIGGER not_13 ON accounts").await.unwrap();
    assert!(decide("q", Decision::retry(1, "alice", "the trigger is gone")).await);
    assert!(decide("p", Decision::skip(2, "alice", "a defect")).await);
    assert!(!decide("p", Decision::skip(2, "bob", "the same defect")).await, "alice was faster");
    append(&with, "a", "deposited", "1").await;
    assert_eq!((cents(&with, "q").await, cents(&with, "p").await), (Some(15), Some(8)));
    assert!(parked(&with).await.is_empty());
    append(&with, "p", "deposited", "1").await;
    assert_eq!((cents(&with, "p").await, cents(&with, "a").await), (Some(9), Some(4)));
    // A store that is opened does it before the first append.
    append(&without, "p", "poisoned", "1").await;
    append(&without, "p", "deposited", "1").await;
    append(&with, "a", "deposited", "1").await;
    assert!(decide("p", Decision::skip(5, "alice", "a defect")).await);
    let opened = inline(&database).await;
    assert!(parked(&opened).await.is_empty());
    assert_eq!(cents(&opened, "p").await, Some(10));
}

#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn inline_store_goes_on_without_rows_of_a_newer_definition() {
    let (database, older, ..) = opened().await;
    append(&older, "a", "opened", "1").await;
    let builder = || PostgresStore::builder(database.url());
    let newer = builder().inline::<AccountAnew>().rebuild_changed().open().await.unwrap();
    // The running one, one that is opened, and one that would rebuild what changed.
    let opened = inline(&database).await;
    let changing = builder().inline::<Account>().rebuild_changed().open().await.unwrap();
    for (number, store) in (0..).zip([&older, &opened, &changing]) {
        append(store, "a", "deposited", "1").await;
        let found = store.find::<Account>("", []).await;
        assert!(matches!(found, Err(StoreError::ProjectionSuperseded { .. })), "{found:?}");
        let asked = store.query("SELECT count(*) FROM accounts", []).await;
        assert!(matches!(asked, Err(StoreError::ProjectionSuperseded { .. })), "{asked:?}");
        append(&newer, "b", if number == 0 { "opened" } else { "deposited" }, "1").await;
        let rows = newer.find::<AccountAnew>("true ORDER BY id", []).await.unwrap();
        let rows: Vec<_> = rows.iter().map(|row| row.cents).collect();
        assert_eq!(rows, [number + 2, number + 1]);
    }
    // Back on purpose.
    older.rebuild::<Account>().await.unwrap();
    append(&older, "a", "deposited", "1").await;
    assert_eq!(cents(&older, "a").await, Some(5));
    append(&newer, "a", "deposited", "1").await;
    let found = newer.find::<AccountAnew>("", []).await;
    assert!(matches!(found, Err(StoreError::ProjectionSuperseded { .. })), "{found:?}");
}

/// The projection of a program that does not know yet what the payload `"newer"` is.
#[derive(Debug, Clone, PartialEq)]
struct Older(Account);

impl Projection for Older {
    const USE_THE_DERIVE: ByDerive = ByDerive::GENERATED;
    const TABLE: Table = Account::TABLE;
    const SOURCES: &'static [Source] = Account::SOURCES;
    type Key = String;
    type Input = <Account as Projection>::Input;

    fn decode(
        name: usize,
        stored: StoredAs,
        payload: &str,
        envelope: Envelope,
    ) -> Result<Self::Input, PayloadError> {
        match payload {
            "\"newer\"" => Err(PayloadError::NewerVersion { version: 2, newest: 1 }),
            _ => Account::decode(name, stored, payload, envelope),
        }
    }

    fn keys(input: &Self::Input, keys: &mut Vec<String>) -> Result<(), RowError> {
        Account::keys(input, keys)
    }

    fn change(
        input: &Self::Input,
        id: String,
        row: Option<Self>,
    ) -> Result<Option<Self>, RowError> {
        Account::change(input, id, row.map(|row| row.0)).map(|row| row.map(Self))
    }

    fn to_values(&self) -> Result<Vec<Value>, ColumnError> {
        self.0.to_values()
    }

    fn from_values(values: Vec<Value>) -> Result<Self, ColumnError> {
        Account::from_values(values).map(Self)
    }

    fn key_values(key: &String) -> Result<Vec<Value>, ColumnError> {
        Account::key_values(key)
    }
}

#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn event_of_a_newer_version_is_not_parked() {
    let database = postgres_server::database().unwrap();
    let without = PostgresStore::open(database.url()).await.unwrap();
    let older = || PostgresStore::builder(database.url()).inline::<Older>().open();
    let store = older().await.unwrap();
    append(&store, "a", "opened", "1").await;
    append(&without, "b", "opened", "\"newer\"").await;
    append(&without, "p", "poisoned", "1").await;
    let is_newer = |answer: Result<(), StoreError>| match answer {
        Err(StoreError::Projection(error)) => matches!(
            &*error.reason,
            RowError::Payload(PayloadError::NewerVersion { version: 2, newest: 1 })
        ),
        other => panic!("{other:?}"),
    };
    for _ in 0..2 {
        assert!(is_newer(store.append(batch("a", "deposited", "1")).await.map(drop)));
        assert!(is_newer(older().await.map(drop)));
    }
    assert!(parked(&store).await.is_empty());
    assert_eq!(without.get::<Account>(&"a".to_owned()).await.unwrap().unwrap().cents, 1);
}
