//! Connections that are lost at the worst moment: an append is stored once, and answered by what
//! became of it.

use std::time::Duration;

use crate::support::proxy::Proxy;
use crate::support::{
    ALLOW_WRITES, HOLD_THE_LOG, REFUSE_WRITES, append, connect, event, one, read_all, stream,
    terminate_all, within,
};
use esrs_core::{AppendBatch, AppendCondition, EventStore, StoreError};
use esrs_postgres::{PostgresStore, PostgresStoreBuilder};
use postgres_server::Database;
use tokio_postgres::Client;
use uuid::Uuid;

/// Longer than anything here may take.
const LIMIT: Duration = Duration::from_secs(20);

/// A store behind a proxy, which has appended two events to the stream 1.
struct Setting {
    database: Database,
    proxy: Proxy,
    store: PostgresStore,
    raw: Client,
}

impl Setting {
    async fn new() -> Self {
        Self::with(|builder| builder).await
    }

    async fn with(set_up: impl FnOnce(PostgresStoreBuilder) -> PostgresStoreBuilder) -> Self {
        let database = postgres_server::database().unwrap();
        let proxy = Proxy::before(database.url()).await;
        let builder = PostgresStore::builder(&proxy.url(database.url()));
        let store = set_up(builder).open().await.unwrap();
        for _ in 0..2 {
            append(&store, "1").await;
        }
        let raw = connect(database.url()).await;
        Self { database, proxy, store, raw }
    }

    /// Returns how often an event is stored.
    async fn count(&self, id: Uuid) -> i64 {
        let count = "SELECT count(*) FROM esrs.events WHERE event_id = $1";
        self.raw.query_one(count, &[&id]).await.unwrap().get(0)
    }

    /// Waits until an event is stored whose answer was lost on the way.
    async fn until_its_answer_is_lost(&self, id: Uuid) {
        let lost = async {
            while !self.proxy.has_lost_it() || self.count(id).await == 0 {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        within(LIMIT, "an answer that is to be lost", lost).await;
    }
}

fn ids(batch: &AppendBatch) -> Vec<Uuid> {
    batch.events().map(|(_, event)| event.id).collect()
}

/// An append for each way in which the store sends them: behind the two events of a stream, and to
/// streams that are new.
fn appends(of: &str) -> Vec<(&'static str, AppendBatch)> {
    let behind = |count: usize| {
        let events = (0..count).map(|_| event("1")).collect();
        AppendBatch::new(stream(of), AppendCondition::Version(2), events)
    };
    let new =
        (stream(format!("{of}-new")), AppendCondition::NoStream, vec![event("1"), event("2")]);
    vec![
        ("one event behind another", behind(1)),
        ("events behind another", behind(3)),
        ("an event at any version", one(of)),
        ("events of a new stream", AppendBatch::new(new.0.clone(), new.1, new.2.clone())),
        ("events of two streams", behind(2).and(new.0.clone(), new.1, new.2.clone())),
        ("a key", behind(1).with_idempotency_key("key")),
        ("a key, and two streams", behind(2).with_idempotency_key("key").and(new.0, new.1, new.2)),
    ]
}

#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn an_append_whose_connection_is_lost_is_stored_once_and_answered_as_if_nothing_was() {
    let it = Setting::new().await;
    for is_stored in [true, false] {
        for number in 0..appends("any").len() {
            let of = format!("{number}-{is_stored}");
            append(&it.store, &of).await;
            let before = append(&it.store, &of).await.last_position.get();
            let (what, batch) = appends(&of).swap_remove(number);
            let ids = ids(&batch);
            match is_stored {
                true => it.proxy.lose_the_answer_to(ids[0]),
                false => it.proxy.lose_the_message_with(ids[0]),
            }
            let answer = within(LIMIT, what, it.store.append(batch.clone())).await;
            let answer = answer.unwrap_or_else(|error| panic!("{what}: {error}"));
            assert!(it.proxy.has_lost_it(), "{what}: nothing was lost");
            assert!(!answer.repeated, "{what}: the store itself repeated it");

            let mut found = read_all(&it.store).await;
            found.retain(|event| event.position > before);
            assert!(found.iter().map(|event| event.id).eq(ids), "{what}: {found:?}");
            let (first, last) = (&found[0], found.last().unwrap());
            assert_eq!(answer.first_position.get(), first.position, "{what}");
            assert_eq!(answer.last_position.get(), last.position, "{what}");
            for part in &answer.streams {
                let name = part.stream.to_string();
                let of_it = found.iter().filter(|event| event.stream == name);
                let of_it: Vec<_> = of_it.map(|event| event.version).collect();
                let answered: Vec<_> = (part.first_version..=part.last_version).collect();
                assert_eq!(of_it, answered, "{what}");
            }

            let again = it.store.append(batch).await.unwrap();
            assert!(again.repeated, "{what}: whoever sends it again repeats it");
            assert_eq!(again.last_position, answer.last_position, "{what}");
        }
    }
}

#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn an_append_that_no_connection_survives_is_given_up_and_the_others_go_on() {
    let wait = Duration::from_millis(300);
    let it = Setting::with(|builder| builder.busy_timeout(wait)).await;
    let batch = one("1");
    it.proxy.lose_every_message_with(ids(&batch)[0]);
    let unknown = within(LIMIT, "giving up", it.store.append(batch)).await;
    assert!(matches!(unknown, Err(StoreError::Unknown { .. })), "{unknown:?}");
    assert_eq!(append(&it.store, "1").await.streams[0].last_version, 3);
}

