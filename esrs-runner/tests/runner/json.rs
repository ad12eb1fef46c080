//! JSON columns: the type that PostgreSQL gives them, and whether every value comes back.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

use esrs::prelude::*;
use esrs::projection::{Value, json_to_value};
use esrs::runner::{Parking, Rebuild, Retries, Runner};
use esrs::store::{AppendBatch, AppendCondition, NewEvent};
use esrs::{Metadata, Position, StoreError, StreamId, Timestamp};
use uuid::Uuid;

use crate::equal::Dice;
use crate::stores::{TestStore, on_every_store, postgres};
use crate::{caught_up, until};

/// JSON in every way that serde lays an enum out.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Schema, Serialize, Deserialize)]
enum Outer {
    Nothing,
    Number(u128),
    Pair(i64, String),
    Named { z: u8, a: Option<String> },
}

#[derive(Debug, Clone, PartialEq, Eq, Schema, Serialize, Deserialize)]
#[serde(tag = "kind")]
enum Within {
    Empty,
    Some { aa: u64, b: Vec<bool> },
}

/// `jsonb` sorts `body` behind `tag`.
#[derive(Debug, Clone, PartialEq, Eq, Schema, Serialize, Deserialize)]
#[serde(tag = "tag", content = "body")]
enum Beside {
    Empty,
    Wide(u128),
    ByNumber(BTreeMap<u16, char>),
}

#[derive(Debug, Clone, PartialEq, Eq, Schema, Serialize, Deserialize)]
struct Sample {
    /// Longer names come last in `jsonb`.
    a_long_name: i128,
    b: u64,
    aa: Outer,
    texts: HashMap<String, String>,
    by_number: BTreeMap<i32, Vec<Outer>>,
    set: BTreeSet<(u8, char)>,
    within: Option<Within>,
    beside: Vec<Beside>,
    id: Uuid,
    at: Timestamp,
    array: [u16; 3],
    nothing: (),
    flat: Flat,
}

#[derive(Debug, Clone, PartialEq, Eq, Schema, Serialize, Deserialize)]
struct Flat {
    c: i64,
    #[serde(rename = "Ü \" ", default)]
    odd: Option<u32>,
}

/// `jsonb` sorts the content, `c`, before `tag`, so that serde would read it from a buffer.
#[derive(Debug, Clone, PartialEq, Eq, Schema, Serialize, Deserialize)]
#[serde(tag = "tag", content = "c")]
enum ContentFirst {
    Wide(u128),
    ByNumber(BTreeMap<u16, char>),
}

#[derive(Event, Debug, Clone, Serialize, Deserialize)]
#[event("sampled")]
struct Sampled {
    sample: Sample,
    first: ContentFirst,
    float: f64,
}

#[derive(Aggregate, Default)]
#[aggregate("probe", id = u64, events(ignored(Sampled)))]
struct Probe {}

#[derive(Projection, Debug, Clone, PartialEq)]
#[projection(table = "samples", of = Probe, creates(Sampled), events(Sampled))]
struct Row {
    #[projection(key)]
    id: u64,
    #[projection(json)]
    sample: Sample,
    #[projection(json)]
    tags: BTreeMap<String, i64>,
    #[projection(json)]
    first: ContentFirst,
    #[projection(json)]
    float: Vec<f64>,
}

impl Row {
    fn new(id: u64, Sampled { sample, first, float }: Sampled) -> Self {
        let tags = [("events".to_owned(), 1), (sample.id.to_string(), sample.b as i64)];
        Self { id, sample, tags: tags.into(), first, float: vec![float] }
    }

    fn change(&mut self, Sampled { sample, first, float }: Sampled) {
        (self.sample, self.first) = (sample, first);
        *self.tags.entry("events".to_owned()).or_default() += 1;
        self.float.push(float);
    }
}

impl Create<Sampled> for Row {
    fn create(id: u64, event: &Recorded<Sampled>) -> Self {
        Self::new(id, Recorded::event(event).clone())
    }
}

impl Project<Sampled> for Row {
    fn project(&mut self, event: &Recorded<Sampled>) {
        self.change(Recorded::event(event).clone());
    }
}

fn text(dice: &mut Dice) -> String {
    let alphabet = ['a', 'B', '"', '\\', '/', 'u', '0', '\u{1}', '\u{7f}', 'ß', '\u{2028}', '🦀'];
    (0..dice.below(6)).map(|_| alphabet[dice.below(12) as usize]).collect()
}

fn number(dice: &mut Dice) -> u64 {
    [0, 1, 9_007_199_254_740_993, i64::MAX as u64, u64::MAX, dice.below(u64::MAX)]
        [dice.below(6) as usize]
}

