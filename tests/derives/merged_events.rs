//! Events that became another one: what was stored under their names is read as what it is now.

use std::num::ParseIntError;

use esrs::aggregate::ReplayFault;
use esrs::prelude::*;
use esrs::schema::EventType;
use esrs::store::{AppendBatch, AppendCondition, AuditTrail, NewEvent};
use esrs::testing::{ProjectionScenario, Scenario};
use esrs::{EventStore, LoadError, Metadata, StreamId};

/// Two events of different names and chains became one, which has versions of its own; one of the
/// two had swallowed another before.
#[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[event("money_moved", version = 2, from = MoneyMovedV1, merges(MoneyDeposited, MoneyWithdrawn))]
struct MoneyMoved {
    cents: i64,
    why: String,
}

#[derive(Event, Serialize, Deserialize)]
#[event("money_moved")]
struct MoneyMovedV1 {
    amount: i64,
}

#[derive(Event, Serialize, Deserialize)]
#[event("money_deposited", version = 2, from = MoneyDepositedV1, aliases("cash_received"), merges(GiftReceived))]
struct MoneyDeposited {
    cents: i64,
}

#[derive(Event, Serialize, Deserialize)]
#[event("money_deposited")]
struct MoneyDepositedV1 {
    amount: i64,
}

#[derive(Event, Serialize, Deserialize)]
#[event("gift_received")]
struct GiftReceived {
    gift: i64,
}

#[derive(Event, Serialize, Deserialize)]
#[event("money_withdrawn")]
struct MoneyWithdrawn {
    cents: String,
}

impl Upcast<MoneyMovedV1> for MoneyMoved {
    fn upcast(old: MoneyMovedV1) -> Self {
        Self { cents: old.amount, why: "moved".into() }
    }
}

impl Upcast<MoneyDepositedV1> for MoneyDeposited {
    fn upcast(old: MoneyDepositedV1) -> Self {
        Self { cents: old.amount * 100 }
    }
}

impl Upcast<GiftReceived> for MoneyDeposited {
    fn upcast(old: GiftReceived) -> Self {
        Self { cents: old.gift }
    }
}

impl Upcast<MoneyDeposited> for MoneyMoved {
    fn upcast(old: MoneyDeposited) -> Self {
        Self { cents: old.cents, why: "deposited".into() }
    }
}

impl TryUpcast<MoneyWithdrawn> for MoneyMoved {
    type Error = ParseIntError;

    fn try_upcast(old: MoneyWithdrawn) -> Result<Self, Self::Error> {
        Ok(Self { cents: -old.cents.parse()?, why: "withdrawn".into() })
    }
}

#[derive(Event, Debug, PartialEq, Serialize, Deserialize)]
#[event("account_closed")]
struct AccountClosed {}

#[derive(Aggregate, Clone, Debug, Default, PartialEq, Serialize, Deserialize, Schema)]
#[aggregate(
    "account",
    id = u32,
    events(AccountClosed, MoneyMoved),
    event_derives(Debug, PartialEq)
)]
struct Account {
    moved: Vec<(i64, String)>,
}

impl Apply<MoneyMoved> for Account {
    fn apply(&mut self, event: MoneyMoved) {
        self.moved.push((event.cents, event.why));
    }
}

impl Apply<AccountClosed> for Account {
    fn apply(&mut self, _: AccountClosed) {
        self.moved.clear();
    }
}

struct Deposit;

impl Handle<Deposit> for Account {
    type Error = std::convert::Infallible;

    fn handle(&self, _: &Deposit, _: &Context<Self>) -> Result<Events<Self>, Self::Error> {
        Ok(MoneyMoved { cents: 1, why: "new".into() }.into())
    }
}

