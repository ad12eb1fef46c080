//! Every rule by which a change of a stored shape is judged has an old and a new type that show it, with
//! payloads that the old one stored and the new one reads, and stands with them in the table of the
//! documentation. `BLESS=1` writes the table.

#![allow(
    dead_code,
    unreachable_pub,
    reason = "the types of a row are read by serde and the derive alone"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::num::NonZero;

use esrs::Schema;
use esrs::schema::Shape;
use esrs::schema::lock::{
    Rule, first_change, first_change_of, first_changed_step, outline_of, steps_of,
};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

/// A payload, and what the new type writes when it has read it; or a part of the error.
struct Read {
    stored: String,
    read: Result<String, String>,
    expected: Result<&'static str, &'static str>,
}

/// A change of a type.
struct Row {
    /// `None` if the shapes are equal, and the steps are not.
    rule: Option<Rule>,
    locked: Entry,
    now: Entry,
    reads: Vec<Read>,
}

/// The entry of a type in a lock.
#[derive(Debug)]
struct Entry {
    outline: Vec<String>,
    steps: Vec<String>,
}

impl Entry {
    fn new(shape: &Shape) -> Self {
        Self { outline: outline_of(shape), steps: steps_of(shape) }
    }

    /// The rule of a change of the shape; `None` if the steps alone changed.
    fn judge(&self, now: &Self) -> Option<Option<Rule>> {
        let (then, is) = ((&*self.outline, &*self.steps), (&*now.outline, &*now.steps));
        let rule = first_change_of(then, is).map(|change| change.rule);
        match first_changed_step(then, is) {
            Some(_) if rule.is_none_or(Rule::is_compatible) => Some(None),
            _ => rule.map(Some),
        }
    }
}

/// The sentence about steps that changed.
const STEPS: &str = "what is declared of it has changed, and no shape shows it";

impl Row {
    fn sentence(&self) -> &'static str {
        self.rule.map_or(STEPS, Rule::sentence)
    }

    fn is_compatible(&self) -> bool {
        self.rule.is_some_and(Rule::is_compatible)
    }
}

impl Read {
    /// Stores a value as `Old`, which reads it again, and reads it as `New`.
    fn new<Old: DeserializeOwned, New: DeserializeOwned + Serialize>(
        value: impl Serialize,
        expected: Result<&'static str, &'static str>,
    ) -> Self {
        let stored = serde_json::to_string(&value).unwrap();
        assert!(serde_json::from_str::<Old>(&stored).is_ok(), "{stored}");
        let read = serde_json::from_str::<New>(&stored);
        let read = read.map(|new| serde_json::to_string(&new).unwrap());
        Self { stored, read: read.map_err(|error| error.to_string()), expected }
    }
}

macro_rules! rule {
    (Steps) => {
        None
    };
    ($rule:ident) => {
        Some(Rule::$rule)
    };
}

fn five() -> u8 {
    5
}

fn some_five() -> Option<u8> {
    Some(5)
}

