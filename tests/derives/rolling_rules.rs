//! Every rule by which an older program reads what a newer one writes has an old and a new type that show it,
//! with payloads that the new one wrote and the old one reads, and stands with them in the table of the
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
use esrs::schema::lock::{RollingRule, always_written, as_written, first_unread, outline_of};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

/// A payload that the new type wrote, and what the old type writes when it has read it; or a part of the error.
struct Read {
    written: String,
    read: Result<String, String>,
    expected: Result<&'static str, &'static str>,
}

/// A change of a type.
struct Row {
    rule: RollingRule,
    old: Vec<String>,
    new: Vec<String>,
    reads: Vec<Read>,
}

impl Row {
    fn new(rule: RollingRule, old: &Shape, new: &Shape, reads: Vec<Read>) -> Self {
        let new = as_written(&outline_of(new), &always_written(new));
        Self { rule, old: outline_of(old), new, reads }
    }
}

impl Read {
    /// Writes a value of `New`, which reads it again, and reads it as `Old`.
    fn new<Old: DeserializeOwned + Serialize, New: DeserializeOwned + Serialize>(
        value: &New,
        expected: Result<&'static str, &'static str>,
    ) -> Self {
        let written = serde_json::to_string(value).unwrap();
        assert!(serde_json::from_str::<New>(&written).is_ok(), "{written}");
        let read = serde_json::from_str::<Old>(&written);
        let read = read.map(|old| serde_json::to_string(&old).unwrap());
        Self { written, read: read.map_err(|error| error.to_string()), expected }
    }
}

