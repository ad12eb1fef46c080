//! All that a lock can say, as serde writes it: valid by the contract, and what is not written is not.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::num::NonZero;

use esrs::Schema;
use esrs::schema::lock::outline_of;
use esrs::schema::lock::tree::Tree;
use esrs::testing::samples::Samples;
use jsonschema::Draft;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::support::{Package, is_valid, validator};

/// A payload as text: a number may have more digits than a `Value` of its own takes.
fn written<T: Serialize>(value: &T) -> Value {
    serde_json::from_str(&serde_json::to_string(value).unwrap()).unwrap()
}

/// Asserts that each of `values` is valid by the contract of its type, and that nothing of `broken` is;
/// by JSON Schema, and by AsyncAPI.
fn contract_of<T: Schema + Serialize>(values: &[T], broken: &[Value]) {
    let package = Package::new("zoo");
    package.lock::<T>("seen");
    let schema = package.json_schema("seen");
    jsonschema::draft202012::meta::validate(&schema).unwrap();
    let asyncapi = package.document("asyncapi")["components"]["schemas"]["seen.v1"].clone();
    jsonschema::draft7::meta::validate(&asyncapi).unwrap();
    for (schema, draft) in [(schema, Draft::Draft202012), (asyncapi, Draft::Draft7)] {
        let validator = validator(&schema, draft);
        for value in values {
            is_valid(&validator, &written(value), &format!("{schema:#}"));
        }
        for value in broken {
            assert!(!validator.is_valid(value), "{value} is valid by {schema:#}");
        }
    }
}

#[derive(Schema, Serialize, Deserialize)]
struct Numbers {
    one: u8,
    two: i8,
    three: i64,
    four: u64,
    five: i128,
    six: u128,
    seven: f64,
}

/// A store returns them as they were written, so what is made up has to be so, too.
#[test]
fn made_up_texts_of_other_crates_are_written_as_they_are_read() {
    fn comes_back<T: Schema + Serialize + serde::de::DeserializeOwned>() {
        let tree = Tree::parse(&outline_of(T::SHAPE)).unwrap();
        for payload in Samples::new(&tree, 1).unwrap().take(20) {
            let value: T =
                serde_json::from_str(&payload).unwrap_or_else(|error| panic!("{payload}: {error}"));
            assert_eq!(serde_json::to_string(&value).unwrap(), payload);
        }
    }
    comes_back::<chrono::NaiveDate>();
    comes_back::<chrono::NaiveTime>();
    comes_back::<chrono::NaiveDateTime>();
    comes_back::<chrono::DateTime<chrono::Utc>>();
    comes_back::<chrono::DateTime<chrono::FixedOffset>>();
    comes_back::<rust_decimal::Decimal>();
    comes_back::<url::Url>();
}

#[derive(Schema, Serialize, Deserialize)]
struct Narrow {
    number: NonZero<i8>,
    set: BTreeSet<u8>,
    keys: BTreeMap<NonZero<u8>, bool>,
    there: There,
}

/// It is `null`, and never absent.
#[derive(Schema, Serialize, Deserialize)]
struct There(Option<u8>);

#[test]
fn numbers_without_zero_sets_and_newtypes_of_an_option_are_as_narrow_as_they_are() {
    let narrow = |there| Narrow {
        number: NonZero::<i8>::MIN,
        set: BTreeSet::from([1, 2]),
        keys: BTreeMap::from([(NonZero::<u8>::MAX, true)]),
        there: There(there),
    };
    let with = |name: &str, value: Value| {
        let mut json = written(&narrow(Some(1)));
        json[name] = value;
        json
    };
    let mut absent = written(&narrow(None));
    absent.as_object_mut().unwrap().remove("there");
    contract_of(
        &[narrow(None), narrow(Some(3))],
        &[with("number", json!(0)), with("set", json!([1, 1])), absent],
    );
}

#[test]
fn numbers_have_the_room_of_their_width() {
    let least = Numbers {
        one: 0,
        two: i8::MIN,
        three: i64::MIN,
        four: 0,
        five: i128::MIN,
        six: 0,
        seven: f64::MIN,
    };
    let most = Numbers {
        one: u8::MAX,
        two: i8::MAX,
        three: i64::MAX,
        four: u64::MAX,
        five: i128::MAX,
        six: u128::MAX,
        seven: f64::MAX,
    };
    let valid = written(&least);
    let but = |field: &str, number: Value| {
        let mut value = valid.clone();
        value[field] = number;
        value
    };
    contract_of(
        &[least, most],
        &[
            but("one", json!(256)),
            but("one", json!(-1)),
            but("one", json!(0.5)),
            but("two", json!(128)),
            but("two", json!(-129)),
            but("three", json!(u64::MAX)),
            but("four", json!(-1)),
            but("five", json!(1e39)),
            but("six", json!(-1)),
            but("seven", json!("1")),
        ],
    );
    let package = Package::new("zoo");
    package.lock::<u64>("seen");
    let schema = package.json_schema("seen")["$defs"]["v1"].clone();
    assert_eq!(schema["maximum"], u64::MAX, "it has all of its digits");
    let said = schema["description"].as_str().unwrap();
    assert!(said.contains("2^53"), "{said}");
}