fn outer(dice: &mut Dice) -> Outer {
    match dice.below(4) {
        0 => Outer::Nothing,
        1 => Outer::Number(u128::from(number(dice)) * u128::from(number(dice))),
        2 => Outer::Pair(number(dice) as i64, text(dice)),
        _ => Outer::Named { z: 3, a: Some(text(dice)).filter(|text| text.len() > 2) },
    }
}

fn by_number(dice: &mut Dice) -> BTreeMap<u16, char> {
    (0..dice.below(4)).map(|_| (dice.below(65_536) as u16, 'x')).collect()
}

fn sampled(dice: &mut Dice) -> Sampled {
    let float = [0.1, -0.0, 1e16, 5e-324, f64::MAX, 1.0 / 3.0][dice.below(6) as usize];
    let first = match dice.below(2) {
        0 => ContentFirst::Wide(u128::MAX - u128::from(number(dice))),
        _ => ContentFirst::ByNumber(by_number(dice)),
    };
    let sample = Sample {
        a_long_name: i128::from(number(dice)) * -i128::from(number(dice) >> 1),
        b: number(dice),
        aa: outer(dice),
        texts: (0..dice.below(4)).map(|_| (text(dice), text(dice))).collect(),
        by_number: (0..dice.below(3))
            .map(|_| (dice.below(99) as i32 - 50, vec![outer(dice)]))
            .collect(),
        set: (0..dice.below(4)).map(|_| (dice.below(256) as u8, '\\')).collect(),
        within: match dice.below(3) {
            0 => None,
            1 => Some(Within::Empty),
            _ => Some(Within::Some { aa: number(dice), b: vec![true, false] }),
        },
        beside: vec![
            Beside::Empty,
            Beside::Wide(u128::MAX - u128::from(number(dice))),
            Beside::ByNumber(by_number(dice)),
        ],
        id: Uuid::from_u64_pair(number(dice), number(dice)),
        at: Timestamp::from_nanosecond(i128::from(number(dice) >> 1)).unwrap(),
        array: [0, 1, u16::MAX],
        nothing: (),
        flat: Flat { c: number(dice) as i64, odd: Some(1).filter(|_| dice.below(2) == 0) },
    };
    Sampled { sample, first, float }
}

async fn append(store: &impl TestStore, id: u64, sampled: &Sampled) {
    let stream = StreamId::new("probe", id).unwrap();
    let event = NewEvent::of(sampled, Metadata::new()).unwrap();
    store.append(AppendBatch::new(stream, AppendCondition::Any, vec![event])).await.unwrap();
}

async fn project(store: &impl TestStore, batch: usize) {
    let runner = Runner::new(store.clone()).batch(batch).retries(Retries::new(0, Duration::ZERO));
    let running = runner.project::<Row>().start();
    caught_up(store, &running).await;
    running.stop().await;
}

on_every_store!(
    random_values_come_back_from_json_columns,
    the_character_zero_in_a_text_of_a_jsonb_column_parks_its_stream,
);

async fn random_values_come_back_from_json_columns(store: impl TestStore) {
    let mut dice = Dice(0x5eed);
    let mut rows: BTreeMap<u64, Row> = BTreeMap::new();
    for number in 0..300 {
        let (id, event) = (number % 40, sampled(&mut dice));
        append(&store, id, &event).await;
        match rows.get_mut(&id) {
            Some(row) => row.change(event),
            None => drop(rows.insert(id, Row::new(id, event))),
        }
    }
    let expected: Vec<_> = rows.into_values().map(|row| format!("{:?}", Sorted(&row))).collect();
    // Each row is read again in the batches that follow.
    project(&store, 70).await;
    assert_eq!(all(&store).await, expected);
    Rebuild::new(store.clone()).batch(1_000).run::<Row>().await.unwrap();
    assert_eq!(all(&store).await, expected);
}

/// A row whose text is the same for equal rows, also of a `HashMap`, and another for -0.0 than for 0.0.
struct Sorted<'a>(&'a Row);

impl std::fmt::Debug for Sorted<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Row { id, sample, tags, first, float } = self.0;
        let texts: BTreeMap<_, _> = sample.texts.iter().collect();
        let sample = Sample { texts: HashMap::new(), ..sample.clone() };
        write!(f, "{id} {sample:?} {texts:?} {tags:?} {first:?} {float:?}")
    }
}

async fn all(store: &impl TestStore) -> Vec<String> {
    let rows = store.rows::<Row>().await.unwrap();
    rows.iter().map(|row| format!("{:?}", Sorted(row))).collect()
}

