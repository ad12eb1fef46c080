//! `#[derive(Aggregate)]`: the enum of the events, and what a log adds up to.

use std::convert::Infallible;

use esrs::aggregate::{IntoEvents, ReplayFault};
use esrs::prelude::*;
use esrs::schema::StoredAs;
use esrs::store::{AppendBatch, AppendCondition, NewEvent};
use esrs::{EventStore, LoadError, Metadata, StreamId};

/// Events may live anywhere.
mod gifts {
    use esrs::prelude::*;

    #[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
    #[event("gift_received")]
    pub(crate) struct Received {
        pub(crate) cents: i64,
    }

    pub(crate) mod returned {
        use esrs::prelude::*;

        #[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
        #[event("gift_returned", aliases("gift_refused"))]
        pub(crate) struct Received {
            pub(crate) cents: i64,
        }
    }
}

#[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[event("account_opened")]
struct AccountOpened {
    owner: String,
}

#[derive(Event, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[event("statement_sent")]
struct StatementSent {}

#[derive(Aggregate, Debug, Default, PartialEq)]
#[aggregate(
    "bank_account",
    id = u64,
    events(
        AccountOpened,
        ignored(StatementSent),
        gifts::Received,
        gifts::returned::Received as GiftReturned,
    ),
    retired("interest_paid", "fee_taken"),
    event_derives(Clone, Debug, PartialEq)
)]
struct BankAccount {
    owner: String,
    cents: i64,
}

impl Apply<AccountOpened> for BankAccount {
    fn apply(&mut self, event: AccountOpened) {
        self.owner = event.owner;
    }
}

impl Apply<gifts::Received> for BankAccount {
    fn apply(&mut self, event: gifts::Received) {
        self.cents += event.cents;
    }
}

impl Apply<gifts::returned::Received> for BankAccount {
    fn apply(&mut self, event: gifts::returned::Received) {
        self.cents -= event.cents;
    }
}

fn opened() -> AccountOpened {
    AccountOpened { owner: "Alice".to_owned() }
}

fn received(cents: i64) -> gifts::Received {
    gifts::Received { cents }
}

fn returned(cents: i64) -> gifts::returned::Received {
    gifts::returned::Received { cents }
}

/// The events that something becomes.
fn events(source: impl Into<Events<BankAccount>>) -> Vec<BankAccountEvent> {
    source.into().into_vec()
}

#[test]
fn the_events_stand_in_order_and_the_ignored_ones_last() {
    let names: Vec<_> = BankAccount::EVENTS.iter().map(|event| event.name).collect();
    assert_eq!(names, ["account_opened", "gift_received", "gift_returned", "statement_sent"]);
    assert_eq!(BankAccount::IGNORED, 1);
    assert_eq!(BankAccount::RETIRED, ["interest_paid", "fee_taken"]);
    assert_eq!(BankAccount::NAME, "bank_account");
}

#[test]
fn a_variant_is_named_after_its_event_or_as_the_list_says() {
    let named = |event| match event {
        BankAccountEvent::AccountOpened(event) => event.owner,
        BankAccountEvent::Received(event) => format!("received {}", event.cents),
        BankAccountEvent::GiftReturned(event) => format!("returned {}", event.cents),
        BankAccountEvent::StatementSent(_) => "sent".to_owned(),
    };
    let all: [BankAccountEvent; 4] =
        [opened().into(), received(1).into(), returned(2).into(), StatementSent {}.into()];
    assert_eq!(all.map(named), ["Alice", "received 1", "returned 2", "sent"]);
}

#[test]
fn events_are_made_of_one_event() {
    assert_eq!(events(received(1)), [BankAccountEvent::Received(received(1))]);
}

#[test]
fn events_are_made_of_the_enum() {
    let event = BankAccountEvent::GiftReturned(returned(1));
    assert_eq!(events(event.clone()), [event]);
}

#[test]
fn events_are_made_of_a_tuple_of_different_ones() {
    let three: [BankAccountEvent; 3] = [opened().into(), received(1).into(), returned(2).into()];
    assert_eq!(events((opened(), received(1), three[2].clone())), three);
}