#[test]
fn leaves() {
    contract_of(&[true, false], &[json!(0), json!("true")]);
    contract_of(&['a', 'ß', '🦀'], &[json!("ab"), json!(""), json!(1)]);
    contract_of(&[String::new(), "a".to_owned()], &[json!(1), json!(null)]);
    contract_of(&[()], &[json!(0), json!({})]);
    contract_of(&[json!(1), json!({"a": [null]})], &[]);
    contract_of(&[Some(1u8), None], &[json!("1"), json!(256)]);
    contract_of(&[Some(Some(1u8)), Some(None), None], &[json!("1")]);
    contract_of(&[vec![1u8], vec![]], &[json!([256]), json!({}), json!(null)]);
    contract_of(&[[1u8, 2]], &[json!([1]), json!([1, 2, 3]), json!([1, "2"])]);
    contract_of(&[(1u8, "a")], &[json!([1]), json!([1, "a", 2]), json!(["a", 1])]);
    contract_of(&[Some((1u8, [Some('a')])), None], &[json!([1, ["ab"]]), json!([1, []])]);
}

#[test]
fn text_in_a_format() {
    let text = json!("neither this nor that");
    let broken = std::slice::from_ref(&text);
    contract_of(&[uuid::Uuid::nil(), uuid::Uuid::max()], broken);
    contract_of(&[Ipv4Addr::LOCALHOST], &[text.clone(), json!("::1")]);
    let six: Ipv6Addr = "::ffff:1.2.3.4".parse().unwrap();
    contract_of(&[Ipv6Addr::LOCALHOST, six], &[text.clone(), json!("127.0.0.1")]);
    contract_of(&[IpAddr::from(Ipv4Addr::LOCALHOST), six.into()], broken);
    let sockets = ["127.0.0.1:80", "[::1]:65535", "[fe80::1%3]:1"];
    contract_of(&sockets.map(|text| text.parse::<SocketAddr>().unwrap()), broken);
    contract_of(&["0.5", "-12", "79228162514264337593543950335"].map(decimal), broken);
    contract_of(&["https://a.example/b?c={d}|e#f", "mailto:a@b.example"].map(url), broken);
}

fn decimal(text: &str) -> rust_decimal::Decimal {
    text.parse().unwrap()
}

fn url(text: &str) -> url::Url {
    text.parse().unwrap()
}

#[test]
fn times() {
    let broken = [json!("now"), json!(5), json!("12:30")];
    let moment: jiff::Timestamp = "2024-02-29T23:59:59.123456789Z".parse().unwrap();
    contract_of(&[moment, jiff::Timestamp::UNIX_EPOCH], &broken);
    let utc = moment.to_zoned_datetime(jiff::tz::TimeZone::UTC);
    let offset = moment.to_zoned_datetime(jiff::tz::Offset::constant(-3).to_time_zone());
    let civil = utc.datetime();
    contract_of(&[utc, offset], &broken);
    contract_of(&[civil, jiff::civil::DateTime::MIN, jiff::civil::DateTime::MAX], &broken);
    contract_of(&[civil.date()], &broken);
    contract_of(&[civil.time(), jiff::civil::Time::midnight()], &broken);
    let spans = ["P1Y2M3W4DT5H6M7.000000008S", "-PT5M", "PT0S", "P3D"];
    contract_of(&spans.map(|text| text.parse::<jiff::Span>().unwrap()), &broken);
    let duration = jiff::SignedDuration::new(-3700, -5);
    contract_of(&[duration, jiff::SignedDuration::ZERO, jiff::SignedDuration::MAX], &broken);

    let chrono = chrono::DateTime::from_timestamp(1_700_000_000, 500).unwrap();
    contract_of(&[chrono], &broken);
    contract_of(&[chrono.fixed_offset()], &broken);
    contract_of(&[chrono.date_naive()], &broken);
    contract_of(&[chrono.time()], &broken);
    contract_of(&[chrono.naive_utc()], &broken);
}

#[derive(Schema, Serialize, Deserialize, Clone, Default)]
struct Fields {
    always: u8,
    nullable: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    never_null: Option<u8>,
    #[serde(default, skip_serializing_if = "Vec::is_empty", rename = "a list", alias = "list")]
    list: Vec<u8>,
    #[serde(skip)]
    _cache: u8,
}

