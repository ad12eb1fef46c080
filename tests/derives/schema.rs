//! `#[derive(Schema)]`: a shape is what serde writes and reads, under each of its attributes.

#![allow(dead_code, reason = "what serde skips is never read")]

use std::collections::BTreeMap;
use std::marker::PhantomData;

use esrs::prelude::*;
use serde_json::{Value, json};

/// Asserts the shape of `T`, that serde writes `value` as `json`, and that it reads it back.
fn is_written<T: Schema + Serialize + for<'de> Deserialize<'de>>(
    value: &T,
    json: Value,
    shape: &str,
) {
    assert_eq!(T::SHAPE.to_string(), shape);
    assert_eq!(serde_json::to_value(value).expect("it is written"), json);
    let read: T = serde_json::from_value(json.clone()).expect("it is read");
    assert_eq!(serde_json::to_value(&read).expect("it is written"), json);
}

fn is_read<T: for<'de> Deserialize<'de>>(json: Value) -> bool {
    serde_json::from_value::<T>(json).is_ok()
}

#[derive(Schema, Serialize, Deserialize)]
struct Named {
    cents: i64,
    note: Option<String>,
    r#type: bool,
}

#[derive(Schema, Serialize, Deserialize)]
struct Newtype(Vec<u8>);

#[derive(Schema, Serialize, Deserialize)]
struct Pair(u8, String);

