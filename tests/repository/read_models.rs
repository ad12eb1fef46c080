//! Derived projections as real tables in SQLite: every kind of column, and every way to fill them.

use std::collections::BTreeMap;

use esrs::prelude::*;
use esrs::projection::Value;
use esrs::store::{Page, ReadQuery};
use esrs::{EventStore, ExecuteError, Position, StoreError};
use jiff::Timestamp;
use tempfile::TempDir;
use uuid::Uuid;

#[derive(Id, Clone, Debug, PartialEq)]
struct ParcelId(u32);

#[derive(Event, Clone, Serialize, Deserialize)]
#[event("parcel_sent")]
struct ParcelSent {
    sender: Uuid,
    grams: f64,
    fragile: bool,
    seal: Vec<u8>,
    labels: BTreeMap<String, u8>,
    class: Class,
}

#[derive(Event, Serialize, Deserialize)]
#[event("parcel_moved")]
struct ParcelMoved {
    depot: Option<String>,
}

#[derive(Event, Serialize, Deserialize)]
#[event("parcel_delivered")]
struct ParcelDelivered {}

#[derive(Schema, Serialize, Deserialize, Clone, Copy, Debug, PartialEq)]
enum Class {
    Economy,
    Express,
}

impl std::fmt::Display for Class {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Debug::fmt(self, f)
    }
}

impl std::str::FromStr for Class {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "Economy" => Ok(Self::Economy),
            "Express" => Ok(Self::Express),
            other => Err(format!("{other} is no class")),
        }
    }
}

#[derive(Aggregate, Default)]
#[aggregate("parcel", id = ParcelId, events(ignored(ParcelSent, ParcelMoved, ParcelDelivered)))]
struct Parcel {}

/// Appends whatever it is given.
struct Say<E>(E);

impl Handle<Say<ParcelSent>> for Parcel {
    type Error = std::convert::Infallible;

    fn handle(
        &self,
        command: &Say<ParcelSent>,
        _: &Context<Self>,
    ) -> Result<Events<Self>, Self::Error> {
        Ok(command.0.clone().into())
    }
}

impl Handle<Say<Option<&'static str>>> for Parcel {
    type Error = std::convert::Infallible;

    fn handle(
        &self,
        command: &Say<Option<&'static str>>,
        _: &Context<Self>,
    ) -> Result<Events<Self>, Self::Error> {
        Ok(ParcelMoved { depot: command.0.map(str::to_owned) }.into())
    }
}

impl Handle<Say<()>> for Parcel {
    type Error = std::convert::Infallible;

    fn handle(&self, _: &Say<()>, _: &Context<Self>) -> Result<Events<Self>, Self::Error> {
        Ok(ParcelDelivered {}.into())
    }
}

#[derive(Projection, Clone, Debug, PartialEq)]
#[projection(
    table = "parcel",
    of = Parcel,
    creates(ParcelSent),
    events(ParcelMoved),
    deletes(ParcelDelivered)
)]
struct ParcelRow {
    #[projection(key)]
    id: ParcelId,
    sender: Uuid,
    grams: f64,
    fragile: bool,
    seal: Vec<u8>,
    #[projection(json)]
    labels: BTreeMap<String, u8>,
    #[projection(text)]
    class: Class,
    sent_at: Timestamp,
    depot: Option<String>,
    #[projection(column = "order")]
    moves: u64,
}

impl Create<ParcelSent> for ParcelRow {
    fn create(id: ParcelId, event: &Recorded<ParcelSent>) -> Self {
        let ParcelSent { sender, grams, fragile, seal, labels, class } =
            Recorded::event(event).clone();
        let sent_at = Recorded::recorded_at(event);
        let (depot, moves) = (None, 0);
        Self { id, sender, grams, fragile, seal, labels, class, sent_at, depot, moves }
    }
}

impl Project<ParcelMoved> for ParcelRow {
    fn project(&mut self, event: &Recorded<ParcelMoved>) {
        self.depot = event.depot.clone();
        self.moves += 1;
    }
}

fn sent(fragile: bool) -> Say<ParcelSent> {
    Say(ParcelSent {
        sender: Uuid::from_u128(7),
        grams: 0.1 + 0.2,
        fragile,
        seal: vec![0, 255, 39],
        labels: BTreeMap::from([("it's \"odd\"".to_owned(), 3)]),
        class: Class::Express,
    })
}

fn file() -> (TempDir, std::path::PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("parcels.db");
    (folder, file)
}

