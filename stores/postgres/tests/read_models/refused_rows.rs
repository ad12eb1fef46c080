//! Rows that a table refuses, and events that an inline projection cannot take: the append whose own they
//! are is refused, and what others have appended refuses nothing.

use std::sync::Arc;
use std::time::Duration;

use crate::support::account::{Account, AccountVersion2};
use crate::support::{connect, event, read_all, stream};
use esrs_core::subscription::{
    CheckpointStore, Decision, ParkingStore, Projected, Subscription, WaitTarget,
};
use esrs_core::{AppendBatch, AppendCondition, EventStore, NewEvent, SqlReadModels, StoreError};
use esrs_postgres::PostgresStore;
use futures_util::future::join_all;
use postgres_server::Database;
use tokio_postgres::Client;

fn batch(id: &str, name: &str, payload: &str) -> AppendBatch {
    let event = NewEvent { name: name.into(), ..event(payload) };
    AppendBatch::new(stream(id), AppendCondition::Any, vec![event])
}

async fn inline(url: &str) -> PostgresStore {
    PostgresStore::builder(url).inline::<Account>().open().await.unwrap()
}

fn accounts() -> Arc<Subscription> {
    Arc::new(Projected::<Account>::subscription_of())
}

async fn setting() -> (Database, PostgresStore, Client) {
    let database = postgres_server::database().unwrap();
    let store = inline(database.url()).await;
    let raw = connect(database.url()).await;
    raw.batch_execute("ALTER TABLE accounts ADD CHECK (cents < 1000)").await.unwrap();
    (database, store, raw)
}

async fn rows(store: &PostgresStore) -> usize {
    store.find::<Account>("true", []).await.unwrap().len()
}

#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn an_append_whose_row_is_refused_is_refused_alone() {
    let (_database, store, raw) = setting().await;
    raw.batch_execute(
        "CREATE FUNCTION not_eve() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
             IF new.id = 'eve' THEN RAISE EXCEPTION 'not eve'; END IF; RETURN new; END $$;
         CREATE TRIGGER not_eve BEFORE INSERT ON accounts FOR EACH ROW EXECUTE FUNCTION not_eve()",
    )
    .await
    .unwrap();
    let batches = (0..12).map(|number| match number {
        3 => batch("rich", "opened", "5000"),
        5 => batch("eve", "opened", "1"),
        7 => batch("missing", "deposited", "1"),
        _ => batch(&format!("good-{number}"), "opened", "1"),
    });
    let answers = join_all(batches.map(|batch| store.append(batch))).await;
    for (number, answer) in answers.into_iter().enumerate() {
        match number {
            3 | 5 => {
                let Err(StoreError::RowRefused { table, .. }) = &answer else {
                    panic!("{answer:?}")
                };
                assert_eq!(table, "accounts");
            }
            7 => assert!(matches!(answer, Err(StoreError::Projection(_))), "{answer:?}"),
            _ => drop(answer.unwrap()),
        }
    }
    assert_eq!(read_all(&store).await.len(), 9);
    assert_eq!(rows(&store).await, 9);
    store.append(batch("next", "opened", "1")).await.unwrap();
    assert!(store.parked(accounts()).await.unwrap().is_empty());
}

#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn what_others_have_appended_refuses_neither_appends_nor_an_open() {
    let (database, store, _raw) = setting().await;
    store.append(batch("a", "opened", "1")).await.unwrap();
    // By a process without the projection, and by an import.
    let plain = PostgresStore::open(database.url()).await.unwrap();
    for number in 0..20 {
        plain.append(batch(&format!("plain-{number}"), "opened", "1")).await.unwrap();
        match number {
            4 => drop(plain.append(batch("rich", "opened", "5000")).await.unwrap()),
            9 => drop(plain.append(batch("missing", "deposited", "1")).await.unwrap()),
            _ => {}
        }
    }
    let foreign = NewEvent { name: "opened".into(), ..event("\"text\"") };
    plain.import([(stream("foreign"), foreign)]).await.unwrap();
    store.append(batch("b", "opened", "1")).await.unwrap();
    let parked = store.parked(accounts()).await.unwrap();
    let mut names: Vec<_> = parked.iter().map(|one| one.stream.to_string()).collect();
    names.sort();
    assert_eq!(names, ["account-foreign", "account-missing", "account-rich"]);
    assert_eq!(rows(&store).await, 22);
    let head = store.append(batch("c", "opened", "1")).await.unwrap().last_position;
    let waited = store.wait_for(accounts(), head.into(), Duration::from_secs(1)).await;
    assert!(matches!(waited, Err(StoreError::Parked { .. })), "{waited:?}");
    let target = WaitTarget { position: head, streams: vec![stream("c")] };
    assert_eq!(store.wait_for(accounts(), target, Duration::from_secs(1)).await.unwrap(), head);

    // A store that is opened meets more of them.
    store.close().await;
    plain.append(batch("richer", "opened", "6000")).await.unwrap();
    plain.append(batch("d", "opened", "1")).await.unwrap();
    let store = inline(database.url()).await;
    assert_eq!(store.parked(accounts()).await.unwrap().len(), 4);
    assert_eq!(rows(&store).await, 24);
    store.append(batch("e", "opened", "1")).await.unwrap();
    assert_eq!(rows(&store).await, 25);
}

