//! Events that became several: one stored event counts as its parts, at its place.

use std::num::ParseIntError;

use esrs::aggregate::{IntoEvents, ReplayFault};
use esrs::prelude::*;
use esrs::projection::RowError;
use esrs::repository::{SnapshotPolicy, SnapshotState};
use esrs::store::{
    AppendBatch, AppendCondition, AuditTrail, NewEvent, Page, ReadQuery, SnapshotQuery,
};
use esrs::testing::{ProjectionScenario, Scenario};
use esrs::{EventStore, LoadError, Metadata, StreamId};

/// It is no longer emitted. It had versions and another name.
#[derive(Event, Serialize, Deserialize)]
#[event("order_placed_and_paid", version = 2, from = OrderPlacedAndPaidV1, aliases("bought"))]
struct OrderPlacedAndPaid {
    sku: String,
    cents: i64,
    note: Option<String>,
}

#[derive(Event, Serialize, Deserialize)]
#[event("order_placed_and_paid")]
struct OrderPlacedAndPaidV1 {
    sku: String,
    price: String,
}

impl TryUpcast<OrderPlacedAndPaidV1> for OrderPlacedAndPaid {
    type Error = ParseIntError;

    fn try_upcast(old: OrderPlacedAndPaidV1) -> Result<Self, Self::Error> {
        Ok(Self { sku: old.sku, cents: old.price.parse()?, note: None })
    }
}

impl Split for OrderPlacedAndPaid {
    type Into = (OrderPlaced, OrderPaid, Option<NoteWritten>);

    fn split(self) -> Self::Into {
        let note = self.note.map(|text| NoteWritten { text });
        (OrderPlaced { sku: self.sku }, OrderPaid { cents: self.cents }, note)
    }
}

/// It is no longer emitted, too.
#[derive(Event, Serialize, Deserialize)]
#[event("order_returned")]
struct OrderReturned {
    cents: i64,
}

impl Split for OrderReturned {
    type Into = [OrderPaid; 2];

    fn split(self) -> Self::Into {
        [OrderPaid { cents: -self.cents }, OrderPaid { cents: 0 }]
    }
}

#[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[event("order_placed")]
struct OrderPlaced {
    sku: String,
}

#[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[event("order_paid")]
struct OrderPaid {
    cents: i64,
}

#[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[event("note_written")]
struct NoteWritten {
    text: String,
}

#[derive(Aggregate, Clone, Debug, Default, PartialEq, Serialize, Deserialize, Schema)]
#[aggregate(
    "order",
    id = u32,
    events(
        split(OrderPlacedAndPaid, OrderReturned),
        OrderPlaced,
        ignored(NoteWritten),
        OrderPaid,
    ),
    retired("gift_wrapped"),
    event_derives(Debug, PartialEq)
)]
struct Order {
    happened: Vec<String>,
}

impl Apply<OrderPlaced> for Order {
    fn apply(&mut self, event: OrderPlaced) {
        self.happened.push(format!("placed {}", event.sku));
    }
}

impl Apply<OrderPaid> for Order {
    fn apply(&mut self, event: OrderPaid) {
        self.happened.push(format!("paid {}", event.cents));
    }
}

struct Pay;

impl Handle<Pay> for Order {
    type Error = std::convert::Infallible;

    fn handle(&self, _: &Pay, ctx: &Context<Self>) -> Result<Events<Self>, Self::Error> {
        Ok(OrderPaid { cents: i64::try_from(ctx.version()).unwrap() }.into())
    }
}

