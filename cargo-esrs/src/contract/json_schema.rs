//! The contract as JSON Schema, draft 2020-12: a document for each event.

use esrs_core::escaped;

use super::json::Object;
use super::schema::Draft;
use super::{Contract, Event, Version};
use esrs_lock::name::stem;

const DRAFT: &str = "https://json-schema.org/draft/2020-12/schema";

/// The documents of a contract, each with the name of its file.
pub(crate) fn documents(contract: &Contract) -> Vec<(String, String)> {
    let documents = contract.events.iter().map(|event| {
        (format!("{}.schema.json", stem(&event.name)), text(&document(contract, event)))
    });
    documents.collect()
}

/// All documents of several contracts in one, each under its `$id`.
pub(crate) fn bundle(contracts: &[Contract]) -> String {
    let documents = contracts.iter().flat_map(|contract| {
        contract.events.iter().map(|event| (id(contract, event), document(contract, event).into()))
    });
    let bundle = Object::default()
        .with("$schema", DRAFT)
        .with("title", titles(contracts))
        .with("description", "What events are stored as: under `$defs`, the schema of each.")
        .with("$defs", documents.collect::<Object>());
    text(&bundle)
}

fn titles(contracts: &[Contract]) -> String {
    let titles: Vec<_> = contracts.iter().map(|contract| contract.title.as_str()).collect();
    titles.join(", ")
}

fn document(contract: &Contract, event: &Event) -> Object {
    let mut definitions = Object::default();
    let mut versions = Vec::new();
    for version in &event.versions {
        versions.push(reference(&format!("v{}", version.number)));
        define(&mut definitions, event, version);
    }
    Object::default()
        .with("$schema", DRAFT)
        .with("$id", id(contract, event))
        .with("title", event.name.as_str())
        .with("description", description(event))
        .with("anyOf", versions)
        .with("$defs", definitions)
}

fn description(event: &Event) -> String {
    let newest = event.versions.last().map_or(1, |version| version.number);
    format!(
        "What is stored as {:?}, in any version. The version of an event stands beside its payload: \
         version {newest} is `#/$defs/v{newest}`.",
        event.name
    )
}

fn define(definitions: &mut Object, event: &Event, version: &Version) {
    let title = format!("{}, version {}", event.name, version.number);
    let named: Vec<_> = version.named_shapes().collect();
    if named.len() > 1 {
        let ways: Vec<_> = named.iter().rev().map(|(name, _)| reference(name)).collect();
        let all = Object::default()
            .with("title", title.as_str())
            .with(
                "description",
                "It is written as the first of these; old payloads may be as the others.",
            )
            .with("anyOf", ways);
        definitions.put(&format!("v{}", version.number), all);
    }
    for (name, shape) in named {
        let mut schema = Object::default().with("title", title.as_str());
        schema.append(Draft::Draft2020.schema(shape));
        definitions.put(&name, schema);
    }
}

fn reference(definition: &str) -> Object {
    Object::default().with("$ref", format!("#/$defs/{definition}"))
}

/// A name in the URN syntax of RFC 8141, as nobody knows where the document will be found.
fn id(contract: &Contract, event: &Event) -> String {
    let steps = contract.steps.iter().chain([&event.name]);
    let steps: Vec<_> = steps.map(|step| stem(step)).collect();
    format!("urn:esrs:{}", steps.join(":"))
}

/// The text of a document, with an end of the last line.
pub(super) fn text(document: &Object) -> String {
    let text = serde_json::to_string_pretty(document);
    let text = text.expect("its keys are texts, and it is written into memory");
    let mut shown = String::with_capacity(text.len() + 1);
    for found in text.chars() {
        match is_shown(found) {
            true => shown.push(found),
            // JSON has it in texts only, where it may be written so.
            false => {
                for unit in found.encode_utf16(&mut [0; 2]) {
                    shown.push_str(&format!("\\u{unit:04x}"));
                }
            }
        }
    }
    shown + "\n"
}

/// Returns true if a terminal shows a character, and does not obey it.
fn is_shown(found: char) -> bool {
    matches!(found, '\n' | ' '..='~') || escaped(found).to_string().chars().eq([found])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_that_a_terminal_obeys_is_escaped_and_stays_the_same() {
        let hostile = "a\u{1b}\u{7f}\u{9b}\u{202e}é\u{200b}\u{e0041}\u{1f600}";
        let json = text(&Object::default().with(hostile, hostile));
        assert!(
            !json.contains(['\u{1b}', '\u{7f}', '\u{9b}', '\u{202e}', '\u{200b}', '\u{e0041}']),
            "{json:?}"
        );
        assert!(json.contains(r"\u202eé\u200b\udb40\udc41"), "{json}");
        let read: serde_json::Value = serde_json::from_str(&json).expect("it is JSON");
        assert_eq!(read, serde_json::json!({ hostile: hostile }));
    }
}
