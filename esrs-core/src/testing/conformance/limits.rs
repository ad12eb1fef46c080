//! Data that is too large, or makes no sense, is an error at append and never a surprise at read.

use std::sync::Arc;

use super::support::{
    append, append_error, assert_empty, assert_stored, batch, event_with, events, new_stream,
};
use crate::event::Metadata;
use crate::log::{AppendBatch, AppendCondition, NewEvent, StoreError};
use crate::store::EventStore;

/// A JSON string of so many bytes.
fn text_of(length: usize) -> String {
    format!("\"{}\"", "a".repeat(length - 2))
}

/// Arrays within each other.
fn nested(depth: usize) -> String {
    "[".repeat(depth) + &"]".repeat(depth)
}

fn named(name: impl Into<Arc<str>>) -> Vec<NewEvent> {
    let mut part = events(2);
    part[1].name = name.into();
    part
}

fn with(metadata: Metadata) -> Vec<NewEvent> {
    let mut part = events(2);
    part[1].metadata = metadata;
    part
}

/// A payload, a name, an actor, metadata, a key or a batch that is too large is [`StoreError::Limit`], and
/// nothing of the batch is stored.
///
/// # Panics
/// When the store breaks the promise.
pub async fn what_is_too_large_is_refused_at_append(store: &dyn EventStore) {
    let (stream, beside) = (new_stream("large"), new_stream("beside"));
    let payload = event_with(text_of(AppendBatch::MAX_PAYLOAD_LENGTH + 1));
    let too_large = [
        batch(&stream, vec![event_with("1"), payload]),
        batch(&stream, vec![event_with(nested(AppendBatch::MAX_NESTING + 1))]),
        batch(&stream, vec![event_with(format!("{{\"a\":{}}}", nested(10_000)))]),
        batch(&stream, named("n".repeat(AppendBatch::MAX_NAME_LENGTH + 1))),
        // 128 characters, and 256 bytes: the limit counts bytes.
        batch(&stream, named("š".repeat(AppendBatch::MAX_NAME_LENGTH / 2 + 1))),
        batch(&stream, events(1))
            .with_idempotency_key("k".repeat(AppendBatch::MAX_NAME_LENGTH + 1)),
        // The length is told, and not the text.
        batch(&stream, named(format!("\u{1b}{}", "n".repeat(AppendBatch::MAX_NAME_LENGTH)))),
        batch(
            &stream,
            with(Metadata::new().with_actor("a".repeat(AppendBatch::MAX_ACTOR_LENGTH + 1))),
        ),
        batch(&stream, with(Metadata::new().with_actor("a".repeat(1 << 20)))),
        batch(
            &stream,
            with(Metadata::new().with("k", "v".repeat(AppendBatch::MAX_METADATA_LENGTH))),
        ),
        batch(
            &stream,
            with(Metadata::new().with("k".repeat(AppendBatch::MAX_METADATA_LENGTH), "v")),
        ),
        batch(&stream, with(Metadata::new().with_trace("t".repeat(1 << 20), None))),
        batch(&stream, with(Metadata::new().with_trace("t", Some("s".repeat(1 << 20))))),
        batch(
            &stream,
            with((0..10_000).fold(Metadata::new(), |all, n| all.with(format!("{n}"), "value"))),
        ),
        batch(&stream, events(AppendBatch::MAX_EVENTS + 1)),
    ];
    for attempt in too_large {
        let attempt = AppendBatch {
            streams: [batch(&beside, events(1)).streams, attempt.streams].concat(),
            ..attempt
        };
        match append_error(store, attempt).await {
            StoreError::Limit(limit) => assert!(
                limit.actual > limit.max,
                "the error does not say how large it is and how large it may be: {limit:?}"
            ),
            other => panic!("a limit was reported as something else: {other}"),
        }
        assert_empty(store, &stream).await;
        assert_empty(store, &beside).await;
    }
}

/// Data that is exactly as large as allowed is stored and comes back.
///
/// # Panics
/// When the store breaks the promise.
pub async fn what_is_as_large_as_allowed_is_stored(store: &dyn EventStore) {
    let stream = new_stream("largest");
    let mut largest = vec![
        event_with(text_of(AppendBatch::MAX_PAYLOAD_LENGTH)),
        event_with(nested(AppendBatch::MAX_NESTING)),
        // Brackets in a text are no arrays.
        event_with(format!("\"\\\"{}\"", "[".repeat(1_000))),
    ];
    let actor = "a".repeat(AppendBatch::MAX_ACTOR_LENGTH);
    let rest = AppendBatch::MAX_METADATA_LENGTH - AppendBatch::MAX_ACTOR_LENGTH - 1;
    largest.extend(with(Metadata::new().with_actor(actor).with("k", "v".repeat(rest))));
    largest.extend(named("n".repeat(AppendBatch::MAX_NAME_LENGTH)));
    let key = "k".repeat(AppendBatch::MAX_NAME_LENGTH);
    append(store, batch(&stream, largest.clone()).with_idempotency_key(key)).await;
    assert_stored(store, &stream, &largest).await;
    let stream = new_stream("most");
    let most = events(AppendBatch::MAX_EVENTS);
    append(store, batch(&stream, most.clone())).await;
    assert_stored(store, &stream, &most).await;
}

/// A batch without events, with a stream or an id in it twice, or with an invalid name, is
/// [`StoreError::InvalidBatch`], and nothing of it is stored.
///
/// # Panics
/// When the store breaks the promise.
pub async fn what_makes_no_sense_is_refused_at_append(store: &dyn EventStore) {
    let (stream, beside) = (new_stream("senseless"), new_stream("beside"));
    let twice = vec![events(1)[0].clone(); 2];
    let any = AppendCondition::Any;
    let senseless = [
        AppendBatch::default(),
        batch(&stream, Vec::new()),
        batch(&stream, events(1)).and(beside.clone(), any, Vec::new()),
        batch(&stream, events(1)).and(stream.clone(), any, events(1)),
        batch(&stream, twice.clone()),
        batch(&stream, twice[..1].to_vec()).and(beside.clone(), any, twice[1..].to_vec()),
        batch(&stream, named("")),
        batch(&stream, named("with\0nul")),
        batch(&stream, named("with\nline")),
        batch(&stream, named("with\u{7f}delete")),
        batch(&stream, events(1)).with_idempotency_key("with\0nul"),
        batch(&stream, events(1)).with_idempotency_key(""),
    ];
    for attempt in senseless {
        assert_invalid(store, attempt).await;
        assert_empty(store, &stream).await;
        assert_empty(store, &beside).await;
    }
}

/// A payload that is not JSON is [`StoreError::InvalidBatch`], and nothing of the batch is stored.
///
/// # Panics
/// When the store breaks the promise.
pub async fn what_is_no_json_is_refused_at_append(store: &dyn EventStore) {
    let stream = new_stream("no_json");
    for payload in
        ["", " ", "{", "{}{}", "nul", "'a'", "{a: 1}", "[1,]", "\"\n\"", "\u{feff}1", "01"]
    {
        let attempt = batch(&stream, vec![event_with("{}"), event_with(payload)]);
        assert_invalid(store, attempt).await;
        assert_empty(store, &stream).await;
    }
}

async fn assert_invalid(store: &dyn EventStore, attempt: AppendBatch) {
    match append_error(store, attempt).await {
        StoreError::InvalidBatch { reason } => {
            assert!(!reason.is_empty(), "the error does not say what is wrong with the batch");
        }
        other => panic!("a batch without sense was reported as something else: {other}"),
    }
}
