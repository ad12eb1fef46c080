//! Events of another system are stored once, in their order.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::support::{
    append, append_error, assert_empty, assert_stored, batch, end_of_log, event_with, events,
    follow, new_stream, stored,
};
use crate::event::{Metadata, OccurredAt, StreamId};
use crate::log::{AppendCondition, NewEvent, ReadQuery, StoreError};
use crate::store::{EventStore, ImportSource, Imported, import};

async fn imported(store: &dyn EventStore, events: &[(StreamId, NewEvent)]) -> Imported {
    match import(store, events.to_vec()).await {
        Ok(imported) => imported,
        Err(error) => panic!("an import that is in order was refused: {error}"),
    }
}

async fn import_error(store: &dyn EventStore, events: Vec<(StreamId, NewEvent)>) -> StoreError {
    match store.import_chunk(events).await {
        Ok(imported) => panic!("an import was taken that has to be refused: {imported:?}"),
        Err(error) => error,
    }
}

/// Events of a source with a name of its own, in turn of each stream.
fn source_of(streams: &[StreamId], count: usize) -> Vec<(StreamId, NewEvent)> {
    let source = ImportSource::new(streams[0].as_str());
    let of_number = |number: usize| {
        let occurred_at = Timestamp::from_second(725_846_400 + number as i64).unwrap_or_default();
        let event = NewEvent {
            id: source.event_id(number),
            metadata: Metadata::new().with_occurred_at(occurred_at),
            ..event_with(format!("{{\"number\":{number},\"text\":\"a\"}}"))
        };
        (streams[number % streams.len()].clone(), event)
    };
    (0..count).map(of_number).collect()
}

fn of_stream(stream: &StreamId, events: &[(StreamId, NewEvent)]) -> Vec<NewEvent> {
    let of_it = events.iter().filter(|(of, _)| of == stream);
    of_it.map(|(_, event)| event.clone()).collect()
}

/// An import stores each event behind the last of its stream, in the order of the import; repeated, from
/// its start or from where it ended, it stores what is not there yet, and counts the rest.
///
/// # Panics
/// When the store breaks the promise.
pub async fn an_import_is_stored_once_in_its_order(store: &dyn EventStore) {
    let streams = [new_stream("one"), new_stream("two"), new_stream("three")];
    let before = events(2);
    append(store, batch(&streams[0], before.clone())).await;
    let after = end_of_log(store).await;
    let all = source_of(&streams, 100);
    let first = imported(store, &all[..40]).await;
    assert_eq!((first.stored, first.known), (40, 0));
    // Others go on meanwhile.
    let between = events(1);
    append(store, batch(&streams[1], between.clone())).await;
    let whole = imported(store, &all).await;
    assert_eq!((whole.stored, whole.known), (60, 40), "an import that was begun was not resumed");
    for _ in 0..2 {
        let again = imported(store, &all).await;
        assert_eq!((again.stored, again.known, again.last_position), (0, 100, None));
    }
    assert_eq!(imported(store, &[]).await, Imported::default());

    let mut expected = of_stream(&streams[0], &all);
    expected.splice(0..0, before);
    assert_stored(store, &streams[0], &expected).await;
    let mut expected = of_stream(&streams[1], &all);
    let begun = of_stream(&streams[1], &all[..40]).len();
    expected.splice(begun..begun, between);
    assert_stored(store, &streams[1], &expected).await;
    assert_stored(store, &streams[2], &of_stream(&streams[2], &all)).await;

    let found = follow(store, ReadQuery::all().with_envelopes(), after, &streams, 101).await;
    let ids = found.iter().map(|event| event.envelope().event_id);
    let ids: Vec<_> = ids.filter(|id| all.iter().any(|(_, event)| event.id == *id)).collect();
    let expected: Vec<_> = all.iter().map(|(_, event)| event.id).collect();
    assert_eq!(ids, expected, "an import is not in its order");
    let last = found.iter().map(|event| event.position).max();
    assert_eq!(last, whole.last_position, "an import names another event as its last");
    // New events are appended behind it as ever.
    append(store, batch(&streams[2], events(2))).await;
}

/// Of an event that stands in an import twice, the second is known.
///
/// # Panics
/// When the store breaks the promise.
pub async fn an_event_that_is_imported_twice_at_once_is_stored_once(store: &dyn EventStore) {
    let stream = new_stream("twice");
    let all = source_of(std::slice::from_ref(&stream), 5);
    let both = [all.clone(), all.clone()].concat();
    let first = imported(store, &both).await;
    assert_eq!((first.stored, first.known), (5, 5));
    assert_stored(store, &stream, &of_stream(&stream, &all)).await;
}