async fn the_character_zero_in_a_text_of_a_jsonb_column_parks_its_stream(store: impl TestStore) {
    let mut dice = Dice(7);
    let mut with = |key: &str, value: &str| {
        let mut event = sampled(&mut dice);
        event.sample.texts = [(key.to_owned(), value.to_owned())].into();
        event
    };
    append(&store, 1, &with("key", "a backslash before u0000: \\u0000")).await;
    append(&store, 2, &with("key", "a zero: \0")).await;
    append(&store, 3, &with("\\\0", "")).await;
    append(&store, 4, &with("key", "")).await;
    project(&store, 1_000).await;
    let ids =
        async || store.rows::<Row>().await.unwrap().iter().map(|row| row.id).collect::<Vec<_>>();
    assert_eq!(ids().await, [1, 4]);
    let parking = Parking::of::<Row>(store.clone());
    let parked = parking.streams().await.unwrap();
    assert_eq!(parked.len(), 2);
    for one in &parked {
        assert!(one.reason.starts_with("column `sample`: a text in it has"), "{}", one.reason);
        assert!(parking.skip(one, "operator", "a zero").await.unwrap());
    }
    append(&store, 2, &with("key", "none")).await;
    let running = Runner::new(store.clone()).project::<Row>().start();
    let head = store.wait_behind(Position::START).await.unwrap();
    until(&running, |status| status.parked == 0 && status.position >= head).await;
    running.stop().await;
    assert_eq!(ids().await, [1, 2, 4]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn columns_that_come_back_are_jsonb_and_have_equality_and_indexes() {
    let (database, store) = postgres().await;
    let types = async || {
        let sql = "SELECT column_name || ' ' || data_type FROM information_schema.columns
            WHERE table_name = 'samples' AND data_type LIKE 'json%' ORDER BY ordinal_position";
        let rows = store.query(sql, []).await.unwrap();
        rows.iter().map(|row| row[0].to_string()).collect::<Vec<_>>()
    };
    let mut dice = Dice(11);
    let event = |number| {
        let mut event = sampled(&mut dice);
        event.sample.id = Uuid::from_u128(number);
        event
    };
    let events: Vec<_> = (0..20).map(event).collect();
    for (id, event) in (0..).zip(&events) {
        append(&store, id, event).await;
    }
    project(&store, 1_000).await;
    let expected = ["sample jsonb", "tags jsonb", "first json", "float json"];
    assert_eq!(types().await, expected);

    // Equality takes any spelling of the same JSON.
    let sample = json_to_value(&events[3].sample).unwrap();
    let equal = store.find::<Row>("sample = $1", [sample]).await.unwrap();
    assert_eq!(equal.iter().map(|row| row.id).collect::<Vec<_>>(), [3]);
    database.execute("CREATE INDEX by_tags ON samples USING gin (tags)").unwrap();
    let plan = async || {
        let sql = "SELECT id, tags ->> 'events' FROM samples WHERE tags @> $1";
        let tag = format!("{{\"{}\": {}}}", events[5].sample.id, events[5].sample.b as i64);
        let found = store.query(sql, [Value::Json(tag)]).await.unwrap();
        assert_eq!(found, [[5.into(), "1".into()]]);
        let sql = "SELECT indexdef FROM pg_indexes WHERE indexname = 'by_tags'";
        store.query(sql, []).await.unwrap()[0][0].to_string()
    };
    assert!(plan().await.contains("USING gin (tags)"));
    Rebuild::new(store.clone()).run::<Row>().await.unwrap();
    assert!(plan().await.contains("USING gin (tags)"), "it outlives a rebuild");

    // A table of a program that knew no `jsonb` is refused until it is rebuilt.
    database
        .execute(
            "DROP INDEX by_tags;
             ALTER TABLE samples ALTER COLUMN sample TYPE json, ALTER COLUMN tags TYPE json;
             UPDATE esrs.subscriptions SET definition = replace(definition, ' jsonb', ' json')",
        )
        .unwrap();
    let refused = store.rows::<Row>().await.unwrap_err();
    assert!(matches!(refused, StoreError::ProjectionChanged { .. }), "{refused}");
    Rebuild::new(store.clone()).run::<Row>().await.unwrap();
    assert_eq!(types().await, expected);
    assert_eq!(store.rows::<Row>().await.unwrap().len(), 20);

    // One whose column was given the other type by hand is read and written as it is.
    database.execute("ALTER TABLE samples ALTER COLUMN tags TYPE json").unwrap();
    append(&store, 20, &events[0]).await;
    project(&store, 1_000).await;
    let rows = store.rows::<Row>().await.unwrap();
    assert_eq!((rows.len(), &rows[20].tags), (21, &rows[0].tags));
}
