//! Reads come in pages, and a reader that follows them reaches the end.

use uuid::Uuid;

use super::support::{
    Follower, Seen, append, batch, end_of_log, event_with, events, follow, new_stream, read, seen,
    stored, stream_of,
};
use crate::event::{Metadata, Position, StreamId};
use crate::log::{AppendCondition, EventFilter, NewEvent, Page, ReadQuery};
use crate::store::EventStore;

fn versions(page: &Page) -> Vec<u64> {
    page.records().map(|record| record.version()).collect()
}

async fn stream_of_ten(store: &dyn EventStore) -> StreamId {
    let stream = new_stream("paged");
    append(store, batch(&stream, events(10))).await;
    stream
}

/// A page holds as many events as the query allows, and says whether it was the last.
///
/// # Panics
/// When the store breaks the promise.
pub async fn a_page_ends_at_its_limit(store: &dyn EventStore) {
    let stream = stream_of_ten(store).await;
    for (limit, first, is_last) in
        [(0, 1, false), (1, 1, false), (9, 9, false), (10, 10, true), (11, 10, true)]
    {
        let query = ReadQuery::stream(stream.clone()).limit(limit);
        let page = read(store, query, Page::new()).await;
        assert_eq!(page.len(), first, "a page of at most {limit} of 10 events holds another count");
        assert_eq!(page.is_last(), is_last, "a page of at most {limit} of 10 events is mistaken");
    }
    let query = ReadQuery::stream(stream).limit(usize::MAX).max_bytes(usize::MAX);
    let page = read(store, query, Page::new()).await;
    assert_eq!((page.len(), page.is_last()), (10, true), "a page without a bound is not whole");
}

/// A page is closed once its payloads come to so many bytes, and holds one event at least.
///
/// # Panics
/// When the store breaks the promise.
pub async fn a_page_ends_at_its_bytes_and_holds_one_event_at_least(store: &dyn EventStore) {
    let stream = new_stream("bytes");
    let payload = format!("\"{}\"", "x".repeat(98));
    let part = (0..10).map(|_| event_with(payload.clone())).collect();
    append(store, batch(&stream, part)).await;
    for (max_bytes, first) in [(0, 1), (1, 1), (100, 1), (101, 2), (200, 2), (950, 10)] {
        let query = ReadQuery::stream(stream.clone()).max_bytes(max_bytes);
        let page = read(store, query, Page::new()).await;
        assert_eq!(
            page.len(),
            first,
            "a page that is closed at {max_bytes} bytes holds another count of 100 bytes each"
        );
        assert_eq!(page.is_last(), first == 10, "a page of {first} of 10 events is mistaken");
    }
    // Read on from page to page, nothing is lost where one was closed.
    let start = Position::new(stored(store, &stream).await[0].position.get() - 1);
    let query = ReadQuery::all().max_bytes(250);
    let found = follow(store, query, start, std::slice::from_ref(&stream), 10).await;
    let found: Vec<_> = found.iter().map(|event| event.version).collect();
    assert_eq!(found, (1..=10).collect::<Vec<_>>(), "events were lost between two pages");
}

/// A stream is read from behind any version.
///
/// # Panics
/// When the store breaks the promise.
pub async fn a_stream_is_read_after_a_version(store: &dyn EventStore) {
    let stream = stream_of_ten(store).await;
    append(store, batch(&new_stream("beside"), events(3))).await;
    for after in 0..=10 {
        let query = ReadQuery::stream(stream.clone()).after_version(after);
        let page = read(store, query, Page::new()).await;
        let expected: Vec<_> = (after + 1..=10).collect();
        assert_eq!(versions(&page), expected, "reading after version {after} gave other events");
        assert!(page.is_last(), "a page that holds the last event does not say so");
    }
}