/// The stored payloads of each year, and their current meaning.
const STORED: [(&str, u32, &str, (i64, &str)); 7] = [
    ("gift_received", 1, r#"{"gift":7}"#, (7, "deposited")),
    ("money_deposited", 1, r#"{"amount":5}"#, (500, "deposited")),
    ("cash_received", 1, r#"{"amount":6}"#, (600, "deposited")),
    ("money_deposited", 2, r#"{"cents":5}"#, (5, "deposited")),
    ("money_withdrawn", 1, r#"{"cents":"3"}"#, (-3, "withdrawn")),
    ("money_moved", 1, r#"{"amount":9}"#, (9, "moved")),
    ("money_moved", 2, r#"{"cents":8,"why":"because"}"#, (8, "because")),
];

fn moved() -> Vec<(i64, String)> {
    STORED.iter().map(|(.., (cents, why))| (*cents, (*why).to_owned())).collect()
}

fn stored(name: &str, version: u32, payload: &str) -> NewEvent {
    let event = NewEvent::of(&AccountClosed {}, Metadata::new()).unwrap();
    NewEvent { name: name.into(), version, payload: payload.to_owned(), ..event }
}

async fn append(store: &MemoryStore, event: NewEvent) {
    let stream = StreamId::new("account", 1).unwrap();
    store.append(AppendBatch::new(stream, AppendCondition::Any, vec![event])).await.unwrap();
}

async fn years() -> MemoryStore {
    let store = MemoryStore::new();
    for (name, version, payload, _) in STORED {
        append(&store, stored(name, version, payload)).await;
    }
    store
}

#[tokio::test]
async fn each_is_read_through_its_own_versions_and_then_the_step() {
    let accounts = Repository::<Account>::new(years().await);
    let account = accounts.load(&1).await.unwrap();
    assert_eq!((Loaded::version(&account), &account.moved), (7, &moved()));
}

#[tokio::test]
async fn a_command_goes_on_from_there() {
    let accounts = Repository::<Account>::new(years().await);
    accounts.execute(&1, Deposit).await.unwrap();
    let account = accounts.load(&1).await.unwrap();
    assert_eq!((Loaded::version(&account), account.moved.last().unwrap().0), (8, 1));
}

#[tokio::test]
async fn a_history_gives_the_new_event_beside_the_old_name_and_payload() {
    let accounts = Repository::<Account>::new(years().await);
    let mut history = accounts.history(&1).unwrap();
    for (name, version, payload, (cents, why)) in STORED {
        let moment = history.try_next().await.unwrap().unwrap();
        assert_eq!((&*moment.kind.name, moment.kind.version), (name, version));
        assert_eq!(moment.payload, payload);
        let event = MoneyMoved { cents, why: why.to_owned() };
        assert_eq!(moment.events, [AccountEvent::MoneyMoved(event)]);
    }
}

#[tokio::test]
async fn an_audit_trail_of_the_aggregate_has_the_old_names() {
    let mut trail = AuditTrail::new(years().await).of::<Account>();
    let mut names = Vec::new();
    while let Some(entry) = trail.try_next().await.unwrap() {
        names.push(entry.kind.name.to_string());
    }
    assert_eq!(names, STORED.map(|(name, ..)| name));
}

#[test]
fn a_scenario_takes_what_an_older_program_stored() {
    let given =
        STORED.iter().fold(Scenario::<Account>::new(), |scenario, (name, version, payload, _)| {
            scenario.and_given_stored(name, *version, payload)
        });
    given
        .then_state(Account { moved: moved() })
        .when(Deposit)
        .then(MoneyMoved { cents: 1, why: "new".into() });
}

#[derive(Projection, Debug, PartialEq)]
#[projection(table = "balance", of = Account, creates(MoneyMoved), events(MoneyMoved))]
struct Balance {
    #[projection(key)]
    account: u32,
    cents: i64,
    last: String,
}

impl Create<MoneyMoved> for Balance {
    fn create(account: u32, event: &Recorded<MoneyMoved>) -> Self {
        Self { account, cents: event.cents, last: event.why.clone() }
    }
}

impl Project<MoneyMoved> for Balance {
    fn project(&mut self, event: &Recorded<MoneyMoved>) {
        self.cents += event.cents;
        self.last.clone_from(&event.why);
    }
}

#[test]
fn a_projection_of_the_new_event_takes_the_old_ones() {
    let mut scenario = ProjectionScenario::<Balance>::new();
    let mut sum = 0;
    for (name, version, payload, (cents, why)) in STORED {
        sum += cents;
        scenario = scenario
            .given_stored::<Account>(1, name, version, payload)
            .then_rows([Balance { account: 1, cents: sum, last: why.to_owned() }]);
    }
}

#[test]
fn a_type_answers_to_the_names_of_what_it_merges() {
    let event = EventType::of::<MoneyMoved>();
    let names =
        ["money_moved", "money_deposited", "cash_received", "gift_received", "money_withdrawn"];
    assert_eq!(event.names(), names);
    assert!(names.iter().all(|name| event.is_stored_as(name)));
    assert!(!event.is_stored_as("account_closed"));
}

async fn refused(name: &str, version: u32, payload: &str) -> String {
    let store = MemoryStore::new();
    append(&store, stored(name, version, payload)).await;
    let accounts = Repository::<Account>::new(store);
    let Err(LoadError::Replay(error)) = accounts.load(&1).await else { panic!("it was read") };
    let ReplayFault::Payload(reason) = error.reason else { panic!("not about the payload") };
    reason.to_string()
}

#[tokio::test]
async fn versions_belong_to_a_name() {
    let newer = "version 2 is newer than version 1, the newest that this program knows";
    assert_eq!(refused("money_withdrawn", 2, "{}").await, newer);
    assert!(refused("money_deposited", 3, "{}").await.contains("newer than version 2"));
    assert!(refused("money_moved", 3, "{}").await.contains("newer than version 2"));
    assert!(refused("money_deposited", 0, "{}").await.contains("no version 0"));
}

#[tokio::test]
async fn a_step_that_refuses_says_from_what_to_what() {
    assert_eq!(
        refused("money_withdrawn", 1, r#"{"cents":"much"}"#).await,
        "the `money_withdrawn` could not be converted to a `money_moved`: invalid digit found in string"
    );
    assert!(refused("money_withdrawn", 1, r#"{"cents":3}"#).await.contains("shape of its version"));
}