async fn history(store: &SqliteStore) {
    let parcels = Repository::<Parcel>::new(store.clone());
    for number in 1..=3 {
        parcels.execute(&ParcelId(number), sent(number == 2)).await.unwrap();
    }
    parcels.execute(&ParcelId(1), Say(Some("Brno"))).await.unwrap();
    parcels.execute(&ParcelId(2), Say(Some("Praha"))).await.unwrap();
    parcels.execute(&ParcelId(2), Say(None)).await.unwrap();
    parcels.execute(&ParcelId(3), Say(())).await.unwrap();
}

async fn rows(store: &SqliteStore) -> Vec<ParcelRow> {
    store.find::<ParcelRow>("true ORDER BY id", []).await.unwrap()
}

#[tokio::test]
async fn every_kind_of_column_comes_back_as_it_was() {
    let (_folder, file) = file();
    let store = SqliteStore::builder(&file).inline::<ParcelRow>().open().await.unwrap();
    history(&store).await;
    let page = store.read(ReadQuery::all().with_envelopes(), Page::new()).await.unwrap();
    let sent_at = page.records().nth(1).unwrap().envelope().unwrap().recorded_at;
    let row = store.get::<ParcelRow>(&ParcelId(2)).await.unwrap().unwrap();
    let ParcelSent { sender, grams, fragile, seal, labels, class } = sent(true).0;
    let (id, depot, moves) = (ParcelId(2), None, 2);
    let expected =
        ParcelRow { id, sender, grams, fragile, seal, labels, class, sent_at, depot, moves };
    assert_eq!(row, expected);
    assert_eq!(store.get::<ParcelRow>(&ParcelId(3)).await.unwrap(), None, "it was delivered");
}

#[tokio::test]
async fn columns_are_what_plain_sql_expects_of_them() {
    let (_folder, file) = file();
    let store = SqliteStore::builder(&file).inline::<ParcelRow>().open().await.unwrap();
    history(&store).await;
    let sql = "SELECT id, sender, fragile, hex(seal), json_valid(labels), class, depot,
        sent_at LIKE '20__-__-__T%Z', \"order\" FROM parcel WHERE grams BETWEEN 0.3 AND 0.31 AND id = ?1";
    let row = store.query(sql, [Value::from(1)]).await.unwrap().remove(0);
    let shown: Vec<_> = row.iter().map(ToString::to_string).collect();
    assert_eq!(shown[..4], ["1", "00000000-0000-0000-0000-000000000007", "0", "00FF27"]);
    assert_eq!(shown[4..], ["1", "Express", "Brno", "1", "1"]);
}

#[tokio::test]
async fn rows_are_the_same_inline_caught_up_and_made_anew() {
    let (_folder, file) = file();
    let store = SqliteStore::builder(&file).inline::<ParcelRow>().open().await.unwrap();
    history(&store).await;
    let inline = rows(&store).await;
    assert_eq!(inline.len(), 2);
    store.rebuild::<ParcelRow>().await.unwrap();
    assert_eq!(rows(&store).await, inline);
    store.close().await;

    let copy = tempfile::tempdir().unwrap();
    let later = SqliteStore::open(copy.path().join("later.db")).await.unwrap();
    history(&later).await;
    assert_eq!(later.catch_up::<ParcelRow>().await.unwrap(), Position::new(7));
    let without_time = |rows: Vec<ParcelRow>| -> Vec<_> {
        rows.into_iter().map(|row| ParcelRow { sent_at: Timestamp::UNIX_EPOCH, ..row }).collect()
    };
    assert_eq!(without_time(rows(&later).await), without_time(inline));
    assert_eq!(later.catch_up::<ParcelRow>().await.unwrap(), Position::new(7), "nothing is new");
}

#[tokio::test]
async fn an_inline_projection_that_refuses_an_event_refuses_the_append_and_says_why() {
    let (_folder, file) = file();
    let store = SqliteStore::builder(&file).inline::<ParcelRow>().open().await.unwrap();
    let parcels = Repository::<Parcel>::new(store.clone());
    let error = parcels.execute(&ParcelId(9), Say(Some("Brno"))).await.unwrap_err();
    assert!(matches!(&error, ExecuteError::Store(StoreError::Projection(_))), "{error}");
    assert_eq!(
        error.to_string(),
        "nothing was stored, because a projection failed: parcel could not take the event \
         `parcel_moved` (version 1) at 1, version 1 of parcel-9: there is no row 9; list the event \
         in `creates(…)`, or as `(missing = skip)`, if that may be"
    );
    assert!(store.read(ReadQuery::all(), Page::new()).await.unwrap().is_empty());
    let again = parcels.execute(&ParcelId(9), sent(false)).await.unwrap();
    assert_eq!(again.position(), Some(Position::new(1)));
}

