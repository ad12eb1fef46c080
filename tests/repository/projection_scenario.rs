//! Given events, then rows: what a scenario of a projection proves, and what it says when it fails.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};

use esrs::prelude::*;
use esrs::projection::RowError;
use esrs::testing::ProjectionScenario;
use esrs::{Metadata, Timestamp};

#[derive(Event, Serialize, Deserialize)]
#[event("money_deposited", version = 2, from = MoneyDepositedV1)]
struct MoneyDeposited {
    cents: i64,
}

#[derive(Event, Serialize, Deserialize)]
#[event("money_deposited")]
struct MoneyDepositedV1 {
    amount: i64,
}

impl Upcast<MoneyDepositedV1> for MoneyDeposited {
    fn upcast(old: MoneyDepositedV1) -> Self {
        Self { cents: old.amount }
    }
}

#[derive(Event, Serialize, Deserialize)]
#[event("money_sent")]
struct MoneySent {
    to: String,
    cents: i64,
}

#[derive(Event, Serialize, Deserialize)]
#[event("account_closed")]
struct AccountClosed {}

#[derive(Aggregate, Default)]
#[aggregate(
    "bank_account",
    id = String,
    events(ignored(MoneyDeposited, AccountClosed)),
    retired("gift_given")
)]
struct BankAccount {}

#[derive(Aggregate, Default)]
#[aggregate("transfer", id = u32, events(ignored(MoneySent)))]
struct Transfer {}

#[derive(Projection, Debug, PartialEq)]
#[projection(
    table = "account_summary",
    of = BankAccount,
    creates(MoneyDeposited),
    events(MoneyDeposited, MoneySent(of = Transfer, key = to)),
    deletes(AccountClosed),
)]
struct AccountSummary {
    #[projection(key)]
    account: String,
    cents: i64,
    last: String,
}

fn told<E>(event: &Recorded<E>) -> String {
    let (metadata, position) = (Recorded::metadata(event), Recorded::position(event));
    let (actor, branch) = (metadata.actor().unwrap_or("no one"), metadata.get("branch"));
    let id = Recorded::envelope(event).event_id.as_u128();
    format!(
        "{position} {id} {} {actor} {}",
        Recorded::recorded_at(event),
        branch.unwrap_or("nowhere")
    )
}

impl Create<MoneyDeposited> for AccountSummary {
    fn create(account: String, event: &Recorded<MoneyDeposited>) -> Self {
        Self { account, cents: event.cents, last: told(event) }
    }
}

impl Project<MoneyDeposited> for AccountSummary {
    fn project(&mut self, event: &Recorded<MoneyDeposited>) {
        self.cents += event.cents;
        self.last = told(event);
    }
}

impl Project<MoneySent> for AccountSummary {
    fn project(&mut self, event: &Recorded<MoneySent>) {
        self.cents += event.cents;
        self.last = told(event);
    }
}

fn scenario() -> ProjectionScenario<AccountSummary> {
    ProjectionScenario::new()
}

fn alice() -> String {
    "alice".to_owned()
}

fn bob() -> String {
    "bob".to_owned()
}

fn row(account: String, cents: i64, last: &str) -> AccountSummary {
    AccountSummary { account, cents, last: last.to_owned() }
}

/// Returns the message of a scenario that fails.
fn failure<T>(scenario: impl FnOnce() -> T) -> String {
    let Err(panic) = catch_unwind(AssertUnwindSafe(scenario)) else { panic!("it did not fail") };
    *panic.downcast::<String>().unwrap()
}

