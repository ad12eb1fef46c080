//! Rows do not show how they were made: random histories, taken in every way, give equal rows.

use std::collections::BTreeMap;
use std::fmt;
use std::num::NonZeroUsize;
use std::str::FromStr;
use std::time::Duration;

use esrs::Column;
use esrs::prelude::*;
use esrs::runner::{Live, Retries, Runner};
use esrs::store::{AppendBatch, AppendCondition, NewEvent};
use esrs::subscription::Projected;
use esrs::{EventStore, Metadata, StoreError, StreamId};
use jiff::{SignedDuration, Timestamp};
use postgres_server::Database;
use tempfile::TempDir;

use crate::caught_up;
use crate::stores::TestStore;

#[derive(Event, Clone, Debug, Serialize, Deserialize)]
#[event("measured")]
struct Measured {
    value: f64,
    at: Timestamp,
    tag: u8,
}

#[derive(Event, Clone, Debug, Serialize, Deserialize)]
#[event("limited")]
struct Limited {
    to: u64,
    tag: u8,
}

#[derive(Event, Clone, Debug, Serialize, Deserialize)]
#[event("renamed")]
struct Renamed {
    name: String,
    tag: u8,
}

#[derive(Event, Clone, Debug, Serialize, Deserialize)]
#[event("removed")]
struct Removed {
    tag: u8,
}

#[derive(Aggregate, Default)]
#[aggregate("meter", id = u64, events(ignored(Measured, Limited, Renamed, Removed)))]
struct Meter {}

/// A number whose text has one digit behind the point.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Tenths(f64);

impl fmt::Display for Tenths {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.1}", self.0)
    }
}

impl FromStr for Tenths {
    type Err = std::num::ParseFloatError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

/// A name that is read only in lower case.
#[derive(Clone, Debug, PartialEq)]
struct Lower(String);

impl fmt::Display for Lower {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for Lower {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.chars().any(char::is_uppercase) {
            true => Err("expected lower case"),
            false => Ok(Self(text.to_owned())),
        }
    }
}

#[derive(Column, Clone, Copy, Debug, PartialEq)]
enum Level {
    Low,
    High,
}

/// Everything that a row can remember beyond its columns.
#[derive(Clone, Debug, PartialEq)]
struct Known {
    last: Timestamp,
    before: Option<Timestamp>,
    repeated: u32,
    sum: Tenths,
    sums: BTreeMap<u8, f64>,
    narrow: f32,
    negative: f64,
    signs: u32,
    limit: u64,
    name: Lower,
    level: Level,
}

impl Known {
    fn new(event: &Recorded<Measured>) -> Self {
        Self {
            last: event.at,
            before: None,
            repeated: 0,
            sum: Tenths(event.value),
            sums: [(event.tag, event.value)].into(),
            narrow: event.value as f32,
            negative: -event.value,
            signs: 0,
            limit: 0,
            name: Lower(String::new()),
            level: Level::Low,
        }
    }

