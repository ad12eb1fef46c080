//! The documents are valid by the schema that the AsyncAPI Initiative publishes.

use jsonschema::{Draft, Validator};
use serde_json::{Value, json};

use crate::support::{Package, bank, is_valid, printed, validator};

/// Of the npm package `@asyncapi/specs`, 6.11.1; its licence stands next to it.
fn official() -> Validator {
    let schema: Value = serde_json::from_str(include_str!("asyncapi/3.0.0.json")).unwrap();
    jsonschema::options().with_draft(Draft::Draft7).build(&schema).unwrap()
}

fn document() -> Value {
    serde_json::from_str(&printed(&bank(), &["--format", "asyncapi"])).unwrap()
}

#[test]
fn the_document_is_valid_by_the_official_schema() {
    let (official, document) = (official(), document());
    is_valid(&official, &document, "bank");
    let broken = |pointer: &str, value: Value| {
        let mut broken = document.clone();
        *broken.pointer_mut(pointer).unwrap() = value;
        !official.is_valid(&broken)
    };
    assert!(broken("/asyncapi", json!("2.0.0")));
    assert!(broken("/channels/account/messages", json!([])));
    assert!(broken("/components/messages/money_deposited.v1/payload", json!(5)));
    assert!(broken("/components/schemas/money_deposited.v1/type", json!("money")));
}

/// Everything that is named by a `$ref`.
fn references(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(object) => {
            found.extend(object.get("$ref").and_then(Value::as_str).map(str::to_owned));
            object.values().for_each(|value| references(value, found));
        }
        Value::Array(items) => items.iter().for_each(|value| references(value, found)),
        _ => {}
    }
}

#[test]
fn every_reference_leads_somewhere() {
    let document = document();
    let mut found = Vec::new();
    references(&document, &mut found);
    assert!(found.len() > 10, "{found:?}");
    for reference in found {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some(), "{reference}");
    }
}

#[test]
fn a_channel_has_a_message_for_each_version_of_what_the_aggregate_reads() {
    let document = document();
    let channel = &document["channels"]["account"];
    let messages: Vec<_> = channel["messages"].as_object().unwrap().keys().collect();
    assert_eq!(
        messages,
        [
            "account_closed.v1",
            "account_opened.v1",
            "money_deposited.v1",
            "money_deposited.v2",
            "money_withdrawn.v1"
        ]
    );
    let description = channel["description"].as_str().unwrap();
    assert!(description.contains("gift_received"), "{description}");
}

#[test]
fn names_of_any_letters_have_components_of_their_own() {
    let package = Package::new("odd");
    for event in ["a.b", "a%3Ab", "a%20b", "%41%2EB"] {
        package.lock::<u8>(event);
    }
    package.write("schema/aggregates/a%2Fb.lock", "a.b\na:b\na b\nA.B\n");
    let document = package.document("asyncapi");
    is_valid(&official(), &document, "odd");
    let keys: Vec<_> = document["components"]["messages"].as_object().unwrap().keys().collect();
    assert_eq!(keys, ["A..B.v1", "a..b.v1", "a.20b.v1", "a.3Ab.v1"]);
    assert_eq!(document["channels"]["a.2Fb"]["messages"].as_object().unwrap().len(), 4);
    let mut found = Vec::new();
    references(&document, &mut found);
    assert!(found.iter().all(|reference| document.pointer(&reference[1..]).is_some()));
}

#[test]
fn payloads_are_valid_by_the_schemas_of_the_components() {
    let document = document();
    let schema = &document["components"]["schemas"]["money_withdrawn.v1"];
    let validator = validator(schema, Draft::Draft7);
    let amount = json!({"cents": 5, "currency": "EUR"});
    let way = json!({"kind": "card", "last_digits": [1, 2, 3, 4]});
    is_valid(&validator, &json!({"amount": amount, "way": way}), "by card");
    let way = json!({"kind": "card", "last_digits": [1, 2, 3]});
    assert!(!validator.is_valid(&json!({"amount": amount, "way": way})));
}