#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn an_operator_retries_and_skips_without_a_runner() {
    let (database, store, raw) = setting().await;
    let plain = PostgresStore::open(database.url()).await.unwrap();
    plain.append(batch("rich", "opened", "5000")).await.unwrap();
    plain.append(batch("rich", "deposited", "1")).await.unwrap();
    plain.append(batch("missing", "deposited", "1")).await.unwrap();
    plain.append(batch("missing", "opened", "1")).await.unwrap();
    store.append(batch("a", "opened", "1")).await.unwrap();
    assert_eq!(store.parked(accounts()).await.unwrap().len(), 2);
    assert_eq!(rows(&store).await, 1);
    // Tried again for nothing, it stays where it is.
    let retry = || Decision::retry(1, "operator", "it fits now");
    let name = accounts().name.to_owned();
    assert!(store.decide(name.clone(), stream("rich"), retry()).await.unwrap());
    store.append(batch("b", "opened", "1")).await.unwrap();
    assert_eq!(store.parked(accounts()).await.unwrap().len(), 2);
    raw.batch_execute("ALTER TABLE accounts DROP CONSTRAINT accounts_cents_check").await.unwrap();
    assert!(store.decide(name.clone(), stream("rich"), retry()).await.unwrap());
    let skip = Decision::skip(1, "operator", "there is no account yet");
    assert!(store.decide(name.clone(), stream("missing"), skip.clone()).await.unwrap());
    assert!(!store.decide(name, stream("missing"), skip).await.unwrap(), "it was decided before");
    store.append(batch("c", "opened", "1")).await.unwrap();
    assert!(store.parked(accounts()).await.unwrap().is_empty());
    assert_eq!(rows(&store).await, 5);
    let rich = store.query("SELECT cents FROM accounts WHERE id = 'rich'", []).await.unwrap();
    assert_eq!(rich, [[5_001.into()]]);
}

#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn a_changed_table_is_rebuilt_though_constraints_refuse_rows() {
    let (database, store, raw) = setting().await;
    // Names that are as long as names may be, and that have to be quoted.
    let (index, unique) = ("\"One (of) each\"", "u".repeat(63));
    raw.batch_execute(&format!(
        "CREATE TABLE known (id text PRIMARY KEY);
         INSERT INTO known VALUES ('a'), ('b'), ('c'), ('e'), ('f');
         ALTER TABLE accounts ADD CONSTRAINT known FOREIGN KEY (id) REFERENCES known
            DEFERRABLE INITIALLY DEFERRED;
         ALTER TABLE accounts ADD CONSTRAINT {unique} UNIQUE (cents, actor);
         CREATE UNIQUE INDEX {index} ON accounts ((cents / 100)) WHERE cents BETWEEN 100 AND 900"
    ))
    .await
    .unwrap();
    let on_it = async || {
        let sql = "SELECT pg_get_indexdef(indexrelid) FROM pg_index
                WHERE indrelid = 'accounts'::regclass
            UNION ALL SELECT conname || ' ' || pg_get_constraintdef(oid) FROM pg_constraint
                WHERE conrelid = 'accounts'::regclass AND contype <> 'n' ORDER BY 1";
        let rows = raw.query(sql, &[]).await.unwrap();
        rows.iter().map(|row| row.get(0)).collect::<Vec<String>>()
    };
    let before = on_it().await;
    // Too many cents, nobody that is known, twice the same, and two of one hundred.
    let plain = PostgresStore::open(database.url()).await.unwrap();
    for (id, cents) in [("a", 1), ("b", 5000), ("c", 150), ("d", 2), ("e", 1), ("f", 199)] {
        plain.append(batch(id, "opened", &cents.to_string())).await.unwrap();
    }
    let parked = async |store: &PostgresStore| {
        let subscription = Arc::new(Projected::<AccountVersion2>::subscription_of());
        let mut parked = store.parked(subscription).await.unwrap();
        parked.sort_by_key(|one| one.position);
        parked.into_iter().map(|one| (one.stream.id().to_owned(), one.reason)).collect::<Vec<_>>()
    };
    let ids =
        |parked: &[(String, String)]| parked.iter().map(|(id, _)| id.clone()).collect::<String>();
    store.append(batch("a", "deposited", "0")).await.unwrap();
    assert_eq!(ids(&parked(&store).await), "bdef");
    store.close().await;
    for _ in 0..2 {
        let changed = PostgresStore::builder(database.url()).inline::<AccountVersion2>();
        let store = changed.rebuild_changed().open().await.unwrap();
        let parked = parked(&store).await;
        assert_eq!(ids(&parked), "bdef", "{parked:?}");
        assert!(parked[0].1.contains("accounts_cents_check"), "{parked:?}");
        assert!(parked[1].1.contains("\"known\""), "{parked:?}");
        assert!(parked[2].1.contains("uuuuuuuuuuuu"), "{parked:?}");
        assert!(parked[3].1.contains("One (of) each"), "{parked:?}");
        assert_eq!(store.find::<AccountVersion2>("", []).await.unwrap().len(), 2);
        assert_eq!(on_it().await, before);
        let refused = store.append(batch("g", "opened", "7000")).await;
        assert!(matches!(refused, Err(StoreError::RowRefused { .. })), "{refused:?}");
        store.close().await;
    }
}
