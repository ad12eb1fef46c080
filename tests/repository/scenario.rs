//! Given, when, then: what a scenario proves, and what it says when it fails.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicI64, Ordering};

use esrs::prelude::*;
use esrs::testing::Scenario;
use esrs::{Metadata, Timestamp};

/// The events are neither `Debug` nor `PartialEq`: a scenario asks for neither.
mod bank {
    use super::*;

    #[derive(Event, Serialize, Deserialize)]
    #[event("money_deposited", version = 2, from = MoneyDepositedV1, aliases("money_put_in"))]
    pub(crate) struct MoneyDeposited {
        pub(crate) cents: i64,
        pub(crate) from: Option<String>,
    }

    #[derive(Event, Serialize, Deserialize)]
    #[event("money_deposited")]
    pub(crate) struct MoneyDepositedV1 {
        pub(crate) amount: i64,
    }

    impl Upcast<MoneyDepositedV1> for MoneyDeposited {
        fn upcast(old: MoneyDepositedV1) -> Self {
            Self { cents: old.amount, from: None }
        }
    }

    #[derive(Event, Serialize, Deserialize)]
    #[event("money_withdrawn")]
    pub(crate) struct MoneyWithdrawn {
        pub(crate) cents: i64,
    }

    #[derive(Event, Serialize, Deserialize)]
    #[event("statement_sent")]
    pub(crate) struct StatementSent {
        pub(crate) to: String,
        pub(crate) at: Timestamp,
    }

    #[derive(Aggregate, Default, Debug, PartialEq)]
    #[aggregate(
        "bank_account",
        id = String,
        events(MoneyDeposited, MoneyWithdrawn, ignored(StatementSent)),
        retired("gift_given")
    )]
    pub(crate) struct BankAccount {
        pub(crate) cents: i64,
    }

    impl Apply<MoneyDeposited> for BankAccount {
        fn apply(&mut self, event: MoneyDeposited) {
            self.cents += event.cents;
        }
    }

    impl Apply<MoneyWithdrawn> for BankAccount {
        fn apply(&mut self, event: MoneyWithdrawn) {
            self.cents -= event.cents;
        }
    }

    pub(crate) struct Withdraw {
        pub(crate) cents: i64,
    }

    #[derive(Debug, PartialEq)]
    pub(crate) struct InsufficientFunds {
        pub(crate) missing_cents: i64,
    }

    impl Handle<Withdraw> for BankAccount {
        type Error = InsufficientFunds;

        fn handle(
            &self,
            command: &Withdraw,
            _: &Context<Self>,
        ) -> Result<Events<Self>, InsufficientFunds> {
            let missing_cents = command.cents - self.cents;
            if missing_cents > 0 {
                return Err(InsufficientFunds { missing_cents });
            }
            let withdrawn = (command.cents > 0).then_some(MoneyWithdrawn { cents: command.cents });
            Ok(withdrawn.into())
        }
    }

    /// Says back what the context says.
    pub(crate) struct SendStatement;

    impl Handle<SendStatement> for BankAccount {
        type Error = std::convert::Infallible;

        fn handle(
            &self,
            _: &SendStatement,
            ctx: &Context<Self>,
        ) -> Result<Events<Self>, Self::Error> {
            let (id, version, metadata) = (ctx.id(), ctx.version(), ctx.metadata());
            let (actor, branch) = (metadata.actor().unwrap_or("no one"), metadata.get("branch"));
            assert!(metadata.correlation_id().is_some(), "a repository sees to it");
            let to = format!("{id} {version} {actor} {}", branch.unwrap_or("nowhere"));
            Ok(StatementSent { to, at: ctx.now() }.into())
        }
    }

    /// Moves as much as there is money that is counted elsewhere, which no handler should look at.
    pub(crate) struct WithdrawCounted<'a>(pub(crate) &'a AtomicI64);

    impl Handle<WithdrawCounted<'_>> for BankAccount {
        type Error = i64;

        fn handle(
            &self,
            command: &WithdrawCounted<'_>,
            _: &Context<Self>,
        ) -> Result<Events<Self>, i64> {
            match command.0.fetch_add(1, Ordering::Relaxed) {
                cents @ 0.. => Ok(MoneyWithdrawn { cents }.into()),
                cents => Err(cents),
            }
        }
    }
}

