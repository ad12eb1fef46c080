//! `#[derive(Projection)]`: from events in a log to the rows of a table.

use std::fmt::Debug;

use esrs::event::PayloadError;
use esrs::prelude::*;
use esrs::projection::Parked;
use esrs::projection::{AnyPass, Pass, ProjectionError, RowError, Value};
use esrs::store::{AppendBatch, AppendCondition, NewEvent, Page, ReadQuery};
use esrs::{EventStore, Metadata, Position, StreamId};

/// A bank: its accounts, and transfers between two of them.
mod bank {
    use esrs::prelude::*;

    #[derive(Event, Serialize, Deserialize)]
    #[event("account_opened")]
    pub(crate) struct AccountOpened {
        pub(crate) owner: String,
    }

    #[derive(Event, Serialize, Deserialize)]
    #[event("money_deposited")]
    pub(crate) struct MoneyDeposited {
        pub(crate) cents: i64,
    }

    #[derive(Event, Serialize, Deserialize)]
    #[event("owner_renamed")]
    pub(crate) struct OwnerRenamed {
        pub(crate) owner: String,
    }

    #[derive(Event, Serialize, Deserialize)]
    #[event("account_closed")]
    pub(crate) struct AccountClosed {}

    #[derive(Aggregate, Default)]
    #[aggregate(
        "account",
        id = String,
        events(ignored(AccountOpened, MoneyDeposited, OwnerRenamed, AccountClosed))
    )]
    pub(crate) struct Account {}

    #[derive(Schema, Serialize, Deserialize)]
    pub(crate) struct Route {
        pub(crate) from: String,
        pub(crate) to: String,
    }

    #[derive(Event, Serialize, Deserialize)]
    #[event("money_transferred")]
    pub(crate) struct MoneyTransferred {
        pub(crate) route: Route,
        pub(crate) cents: i64,
        pub(crate) currency: String,
    }

    #[derive(Aggregate, Default)]
    #[aggregate("transfer", id = u64, events(ignored(MoneyTransferred)))]
    pub(crate) struct Transfer {}
}

use bank::{Account, AccountClosed, AccountOpened, MoneyDeposited, MoneyTransferred, OwnerRenamed};

/// A balance for each account.
#[derive(Projection, Debug, Clone, PartialEq)]
#[projection(
    table = "balances",
    of = Account,
    version = 3,
    creates(AccountOpened),
    events(
        MoneyDeposited,
        OwnerRenamed(missing = skip),
        MoneyTransferred(of = bank::Transfer, key = [route.from, route.to]),
    ),
    deletes(AccountClosed)
)]
struct Balance {
    #[projection(key)]
    account: String,
    owner: Option<String>,
    #[projection(column = "balance_in_cents")]
    cents: i64,
    #[projection(text)]
    tier: Tier,
    #[projection(json)]
    r#type: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Tier {
    Basic,
    Gold,
}

impl std::fmt::Display for Tier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if *self == Self::Basic { "basic" } else { "gold" })
    }
}

impl std::str::FromStr for Tier {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "basic" => Ok(Self::Basic),
            "gold" => Ok(Self::Gold),
            _ => Err("neither basic nor gold".to_owned()),
        }
    }
}

impl Create<AccountOpened> for Balance {
    fn create(account: String, event: &Recorded<AccountOpened>) -> Self {
        let r#type = vec!["new".to_owned()];
        Self { account, owner: Some(event.owner.clone()), cents: 0, tier: Tier::Basic, r#type }
    }
}

impl Project<MoneyDeposited> for Balance {
    fn project(&mut self, event: &Recorded<MoneyDeposited>) {
        assert!(event.cents != 13, "thirteen is bad luck");
        self.cents += event.cents;
        if self.cents > 1000 {
            self.tier = Tier::Gold;
        }
    }
}

impl Project<OwnerRenamed> for Balance {
    fn project(&mut self, event: &Recorded<OwnerRenamed>) {
        self.owner = Some(event.owner.clone());
    }
}

impl Project<MoneyTransferred> for Balance {
    fn project(&mut self, event: &Recorded<MoneyTransferred>) {
        let sign = if event.route.from == self.account { -1 } else { 1 };
        self.cents += sign * event.cents;
    }
}

/// The money of each currency that left each account: one row for two key fields, made by the same
/// event that changes it.
#[derive(Projection, Debug, PartialEq)]
#[projection(
    table = "outflow",
    of = bank::Transfer,
    creates(MoneyTransferred(key = (route.from, currency))),
    events(MoneyTransferred)
)]
struct Outflow {
    cents: i64,
    #[projection(key)]
    account: String,
    #[projection(key)]
    currency: String,
}

