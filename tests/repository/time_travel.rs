//! An instance as it was, what happened to it, and what differs between two moments.

use esrs::event::FixedClock;
use esrs::prelude::*;
use esrs::repository::SnapshotPolicy;
use esrs::store::{AppendBatch, AppendCondition, NewEvent};
use esrs::{AsOf, EventStore, Metadata, Position, StreamId, Timestamp};
use jiff::SignedDuration;

#[derive(Event, Serialize, Deserialize)]
#[event("item_added", version = 2, from = ItemAddedV1)]
struct ItemAdded {
    sku: String,
    quantity: u32,
}

#[derive(Event, Serialize, Deserialize)]
#[event("item_added")]
struct ItemAddedV1 {
    sku: String,
}

impl Upcast<ItemAddedV1> for ItemAdded {
    fn upcast(old: ItemAddedV1) -> Self {
        Self { sku: old.sku, quantity: 1 }
    }
}

#[derive(Event, Serialize, Deserialize)]
#[event("note_written")]
struct NoteWritten {
    note: Option<String>,
}

#[derive(Event, Serialize, Deserialize)]
#[event("reminder_sent")]
struct ReminderSent {}

#[derive(Aggregate, Schema, Serialize, Deserialize, Debug, Default, Clone, PartialEq)]
#[aggregate(
    "cart",
    id = u32,
    events(ItemAdded, NoteWritten, ignored(ReminderSent)),
    retired("gift_wrapped")
)]
struct Cart {
    lines: Vec<Line>,
    note: Option<String>,
}

#[derive(Schema, Serialize, Deserialize, Debug, Clone, PartialEq)]
struct Line {
    sku: String,
    quantity: u32,
}

impl Apply<ItemAdded> for Cart {
    fn apply(&mut self, event: ItemAdded) {
        match self.lines.iter_mut().find(|line| line.sku == event.sku) {
            Some(line) => line.quantity += event.quantity,
            None => self.lines.push(Line { sku: event.sku, quantity: event.quantity }),
        }
    }
}

impl Apply<NoteWritten> for Cart {
    fn apply(&mut self, event: NoteWritten) {
        self.note = event.note;
    }
}

fn noon() -> Timestamp {
    "2026-01-31T12:00:00Z".parse().unwrap()
}

fn hours(hours: i64) -> Timestamp {
    noon() + SignedDuration::from_hours(hours)
}

async fn record(store: &impl EventStore, event: NewEvent, at: Timestamp) {
    let event = NewEvent { recorded_at: at, ..event };
    let stream = StreamId::new(Cart::NAME, 1).unwrap();
    let batch = AppendBatch::new(stream, AppendCondition::Any, vec![event]);
    store.append(batch).await.unwrap();
}

fn new<E: Event>(event: &E) -> NewEvent {
    NewEvent::of(event, Metadata::new().with_actor("alice")).unwrap()
}

/// Six events, an hour apart: two of version 1, one that is ignored, and one whose name is retired.
async fn six_events(store: &impl EventStore) {
    let item = |sku: &str| new(&ItemAddedV1 { sku: sku.to_owned() });
    record(store, item("A"), hours(0)).await;
    record(store, item("B"), hours(1)).await;
    record(store, new(&NoteWritten { note: Some("ring twice".to_owned()) }), hours(2)).await;
    record(store, new(&ReminderSent {}), hours(3)).await;
    let retired = NewEvent { name: "gift_wrapped".into(), ..new(&ReminderSent {}) };
    record(store, retired, hours(4)).await;
    record(store, new(&ItemAdded { sku: "A".to_owned(), quantity: 4 }), hours(5)).await;
}

async fn carts() -> (MemoryStore, Repository<Cart>) {
    let store = MemoryStore::new();
    six_events(&store).await;
    let carts = Repository::new(store.clone()).with_snapshots(SnapshotPolicy::every(100));
    (store, carts)
}