#[derive(Schema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Closed {
    a: u8,
}

#[derive(Schema, Serialize, Deserialize)]
struct Empty {}

#[derive(Schema, Serialize, Deserialize)]
struct NoPlaces();

#[test]
fn structs() {
    let full =
        Fields { always: 1, nullable: Some(2), never_null: Some(3), list: vec![4], _cache: 5 };
    contract_of(
        &[full, Fields::default()],
        &[
            json!({}),
            json!({"nullable": 1}),
            json!({"always": null}),
            json!({"always": 1, "a list": [256]}),
            json!([1]),
        ],
    );
    contract_of(&[Closed { a: 1 }], &[json!({}), json!({"a": 1, "b": 2})]);
    contract_of(&[Empty {}], &[json!(null), json!([])]);
    contract_of(&[NoPlaces()], &[json!([1]), json!(null)]);
    let package = Package::new("zoo");
    package.lock::<Fields>("seen");
    let schema = package.json_schema("seen");
    let list = &schema["$defs"]["v1"]["properties"]["a list"];
    assert_eq!(list["description"], "It is also read by the name \"list\".");
}

#[derive(Schema, Serialize, Deserialize, PartialEq, Eq, PartialOrd, Ord, Clone, Copy)]
#[serde(rename_all = "snake_case")]
enum Plain {
    FirstOne,
    #[serde(alias = "2nd")]
    SecondOne,
}

#[derive(Schema, Serialize, Deserialize)]
enum Single {
    Only { a: u8 },
}

