//! `#[derive(Column)]`: an enum of units is the text that names its variant, a newtype is its value.

#![cfg(feature = "sqlite")]

use std::convert::Infallible;

use esrs::prelude::*;
use esrs::projection::{ColumnError, ColumnType, Value};

#[derive(Column, Schema, Serialize, Deserialize, Clone, Copy, Debug, PartialEq)]
#[serde(rename_all = "snake_case")]
enum Status {
    Pending,
    #[serde(alias = "given")]
    GrantedInPart,
    #[serde(rename = "sent back")]
    Returned,
}

const STATUSES: [Status; 3] = [Status::Pending, Status::GrantedInPart, Status::Returned];

/// Without serde, and without a rename.
#[derive(Column, Debug, PartialEq)]
enum Class {
    Economy,
    r#Express,
}

#[derive(Column, Deserialize, Debug, PartialEq)]
enum Carrier {
    Post,
    #[serde(other)]
    Another,
}

#[derive(Column, Clone, Copy, Debug, PartialEq)]
struct Cents(u64);

#[derive(Column, Debug, PartialEq)]
struct Note(Option<String>);

fn text(text: &str) -> Value {
    Value::from(text)
}

fn reason<T: Column + std::fmt::Debug>(value: Value) -> String {
    T::from_value(value).unwrap_err().to_string()
}

#[test]
fn an_enum_is_read_from_the_text_it_is_kept_as() {
    assert_eq!((Status::TYPE, Status::NULLABLE), (ColumnType::Text, false));
    for status in STATUSES {
        assert_eq!(Status::from_value(status.to_value().unwrap()).unwrap(), status);
    }
    assert_eq!(Class::Express.to_value().unwrap(), text("Express"));
    assert_eq!(Class::from_value(text("Economy")).unwrap(), Class::Economy);
}

#[test]
fn the_text_is_what_serde_writes_without_its_quotes() {
    for status in STATUSES {
        let json = serde_json::to_value(status).unwrap();
        assert_eq!(status.to_value().unwrap(), text(json.as_str().unwrap()));
    }
    assert_eq!(Status::GrantedInPart.to_value().unwrap(), text("granted_in_part"));
    assert_eq!(Status::Returned.to_value().unwrap(), text("sent back"));
}

#[test]
fn an_alias_is_read_and_never_written() {
    assert_eq!(Status::from_value(text("given")).unwrap(), Status::GrantedInPart);
}

#[test]
fn a_text_that_names_no_variant_is_an_error_that_lists_the_names() {
    assert_eq!(
        reason::<Status>(text("Pending")),
        "the value (a text) is no derives::column::Status: it knows \"pending\", \"granted_in_part\", \"sent back\""
    );
    assert_eq!(
        reason::<Status>(Value::Integer(1)),
        "the value (an integer) is no derives::column::Status"
    );
    assert_eq!(reason::<Status>(Value::Null), "the value (nothing) is no derives::column::Status");
}

#[test]
fn the_variant_for_every_other_name_takes_texts_alone() {
    assert_eq!(Carrier::from_value(text("Post")).unwrap(), Carrier::Post);
    assert_eq!(Carrier::from_value(text("Pigeon")).unwrap(), Carrier::Another);
    assert_eq!(
        reason::<Carrier>(Value::Integer(1)),
        "the value (an integer) is no derives::column::Carrier"
    );
}

#[test]
fn a_newtype_is_the_column_that_its_value_is() {
    assert_eq!((Cents::TYPE, Cents::NULLABLE), (ColumnType::Integer, false));
    assert_eq!(Cents(5).to_value().unwrap(), Value::Integer(5));
    assert_eq!(Cents::from_value(Value::Integer(5)).unwrap(), Cents(5));
    let of_its_value: ColumnError = u64::MAX.to_value().unwrap_err();
    assert_eq!(Cents(u64::MAX).to_value().unwrap_err(), of_its_value);
}

#[test]
fn a_newtype_may_hold_nothing_when_its_value_may() {
    assert_eq!((Note::TYPE, Note::NULLABLE), (ColumnType::Text, true));
    assert_eq!(Note(None).to_value().unwrap(), Value::Null);
    assert_eq!(Note::from_value(Value::Null).unwrap(), Note(None));
}

#[derive(Event, Clone, Serialize, Deserialize)]
#[event("loan_asked_for")]
struct LoanAskedFor {
    status: Status,
}

#[derive(Aggregate, Default)]
#[aggregate("loan", id = u32, events(ignored(LoanAskedFor)))]
struct Loan {}

impl Handle<LoanAskedFor> for Loan {
    type Error = Infallible;

    fn handle(
        &self,
        command: &LoanAskedFor,
        _: &Context<Self>,
    ) -> Result<Events<Self>, Self::Error> {
        Ok(command.clone().into())
    }
}

/// The status is part of what tells the rows apart, too.
#[derive(Projection, Debug, PartialEq)]
#[projection(table = "loan", of = Loan, creates(LoanAskedFor(key = (stream_id, status))))]
struct LoanRow {
    #[projection(key)]
    id: u32,
    #[projection(key)]
    status: Status,
    cents: Cents,
    note: Note,
    before: Option<Status>,
}

impl Create<LoanAskedFor> for LoanRow {
    fn create((id, status): (u32, Status), _: &Recorded<LoanAskedFor>) -> Self {
        Self { id, status, cents: Cents(500), note: Note(None), before: None }
    }
}

#[tokio::test]
async fn plain_sql_finds_the_rows_of_a_status() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("loans.db");
    let store = SqliteStore::builder(&file).inline::<LoanRow>().open().await.unwrap();
    let loans = Repository::<Loan>::new(store.clone());
    for (id, status) in (1..).zip(STATUSES) {
        loans.execute(&id, LoanAskedFor { status }).await.unwrap();
    }
    let row =
        |id, status| LoanRow { id, status, cents: Cents(500), note: Note(None), before: None };
    let found = store.find::<LoanRow>("status = ?1", [text("pending")]).await.unwrap();
    assert_eq!(found, [row(1, Status::Pending)]);
    let found = store.find::<LoanRow>("status = 'sent back'", []).await.unwrap();
    assert_eq!(found, [row(3, Status::Returned)]);
    let granted = store.get::<LoanRow>(&(2, Status::GrantedInPart)).await.unwrap();
    assert_eq!(granted, Some(row(2, Status::GrantedInPart)));
}