/// The same table, as another version of the program declares it.
mod changed {
    use super::*;

    #[derive(Projection)]
    #[projection(table = "parcel", of = Parcel, creates(ParcelSent))]
    pub(super) struct ParcelRow {
        #[projection(key)]
        pub(super) id: ParcelId,
        pub(super) grams: f64,
    }

    impl Create<ParcelSent> for ParcelRow {
        fn create(id: ParcelId, event: &Recorded<ParcelSent>) -> Self {
            Self { id, grams: event.grams }
        }
    }
}

#[tokio::test]
async fn a_table_of_another_definition_is_refused_until_it_is_made_anew() {
    let (_folder, file) = file();
    let store = SqliteStore::builder(&file).inline::<ParcelRow>().open().await.unwrap();
    history(&store).await;
    store.close().await;

    let store = SqliteStore::open(&file).await.unwrap();
    let error = store.catch_up::<changed::ParcelRow>().await.unwrap_err();
    assert!(matches!(error, StoreError::ProjectionChanged { .. }), "{error}");
    assert!(error.to_string().contains("rebuild"), "{error}");
    assert_eq!(rows(&store).await.len(), 2, "the rows are as they were");
    store.close().await;

    let changed = || SqliteStore::builder(&file).inline::<changed::ParcelRow>();
    let error = changed().open().await.unwrap_err();
    assert!(error.to_string().contains("rebuild_changed"), "{error}");
    let store = changed().rebuild_changed().open().await.unwrap();
    let rows = store.find::<changed::ParcelRow>("true ORDER BY id", []).await.unwrap();
    let rows: Vec<_> = rows.into_iter().map(|row| (row.id, row.grams)).collect();
    assert_eq!(rows, [1, 2, 3].map(|number| (ParcelId(number), 0.1 + 0.2)));
}

/// The same columns from fewer events.
mod deaf {
    use super::*;

    #[derive(Projection)]
    #[projection(table = "moves", of = Parcel, creates(ParcelSent))]
    pub(super) struct Moves {
        #[projection(key)]
        pub(super) id: ParcelId,
        pub(super) moves: u64,
    }

    impl Create<ParcelSent> for Moves {
        fn create(id: ParcelId, _: &Recorded<ParcelSent>) -> Self {
            Self { id, moves: 0 }
        }
    }
}

#[derive(Projection)]
#[projection(table = "moves", of = Parcel, creates(ParcelSent), events(ParcelMoved))]
struct Moves {
    #[projection(key)]
    id: ParcelId,
    moves: u64,
}

impl Create<ParcelSent> for Moves {
    fn create(id: ParcelId, _: &Recorded<ParcelSent>) -> Self {
        Self { id, moves: 0 }
    }
}

impl Project<ParcelMoved> for Moves {
    fn project(&mut self, _: &Recorded<ParcelMoved>) {
        self.moves += 1;
    }
}

#[tokio::test]
async fn rows_that_missed_an_event_because_it_was_not_listed_are_never_added_to() {
    let definition = Moves::definition();
    let (listed, code) = definition.split_once("; code ").unwrap();
    assert_eq!(
        listed,
        "v1 id integer key, moves integer; parcel.parcel_moved project, parcel.parcel_sent create"
    );
    assert_eq!(code.len(), 16, "{code}");
    let (_folder, file) = file();
    let store = SqliteStore::open(&file).await.unwrap();
    history(&store).await;
    store.catch_up::<deaf::Moves>().await.unwrap();
    assert!(store.get::<deaf::Moves>(&ParcelId(2)).await.unwrap().is_some_and(|r| r.moves == 0));
    let error = store.get::<Moves>(&ParcelId(2)).await.err().unwrap();
    assert!(matches!(error, StoreError::ProjectionChanged { .. }), "{error}");
    store.rebuild::<Moves>().await.unwrap();
    let row = store.get::<Moves>(&ParcelId(2)).await.unwrap().unwrap();
    assert_eq!((row.id, row.moves), (ParcelId(2), 2));
}

#[tokio::test]
async fn a_query_cannot_write() {
    let (_folder, file) = file();
    let store = SqliteStore::builder(&file).inline::<ParcelRow>().open().await.unwrap();
    history(&store).await;
    for sql in ["DELETE FROM parcel", "UPDATE esrs_events SET payload = '{}'", "DROP TABLE parcel"]
    {
        let error = store.query(sql, []).await.unwrap_err();
        assert!(error.to_string().contains("a query only reads"), "{sql}: {error}");
    }
    assert_eq!(rows(&store).await.len(), 2);
}