#[derive(Schema, Serialize, Deserialize)]
struct PairThatSkips(u8, #[serde(skip)] String);

#[derive(Schema, Serialize, Deserialize)]
struct Unit;

#[derive(Schema, Serialize, Deserialize)]
struct NoFields {}

#[derive(Schema, Serialize, Deserialize)]
struct NoPlaces();

#[test]
fn structs() {
    let named = Named { cents: 5, note: None, r#type: true };
    let shape = "{cents: i64, note: string?, type: bool}";
    is_written(&named, json!({"cents": 5, "note": null, "type": true}), shape);
    is_written(&Newtype(vec![1]), json!([1]), "[u8]");
    is_written(&Pair(1, "a".into()), json!([1, "a"]), "(u8, string)");
    is_written(&PairThatSkips(1, "a".into()), json!([1]), "(u8,)");
    is_written(&Unit, json!(null), "null");
    is_written(&NoFields {}, json!({}), "{}");
    is_written(&NoPlaces(), json!([]), "()");
}

macro_rules! cases {
    ($($case:literal $module:ident: $field:literal $variant:literal;)*) => {$(
        mod $module {
            use super::*;

            #[derive(Schema, Serialize, Deserialize)]
            #[serde(rename_all = $case)]
            struct Fields { two_words: u8, _odd_name2: u8 }

            #[derive(Schema, Serialize, Deserialize)]
            #[serde(rename_all = $case, rename_all_fields = $case)]
            enum Variants { TwoWords, HTTPServer { two_words: u8 } }

            #[derive(Schema, Serialize, Deserialize)]
            enum Own { #[serde(rename_all = $case)] One { two_words: u8 }, Two { two_words: u8 } }

            #[test]
            fn rename_all() {
                let value = serde_json::to_value(Fields { two_words: 1, _odd_name2: 2 }).unwrap();
                let names: Vec<_> = value.as_object().unwrap().keys().cloned().collect();
                let mut shape: Vec<_> = match Fields::SHAPE {
                    esrs::schema::Shape::Struct(shape) => shape.fields.iter().map(|field| field.name).collect(),
                    other => panic!("{other}"),
                };
                shape.sort_unstable();
                assert_eq!(shape, names);
                assert!(names.contains(&$field.to_owned()), "{names:?}");

                let unit = serde_json::to_value(Variants::TwoWords).unwrap();
                assert_eq!(unit, $variant);
                let http = serde_json::to_value(Variants::HTTPServer { two_words: 1 }).unwrap();
                let (http, fields) = http.as_object().unwrap().iter().next().unwrap();
                assert_eq!(fields, &json!({$field: 1}));
                let shape = format!("enum {} | {http} {{{}: u8}}", $variant, $field);
                assert_eq!(Variants::SHAPE.to_string(), shape);

                let own = serde_json::to_value(Own::One { two_words: 1 }).unwrap();
                assert_eq!(own, json!({"One": {$field: 1}}));
                let shape = format!("enum One {{{}: u8}} | Two {{two_words: u8}}", $field);
                assert_eq!(Own::SHAPE.to_string(), shape);
                        }
        }
    )*};
}

cases! {
    "lowercase" lower: "two_words" "twowords";
    "UPPERCASE" upper: "TWO_WORDS" "TWOWORDS";
    "PascalCase" pascal: "TwoWords" "TwoWords";
    "camelCase" camel: "twoWords" "twoWords";
    "snake_case" snake: "two_words" "two_words";
    "SCREAMING_SNAKE_CASE" screaming_snake: "TWO_WORDS" "TWO_WORDS";
    "kebab-case" kebab: "two-words" "two-words";
    "SCREAMING-KEBAB-CASE" screaming_kebab: "TWO-WORDS" "TWO-WORDS";
}

#[derive(Schema, Serialize, Deserialize)]
#[serde(rename = "AnotherName")]
struct Renamed {
    #[serde(rename = "sum", alias = "amount", alias = "total")]
    cents: i64,
    #[serde(rename(serialize = "why", deserialize = "why"))]
    reason: u8,
    // Reading has several names, and what is written is among them.
    #[serde(rename(serialize = "new", deserialize = "new", deserialize = "old"))]
    both: u8,
    // The same, said by an alias.
    #[serde(rename(serialize = "to"), alias = "to")]
    target: u8,
}

#[test]
fn fields_are_known_by_the_names_they_are_written_and_read_by() {
    let renamed = Renamed { cents: 1, reason: 2, both: 3, target: 4 };
    is_written(
        &renamed,
        json!({"sum": 1, "why": 2, "new": 3, "to": 4}),
        "{sum/amount/total: i64, why: u8, new/old: u8, to/target: u8}",
    );
    assert!(is_read::<Renamed>(json!({"total": 1, "why": 2, "old": 3, "target": 4})));
}

fn three() -> u8 {
    3
}

#[derive(Schema, Serialize, Deserialize)]
struct MayBeAbsent {
    #[serde(default)]
    one: u8,
    #[serde(default = "three")]
    two: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    three: Option<u8>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    four: Vec<u8>,
    #[serde(skip)]
    five: u8,
    #[serde(skip_serializing, skip_deserializing)]
    six: u8,
}

#[derive(Schema, Serialize, Deserialize, Default)]
#[serde(default, deny_unknown_fields)]
struct AllOptional {
    one: u8,
    #[serde(skip_serializing_if = "String::is_empty")]
    two: String,
}

#[test]
fn what_may_be_absent_is_optional_and_what_is_skipped_is_left_out() {
    let value = MayBeAbsent { one: 1, two: 2, three: None, four: vec![], five: 5, six: 6 };
    let shape = "{one?: u8, two?: u8, three: u8?, four?: [u8]}";
    is_written(&value, json!({"one": 1, "two": 2}), shape);
    assert!(is_read::<MayBeAbsent>(json!({})));
    let closed = "{one?: u8, two?: string} closed";
    is_written(&AllOptional::default(), json!({"one": 0}), closed);
    assert!(!is_read::<AllOptional>(json!({"three": 3})), "closed");
}

#[derive(Schema, Serialize, Deserialize)]
#[serde(transparent)]
struct Transparent<T> {
    marker: PhantomData<T>,
    #[serde(skip)]
    cache: Option<String>,
    value: u32,
}

#[derive(Schema, Serialize, Deserialize)]
struct Marked {
    marker: PhantomData<Unknown>,
}

struct Unknown;

#[test]
fn a_transparent_struct_is_its_only_value() {
    let value = Transparent::<u8> { value: 1, marker: PhantomData, cache: None };
    is_written(&value, json!(1), "u32");
    is_written(&Marked { marker: PhantomData }, json!({"marker": null}), "{marker: null}");
}

#[derive(Schema, Serialize, Deserialize, Clone)]
#[serde(try_from = "String", into = "String")]
struct Checked(String);

impl TryFrom<String> for Checked {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        if text.is_empty() { Err("empty".into()) } else { Ok(Self(text)) }
    }
}

impl From<Checked> for String {
    fn from(checked: Checked) -> Self {
        checked.0
    }
}

#[test]
fn a_type_that_serde_converts_has_the_shape_of_what_it_converts_to() {
    is_written(&Checked("a".into()), json!("a"), "string");
    assert!(!is_read::<Checked>(json!("")));
}

#[derive(Schema, Serialize, Deserialize)]
#[serde(rename_all_fields = "UPPERCASE")]
enum TwoRules {
    All {
        a_b: u8,
    },
    #[serde(rename_all = "kebab-case")]
    Own {
        a_b: u8,
    },
}

#[test]
fn the_rule_of_a_variant_goes_before_that_of_all_variants() {
    let shape = "enum All {A_B: u8} | Own {a-b: u8}";
    is_written(&TwoRules::All { a_b: 1 }, json!({"All": {"A_B": 1}}), shape);
    is_written(&TwoRules::Own { a_b: 1 }, json!({"Own": {"a-b": 1}}), shape);
}

#[derive(Schema, Serialize, Deserialize)]
enum External {
    Unit,
    Newtype(u8),
    Pair(u8, String),
    Named {
        a: u8,
    },
    #[serde(rename = "New", alias = "Old")]
    Renamed,
    #[serde(skip)]
    Skipped(PhantomData<Unknown>),
    Emptied(#[serde(skip)] u8),
}

#[test]
fn an_externally_tagged_enum() {
    let shape = "enum Unit | Newtype(u8) | Pair(u8, string) | Named {a: u8} | New/Old | Emptied";
    is_written(&External::Unit, json!("Unit"), shape);
    is_written(&External::Newtype(1), json!({"Newtype": 1}), shape);
    is_written(&External::Pair(1, "a".into()), json!({"Pair": [1, "a"]}), shape);
    is_written(&External::Named { a: 1 }, json!({"Named": {"a": 1}}), shape);
    is_written(&External::Renamed, json!("New"), shape);
    is_written(&External::Emptied(1), json!("Emptied"), shape);
    assert!(is_read::<External>(json!("Old")));
}

#[derive(Schema, Serialize, Deserialize)]
struct Inner {
    b: u8,
}

#[derive(Schema, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
enum Internal {
    UnitVariant,
    Newtype(Inner),
    Named {
        a: u8,
    },
    #[serde(other)]
    Other,
}

#[test]
fn an_internally_tagged_enum() {
    let shape =
        "enum(tag = \"kind\") unit_variant | newtype({b: u8}) | named {a: u8} | other/* closed";
    is_written(&Internal::UnitVariant, json!({"kind": "unit_variant"}), shape);
    is_written(&Internal::Newtype(Inner { b: 1 }), json!({"kind": "newtype", "b": 1}), shape);
    is_written(&Internal::Named { a: 1 }, json!({"kind": "named", "a": 1}), shape);
    assert!(is_read::<Internal>(json!({"kind": "never heard of"})));
}

#[derive(Schema, Serialize, Deserialize)]
#[serde(tag = "t", content = "c")]
enum Adjacent {
    Unit,
    Newtype(u8),
    Pair(u8, u8),
    Named { a: u8 },
}

#[test]
fn an_adjacently_tagged_enum() {
    let shape =
        "enum(tag = \"t\", content = \"c\") Unit | Newtype(u8) | Pair(u8, u8) | Named {a: u8}";
    is_written(&Adjacent::Unit, json!({"t": "Unit"}), shape);
    is_written(&Adjacent::Newtype(1), json!({"t": "Newtype", "c": 1}), shape);
    is_written(&Adjacent::Pair(1, 2), json!({"t": "Pair", "c": [1, 2]}), shape);
    is_written(&Adjacent::Named { a: 1 }, json!({"t": "Named", "c": {"a": 1}}), shape);
}

#[derive(Schema, Serialize, Deserialize)]
#[serde(tag = "type", rename = "tagged_struct")]
struct TaggedStruct {
    a: u8,
}

#[test]
fn a_tagged_struct_is_the_only_variant_of_an_enum() {
    let shape = "enum(tag = \"type\") tagged_struct {a: u8}";
    is_written(&TaggedStruct { a: 1 }, json!({"type": "tagged_struct", "a": 1}), shape);
}

mod as_text {
    use serde::{Deserialize, Deserializer, Serializer};

    pub(crate) fn serialize<S: Serializer>(number: &u8, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&number.to_string())
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u8, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[derive(Schema, Serialize, Deserialize)]
struct Opaque {
    #[serde(with = "as_text", default)]
    #[schema(opaque = "number_as_text@1")]
    number: u8,
    #[serde(flatten)]
    #[schema(opaque = "extra@2")]
    extra: BTreeMap<String, u8>,
    #[schema(opaque = "tree@1")]
    tree: Vec<Tree>,
}

#[derive(Schema, Serialize, Deserialize)]
#[schema(opaque = "tree@1")]
struct Tree(Vec<Tree>);

#[derive(Schema, Serialize, Deserialize)]
#[schema(opaque = "number_or_text@1")]
#[serde(untagged)]
enum NumberOrText {
    Number(u8),
    Text(String),
}

#[derive(Schema, Serialize, Deserialize)]
enum OpaqueParts {
    A(#[schema(opaque = "tree@1")] Tree),
    #[serde(with = "as_text")]
    #[schema(opaque = "number_as_text@1")]
    B(u8),
}

/// The derive refuses it for this.
#[test]
fn serde_never_reads_a_tagged_struct_that_denies_unknown_fields() {
    #[derive(Serialize, Deserialize)]
    #[serde(tag = "type", deny_unknown_fields)]
    struct Card {
        number: u8,
    }
    let written = serde_json::to_value(Card { number: 1 }).expect("it is written");
    assert_eq!(written, json!({ "type": "Card", "number": 1 }));
    assert!(!is_read::<Card>(written));
}

#[test]
fn what_a_shape_cannot_tell_is_opaque_under_the_name_that_its_owner_gives_it() {
    let opaque =
        Opaque { number: 1, extra: BTreeMap::from([("x".into(), 2)]), tree: vec![Tree(vec![])] };
    let shape =
        "{number?: opaque \"number_as_text@1\", *?: opaque \"extra@2\", tree: opaque \"tree@1\"}";
    is_written(&opaque, json!({"number": "1", "x": 2, "tree": [[]]}), shape);
    is_written(&NumberOrText::Number(1), json!(1), "opaque \"number_or_text@1\"");
    let shape = "enum A(opaque \"tree@1\") | B(opaque \"number_as_text@1\")";
    is_written(&OpaqueParts::A(Tree(vec![])), json!({"A": []}), shape);
    is_written(&OpaqueParts::B(1), json!({"B": "1"}), shape);
}

#[derive(Schema, Serialize, Deserialize)]
struct Generic<T, const N: usize>
where
    T: Clone,
{
    items: Vec<T>,
    #[serde(skip)]
    sizes: Option<[u8; N]>,
}

#[derive(Schema, Serialize)]
struct Borrowed<'a> {
    text: &'a str,
}

#[derive(Schema, Serialize, Deserialize)]
enum Either<L, R = u8> {
    Left(L),
    Right { right: R },
    Both(L, R),
}

#[test]
fn a_generic_type_has_a_shape_for_each_of_its_arguments() {
    let generic = Generic::<u8, 3> { items: vec![1], sizes: None };
    is_written(&generic, json!({"items": [1]}), "{items: [u8]}");
    assert_ne!(Generic::<u8, 3>::FINGERPRINT, Generic::<u16, 3>::FINGERPRINT);
    assert_eq!(Borrowed::SHAPE.to_string(), "{text: string}");
    let shape = "enum Left(bool) | Right {right: u8} | Both(bool, u8)";
    is_written(&Either::<bool>::Left(true), json!({"Left": true}), shape);
    is_written(&Either::<bool>::Right { right: 1 }, json!({"Right": {"right": 1}}), shape);
    is_written(&Either::<bool>::Both(true, 1), json!({"Both": [true, 1]}), shape);
}
