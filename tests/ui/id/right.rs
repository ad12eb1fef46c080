//! A newtype over anything that can be written as text and read again.

use esrs::prelude::*;

#[derive(Id, Clone, Debug, PartialEq, Serialize, Deserialize)]
struct AccountId(String);

#[derive(Id, Clone, Debug, PartialEq)]
#[id(crate = ::esrs)]
struct OrderNumber(u64);

fn is_id<T: esrs::Id>() {}

pub(crate) fn main() {
    is_id::<AccountId>();
    is_id::<OrderNumber>();
    assert_eq!("18".parse(), Ok(OrderNumber(18)));
    assert_eq!(OrderNumber(18).to_string(), "18");
    assert_eq!(AccountId::from("a1".to_owned()).to_string(), "a1");
}