#[test]
fn events_are_made_of_arrays_and_vecs_and_options_within_each_other() {
    let two: [BankAccountEvent; 2] = [received(1).into(), received(2).into()];
    assert_eq!(events([received(1), received(2)]), two);
    assert_eq!(events(vec![received(1), received(2)]), two);
    assert_eq!(events(two.to_vec()), two);
    assert_eq!(events((Some(received(1)), [Some(received(2)), None])), two);
}

#[test]
fn events_may_be_none() {
    assert_eq!(events(()), []);
    assert_eq!(events(None::<AccountOpened>), []);
    assert!(Events::<BankAccount>::none().is_empty());
}

#[test]
fn events_grow_by_more_of_any_kind() {
    let grown = Events::<BankAccount>::of(opened()).and([received(1), received(2)]).and(());
    assert_eq!(grown.len(), 3);
    assert_eq!(grown.as_slice()[2], received(2).into());
}

#[test]
fn an_event_folds_into_the_state_and_an_ignored_one_changes_nothing() {
    let mut account = BankAccount::initial();
    for event in events((opened(), received(7), returned(2))) {
        account.apply_event(event);
    }
    assert_eq!(account, BankAccount { owner: "Alice".to_owned(), cents: 5 });
    account.apply_event(StatementSent {}.into());
    assert_eq!(account, BankAccount { owner: "Alice".to_owned(), cents: 5 });
}

#[test]
fn encoding_an_event_gives_what_its_number_decodes() {
    for (number, event) in
        events((opened(), received(1), returned(2), StatementSent {})).into_iter().enumerate()
    {
        let (decoder, payload) = BankAccount::encode(&event);
        assert_eq!(decoder, number);
        let version = StoredAs::version(BankAccount::EVENTS[decoder].version);
        assert_eq!(BankAccount::decode(decoder, version, &payload.unwrap()).unwrap(), event);
    }
}

#[test]
fn a_number_that_no_event_has_is_an_error_and_changes_nothing() {
    let (mut account, first) = (BankAccount::initial(), StoredAs::version(1));
    assert_eq!(
        account.replay(4, first, "{}").unwrap_err().to_string(),
        "there is no decoder number 4"
    );
    assert_eq!(
        BankAccount::decode(4, first, "{}").unwrap_err().to_string(),
        "there is no decoder number 4"
    );
    account.replay(3, first, "not even JSON").unwrap();
    assert_eq!(account, BankAccount::initial(), "an ignored event is not looked into");
}

/// Appends payloads under names that nobody may know.
async fn stored(events: &[(&str, &str)]) -> MemoryStore {
    let store = MemoryStore::new();
    let mut new = Vec::new();
    for (name, payload) in events {
        let event = NewEvent::of(&StatementSent {}, Metadata::new()).unwrap();
        new.push(NewEvent { name: (*name).into(), payload: (*payload).to_owned(), ..event });
    }
    let stream = StreamId::new("bank_account", 18).unwrap();
    store.append(AppendBatch::new(stream, AppendCondition::Any, new)).await.unwrap();
    store
}

async fn load(events: &[(&str, &str)]) -> Result<(u64, BankAccount), LoadError> {
    let accounts = Repository::<BankAccount>::new(stored(events).await);
    let account = accounts.load(&18).await?;
    Ok((Loaded::version(&account), Loaded::into_state(account)))
}