impl Create<MoneyTransferred> for Outflow {
    fn create((account, currency): (String, String), event: &Recorded<MoneyTransferred>) -> Self {
        Self { cents: event.cents, account, currency }
    }
}

impl Project<MoneyTransferred> for Outflow {
    fn project(&mut self, event: &Recorded<MoneyTransferred>) {
        self.cents += event.cents;
    }
}

/// Where a transfer went, by the transfer's id and by the account at its end.
#[derive(Projection, Debug, PartialEq)]
#[projection(
    table = "arrivals",
    creates(MoneyTransferred(of = bank::Transfer, key = [(stream_id, route.to), (stream_id, route.from)]))
)]
struct Arrival {
    #[projection(key)]
    transfer: u64,
    #[projection(key)]
    account: String,
}

impl Create<MoneyTransferred> for Arrival {
    fn create((transfer, account): (u64, String), _: &Recorded<MoneyTransferred>) -> Self {
        Self { transfer, account }
    }
}

/// The accounts that are open; it does not matter whether the opening was seen.
#[derive(Projection, Debug, PartialEq)]
#[projection(
    table = "open_accounts",
    of = Account,
    creates(AccountOpened),
    deletes(AccountClosed(missing = skip))
)]
struct OpenAccount {
    #[projection(key)]
    account: String,
}

impl Create<AccountOpened> for OpenAccount {
    fn create(account: String, _: &Recorded<AccountOpened>) -> Self {
        Self { account }
    }
}

/// A log, and the rows that follow from it.
struct Book<P> {
    store: MemoryStore,
    rows: Vec<Vec<Value>>,
    read: Position,
    projection: std::marker::PhantomData<P>,
}

impl<P: Projection + Debug> Book<P> {
    fn new() -> Self {
        let (store, rows, read) = (MemoryStore::new(), Vec::new(), Position::START);
        Self { store, rows, read, projection: std::marker::PhantomData }
    }

    async fn record<E: Event>(&self, stream: &str, event: E) {
        self.record_new(stream, NewEvent::of(&event, Metadata::new()).unwrap()).await;
    }

    async fn record_new(&self, stream: &str, event: NewEvent) {
        let stream: StreamId = stream.parse().unwrap();
        let batch = AppendBatch::new(stream, AppendCondition::Any, vec![event]);
        self.store.append(batch).await.unwrap();
    }

    /// Takes all that was recorded since the last time as one batch.
    async fn catch_up(&mut self) -> Result<(), ProjectionError> {
        let mut pass = Pass::<P>::new();
        let query = ReadQuery::all().after(self.read).only(pass.filter()).with_envelopes();
        let page = self.store.read(query, Page::new()).await.unwrap();
        let keys = pass.decode(&page, &Parked::none())?;
        let key_of = |row: &[Value]| -> Vec<Value> {
            let columns = P::TABLE.columns.iter().zip(row);
            columns.filter(|(column, _)| column.key).map(|(_, value)| value.clone()).collect()
        };
        let rows = self.rows.iter().filter(|row| keys.contains(&key_of(row)));
        let changes = pass.change(rows.cloned().collect())?;
        let written: Vec<_> = changes.upserts.iter().map(|row| key_of(row)).collect();
        self.rows.retain(|row| {
            let key = key_of(row);
            !written.contains(&key) && !changes.deletes.contains(&key)
        });
        self.rows.extend(changes.upserts);
        self.read = page.scanned();
        Ok(())
    }

    fn rows(&self) -> Vec<P> {
        let rows = self.rows.iter().map(|row| P::from_values(row.clone()).unwrap());
        let mut rows: Vec<P> = rows.collect();
        rows.sort_by_key(|row| format!("{row:?}"));
        rows
    }
}

fn opened(owner: &str) -> AccountOpened {
    AccountOpened { owner: owner.to_owned() }
}

fn transferred(from: &str, to: &str, cents: i64) -> MoneyTransferred {
    let route = bank::Route { from: from.to_owned(), to: to.to_owned() };
    MoneyTransferred { route, cents, currency: "eur".to_owned() }
}

