//! `#[derive(Event)]`: the chain of versions, and what is known of an event.

use esrs::event::PayloadError;
use esrs::prelude::*;
use esrs::schema::EventType;

#[derive(Event, Debug, PartialEq, Serialize, Deserialize)]
#[event("money_withdrawn")]
struct MoneyWithdrawnV1 {
    amount: String,
}

#[derive(Event, Debug, PartialEq, Serialize, Deserialize)]
#[event("money_withdrawn", version = 2, from = MoneyWithdrawnV1)]
struct MoneyWithdrawnV2 {
    cents: i64,
}

#[derive(Event, Debug, PartialEq, Serialize, Deserialize)]
#[event("money_withdrawn", version = 3, from = MoneyWithdrawnV2, aliases("cash_taken", "withdrawn"))]
struct MoneyWithdrawn {
    cents: i64,
    reason: Option<String>,
}

impl TryUpcast<MoneyWithdrawnV1> for MoneyWithdrawnV2 {
    type Error = std::num::ParseIntError;

    fn try_upcast(old: MoneyWithdrawnV1) -> Result<Self, Self::Error> {
        Ok(Self { cents: old.amount.parse()? })
    }
}

impl Upcast<MoneyWithdrawnV2> for MoneyWithdrawn {
    fn upcast(old: MoneyWithdrawnV2) -> Self {
        Self { cents: old.cents, reason: None }
    }
}

#[test]
fn an_event_knows_its_stored_name_version_and_older_names() {
    let event = EventType::of::<MoneyWithdrawn>();
    assert_eq!(event.name, "money_withdrawn");
    assert_eq!(event.version, 3);
    assert_eq!(event.aliases, ["cash_taken", "withdrawn"]);
    assert_eq!(event.shape.to_string(), "{cents: i64, reason: string?}");
    assert_eq!(EventType::of::<MoneyWithdrawnV1>().version, 1);
    assert!(event.is_stored_as("cash_taken"));
}

#[test]
fn every_version_is_decoded_through_the_chain_from_its_own_struct() {
    let decode = MoneyWithdrawn::decode;
    let withdrawn =
        |reason: Option<&str>| MoneyWithdrawn { cents: 5, reason: reason.map(Into::into) };
    assert_eq!(decode(3, r#"{"cents": 5, "reason": "rent"}"#).unwrap(), withdrawn(Some("rent")));
    assert_eq!(decode(2, r#"{"cents": 5}"#).unwrap(), withdrawn(None));
    assert_eq!(decode(1, r#"{"amount": "5"}"#).unwrap(), withdrawn(None));
}

#[test]
fn an_old_payload_beyond_repair_is_an_error_of_the_step_that_refused_it() {
    let error = MoneyWithdrawn::decode(1, r#"{"amount": "five"}"#).unwrap_err();
    assert!(matches!(error, PayloadError::Upcast { from: 1, .. }), "{error:?}");
    let text = error.to_string();
    assert!(text.contains("from version 1 to 2") && text.contains("invalid digit"), "{text}");
}

#[test]
fn a_payload_that_is_not_of_its_version_is_an_error() {
    let error = MoneyWithdrawn::decode(2, r#"{"amount": "5"}"#).unwrap_err();
    assert!(
        matches!(&error, PayloadError::Json(json) if json.to_string().contains("cents")),
        "{error:?}"
    );
}

#[test]
fn a_version_that_this_program_does_not_know_is_an_error() {
    let newer = MoneyWithdrawn::decode(4, r#"{"cents": 5}"#).unwrap_err();
    assert!(matches!(newer, PayloadError::NewerVersion { version: 4, newest: 3 }), "{newer:?}");
    let zero = MoneyWithdrawn::decode(0, r#"{"cents": 5}"#).unwrap_err();
    assert!(matches!(zero, PayloadError::NoSuchVersion { version: 0, oldest: 1 }), "{zero:?}");
    let first = MoneyWithdrawnV1::decode(2, "{}").unwrap_err();
    assert!(matches!(first, PayloadError::NewerVersion { version: 2, newest: 1 }), "{first:?}");
}

#[derive(Event, Debug, PartialEq, Serialize, Deserialize)]
#[event("closed")]
struct Closed;

#[derive(Event, Debug, PartialEq, Serialize, Deserialize)]
#[event("named")]
struct Named(String);

#[derive(Event, Debug, PartialEq, Serialize, Deserialize)]
#[event("moved")]
struct Moved(i64, i64);

#[test]
fn an_event_may_be_a_unit_a_newtype_or_a_tuple_struct() {
    assert_eq!(Closed::SHAPE.to_string(), "null");
    assert_eq!(Closed::decode(1, "null").unwrap(), Closed);
    assert_eq!(Named::SHAPE.to_string(), "string");
    assert_eq!(Named::decode(1, r#""Ada""#).unwrap(), Named("Ada".into()));
    assert_eq!(Moved::SHAPE.to_string(), "(i64, i64)");
    assert_eq!(Moved::decode(1, "[1, 2]").unwrap(), Moved(1, 2));
}
