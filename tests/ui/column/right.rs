//! An enum of units under the names that serde writes, and newtypes over columns.

use esrs::prelude::*;
use esrs::projection::Value;

#[derive(Column, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Status {
    Pending,
    SentBack,
}

#[derive(Column)]
#[column(crate = ::esrs)]
struct Cents(u64);

/// A column in a column is one too.
#[derive(Column)]
struct Before(Option<Status>);

pub(crate) fn main() {
    assert_eq!(Status::SentBack.to_value(), Ok(Value::from("sent-back")));
    assert_eq!(Status::from_value(Value::from("pending")), Ok(Status::Pending));
    assert_eq!(Cents(5).to_value(), Ok(Value::from(5)));
    assert_eq!(Before(Some(Status::Pending)).to_value(), Ok(Value::from("pending")));
    assert!(Before::NULLABLE);
}
