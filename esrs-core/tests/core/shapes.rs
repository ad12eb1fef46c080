//! The shapes of the standard library's types, as people read them and as they are told apart.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, LinkedList, VecDeque};
use std::num::NonZero;
use std::sync::Arc;

use esrs_core::{Fingerprint, Schema, Shape};

fn shown<T: Schema + ?Sized>() -> String {
    T::SHAPE.to_string()
}

#[test]
fn a_shape_is_shown_on_one_line() {
    assert_eq!(shown::<()>(), "null");
    assert_eq!(shown::<bool>(), "bool");
    assert_eq!(shown::<u8>(), "u8");
    assert_eq!(shown::<i128>(), "i128");
    assert_eq!(shown::<usize>(), "u64");
    assert_eq!(shown::<f32>(), "f32");
    assert_eq!(shown::<char>(), "char");
    assert_eq!(shown::<str>(), "string");
    assert_eq!(shown::<Option<Vec<String>>>(), "[string]?");
    assert_eq!(shown::<[i64; 3]>(), "[i64; 3]");
    assert_eq!(shown::<(u8,)>(), "(u8,)");
    assert_eq!(shown::<(u8, Option<char>, Vec<bool>)>(), "(u8, char?, [bool])");
    assert_eq!(shown::<BTreeMap<String, Vec<u8>>>(), "map<string, [u8]>");
    assert_eq!(shown::<uuid::Uuid>(), "uuid");
    assert_eq!(shown::<jiff::Timestamp>(), "timestamp");
    assert_eq!(shown::<jiff::civil::Date>(), "date");
    assert_eq!(shown::<std::net::IpAddr>(), "ip");
    assert_eq!(shown::<serde_json::Value>(), "any");
}

/// Fails unless all of these are one on the wire.
fn assert_same(fingerprints: &[Fingerprint]) {
    assert!(fingerprints.windows(2).all(|pair| pair[0] == pair[1]), "{fingerprints:?}");
}

#[test]
fn what_is_the_same_on_the_wire_has_the_same_fingerprint() {
    assert_same(&[
        String::FINGERPRINT,
        str::FINGERPRINT,
        <Box<str>>::FINGERPRINT,
        <Arc<String>>::FINGERPRINT,
        <&str>::FINGERPRINT,
        std::borrow::Cow::<str>::FINGERPRINT,
    ]);
    assert_same(&[
        <Vec<i64>>::FINGERPRINT,
        <[i64]>::FINGERPRINT,
        <VecDeque<i64>>::FINGERPRINT,
        <LinkedList<i64>>::FINGERPRINT,
    ]);
    assert_same(&[<HashSet<i64>>::FINGERPRINT, <BTreeSet<isize>>::FINGERPRINT]);
    assert_same(&[<HashMap<String, u64>>::FINGERPRINT, <BTreeMap<Box<str>, usize>>::FINGERPRINT]);
    // Written alike, and read otherwise.
    assert_ne!(<Vec<i64>>::FINGERPRINT, <HashSet<i64>>::FINGERPRINT);
    assert_ne!(u64::FINGERPRINT, <NonZero<u64>>::FINGERPRINT);
}

#[test]
fn what_differs_on_the_wire_differs_in_its_fingerprint() {
    let shapes: &[(&Shape, Fingerprint)] = &[
        (<()>::SHAPE, <()>::FINGERPRINT),
        (bool::SHAPE, bool::FINGERPRINT),
        (i8::SHAPE, i8::FINGERPRINT),
        (i16::SHAPE, i16::FINGERPRINT),
        (i32::SHAPE, i32::FINGERPRINT),
        (i64::SHAPE, i64::FINGERPRINT),
        (i128::SHAPE, i128::FINGERPRINT),
        (u8::SHAPE, u8::FINGERPRINT),
        (u64::SHAPE, u64::FINGERPRINT),
        (f32::SHAPE, f32::FINGERPRINT),
        (f64::SHAPE, f64::FINGERPRINT),
        (char::SHAPE, char::FINGERPRINT),
        (String::SHAPE, String::FINGERPRINT),
        (uuid::Uuid::SHAPE, uuid::Uuid::FINGERPRINT),
        (jiff::Timestamp::SHAPE, jiff::Timestamp::FINGERPRINT),
        (serde_json::Value::SHAPE, serde_json::Value::FINGERPRINT),
        (<Option<u8>>::SHAPE, <Option<u8>>::FINGERPRINT),
        (<Option<Option<u8>>>::SHAPE, <Option<Option<u8>>>::FINGERPRINT),
        (<Vec<u8>>::SHAPE, <Vec<u8>>::FINGERPRINT),
        (<Vec<Vec<u8>>>::SHAPE, <Vec<Vec<u8>>>::FINGERPRINT),
        (<Option<Vec<u8>>>::SHAPE, <Option<Vec<u8>>>::FINGERPRINT),
        (<Vec<Option<u8>>>::SHAPE, <Vec<Option<u8>>>::FINGERPRINT),
        (<[u8; 1]>::SHAPE, <[u8; 1]>::FINGERPRINT),
        (<[u8; 2]>::SHAPE, <[u8; 2]>::FINGERPRINT),
        (<(u8,)>::SHAPE, <(u8,)>::FINGERPRINT),
        (<(u8, u8)>::SHAPE, <(u8, u8)>::FINGERPRINT),
        (<(u8, i8)>::SHAPE, <(u8, i8)>::FINGERPRINT),
        (<(i8, u8)>::SHAPE, <(i8, u8)>::FINGERPRINT),
        (<((u8, i8),)>::SHAPE, <((u8, i8),)>::FINGERPRINT),
        (<BTreeMap<u8, i8>>::SHAPE, <BTreeMap<u8, i8>>::FINGERPRINT),
        (<BTreeMap<i8, u8>>::SHAPE, <BTreeMap<i8, u8>>::FINGERPRINT),
    ];
    for (place, (shape, fingerprint)) in shapes.iter().enumerate() {
        for (other, taken) in &shapes[..place] {
            assert_ne!(fingerprint, taken, "{shape} and {other} cannot be told apart");
            assert_ne!(shape.to_string(), other.to_string());
        }
    }
}

/// Fingerprints are stored in files that users commit, so none may ever change.
#[test]
fn a_fingerprint_is_the_same_in_every_release() {
    let kept = [
        ("u8", u8::FINGERPRINT),
        ("string", String::FINGERPRINT),
        ("uuid", uuid::Uuid::FINGERPRINT),
        ("[i64]?", <Option<Vec<i64>>>::FINGERPRINT),
        ("map<string, [bool; 2]>", <BTreeMap<String, [bool; 2]>>::FINGERPRINT),
        ("(u8, i8)", <(u8, i8)>::FINGERPRINT),
    ];
    let text: String = kept.iter().map(|(shape, print)| format!("{print} {shape}\n")).collect();
    assert_eq!(text, KEPT);
}

const KEPT: &str = "\
37fe26da4b50b615 u8
210708a46d249305 string
841e108f26137c01 uuid
944a2152df607dad [i64]?
df6b467407213791 map<string, [bool; 2]>
d354bcbebc1c8fae (u8, i8)
";