#[tokio::test]
async fn a_stream_is_folded_by_the_stored_names_and_their_aliases() {
    let loaded = load(&[
        ("account_opened", r#"{"owner": "Alice"}"#),
        ("gift_received", r#"{"cents": 10}"#),
        ("gift_refused", r#"{"cents": 3}"#),
        ("gift_returned", r#"{"cents": 2}"#),
    ]);
    let account = BankAccount { owner: "Alice".to_owned(), cents: 5 };
    assert_eq!(loaded.await.unwrap(), (4, account));
}

#[tokio::test]
async fn ignored_and_retired_events_are_skipped_and_counted() {
    let loaded = load(&[("statement_sent", "{}"), ("fee_taken", "{}"), ("interest_paid", "[1]")]);
    assert_eq!(loaded.await.unwrap(), (3, BankAccount::initial()));
}

#[tokio::test]
async fn an_unknown_name_is_an_error_that_says_where_it_stands() {
    let loaded = load(&[("statement_sent", "{}"), ("money_laundered", "{}")]);
    let LoadError::Replay(error) = loaded.await.unwrap_err() else { panic!("not a replay error") };
    assert_eq!((error.version, error.event.as_str()), (2, "money_laundered"));
    assert_eq!(error.stream.as_str(), "bank_account-18");
    assert!(matches!(error.reason, ReplayFault::UnknownEvent { aggregate: "bank_account" }));
}

/// A door: an enum as a state machine. Its events have no `Clone`, `Debug` or `PartialEq`.
#[derive(Aggregate, Debug, Default, PartialEq)]
#[aggregate("door", id = String, events(Opened, Closed), event_enum = WhatHappened)]
enum Door {
    #[default]
    Closed,
    Open {
        times: u32,
    },
}

#[derive(Event, Serialize, Deserialize)]
#[event("opened")]
struct Opened {}

#[derive(Event, Serialize, Deserialize)]
#[event("closed")]
struct Closed;

impl Apply<Opened> for Door {
    fn apply(&mut self, _: Opened) {
        *self = match self {
            Self::Closed => Self::Open { times: 1 },
            Self::Open { times } => Self::Open { times: *times + 1 },
        };
    }
}

impl Apply<Closed> for Door {
    fn apply(&mut self, _: Closed) {
        *self = Self::Closed;
    }
}

struct Push;

impl Handle<Push> for Door {
    type Error = Infallible;

    fn handle(&self, _: &Push, ctx: &Context<Self>) -> Result<Events<Self>, Infallible> {
        Ok(match self {
            Self::Closed if ctx.is_new() => Opened {}.into(),
            Self::Closed => {
                [WhatHappened::Opened(Opened {}), Closed.into(), Opened {}.into()].into()
            }
            Self::Open { .. } => (Closed, None::<Opened>).into(),
        })
    }
}

#[tokio::test]
async fn an_enum_goes_from_state_to_state() {
    let doors = Repository::<Door>::new(MemoryStore::new());
    let front = "front".to_owned();
    let mut seen = Vec::new();
    for _ in 0..3 {
        doors.execute(&front, Push).await.unwrap();
        let door = doors.load(&front).await.unwrap();
        seen.push((Loaded::version(&door), Loaded::into_state(door)));
    }
    let open = Door::Open { times: 1 };
    assert_eq!(seen, [(1, open), (2, Door::Closed), (5, Door::Open { times: 1 })]);
}

/// Two aggregates share this one.
#[derive(Event, Debug, PartialEq, Serialize, Deserialize)]
#[event("shared")]
struct Shared {
    by: String,
}

macro_rules! sharing {
    ($aggregate:ident, $name:literal, $($event:path),*) => {
        #[derive(Aggregate, Default)]
        #[aggregate($name, id = String, events(ignored($($event),*)))]
        struct $aggregate {}
    };
}

sharing!(First, "first", Shared, gifts::Received);
sharing!(Second, "second", Shared);

#[test]
fn an_event_may_belong_to_several_aggregates_also_inside_a_macro() {
    fn shares<A: Aggregate>() -> usize
    where
        Shared: IntoEvents<A>,
    {
        Events::<A>::of(Shared { by: "both".to_owned() }).len()
    }
    assert_eq!((shares::<First>(), shares::<Second>()), (1, 1));
    assert_eq!(FirstEvent::from(received(1)).into_name(), "gift_received");
}

impl FirstEvent {
    fn into_name(self) -> &'static str {
        match self {
            Self::Shared(event) => {
                assert_eq!(event.by, "both");
                Shared::NAME
            }
            Self::Received(_) => gifts::Received::NAME,
        }
    }
}