macro_rules! rows {
    ($($name:ident: $rule:ident
        { $($old:item)* } $(+ { $($with_old:item)* })?
        { $($new:item)* } $(+ { $($with_new:item)* })?
        [$($value:expr => $expected:expr),+ $(,)?]
    )*) => {
        $(mod $name {
            pub(super) mod old {
                use super::super::*;
                $(#[derive(Schema, Serialize, Deserialize)] $old)*
                $($($with_old)*)?
            }
            pub(super) mod new {
                use super::super::*;
                $(#[derive(Schema, Serialize, Deserialize)] $new)*
                $($($with_new)*)?
            }
            use super::*;
            pub(super) fn row() -> Row {
                #[allow(unused_imports, reason = "some rows store what another type has written")]
                use old::*;
                let reads = vec![$(Read::new::<old::T, new::T>($value, $expected)),+];
                let locked = Entry::new(<old::T as Schema>::SHAPE);
                let now = Entry::new(<new::T as Schema>::SHAPE);
                Row { rule: rule!($rule), locked, now, reads }
            }
        })*

        fn rows() -> Vec<Row> {
            vec![$($name::row()),*]
        }
    };
}

rows! {
    option_added: OptionalFieldAdded
        { pub struct T {} }
        { pub struct T { pub note: Option<String> } }
        [T {} => Ok(r#"{"note":null}"#)]
    field_with_default_added: OptionalFieldAdded
        { pub struct T {} }
        { pub struct T { #[serde(default)] pub fee: u8 } }
        [T {} => Ok(r#"{"fee":0}"#)]
    flattened_map_added: OptionalFieldAdded
        { pub struct T { pub a: u8 } }
        { pub struct T { pub a: u8, #[serde(flatten)] #[schema(opaque = "rest@1")] pub rest: BTreeMap<String, u8> } }
        [T { a: 1 } => Ok(r#"{"a":1}"#)]
    variant_added: VariantAdded
        { pub enum T { Eur } }
        { pub enum T { Eur, Usd } }
        [T::Eur => Ok(r#""Eur""#)]
    number_wider: WiderNumber
        { pub struct T { pub of: u8 } }
        { pub struct T { pub of: u32 } }
        [T { of: 255 } => Ok(r#"{"of":255}"#)]
    number_may_be_zero: WiderNumber
        { pub struct T { pub of: NonZero<u8> } }
        { pub struct T { pub of: u8 } }
        [T { of: NonZero::<u8>::MAX } => Ok(r#"{"of":255}"#)]
    may_be_null: MayBeNull
        { pub struct T { pub of: u8 } }
        { pub struct T { pub of: Option<u8> } }
        [T { of: 1 } => Ok(r#"{"of":1}"#)]
    may_be_absent: MayBeAbsent
        { pub struct T { pub of: u8 } }
        { pub struct T { #[serde(default)] pub of: u8 } }
        [T { of: 1 } => Ok(r#"{"of":1}"#)]
    default_of_an_option_added: AbsentIsNone
        { pub struct T { pub of: Option<u8> } }
        { pub struct T { #[serde(default)] pub of: Option<u8> } }
        [json!({}) => Ok(r#"{"of":null}"#), T { of: Some(1) } => Ok(r#"{"of":1}"#)]
    default_of_an_option_dropped: AbsentIsNone
        { pub struct T { #[serde(default)] pub of: Box<Option<u8>> } }
        { pub struct T { pub of: Box<Option<u8>> } }
        [json!({}) => Ok(r#"{"of":null}"#), T { of: Box::new(Some(1)) } => Ok(r#"{"of":1}"#)]
    default_of_an_opaque_option_added: AbsentIsNone
        { pub struct T { #[schema(opaque = "of@1")] pub of: Option<u8> } }
        { pub struct T { #[serde(default)] #[schema(opaque = "of@1")] pub of: Option<u8> } }
        [json!({}) => Ok(r#"{"of":null}"#)]
    alias_added: AliasAdded
        { pub struct T { pub note: String } }
        { pub struct T { #[serde(alias = "memo")] pub note: String } }
        [T { note: "a".into() } => Ok(r#"{"note":"a"}"#)]
    renamed_with_alias: RenamedWithAlias
        { pub struct T { pub memo: String } }
        { pub struct T { #[serde(alias = "memo")] pub note: String } }
        [T { memo: "a".into() } => Ok(r#"{"note":"a"}"#)]
    no_longer_closed: NoLongerClosed
        { #[serde(deny_unknown_fields)] pub struct T {} }
        { pub struct T {} }
        [T {} => Ok("{}")]
    any_text: AnyText
        { pub struct T { pub id: Uuid } }
        { pub struct T { pub id: String } }
        [T { id: Uuid::nil() } => Ok(r#"{"id":"00000000-0000-0000-0000-000000000000"}"#)]
    any_key: AnyText
        { pub struct T { pub of: BTreeMap<u8, bool> } }
        { pub struct T { pub of: BTreeMap<String, bool> } }
        [T { of: BTreeMap::from([(7, true)]) } => Ok(r#"{"of":{"7":true}}"#)]
    any_length: AnyLength
        { pub struct T { pub of: [u8; 3] } }
        { pub struct T { pub of: Vec<u8> } }
        [T { of: [1, 1, 2] } => Ok(r#"{"of":[1,1,2]}"#)]
    may_repeat: MayRepeat
        { pub struct T { pub of: BTreeSet<u8> } }
        { pub struct T { pub of: Vec<u8> } }
        [T { of: BTreeSet::from([1, 2]) } => Ok(r#"{"of":[1,2]}"#)]
    became_any: BecameAny
        { pub struct T { pub of: u8 } }
        { pub struct T { pub of: Value } }
        [T { of: 1 } => Ok(r#"{"of":1}"#)]
    null_became_any: BecameAny
        { pub struct T { pub of: Option<u8> } }
        { pub struct T { #[serde(default)] pub of: Value } }
        [T { of: None } => Ok(r#"{"of":null}"#), json!({}) => Ok(r#"{"of":null}"#)]

    field_added: FieldAdded
        { pub struct T {} }
        { pub struct T { pub note: String } }
        [T {} => Err("missing field `note`")]
    any_added: FieldAdded
        { pub struct T {} }
        { pub struct T { pub of: Value } }
        [T {} => Err("missing field `of`")]
    place_added: FieldAdded
        { pub struct T { pub of: (u8, i32) } }
        { pub struct T { pub of: (u8, i32, Option<bool>) } }
        [T { of: (1, 2) } => Err("invalid length 2")]
    place_of_a_variant_added: FieldAdded
        { pub enum T { A(u8, i32) } }
        { pub enum T { A(u8, i32, Option<bool>) } }
        [T::A(1, 2) => Err("invalid length 2")]
    newtype_of_an_option_added: FieldAdded
        { pub struct T {} }
        { pub struct T { pub of: Newtype } pub struct Newtype(pub Option<u8>); }
        [T {} => Err("missing field `of`")]
    flattened_struct_added: FieldAdded
        { pub struct T { pub a: u8 } }
        {
            pub struct T { pub a: u8, #[serde(flatten)] #[schema(opaque = "place@1")] pub place: Place }
            pub struct Place { pub city: String }
        }
        [T { a: 1 } => Err("missing field `city`")]
    field_removed: FieldRemoved
        { pub struct T { pub note: String } }
        { pub struct T {} }
        [T { note: "a".into() } => Ok("{}")]
    variant_removed: VariantRemoved
        { pub enum T { Eur, Usd } }
        { pub enum T { Eur } }
        [T::Usd => Err("unknown variant `Usd`")]
    alias_removed: AliasRemoved
        { pub struct T { #[serde(alias = "memo")] pub note: String } }
        { pub struct T { pub note: String } }
        [json!({"memo": "a"}) => Err("missing field `note`")]
    now_required: NowRequired
        { pub struct T { #[serde(default)] pub of: u8 } }
        { pub struct T { pub of: u8 } }
        [json!({}) => Err("missing field `of`")]
    absent_option_became_any: NowRequired
        { pub struct T { #[serde(skip_serializing_if = "Option::is_none")] pub of: Option<u8> } }
        { pub struct T { pub of: Value } }
        [T { of: None } => Err("missing field `of`")]
    absent_option_in_a_newtype: NowRequired
        { pub struct T { #[serde(skip_serializing_if = "Option::is_none")] pub of: Option<u8> } }
        { pub struct T { pub of: Newtype } pub struct Newtype(pub Option<u8>); }
        [T { of: None } => Err("missing field `of`")]
    option_with_a_function: AbsentChanged
        { pub struct T { pub of: Option<u8> } }
        { pub struct T { #[serde(default = "some_five")] pub of: Option<u8> } }
        [json!({}) => Ok(r#"{"of":5}"#), T { of: None } => Ok(r#"{"of":null}"#)]
    option_without_its_function: AbsentChanged
        { pub struct T { #[serde(default = "some_five")] pub of: Option<u8> } }
        { pub struct T { pub of: Option<u8> } }
        [json!({}) => Ok(r#"{"of":null}"#)]
    default_that_became_an_option: AbsentChanged
        { pub struct T { #[serde(default)] pub of: u8 } }
        { pub struct T { pub of: Option<u8> } }
        [json!({}) => Ok(r#"{"of":null}"#)]
    option_in_a_struct_with_a_default: AbsentChanged
        { pub struct T { pub of: Option<u8> } }
        {}
        + { #[derive(Schema, Serialize, Deserialize)] #[serde(default)] pub struct T { pub of: Option<u8> } impl Default for T { fn default() -> Self { Self { of: Some(5) } } } }
        [json!({}) => Ok(r#"{"of":5}"#)]
    option_in_a_struct_without_its_default: AbsentChanged
        {}
        + { #[derive(Schema, Serialize, Deserialize)] #[serde(default)] pub struct T { pub of: Option<u8> } impl Default for T { fn default() -> Self { Self { of: Some(5) } } } }
        { pub struct T { pub of: Option<u8> } }
        [json!({}) => Ok(r#"{"of":null}"#)]
    option_in_a_struct_with_a_function: AbsentChanged
        { pub struct T { pub inner: Inner } pub struct Inner { pub of: Option<u8> } }
        { pub struct T { pub inner: Inner } }
        + { #[derive(Schema, Serialize, Deserialize)] #[serde(default = "inner")] pub struct Inner { pub of: Option<u8> } fn inner() -> Inner { Inner { of: Some(5) } } }
        [json!({"inner": {}}) => Ok(r#"{"inner":{"of":5}}"#)]
    optional_that_may_be_null: AbsentChanged
        { pub struct T { #[serde(default)] pub of: u8 } }
        { pub struct T { #[serde(default)] pub of: Option<u8> } }
        [json!({}) => Ok(r#"{"of":null}"#)]
    option_in_a_variant: AbsentChanged
        { pub enum T { A { of: Option<u8> } } }
        { pub enum T { A { #[serde(default = "some_five")] of: Option<u8> } } }
        [json!({"A": {}}) => Ok(r#"{"A":{"of":5}}"#)]
    option_by_a_type_with_a_default: AbsentChanged
        { pub struct T { pub of: Option<u8> } }
        {
            pub struct T { #[serde(default)] pub of: Of }
            #[serde(transparent)] pub struct Of(pub Option<u8>);
        }
        + { impl Default for Of { fn default() -> Self { Self(Some(5)) } } }
        [json!({}) => Ok(r#"{"of":5}"#)]
    opaque_option_with_a_function: AbsentChanged
        {
            pub struct T {
                #[serde(skip_serializing_if = "Option::is_none")] #[schema(opaque = "of@1")] pub of: Option<u8>,
            }
        }
        {
            pub struct T { #[serde(default = "some_five")] #[schema(opaque = "of@1")] pub of: Option<u8> }
        }
        [T { of: None } => Ok(r#"{"of":5}"#)]
    no_longer_null: NoLongerNull
        { pub struct T { pub of: Option<u8> } }
        { pub struct T { pub of: u8 } }
        [T { of: None } => Err("invalid type: null")]
    fields_merged: NamesMerged
        { pub struct T { pub mail: u8, pub email: u8 } }
        { pub struct T { #[serde(alias = "mail")] pub email: u8 } }
        [T { mail: 1, email: 2 } => Err("duplicate field `email`")]
    variants_merged: NamesMerged
        { pub enum T { Eur, Usd } }
        { pub enum T { #[serde(alias = "Usd")] Eur } }
        [T::Usd => Ok(r#""Eur""#)]
    name_of_a_flattened_map: TakenFromFlattened
        { pub struct T { #[serde(flatten)] #[schema(opaque = "rest@1")] pub rest: BTreeMap<String, String> } }
        {
            pub struct T {
                pub a: Option<u8>,
                #[serde(flatten)] #[schema(opaque = "rest@1")] pub rest: BTreeMap<String, String>,
            }
        }
        [T { rest: BTreeMap::from([("a".into(), "b".into())]) } => Err("invalid type: string")]
    alias_of_a_flattened_map: TakenFromFlattened
        {
            pub struct T {
                pub a: u8,
                #[serde(flatten)] #[schema(opaque = "rest@1")] pub rest: BTreeMap<String, u8>,
            }
        }
        {
            pub struct T {
                #[serde(alias = "b")] pub a: u8,
                #[serde(flatten)] #[schema(opaque = "rest@1")] pub rest: BTreeMap<String, u8>,
            }
        }
        [T { a: 1, rest: BTreeMap::from([("b".into(), 2)]) } => Err("duplicate field `a`")]
    now_a_set: NowSet
        { pub struct T { pub of: Vec<u8> } }
        { pub struct T { pub of: BTreeSet<u8> } }
        [T { of: vec![1, 1] } => Ok(r#"{"of":[1]}"#)]
    number_narrower: NarrowerNumber
        { pub struct T { pub of: u32 } }
        { pub struct T { pub of: i32 } }
        [T { of: u32::MAX } => Err("invalid value")]
    number_without_zero: NarrowerNumber
        { pub struct T { pub of: u8 } }
        { pub struct T { pub of: NonZero<u8> } }
        [T { of: 0 } => Err("invalid value")]
    wide_number_became_any: NarrowerNumber
        { pub struct T { pub of: u128 } }
        { pub struct T { pub of: Value } }
        [T { of: u128::MAX } => Ok(r#"{"of":3.402823669209385e+38}"#)]
    now_closed: NowClosed
        { pub struct T {} }
        { #[serde(deny_unknown_fields)] pub struct T {} }
        [json!({"note": 1}) => Err("unknown field `note`")]
    other_representation: OtherRepresentation
        { pub enum T { Eur } }
        { #[serde(tag = "kind")] pub enum T { Eur } }
        [T::Eur => Err("invalid type: string")]
    type_changed: TypeChanged
        { pub struct T { pub of: u8 } }
        { pub struct T { pub of: String } }
        [T { of: 1 } => Err("invalid type: integer")]
    unit_variant_became_any: TypeChanged
        { pub enum T { A } }
        { pub enum T { A(Value) } }
        [T::A => Err("invalid type: unit variant")]
    types_that_hold_each_other: TypeChanged
        {
            pub struct T { pub name: String, #[schema(opaque = "entries@1")] pub entries: Vec<Child> }
            pub struct Child { pub within: Option<Box<T>> }
        }
        {
            pub struct T { pub name: String, #[schema(opaque = "entries@2")] pub entries: Vec<Child> }
            pub struct Child { pub of: Option<Box<T>> }
        }
        [T { name: "a".into(), entries: vec![Child { within: Some(Box::new(T { name: "b".into(), entries: vec![] })) }] }
            => Ok(r#"{"name":"a","entries":[{"of":null}]}"#)]
    another_duration: TypeChanged
        { pub struct T { pub of: jiff::Span } }
        { pub struct T { pub of: jiff::SignedDuration } }
        [T { of: jiff::Span::new().months(1) } => Err("requires that the duration contain a time")]

    default_that_became_a_function: Steps
        { pub struct T { #[serde(default)] pub of: u8 } }
        { pub struct T { #[serde(default = "five")] pub of: u8 } }
        [json!({}) => Ok(r#"{"of":5}"#)]
    function_that_became_a_default: Steps
        { pub struct T { #[serde(default = "some_five")] pub of: Option<u8> } }
        { pub struct T { #[serde(default)] pub of: Option<u8> } }
        [json!({}) => Ok(r#"{"of":null}"#)]
    default_that_became_that_of_the_struct: Steps
        { pub struct T { #[serde(default)] pub of: u8 } }
        {}
        + { #[derive(Schema, Serialize, Deserialize)] #[serde(default)] pub struct T { pub of: u8 } impl Default for T { fn default() -> Self { Self { of: 5 } } } }
        [json!({}) => Ok(r#"{"of":5}"#)]
    default_of_a_struct_that_became_one_of_a_field: Steps
        {}
        + { #[derive(Schema, Serialize, Deserialize)] #[serde(default)] pub struct T { pub of: Option<u8> } impl Default for T { fn default() -> Self { Self { of: Some(5) } } } }
        { pub struct T { #[serde(default)] pub of: Option<u8> } }
        [json!({}) => Ok(r#"{"of":null}"#)]
    function_of_a_struct_within: Steps
        { pub struct T { pub inner: Inner } }
        + { #[derive(Default, Schema, Serialize, Deserialize)] #[serde(default)] pub struct Inner { pub of: u8 } }
        { pub struct T { pub inner: Inner } }
        + { #[derive(Schema, Serialize, Deserialize)] #[serde(default = "inner")] pub struct Inner { pub of: u8 } fn inner() -> Inner { Inner { of: 5 } } }
        [json!({"inner": {}}) => Ok(r#"{"inner":{"of":5}}"#)]
    renamed_with_another_function: Steps
        { pub struct T { pub a: Inner } pub struct Inner { #[serde(default)] pub of: u8 } }
        {
            pub struct T { #[serde(alias = "a")] pub b: Inner }
            pub struct Inner { #[serde(default = "five", alias = "of")] pub is: u8 }
        }
        [json!({"a": {}}) => Ok(r#"{"b":{"is":5}}"#)]
    opaque_option_by_a_function: Steps
        { pub struct T { #[schema(opaque = "of@1")] pub of: Option<u8> } }
        {
            pub struct T {
                #[serde(deserialize_with = "Deserialize::deserialize")] #[schema(opaque = "of@1")] pub of: Option<u8>,
            }
        }
        [json!({}) => Err("missing field `of`")]
}

#[test]
fn each_rule_is_found_in_its_two_types() {
    let rows = rows();
    for row in &rows {
        let judged = row.locked.judge(&row.now);
        assert_eq!(judged, Some(row.rule), "{:?} became {:?}", row.locked, row.now);
        assert_eq!(row.locked.judge(&row.locked), None);
    }
    for rule in Rule::ALL {
        assert!(rows.iter().any(|row| row.rule == Some(*rule)), "{rule:?} has no row");
    }
}

#[test]
fn each_payload_is_read_as_the_rule_says() {
    for row in rows() {
        let (rule, locked) = (row.rule, &row.locked);
        for Read { stored, read, expected } in &row.reads {
            match (read, expected) {
                (Ok(read), Ok(expected)) => assert_eq!(read, expected, "{rule:?}: {stored}"),
                (Err(error), Err(expected)) => {
                    assert!(error.contains(expected), "{rule:?}: {stored}: {error}");
                }
                (read, _) => panic!("{rule:?}: {stored} of {locked:?} is read as {read:?}"),
            }
        }
        let is_lost = |read: &Read| read.read.as_ref() != Ok(&read.stored);
        match row.is_compatible() {
            true => assert!(row.reads.iter().all(|read| read.read.is_ok()), "{rule:?}: {locked:?}"),
            false => assert!(row.reads.iter().any(is_lost), "{rule:?}: {locked:?}"),
        }
    }
}

#[test]
fn a_change_that_breaks_is_found_behind_one_that_does_not() {
    let (locked, now) = (["struct", ".a: u8", ".b: u8"], ["struct", ".a: u16", ".b: string"]);
    assert_eq!(first_change(&locked, &now).unwrap().rule, Rule::TypeChanged);
}

#[test]
fn wrappers_are_judged_by_what_is_in_them() {
    let judged = |locked: &str, now: &str| {
        let (locked, now) = (["struct", locked], ["struct", now]);
        first_change(&locked, &now).unwrap().rule
    };
    assert_eq!(judged(".of: [u8?]", ".of: [u16?]"), Rule::WiderNumber);
    assert_eq!(judged(".of: map<string, u8>", ".of: map<string, string>"), Rule::TypeChanged);
    assert_eq!(judged(".of: map<uuid, [u8]>", ".of: map<string, [u8]>"), Rule::AnyText);
    assert_eq!(judged(".of: [u8; 3]", ".of: [u8; 4]"), Rule::TypeChanged);
    assert_eq!(judged(".of: u8", ".of: [u8]"), Rule::TypeChanged);
    assert_eq!(judged(".of: i64", ".of: f64"), Rule::NarrowerNumber);
    assert_eq!(judged(".of: bool", ".of: string"), Rule::TypeChanged);
    assert_eq!(judged(".of: set<u8>", ".of: set<u16>"), Rule::WiderNumber);
    assert_eq!(judged(".of: set<u8>", ".of: [string]"), Rule::TypeChanged);
    assert_eq!(judged(".of: [[u8; 2]; 2]", ".of: [set<u8>; 2]"), Rule::NowSet);
    assert_eq!(judged(".of: map<string, [u128]>", ".of: any"), Rule::NarrowerNumber);
    assert_eq!(judged(".of: opaque grid@1", ".of: any"), Rule::TypeChanged);
    assert_eq!(judged(".of: u8?", ".of!: u8?"), Rule::NowRequired);
    assert_eq!(judged(".of!: u8?", ".of: u8?"), Rule::MayBeAbsent);
    assert_eq!(judged(".of: nonzero u8?", ".of: nonzero u16?"), Rule::WiderNumber);
    assert_eq!(judged(".of: chrono_date", ".of: date"), Rule::TypeChanged);
}

#[test]
fn only_a_field_of_an_object_may_be_left_out() {
    let judged = |locked: &[&str], now: &[&str]| first_change(locked, now).unwrap().rule;
    assert_eq!(judged(&["u8?"], &["any"]), Rule::BecameAny);
    assert_eq!(judged(&["tuple", ".0: u8?"], &["tuple", ".0: any"]), Rule::BecameAny);
    assert_eq!(judged(&["enum", "|A: u8?"], &["enum", "|A: any"]), Rule::BecameAny);
    assert_eq!(
        judged(&["enum", "|A: fields", "|A.a: u8?"], &["enum", "|A: fields", "|A.a: any"]),
        Rule::NowRequired
    );
}

#[test]
fn what_is_below_is_judged_where_it_became_any() {
    let locked = ["struct", ".of: struct", ".of.a: [struct]", ".of.a[].b: i128"];
    let change = first_change(&locked, &["struct", ".of: any"]).unwrap();
    assert_eq!((change.rule, &*change.path), (Rule::NarrowerNumber, ".of"));
    let narrow = ["struct", ".of: struct", ".of.a: [struct]", ".of.a[].b: i64", ".ofa: i128"];
    let change = first_change(&narrow, &["struct", ".of: any", ".ofa: i128"]).unwrap();
    assert_eq!(change.rule, Rule::BecameAny);
}

#[test]
fn places_are_told_from_fields_in_every_wrapper() {
    for (head, way) in [
        ("tuple", ""),
        ("tuple?", ""),
        ("[tuple]", "[]"),
        ("[[tuple?]; 2]", "[][]"),
        ("map<string, tuple>", "{}"),
    ] {
        let (head, first) = (format!(".of: {head}"), format!(".of{way}.0: u8"));
        let second = format!(".of{way}.1: u8?");
        let change =
            first_change(&["struct", &*head, &*first], &["struct", &*head, &*first, &*second]);
        assert_eq!(change.unwrap().rule, Rule::FieldAdded, "{head}");
    }
    let named = first_change(&["struct", ".0: u8"], &["struct", ".0: u8", ".1: u8?"]);
    assert_eq!(named.unwrap().rule, Rule::OptionalFieldAdded);
}

#[test]
fn flattened_fields_are_told_apart_by_their_shapes() {
    let (first, second) = (".\"*\"?: opaque a@1", ".\"*\"?: opaque b@1");
    let change =
        first_change(&["struct", first, second, ".n: u8"], &["struct", second, first, ".n: u16"]);
    assert_eq!(change.unwrap().rule, Rule::WiderNumber);
    let changed =
        first_change(&["struct", first, second], &["struct", first, ".\"*\"?: opaque b@2"]);
    assert_eq!(changed.unwrap().rule, Rule::TypeChanged);
    // Older locks took each for one that may be absent.
    assert_eq!(first_change(&["struct", first], &["struct", ".\"*\": opaque a@1"]), None);
}

#[test]
fn the_documentation_has_every_rule_with_its_two_types() {
    let escaped = |text: &str| format!("`{}`", text.replace('|', "\\|"));
    let shown = |entry: &Entry| {
        let steps = if entry.steps.is_empty() { None } else { Some("steps".to_owned()) };
        let outline = entry.outline.iter().map(|line| escaped(line));
        let steps = steps.into_iter().chain(entry.steps.iter().map(|line| escaped(line)));
        outline.chain(steps).collect::<Vec<_>>().join(" ")
    };
    let mut table = "| what became of it | locked | now | stored, and read as | |\n\
                     | --- | --- | --- | --- | --- |\n"
        .to_owned();
    let rows = rows();
    let of = |rule| rows.iter().filter(move |row| row.rule == rule);
    for row in Rule::ALL.iter().copied().map(Some).chain([None]).flat_map(of) {
        let verdict = if row.is_compatible() { "compatible" } else { "breaks" };
        let Read { stored, expected, .. } = &row.reads[0];
        let read = match expected {
            Ok(read) => escaped(read),
            Err(error) => format!("error: {}", error.replace('`', "")),
        };
        let (locked, now) = (shown(&row.locked), shown(&row.now));
        let (sentence, stored) = (row.sentence(), escaped(stored));
        table.push_str(&format!(
            "| {sentence} | {locked} | {now} | {stored}: {read} | {verdict} |\n"
        ));
    }
    let (begin, end) = ("<!-- the rules -->\n", "<!-- end of the rules -->");
    let page = crate::lock_page();
    let doc = fs::read_to_string(*page).unwrap();
    let (before, rest) = doc.split_once(begin).unwrap();
    let (there, after) = rest.split_once(end).unwrap();
    if std::env::var_os("BLESS").is_some() {
        fs::write(*page, format!("{before}{begin}{table}{end}{after}")).unwrap();
    } else {
        assert!(there == table, "{page} has another table than\n{table}");
    }
}