#[test]
fn an_event_that_says_its_keys_is_not_about_the_row_of_its_stream_alone() {
    let by_stream = |name: &str| {
        let source = Balance::SOURCES.iter().find(|source| source.event.name == name);
        source.unwrap().by_stream
    };
    assert!(by_stream("money_deposited") && by_stream("account_closed"));
    assert!(!by_stream("money_transferred"));
}

#[test]
fn the_table_has_a_column_for_each_field() {
    assert_eq!(Balance::TABLE.name, "balances");
    assert_eq!(
        Balance::TABLE.definition(),
        "v3 account text key, owner text?, balance_in_cents integer, tier text, type jsonb"
    );
    assert_eq!(Outflow::TABLE.version, 1, "unless it is said");
}

#[test]
fn a_row_survives_its_way_through_the_columns() {
    let row = Balance {
        account: "a".to_owned(),
        owner: None,
        cents: -5,
        tier: Tier::Gold,
        r#type: vec!["x".to_owned()],
    };
    let values = row.to_values().unwrap();
    assert_eq!(
        values,
        [
            Value::Text("a".to_owned()),
            Value::Null,
            Value::Integer(-5),
            Value::Text("gold".to_owned()),
            Value::Json("[\"x\"]".to_owned()),
        ]
    );
    assert_eq!(Balance::from_values(values).unwrap(), row);
}

#[test]
fn an_error_of_a_column_names_it() {
    let mut values = vec![
        Value::Text("a".to_owned()),
        Value::Null,
        Value::Integer(1),
        Value::Text("silver".to_owned()),
        Value::Json("[]".to_owned()),
    ];
    let error = Balance::from_values(values.clone()).unwrap_err();
    assert_eq!(error.column, Some("tier"));
    assert!(
        error.to_string().ends_with("the value (a text) is no derives::projection::Tier"),
        "{error}"
    );

    values[2] = Value::Null;
    assert_eq!(Balance::from_values(values.clone()).unwrap_err().column, Some("balance_in_cents"));

    values.pop();
    let error = Balance::from_values(values).unwrap_err().to_string();
    assert_eq!(error, "the row has 4 columns, and 5 are needed");
}

#[test]
fn the_filter_asks_for_the_listed_events_alone() {
    let filter = Pass::<Balance>::new().filter();
    assert!(filter.allows("account", "money_deposited"));
    assert!(filter.allows("transfer", "money_transferred"));
    assert!(!filter.allows("account", "money_transferred"), "it is an event of transfers");
    assert!(!Pass::<Outflow>::new().filter().allows("account", "account_opened"));
}

#[tokio::test]
async fn a_row_is_created_changed_and_deleted() {
    let mut book = Book::<Balance>::new();
    book.record("account-a", opened("Alice")).await;
    book.record("account-a", MoneyDeposited { cents: 500 }).await;
    book.catch_up().await.unwrap();
    let row = book.rows().remove(0);
    assert_eq!((row.account.as_str(), row.owner.as_deref()), ("a", Some("Alice")));
    assert_eq!((row.cents, row.tier), (500, Tier::Basic));

    book.record("account-a", MoneyDeposited { cents: 501 }).await;
    book.record("account-a", OwnerRenamed { owner: "Bob".to_owned() }).await;
    book.catch_up().await.unwrap();
    let row = book.rows().remove(0);
    assert_eq!((row.cents, row.tier, row.owner.as_deref()), (1001, Tier::Gold, Some("Bob")));

    book.record("account-a", AccountClosed {}).await;
    book.catch_up().await.unwrap();
    assert_eq!(book.rows(), []);
}

#[tokio::test]
async fn one_event_changes_several_rows() {
    let mut book = Book::<Balance>::new();
    book.record("account-a", opened("Alice")).await;
    book.record("account-b", opened("Bob")).await;
    book.record("transfer-1", transferred("a", "b", 7)).await;
    book.catch_up().await.unwrap();
    assert_eq!(book.rows().iter().map(|row| row.cents).collect::<Vec<_>>(), [-7, 7]);
}

#[tokio::test]
async fn an_event_in_both_lists_makes_the_row_or_changes_it() {
    let mut book = Book::<Outflow>::new();
    for cents in [3, 4] {
        book.record("transfer-1", transferred("a", "b", cents)).await;
        book.catch_up().await.unwrap();
    }
    let (account, currency) = ("a".to_owned(), "eur".to_owned());
    assert_eq!(book.rows(), [Outflow { cents: 7, account, currency }]);
}