#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn one_of_a_group_that_conflicts_is_refused_when_the_answer_to_all_was_lost() {
    let it = Setting::new().await;
    let held = connect(it.database.url()).await;
    held.batch_execute(&format!("BEGIN; {HOLD_THE_LOG}")).await.unwrap();
    // The first waits for the log, so that all others are stored together behind it.
    let first = tokio::spawn({
        let store = it.store.clone();
        async move { store.append(one("first")).await }
    });
    tokio::time::sleep(Duration::from_millis(100)).await;
    let batches: Vec<_> = (0..10).map(|id| one(format!("grouped-{id}"))).collect();
    it.proxy.lose_the_answer_to(batches[3].events().next().unwrap().1.id);
    let conflict = AppendBatch::new(stream("1"), AppendCondition::Version(1), vec![event("1")]);
    let all = batches.iter().chain([&conflict]).cloned().map(|batch| it.store.append(batch));
    let (answers, _) = tokio::join!(futures_util::future::join_all(all), async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        held.batch_execute("ROLLBACK").await.unwrap();
    });
    first.await.unwrap().unwrap();
    assert!(it.proxy.has_lost_it());
    // The two of the setting, the first, and none that was answered for all others: it was lost.
    assert_eq!(it.store.stats().commits, 3, "they were stored together");
    let (conflict, stored) = answers.split_last().unwrap();
    assert!(matches!(conflict, Err(StoreError::Conflict(_))), "{conflict:?}");
    for (answer, batch) in stored.iter().zip(&batches) {
        assert!(answer.as_ref().is_ok_and(|answer| !answer.repeated), "{answer:?}");
        assert_eq!(it.count(ids(batch)[0]).await, 1);
    }
}

#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn where_the_server_stays_away_what_was_sent_is_unknown_and_what_was_not_is_refused() {
    let wait = Duration::from_millis(300);
    let it = Setting::with(|builder| builder.busy_timeout(wait)).await;
    let batch = one("1");
    let id = ids(&batch)[0];
    it.proxy.lose_the_answer_to(id);
    it.proxy.refuse();
    let sent = it.store.append(batch.clone());
    let not_sent = async {
        it.until_its_answer_is_lost(id).await;
        it.store.append(one("2")).await
    };
    let (sent, not_sent) = within(LIMIT, "giving up", async { tokio::join!(sent, not_sent) }).await;
    assert!(matches!(sent, Err(StoreError::Unknown { .. })), "{sent:?}");
    assert!(matches!(not_sent, Err(StoreError::Unavailable { .. })), "{not_sent:?}");
    it.proxy.open();
    assert!(it.store.append(batch).await.unwrap().repeated, "it was stored");
    assert_eq!(read_all(&it.store).await.len(), 3, "what was refused is not stored");
}

/// Loses an answer, makes the server refuse what comes next, and lets the store come back.
async fn answer_when_refused_afterwards(it: &Setting, refuse: &str, allow: &str) -> StoreError {
    let batch = one("1");
    let id = ids(&batch)[0];
    it.proxy.lose_the_answer_to(id);
    it.proxy.shut();
    let appended = it.store.append(batch.clone());
    let meanwhile = async {
        it.until_its_answer_is_lost(id).await;
        it.raw.batch_execute(refuse).await.unwrap();
        it.proxy.open();
    };
    let (answer, ()) =
        within(LIMIT, "an answer", async { tokio::join!(appended, meanwhile) }).await;
    it.raw.batch_execute(allow).await.unwrap();
    // Whichever connection refuses by its own settings is replaced, and that is noticed.
    terminate_all(&it.raw).await;
    append(&it.store, "next").await;
    let again = within(LIMIT, "repeating it", it.store.append(batch)).await;
    assert!(again.unwrap().repeated, "it was stored");
    answer.expect_err("the server refuses")
}

#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn what_was_sent_is_unknown_where_the_server_then_refuses_to_say_what_became_of_it() {
    let wait = Duration::from_millis(300);
    let it = Setting::with(|builder| builder.busy_timeout(wait)).await;
    let hold = format!("BEGIN; {HOLD_THE_LOG}");
    let error = answer_when_refused_afterwards(&it, &hold, "ROLLBACK").await;
    assert!(matches!(error, StoreError::Unknown { .. }), "{error}");

    let error = answer_when_refused_afterwards(&it, REFUSE_WRITES, ALLOW_WRITES).await;
    assert!(matches!(error, StoreError::Unknown { .. }), "{error}");
}
