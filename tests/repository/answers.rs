//! The answer of a command: its events, the state after them, and the version that it expects.

use std::sync::Arc;

use esrs::prelude::*;
use esrs::{EventStore, Executed, Returned};

use crate::counted::{Asked, Counted};

#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[event("coins_moved")]
struct CoinsMoved {
    coins: i64,
    #[serde(skip)]
    note: String,
}

#[derive(Event, Serialize, Deserialize, Debug, Clone, PartialEq)]
#[event("purse_counted")]
struct PurseCounted {
    coins: i64,
}

#[derive(Aggregate, Default, Debug, Clone, PartialEq)]
#[aggregate("purse", id = u32, events(CoinsMoved, ignored(PurseCounted)), event_derives(Clone, Debug, PartialEq))]
struct Purse {
    coins: i64,
    moves: u32,
}

impl Apply<CoinsMoved> for Purse {
    fn apply(&mut self, event: CoinsMoved) {
        self.coins += event.coins;
        self.moves += 1;
    }
}

#[derive(Serialize, Clone)]
struct Move(i64);

#[derive(Debug, PartialEq, thiserror::Error)]
#[error("{0} coins are missing")]
struct Missing(i64);

impl Handle<Move> for Purse {
    type Error = Missing;

    fn handle(&self, command: &Move, _: &Context<Self>) -> Result<Events<Self>, Missing> {
        match (self.coins + command.0, command.0) {
            (left, _) if left < 0 => Err(Missing(-left)),
            (_, 0) => Ok(Events::none()),
            (left, coins) => {
                let note = "not stored".to_owned();
                Ok((CoinsMoved { coins, note }, PurseCounted { coins: left }).into())
            }
        }
    }
}

async fn stores() -> (tempfile::TempDir, Vec<Arc<dyn EventStore>>) {
    let folder = tempfile::tempdir().unwrap();
    let stores: Vec<Arc<dyn EventStore>> = vec![
        Arc::new(MemoryStore::new()),
        Arc::new(SqliteStore::open(folder.path().join("log.db")).await.unwrap()),
    ];
    (folder, stores)
}

async fn postgres() -> (postgres_server::Database, Arc<dyn EventStore>) {
    let database = postgres_server::database().unwrap();
    let store = PostgresStore::open(database.url()).await.unwrap();
    (database, Arc::new(store))
}

/// The payload, name and envelope of every event of an instance.
async fn stored(purses: &Repository<Purse>, id: u32, after: u64) -> Vec<(esrs::Envelope, String)> {
    let mut history = purses.history(&id).unwrap();
    let mut stored = Vec::new();
    while let Some(moment) = history.next().await.unwrap() {
        if moment.envelope.version > after {
            for event in &moment.events {
                stored.push((moment.envelope.clone(), format!("{event:?}")));
            }
        }
    }
    stored
}

async fn assert_as_stored(purses: &Repository<Purse>, id: u32, answer: &Returned<Purse>) {
    let executed = answer.executed();
    let after = executed.version() - executed.event_count();
    let events = answer.events().iter();
    let answered = events.map(|event| (event.envelope().clone(), format!("{:?}", event.event())));
    let answered: Vec<_> = answered.collect();
    assert_eq!(answered, stored(purses, id, after).await);
    assert_eq!(*answer.state(), purses.load(&id).await.unwrap().into_state());
}

async fn check_returning(store: Arc<dyn EventStore>) {
    let store = Counted::new(store);
    let purses = Repository::<Purse>::new(store.clone());
    // The first command on an instance, and the next on its cached state.
    for coins in [5, -2] {
        let answer = purses.execute(&1, Move(coins)).by("alice").returning().await.unwrap();
        assert_eq!(answer.executed().event_count(), 2);
        assert_eq!(answer.events()[0].metadata().actor(), Some("alice"));
        let reads = store.asked().reads;
        assert!(reads <= 1, "{reads} reads");
        assert_as_stored(&purses, 1, &answer).await;
        store.asked();
    }
    // Without the load of the first command, an answer takes no read.
    let answer = purses.execute(&1, Move(1)).returning().await.unwrap();
    assert_eq!(store.asked(), Asked { appends: 1, ..Asked::default() });
    assert_as_stored(&purses, 1, &answer).await;

    // A command without events has a state all the same.
    let nothing = purses.execute(&1, Move(0)).returning().await.unwrap();
    assert_eq!((nothing.events().len(), nothing.executed().version()), (0, 6));
    assert_eq!((nothing.executed().position(), nothing.state().coins), (None, 4));

    // A repetition is answered with what was stored, and the state then.
    let keyed = |coins| purses.execute(&2, Move(coins)).idempotency_key("k").returning();
    let first = keyed(7).await.unwrap();
    purses.execute(&2, Move(3)).await.unwrap();
    let again = keyed(7).await.unwrap();
    assert!(again.executed().was_repeated() && !first.executed().was_repeated());
    assert_eq!(again.events(), first.events());
    assert_eq!((again.state(), again.executed().version()), (first.state(), 2));
    // From a cold start too.
    let cold = Repository::<Purse>::new(store.clone());
    let again = cold.execute(&2, Move(7)).returning().idempotency_key("k").await.unwrap();
    assert_eq!((again.events(), again.state()), (first.events(), first.state()));

    // After a rejection the next command works.
    assert!(purses.execute(&2, Move(-100)).returning().await.is_err());
    let answer = purses.execute(&2, Move(-1)).returning().await.unwrap();
    assert_as_stored(&purses, 2, &answer).await;

    // In a unit, the positions are those of each part.
    let unit = purses.execute(&4, Move(4)).idempotency_key("unit").returning();
    let unit = unit.and(purses.execute(&3, Move(9)).returning());
    let (fourth, third) = unit.await.unwrap();
    assert_as_stored(&purses, 4, &fourth).await;
    assert_as_stored(&purses, 3, &third).await;
    let unit = purses.execute(&4, Move(4)).idempotency_key("unit").returning();
    let (again, bare): (Returned<Purse>, Executed) =
        unit.and(purses.execute(&3, Move(9))).await.unwrap();
    assert_eq!((again.events(), bare.was_repeated()), (fourth.events(), true));
}

#[tokio::test]
async fn an_answer_has_the_events_and_the_state_as_they_are_stored() {
    let (_folder, stores) = stores().await;
    for store in stores {
        check_returning(store).await;
    }
}

#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn an_answer_has_the_events_and_the_state_as_they_are_stored_in_postgresql() {
    let (_database, store) = postgres().await;
    check_returning(store).await;
}