#[test]
fn the_events_of_several_aggregates_become_rows() {
    let scenario = scenario()
        .given::<BankAccount>(alice(), [MoneyDeposited { cents: 500 }, MoneyDeposited { cents: 1 }])
        .given_stored::<BankAccount>(bob(), "money_deposited", 1, r#"{"amount":20}"#)
        .given_stored::<BankAccount>(bob(), "gift_given", 1, "{}")
        .given::<Transfer>(7, MoneySent { to: alice(), cents: 30 })
        .then_rows([
            row(bob(), 20, "3 3 2026-01-01T00:00:00Z no one nowhere"),
            row(alice(), 531, "5 5 2026-01-01T00:00:00Z no one nowhere"),
        ])
        .then_row(bob(), row(bob(), 20, "3 3 2026-01-01T00:00:00Z no one nowhere"))
        .then_no_row("carol".to_owned());
    assert_eq!(scenario.rows().iter().map(|row| row.cents).collect::<Vec<_>>(), [531, 20]);
    scenario
        .given::<BankAccount>(alice(), AccountClosed {})
        .then_no_row(alice())
        .given::<BankAccount>(bob(), AccountClosed {})
        .then_rows([]);
}

#[test]
fn an_event_is_recorded_as_the_scenario_says_before_it() {
    let time: Timestamp = "2026-01-31T12:00:00.000000999Z".parse().unwrap();
    scenario()
        .at(time)
        .by("carol")
        .with("branch", "Brno")
        .given::<BankAccount>(alice(), MoneyDeposited { cents: 1 })
        .with_metadata(Metadata::new().with_actor("dan"))
        .given::<BankAccount>(bob(), MoneyDeposited { cents: 1 })
        .then_rows([
            row(alice(), 1, "1 1 2026-01-31T12:00:00Z carol Brno"),
            row(bob(), 1, "2 2 2026-01-31T12:00:00Z dan nowhere"),
        ]);
}

#[test]
fn an_event_that_is_refused_is_an_error() {
    let refused = || scenario().given::<Transfer>(7, MoneySent { to: alice(), cents: 30 });
    refused().then_error(|error| matches!(error, RowError::Missing { key } if key == "alice"));
    scenario()
        .given_stored::<BankAccount>(alice(), "money_deposited", 1, "{}")
        .then_error(|error| matches!(error, RowError::Payload(_)));

    let said = r#"account_summary could not take the event `money_sent` (version 1) at 1, version 1 of transfer-7: there is no row with the key of the event; list the event in `creates(…)`, or as `(missing = skip)`, if that may be"#;
    let given = r#"given
    transfer-7: money_sent v1 {"to":"alice","cents":30}"#;
    assert_eq!(
        failure(|| refused().then_no_row(alice())),
        format!("account_summary: {said}\n{given}")
    );
    assert_eq!(
        failure(|| refused().then_error(|error| matches!(error, RowError::Exists { .. }))),
        format!(
            "account_summary: the projection failed with another error\n{given}\nthen\n    {said}"
        )
    );
    let accepted = || scenario().given::<BankAccount>(bob(), MoneyDeposited { cents: 3 });
    assert_eq!(
        failure(|| accepted().then_error(|_| true)),
        r#"account_summary: no event was refused
given
    bank_account-bob: money_deposited v2 {"cents":3}
rows
    AccountSummary {
        account: "bob",
        cents: 3,
        last: "1 1 2026-01-01T00:00:00Z no one nowhere",
    }"#
    );
}

#[test]
fn other_rows_than_expected_are_shown_line_by_line() {
    let last = "1 1 2026-01-01T00:00:00Z no one nowhere";
    let given = || scenario().given::<BankAccount>(bob(), MoneyDeposited { cents: 3 });
    assert_eq!(
        failure(|| given().then_rows([row(alice(), 3, ""), row(bob(), 4, last)])),
        r#"account_summary: the rows are others than expected
given
    bank_account-bob: money_deposited v2 {"cents":3}
rows (- expected, + actual)
    AccountSummary {
  -     account: "alice",
  -     cents: 3,
  -     last: "",
  - }
  - AccountSummary {
        account: "bob",
  -     cents: 4,
  +     cents: 3,
        last: "1 1 2026-01-01T00:00:00Z no one nowhere",
    }"#
    );
    assert_eq!(
        failure(|| given().then_row(bob(), row(bob(), 4, last))),
        r#"account_summary: the row bob is another than expected
given
    bank_account-bob: money_deposited v2 {"cents":3}
row (- expected, + actual)
    AccountSummary {
        account: "bob",
  -     cents: 4,
  +     cents: 3,
        last: "1 1 2026-01-01T00:00:00Z no one nowhere",
    }"#
    );
    assert_eq!(
        failure(|| scenario().then_row(bob(), row(bob(), 4, last))),
        "account_summary: there is no row bob\ngiven\n    nothing\nrows\n    nothing"
    );
    assert_eq!(
        failure(|| given().then_no_row(bob())),
        r#"account_summary: there is a row bob
given
    bank_account-bob: money_deposited v2 {"cents":3}
row
    AccountSummary {
        account: "bob",
        cents: 3,
        last: "1 1 2026-01-01T00:00:00Z no one nowhere",
    }"#
    );
    assert_eq!(
        failure(|| scenario().then_rows([row(bob(), 1, ""), row(bob(), 2, "")])),
        "account_summary: two of the expected rows have the key bob\ngiven\n    nothing"
    );
}

#[test]
fn what_no_log_can_hold_cannot_be_given() {
    let stored =
        |name, payload| failure(|| scenario().given_stored::<BankAccount>(bob(), name, 1, payload));
    assert_eq!(
        stored("money_stolen", "{}"),
        "account_summary: `bank_account` has no event `money_stolen`\ngiven\n    nothing"
    );
    assert!(stored("money_deposited", "{").contains("is no JSON"));
    let nameless = || scenario().given::<BankAccount>(String::new(), AccountClosed {});
    assert!(failure(nameless).contains("cannot name a stream: the id is empty"));
}

/// An amount whose text has no cents.
#[derive(Debug, PartialEq, Clone, Copy)]
struct Whole {
    cents: i64,
}

impl fmt::Display for Whole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (self.cents / 100).fmt(f)
    }
}