/// A stream is read from its end, or from before any version, with the newest event first.
///
/// # Panics
/// When the store breaks the promise.
pub async fn a_stream_is_read_backwards(store: &dyn EventStore) {
    let stream = stream_of_ten(store).await;
    append(store, batch(&new_stream("beside"), events(3))).await;
    let backwards = || ReadQuery::stream_backwards(stream.clone());
    for before in (0..=11).chain([i64::MAX as u64, u64::MAX]) {
        for limit in [1, 3, 10, 11] {
            let query = backwards().before_version(before).limit(limit);
            let page = read(store, query.clone(), Page::new()).await;
            let below = before.saturating_sub(1).min(10);
            let expected: Vec<_> = (1..=below).rev().take(limit).collect();
            assert_eq!(versions(&page), expected, "another page was read by {query:?}");
            assert_eq!(page.is_last(), below as usize <= limit, "{query:?} is mistaken");
        }
    }
    let mut all = stored(store, &stream).await;
    all.reverse();
    let page = read(store, backwards().with_envelopes(), Page::new()).await;
    assert_eq!(seen(&page), all, "a stream has other events backwards");
    let last = read(store, backwards().limit(1).with_envelopes(), page).await;
    assert_eq!(seen(&last), all[..1], "the last event of a stream is another");
    let mark = last.mark().map(|mark| (mark.position, mark.event_id));
    let expected = (all[0].position, all[0].envelope().event_id);
    assert_eq!(mark, Some(expected), "a page backwards goes up to another event");
    let bytes = read(store, backwards().max_bytes(1), last).await;
    assert_eq!((versions(&bytes), bytes.is_last()), (vec![10], false));
    // An event that was appended since is the last.
    append(store, batch(&stream, events(1))).await;
    let last = read(store, backwards().limit(1), bytes).await;
    assert_eq!(versions(&last), [11], "the last event of a stream is not the newest");
    let unknown = ReadQuery::stream_backwards(new_stream("unknown")).with_envelopes();
    let nothing = read(store, unknown, last).await;
    assert!(nothing.is_empty() && nothing.is_last() && nothing.mark().is_none());
    let by = crate::log::MetadataFilter::default().by("nobody");
    let nothing = read(store, backwards().recorded(by), nothing).await;
    assert!(nothing.is_empty(), "a filter let an event pass that it has to drop");
}

/// A stream that is longer than any page is read backwards to its first event.
///
/// # Panics
/// When the store breaks the promise.
pub async fn a_long_stream_is_read_backwards_page_by_page(store: &dyn EventStore) {
    const COUNT: u64 = 12_000;
    let stream = new_stream("long_backwards");
    for _ in 0..2 {
        append(store, batch(&stream, events(COUNT as usize / 2))).await;
    }
    let (mut page, mut next, mut event) = (Page::new(), COUNT, None);
    loop {
        let query = ReadQuery::stream_backwards(stream.clone());
        page = read(store, query.before_version(next + 1).before_event(event), page).await;
        for version in versions(&page) {
            assert_eq!(version, next, "version {next} comes next when a stream is read backwards");
            next -= 1;
        }
        if page.is_last() {
            break;
        }
        assert!(!page.is_empty(), "an empty page backwards does not say that it is the last");
        event = page.mark().map(|mark| mark.event_id);
    }
    assert_eq!(next, 0, "a long stream was not read backwards to its first event");
}

/// The log is read from behind any position.
///
/// # Panics
/// When the store breaks the promise.
pub async fn the_log_is_read_after_a_position(store: &dyn EventStore) {
    let stream = stream_of_ten(store).await;
    let all = stored(store, &stream).await;
    for (index, event) in all.iter().enumerate() {
        let streams = std::slice::from_ref(&stream);
        let left = 9 - index;
        let found = follow(store, ReadQuery::all(), event.position, streams, left).await;
        let found: Vec<_> = found.iter().map(|event| event.position).collect();
        let expected: Vec<_> = all[index + 1..].iter().map(|event| event.position).collect();
        assert_eq!(found, expected, "reading after {} gave other events", event.position);
    }
}

/// Two streams of two aggregates, and where the log ended before them.
async fn two_aggregates(store: &dyn EventStore) -> (Position, [StreamId; 2]) {
    let start = end_of_log(store).await;
    let streams =
        [stream_of("conformance_left", "filtered"), stream_of("conformance_right", "filtered")];
    for round in 0..12 {
        let mut part = events(2);
        for (event, name) in part.iter_mut().zip([["red", "green"], ["blue", "red"]][round % 2]) {
            event.name = name.into();
        }
        append(store, batch(&streams[round / 2 % 2], part)).await;
    }
    (start, streams)
}

