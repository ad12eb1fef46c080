//! The contract as AsyncAPI 3.0: a channel for each aggregate, a message for each version of an event.

use super::json::Object;
use super::json_schema::text;
use super::schema::Draft;
use super::{Aggregate, Contract, Event, Version};

/// The document of a contract.
pub(crate) fn asyncapi(contract: &Contract) -> String {
    let mut messages = Object::default();
    let mut schemas = Object::default();
    for event in &contract.events {
        for version in &event.versions {
            let key = message_key(event, version);
            messages.put(&key, message(event, version));
            schemas.put(&key, payload(version));
        }
    }
    let channels = contract.aggregates.iter();
    let channels = channels.map(|one| (key(&one.name), channel(contract, one).into()));
    let operations = contract.aggregates.iter();
    let operations =
        operations.map(|one| (format!("store.{}", key(&one.name)), operation(one).into()));
    let document = Object::default()
        .with("asyncapi", "3.0.0")
        .with("info", info(contract))
        .with("defaultContentType", "application/json")
        .with("channels", channels.collect::<Object>())
        .with("operations", operations.collect::<Object>())
        .with("components", Object::default().with("messages", messages).with("schemas", schemas));
    text(&document)
}

fn info(contract: &Contract) -> Object {
    Object::default()
        .with("title", format!("Events of {}", contract.title))
        .with("version", contract.version.as_str())
        .with("description", "Written by `cargo esrs schema`, from the locks of the events.")
}

fn channel(contract: &Contract, aggregate: &Aggregate) -> Object {
    let (events, names) = aggregate.split(contract);
    let mut messages = Object::default();
    for event in events {
        for version in &event.versions {
            let key = message_key(event, version);
            messages.put(&key, reference(&format!("#/components/messages/{key}")));
        }
    }
    let mut description = format!("The events of the aggregate {:?}.", aggregate.name);
    if !names.is_empty() {
        description.push_str(&format!(
            " It also reads what is stored as {}, of which no shape is locked here.",
            names.join(", ")
        ));
    }
    Object::default()
        .with("address", aggregate.name.as_str())
        .with("description", description)
        .with("messages", messages)
}

fn operation(aggregate: &Aggregate) -> Object {
    Object::default()
        .with("action", "send")
        .with("channel", reference(&format!("#/channels/{}", key(&aggregate.name))))
        .with("summary", format!("Events of the aggregate {:?} are stored.", aggregate.name))
}

fn message(event: &Event, version: &Version) -> Object {
    let is_newest = event.versions.last().is_some_and(|newest| newest.number == version.number);
    let key = message_key(event, version);
    let message = Object::default()
        .with("name", event.name.as_str())
        .with("title", format!("{}, version {}", event.name, version.number))
        .with("payload", reference(&format!("#/components/schemas/{key}")));
    match is_newest {
        true => message,
        false => message.with("summary", "An old version: it is stored, and not written any more."),
    }
}

fn payload(version: &Version) -> Object {
    let mut ways = version.shapes.iter().rev().map(|shape| Draft::Draft07.schema(shape));
    match (ways.next(), ways.len()) {
        (Some(only), 0) => only,
        (newest, _) => {
            let ways: Vec<_> = newest.into_iter().chain(ways).collect();
            Object::default()
                .with(
                    "description",
                    "It is written as the first of these; old payloads may be as the others.",
                )
                .with("anyOf", ways)
        }
    }
}

fn reference(path: &str) -> Object {
    Object::default().with("$ref", path)
}

fn message_key(event: &Event, version: &Version) -> String {
    format!("{}.v{}", key(&event.name), version.number)
}

/// A name that components may have: letters, digits, `-`, `_`, and `.` before the code of any
/// other byte and before one of its own.
fn key(name: &str) -> String {
    let mut key = String::new();
    for byte in name.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' | b'-' => key.push(byte.into()),
            b'.' => key.push_str(".."),
            _ => key.push_str(&format!(".{byte:02X}")),
        }
    }
    key
}
