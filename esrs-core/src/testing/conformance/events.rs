//! Envelopes come back as they were.

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::support::{append, batch, event_with, events, new_stream, read, stored};
use crate::event::{Metadata, StreamId, from_microseconds, to_microseconds};
use crate::log::{MetadataFilter, NewEvent, Page, ReadQuery, StoreError};
use crate::store::EventStore;

async fn assert_metadata(store: &dyn EventStore, all: Vec<Metadata>) {
    let stream = new_stream("metadata");
    let part: Vec<_> =
        all.into_iter().map(|metadata| NewEvent { metadata, ..event_with("{}") }).collect();
    append(store, batch(&stream, part.clone())).await;
    let found = stored(store, &stream).await;
    assert_eq!(found.len(), part.len(), "{stream} does not hold what was appended to it");
    for (event, expected) in found.iter().zip(&part) {
        let envelope = event.envelope();
        assert_eq!(envelope.metadata, expected.metadata, "metadata is not what it was");
        assert_eq!(envelope.event_id, expected.id, "an event's id is not what it was");
        assert_eq!(
            (&envelope.stream, envelope.version, envelope.position),
            (&event.stream, event.version, event.position),
            "an envelope stands beside another event"
        );
    }
}

/// The actor, the correlation, the causation, the trace and the user's keys come back.
///
/// # Panics
/// When the store breaks the promise.
pub async fn metadata_comes_back_complete(store: &dyn EventStore) {
    let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let complete = || {
        Metadata::new()
            .with_correlation_id(Uuid::from_u128(1))
            .with_causation_id(Uuid::max())
            .with_actor("Žofie \"the boss\"\0\n😀")
            .with_trace(trace, Some("rojo=00f067aa0ba902b7,congo=t61rcWkgMzE".into()))
            .with("", "")
            .with("klíč", "hodnota")
            .with("\0\\\"'\u{1f}\u{feff}👩‍👩‍👧", "x".repeat(10_000))
    };
    let correlated = Metadata::new().with_correlation_id(Uuid::now_v7());
    let all = vec![
        complete(),
        complete(),
        complete().with("one", "more"),
        Metadata::new().with_actor(""),
        Metadata::new().with_trace(trace, None),
        Metadata::new().with("key", "value"),
        correlated.clone(),
        correlated.with_causation_id(Uuid::nil()),
        complete(),
    ];
    assert_metadata(store, all).await;
}

/// An event without metadata has none, also between events that have some.
///
/// # Panics
/// When the store breaks the promise.
pub async fn absent_metadata_stays_absent(store: &dyn EventStore) {
    let some = Metadata::new().with_actor("alice").with_correlation_id(Uuid::now_v7());
    let all = vec![Metadata::new(), some.clone(), Metadata::new(), some, Metadata::new()];
    assert_metadata(store, all).await;
    assert_metadata(store, vec![Metadata::new()]).await;
}

/// A time comes back to the microsecond, also far in the past and in the future; what is finer is
/// cut off. At the edges of the calendar it comes back so, or is refused before anything is stored; a
/// filter may name any time.
///
/// # Panics
/// When the store breaks the promise.
pub async fn times_come_back_to_the_microsecond(store: &dyn EventStore) {
    let times = [
        ("1900-01-01T00:00:00.000001Z", "1900-01-01T00:00:00.000001Z"),
        ("1969-12-31T23:59:59.999999Z", "1969-12-31T23:59:59.999999Z"),
        ("1970-01-01T00:00:00Z", "1970-01-01T00:00:00Z"),
        ("2026-01-31T12:34:56.123456Z", "2026-01-31T12:34:56.123456Z"),
        ("2026-01-31T12:34:56.123456789Z", "2026-01-31T12:34:56.123456Z"),
        ("2026-01-31T12:34:56.999999999Z", "2026-01-31T12:34:56.999999Z"),
        ("2200-12-31T23:59:59.654321Z", "2200-12-31T23:59:59.654321Z"),
    ];
    let time = |text: &str| -> Timestamp { text.parse().expect("the suite's own times are valid") };
    let stream = new_stream("times");
    let part = times.map(|(at, _)| NewEvent { recorded_at: time(at), ..event_with("{}") });
    append(store, batch(&stream, part.to_vec())).await;
    let found = stored(store, &stream).await;
    let found: Vec<_> = found.iter().map(|event| event.envelope().recorded_at).collect();
    assert_eq!(found, times.map(|(_, back)| time(back)), "times are not what they were");
    times_at_the_edges_come_back_or_are_refused(store).await;
}