use bank::*;

fn deposited(cents: i64) -> MoneyDeposited {
    MoneyDeposited { cents, from: None }
}

/// Returns the message of a scenario that fails.
fn failure<T>(scenario: impl FnOnce() -> T) -> String {
    let Err(panic) = catch_unwind(AssertUnwindSafe(scenario)) else { panic!("it did not fail") };
    *panic.downcast::<String>().unwrap()
}

#[test]
fn a_command_comes_to_events_and_they_to_a_state() {
    let outcome = Scenario::<BankAccount>::given([deposited(500), deposited(50)])
        .when(Withdraw { cents: 200 })
        .then([MoneyWithdrawn { cents: 200 }])
        .then_state(BankAccount { cents: 350 });
    assert_eq!(outcome.state().cents, 350);
    assert!(matches!(
        outcome.events(),
        [BankAccountEvent::MoneyWithdrawn(MoneyWithdrawn { cents: 200 })]
    ));
    assert_eq!(outcome.error(), None);
}

#[test]
fn a_command_is_rejected_and_changes_nothing() {
    let outcome = Scenario::<BankAccount>::given(deposited(300))
        .when(Withdraw { cents: 900 })
        .then_error(InsufficientFunds { missing_cents: 600 })
        .then_error_that(|error| error.missing_cents > 0)
        .then_state(BankAccount { cents: 300 });
    assert!(outcome.events().is_empty());
    assert_eq!(outcome.error(), Some(&InsufficientFunds { missing_cents: 600 }));
}

#[test]
fn a_command_may_come_to_nothing() {
    Scenario::<BankAccount>::new()
        .when(Withdraw { cents: 0 })
        .then_nothing()
        .then_state(BankAccount { cents: 0 });
}