#[tokio::test]
async fn a_key_is_made_of_the_streams_id_and_a_field() {
    let mut book = Book::<Arrival>::new();
    book.record("transfer-42", transferred("a", "b", 1)).await;
    book.catch_up().await.unwrap();
    let arrival = |account: &str| Arrival { transfer: 42, account: account.to_owned() };
    assert_eq!(book.rows(), [arrival("a"), arrival("b")]);
}

#[tokio::test]
async fn the_id_of_a_stream_that_is_no_key_is_an_error_that_shows_it() {
    let mut book = Book::<Arrival>::new();
    book.record("transfer-first", transferred("a", "b", 1)).await;
    let error = book.catch_up().await.unwrap_err();
    assert!(matches!(&*error.reason, RowError::Key { id, .. } if id == "first"), "{error}");
}

/// An aggregate by its id, and a row of it by its stream and one by a field of the event.
macro_rules! by_id {
    ($name:ident, $id:ty) => {
        mod $name {
            use super::*;

            #[derive(Event, Serialize, Deserialize)]
            #[event("seen")]
            struct Seen {
                place: String,
            }

            #[derive(Aggregate, Default)]
            #[aggregate("thing", id = $id, events(ignored(Seen)))]
            struct Thing {}

            #[derive(Projection, Debug)]
            #[projection(table = "things", of = Thing, creates(Seen), events(Seen))]
            struct Row {
                #[projection(key, text)]
                id: $id,
                seen: u32,
            }

            impl Create<Seen> for Row {
                fn create(id: $id, _: &Recorded<Seen>) -> Self {
                    Self { id, seen: 1 }
                }
            }

            impl Project<Seen> for Row {
                fn project(&mut self, _: &Recorded<Seen>) {
                    self.seen += 1;
                }
            }

            #[derive(Projection, Debug)]
            #[projection(table = "places", of = Thing, creates(Seen(key = place)), events(Seen(key = place)))]
            struct Place {
                #[projection(key)]
                place: String,
                seen: u32,
            }

            impl Create<Seen> for Place {
                fn create(place: String, _: &Recorded<Seen>) -> Self {
                    Self { place, seen: 1 }
                }
            }

            impl Project<Seen> for Place {
                fn project(&mut self, _: &Recorded<Seen>) {
                    self.seen += 1;
                }
            }

            async fn refused<P: Projection + Debug>(id: &str) -> ProjectionError {
                let mut book = Book::<P>::new();
                book.record(&format!("thing-{id}"), Seen { place: "here".to_owned() }).await;
                book.catch_up().await.unwrap_err()
            }

            /// Refuses the ids that the type does not write itself, in both rows.
            pub(super) async fn compare(written: &str, otherwise: &[&str]) {
                for id in otherwise {
                    for error in [refused::<Row>(id).await, refused::<Place>(id).await] {
                        assert!(matches!(&*error.reason, RowError::Key { .. }), "{id}: {error}");
                        assert!(error.to_string().contains(id), "{id}: {error}");
                    }
                }
                let (mut rows, mut places) = (Book::<Row>::new(), Book::<Place>::new());
                let stream = format!("thing-{written}");
                rows.record(&stream, Seen { place: "here".to_owned() }).await;
                places.record(&stream, Seen { place: "here".to_owned() }).await;
                rows.catch_up().await.unwrap();
                places.catch_up().await.unwrap();
                assert_eq!((rows.rows()[0].seen, places.rows()[0].seen), (1, 1), "{written}");
            }
        }
    };
}

by_id!(of_numbers, i64);
by_id!(of_truths, bool);
by_id!(of_addresses, std::net::Ipv6Addr);
by_id!(of_floats, f64);
by_id!(of_uuids, uuid::Uuid);

#[tokio::test]
async fn a_stream_whose_id_is_written_otherwise_has_no_rows() {
    of_numbers::compare("7", &["007", "+7", "07", "x"]).await;
    of_numbers::compare("-7", &["-07", "-0"]).await;
    of_truths::compare("true", &["True", "1"]).await;
    of_addresses::compare("::1", &["0:0:0:0:0:0:0:1", "::0001", "::0.0.0.1"]).await;
    of_floats::compare("1.5", &["1.50", "+1.5", "15e-1", "01.5"]).await;
    let uuid = "67e55044-10b1-426f-9247-bb680e5fe0c8";
    let braces = format!("{{{uuid}}}");
    let others = [uuid.to_uppercase(), uuid.replace('-', ""), braces, format!("urn:uuid:{uuid}")];
    of_uuids::compare(uuid, &others.each_ref().map(String::as_str)).await;
}

