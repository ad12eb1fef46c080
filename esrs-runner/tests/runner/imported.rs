//! An import on a store with inline read models: the rows are those of the events, or nothing is stored.

use esrs::prelude::*;
use esrs::store::{ImportSource, NewEvent, import};
use esrs::{Metadata, StoreError, StreamId, Timestamp};

use crate::bank::{Account, AccountOpened, Balance, MoneyDeposited, NEVER};
use crate::deposit;
use crate::stores::TestStore;

const ACCOUNTS: u32 = 50;
/// More than a chunk of an import takes.
const DEPOSITS: u32 = 12_000;

fn entry<E: Event>(account: u32, key: u32, event: &E) -> (StreamId, NewEvent) {
    let at = Timestamp::from_second(key.into()).unwrap();
    let event = ImportSource::new("book").event(key, event, at, Metadata::new()).unwrap();
    (StreamId::new(Account::NAME, account).unwrap(), event)
}

/// The book of another bank, as far as a day.
fn book(deposits: u32) -> Vec<(StreamId, NewEvent)> {
    let opened =
        (0..ACCOUNTS).map(|id| entry(id, id, &AccountOpened { owner: format!("owner {id}") }));
    let deposited = (0..deposits)
        .map(|number| entry(number % ACCOUNTS, ACCOUNTS + number, &MoneyDeposited { cents: 1 }));
    opened.chain(deposited).collect()
}

async fn cents(store: &impl TestStore) -> Vec<i64> {
    store.rows::<Balance>().await.unwrap().iter().map(|row| row.cents).collect()
}

fn expected(deposits: u32) -> Vec<i64> {
    let of = |id| (0..deposits).filter(|number| number % ACCOUNTS == id).count() as i64;
    (0..ACCOUNTS).map(of).collect()
}

async fn rows_follow_an_import(store: impl TestStore, opened_again: impl TestStore) {
    let accounts = Repository::<Account>::new(store.clone());
    let mut known = 0;
    for deposits in [700, DEPOSITS] {
        let imported = import(&store, book(deposits)).await.unwrap();
        assert_eq!(
            (imported.known, imported.stored),
            (known, u64::from(ACCOUNTS + deposits) - known)
        );
        known += imported.stored;
        assert_eq!(cents(&store).await, expected(deposits));
        // What remembers the rows takes the next event behind those of the import.
        for _ in 0..2 {
            assert_eq!(import(&store, book(deposits)).await.unwrap().stored, 0);
            assert_eq!(cents(&opened_again).await, expected(deposits));
        }
    }
    deposit(&accounts, 7, 1_000).await;
    assert_eq!(cents(&opened_again).await[7], expected(DEPOSITS)[7] + 1_000);
    deposit(&Repository::new(opened_again.clone()), 7, 1).await;
    assert_eq!(cents(&store).await[7], expected(DEPOSITS)[7] + 1_001);
}

async fn an_import_that_a_row_refuses_is_not_stored(store: impl TestStore) {
    let mut entries = book(100);
    entries.push(entry(3, 1_000, &MoneyDeposited { cents: NEVER }));
    for _ in 0..2 {
        let refused = import(&store, entries.clone()).await.unwrap_err();
        assert!(matches!(refused, StoreError::Projection(_)), "{refused:?}");
        assert!(cents(&store).await.is_empty());
    }
    entries.pop();
    let imported = import(&store, entries).await.unwrap();
    assert_eq!((imported.known, imported.stored), (0, u64::from(ACCOUNTS) + 100));
    assert_eq!(cents(&store).await, expected(100));
}

macro_rules! on {
    ($store:ident, $at:expr) => {{
        let open = async || $store::builder($at).inline::<Balance>().open().await.unwrap();
        rows_follow_an_import(open().await, open().await).await;
    }};
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_follow_an_import_on_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    on!(SqliteStore, folder.path().join("bank.db"));
    let store = SqliteStore::builder(folder.path().join("other.db")).inline::<Balance>();
    an_import_that_a_row_refuses_is_not_stored(store.open().await.unwrap()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn rows_follow_an_import_on_postgres() {
    let database = postgres_server::database().unwrap();
    on!(PostgresStore, database.url());
    let other = postgres_server::database().unwrap();
    let store = PostgresStore::builder(other.url()).inline::<Balance>();
    an_import_that_a_row_refuses_is_not_stored(store.open().await.unwrap()).await;
}

/// Ends the session once, when the transaction that has stored events is about to be committed.
const CUT: &str = "CREATE SEQUENCE cuts;
    CREATE FUNCTION cut() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF nextval('public.cuts') = 1 THEN PERFORM pg_terminate_backend(pg_backend_pid()); END IF;
        RETURN NULL;
    END $$;
    CREATE CONSTRAINT TRIGGER cut AFTER INSERT ON esrs.events
        DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION cut()";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn import_that_is_cut_off_at_its_commit_leaves_no_rows_behind() {
    let database = postgres_server::database().unwrap();
    let open =
        async || PostgresStore::builder(database.url()).inline::<Balance>().open().await.unwrap();
    let (store, beside) = (open().await, open().await);
    import(&store, book(100)).await.unwrap();
    tokio::task::block_in_place(|| database.execute(CUT)).unwrap();
    let cut = import(&store, book(5_000)).await.unwrap_err();
    assert!(matches!(cut, StoreError::Unknown { .. } | StoreError::Unavailable { .. }), "{cut:?}");
    for store in [&store, &beside] {
        assert_eq!(cents(store).await, expected(100));
    }
    // The store that was cut off, and the one beside it, go on.
    deposit(&Repository::<Account>::new(store.clone()), 7, 1_000).await;
    deposit(&Repository::<Account>::new(beside.clone()), 7, 1).await;
    let again = import(&store, book(5_000)).await.unwrap();
    assert_eq!((again.known, again.stored), (u64::from(ACCOUNTS) + 100, 4_900));
    let mut rows = expected(5_000);
    rows[7] += 1_001;
    for store in [&store, &beside] {
        assert_eq!(cents(store).await, rows);
    }
}