const BOUGHT: (&str, u32, &str) = ("bought", 2, r#"{"sku":"A","cents":5,"note":"ring twice"}"#);
const STORED: [(&str, u32, &str); 4] = [
    BOUGHT,
    ("order_placed_and_paid", 1, r#"{"sku":"B","price":"7"}"#),
    ("gift_wrapped", 1, "{}"),
    ("order_returned", 1, r#"{"cents":7}"#),
];

fn happened() -> Vec<String> {
    ["placed A", "paid 5", "placed B", "paid 7", "paid -7", "paid 0"].map(str::to_owned).into()
}

async fn append(store: &impl EventStore, (name, version, payload): (&str, u32, &str)) {
    let event = NewEvent::of(&OrderPaid { cents: 0 }, Metadata::new()).unwrap();
    let event = NewEvent { name: name.into(), version, payload: payload.to_owned(), ..event };
    let stream = StreamId::new("order", 1).unwrap();
    store.append(AppendBatch::new(stream, AppendCondition::Any, vec![event])).await.unwrap();
}

async fn fill(store: &impl EventStore) {
    for event in STORED {
        append(store, event).await;
    }
}

async fn years() -> MemoryStore {
    let store = MemoryStore::new();
    fill(&store).await;
    store
}

#[test]
fn they_stand_between_the_folded_and_the_ignored_events_and_have_no_variant() {
    let names: Vec<_> = Order::EVENTS.iter().map(|event| event.name).collect();
    let expected =
        ["order_placed", "order_paid", "order_placed_and_paid", "order_returned", "note_written"];
    assert_eq!(names, expected);
    assert_eq!((Order::SPLIT, Order::IGNORED), (2, 1));
    let sample: OrderEvent = OrderPaid { cents: 1 }.into();
    match sample {
        OrderEvent::OrderPlaced(_) | OrderEvent::OrderPaid(_) | OrderEvent::NoteWritten(_) => {}
    }
}

#[tokio::test]
async fn a_stored_event_keeps_its_one_version_and_the_state_takes_its_parts_in_order() {
    let orders = Repository::<Order>::new(years().await);
    let order = orders.load(&1).await.unwrap();
    assert_eq!((Loaded::version(&order), &order.happened), (4, &happened()));
    orders.execute(&1, Pay).await.unwrap();
    let order = orders.load(&1).await.unwrap();
    assert_eq!((Loaded::version(&order), &**order.happened.last().unwrap()), (5, "paid 4"));
}

#[tokio::test]
async fn a_moment_never_lies_between_two_parts() {
    let orders = Repository::<Order>::new(years().await);
    for (version, parts) in [(0, 0), (1, 2), (2, 4), (3, 4), (4, 6)] {
        let order = orders.load_at(&1, AsOf::Version(version)).await.unwrap();
        assert_eq!(order.happened, happened()[..parts]);
    }
}

#[tokio::test]
async fn a_history_gives_the_parts_beside_what_was_stored() {
    let orders = Repository::<Order>::new(years().await);
    let mut history = orders.history(&1).unwrap().with_changes();
    let first = history.try_next().await.unwrap().unwrap();
    let parts: [OrderEvent; 3] = [
        OrderPlaced { sku: "A".into() }.into(),
        OrderPaid { cents: 5 }.into(),
        NoteWritten { text: "ring twice".into() }.into(),
    ];
    assert_eq!(first.events, parts);
    assert_eq!((&*first.kind.name, first.kind.version, &*first.payload), BOUGHT);
    assert_eq!(first.changes.iter().count(), 2);
    assert_eq!(history.try_next().await.unwrap().unwrap().events.len(), 2);
    assert!(history.try_next().await.unwrap().unwrap().events.is_empty(), "it is retired");
}

#[tokio::test]
async fn an_audit_trail_of_the_aggregate_tells_what_was_stored() {
    let mut trail = AuditTrail::new(years().await).of::<Order>();
    let mut names = Vec::new();
    while let Some(entry) = trail.try_next().await.unwrap() {
        names.push(entry.kind.name.to_string());
    }
    assert_eq!(names, STORED.map(|(name, ..)| name));
}

#[tokio::test]
async fn a_snapshot_counts_what_was_stored_and_a_load_from_it_is_a_replay() {
    let store = years().await;
    let orders = Repository::<Order>::new(store.clone()).with_snapshots(SnapshotPolicy::every(2));
    orders.write_snapshot(&1).await.unwrap();
    let query = SnapshotQuery { fold: Order::SNAPSHOT, as_of: AsOf::Now };
    let stream = StreamId::new("order", 1).unwrap();
    let query = ReadQuery::stream(stream).from_snapshot(query);
    let page = store.read(query, Page::new()).await.unwrap();
    assert_eq!((page.snapshot().unwrap().version, page.len()), (4, 0));

    append(&store, BOUGHT).await;
    let from_snapshot = orders.load(&1).await.unwrap();
    let replayed = Repository::<Order>::new(store).load(&1).await.unwrap();
    assert_eq!((Loaded::version(&from_snapshot), Loaded::version(&replayed)), (5, 5));
    assert_eq!(*from_snapshot, *replayed);
    assert_eq!(replayed.happened[6..], happened()[..2]);
}

#[test]
fn a_scenario_takes_what_an_older_program_stored() {
    STORED
        .into_iter()
        .fold(Scenario::<Order>::new(), |scenario, (name, version, payload)| {
            scenario.and_given_stored(name, version, payload)
        })
        .then_state(Order { happened: happened() })
        .when(Pay)
        .then(OrderPaid { cents: 4 });
}

#[test]
fn what_was_one_event_is_emitted_as_its_parts() {
    fn emitted(source: impl IntoEvents<Order>) -> Vec<OrderEvent> {
        Events::of(source).into_vec()
    }
    let old = OrderPlacedAndPaid { sku: "A".into(), cents: 5, note: None };
    let parts: [OrderEvent; 2] =
        [OrderPlaced { sku: "A".into() }.into(), OrderPaid { cents: 5 }.into()];
    assert_eq!(emitted(old.split()), parts);
}

async fn refused(event: (&str, u32, &str)) -> String {
    let store = MemoryStore::new();
    append(&store, event).await;
    let orders = Repository::<Order>::new(store);
    let Err(LoadError::Replay(error)) = orders.load(&1).await else { panic!("it was read") };
    let ReplayFault::Payload(reason) = error.reason else { panic!("not about the payload") };
    reason.to_string()
}

#[tokio::test]
async fn a_payload_that_cannot_be_read_is_an_error() {
    assert!(refused(("bought", 3, "{}")).await.contains("newer than version 2"));
    assert!(refused(("bought", 2, "{}")).await.contains("shape of its version"));
    let much = r#"{"sku":"A","price":"much"}"#;
    assert!(refused(("bought", 1, much)).await.contains("from version 1 to 2: invalid digit"));
}

/// It does not listen to notes, and says nothing of what was split.
#[derive(Projection, Debug, PartialEq)]
#[projection(table = "sales", of = Order, creates(OrderPlaced), events(OrderPlaced, OrderPaid))]
struct Sales {
    #[projection(key)]
    order: u32,
    sku: String,
    cents: i64,
    places: String,
}

fn place<E>(event: &Recorded<E>) -> String {
    format!("{}@{} ", Recorded::version(event), Recorded::position(event))
}

impl Create<OrderPlaced> for Sales {
    fn create(order: u32, event: &Recorded<OrderPlaced>) -> Self {
        Self { order, sku: event.sku.clone(), cents: 0, places: place(event) }
    }
}

impl Project<OrderPlaced> for Sales {
    fn project(&mut self, event: &Recorded<OrderPlaced>) {
        self.sku.clone_from(&event.sku);
        self.places += &place(event);
    }
}

impl Project<OrderPaid> for Sales {
    fn project(&mut self, event: &Recorded<OrderPaid>) {
        self.cents += event.cents;
        self.places += &place(event);
    }
}

fn sales() -> Sales {
    let places = "1@1 1@1 2@2 2@2 4@4 4@4 ".to_owned();
    Sales { order: 1, sku: "B".to_owned(), cents: 5, places }
}

#[test]
fn a_projection_takes_the_parts_that_it_lists_as_if_they_were_stored_at_that_place() {
    STORED
        .into_iter()
        .fold(ProjectionScenario::<Sales>::new(), |scenario, (name, version, payload)| {
            scenario.given_stored::<Order>(1, name, version, payload)
        })
        .then_rows([sales()]);
}

/// It listens to a part that comes last and need not come.
#[derive(Projection, Debug, PartialEq)]
#[projection(table = "notes", of = Order, creates(NoteWritten), deletes(OrderPlaced(missing = skip)))]
struct Note {
    #[projection(key)]
    order: u32,
    text: String,
}

impl Create<NoteWritten> for Note {
    fn create(order: u32, event: &Recorded<NoteWritten>) -> Self {
        Self { order, text: event.text.clone() }
    }
}

#[test]
fn the_parts_create_and_delete_rows_in_order() {
    let scenario = ProjectionScenario::<Note>::new();
    let scenario = [1, 2].into_iter().fold(scenario, |scenario, order| {
        let (name, version, payload) = BOUGHT;
        scenario
            .given_stored::<Order>(order, name, version, payload)
            .given_stored::<Order>(order, name, version, payload)
    });
    let note = |order| Note { order, text: "ring twice".to_owned() };
    let scenario = scenario.then_rows([note(1), note(2)]);
    let (name, version, payload) = STORED[1];
    scenario.given_stored::<Order>(1, name, version, payload).then_rows([note(2)]);
}

#[test]
fn an_event_that_cannot_be_read_or_taken_as_its_parts_is_an_error_about_it() {
    let scenario = || ProjectionScenario::<Sales>::new();
    scenario()
        .given_stored::<Order>(1, "bought", 2, "{}")
        .then_error(|error| matches!(error, RowError::Payload(_)));
    scenario()
        .given_stored::<Order>(1, "order_returned", 1, r#"{"cents":7}"#)
        .then_error(|error| matches!(error, RowError::Missing { .. }));
}

#[test]
fn the_definition_of_a_projection_tells_what_counts_as_parts() {
    let definition = Sales::definition();
    assert!(definition.contains("order.order_placed_and_paid split"), "{definition}");
    assert_eq!(definition.matches("order.order_returned split").count(), 1, "{definition}");
}

#[tokio::test]
async fn a_table_in_sqlite_is_made_of_the_parts() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(folder.path().join("orders.db")).await.unwrap();
    fill(&store).await;
    store.catch_up::<Sales>().await.unwrap();
    assert_eq!(store.get::<Sales>(&1).await.unwrap(), Some(sales()));
}
