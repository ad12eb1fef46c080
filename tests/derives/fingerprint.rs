//! The fingerprint of a derived shape: it differs for what differs on the wire, and for nothing else.

use esrs::prelude::*;
use esrs::schema::{Fingerprint, Shape};

/// The shape and the fingerprint of a type that is declared here and nowhere else.
macro_rules! shape {
    ($($declared:tt)*) => {{
        #[derive(Schema, Serialize, Deserialize)]
        #[allow(dead_code, reason = "only its shape is asked for")]
        $($declared)*
        (It::SHAPE, It::FINGERPRINT)
    }};
}

/// Shapes, each with what tells it from the others.
macro_rules! distinct {
    ($($name:literal: $one:expr,)*) => { [$(($name, $one)),*] };
}

#[derive(Schema, Serialize, Deserialize)]
struct Money {
    cents: i64,
    currency: String,
}

mod other_module {
    use super::*;

    #[derive(Schema, Serialize, Deserialize)]
    pub(super) struct Cash {
        #[serde(rename = "currency")]
        unit: String,
        cents: i64,
    }
}

#[test]
fn rust_names_field_order_and_pointers_leave_no_trace() {
    assert_eq!(Money::FINGERPRINT, other_module::Cash::FINGERPRINT);
    let plain = shape!(
        struct It {
            a: Money,
            b: u8,
        }
    );
    let moved = shape!(
        struct It {
            b: Box<u8>,
            a: Box<other_module::Cash>,
        }
    );
    assert_eq!(plain.1, moved.1);
    let plain = shape!(
        enum It {
            A,
            B(Money),
        }
    );
    let moved = shape!(
        enum It {
            B(other_module::Cash),
            A,
        }
    );
    assert_eq!(plain.1, moved.1);
    assert_eq!(
        shape!(
            struct It(Money);
        )
        .1,
        Money::FINGERPRINT
    );
}

/// Shapes that each differ from every other by something on the wire.
fn all_different() -> Vec<(&'static str, (&'static Shape, Fingerprint))> {
    #[derive(Schema, Serialize, Deserialize)]
    struct Changed {
        cents: i64,
        currency: Option<String>,
    }
    let structs = distinct! {
        "a struct": shape!(struct It { a: u8, b: u16 }),
        "a new field": shape!(struct It { a: u8, b: u16, c: u8 }),
        "a lost field": shape!(struct It { a: u8 }),
        "types of two fields swapped": shape!(struct It { a: u16, b: u8 }),
        "another type": shape!(struct It { a: i8, b: u16 }),
        "another name": shape!(struct It { a: u8, c: u16 }),
        "an option": shape!(struct It { a: Option<u8>, b: u16 }),
        "a list": shape!(struct It { a: Vec<u8>, b: u16 }),
        "a type inside": shape!(struct It { a: Money }),
        "a change in the type inside": shape!(struct It { a: Changed }),
        "a change three types deep": shape!(struct It { a: Vec<Option<Changed>> }),
        "no change three types deep": shape!(struct It { a: Vec<Option<Money>> }),
        "an opaque field": shape!(struct It { #[schema(opaque = "a@1")] a: u8, b: u16 }),
        "a raised opaque field": shape!(struct It { #[schema(opaque = "a@2")] a: u8, b: u16 }),
        "a tuple struct": shape!(struct It(u8, u16);),
        "places swapped": shape!(struct It(u16, u8);),
        "a unit struct": shape!(struct It;),
        "no fields": shape!(struct It {}),
        "no places": shape!(struct It();),
    };
    let enums = distinct! {
        "an enum": shape!(enum It { A, B(u8) }),
        "another variant": shape!(enum It { A, B(u8), C }),
        "another variant's name": shape!(enum It { A, C(u8) }),
        "another variant's content": shape!(enum It { A, B { a: u8 } }),
        "another variant's type": shape!(enum It { A, B(u16) }),
        "a variant of two values": shape!(enum It { A, B(u8, u8) }),
        "a variant of one value in an array": shape!(enum It { A, B((u8,)) }),
        "a variant that moved": shape!(enum It { A(u8), B }),
    };
    structs.into_iter().chain(enums).chain(all_different_by_serde()).collect()
}

fn all_different_by_serde() -> Vec<(&'static str, (&'static Shape, Fingerprint))> {
    distinct! {
        "an absent field": shape!(struct It { a: u8, #[serde(default)] b: u16 }),
        "another absent field": shape!(struct It { #[serde(default)] a: u8, b: u16 }),
        "an alias": shape!(struct It { a: u8, #[serde(alias = "c")] b: u16 }),
        "another alias": shape!(struct It { a: u8, #[serde(alias = "d")] b: u16 }),
        "a closed struct": shape!(#[serde(deny_unknown_fields)] struct It { a: u8, b: u16 }),
        "a case": shape!(#[serde(rename_all = "UPPERCASE")] struct It { a: u8, b: u16 }),
        "an internal tag": shape!(#[serde(tag = "t")] enum It { A, B(Money) }),
        "another internal tag": shape!(#[serde(tag = "u")] enum It { A, B(Money) }),
        "an adjacent tag": shape!(#[serde(tag = "t", content = "c")] enum It { A, B(Money) }),
        "another content": shape!(#[serde(tag = "t", content = "d")] enum It { A, B(Money) }),
        "an external tag": shape!(enum It { A, B(Money) }),
        "a variant's alias": shape!(enum It { #[serde(alias = "C")] A, B(Money) }),
        "the other variant": shape!(#[serde(tag = "t")] enum It { B(Money), #[serde(other)] A }),
        "a closed enum": shape!(#[serde(deny_unknown_fields)] enum It { A, B(Money) }),
    }
    .into()
}

#[test]
fn every_change_on_the_wire_is_another_fingerprint() {
    let all = all_different();
    assert!(all.len() > 40);
    for (i, (one, (shape, fingerprint))) in all.iter().enumerate() {
        for (other, (other_shape, other_fingerprint)) in &all[..i] {
            assert_ne!(
                fingerprint, other_fingerprint,
                "{one} ({shape}) and {other} ({other_shape})"
            );
            assert_ne!(shape.to_string(), other_shape.to_string(), "{one} and {other}");
        }
    }
}

#[test]
fn a_fingerprint_is_the_same_in_every_build() {
    // Stored beside shapes, so a change here is a change of a format: think twice.
    assert_eq!(Money::FINGERPRINT.to_string(), "b45c5af1a521cbfa");
}