/// A filter lets the events pass that have one of the names and belong to its aggregate.
///
/// # Panics
/// When the store breaks the promise.
pub async fn a_filter_lets_only_its_own_events_pass(store: &dyn EventStore) {
    let (start, streams) = two_aggregates(store).await;
    let everything = follow(store, ReadQuery::all(), start, &streams, 24).await;
    assert_eq!(everything.len(), 24, "the log does not hold what was appended");
    let none = EventFilter::everything;
    let filters = [
        none().and("conformance_left", ["red"]),
        none().and("conformance_left", ["red", "blue", "never"]),
        none().and("conformance_left", ["red"]).and("conformance_right", ["green", "blue"]),
        // Names belong to their aggregate: a red of the left is none of the right.
        none().and("conformance_left", ["green"]).and("conformance_right", ["red"]),
        none().and("conformance_left", ["red"]).and("conformance_left", ["blue"]),
        none().and("conformance_right", []),
        none().and("conformance", ["red"]),
        none().and("conformance_lef_", ["%"]).and("%", ["red"]),
    ];
    for filter in filters {
        let passes = |event: &&Seen| filter.allows(event.stream.category(), &event.name);
        let expected: Vec<_> = everything.iter().filter(passes).cloned().collect();
        for limit in [1, 5, 1_000] {
            let query = ReadQuery::all().only(filter.clone()).limit(limit);
            let found = follow(store, query, start, &streams, expected.len()).await;
            assert_eq!(found, expected, "{filter:?} let other events pass, by {limit} a page");
        }
    }
}

/// A page says how far it scanned, so that a follower gets past the events that its filter drops.
///
/// # Panics
/// When the store breaks the promise.
pub async fn a_follower_gets_past_what_its_filter_drops(store: &dyn EventStore) {
    let start = end_of_log(store).await;
    let category = "conformance_rare";
    let (rare, common) = (stream_of(category, "rare"), new_stream("common"));
    append(store, batch(&rare, events(1))).await;
    append(store, batch(&common, events(60))).await;
    append(store, batch(&rare, events(1))).await;
    let end = append(store, batch(&common, events(60))).await.last_position;
    let filter = EventFilter::everything().and(category, ["conformance_checked"]);
    let mut follower = Follower::new(ReadQuery::all().only(filter).limit(1), start);
    let mut found = follower.rest(store, std::slice::from_ref(&rare), 2).await;
    assert_eq!(found.len(), 2, "a filter dropped events that it lets pass");
    // The follower refuses a page that is not the last and comes no further.
    let query = ReadQuery::all().only(EventFilter::everything().and("conformance_none", ["x"]));
    let page = read(store, query.after(start).limit(3), Page::new()).await;
    assert!(page.is_empty(), "a filter let an event pass that it has to drop");
    assert!(
        !page.is_last() || page.scanned() >= end,
        "the last page says that it scanned to {}, and the log goes on to {end} at least",
        page.scanned()
    );
    append(store, batch(&rare, events(1))).await;
    found.extend(follower.rest(store, &[rare], 1).await);
    let versions: Vec<_> = found.iter().map(|event| event.version).collect();
    assert_eq!(versions, [1, 2, 3], "a follower missed what came after the end it had reached");
}

/// Reading what nobody has written, or behind the end, gives an empty page which is the last.
///
/// # Panics
/// When the store breaks the promise.
pub async fn what_is_not_there_is_an_empty_last_page(store: &dyn EventStore) {
    let stream = stream_of_ten(store).await;
    let nothing = [
        ReadQuery::stream(new_stream("unknown")),
        ReadQuery::stream(new_stream("unknown")).after_version(5).with_envelopes(),
        ReadQuery::stream(stream.clone()).after_version(10),
        ReadQuery::stream(stream.clone()).after_version(11).with_envelopes(),
        ReadQuery::stream(stream).after_version(u64::MAX),
        ReadQuery::all().after(Position::new(u64::MAX)),
        ReadQuery::all().after(Position::new(i64::MAX as u64)).with_envelopes(),
    ];
    for query in nothing {
        let page = read(store, query.clone(), Page::new()).await;
        assert!(page.is_empty(), "there is nothing to read by {query:?}");
        assert!(page.is_last(), "there is nothing behind {query:?}, and the page does not say so");
    }
    // Who starts behind the end is not sent back.
    let after = Position::new(i64::MAX as u64 - 1);
    Follower::new(ReadQuery::all(), after).next(store).await;
}