fn quantities(cart: &Cart) -> Vec<(&str, u32)> {
    cart.lines.iter().map(|line| (&*line.sku, line.quantity)).collect()
}

#[tokio::test]
async fn an_instance_is_loaded_as_it_was_at_a_version_a_time_or_a_position() {
    let (_, carts) = carts().await;
    // With a snapshot in between, before and behind it: the same.
    for snapshot in [false, true] {
        if snapshot {
            carts.write_snapshot(&1).await.unwrap();
        }
        for (version, expected) in [
            (0, vec![]),
            (1, vec![("A", 1)]),
            (4, vec![("A", 1), ("B", 1)]),
            (6, vec![("A", 5), ("B", 1)]),
        ] {
            let time = hours(version as i64 - 1);
            let almost = time + SignedDuration::from_mins(59);
            let position = Position::new(version);
            for as_of in [
                AsOf::Version(version),
                AsOf::Time(time),
                AsOf::Time(almost),
                AsOf::Position(position),
            ] {
                let cart = carts.load_at(&1, as_of).await.unwrap();
                assert_eq!(
                    (Loaded::version(&cart), quantities(&cart)),
                    (version, expected.clone()),
                    "{as_of}"
                );
            }
        }
        let now = carts.load_at(&1, AsOf::Now).await.unwrap();
        assert_eq!(Loaded::state(&now), Loaded::state(&carts.load(&1).await.unwrap()));
        let later = carts.load_at(&1, AsOf::Time(hours(1_000))).await.unwrap();
        assert_eq!(Loaded::version(&later), 6);
    }
}

#[tokio::test]
async fn a_version_that_is_not_there_is_an_error_that_says_how_far_it_has_come() {
    let (_, carts) = carts().await;
    let error = carts.load_at(&1, AsOf::Version(7)).await.unwrap_err();
    assert!(matches!(error, LoadError::NotThere { version: 6, .. }));
    assert_eq!(
        error.to_string(),
        "cart-1 was asked for as of version 7, and has come to version 6 only"
    );
}

#[tokio::test]
async fn a_time_ends_the_history_before_the_first_event_that_was_recorded_later() {
    let (store, carts) = carts().await;
    // The clock of another machine is an hour behind.
    record(&store, new(&ItemAdded { sku: "C".to_owned(), quantity: 1 }), hours(4)).await;
    let cart = carts.load_at(&1, AsOf::Time(hours(4))).await.unwrap();
    assert_eq!(
        Loaded::version(&cart),
        5,
        "version 7 was recorded at that hour, but follows on version 6"
    );
    carts.write_snapshot(&1).await.unwrap();
    let cart = carts.load_at(&1, AsOf::Time(hours(4))).await.unwrap();
    assert_eq!(Loaded::version(&cart), 5, "a snapshot remembers the latest time, and not the last");
}

#[tokio::test]
async fn a_history_tells_each_event_the_state_after_it_and_what_it_changed() {
    let (_, carts) = carts().await;
    let mut history = carts.history(&1).unwrap().with_changes();
    let mut told = Vec::new();
    while let Some(moment) = history.try_next().await.unwrap() {
        let known = if moment.events.is_empty() { " (retired)" } else { "" };
        let (version, kind) = (moment.envelope.version, moment.kind);
        let actor = moment.envelope.metadata.actor().unwrap().to_owned();
        told.push(format!("{version} {actor} {} v{}{known}", kind.name, kind.version));
        told.extend(moment.changes.iter().map(|change| format!("  {change}")));
        assert_eq!(moment.state, *carts.load_at(&1, AsOf::Version(version)).await.unwrap());
    }
    assert_eq!(
        told.join("\n"),
        r#"1 alice item_added v1
  lines[0]: added {"quantity":1,"sku":"A"}
2 alice item_added v1
  lines[1]: added {"quantity":1,"sku":"B"}
3 alice note_written v1
  note: null → "ring twice"
4 alice reminder_sent v1
5 alice gift_wrapped v1 (retired)
6 alice item_added v2
  lines[0].quantity: 1 → 5"#
    );
    assert!(history.try_next().await.unwrap().is_none(), "there is nothing behind the last");
}