/// A row by the time that its stream is named after, which the column rounds.
mod of_times {
    use super::*;
    use jiff::Timestamp;

    #[derive(Event, Serialize, Deserialize)]
    #[event("ticked")]
    pub(super) struct Ticked {}

    #[derive(Aggregate, Default)]
    #[aggregate("tick", id = Timestamp, events(ignored(Ticked)))]
    struct Tick {}

    #[derive(Projection, Debug)]
    #[projection(table = "ticks", of = Tick, creates(Ticked))]
    pub(super) struct Row {
        #[projection(key)]
        pub(super) at: Timestamp,
    }

    impl Create<Ticked> for Row {
        fn create(at: Timestamp, _: &Recorded<Ticked>) -> Self {
            Self { at }
        }
    }
}

#[tokio::test]
async fn two_streams_that_a_key_column_does_not_tell_apart_share_no_row() {
    let mut book = Book::<of_times::Row>::new();
    book.record("tick-2026-01-01T00:00:00.000001Z", of_times::Ticked {}).await;
    book.catch_up().await.unwrap();
    book.record("tick-2026-01-01T00:00:00.000001001Z", of_times::Ticked {}).await;
    let error = book.catch_up().await.unwrap_err();
    assert!(matches!(*error.reason, RowError::Key { .. }), "{error}");
    assert_eq!(book.rows().len(), 1);
}

/// A row that moves to another key.
#[derive(Projection, Debug)]
#[projection(table = "movers", of = Account, creates(AccountOpened), events(OwnerRenamed))]
struct Mover {
    #[projection(key)]
    account: String,
}

impl Create<AccountOpened> for Mover {
    fn create(account: String, event: &Recorded<AccountOpened>) -> Self {
        if event.owner.is_empty() {
            Self { account: "nobody".to_owned() }
        } else {
            Self { account }
        }
    }
}

impl Project<OwnerRenamed> for Mover {
    fn project(&mut self, event: &Recorded<OwnerRenamed>) {
        self.account.clone_from(&event.owner);
    }
}

#[tokio::test]
async fn an_event_that_changes_the_key_of_its_row_is_an_error() {
    let mut book = Book::<Mover>::new();
    book.record("account-a", opened("Alice")).await;
    book.record("account-a", OwnerRenamed { owner: "b".to_owned() }).await;
    book.record("account-a", OwnerRenamed { owner: "a".to_owned() }).await;
    let error = book.catch_up().await.unwrap_err();
    assert_eq!(error.version, 2, "{error}");
    let expected = "the row has another key than the event is about; `create` and `project` must not \
                    change the key fields";
    assert_eq!(error.reason.to_string(), expected);
    let RowError::KeyChanged { key, found } = &*error.reason else { panic!("{error}") };
    assert_eq!((&**key, &**found), ("a", "b"));
    let mut book = Book::<Mover>::new();
    book.record("account-a", opened("")).await;
    let error = book.catch_up().await.unwrap_err();
    assert!(matches!(*error.reason, RowError::KeyChanged { .. }), "{error}");
}

#[tokio::test]
async fn an_event_for_a_missing_row_is_an_error_that_says_where() {
    let mut book = Book::<Balance>::new();
    book.record("account-a", MoneyDeposited { cents: 1 }).await;
    let error = book.catch_up().await.unwrap_err();
    assert!(matches!(&*error.reason, RowError::Missing { key } if key == "a"));
    assert_eq!(
        error.to_string(),
        "balances could not take the event `money_deposited` (version 1) at 1, version 1 of \
         account-a: there is no row a; list the event in `creates(…)`, or as `(missing = skip)`, \
         if that may be"
    );
}

#[tokio::test]
async fn an_event_for_a_missing_row_is_skipped_where_the_projection_says_so() {
    let mut book = Book::<Balance>::new();
    book.record("account-a", OwnerRenamed { owner: "Bob".to_owned() }).await;
    book.catch_up().await.unwrap();
    assert_eq!(book.rows(), []);
}