#[derive(Schema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
enum External {
    Unit,
    Null(()),
    Newtype(Option<u8>),
    Pair(u8, String),
    None(),
    Named { a: u8 },
    Emptied(#[serde(skip)] u8),
}

#[test]
fn externally_tagged_enums() {
    contract_of(
        &[Plain::FirstOne, Plain::SecondOne],
        &[json!("FirstOne"), json!({"first_one": null})],
    );
    contract_of(&[Some(Plain::FirstOne), None], &[json!("third_one"), json!(0)]);
    contract_of(&[Single::Only { a: 1 }], &[json!("Only"), json!({"Only": {}}), json!({})]);
    contract_of(
        &[
            External::Unit,
            External::Null(()),
            External::Newtype(None),
            External::Newtype(Some(1)),
            External::Pair(1, "a".into()),
            External::None(),
            External::Named { a: 1 },
            External::Emptied(1),
        ],
        &[
            json!("Newtype"),
            json!({"Unit": null}),
            json!({"Null": 1}),
            json!({"Newtype": 1, "Null": null}),
            json!({"Newtype": 1, "More": null}),
            json!({"Pair": [1]}),
            json!({"None": [1]}),
            json!({"Named": {"a": 1, "b": 2}}),
            json!({"Other": 1}),
            json!({}),
        ],
    );
    let package = Package::new("zoo");
    package.lock::<Plain>("seen");
    let schema = package.json_schema("seen")["$defs"]["v1"].clone();
    assert_eq!(schema["description"], "\"second_one\": It is also read by the name \"2nd\".");
}

#[derive(Schema, Serialize, Deserialize)]
#[serde(tag = "kind", deny_unknown_fields)]
enum Internal {
    Unit,
    Fields(Fields),
    Named {
        a: u8,
    },
    Map(BTreeMap<u8, u8>),
    Null(()),
    Plain(Plain),
    Outer(Mixed),
    Inner(InnerTag),
    Adjacent(Adjacent),
    #[serde(other)]
    Unknown,
}

#[derive(Schema, Serialize, Deserialize)]
enum Mixed {
    Newtype(u8),
    Named { a: u8 },
    Pair(u8, u8),
}

#[derive(Schema, Serialize, Deserialize)]
#[serde(tag = "type")]
enum InnerTag {
    A { a: u8 },
    B,
}

#[derive(Schema, Serialize, Deserialize)]
#[serde(tag = "t", content = "c")]
enum Adjacent {
    Unit,
    Newtype(Option<u8>),
    Pair(u8, u8),
    Named { a: u8 },
}

#[derive(Schema, Serialize, Deserialize)]
#[serde(tag = "t", content = "c", deny_unknown_fields)]
enum ClosedAdjacent {
    Unit,
    Named { a: u8 },
}

#[derive(Schema, Serialize, Deserialize)]
#[serde(tag = "type", rename = "tagged struct")]
struct TaggedStruct {
    a: u8,
}

#[test]
fn internally_tagged_enums() {
    contract_of(
        &[
            Internal::Unit,
            Internal::Fields(Fields::default()),
            Internal::Named { a: 1 },
            Internal::Map(BTreeMap::from([(1, 2)])),
            Internal::Null(()),
            Internal::Plain(Plain::FirstOne),
            Internal::Outer(Mixed::Newtype(1)),
            Internal::Outer(Mixed::Named { a: 1 }),
            Internal::Outer(Mixed::Pair(1, 2)),
            Internal::Inner(InnerTag::A { a: 1 }),
            Internal::Inner(InnerTag::B),
            Internal::Adjacent(Adjacent::Unit),
            Internal::Adjacent(Adjacent::Newtype(None)),
            Internal::Unknown,
        ],
        &[
            json!("Unit"),
            json!({}),
            json!({"kind": "Unit", "a": 1}),
            json!({"kind": "Fields"}),
            json!({"kind": "Named"}),
            json!({"kind": "Named", "a": 256}),
            json!({"kind": "Named", "a": 1, "b": 2}),
            json!({"kind": "Map", "1": 256}),
            json!({"kind": "Map", "one": 1}),
            json!({"kind": "Outer"}),
            json!({"kind": "Outer", "Newtype": 256}),
            json!({"kind": "Inner", "a": 1}),
            json!({"kind": "Inner", "type": "A"}),
            json!({"kind": "Adjacent", "t": "Newtype"}),
            json!({"kind": "never heard of"}),
        ],
    );
    contract_of(
        &[TaggedStruct { a: 1 }],
        &[json!({"a": 1}), json!({"type": "TaggedStruct", "a": 1})],
    );
}

#[test]
fn adjacently_tagged_enums() {
    contract_of(
        &[
            Adjacent::Unit,
            Adjacent::Newtype(None),
            Adjacent::Newtype(Some(1)),
            Adjacent::Pair(1, 2),
            Adjacent::Named { a: 1 },
        ],
        &[
            json!({"t": "Newtype"}),
            json!({"t": "Newtype", "c": "1"}),
            json!({"t": "Pair", "c": [1]}),
            json!({"t": "Named", "a": 1}),
            json!({"c": null}),
        ],
    );
    contract_of(
        &[ClosedAdjacent::Unit, ClosedAdjacent::Named { a: 1 }],
        &[
            json!({"t": "Unit", "more": 1}),
            json!({"t": "Named", "c": {"a": 1, "b": 2}}),
            json!({"t": "Named", "c": {"a": 1}, "more": 1}),
        ],
    );
}

#[test]
fn maps_have_keys_of_their_type_as_text() {
    contract_of(&[BTreeMap::from([("a", 1u8)]), BTreeMap::new()], &[json!({"a": 256}), json!([])]);
    contract_of(&[BTreeMap::from([(u64::MAX, 'a')])], &[json!({"-1": "a"}), json!({"a": "a"})]);
    contract_of(&[BTreeMap::from([(i8::MIN, 'a'), (0, 'b')])], &[json!({"1.5": "a"})]);
    contract_of(&[BTreeMap::from([(true, 1u8)])], &[json!({"yes": 1})]);
    contract_of(&[BTreeMap::from([('a', 1u8)])], &[json!({"ab": 1})]);
    contract_of(&[BTreeMap::from([(Plain::SecondOne, 1u8)])], &[json!({"third_one": 1})]);
    contract_of(&[BTreeMap::from([(uuid::Uuid::nil(), 1u8)])], &[json!({"a": 1})]);
    contract_of(&[BTreeMap::from([(Some(1u8), 1u8)])], &[json!({"a": 1})]);
}

#[derive(Schema, Serialize, Deserialize)]
struct Opaque {
    #[schema(opaque = "point@1")]
    point: (f64, f64),
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(opaque = "area@7")]
    area: Option<Vec<u8>>,
    #[serde(flatten)]
    #[schema(opaque = "extra@2")]
    extra: BTreeMap<String, u8>,
}

#[derive(Schema, Serialize, Deserialize)]
#[serde(tag = "kind")]
enum OpaqueVariant {
    A(#[schema(opaque = "extra@2")] BTreeMap<String, u8>),
}

#[test]
fn what_is_opaque_may_be_anything_and_is_called_by_its_name() {
    let extra = BTreeMap::from([("more".to_owned(), 1)]);
    contract_of(
        &[
            Opaque { point: (1.0, 2.0), area: None, extra: extra.clone() },
            Opaque { point: (1.0, 2.0), area: Some(vec![1]), extra: BTreeMap::new() },
        ],
        &[json!([])],
    );
    contract_of(&[OpaqueVariant::A(extra)], &[json!({}), json!({"kind": "B"})]);
    let package = Package::new("zoo");
    package.lock::<Opaque>("seen");
    let schema = package.json_schema("seen")["$defs"]["v1"].clone();
    let point = json!({"description": "The shape \"point@1\", which only its owner knows."});
    assert_eq!(schema["properties"]["point"], point);
    assert!(schema["description"].as_str().unwrap().contains("\"extra@2\""), "{schema:#}");
}
