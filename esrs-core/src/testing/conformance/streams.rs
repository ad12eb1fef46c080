//! The streams of an aggregate are listed in the order of their names, and counted.

use uuid::Uuid;

use super::support::{append, append_error, batch, events};
use crate::event::StreamId;
use crate::log::{AppendBatch, AppendCondition, StoreError, StreamsQuery};
use crate::store::EventStore;

/// An aggregate that no other case uses.
fn new_category() -> String {
    format!("conformance_{}", Uuid::now_v7().simple())
}

async fn listed(store: &dyn EventStore, mut query: StreamsQuery) -> Vec<StreamId> {
    let mut found = Vec::new();
    loop {
        let page = match store.streams(query.clone()).await {
            Ok(page) => page,
            Err(error) => panic!("a list of streams was refused: {error}\n{query:?}"),
        };
        assert!(page.len() <= query.limit, "a page of {query:?} holds {} streams", page.len());
        let is_last = page.len() < query.limit;
        query.after = page.last().cloned().or(query.after);
        found.extend(page);
        if is_last {
            return found;
        }
    }
}

async fn count(store: &dyn EventStore, category: &str) -> u64 {
    match store.count_streams(category.to_owned()).await {
        Ok(count) => count,
        Err(error) => panic!("the streams of {category} could not be counted: {error}"),
    }
}

/// The streams of one aggregate are listed once each, ordered by the bytes of their names, and counted.
///
/// # Panics
/// When the store breaks the promise.
pub async fn the_streams_of_an_aggregate_are_listed_and_counted(store: &dyn EventStore) {
    let category = new_category();
    assert!(listed(store, StreamsQuery::of(&*category)).await.is_empty());
    assert_eq!(count(store, &category).await, 0, "an aggregate without streams has some");
    let of = |category: &str, id: &str| StreamId::new(category, id).expect("the name is valid");
    let ids = ["9", "10", "b", "B", "a-b", "a.b", "a/b", "ä", "😀", "-", "a b", "%", "_"];
    for (number, id) in ids.iter().enumerate() {
        append(store, batch(&of(&category, id), events(number % 3 + 1))).await;
    }
    // Of other aggregates, whose names begin alike or come right before and behind.
    for other in [format!("{category}x"), format!("{category}_"), category[..20].to_owned()] {
        append(store, batch(&of(&other, "1"), events(1))).await;
    }
    let mut expected: Vec<_> = ids.iter().map(|id| of(&category, id)).collect();
    expected.sort_unstable_by(|one, other| one.as_str().cmp(other.as_str()));
    for limit in [1, 2, ids.len(), 1_000] {
        let found = listed(store, StreamsQuery::of(&*category).limit(limit)).await;
        assert_eq!(found, expected, "other streams are listed, by {limit} a page");
    }
    assert_eq!(count(store, &category).await, ids.len() as u64);
    // From behind a stream that is not there.
    let after = Some(of(&category, "9a"));
    let found = listed(store, StreamsQuery::of(&*category).after(after.clone())).await;
    let behind = expected
        .iter()
        .filter(|stream| stream.as_str() > after.as_ref().map_or("", StreamId::as_str));
    assert_eq!(found, behind.cloned().collect::<Vec<_>>());
    // From behind a stream of another aggregate, all of them or none.
    let found = listed(store, StreamsQuery::of(&*category).after(Some(of("aaa", "1")))).await;
    assert_eq!(found, expected);
    let found = listed(store, StreamsQuery::of(&*category).after(Some(of("zzz", "1")))).await;
    assert!(found.is_empty(), "{found:?}");
}

/// More streams than a page holds are listed page by page, and one that was appended since has its place.
///
/// # Panics
/// When the store breaks the promise.
pub async fn streams_are_listed_page_by_page(store: &dyn EventStore) {
    const COUNT: usize = 2_500;
    let category = new_category();
    let stream = |number: usize| StreamId::new(&category, format!("{number:05}")).expect("valid");
    for numbers in (0..COUNT).collect::<Vec<_>>().chunks(500) {
        let mut batch = AppendBatch::default();
        for number in numbers {
            batch = batch.and(stream(*number), AppendCondition::NoStream, events(1));
        }
        append(store, batch).await;
    }
    let expected: Vec<_> = (0..COUNT).map(stream).collect();
    let found = listed(store, StreamsQuery::of(&*category)).await;
    assert!(found == expected, "{} of {COUNT} streams are listed", found.len());
    assert_eq!(count(store, &category).await, COUNT as u64);
    append(store, batch(&stream(COUNT), events(2))).await;
    let after = StreamsQuery::of(&*category).after(expected.last().cloned());
    assert_eq!(listed(store, after).await, [stream(COUNT)]);
    assert_eq!(count(store, &category).await, COUNT as u64 + 1);
}

/// A stream whose only append was refused is not there.
///
/// # Panics
/// When the store breaks the promise.
pub async fn a_refused_append_leaves_no_stream(store: &dyn EventStore) {
    let category = new_category();
    let stream = |id: u32| StreamId::new(&category, id).expect("valid");
    let refused = AppendBatch::new(stream(1), AppendCondition::Any, events(1)).and(
        stream(2),
        AppendCondition::Version(3),
        events(1),
    );
    let error = append_error(store, refused).await;
    assert!(matches!(error, StoreError::Conflict(_)), "{error}");
    assert!(listed(store, StreamsQuery::of(&*category)).await.is_empty());
    assert_eq!(count(store, &category).await, 0, "a refused append left a stream");
    append(store, batch(&stream(2), events(1))).await;
    assert_eq!(listed(store, StreamsQuery::of(&*category)).await, [stream(2)]);
}