macro_rules! rows {
    ($($name:ident: $rule:ident
        { $($old:item)* } { $($new:item)* }
        [$($value:expr => $expected:expr),+ $(,)?]
    )*) => {
        $(mod $name {
            pub(super) mod old {
                use super::super::*;
                $(#[derive(Schema, Serialize, Deserialize)] $old)*
            }
            pub(super) mod new {
                use super::super::*;
                $(#[derive(Schema, Serialize, Deserialize)] $new)*
            }
            use super::*;
            pub(super) fn row() -> Row {
                use new::*;
                let reads = vec![$(Read::new::<old::T, new::T>(&$value, $expected)),+];
                Row::new(RollingRule::$rule, <old::T as Schema>::SHAPE, <new::T as Schema>::SHAPE, reads)
            }
        })*

        fn rows() -> Vec<Row> {
            vec![$($name::row()),*]
        }
    };
}

rows! {
    option_added: FieldSkipped
        { pub struct T { pub a: u8 } }
        { pub struct T { pub a: u8, pub note: Option<String> } }
        [T { a: 1, note: Some("a".into()) } => Ok(r#"{"a":1}"#)]
    closed_in_the_new_program: FieldSkipped
        { pub struct T {} }
        { #[serde(deny_unknown_fields)] pub struct T { #[serde(default)] pub fee: u8 } }
        [T { fee: 1 } => Ok("{}")]
    field_of_a_variant_added: FieldSkipped
        { pub enum T { A { a: u8 } } }
        { pub enum T { A { a: u8, b: Option<u8> } } }
        [T::A { a: 1, b: Some(2) } => Ok(r#"{"A":{"a":1}}"#)]
    field_added_in_a_list: FieldSkipped
        { pub struct T { pub of: Vec<Item> } pub struct Item { pub a: u8 } }
        { pub struct T { pub of: Vec<Item> } pub struct Item { pub a: u8, pub b: Option<u8> } }
        [T { of: vec![Item { a: 1, b: None }] } => Ok(r#"{"of":[{"a":1}]}"#)]
    optional_field_gone: OptionalFieldNotWritten
        { pub struct T { pub a: u8, pub note: Option<String> } }
        { pub struct T { pub a: u8 } }
        [T { a: 1 } => Ok(r#"{"a":1,"note":null}"#)]
    variant_gone: VariantNotWritten
        { pub enum T { Eur, Usd } }
        { pub enum T { Eur } }
        [T::Eur => Ok(r#""Eur""#)]
    variant_read_as_other: VariantReadAsOther
        { #[serde(tag = "kind")] pub enum T { Eur, #[serde(other)] Unknown } }
        { #[serde(tag = "kind")] pub enum T { Eur, Usd { rate: u8 }, #[serde(other)] Unknown } }
        [T::Usd { rate: 2 } => Ok(r#"{"kind":"Unknown"}"#), T::Eur => Ok(r#"{"kind":"Eur"}"#)]
    renamed_and_expected: NameReadAsAlias
        { pub struct T { #[serde(alias = "note")] pub memo: String } }
        { pub struct T { #[serde(alias = "memo")] pub note: String } }
        [T { note: "a".into() } => Ok(r#"{"memo":"a"}"#)]
    variant_renamed_and_expected: NameReadAsAlias
        { pub enum T { #[serde(alias = "Euro")] Eur } }
        { pub enum T { #[serde(alias = "Eur")] Euro } }
        [T::Euro => Ok(r#""Eur""#)]
    never_left_out_beside_another: ReadAsMore
        { pub struct T { pub of: u32, pub and: Vec<Item> } pub struct Item { pub a: u8 } }
        {
            pub struct T { #[serde(default)] pub of: u8, #[serde(default)] pub and: Vec<Item> }
            pub struct Item { #[serde(default)] pub a: u8 }
        }
        [T { of: 1, and: vec![Item { a: 2 }] } => Ok(r#"{"of":1,"and":[{"a":2}]}"#)]
    number_narrower: ReadAsMore
        { pub struct T { pub of: u32 } }
        { pub struct T { pub of: u8 } }
        [T { of: 255 } => Ok(r#"{"of":255}"#)]
    never_null: ReadAsMore
        { pub struct T { pub of: Option<u8> } }
        { pub struct T { pub of: u8 } }
        [T { of: 1 } => Ok(r#"{"of":1}"#)]
    always_there: ReadAsMore
        { pub struct T { #[serde(default)] pub of: u8 } }
        { pub struct T { pub of: u8 } }
        [T { of: 1 } => Ok(r#"{"of":1}"#)]
    text_of_a_format: ReadAsMore
        { pub struct T { pub id: String } }
        { pub struct T { pub id: Uuid } }
        [T { id: Uuid::nil() } => Ok(r#"{"id":"00000000-0000-0000-0000-000000000000"}"#)]
    of_a_fixed_length: ReadAsMore
        { pub struct T { pub of: Vec<u8> } }
        { pub struct T { pub of: [u8; 3] } }
        [T { of: [1, 1, 2] } => Ok(r#"{"of":[1,1,2]}"#)]
    set_read_as_a_list: ReadAsMore
        { pub struct T { pub of: Vec<u8> } }
        { pub struct T { pub of: BTreeSet<u8> } }
        [T { of: BTreeSet::from([1, 2]) } => Ok(r#"{"of":[1,2]}"#)]
    read_as_any: ReadAsMore
        { pub struct T { pub of: Value } }
        { pub struct T { pub of: u8 } }
        [T { of: 1 } => Ok(r#"{"of":1}"#)]

    field_gone: FieldNotWritten
        { pub struct T { pub a: u8, pub note: String } }
        { pub struct T { pub a: u8 } }
        [T { a: 1 } => Err("missing field `note`")]
    flattened_struct_gone: FieldNotWritten
        {
            pub struct T { pub a: u8, #[serde(flatten)] #[schema(opaque = "place@1")] pub place: Place }
            pub struct Place { pub city: String }
        }
        { pub struct T { pub a: u8 } }
        [T { a: 1 } => Err("missing field `city`")]
    closed_in_the_old_program: UnknownFieldRefused
        { #[serde(deny_unknown_fields)] pub struct T {} }
        { pub struct T { pub note: Option<String> } }
        [T { note: None } => Err("unknown field `note`")]
    closed_variant: UnknownFieldRefused
        { #[serde(deny_unknown_fields)] pub enum T { A {} } }
        { #[serde(deny_unknown_fields)] pub enum T { A { b: Option<u8> } } }
        [T::A { b: None } => Err("unknown field `b`")]
    field_taken_by_a_map: TakenByFlattened
        { pub struct T { #[serde(flatten)] #[schema(opaque = "rest@1")] pub rest: BTreeMap<String, u8> } }
        {
            pub struct T {
                pub note: Option<String>,
                #[serde(flatten)] #[schema(opaque = "rest@1")] pub rest: BTreeMap<String, u8>,
            }
        }
        [T { note: Some("a".into()), rest: BTreeMap::new() } => Err("invalid type: string")]
    flattened_map_added: FlattenedWritten
        { pub struct T { pub a: u8, #[serde(default)] pub b: u8 } }
        { pub struct T { pub a: u8, #[serde(flatten)] #[schema(opaque = "rest@1")] pub rest: BTreeMap<String, String> } }
        [T { a: 1, rest: BTreeMap::from([("b".into(), "c".into())]) } => Err("invalid type: string")]
    alias_of_a_flattened_map: FlattenedWritten
        {
            pub struct T {
                #[serde(alias = "b")] pub a: u8,
                #[serde(flatten)] #[schema(opaque = "rest@1")] pub rest: BTreeMap<String, u8>,
            }
        }
        {
            pub struct T {
                pub a: u8,
                #[serde(flatten)] #[schema(opaque = "rest@1")] pub rest: BTreeMap<String, u8>,
            }
        }
        [T { a: 1, rest: BTreeMap::from([("b".into(), 2)]) } => Err("duplicate field `a`")]
    variant_added: VariantUnknown
        { pub enum T { Eur } }
        { pub enum T { Eur, Usd } }
        [T::Usd => Err("unknown variant `Usd`")]
    adjacent_variant_added: VariantUnknown
        { #[serde(tag = "kind", content = "of")] pub enum T { Eur, #[serde(other)] Unknown } }
        { #[serde(tag = "kind", content = "of")] pub enum T { Eur, Usd { rate: u8 }, #[serde(other)] Unknown } }
        [T::Usd { rate: 2 } => Err("invalid type: map")]
    renamed: NameUnknown
        { pub struct T { pub memo: String } }
        { pub struct T { #[serde(alias = "memo")] pub note: String } }
        [T { note: "a".into() } => Err("missing field `memo`")]
    option_renamed: NameUnknown
        { pub struct T { pub memo: Option<String> } }
        { pub struct T { #[serde(alias = "memo")] pub note: Option<String> } }
        [T { note: Some("a".into()) } => Ok(r#"{"memo":null}"#)]
    variant_renamed: NameUnknown
        { #[serde(tag = "kind")] pub enum T { Eur, #[serde(other)] Unknown } }
        { #[serde(tag = "kind")] pub enum T { #[serde(alias = "Eur")] Euro, #[serde(other)] Unknown } }
        [T::Euro => Ok(r#"{"kind":"Unknown"}"#)]
    fields_parted: NamesReadAsOne
        { pub struct T { #[serde(alias = "mail")] pub email: u8 } }
        { pub struct T { pub mail: u8, pub email: u8 } }
        [T { mail: 1, email: 2 } => Err("duplicate field `email`")]
    variants_parted: NamesReadAsOne
        { pub enum T { #[serde(alias = "Usd")] Eur } }
        { pub enum T { Eur, Usd } }
        [T::Usd => Ok(r#""Eur""#)]
    left_out: MayBeLeftOut
        { pub struct T { pub of: u8 } }
        { pub struct T { #[serde(default, skip_serializing_if = "is_zero")] pub of: u8 } }
        [T { of: 0 } => Err("missing field `of`")]
    absent_option_read_as_any: MayBeLeftOut
        { pub struct T { pub of: Value } }
        { pub struct T { #[serde(skip_serializing_if = "Option::is_none")] pub of: Option<u8> } }
        [T { of: None } => Err("missing field `of`")]
    absent_read_as_other: MayBeLeftOut
        { pub struct T { #[serde(default = "one")] pub of: Option<u8> } }
        { pub struct T { #[serde(skip_serializing_if = "Option::is_none")] pub of: Option<u8> } }
        [T { of: None } => Ok(r#"{"of":1}"#), T { of: Some(2) } => Ok(r#"{"of":2}"#)]
    may_be_null: MayBeNull
        { pub struct T { pub of: u8 } }
        { pub struct T { pub of: Option<u8> } }
        [T { of: None } => Err("invalid type: null")]
    list_read_as_a_set: MayRepeat
        { pub struct T { pub of: BTreeSet<u8> } }
        { pub struct T { pub of: Vec<u8> } }
        [T { of: vec![1, 1] } => Ok(r#"{"of":[1]}"#)]
    number_wider: NumberTooWide
        { pub struct T { pub of: u8 } }
        { pub struct T { pub of: u32 } }
        [T { of: 256 } => Err("invalid value")]
    number_may_be_zero: NumberTooWide
        { pub struct T { pub of: NonZero<u8> } }
        { pub struct T { pub of: u8 } }
        [T { of: 0 } => Err("invalid value")]
    place_added: OtherLength
        { pub struct T { pub of: (u8, i32) } }
        { pub struct T { pub of: (u8, i32, Option<bool>) } }
        [T { of: (1, 2, None) } => Err("trailing characters")]
    place_of_a_variant_gone: OtherLength
        { pub enum T { A(u8, i32, Option<bool>) } }
        { pub enum T { A(u8, i32) } }
        [T::A(1, 2) => Err("invalid length 2")]
    other_representation: OtherRepresentation
        { pub enum T { Eur } }
        { #[serde(tag = "kind")] pub enum T { Eur } }
        [T::Eur => Err("unknown variant `kind`")]
    any_text: OtherType
        { pub struct T { pub id: Uuid } }
        { pub struct T { pub id: String } }
        [T { id: "a".into() } => Err("UUID parsing failed")]
    any_length: OtherType
        { pub struct T { pub of: [u8; 3] } }
        { pub struct T { pub of: Vec<u8> } }
        [T { of: vec![1] } => Err("invalid length 1")]
    another_duration: OtherType
        { pub struct T { pub of: jiff::SignedDuration } }
        { pub struct T { pub of: jiff::Span } }
        [T { of: jiff::Span::new().months(1) } => Err("requires that the duration contain a time")]
}

#[allow(clippy::unnecessary_wraps, reason = "serde calls it so")]
const fn one() -> Option<u8> {
    Some(1)
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
const fn is_zero(of: &u8) -> bool {
    *of == 0
}

#[test]
fn each_rule_is_found_in_its_two_types() {
    let rows = rows();
    for row in &rows {
        let change = first_unread(&row.new, &row.old).unwrap().unwrap();
        assert_eq!(change.rule, row.rule, "{:?} is written, and read as {:?}", row.new, row.old);
        for same in [&row.old, &row.new] {
            assert_eq!(first_unread(same, same), Ok(None), "{same:?}");
        }
    }
    for rule in RollingRule::ALL {
        assert!(rows.iter().any(|row| row.rule == *rule), "{rule:?} has no row");
    }
}

#[test]
fn each_payload_is_read_as_the_rule_says() {
    for Row { rule, new, reads, .. } in rows() {
        for Read { written, read, expected } in &reads {
            match (read, expected) {
                (Ok(read), Ok(expected)) => assert_eq!(read, expected, "{rule:?}: {written}"),
                (Err(error), Err(expected)) => {
                    assert!(error.contains(expected), "{rule:?}: {written}: {error}");
                }
                (read, _) => panic!("{rule:?}: {written} of {new:?} is read as {read:?}"),
            }
        }
        let is_lost = |read: &Read| read.read.as_ref() != Ok(&read.written);
        match rule.is_compatible() {
            true => assert!(reads.iter().all(|read| read.read.is_ok()), "{rule:?}: {new:?}"),
            false => assert!(reads.iter().any(is_lost), "{rule:?}: {new:?}"),
        }
    }
}

#[test]
fn a_difference_that_breaks_is_found_behind_one_that_does_not() {
    let judged = |written: &[&str], read: &[&str]| {
        let change = first_unread(written, read).unwrap().unwrap();
        (change.rule, change.path)
    };
    let old = ["struct", ".a: u8", ".b: u8"];
    let skipped = ["struct", ".new: u8", ".a: u8", ".b: u16"];
    assert_eq!(judged(&skipped, &old), (RollingRule::NumberTooWide, ".b".to_owned()));
    let deep = ["struct", ".a: u8", ".b: u8", ".c: [struct]", ".c[].d: u8"];
    let unread = [
        "struct",
        ".new: u8",
        ".a: u8",
        ".b: u8",
        ".c: [closed struct]",
        ".c[].d: u8",
        ".c[].e: u8",
    ];
    assert_eq!(judged(&unread, &deep).0, RollingRule::FieldSkipped);
    let closed = ["struct", ".a: u8", ".b: u8", ".c: [closed struct]", ".c[].d: u8"];
    assert_eq!(judged(&unread, &closed), (RollingRule::UnknownFieldRefused, ".c[].e".to_owned()));
}

#[test]
fn a_default_of_the_new_program_does_not_count() {
    #[derive(Schema, Serialize, Deserialize)]
    struct Old {
        of: u8,
        and: Vec<OldItem>,
    }
    #[derive(Schema, Serialize, Deserialize)]
    struct OldItem {
        a: u8,
        b: u8,
    }
    #[derive(Schema, Serialize, Deserialize)]
    struct New {
        #[serde(default)]
        of: u8,
        #[serde(default)]
        and: Vec<NewItem>,
    }
    #[derive(Schema, Serialize, Deserialize)]
    struct NewItem {
        #[serde(default)]
        a: u8,
        #[serde(default, skip_serializing_if = "is_zero")]
        b: u8,
    }
    let (old, new) = (outline_of(Old::SHAPE), outline_of(New::SHAPE));
    let always = always_written(New::SHAPE);
    assert_eq!(always, [".of", ".and", ".and[].a"]);
    let change = first_unread(&as_written(&new, &always), &old).unwrap().unwrap();
    assert_eq!((change.rule, &*change.path), (RollingRule::MayBeLeftOut, ".and[].b"));
}

#[test]
fn aliases_of_the_new_program_do_not_count() {
    let read = |written: &[&str], read: &[&str]| first_unread(written, read).unwrap();
    assert_eq!(read(&["struct", ".a/b/c: u8"], &["struct", ".a: u8"]), None);
    assert_eq!(read(&["struct", ".a: u8"], &["struct", ".a/b: u8"]), None);
    assert_eq!(read(&["enum(tag t)", "|A/B", "|C/*"], &["enum(tag t)", "|A", "|C"]), None);
    let rest = ".\"*\"?: opaque rest@1";
    assert_eq!(read(&["struct", ".a/b: u8", rest], &["struct", ".a/b: u8", rest]), None);
    assert_eq!(read(&["struct", ".a/b/c: u8", rest], &["struct", ".a/b: u8", rest]), None);
    let swapped = read(&["struct", ".a/b: u8", ".b2: u8"], &["struct", ".b2/a: u8"]).unwrap();
    assert_eq!(swapped.rule, RollingRule::NamesReadAsOne);
    let is_read_by_another = read(&["struct", ".new/a: u8", ".a: u8"], &["struct", ".a: u8"]);
    assert_eq!(is_read_by_another.unwrap().rule, RollingRule::FieldSkipped);
}

#[test]
fn a_message_shows_what_is_written_and_what_is_read() {
    let old = ["struct", ".of/from: struct", ".of.a/b: u8"];
    let new = ["struct", ".from/of: struct", ".from.a: u8", ".from.c?: string?"];
    let change = first_unread(&new, &old).unwrap().unwrap();
    assert_eq!((change.rule, &*change.path), (RollingRule::FieldSkipped, ".from.c"));
    assert_eq!(change.written.as_deref(), Some("string, may be null, may be absent"));
    assert_eq!(change.read, None);
    let narrow = ["struct", ".of/from: struct", ".of.a/b: bool"];
    let change = first_unread(&new, &narrow).unwrap().unwrap();
    let said = (change.written.as_deref(), change.read.as_deref());
    assert_eq!((change.rule, said), (RollingRule::OtherType, (Some("u8"), Some("bool"))));
}

#[test]
fn the_documentation_has_every_rule_with_its_two_types() {
    let escaped = |text: &str| format!("`{}`", text.replace('|', "\\|"));
    let shown =
        |lines: &[String]| lines.iter().map(|line| escaped(line)).collect::<Vec<_>>().join(" ");
    let mut table = "| new program, old program | old | new | written, and read as | |\n\
                     | --- | --- | --- | --- | --- |\n"
        .to_owned();
    let rows = rows();
    let of = |rule: &RollingRule| rows.iter().filter(|row| row.rule == *rule).collect::<Vec<_>>();
    for row in RollingRule::ALL.iter().flat_map(of) {
        let verdict = if row.rule.is_compatible() { "compatible" } else { "breaks" };
        let Read { written, expected, .. } = &row.reads[0];
        let read = match expected {
            Ok(read) => escaped(read),
            Err(error) => format!("error: {}", error.replace('`', "")),
        };
        let (old, new) = (shown(&row.old), shown(&row.new));
        let (sentence, written) = (row.rule.sentence(), escaped(written));
        table
            .push_str(&format!("| {sentence} | {old} | {new} | {written}: {read} | {verdict} |\n"));
    }
    let (begin, end) = ("<!-- the rolling rules -->\n", "<!-- end of the rolling rules -->");
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
