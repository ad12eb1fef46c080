//! Events are found by who caused them, why and when.

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::support::{append, batch, end_of_log, event_with, events, follow, new_stream, read};
use crate::event::{Metadata, StreamId};
use crate::log::{MetadataFilter, NewEvent, Page, ReadQuery};
use crate::store::EventStore;

/// Events of different circumstances, a second apart: each is found by one filter and passed over by the
/// others.
struct Recorded {
    stream: StreamId,
    filters: Vec<(&'static str, MetadataFilter, Vec<u64>)>,
}

async fn recorded(store: &dyn EventStore) -> Recorded {
    let stream = new_stream("circumstances");
    // Of this run alone: the store may hold those of others.
    let (own, cause, whole) = (Uuid::now_v7().to_string(), Uuid::now_v7(), Uuid::now_v7());
    let (alice, bob) = (format!("alice {own}"), format!("bob \"{own}\""));
    // A whole second, so that a store which is coarser than it should be is not told here too.
    let start = Timestamp::from_second(1_770_000_000).expect("a time");
    let at = |second| start + SignedDuration::from_secs(second);
    let metadata = [
        Metadata::new().with_actor(&*alice),
        Metadata::new().with_actor(&*bob).with("branch", &*own).with("a \"b\".c", "1"),
        Metadata::new().with_causation_id(cause).with("branch", "other"),
        Metadata::new().with_correlation_id(whole).with_actor(&*alice),
        Metadata::new(),
    ];
    let part = metadata.into_iter().zip(0..).map(|(metadata, second)| NewEvent {
        metadata,
        recorded_at: at(second),
        ..event_with("null")
    });
    append(store, batch(&stream, part.collect())).await;
    let filter = MetadataFilter::default;
    let filters = vec![
        ("nothing", filter(), vec![1, 2, 3, 4, 5]),
        ("an actor", filter().by(&*alice), vec![1, 4]),
        ("an actor with quotes", filter().by(&*bob), vec![2]),
        ("a cause", filter().caused_by(cause), vec![3]),
        ("a correlation", filter().correlated_by(whole), vec![4]),
        ("a key", filter().with("branch", &*own), vec![2]),
        ("two keys", filter().with("branch", &*own).with("a \"b\".c", "1"), vec![2]),
        ("two keys, one of another value", filter().with("branch", &*own).with("a", "1"), vec![]),
        ("a time", filter().recorded_from(at(2)), vec![3, 4, 5]),
        ("an end", filter().recorded_before(at(2)), vec![1, 2]),
        ("an actor and a time", filter().by(&*alice).recorded_from(at(1)), vec![4]),
        ("somebody else", filter().by("nobody at all"), vec![]),
    ];
    Recorded { stream, filters }
}

/// A stream is asked by circumstances.
///
/// # Panics
/// When the store breaks the promise.
pub async fn a_stream_is_asked_by_who_why_and_when(store: &dyn EventStore) {
    let Recorded { stream, filters } = recorded(store).await;
    for (what, filter, expected) in filters {
        for envelopes in [false, true] {
            let mut query = ReadQuery::stream(stream.clone()).recorded(filter.clone());
            query.envelopes = envelopes;
            let page = read(store, query, Page::new()).await;
            let found: Vec<_> = page.records().map(|record| record.version()).collect();
            assert_eq!(found, expected, "a stream was asked for {what}");
        }
    }
}

/// The log is asked by circumstances, and who follows what it answers comes past what it drops.
///
/// # Panics
/// When the store breaks the promise.
pub async fn the_log_is_asked_by_who_why_and_when(store: &dyn EventStore) {
    let start = end_of_log(store).await;
    let Recorded { stream, filters } = recorded(store).await;
    append(store, batch(&new_stream("beside"), events(3))).await;
    let end = end_of_log(store).await;
    for (what, filter, expected) in filters {
        let query = ReadQuery::all().recorded(filter).limit(2);
        let streams = std::slice::from_ref(&stream);
        let found = follow(store, query.clone(), start, streams, expected.len()).await;
        let found: Vec<_> = found.iter().map(|event| event.version).collect();
        assert_eq!(found, expected, "the log was asked for {what}");
        let (mut after, mut page) = (start, Page::new());
        loop {
            page = read(store, query.clone().after(after), page).await;
            after = page.scanned();
            if page.is_last() {
                break;
            }
        }
        assert!(after >= end, "asked for {what}, the last page has searched to {after} of {end}");
    }
}
