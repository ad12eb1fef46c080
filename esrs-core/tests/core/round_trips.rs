//! Values that are written as text or as a column's value are read back as they were.

use std::fmt::Debug;

use esrs_core::projection::{
    Value, json_from_value, json_to_value, text_from_value, text_to_value,
};
use esrs_core::{Column, Metadata, StreamId};
use jiff::Timestamp;
use proptest::prelude::*;
use uuid::Uuid;

fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![
        prop::collection::vec(any::<char>(), 0..12).prop_map(String::from_iter),
        Just(String::new()),
        Just("\0\"\\\u{feff}😀".to_owned()),
    ]
}

fn any_id() -> impl Strategy<Value = Option<Uuid>> {
    prop::option::of(any::<u128>().prop_map(Uuid::from_u128))
}

prop_compose! {
    fn any_metadata()(
        (correlation, causation) in (any_id(), any_id()),
        actor in prop::option::of(any_text()),
        trace in prop::option::of((any_text(), prop::option::of(any_text()))),
        keys in prop::collection::btree_map(any_text(), any_text(), 0..4),
    ) -> Metadata {
        let mut metadata = Metadata::new();
        if let Some(id) = correlation {
            metadata = metadata.with_correlation_id(id);
        }
        if let Some(id) = causation {
            metadata = metadata.with_causation_id(id);
        }
        if let Some(actor) = actor {
            metadata = metadata.with_actor(actor);
        }
        if let Some((parent, state)) = trace {
            metadata = metadata.with_trace(parent, state);
        }
        keys.into_iter().fold(metadata, |metadata, (key, value)| metadata.with(key, value))
    }
}

fn column_round_trip<T: Column + PartialEq + Debug + Clone>(value: T) {
    assert_eq!(T::from_value(value.to_value().unwrap()), Ok(value.clone()));
    let some = Some(value);
    assert_eq!(Option::<T>::from_value(some.to_value().unwrap()), Ok(some));
    assert_eq!(None::<T>.to_value(), Ok(Value::Null));
    assert_eq!(Option::<T>::from_value(Value::Null), Ok(None));
    assert!(T::from_value(Value::Null).is_err(), "a column that is not optional holds nothing");
}

proptest! {
    #[test]
    fn metadata_is_read_back_from_its_parts(metadata in any_metadata()) {
        let details = metadata.details_json().unwrap();
        let (correlation, causation) = (metadata.correlation_id(), metadata.causation_id());
        let back = Metadata::from_parts(correlation, causation, details.as_deref()).unwrap();
        prop_assert_eq!(back, metadata);
    }

    #[test]
    fn metadata_that_says_nothing_beside_its_ids_has_no_details(ids in (any_id(), any_id())) {
        let metadata = Metadata::from_parts(ids.0, ids.1, None).unwrap();
        prop_assert_eq!(metadata.details_json().unwrap(), None);
    }

    #[test]
    fn a_stream_id_is_read_back_from_its_name(category in "[^-]{1,20}", id in "\\PC{1,40}") {
        match StreamId::new(&category, &id) {
            Ok(stream) => {
                prop_assert_eq!(stream.category(), category.as_str());
                prop_assert_eq!(stream.id(), id.as_str());
                prop_assert_eq!(stream.as_str().parse::<StreamId>(), Ok(stream.clone()));
                prop_assert_eq!(stream.to_string(), format!("{category}-{id}"));
            }
            Err(_) => prop_assert!(category.chars().chain(id.chars()).any(char::is_control)),
        }
    }

    #[test]
    fn any_text_is_a_stream_id_as_it_stands_or_none(name in any_text()) {
        if let Ok(stream) = name.parse::<StreamId>() {
            prop_assert_eq!(stream.as_str(), name);
        }
    }

    #[test]
    fn integers_are_columns(number in any::<i64>()) {
        column_round_trip(number);
        column_round_trip(number as i32);
        column_round_trip(number as i16);
        column_round_trip(number as i8);
        column_round_trip(number as u32);
        column_round_trip(number as u8);
        column_round_trip(number.unsigned_abs().min(i64::MAX as u64));
    }

    #[test]
    fn an_integer_that_does_not_fit_is_an_error_both_ways(number in i64::MAX as u64 + 1..) {
        prop_assert!(number.to_value().is_err());
        prop_assert!(u64::from_value(Value::Integer(-1 - (number >> 1) as i64)).is_err());
        prop_assert!(u32::from_value(Value::Integer((number >> 1) as i64)).is_err());
    }

    #[test]
    fn other_scalars_are_columns(
        (truth, text, bytes) in (any::<bool>(), any_text(), any::<Vec<u8>>()),
        (id, second) in (any::<u128>(), -377_705_023_201_i64..253_402_207_200),
    ) {
        column_round_trip(truth);
        match text.contains('\0') {
            true => prop_assert!(text.to_value().is_err(), "PostgreSQL does not keep it"),
            false => column_round_trip(text),
        }
        column_round_trip(bytes);
        column_round_trip(Uuid::from_u128(id));
        column_round_trip(Timestamp::from_second(second).unwrap());
    }

    #[test]
    fn a_fraction_is_a_column_to_the_last_bit_unless_it_is_no_number(bits in any::<u64>()) {
        let (double, single) = (f64::from_bits(bits), f32::from_bits(bits as u32));
        match double.to_value() {
            Ok(value) => prop_assert_eq!(f64::from_value(value).unwrap().to_bits(), bits),
            Err(error) => prop_assert!(double.is_nan(), "{}", error),
        }
        match single.to_value() {
            Ok(value) => {
                prop_assert_eq!(f32::from_value(value).unwrap().to_bits(), single.to_bits());
            }
            Err(error) => prop_assert!(single.is_nan(), "{}", error),
        }
    }

    #[test]
    fn anything_is_a_column_as_text_or_as_json(pairs in any::<Vec<(i32, bool)>>(), number: i128) {
        prop_assert_eq!(json_from_value(json_to_value(&pairs).unwrap()), Ok(pairs));
        prop_assert_eq!(text_from_value(text_to_value(&number).unwrap()), Ok(number));
    }
}