#[tokio::test]
async fn a_missing_row_cannot_be_deleted() {
    let mut book = Book::<Balance>::new();
    book.record("account-a", AccountClosed {}).await;
    let error = book.catch_up().await.unwrap_err();
    assert!(matches!(*error.reason, RowError::Missing { .. }), "{error}");
}

#[tokio::test]
async fn a_missing_row_is_deleted_in_peace_where_the_projection_says_so() {
    let mut book = Book::<OpenAccount>::new();
    book.record("account-a", AccountClosed {}).await;
    book.record("account-b", opened("Bob")).await;
    book.record("account-c", opened("Carol")).await;
    book.record("account-c", AccountClosed {}).await;
    book.catch_up().await.unwrap();
    assert_eq!(book.rows(), [OpenAccount { account: "b".to_owned() }]);
}

#[tokio::test]
async fn a_row_is_not_created_twice() {
    let mut book = Book::<Balance>::new();
    book.record("account-a", opened("Alice")).await;
    book.record("account-a", opened("Alice again")).await;
    let error = book.catch_up().await.unwrap_err();
    assert!(matches!(&*error.reason, RowError::Exists { key } if key == "a"), "{error}");
    assert_eq!(error.position, Position::new(2));
}

#[tokio::test]
async fn a_panic_of_the_projection_is_an_error_that_repeats_it() {
    let mut book = Book::<Balance>::new();
    book.record("account-a", opened("Alice")).await;
    book.record("account-a", MoneyDeposited { cents: 13 }).await;
    let error = book.catch_up().await.unwrap_err();
    assert!(
        matches!(&*error.reason, RowError::Panicked { message } if message == "thirteen is bad luck"),
        "{error}"
    );
}

#[tokio::test]
async fn a_payload_that_cannot_be_read_is_an_error() {
    let mut book = Book::<Balance>::new();
    let mut event = NewEvent::of(&opened("Alice"), Metadata::new()).unwrap();
    event.version = 2;
    book.record_new("account-a", event).await;
    let error = book.catch_up().await.unwrap_err();
    let newer = PayloadError::NewerVersion { version: 2, newest: 1 };
    assert_eq!(error.reason.to_string(), newer.to_string());
}

#[tokio::test]
async fn an_event_of_the_same_name_in_another_category_is_none_of_its_events() {
    let mut book = Book::<Outflow>::new();
    book.record("account-a", transferred("a", "b", 1)).await;
    book.catch_up().await.unwrap();
    assert_eq!(book.rows(), []);
}

mod change {
    //! Changes that a definition tells apart, without a word from the user.

    use esrs::prelude::*;

    #[derive(Event, Serialize, Deserialize)]
    #[event("placed")]
    pub(super) struct Placed {}

    #[derive(Aggregate, Default)]
    #[aggregate("order", id = u64, events(ignored(Placed)))]
    pub(super) struct Order {}

    pub(super) mod today {
        use super::*;

        #[derive(Schema, Serialize, Deserialize)]
        pub(in super::super) struct Details {
            note: String,
        }

        #[derive(Column)]
        pub(in super::super) enum Status {
            Open,
            Paid,
        }

        #[derive(Projection)]
        #[projection(table = "orders", of = Order, creates(Placed), events(Placed))]
        pub(in super::super) struct Row {
            #[projection(key)]
            id: u64,
            #[projection(json)]
            details: Vec<Details>,
            status: Status,
        }

        impl Create<Placed> for Row {
            fn create(id: u64, _: &Recorded<Placed>) -> Self {
                Self { id, details: vec![], status: Status::Open }
            }
        }

        impl Project<Placed> for Row {
            fn project(&mut self, _: &Recorded<Placed>) {
                self.status = Status::Paid;
            }
        }
    }

    /// The same in other clothes.
    pub(super) mod reformatted {
        use super::*;

        /// The details.
        #[derive(Debug, Schema, Serialize, Deserialize)]
        pub(in super::super) struct Details {
            /// A note.
            note: String,
        }

        /// The status.
        #[derive(Debug, Column)]
        pub(in super::super) enum Status {
            Open,
            Paid,
        }

        /// A row.
        #[derive(Projection)]
        #[projection(table = "orders", of = Order, creates(Placed), events(Placed))]
        pub(in super::super) struct Row {
            #[projection(key)]
            id: u64,
            #[projection(json)]
            details: Vec<Details>,
            status: Status,
        }

