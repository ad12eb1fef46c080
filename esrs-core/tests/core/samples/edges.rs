//! Edges come among the first payloads, and parts that cannot be made up are named.

use std::collections::{BTreeMap, BTreeSet};

use esrs_core::samples::Samples;
use esrs_core::schema::lock::tree::Tree;

fn made_up(outline: &[&str]) -> BTreeSet<String> {
    Samples::new(&Tree::parse(outline).unwrap(), 7).unwrap().take(64).collect()
}

/// Fails unless each of these comes.
#[track_caller]
fn comes(outline: &[&str], wanted: &[&str]) {
    let made_up = made_up(outline);
    let lacking: Vec<_> = wanted.iter().filter(|text| !made_up.contains(**text)).collect();
    assert!(lacking.is_empty(), "{lacking:?} of {outline:?} did not come:\n{made_up:#?}");
}

#[test]
fn numbers_come_as_small_and_as_large_as_they_may_be() {
    comes(&["i8"], &["0", "-1", "-128", "127"]);
    comes(&["i64"], &["0", "-1", "-9223372036854775808", "9223372036854775807"]);
    comes(&["u8"], &["0", "1", "255"]);
    comes(&["u64"], &["0", "18446744073709551615", "9223372036854775808"]);
    comes(&["i128"], &["-170141183460469231731687303715884105728"]);
    comes(&["u128"], &["340282366920938463463374607431768211455"]);
    comes(&["f64"], &["0.0", "-0.0", "1.7976931348623157e308"]);
}

#[test]
fn texts_come_empty_long_and_full_of_escapes() {
    comes(&["string"], &["\"\"", "\"größe € 😀\"", "\"\\u0041\\/\\u00df\\ud83d\\ude00\""]);
    assert!(made_up(&["string"]).iter().any(|text| text.len() > 250));
    comes(&["char"], &["\"\\u0000\"", "\"😀\"", "\"\\\"\""]);
}

#[test]
fn a_field_comes_by_each_of_its_names_absent_and_null() {
    let outline = ["struct", ".note/remark?: bool?"];
    comes(&outline, &["{}", r#"{"note":null}"#, r#"{"note":true}"#, r#"{"remark":false}"#]);
    // `skip_serializing_if` leaves out what has to be there by its shape.
    comes(&["struct", ".note: bool?"], &["{}", r#"{"note":null}"#, r#"{"note":true}"#]);
    comes(&["enum", "|A: fields", "|A.b: bool?"], &[r#"{"A":{}}"#, r#"{"A":{"b":null}}"#]);
    assert!(!made_up(&["struct", ".note: bool"]).contains("{}"));
}

#[test]
fn a_list_comes_with_none_one_and_three() {
    comes(&["[null]"], &["[]", "[null]", "[null,null,null]"]);
    comes(&["[null; 2]"], &["[null,null]"]);
    comes(&["map<bool, null>"], &["{}", r#"{"true":null}"#]);
}

#[test]
fn each_variant_comes_by_each_of_its_names_however_it_is_tagged() {
    let other = "a name that is not known";
    comes(
        &["enum", "|A/B", "|C: null", "|D: places", "|E: fields", "|F/*"],
        &[
            r#""A""#,
            r#""B""#,
            r#"{"C":null}"#,
            r#"{"D":[]}"#,
            r#"{"E":{}}"#,
            r#""F""#,
            &format!("{other:?}"),
        ],
    );
    comes(
        &["enum(tag t)", "|A/B", "|C: struct", "|D: null", "|F/*"],
        &[
            r#"{"t":"A"}"#,
            r#"{"t":"B"}"#,
            r#"{"t":"C"}"#,
            r#"{"t":"D"}"#,
            r#"{"t":"F"}"#,
            &format!(r#"{{"t":{other:?}}}"#),
        ],
    );
    comes(
        &["enum(tag \"a t\", content c)", "|A", "|C: null"],
        &[r#"{"a t":"A"}"#, r#"{"a t":"C","c":null}"#, r#"{"c":null,"a t":"C"}"#],
    );
}

#[test]
fn the_same_payloads_come_every_time_and_others_by_another_seed() {
    let tree = Tree::parse(&["map<string, any>"]).unwrap();
    let of = |seed| Samples::new(&tree, seed).unwrap().take(50).collect::<Vec<_>>();
    assert_eq!(of(1), of(1));
    assert_ne!(of(1), of(2));
}

#[test]
fn a_payload_of_many_parts_comes_to_an_end() {
    let mut outline = vec!["[struct]".to_owned()];
    for depth in 0..12 {
        outline.push(format!("{}[].a: [struct]", "[].a".repeat(depth)));
        outline.push(format!("{}[].b: [string]", "[].a".repeat(depth)));
    }
    outline.push(format!("{}[].c: i64", "[].a".repeat(12)));
    let longest = Samples::new(&Tree::parse(&outline).unwrap(), 1).unwrap().take(500);
    let longest = longest.map(|text| text.len()).max();
    assert!(longest.is_some_and(|longest| (2_000..64_000).contains(&longest)), "{longest:?}");
}

#[test]
fn what_cannot_be_made_up_is_left_out_where_it_may_be() {
    let outline = [
        "struct",
        ".a?: opaque a@1",
        ".b: opaque a@1?",
        ".c: [opaque a@1]",
        ".d: map<string, opaque a@1>",
        ".e: enum",
        ".e|A",
        ".e|B: opaque a@1",
        ".f: [opaque a@1; 0]",
    ];
    for payload in Samples::new(&Tree::parse(&outline).unwrap(), 1).unwrap().take(100) {
        let mut json: BTreeMap<String, serde_json::Value> = serde_json::from_str(&payload).unwrap();
        assert!(json.remove("b").is_none_or(|b| b.is_null()), "{payload}");
        let json = serde_json::to_string(&json).unwrap();
        assert_eq!(json, r#"{"c":[],"d":{},"e":"A","f":[]}"#);
    }
}

#[test]
fn what_cannot_be_made_up_and_has_to_be_there_is_said_by_its_path() {
    for (outline, path, what) in [
        (&["opaque a@1"][..], "(the payload)", "opaque a@1"),
        (&["struct", ".a: u8", ".b: [tuple; 2]", ".b[].0: opaque a@1"], ".b[].0", "opaque a@1"),
        (&["struct", ".a: a_format_of_tomorrow"], ".a", "a_format_of_tomorrow"),
        (&["struct", ".a: enum"], ".a", "enum"),
        (&["struct", ".\"*\"?: opaque a@1"], ".\"*\"", "opaque a@1"),
    ] {
        let missing = Samples::new(&Tree::parse(outline).unwrap(), 1).unwrap_err();
        assert_eq!((missing.path.as_str(), missing.what.as_str()), (path, what));
    }
}
