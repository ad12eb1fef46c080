//! An append that is repeated with the same idempotency key is stored once.

use futures_util::future::join_all;

use super::repetition::{assert_one_answer, assert_repeated};
use super::support::{
    append, append_error, assert_empty, assert_stored, batch, event_with, events, new_stream,
    stored,
};
use crate::{
    AppendBatch, AppendCondition, Appended, EventStore, IdempotencyKey, NewEvent, StreamId,
};

fn keyed(stream: &StreamId, key: &str, events: Vec<NewEvent>) -> AppendBatch {
    batch(stream, events).with_idempotency_key(key)
}

async fn find(store: &dyn EventStore, stream: &StreamId, key: &str) -> Option<Appended> {
    match store.find_append(stream.clone(), IdempotencyKey::new(key)).await {
        Ok(found) => found,
        Err(error) => panic!("an append could not be looked for by its key: {error}"),
    }
}

/// A key that is known is answered with the first result, whatever the batch holds now.
///
/// # Panics
/// When the store breaks the promise.
pub async fn a_repeated_key_is_answered_with_the_first_result(store: &dyn EventStore) {
    let stream = new_stream("keyed");
    let mut all = events(2);
    let create = keyed(&stream, "request 1 ✓", all.clone());
    let first = append(store, create).await;
    assert!(!first.repeated, "the first append with a key was taken for a repetition");
    let other = vec![event_with("[\"another payload\"]")];
    assert_repeated(store, keyed(&stream, "request 1 ✓", other.clone()), &first).await;
    let later = events(1);
    let second = append(store, keyed(&stream, "request 2", later.clone())).await;
    assert!(!second.repeated, "another key was taken for the first");
    all.extend(later);
    for condition in [AppendCondition::NoStream, AppendCondition::Version(0)] {
        let mut again = keyed(&stream, "request 1 ✓", other.clone());
        again.streams[0].condition = condition;
        assert_repeated(store, again, &first).await;
    }
    assert_stored(store, &stream, &all).await;
}

/// The same key on another stream is another key.
///
/// # Panics
/// When the store breaks the promise.
pub async fn a_key_belongs_to_its_stream(store: &dyn EventStore) {
    let streams = [new_stream("one"), new_stream("two")];
    for stream in &streams {
        let part = events(1);
        let appended = append(store, keyed(stream, "same", part.clone())).await;
        assert!(!appended.repeated, "the key of another stream was taken for this one's");
        assert_stored(store, stream, &part).await;
    }
    assert!(find(store, &new_stream("three"), "same").await.is_none());
}

/// The key of a batch of several streams belongs to the first, and repeats all of it.
///
/// # Panics
/// When the store breaks the promise.
pub async fn a_key_of_a_batch_belongs_to_its_first_stream(store: &dyn EventStore) {
    let (left, right) = (new_stream("left"), new_stream("right"));
    let (sent, received) = (events(1), events(2));
    let both = || keyed(&left, "transfer", events(1));
    let transfer = keyed(&left, "transfer", sent.clone()).and(
        right.clone(),
        AppendCondition::NoStream,
        received.clone(),
    );
    let first = append(store, transfer).await;
    let again = both().and(right.clone(), AppendCondition::NoStream, events(2));
    assert_repeated(store, again, &first).await;
    assert_stored(store, &left, &sent).await;
    assert_stored(store, &right, &received).await;
    assert!(
        find(store, &right, "transfer").await.is_none(),
        "a key is known on a stream that was not the first of its batch"
    );
    let turned = append(store, keyed(&right, "transfer", events(1))).await;
    assert!(!turned.repeated, "a key was known on a stream that was not the first of its batch");
}

/// [`EventStore::find_append`] gives the first result of a key, and nothing for an unknown one.
///
/// # Panics
/// When the store breaks the promise.
pub async fn an_append_is_found_by_its_key(store: &dyn EventStore) {
    let stream = new_stream("found");
    assert!(find(store, &stream, "key").await.is_none(), "a key was found before it was used");
    append(store, batch(&stream, events(2))).await;
    assert!(find(store, &stream, "key").await.is_none(), "an append without a key has one");
    let both =
        keyed(&stream, "key", events(3)).and(new_stream("beside"), AppendCondition::Any, events(1));
    let first = append(store, both).await;
    append(store, batch(&stream, events(2))).await;
    let expected = Some(Appended { repeated: true, ..first });
    assert_eq!(find(store, &stream, "key").await, expected, "another result was found by the key");
    assert!(find(store, &stream, "Key").await.is_none(), "keys are compared without their case");
    assert!(find(store, &stream, "key ").await.is_none(), "keys are compared without their spaces");
}

/// The key of an append that was refused can be used.
///
/// # Panics
/// When the store breaks the promise.
pub async fn a_refused_append_leaves_its_key_free(store: &dyn EventStore) {
    let stream = new_stream("refused");
    let mut attempt = keyed(&stream, "key", events(1));
    attempt.streams[0].condition = AppendCondition::Version(4);
    append_error(store, attempt.clone()).await;
    assert!(find(store, &stream, "key").await.is_none(), "the key of a refused append is known");
    assert_empty(store, &stream).await;
    attempt.streams[0].condition = AppendCondition::NoStream;
    let appended = append(store, attempt.clone()).await;
    assert!(!appended.repeated, "an append was answered with the result of one that was refused");
    assert_stored(store, &stream, &attempt.streams[0].events).await;
}

/// Of concurrent appends with one key one is stored, and all get the same answer.
///
/// # Panics
/// When the store breaks the promise.
pub async fn concurrent_repetitions_of_a_key_are_stored_once(store: &dyn EventStore) {
    let stream = new_stream("at_once");
    let appends = (0..30).map(|_| {
        let mut attempt = keyed(&stream, "click", events(2));
        attempt.streams[0].condition = AppendCondition::NoStream;
        append(store, attempt)
    });
    let answers = join_all(appends).await;
    assert_one_answer(&answers);
    let found = stored(store, &stream).await.len();
    assert_eq!(found, 2, "concurrent appends with one key stored {found} events, not 2");
}