        impl Project<Placed> for Row {
            // Comes first now.
            fn project(&mut self, _: &Recorded<Placed>) {
                /* paid */
                self.status = Status::Paid;
            }
        }

        impl Create<Placed> for Row {
            fn create(id: u64, _: &Recorded<Placed>) -> Self {
                Self { id, details: vec![], status: Status::Open }
            }
        }
    }

    pub(super) mod another_field_in_the_json {
        use super::*;

        #[derive(Schema, Serialize, Deserialize)]
        pub(in super::super) struct Details {
            note: String,
            #[serde(default)]
            by: Option<String>,
        }

        #[derive(Column)]
        pub(in super::super) enum Status {
            Open,
            Paid,
        }

        #[derive(Projection)]
        #[projection(table = "orders", of = Order, creates(Placed), events(Placed))]
        pub(in super::super) struct Row {
            #[projection(key)]
            id: u64,
            #[projection(json)]
            details: Vec<Details>,
            status: Status,
        }

        impl Create<Placed> for Row {
            fn create(id: u64, _: &Recorded<Placed>) -> Self {
                Self { id, details: vec![], status: Status::Open }
            }
        }

        impl Project<Placed> for Row {
            fn project(&mut self, _: &Recorded<Placed>) {
                self.status = Status::Paid;
            }
        }
    }

    pub(super) mod another_body {
        use super::*;

        #[derive(Schema, Serialize, Deserialize)]
        pub(in super::super) struct Details {
            note: String,
        }

        #[derive(Column)]
        pub(in super::super) enum Status {
            Open,
            Paid,
        }

        #[derive(Projection)]
        #[projection(table = "orders", of = Order, creates(Placed), events(Placed))]
        pub(in super::super) struct Row {
            #[projection(key)]
            id: u64,
            #[projection(json)]
            details: Vec<Details>,
            status: Status,
        }

        impl Create<Placed> for Row {
            fn create(id: u64, _: &Recorded<Placed>) -> Self {
                Self { id, details: vec![], status: Status::Paid }
            }
        }

        impl Project<Placed> for Row {
            fn project(&mut self, _: &Recorded<Placed>) {
                self.status = Status::Paid;
            }
        }
    }
}

/// An enum that a row names, whose variant was renamed; the code is the same.
mod renamed {
    use super::change::{Order, Placed};
    use esrs::prelude::*;

    /// A row with an enum of two names.
    macro_rules! row {
        ($module:ident, $status:item, $inside:item) => {
            pub(super) mod $module {
                use super::*;

                #[derive(Column)]
                $status

                #[derive(Schema, Serialize, Deserialize)]
                $inside

                #[derive(Projection)]
                #[projection(table = "orders", of = Order, creates(Placed))]
                pub(in super::super) struct Row {
                    #[projection(key)]
                    id: u64,
                    status: Option<Status>,
                    #[projection(json)]
                    inside: Vec<Inside>,
                }

                impl Create<Placed> for Row {
                    fn create(id: u64, _: &Recorded<Placed>) -> Self {
                        Self { id, status: None, inside: Vec::new() }
                    }
                }
            }
        };
    }

    row!(
        today,
        pub(super) enum Status {
            #[allow(dead_code)]
            Open,
        },
        pub(super) enum Inside {
            Open,
        }
    );
    row!(
        status,
        pub(super) enum Status {
            #[allow(dead_code)]
            Opened,
        },
        pub(super) enum Inside {
            Open,
        }
    );
    row!(
        inside,
        pub(super) enum Status {
            #[allow(dead_code)]
            Open,
        },
        pub(super) enum Inside {
            Opened,
        }
    );
}

#[test]
fn a_definition_tells_what_its_columns_hold_and_how_rows_are_made() {
    let today = change::today::Row::definition();
    assert_eq!(change::reformatted::Row::definition(), today);
    let changed = [
        change::another_field_in_the_json::Row::definition(),
        change::another_body::Row::definition(),
    ];
    assert!(changed.iter().all(|changed| *changed != today), "{today}\n{changed:?}");
    let today = renamed::today::Row::definition();
    let changed = [renamed::status::Row::definition(), renamed::inside::Row::definition()];
    assert!(changed.iter().all(|changed| *changed != today), "{today}\n{changed:?}");
}
