//! `#[derive(Id)]`: one text, one column and one shape, those of the value in it.

use std::collections::HashSet;

use esrs::prelude::*;
use esrs::projection::{ColumnType, Value};
use uuid::Uuid;

#[derive(Id, Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
struct AccountId(Uuid);

#[derive(Id, Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct OrderNumber(u32);

#[derive(Id, Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Email(String);

/// An id in an id is one too.
#[derive(Id, Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct CustomerId(Email);

fn through_text<T: esrs::__private::FromStr + std::fmt::Display + Clone>(id: &T) -> T
where
    T::Err: std::fmt::Debug,
{
    id.to_string().parse().expect("an id reads what it writes")
}

#[test]
fn an_id_is_read_from_the_text_it_is_written_as() {
    let account = AccountId::from(Uuid::from_u128(7));
    assert_eq!(account.to_string(), "00000000-0000-0000-0000-000000000007");
    assert_eq!(through_text(&account), account);
    assert_eq!(through_text(&OrderNumber(18)), OrderNumber(18));
    let customer = CustomerId(Email("ada@example.org".into()));
    assert_eq!(customer.to_string(), "ada@example.org");
    assert_eq!(through_text(&customer), customer);
    assert_eq!(HashSet::from([account, account]).len(), 1);
}

#[test]
fn a_text_that_is_no_id_is_the_error_of_the_value() {
    let error: std::num::ParseIntError = "eighteen".parse::<OrderNumber>().unwrap_err();
    assert_eq!(error.to_string(), "invalid digit found in string");
}

#[test]
fn the_width_of_a_format_string_reaches_the_value() {
    assert_eq!(format!("{:05}", OrderNumber(18)), "00018");
}

#[test]
fn an_id_is_kept_in_the_column_of_its_value() {
    assert_eq!(<OrderNumber as Column>::TYPE, ColumnType::Integer);
    assert_eq!(<CustomerId as Column>::TYPE, ColumnType::Text);
    assert_eq!(OrderNumber(18).to_value().unwrap(), Value::Integer(18));
    assert_eq!(OrderNumber::from_value(Value::Integer(18)).unwrap(), OrderNumber(18));
    assert!(OrderNumber::from_value(Value::Integer(-1)).is_err());
}

#[test]
fn an_id_has_the_shape_of_its_value() {
    assert_eq!(AccountId::SHAPE.to_string(), "uuid");
    assert_eq!(CustomerId::FINGERPRINT, String::FINGERPRINT);
    assert_eq!(serde_json::to_string(&OrderNumber(18)).unwrap(), "18");
}