/// A page that is read into again holds what was asked for now, and nothing else.
///
/// # Panics
/// When the store breaks the promise.
pub async fn a_recycled_page_holds_nothing_of_before(store: &dyn EventStore) {
    let (full, small) = (new_stream("full"), new_stream("small"));
    let metadata = Metadata::new().with_actor("alice").with_correlation_id(Uuid::now_v7());
    let mut part = events(20);
    for (number, event) in part.iter_mut().enumerate() {
        event.name = format!("name_{number}").into();
        event.metadata = metadata.clone();
    }
    append(store, batch(&full, part)).await;
    let plain = NewEvent { name: "plain".into(), ..event_with("7") };
    append(store, batch(&small, vec![plain])).await;
    let query = |stream: &StreamId| ReadQuery::stream(stream.clone());

    let fresh = read(store, query(&small).with_envelopes(), Page::new()).await;
    let page = read(store, query(&full).with_envelopes(), Page::new()).await;
    assert_eq!(page.len(), 20);
    let page = read(store, query(&small).with_envelopes(), page).await;
    assert_eq!(seen(&page), seen(&fresh), "a recycled page holds something of before");
    assert_eq!(page.kinds(), fresh.kinds(), "a recycled page lists kinds of before");
    assert_eq!(page.streams(), fresh.streams(), "a recycled page lists streams of before");
    let page = read(store, query(&full).limit(3), page).await;
    assert!(!page.is_last(), "a recycled page kept that it was the last");
    assert!(
        page.records().all(|record| record.envelope().is_none()),
        "a recycled page holds envelopes of before"
    );
    let page = read(store, query(&new_stream("unknown")), page).await;
    assert!(page.is_empty() && page.is_last(), "an empty read left something in a recycled page");
    assert!(page.kinds().is_empty(), "an empty read left kinds in a recycled page");
}

/// A page lists each kind and each stream of its events once, however many events it holds.
///
/// # Panics
/// When the store breaks the promise.
pub async fn a_page_lists_each_kind_once(store: &dyn EventStore) {
    let stream = new_stream("interned");
    let mut part = events(60);
    for (number, event) in part.iter_mut().enumerate() {
        event.name = ["opened", "closed"][number % 2].into();
        event.version = number as u32 % 3 + 1;
    }
    let beside = new_stream("interned_too");
    let both = batch(&stream, part).and(beside, AppendCondition::Any, events(2));
    let first = append(store, both).await.first_position;
    let of_stream = read(store, ReadQuery::stream(stream), Page::new()).await;
    assert_eq!(of_stream.kinds().len(), 6, "a page of 6 kinds lists {:?}", of_stream.kinds());
    let query = ReadQuery::all().after(Position::new(first.get() - 1)).limit(62);
    let of_log = read(store, query, Page::new()).await;
    for page in [&of_stream, &of_log] {
        let kinds = page.kinds();
        let twice = kinds.iter().enumerate().find(|(place, kind)| kinds[..*place].contains(kind));
        assert!(twice.is_none(), "a page lists a kind twice: {twice:?}");
        for record in page.records() {
            assert_eq!(record.kind(), &kinds[record.kind_index()], "a record has another kind");
            let listed = &page.streams()[record.stream_index()];
            assert_eq!(record.stream(), listed, "a record has another stream");
        }
    }
}

/// Envelopes stand in a page when the query asked for them, and only then.
///
/// # Panics
/// When the store breaks the promise.
pub async fn envelopes_come_only_when_they_are_asked_for(store: &dyn EventStore) {
    let start = end_of_log(store).await;
    let stream = stream_of_ten(store).await;
    for query in [ReadQuery::stream(stream), ReadQuery::all().after(start)] {
        let page = read(store, query.clone(), Page::new()).await;
        let without = page.records().all(|record| record.envelope().is_none());
        assert!(!page.is_empty() && without, "envelopes came that nobody had asked for");
        let page = read(store, query.with_envelopes(), page).await;
        let with = page.records().all(|record| record.envelope().is_some());
        assert!(!page.is_empty() && with, "an event came without the envelope that was asked for");
    }
}
