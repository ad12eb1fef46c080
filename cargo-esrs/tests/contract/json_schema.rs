//! The documents are JSON Schemas of draft 2020-12, and payloads are valid by them.

use jsonschema::Draft;
use serde_json::{Value, json};

use crate::bank::{Currency, Money, MoneyDeposited, MoneyDepositedV1};
use crate::support::{Package, bank, is_valid, printed, validator};

fn document(event: &str) -> Value {
    let bundle = printed(&bank(), &["--format", "json-schema"]);
    let bundle: Value = serde_json::from_str(&bundle).unwrap();
    bundle["$defs"][format!("urn:esrs:bank:{event}")].clone()
}

/// The schema of one version, out of a document of all.
fn version(document: &Value, version: &str) -> Value {
    let mut document = document.clone();
    document["anyOf"] = json!([{"$ref": format!("#/$defs/{version}")}]);
    document
}

#[test]
fn every_document_is_valid_by_the_meta_schema_and_has_an_id_of_its_own() {
    let bundle: Value =
        serde_json::from_str(&printed(&bank(), &["--format", "json-schema"])).unwrap();
    jsonschema::draft202012::meta::validate(&bundle).unwrap();
    let documents = bundle["$defs"].as_object().unwrap();
    assert_eq!(documents.len(), 4);
    for (id, document) in documents {
        jsonschema::draft202012::meta::validate(document).unwrap();
        assert_eq!(document["$id"], **id);
        assert_eq!(document["$schema"], "https://json-schema.org/draft/2020-12/schema");
    }
}

#[test]
fn what_serde_writes_of_each_version_is_valid_by_the_schema_of_that_version_alone() {
    let old = serde_json::to_value(MoneyDepositedV1 { cents: 5, note: "tip".into() }).unwrap();
    let amount = Money { cents: 5, currency: Currency::Usd };
    let new = serde_json::to_value(MoneyDeposited { amount, note: None }).unwrap();
    let document = document("money_deposited");
    let first = validator(&version(&document, "v1"), Draft::Draft202012);
    let second = validator(&version(&document, "v2"), Draft::Draft202012);
    is_valid(&first, &old, "version 1");
    is_valid(&second, &new, "version 2");
    assert!(!first.is_valid(&new) && !second.is_valid(&old));
    let any = validator(&document, Draft::Draft202012);
    is_valid(&any, &old, "any version");
    is_valid(&any, &new, "any version");
    assert!(!any.is_valid(&json!({"cents": "five"})));
}

#[test]
fn a_bundle_finds_the_parts_of_each_document_within_it() {
    let mut bundle: Value =
        serde_json::from_str(&printed(&bank(), &["--format", "json-schema"])).unwrap();
    bundle["$ref"] = json!("urn:esrs:bank:money_deposited");
    let validator = validator(&bundle, Draft::Draft202012);
    is_valid(&validator, &json!({"cents": 5}), "version 1");
    assert!(!validator.is_valid(&json!({"cents": 5.5})));
}

#[test]
fn a_version_that_grew_while_it_was_in_use_takes_what_was_written_before_and_after() {
    let package = Package::new("grown");
    let outline = |field: &str| vec!["closed struct".to_owned(), field.to_owned()];
    package.lock_outlines(
        "grown",
        &[(1, outline(".why: string")), (1, outline(".reason/why: string"))],
    );
    let schema = package.json_schema("grown");
    jsonschema::draft202012::meta::validate(&schema).unwrap();
    let validator = validator(&version(&schema, "v1"), Draft::Draft202012);
    is_valid(&validator, &json!({"why": "rain"}), "as it was");
    is_valid(&validator, &json!({"reason": "rain"}), "as it is");
    assert!(!validator.is_valid(&json!({"cause": "rain"})));
    assert_eq!(schema["$defs"]["v1"]["anyOf"][0]["$ref"], "#/$defs/v1.2");
    let note = &schema["$defs"]["v1.2"]["properties"]["reason"]["description"];
    assert_eq!(*note, "It is also read by the name \"why\".");
}

#[test]
fn the_newest_version_is_the_one_of_the_highest_number_whenever_it_was_locked() {
    let package = Package::new("merged");
    let outline = |line: &str| vec![line.to_owned()];
    package.lock_outlines("merged", &[(2, outline("bool")), (1, outline("string"))]);
    let schema = package.json_schema("merged");
    let description = schema["description"].as_str().unwrap();
    assert!(description.ends_with("version 2 is `#/$defs/v2`."), "{description}");
    assert_eq!(schema["$defs"]["v2"]["type"], "boolean");
}