async fn times_at_the_edges_come_back_or_are_refused(store: &dyn EventStore) {
    let nano = SignedDuration::from_nanos(1);
    let micro = SignedDuration::from_micros(1);
    let year = |year| -> Timestamp {
        let text = format!("{year}-01-01T00:00:00Z");
        text.parse().expect("the suite's own times are valid")
    };
    let times = [
        Timestamp::MAX,
        Timestamp::MAX - nano,
        Timestamp::MAX - micro,
        Timestamp::MAX - SignedDuration::from_secs(1),
        Timestamp::MIN,
        Timestamp::MIN + nano,
        Timestamp::MIN + micro,
        Timestamp::UNIX_EPOCH - nano,
        year("-009998"),
        year("-004714"),
        year("-004712"),
        year("-000001"),
        year("0000"),
        year("0001"),
        year("9999"),
    ];
    for time in times {
        let stream = new_stream("edges");
        let event = NewEvent { recorded_at: time, ..event_with("{}") };
        let to_the_microsecond = from_microseconds(to_microseconds(time)).expect("in range");
        match store.append(batch(&stream, vec![event])).await {
            Ok(_) => {
                let found = stored(store, &stream).await;
                assert_eq!(found.len(), 1, "{time} was stored, and is not found");
                assert_eq!(found[0].envelope().recorded_at, to_the_microsecond);
            }
            Err(StoreError::InvalidBatch { .. }) => {
                assert!(stored(store, &stream).await.is_empty(), "{time} was refused and stored");
            }
            Err(error) => panic!("{time} is refused by {error:?}"),
        }
        append(store, batch(&stream, vec![event_with("{}")])).await;
    }
    let stream = new_stream("filtered");
    let event = NewEvent { recorded_at: year("2026"), ..event_with("{}") };
    append(store, batch(&stream, vec![event])).await;
    for (from, before, expected) in [
        (Timestamp::MIN, Timestamp::MAX, 1),
        (Timestamp::MIN, Timestamp::MIN, 0),
        (Timestamp::MAX, Timestamp::MAX, 0),
        (year("2026"), year("2026") + micro, 1),
    ] {
        let filter = MetadataFilter::default().recorded_from(from).recorded_before(before);
        let query = ReadQuery::stream(stream.clone()).recorded(filter);
        let page = read(store, query, Page::new()).await;
        assert_eq!(page.len(), expected, "from {from} and before {before}");
    }
}

/// A stream is known by its name to the last byte, up to the longest, in any script.
///
/// # Panics
/// When the store breaks the promise.
pub async fn any_stream_name_comes_back(store: &dyn EventStore) {
    let unique = Uuid::now_v7();
    let named = |id: String| {
        StreamId::new("conformance_ž", id).expect("the suite's own stream names are valid")
    };
    let mut ids = vec![
        format!("{unique}"),
        format!("-{unique}-"),
        format!("{unique} "),
        format!(" {unique}"),
        format!("a b  c/{unique}"),
        format!("{unique}-x-X"),
        format!("{unique}-X-x"),
        format!("{unique}-%_*?'\"\\;--"),
        format!("{unique}-\u{e9}"),
        format!("{unique}-e\u{301}"),
        format!("日本語-😀-{unique}"),
    ];
    let room = StreamId::MAX_LENGTH - "conformance_ž-".len() - unique.to_string().len();
    ids.push(format!("{unique}{}", "a".repeat(room)));
    ids.push(format!("{unique}{}{}", "š".repeat(room / 2), "b".repeat(room % 2)));
    let streams: Vec<_> = ids.into_iter().map(named).collect();
    let parts: Vec<_> = streams.iter().map(|_| events(1)).collect();
    for (stream, part) in streams.iter().zip(&parts) {
        append(store, batch(stream, part.clone())).await;
    }
    for (stream, part) in streams.iter().zip(&parts) {
        let found = stored(store, stream).await;
        assert_eq!(found.len(), 1, "two names of streams were taken for one: {stream}");
        assert_eq!(found[0].envelope().event_id, part[0].id, "{stream} was taken for another");
        assert_eq!(found[0].envelope().stream.category(), "conformance_ž");
    }
}

/// Stored names and the versions of shapes come back, however many there are.
///
/// # Panics
/// When the store breaks the promise.
pub async fn names_and_versions_of_shapes_come_back(store: &dyn EventStore) {
    let stream = new_stream("kinds");
    let kinds =
        [("opened", 1), ("opened", 2), ("Opened", 1), ("otevřeno 😀", u32::MAX), (" x ", 7)];
    let mut part = events(kinds.len() * 2);
    for (event, (name, version)) in part.iter_mut().zip(kinds.iter().cycle()) {
        (event.name, event.version) = ((*name).into(), *version);
    }
    append(store, batch(&stream, part)).await;
    let found = stored(store, &stream).await;
    let found: Vec<_> = found.iter().map(|e| (e.name.as_str(), e.event_version)).collect();
    assert_eq!(found, [kinds, kinds].concat(), "names and versions are not what they were");
}
