//! An append that is repeated with the same idempotency key is stored once.

use futures_util::future::join_all;

use super::repetition::{assert_one_answer, assert_repeated};
use super::support::{
    append, append_error, assert_empty, assert_stored, batch, event_with, events, new_stream,
    stored,
};
use crate::event::StreamId;
use crate::log::{AppendBatch, AppendCondition, Appended, NewEvent, StoreError};
use crate::log::{CommandFingerprint, IdempotencyKey};
use crate::store::EventStore;

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

/// Keys that are looked for at once are answered each for itself: with the first result, with nothing, or
/// with the error of a key that was used for another command.
///
/// # Panics
/// When the store breaks the promise.
pub async fn keys_looked_for_at_once_are_answered_each_for_itself(store: &dyn EventStore) {
    const STREAMS: u64 = 10;
    let streams: Vec<_> = (0..STREAMS).map(|_| new_stream("looked_for")).collect();
    let mut expected = Vec::new();
    for (number, stream) in (0..STREAMS).zip(&streams) {
        let key = key_of(&Refund { cents: number });
        let mut keyed = batch(stream, events(1)).with_idempotency_key(key.clone());
        if number % 3 == 0 {
            keyed = keyed.and(new_stream("next_to_it"), AppendCondition::Any, events(2));
        }
        let first = append(store, keyed).await;
        expected.push((stream, key, Ok(Some(Appended { repeated: true, ..first }))));
        let unknown = IdempotencyKey::new(format!("unknown {number}"));
        expected.push((stream, unknown, Ok(None)));
        let of_another_command = key_of(&Refund { cents: number + 1 });
        expected.push((stream, of_another_command, Err("`Refund` with another `cents`")));
    }
    let unknown_stream = new_stream("unknown");
    expected.push((&unknown_stream, IdempotencyKey::new("request"), Ok(None)));
    // In another order than they were stored in.
    let asked: Vec<_> = expected.iter().rev().collect();
    let looking = asked.iter().map(|(stream, key, _)| {
        let (stream, key) = ((*stream).clone(), key.clone());
        async move { store.find_append(stream, key).await }
    });
    for (answer, (stream, key, expected)) in join_all(looking).await.into_iter().zip(asked) {
        match (&answer, expected) {
            (Ok(found), Ok(expected)) => {
                assert_eq!(found, expected, "the key `{key}` of {stream} has another answer");
            }
            (Err(StoreError::KeyReused(reused)), Err(found)) => {
                assert_eq!((&reused.stream, &*reused.found), (*stream, *found), "{reused}");
            }
            _ => panic!("the key `{key}` of {stream} is answered with {answer:?}"),
        }
    }
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

#[derive(serde::Serialize)]
struct Transfer {
    cents: u64,
    note: Option<&'static str>,
}

#[derive(serde::Serialize)]
struct Refund {
    cents: u64,
}

fn key_of(command: &impl serde::Serialize) -> IdempotencyKey {
    match CommandFingerprint::of(command) {
        Ok(fingerprint) => IdempotencyKey::new("request").for_command(fingerprint),
        Err(error) => panic!("a command could not be serialized: {error}"),
    }
}

/// A key that was used for another command is an error that names it, also for
/// [`EventStore::find_append`], on every condition; it stores nothing, and the command that has the key is
/// still answered. A key without a fingerprint is accepted for any command.
///
/// # Panics
/// When the store breaks the promise.
pub async fn a_key_reused_for_another_command_is_refused(store: &dyn EventStore) {
    let (stream, other) = (new_stream("reused"), new_stream("second"));
    let transfer = |cents| key_of(&Transfer { cents, note: None });
    let with = |key: IdempotencyKey| batch(&stream, events(2)).with_idempotency_key(key);
    let used = with(transfer(500)).and(other.clone(), AppendCondition::Any, events(1));
    let first = append(store, used.clone()).await;
    let later = events(1);
    append(store, batch(&stream, later.clone())).await;

    let noted = key_of(&Transfer { cents: 500, note: Some("rent") });
    for (key, found) in [
        (transfer(501), "`Transfer` with another `cents`"),
        (noted, "`Transfer` with another `note`"),
        (key_of(&Refund { cents: 500 }), "`Transfer`"),
    ] {
        let found_by_key = match store.find_append(stream.clone(), key.clone()).await {
            Err(error) => error,
            Ok(found) => panic!("a key of another command was answered with {found:?}"),
        };
        let mut refused = vec![found_by_key, append_error(store, with(key.clone())).await];
        for condition in [AppendCondition::NoStream, AppendCondition::Version(7)] {
            let mut attempt = with(key.clone());
            attempt.streams[0].condition = condition;
            refused.push(append_error(store, attempt).await);
        }
        // Also by the ids of the very events that are stored.
        let same = used.clone().with_idempotency_key(key);
        refused.push(append_error(store, same).await);
        for error in refused {
            match error {
                StoreError::KeyReused(reused) => {
                    let said = (reused.stream.clone(), &*reused.key, &*reused.found);
                    assert_eq!(said, (stream.clone(), "request", found), "{reused}");
                }
                error => panic!("a key of another command was reported as something else: {error}"),
            }
        }
    }
    let again = || with(transfer(500));
    assert_repeated(store, again(), &first).await;
    assert_repeated(store, with(IdempotencyKey::new("request")), &first).await;
    let elsewhere = batch(&other, events(1)).with_idempotency_key(transfer(501));
    assert!(!append(store, elsewhere).await.repeated, "the key of another stream was found");
    assert_stored(store, &stream, &[used.streams[0].events.clone(), later].concat()).await;
}

/// A key that was stored without a fingerprint, as older releases did, is that of any command.
///
/// # Panics
/// When the store breaks the promise.
pub async fn a_key_without_a_fingerprint_is_that_of_any_command(store: &dyn EventStore) {
    let stream = new_stream("older");
    let first = append(store, keyed(&stream, "request", events(2))).await;
    for cents in [1, 2] {
        let key = key_of(&Refund { cents });
        assert_repeated(store, batch(&stream, events(1)).with_idempotency_key(key.clone()), &first)
            .await;
        match store.find_append(stream.clone(), key).await {
            Ok(found) => assert!(found.is_some(), "a key without a fingerprint was not found"),
            Err(error) => panic!("a key without a fingerprint was refused: {error}"),
        }
    }
}

/// Of concurrent appends with one key and different commands, those of one command are answered.
///
/// # Panics
/// When the store breaks the promise.
pub async fn of_concurrent_commands_with_one_key_one_wins(store: &dyn EventStore) {
    let stream = new_stream("at_once");
    let appends = (0..20_u64).map(|number| {
        let cents = number % 2;
        let key = key_of(&Refund { cents });
        let attempt = batch(&stream, events(2)).with_idempotency_key(key);
        async move { (cents, store.append(attempt).await) }
    });
    let mut answered = std::collections::BTreeMap::<u64, Vec<Appended>>::new();
    for (cents, answer) in join_all(appends).await {
        match answer {
            Ok(appended) => answered.entry(cents).or_default().push(appended),
            Err(StoreError::KeyReused(_)) => {}
            Err(error) => {
                panic!("a key of another command was reported as something else: {error}")
            }
        }
    }
    assert_eq!(answered.len(), 1, "two commands were answered with one key");
    for answers in answered.values() {
        assert_eq!(answers.len(), 10, "repetitions of a command were refused");
        assert_one_answer(answers);
    }
    let found = stored(store, &stream).await.len();
    assert_eq!(found, 2, "concurrent appends with one key stored {found} events, not 2");
}