impl std::str::FromStr for Whole {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self { cents: text.parse::<i64>()? * 100 })
    }
}

#[derive(Projection, Debug, PartialEq)]
#[projection(
    table = "rounded",
    of = BankAccount,
    creates(MoneyDeposited),
    events(MoneyDeposited)
)]
struct Rounded {
    #[projection(key)]
    account: String,
    #[projection(text)]
    sum: Whole,
}

impl Create<MoneyDeposited> for Rounded {
    fn create(account: String, event: &Recorded<MoneyDeposited>) -> Self {
        Self { account, sum: Whole { cents: event.cents } }
    }
}

impl Project<MoneyDeposited> for Rounded {
    fn project(&mut self, event: &Recorded<MoneyDeposited>) {
        self.sum.cents += event.cents;
    }
}

#[test]
fn a_row_remembers_what_its_columns_hold() {
    let deposits = [MoneyDeposited { cents: 150 }, MoneyDeposited { cents: 150 }];
    ProjectionScenario::<Rounded>::new()
        .given::<BankAccount>(bob(), deposits)
        .then_rows([Rounded { account: bob(), sum: Whole { cents: 200 } }]);
}

/// A row that follows from more than its events.
#[derive(Projection, Debug, PartialEq)]
#[projection(table = "impure", of = BankAccount, creates(MoneyDeposited), events(MoneyDeposited))]
struct Impure {
    #[projection(key)]
    account: String,
    number: u64,
}

static NUMBER: AtomicU64 = AtomicU64::new(0);

impl Create<MoneyDeposited> for Impure {
    fn create(account: String, _: &Recorded<MoneyDeposited>) -> Self {
        Self { account, number: NUMBER.fetch_add(1, Ordering::Relaxed) }
    }
}

impl Project<MoneyDeposited> for Impure {
    fn project(&mut self, _: &Recorded<MoneyDeposited>) {}
}

#[test]
fn a_row_that_follows_from_more_than_its_events_is_found() {
    let text = failure(|| {
        let deposits = [MoneyDeposited { cents: 1 }];
        ProjectionScenario::<Impure>::new().given::<BankAccount>(bob(), deposits).rows()
    });
    assert_eq!(
        text,
        r#"impure: it matters how often the events are taken, and how many at a time; a row must follow from its events alone
given
    bank_account-bob: money_deposited v2 {"cents":1}
rows (- one event at a time, + all events at once)
    Impure {
        account: "bob",
  -     number: 0,
  +     number: 1,
    }"#
    );
}