/// An import with an event that is stored with other content is refused as a whole, and says which it is.
/// The key order of a payload, and an event of another schema version, make no difference.
///
/// # Panics
/// When the store breaks the promise.
pub async fn an_import_that_differs_is_refused(store: &dyn EventStore) {
    let (stream, other) = (new_stream("source"), new_stream("fresh"));
    let all = source_of(std::slice::from_ref(&stream), 4);
    let fresh = source_of(std::slice::from_ref(&other), 2);
    imported(store, &all).await;
    let changed = |what: &str| {
        let (mut of, mut event) = all[2].clone();
        match what {
            "payload" => event.payload = r#"{"number":2,"text":"b"}"#.to_owned(),
            "name" => event.name = "another_name".into(),
            "stream" => of = new_stream("elsewhere"),
            _ => event.metadata = Metadata::new().with_occurred_at(Timestamp::UNIX_EPOCH),
        }
        (of, event)
    };
    for what in ["payload", "name", "stream", "time at which it occurred"] {
        let chunks = [vec![fresh[0].clone(), changed(what), fresh[1].clone()], vec![changed(what)]];
        for chunk in chunks {
            match import_error(store, chunk).await {
                StoreError::EventDiffers { event_id, place, what: said } => assert_eq!(
                    (event_id, &*place, said),
                    (all[2].1.id, &*format!("version 3 of {stream}"), what)
                ),
                error => panic!("an event that differs was reported as something else: {error}"),
            }
        }
        assert_empty(store, &other).await;
    }
    // The same, of an event that stands twice in one import.
    let mut twice = fresh[0].clone();
    twice.1.payload = "7".to_owned();
    match import_error(store, vec![fresh[0].clone(), twice]).await {
        StoreError::EventDiffers { event_id, what: "payload", .. } => {
            assert_eq!(event_id, fresh[0].1.id);
        }
        error => panic!("an event that differs was reported as something else: {error}"),
    }
    assert_empty(store, &other).await;

    let mut same = all.clone();
    same[1].1.payload = r#"{ "text": "a", "number": 1 }"#.to_owned();
    (same[2].1.version, same[2].1.payload) = (2, r#"{"renamed":2}"#.to_owned());
    same[3].1.metadata = Metadata::new().with_actor("import");
    same[3].1.recorded_at = Timestamp::UNIX_EPOCH;
    let again = imported(store, &[same, fresh.clone()].concat()).await;
    assert_eq!((again.stored, again.known), (2, 4));
    assert_stored(store, &stream, &of_stream(&stream, &all)).await;
    assert_stored(store, &other, &of_stream(&other, &fresh)).await;
}

/// An import with an event that makes no sense stores nothing of its chunk, and the next is stored.
///
/// # Panics
/// When the store breaks the promise.
pub async fn an_import_with_a_bad_event_stores_nothing(store: &dyn EventStore) {
    let stream = new_stream("bad");
    let all = source_of(std::slice::from_ref(&stream), 4);
    let mut bad = all.clone();
    bad[3].1.payload = "no JSON".to_owned();
    let error = import_error(store, bad).await;
    assert!(matches!(error, StoreError::InvalidBatch { .. }), "{error}");
    assert_empty(store, &stream).await;
    assert_eq!(imported(store, &all).await.stored, 4);
    assert_stored(store, &stream, &of_stream(&stream, &all)).await;
}

/// An append that is repeated by its event ids with another payload is refused, and says which event it
/// is.
///
/// # Panics
/// When the store breaks the promise.
pub async fn known_ids_with_other_content_are_refused(store: &dyn EventStore) {
    let stream = new_stream("content");
    let known = events(3);
    append(store, batch(&stream, known.clone())).await;
    for condition in [AppendCondition::Any, AppendCondition::NoStream] {
        let mut changed = known.clone();
        changed[1].payload = "\"another\"".to_owned();
        let mut attempt = batch(&stream, changed);
        attempt.streams[0].condition = condition;
        match append_error(store, attempt).await {
            StoreError::EventDiffers { event_id, place, what: "payload" } => {
                assert_eq!((event_id, place), (known[1].id, format!("version 2 of {stream}")))
            }
            error => panic!("an event that differs was reported as something else: {error}"),
        }
    }
    assert_stored(store, &stream, &known).await;
}

/// The time at which an event occurred comes back with its zone, next to the time at which it was
/// recorded.
///
/// # Panics
/// When the store breaks the promise.
pub async fn the_time_at_which_an_event_occurred_comes_back(store: &dyn EventStore) {
    let stream = new_stream("occurred");
    let zoned: Result<OccurredAt, _> = "1993-01-01T13:00:00.123456789+01:00[Europe/Prague]".parse();
    let zoned = zoned.expect("the suite's own time is valid");
    let times = [
        Some(OccurredAt::from(Timestamp::MIN)),
        Some(OccurredAt::from(Timestamp::MAX)),
        Some(zoned),
        Some(OccurredAt::from(Timestamp::UNIX_EPOCH.to_zoned_datetime(TimeZone::UTC))),
        None,
    ];
    let of_time = |time: &Option<OccurredAt>| NewEvent {
        metadata: match time {
            Some(time) => Metadata::new().with_actor("alice").with_occurred_at(time.clone()),
            None => Metadata::new(),
        },
        ..event_with("1")
    };
    append(store, batch(&stream, times.iter().map(of_time).collect())).await;
    let found = stored(store, &stream).await;
    for (event, time) in found.iter().zip(&times) {
        let envelope = event.envelope();
        assert_eq!(envelope.metadata.occurred_at(), time.as_ref());
        assert_eq!(envelope.recorded_at, Timestamp::UNIX_EPOCH);
        let occurred_at = time.as_ref().map_or(envelope.recorded_at, OccurredAt::timestamp);
        assert_eq!(envelope.occurred_at(), occurred_at);
    }
}