    fn measured(&mut self, event: &Recorded<Measured>) {
        self.repeated +=
            u32::from(self.last == event.at) + u32::from(self.before == Some(event.at));
        self.before = Some(self.last);
        self.last = event.at;
        self.sum.0 += event.value;
        *self.sums.entry(event.tag).or_default() += event.value / 3.0;
        self.narrow += event.value as f32 / 7.0;
        self.signs += u32::from(self.negative.is_sign_negative());
        self.negative = -event.value;
        self.limit = self.limit.wrapping_add(1);
        self.level = if self.sum.0 < 1.0 { Level::Low } else { Level::High };
    }
}

macro_rules! row {
    ($row:ident, $key:ident: $type:ty) => {
        impl $row {
            fn new($key: $type, known: Known) -> Self {
                let Known { last, before, repeated, sum, sums, narrow, .. } = known;
                let Known { negative, signs, limit, name, level, .. } = known;
                Self {
                    $key,
                    last,
                    before,
                    repeated,
                    sum,
                    sums,
                    narrow,
                    negative,
                    signs,
                    limit,
                    name,
                    level,
                }
            }

            fn known(&self) -> Known {
                let Self { last, before, repeated, sum, sums, narrow, .. } = self.clone();
                let Self { negative, signs, limit, name, level, .. } = self.clone();
                Known {
                    last,
                    before,
                    repeated,
                    sum,
                    sums,
                    narrow,
                    negative,
                    signs,
                    limit,
                    name,
                    level,
                }
            }
        }

        impl Create<Measured> for $row {
            fn create($key: $type, event: &Recorded<Measured>) -> Self {
                Self::new($key, Known::new(event))
            }
        }

        impl Project<Measured> for $row {
            fn project(&mut self, event: &Recorded<Measured>) {
                let mut known = self.known();
                known.measured(event);
                *self = Self::new(self.$key, known);
            }
        }

        impl Project<Limited> for $row {
            fn project(&mut self, event: &Recorded<Limited>) {
                self.limit = event.to;
            }
        }

        impl Project<Renamed> for $row {
            fn project(&mut self, event: &Recorded<Renamed>) {
                self.name = Lower(event.name.clone());
            }
        }
    };
}

#[derive(Projection, Clone, Debug, PartialEq)]
#[projection(
    table = "meters",
    of = Meter,
    creates(Measured),
    events(Measured, Limited(missing = skip), Renamed(missing = skip)),
    deletes(Removed(missing = skip))
)]
struct MeterRow {
    #[projection(key)]
    meter: u64,
    last: Timestamp,
    before: Option<Timestamp>,
    repeated: u32,
    #[projection(text)]
    sum: Tenths,
    #[projection(json)]
    sums: BTreeMap<u8, f64>,
    narrow: f32,
    negative: f64,
    signs: u32,
    limit: u64,
    #[projection(text)]
    name: Lower,
    level: Level,
}

row!(MeterRow, meter: u64);

/// The same by a field of the events, so that several streams share a row.
#[derive(Projection, Clone, Debug, PartialEq)]
#[projection(
    table = "tags",
    of = Meter,
    creates(Measured(key = tag)),
    events(
        Measured(key = tag),
        Limited(key = tag, missing = skip),
        Renamed(key = tag, missing = skip)
    ),
    deletes(Removed(key = tag, missing = skip))
)]
struct TagRow {
    #[projection(key)]
    tag: u8,
    last: Timestamp,
    before: Option<Timestamp>,
    repeated: u32,
    #[projection(text)]
    sum: Tenths,
    #[projection(json)]
    sums: BTreeMap<u8, f64>,
    narrow: f32,
    negative: f64,
    signs: u32,
    limit: u64,
    #[projection(text)]
    name: Lower,
    level: Level,
}

row!(TagRow, tag: u8);

/// A random number generator that gives the same numbers in every release: xorshift.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn below(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % sides
    }
}

/// An event of a random history, and its stream.
fn event(dice: &mut Dice) -> (StreamId, NewEvent) {
    let stream = StreamId::new("meter", dice.below(4)).unwrap();
    let tag = dice.below(3) as u8;
    let new = match dice.below(20) {
        0 | 1 => NewEvent::of(&Removed { tag }, Metadata::new()),
        2 => NewEvent::of(&Limited { to: u64::MAX - dice.below(2), tag }, Metadata::new()),
        3 | 4 => NewEvent::of(&Limited { to: dice.below(9), tag }, Metadata::new()),
        5 => NewEvent::of(&Renamed { name: "Upper".to_owned(), tag }, Metadata::new()),
        6 | 7 => NewEvent::of(&Renamed { name: "lower".to_owned(), tag }, Metadata::new()),
        _ => {
            let value = [0.1, 0.25, 0.05, -0.0, 0.0, 1.0 / 3.0, 1e-9][dice.below(7) as usize];
            let nanoseconds = SignedDuration::from_nanos([1, 999, 1_000][dice.below(3) as usize]);
            let at = Timestamp::UNIX_EPOCH.checked_add(nanoseconds).unwrap();
            NewEvent::of(&Measured { value, at, tag }, Metadata::new())
        }
    };
    let mut new = new.unwrap();
    if dice.below(60) == 0 {
        new.payload = r#"{"tag":0}"#.to_owned();
    }
    (stream, new)
}

fn batch(stream: StreamId, event: NewEvent) -> AppendBatch {
    AppendBatch::new(stream, AppendCondition::Any, vec![event])
}

/// The result of one way: the rows, and where streams were parked.
type Made = (Vec<String>, Vec<String>);

