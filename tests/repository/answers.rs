//! The answer of a command: its events, the state after them, and the version that it expects.

use std::sync::Arc;

use esrs::event::TraceContext;
use esrs::prelude::*;
use esrs::repository::{Executed, Returned};
use esrs::{EventStore, Metadata, OccurredAt};
use jiff::tz::{Offset, TimeZone};
use proptest::prelude::*;

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

pub(crate) async fn stores() -> (tempfile::TempDir, Vec<Arc<dyn EventStore>>) {
    let folder = tempfile::tempdir().unwrap();
    let stores: Vec<Arc<dyn EventStore>> = vec![
        Arc::new(MemoryStore::new()),
        Arc::new(SqliteStore::open(folder.path().join("log.db")).await.unwrap()),
    ];
    (folder, stores)
}

pub(crate) async fn postgres() -> (postgres_server::Database, Arc<dyn EventStore>) {
    let database = postgres_server::database().unwrap();
    let store = PostgresStore::open(database.url()).await.unwrap();
    (database, Arc::new(store))
}

/// The payload, name and envelope of every event of an instance.
async fn stored(
    purses: &Repository<Purse>,
    id: u32,
    after: u64,
) -> Vec<(esrs::event::Envelope, String)> {
    let mut history = purses.history(&id).unwrap();
    let mut stored = Vec::new();
    while let Some(moment) = history.try_next().await.unwrap() {
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
    let answered = events
        .map(|event| (Recorded::envelope(event).clone(), format!("{:?}", Recorded::event(event))));
    let answered: Vec<_> = answered.collect();
    assert_eq!(answered, stored(purses, id, after).await);
    assert_eq!(*answer.state(), Loaded::into_state(purses.load(&id).await.unwrap()));
}

async fn check_returning(store: Arc<dyn EventStore>) {
    let store = Counted::new(store);
    let purses = Repository::<Purse>::new(store.clone());
    // The first command on an instance, and the next on its cached state.
    for coins in [5, -2] {
        let answer = purses.execute(&1, Move(coins)).by("alice").returning().await.unwrap();
        assert_eq!(answer.executed().event_count(), 2);
        assert_eq!(Recorded::metadata(&answer.events()[0]).actor(), Some("alice"));
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

/// Asserts that a command was refused because its instance is at version `found`.
fn assert_wrong<T: std::fmt::Debug, E: std::fmt::Debug>(
    answer: Result<T, ExecuteError<E>>,
    id: u32,
    versions: (u64, u64),
) {
    match answer.unwrap_err() {
        ExecuteError::WrongExpectedVersion { stream, expected, found } => {
            assert_eq!((stream.id(), (expected, found)), (&*id.to_string(), versions));
        }
        other => panic!("{other:?}"),
    }
}

async fn check_expected_version(store: Arc<dyn EventStore>) {
    let counted = Counted::new(store);
    let purses = Repository::<Purse>::new(counted.clone());
    let others = Repository::<Purse>::new(counted.store.clone());
    let at = |id: u32, coins, version| purses.execute(&id, Move(coins)).expected_version(version);

    assert_wrong(at(1, 1, 2).await, 1, (2, 0));
    assert_eq!(at(1, 1, 0).await.unwrap().version(), 2);
    assert_wrong(at(1, 1, 0).await, 1, (0, 2));
    assert_eq!(at(1, 1, 2).await.unwrap().version(), 4);

    // Another process appends: the cached state is that of the expected version, and the append is not
    // tried again.
    others.execute(&1, Move(1)).await.unwrap();
    counted.asked();
    assert_wrong(at(1, 1, 4).await, 1, (4, 6));
    assert_eq!(counted.asked().appends, 1);
    assert_eq!(at(1, 1, 6).await.unwrap().version(), 8);
    // The cached state is older than the version that the caller has seen.
    others.execute(&1, Move(1)).await.unwrap();
    assert_eq!(at(1, 1, 10).await.unwrap().version(), 12);
    // The version is compared before a command is rejected, and where nothing happens.
    others.execute(&1, Move(1)).await.unwrap();
    assert_wrong(at(1, -1_000, 12).await, 1, (12, 14));
    assert_wrong(at(1, 0, 12).await, 1, (12, 14));
    assert_eq!(at(1, 0, 14).await.unwrap().version(), 14);
    let rejected = at(1, -1_000, 14).await.unwrap_err();
    assert!(rejected.rejection().is_some(), "{rejected:?}");

    // With one attempt it is no other error.
    let once = purses.clone().with_max_attempts(1);
    others.execute(&1, Move(1)).await.unwrap();
    assert_wrong(once.execute(&1, Move(1)).expected_version(14).await, 1, (14, 16));

    // A repetition is answered before its version is compared; another command is not.
    for (repository, repeated) in [(&purses, false), (&purses, true), (&others, true)] {
        let keyed = repository.execute(&2, Move(5)).expected_version(0).idempotency_key("k");
        let executed = keyed.await.unwrap();
        assert_eq!((executed.version(), executed.was_repeated()), (2, repeated));
    }
    let keyed = purses.execute(&2, Move(5)).expected_version(0).idempotency_key("other").await;
    assert_wrong(keyed, 2, (0, 2));

    // A unit is stored when every version is the expected one.
    let unit = |second| at(2, 1, 2).and(at(3, 1, second));
    match unit(1).await.unwrap_err() {
        ExecuteError::WrongExpectedVersion { stream, expected: 1, found: 0 } => {
            assert_eq!(stream.id(), "3");
        }
        other => panic!("{other:?}"),
    }
    let (second, third) = unit(0).await.unwrap();
    assert_eq!((second.version(), third.version()), (4, 2));
    // Both states are cached, and another process appends to one of the instances.
    others.execute(&3, Move(1)).await.unwrap();
    assert_wrong(at(2, 1, 4).and(at(3, 1, 2)).await, 3, (2, 4));
    assert_eq!(Loaded::version(&purses.load(&2).await.unwrap()), 4);
    let without = purses.execute(&2, Move(1)).and(at(3, 1, 4)).await.unwrap();
    assert_eq!((without.0.version(), without.1.version()), (6, 6));
    // The key of a unit is found before its versions are compared.
    for repeated in [false, true] {
        let unit = at(2, 1, 6).idempotency_key("unit").and(at(3, 1, 6)).await.unwrap();
        assert_eq!((unit.0.was_repeated(), unit.1.was_repeated()), (repeated, repeated));
    }
}

#[tokio::test]
async fn a_command_at_another_version_than_expected_is_refused_once() {
    let (_folder, stores) = stores().await;
    for store in stores {
        check_expected_version(store).await;
    }
}

#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn a_command_at_another_version_than_expected_is_refused_once_in_postgresql() {
    let (_database, store) = postgres().await;
    check_expected_version(store).await;
}

fn any_occurred_at() -> impl Strategy<Value = OccurredAt> {
    // Offsets to the second, as those of local mean times.
    let offset = prop::option::of(-93_599..=93_599_i32);
    let time = (-377_705_023_201..=253_402_207_200_i64, 0..1_000_000_000_i32, offset);
    time.prop_map(|(second, nanosecond, offset)| {
        let time = Timestamp::new(second, nanosecond).unwrap();
        match offset {
            None => OccurredAt::from(time),
            Some(offset) => {
                let zone = TimeZone::fixed(Offset::from_seconds(offset).unwrap());
                OccurredAt::from(time.to_zoned_datetime(zone))
            }
        }
    })
}

fn any_metadata() -> impl Strategy<Value = Metadata> {
    let ids = (any::<Option<u128>>(), any::<Option<u128>>());
    let actor = prop::option::of("[^\0]{0,3}[a-z\u{e9}\"\\\\]");
    let trace = prop::option::of((1..=u128::MAX, 1..=u64::MAX, any::<u8>(), "[a-z=,]{0,9}"));
    let keys = prop::collection::btree_map("\\PC{0,9}", ".{0,9}", 0..4);
    let occurred_at = prop::option::of(any_occurred_at());
    (ids, actor, trace, keys, occurred_at).prop_map(|(ids, actor, trace, keys, occurred_at)| {
        let mut metadata = Metadata::new();
        if let Some(id) = ids.0 {
            metadata = metadata.with_correlation_id(uuid::Uuid::from_u128(id));
        }
        if let Some(id) = ids.1 {
            metadata = metadata.with_causation_id(uuid::Uuid::from_u128(id));
        }
        if let Some(actor) = actor {
            metadata = metadata.with_actor(actor);
        }
        if let Some((trace_id, span_id, flags, state)) = trace {
            let context = TraceContext::new(trace_id, span_id, flags).unwrap();
            let state = Some(state).filter(|state| !state.is_empty());
            metadata = metadata.with_trace(context.traceparent(), state);
        }
        if let Some(time) = occurred_at {
            metadata = metadata.with_occurred_at(time);
        }
        keys.into_iter().fold(metadata, |metadata, (key, value)| metadata.with(key, value))
    })
}

/// An answer has the whole envelope that every later read returns.
async fn check_envelopes(store: Arc<dyn EventStore>, given: &[Metadata]) {
    let purses = Repository::<Purse>::new(store.clone());
    let cold = Repository::<Purse>::new(store);
    for (number, metadata) in given.iter().enumerate() {
        let keyed = async |purses: &Repository<Purse>| {
            let command = purses.execute(&1, Move(1)).with_metadata(metadata.clone());
            command.idempotency_key(number.to_string()).returning().await
        };
        let answer = keyed(&purses).await.unwrap();
        assert_as_stored(&cold, 1, &answer).await;
        for event in answer.events() {
            let mut stored = Recorded::metadata(event).clone();
            if metadata.correlation_id().is_none() {
                // The first event of a correlation without an id gives it one.
                assert_eq!(stored.correlation_id(), Some(Recorded::event_id(&answer.events()[0])));
                stored = Metadata::from_parts(
                    None,
                    stored.causation_id(),
                    stored.details_json().unwrap().as_deref(),
                )
                .unwrap();
            }
            assert_eq!(stored, *metadata);
        }
        let again = keyed(&cold).await.unwrap();
        assert_eq!((again.events(), again.state()), (answer.events(), answer.state()));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn an_answer_has_the_envelopes_of_every_later_read(
        given in prop::collection::vec(any_metadata(), 1..12),
    ) {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            let (_folder, stores) = stores().await;
            for store in stores {
                check_envelopes(store, &given).await;
            }
        });
    }
}