#[test]
fn what_cannot_name_a_stream_is_refused_with_a_reason() {
    let longest = "x".repeat(StreamId::MAX_LENGTH - 2);
    assert!(StreamId::new("a", &longest).is_ok());
    let too_long = format!("{longest}x");
    for (category, id) in
        [("", "1"), ("a-b", "1"), ("a", ""), ("a", "\0"), ("a\n", "1"), ("a", &too_long)]
    {
        let error = StreamId::new(category, id).unwrap_err();
        assert!(!error.reason.is_empty());
        assert_eq!(error.name, format!("{category}-{id}"));
    }
    for name in ["", "account", "-1", "account-"] {
        assert!(name.parse::<StreamId>().is_err(), "{name:?} names a stream");
    }
}

#[test]
fn text_that_is_no_metadata_is_an_error() {
    for text in ["", "1", "{\"actor\":1}", "{\"keys\":{\"a\":null}}"] {
        assert!(Metadata::from_parts(None, None, Some(text)).is_err(), "{text} is metadata");
    }
}

#[test]
fn a_column_of_another_type_is_an_error_that_says_both() {
    let error = bool::from_value(Value::Text("yes".to_owned())).unwrap_err().in_column("active");
    assert_eq!(error.to_string(), "column `active`: the value (a text) is no bool");
    assert!(i64::from_value(Value::Real(1.0)).is_err());
    assert!(String::from_value(Value::Json("\"a\"".to_owned())).is_err());
    assert!(text_from_value::<u8>(Value::Text("256".to_owned())).is_err());
    assert!(json_from_value::<u8>(Value::Json("256".to_owned())).is_err());
}

#[test]
fn equal_values_are_found_by_their_hash_and_no_number_is_lost_in_a_fraction() {
    use std::collections::HashSet;
    let nan = f64::NAN;
    let values: HashSet<_> = [
        Value::Real(nan),
        Value::Real(nan),
        Value::Real(0.0),
        Value::Real(-0.0),
        Value::Integer(0),
    ]
    .into_iter()
    .collect();
    assert_eq!(values.len(), 4);
    assert_ne!(Value::Text("1".to_owned()), Value::Json("1".to_owned()));
}

#[test]
fn a_column_holds_zero_without_a_sign() {
    for value in
        [(-0.0_f64).to_value(), 0.0_f64.to_value(), (-0.0_f32).to_value(), Some(-0.0).to_value()]
    {
        assert_eq!(value, Ok(Value::Real(0.0)));
    }
}