#[test]
fn what_older_programs_stored_is_read_as_the_log_reads_it() {
    Scenario::<BankAccount>::new()
        .and_given_stored("money_deposited", 1, r#"{"amount":500}"#)
        .and_given_stored("money_put_in", 1, r#"{ "amount": 20 }"#)
        .and_given_stored("gift_given", 7, "[]")
        .and_given_stored("statement_sent", 1, r#"{"a shape":"that no one reads"}"#)
        .and_given((MoneyWithdrawn { cents: 100 }, deposited(3)))
        .then_state(BankAccount { cents: 423 })
        .when(Withdraw { cents: 423 })
        .then(MoneyWithdrawn { cents: 423 });
}

#[test]
fn the_context_is_as_the_scenario_says() {
    let time: Timestamp = "2026-01-31T12:00:00.000000999Z".parse().unwrap();
    let outcome = Scenario::<BankAccount>::given(deposited(1))
        .on("alice".to_owned())
        .at(time)
        .by("bob")
        .with("branch", "Brno")
        .when(SendStatement);
    let at = "2026-01-31T12:00:00Z".parse().unwrap();
    outcome.then(StatementSent { to: "alice 1 bob Brno".to_owned(), at });

    let metadata = Metadata::new().with_actor("carol");
    let outcome =
        Scenario::<BankAccount>::new().by("bob").with_metadata(metadata).when(SendStatement);
    let at = "2026-01-01T00:00:00Z".parse().unwrap();
    outcome.then(StatementSent { to: "scenario 0 carol nowhere".to_owned(), at });
}

#[test]
fn a_blank_actor_is_refused_as_a_repository_refuses_it() {
    let by_blanks =
        || Scenario::<BankAccount>::given([deposited(500)]).by("  ").when(SendStatement);
    assert_eq!(
        failure(by_blanks),
        r#"bank_account: the actor "  " of the command is blank; name one, `.by("alice")`, or leave `by` out where no actor is required
given
    money_deposited v2 {"cents":500,"from":null}
when
    SendStatement"#
    );
}

#[test]
fn a_stream_may_be_longer_than_a_batch_and_a_page() {
    let deposits: Vec<_> = (0..10_001).map(|_| deposited(1)).collect();
    Scenario::<BankAccount>::given(deposits).then_state(BankAccount { cents: 10_001 });
}

#[test]
fn other_events_than_expected_are_shown_beside_them_with_what_differs() {
    let text = failure(|| {
        Scenario::<BankAccount>::given(deposited(500))
            .and_given_stored("money_deposited", 1, r#"{"amount":7}"#)
            .when(Withdraw { cents: 200 })
            .then((
                deposited(1),
                MoneyWithdrawn { cents: 300 },
                StatementSent { to: "Alice".to_owned(), at: Timestamp::UNIX_EPOCH },
            ))
    });
    assert_eq!(
        text,
        r#"bank_account: the command came to other events than expected
given
    money_deposited v2 {"cents":500,"from":null}
    money_deposited v1 {"amount":7}
when
    Withdraw
then (- expected, + actual)
  - money_deposited v2 {"cents":1,"from":null}
  - money_withdrawn v1 {"cents":300}
  + money_withdrawn v1 {"cents":200}
        cents: 300 → 200
  - statement_sent v1 {"to":"Alice","at":"1970-01-01T00:00:00Z"}"#
    );
}

#[test]
fn events_that_should_not_be_there_are_shown() {
    let text = failure(|| {
        Scenario::<BankAccount>::given(deposited(1)).when(Withdraw { cents: 1 }).then_nothing()
    });
    assert_eq!(
        text,
        r#"bank_account: the command came to other events than expected
given
    money_deposited v2 {"cents":1,"from":null}
when
    Withdraw
then (- expected, + actual)
  + money_withdrawn v1 {"cents":1}"#
    );
}

#[test]
fn a_rejection_that_was_not_expected_is_shown() {
    let text = failure(|| {
        Scenario::<BankAccount>::new().when(Withdraw { cents: 5 }).then(MoneyWithdrawn { cents: 5 })
    });
    assert_eq!(
        text,
        r#"bank_account: the command was rejected
given
    nothing
when
    Withdraw
then
    InsufficientFunds {
        missing_cents: 5,
    }
expected
    money_withdrawn v1 {"cents":5}"#
    );
}

#[test]
fn another_error_than_expected_is_shown_beside_it() {
    let rejected = || Scenario::<BankAccount>::new().when(Withdraw { cents: 5 });
    assert_eq!(
        failure(|| rejected().then_error(InsufficientFunds { missing_cents: 4 })),
        "bank_account: the command was rejected with another error
given
    nothing
when
    Withdraw
then (- expected, + actual)
    InsufficientFunds {
  -     missing_cents: 4,
  +     missing_cents: 5,
    }"
    );
    assert_eq!(
        failure(|| rejected().then_error_that(|error| error.missing_cents == 4)),
        "bank_account: the command was rejected with another error
given
    nothing
when
    Withdraw
then
    InsufficientFunds {
        missing_cents: 5,
    }"
    );
}

#[test]
fn a_command_that_should_have_been_rejected_shows_what_it_came_to() {
    let accepted = || Scenario::<BankAccount>::given(deposited(9)).when(Withdraw { cents: 9 });
    let said = r#"bank_account: the command was not rejected
given
    money_deposited v2 {"cents":9,"from":null}
when
    Withdraw
then
    money_withdrawn v1 {"cents":9}"#;
    let expected = "
expected
    InsufficientFunds {
        missing_cents: 1,
    }";
    assert_eq!(
        failure(|| accepted().then_error(InsufficientFunds { missing_cents: 1 })),
        format!("{said}{expected}")
    );
    assert_eq!(failure(|| accepted().then_error_that(|_| true)), said);
}

#[test]
fn another_state_than_expected_is_shown_line_by_line() {
    let text = failure(|| {
        Scenario::<BankAccount>::given(deposited(500))
            .when(Withdraw { cents: 200 })
            .then_state(BankAccount { cents: 299 })
    });
    assert_eq!(
        text,
        r#"bank_account: the state is another than expected
given
    money_deposited v2 {"cents":500,"from":null}
when
    Withdraw
then
    money_withdrawn v1 {"cents":200}
state (- expected, + actual)
    BankAccount {
  -     cents: 299,
  +     cents: 300,
    }"#
    );
    let text = failure(|| Scenario::<BankAccount>::new().then_state(BankAccount { cents: 1 }));
    assert_eq!(
        text,
        "bank_account: the state is another than expected
given
    nothing
state (- expected, + actual)
    BankAccount {
  -     cents: 1,
  +     cents: 0,
    }"
    );
}

#[test]
fn an_event_that_the_log_could_not_read_fails_the_scenario() {
    let text = failure(|| {
        Scenario::<BankAccount>::given(deposited(1))
            .and_given_stored("money_stolen", 1, "{}")
            .when(Withdraw { cents: 1 })
    });
    assert_eq!(
        text,
        r#"bank_account: bank_account-scenario could not be replayed beyond version 1: the event `money_stolen` (version 1) at 2: `bank_account` has no event of this name; list it in `events(…)`, as an alias of the event that it became, or as `retired("…")` to skip it
given
    money_deposited v2 {"cents":1,"from":null}
    money_stolen v1 {}
when
    Withdraw"#
    );
    let unreadable = |version, payload| {
        let given = Scenario::<BankAccount>::new();
        let given = given.and_given_stored("money_deposited", version, payload);
        failure(|| given.then_state(BankAccount { cents: 1 }))
    };
    assert!(unreadable(1, r#"{"cents":1}"#).contains("missing field `amount`"));
    assert!(unreadable(3, r#"{"cents":1}"#).contains("version 3 is newer than version 2"));
    assert!(unreadable(1, r#"{"amount":"#).contains("is no JSON"));
}

#[test]
fn an_id_that_cannot_name_a_stream_fails_the_scenario() {
    let text =
        failure(|| Scenario::<BankAccount>::new().on(String::new()).when(Withdraw { cents: 0 }));
    assert!(text.starts_with(
        r#"bank_account: "bank_account-" cannot name a stream: the id is empty
given
    nothing"#
    ));
}

#[test]
fn a_handler_that_answers_differently_the_second_time_is_found() {
    let text = failure(|| {
        Scenario::<BankAccount>::new().when(WithdrawCounted(&AtomicI64::new(0))).then_nothing()
    });
    assert_eq!(
        text,
        r#"bank_account: the command was answered differently the second time; it is handled again after a lost race, so take the time from the context, and let the command carry what is random
given
    nothing
when
    WithdrawCounted<'_>
then (- the first time, + the second time)
  - money_withdrawn v1 {"cents":0}
  + money_withdrawn v1 {"cents":1}
        cents: 0 → 1"#
    );
    let text = failure(|| {
        Scenario::<BankAccount>::new().when(WithdrawCounted(&AtomicI64::new(-1))).then_nothing()
    });
    assert!(text.ends_with(
        r#"then (- the first time, + the second time)
  - -1
  + money_withdrawn v1 {"cents":0}"#
    ));
}

/// A state of many lines.
mod long {
    use super::*;

    #[derive(Aggregate, Default, Debug, PartialEq)]
    #[aggregate("list", id = u32, events(MoneyWithdrawn))]
    pub(crate) struct List(pub(crate) Vec<i64>);

    impl Apply<MoneyWithdrawn> for List {
        fn apply(&mut self, event: MoneyWithdrawn) {
            self.0.push(event.cents);
        }
    }
}

#[test]
fn of_a_long_state_only_what_stands_near_a_difference_is_shown() {
    let events: Vec<_> = (0..30).map(|cents| MoneyWithdrawn { cents }).collect();
    let mut expected: Vec<_> = (0..30).collect();
    (expected[10], expected[20]) = (0, 0);
    let text = failure(|| Scenario::<long::List>::given(events).then_state(long::List(expected)));
    let (_, state) = text.split_once("state (- expected, + actual)\n").unwrap();
    assert_eq!(
        state,
        "    … 9 lines
            7,
            8,
            9,
  -         0,
  +         10,
            11,
            12,
            13,
    … 3 lines
            17,
            18,
            19,
  -         0,
  +         20,
            21,
            22,
            23,
    … 8 lines"
    );
}

mod ids {
    use super::*;

    macro_rules! aggregate_of {
        ($name:ident, $id:ty) => {
            #[derive(Aggregate, Default, Debug, PartialEq)]
            #[aggregate("thing", id = $id, events(ignored(MoneyWithdrawn)))]
            pub(crate) struct $name {}

            impl Handle<()> for $name {
                type Error = String;

                fn handle(&self, _: &(), ctx: &Context<Self>) -> Result<Events<Self>, String> {
                    Err(ctx.id().to_string())
                }
            }
        };
    }

    aggregate_of!(Numbered, u32);
    aggregate_of!(Unique, uuid::Uuid);
    aggregate_of!(Addressed, std::net::Ipv4Addr);
}

#[test]
fn an_instance_that_no_one_named_has_an_id_of_its_type() {
    Scenario::<ids::Numbered>::new().when(()).then_error("1".to_owned());
    let nil = uuid::Uuid::nil().to_string();
    Scenario::<ids::Unique>::new().when(()).then_error(nil);
    Scenario::<ids::Addressed>::new()
        .on([127, 0, 0, 1].into())
        .when(())
        .then_error("127.0.0.1".to_owned());
    Scenario::<ids::Addressed>::new().then_state(ids::Addressed {});
    assert_eq!(
        failure(|| Scenario::<ids::Addressed>::new().when(())),
        "thing: Ipv4Addr is made of none of scenario, 1, 00000000-0000-0000-0000-000000000000; say by \
         `.on(…)` which instance the command is given to
given
    nothing
when
    ()"
    );
}

/// An event that is written in one shape and read in another.
mod lossy {
    use std::collections::HashMap;

    use super::*;

    #[derive(Event, Serialize, Deserialize)]
    #[event("noted")]
    pub(crate) struct Noted {
        pub(crate) keys: HashMap<String, u128>,
    }

    #[derive(Event, Deserialize)]
    #[event("lost")]
    pub(crate) struct Lost {
        #[allow(dead_code, reason = "it is only read")]
        pub(crate) number: u8,
    }

    impl Serialize for Lost {
        fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.serialize_str("lost")
        }
    }

    #[derive(Aggregate, Default, Debug, PartialEq)]
    #[aggregate("note", id = u32, events(ignored(Noted, Lost)))]
    pub(crate) struct Note {}

    pub(crate) struct Write(pub(crate) u128);

    impl Handle<Write> for Note {
        type Error = std::convert::Infallible;

        fn handle(&self, command: &Write, _: &Context<Self>) -> Result<Events<Self>, Self::Error> {
            Ok(noted(command.0).into())
        }
    }

    pub(crate) struct Lose;

    impl Handle<Lose> for Note {
        type Error = std::convert::Infallible;

        fn handle(&self, _: &Lose, _: &Context<Self>) -> Result<Events<Self>, Self::Error> {
            Ok(Lost { number: 1 }.into())
        }
    }

    pub(crate) fn noted(last: u128) -> Noted {
        let keys = (0..20).map(|number| (number.to_string(), 1)).chain([("last".to_owned(), last)]);
        Noted { keys: keys.collect() }
    }
}

#[test]
fn a_new_event_that_cannot_be_read_again_fails_the_scenario() {
    let text = failure(|| Scenario::<lossy::Note>::new().when(lossy::Lose));
    assert!(
        text.starts_with("note: the event `lost` could not be read again, \"lost\": the payload"),
        "{text}"
    );
}

#[test]
fn the_order_of_the_keys_of_a_map_is_no_difference_and_the_last_digit_of_a_long_number_is() {
    let long = u128::MAX - 1;
    let outcome = || Scenario::<lossy::Note>::new().when(lossy::Write(long));
    outcome().then(lossy::noted(long));
    assert!(failure(|| outcome().then(lossy::noted(long - 1))).contains("- noted v1"));
}