async fn made<P: Projection + fmt::Debug>(store: &impl TestStore) -> Made {
    let rows = store.rows::<P>().await.unwrap();
    let parked = store.parked(Projected::<P>::subscription_of().into()).await.unwrap();
    let parked = parked.iter().map(|one| format!("{} {} {}", one.stream, one.version, one.reason));
    (rows.iter().map(|row| format!("{row:?}")).collect(), parked.collect())
}

/// Takes the log from its start, in batches.
async fn run<P: Projection + fmt::Debug>(
    store: &impl TestStore,
    (size, threads): (usize, usize),
) -> Made {
    store.start_over(Projected::<P>::subscription_of().into(), None).await.unwrap();
    let threads = NonZeroUsize::new(threads).unwrap();
    let runner = Runner::new(store.clone()).batch(size).retries(Retries::new(0, Duration::ZERO));
    let running = runner.project_in_parallel::<P>(threads).start();
    caught_up(store, &running).await;
    running.stop().await;
    made::<P>(store).await
}

/// Compares every way with the batches of one event.
async fn compare<P: Projection + fmt::Debug>(store: &impl TestStore, inline: &Made, seed: u64) {
    let one_by_one = run::<P>(store, (1, 1)).await;
    assert_eq!(*inline, one_by_one, "inline, seed {seed}");
    for way in [(7, 1), (1_000, 1), (7, 3), (1_000, 3)] {
        assert_eq!(run::<P>(store, way).await, one_by_one, "batches, threads {way:?}, seed {seed}");
    }
    let live = Live::<P>::new();
    let running = Runner::new(store.clone()).live(&live).start();
    caught_up(store, &running).await;
    let mut rows: Vec<_> = live.all().unwrap().iter().map(|row| format!("{row:?}")).collect();
    rows.sort();
    running.stop().await;
    let mut expected = one_by_one.0.clone();
    expected.sort();
    assert_eq!(rows, expected, "live, seed {seed}");
}

/// A store that can be opened again, with and without read models that are written inline.
trait Reopened {
    type Store: TestStore;

    async fn new() -> Self;
    async fn open(&self, inline: bool) -> Self::Store;
    async fn rebuild<P: Projection>(store: &Self::Store) -> Result<(), StoreError>;
}

macro_rules! reopened {
    ($way:ident($guard:ty), $store:ident, $new:expr, $from:ident => $path:expr) => {
        struct $way($guard);

        impl Reopened for $way {
            type Store = $store;

            async fn new() -> Self {
                Self($new)
            }

            async fn open(&self, inline: bool) -> $store {
                let Self($from) = self;
                let builder = $store::builder($path);
                let builder = match inline {
                    true => builder.inline::<MeterRow>().inline::<TagRow>(),
                    false => builder,
                };
                builder.open().await.unwrap()
            }

            async fn rebuild<P: Projection>(store: &$store) -> Result<(), StoreError> {
                store.rebuild::<P>().await.map(drop)
            }
        }
    };
}

reopened!(File(TempDir), SqliteStore, tempfile::tempdir().unwrap(), folder => folder.path().join("db"));
reopened!(Server(Database), PostgresStore, postgres_server::database().unwrap(), it => it.url());

/// A history that the inline read models accept: each event is taken in the transaction of its append.
async fn accepted<R: Reopened>(seed: u64) {
    let place = R::new().await;
    let store = place.open(true).await;
    let (mut dice, mut refused) = (Dice(seed), 0);
    for _ in 0..150 {
        let (stream, event) = event(&mut dice);
        match store.append(batch(stream, event)).await {
            Ok(_) => {}
            Err(StoreError::Projection(_)) => refused += 1,
            Err(error) => panic!("{error}, seed {seed}"),
        }
    }
    assert!(refused > 0, "seed {seed} has no event that is refused");
    let (meters, tags) = (made::<MeterRow>(&store).await, made::<TagRow>(&store).await);
    assert!(meters.1.is_empty() && tags.1.is_empty(), "seed {seed}");
    R::rebuild::<MeterRow>(&store).await.unwrap();
    R::rebuild::<TagRow>(&store).await.unwrap();
    assert_eq!(made::<MeterRow>(&store).await, meters, "rebuilt, seed {seed}");
    assert_eq!(made::<TagRow>(&store).await, tags, "rebuilt, seed {seed}");
    let store = place.open(false).await;
    compare::<MeterRow>(&store, &meters, seed).await;
    compare::<TagRow>(&store, &tags, seed).await;
}