#[tokio::test]
async fn an_event_of_a_history_is_brought_up_to_date_and_its_payload_is_as_it_was_stored() {
    let (_, carts) = carts().await;
    let mut history = carts.history(&1).unwrap();
    let first = history.try_next().await.unwrap().unwrap();
    let [CartEvent::ItemAdded(event)] = &*first.events else { panic!("it is an item") };
    assert_eq!((&*event.sku, event.quantity), ("A", 1));
    assert_eq!((&*first.payload, first.kind.version), (r#"{"sku":"A"}"#, 1));
    assert!(first.changes.is_empty(), "nobody has asked for them");
}

#[tokio::test]
async fn a_history_goes_on_where_it_was_and_reads_page_by_page() {
    let store = MemoryStore::new();
    let item = new(&ItemAdded { sku: "A".to_owned(), quantity: 1 });
    for _ in 0..2_500 {
        record(&store, NewEvent { id: uuid::Uuid::now_v7(), ..item.clone() }, noon()).await;
    }
    let carts = Repository::<Cart>::new(store.clone());
    let mut history = carts.history(&1).unwrap();
    let mut count = 0;
    while let Some(moment) = history.try_next().await.unwrap() {
        count += 1;
        assert_eq!(moment.state.lines[0].quantity, count);
    }
    assert_eq!(count, 2_500);
    six_events(&store).await;
    assert_eq!(history.try_next().await.unwrap().unwrap().envelope.version, 2_501);
}

#[tokio::test]
async fn an_event_that_cannot_be_read_ends_a_history_with_an_error_that_says_where() {
    let (store, carts) = carts().await;
    record(&store, NewEvent { name: "sent".into(), ..new(&ReminderSent {}) }, noon()).await;
    let mut history = carts.history(&1).unwrap();
    for _ in 0..6 {
        history.try_next().await.unwrap().unwrap();
    }
    for _ in 0..2 {
        let Err(error) = history.try_next().await else { panic!("`sent` is not known") };
        assert!(error.to_string().contains("beyond version 6: the event `sent`"), "{error}");
    }
}

#[tokio::test]
async fn what_differs_between_two_moments_is_told_place_by_place() {
    let (_, carts) = carts().await;
    let changes = carts.diff(&1, AsOf::Version(1), AsOf::Now).await.unwrap();
    assert_eq!(
        changes.to_string(),
        "lines[0].quantity: 1 → 5\nlines[1]: added {\"quantity\":1,\"sku\":\"B\"}\nnote: null → \"ring twice\""
    );
    let back = carts.diff(&1, AsOf::Time(hours(5)), AsOf::Time(hours(4))).await.unwrap();
    assert_eq!(back.to_string(), "lines[0].quantity: 5 → 1");
    assert!(carts.diff(&1, AsOf::Version(3), AsOf::Version(5)).await.unwrap().is_empty());
}

#[tokio::test]
async fn what_a_clock_says_is_the_time_that_is_travelled_to() {
    struct AddItem;

    impl Handle<AddItem> for Cart {
        type Error = std::convert::Infallible;

        fn handle(&self, _: &AddItem, _: &Context<Self>) -> Result<Events<Self>, Self::Error> {
            Ok(ItemAdded { sku: "A".to_owned(), quantity: 1 }.into())
        }
    }

    let clock = FixedClock::at(noon());
    let carts = Repository::<Cart>::new(MemoryStore::new()).with_clock(clock.clone());
    for _ in 0..3 {
        carts.execute(&1, AddItem).await.unwrap();
        clock.advance(SignedDuration::from_hours(1));
    }
    let cart = carts.load_at(&1, AsOf::Time(hours(1))).await.unwrap();
    assert_eq!(Loaded::version(&cart), 2);
}