/// A history with events that cannot be taken: the same streams are parked at the same events.
async fn with_refusals<R: Reopened>(seed: u64) {
    let place = R::new().await;
    let store = place.open(false).await;
    let mut dice = Dice(seed);
    for _ in 0..150 {
        let (stream, event) = event(&mut dice);
        store.append(batch(stream, event)).await.unwrap();
    }
    // What is stored already is taken in pages when the store is opened.
    let inline = place.open(true).await;
    let (meters, tags) = (made::<MeterRow>(&inline).await, made::<TagRow>(&inline).await);
    assert!(!meters.1.is_empty() && !tags.1.is_empty(), "seed {seed} parks nothing");
    compare::<MeterRow>(&store, &meters, seed).await;
    compare::<TagRow>(&store, &tags, seed).await;
}

macro_rules! of_seeds {
    ($($test:ident),*) => {
        mod on_sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $test() {
                for seed in super::seeds() {
                    super::$test::<super::File>(seed).await;
                }
            })*
        }

        mod on_postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            #[ignore = "needs PostgreSQL: cargo xtask test"]
            async fn $test() {
                for seed in super::seeds() {
                    super::$test::<super::Server>(seed).await;
                }
            })*
        }
    };
}

of_seeds!(accepted, with_refusals);

/// Some that are the same every time, and one that is new.
fn seeds() -> impl Iterator<Item = u64> {
    let now = Timestamp::now().as_microsecond().unsigned_abs() | 1;
    [3, 0x9e37_79b9, 2_654_435_769_123].into_iter().chain([now])
}

#[test]
fn a_row_settles_to_what_its_columns_return() {
    let at = Timestamp::UNIX_EPOCH.checked_add(SignedDuration::from_nanos(1_999)).unwrap();
    let mut settled = Some(at);
    settled.settle().unwrap();
    assert_eq!(settled, Some(Timestamp::from_microsecond(1).unwrap()));
    let mut zero = -0.0_f64;
    zero.settle().unwrap();
    assert!(zero.is_sign_positive());
}

/// An import that spelled the id of a stream in several ways: the row of an id and the instance of that
/// id are of the same events, and what is spelled otherwise is refused in sight.
async fn spelled_otherwise<R: Reopened>() {
    let place = R::new().await;
    let store = place.open(false).await;
    let event = || {
        let measured = Measured { value: 0.5, at: Timestamp::UNIX_EPOCH, tag: 1 };
        NewEvent::of(&measured, Metadata::new()).unwrap()
    };
    for stream in ["meter-7", "meter-007", "meter-+7"] {
        store.append(batch(stream.parse().unwrap(), event())).await.unwrap();
    }
    assert_eq!(
        Loaded::version(&Repository::<Meter>::new(store.clone()).load(&7).await.unwrap()),
        1
    );
    for threads in [1, 3] {
        let (rows, parked) = run::<MeterRow>(&store, (1_000, threads)).await;
        assert_eq!(rows.len(), 1);
        assert_eq!(store.rows::<MeterRow>().await.unwrap()[0].sum, Tenths(0.5));
        let reason = "is not a key: it is read as the id 7, whose stream is \"meter-7\"";
        assert_eq!(parked.len(), 2);
        assert!(parked.iter().all(|parked| parked.contains(reason)), "{parked:?}");
        let (rows, parked) = run::<TagRow>(&store, (1_000, threads)).await;
        assert_eq!((rows.len(), parked.len()), (1, 2));
    }
    // Where the rows are written in the transaction of the append, nothing is stored.
    let store = place.open(true).await;
    for stream in ["meter-08", "meter-007"] {
        let refused = store.append(batch(stream.parse().unwrap(), event())).await;
        let refused = refused.map(|appended| appended.streams.len());
        match stream {
            // It is parked already.
            "meter-007" => assert!(refused.is_ok(), "{refused:?}"),
            _ => assert!(matches!(refused, Err(StoreError::Projection(_))), "{refused:?}"),
        }
    }
    store.append(batch("meter-8".parse().unwrap(), event())).await.unwrap();
    assert_eq!(store.rows::<MeterRow>().await.unwrap().len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_whose_id_is_spelled_otherwise_shares_no_row_in_sqlite() {
    spelled_otherwise::<File>().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn a_stream_whose_id_is_spelled_otherwise_shares_no_row_in_postgres() {
    spelled_otherwise::<Server>().await;
}
