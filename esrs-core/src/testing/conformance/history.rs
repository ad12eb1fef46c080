//! A log that is not the one that was read before is told from it, and nothing is built on events that
//! are gone.

use uuid::Uuid;

use super::support::{
    append, append_error, assert_empty, assert_stored, batch, end_of_log, event_with, events,
    new_stream, read, seen,
};
use crate::event::{Position, StreamId};
use crate::log::{
    AppendBatch, AppendCondition, Conflict, EventFilter, LogMark, NewEvent, Page, ReadQuery,
    StoreError,
};
use crate::store::EventStore;

/// More events than any page, channel or buffer of a driver holds at once.
const MANY: usize = 3_000;

fn behind(stream: &StreamId, (version, id): (u64, Uuid), events: Vec<NewEvent>) -> AppendBatch {
    AppendBatch::new(stream.clone(), AppendCondition::LastEvent { version, id }, events)
}

/// An append behind an event is stored only if the stream still ends with that event.
///
/// # Panics
/// When the store breaks the promise.
pub async fn an_append_behind_an_event_needs_that_very_event(store: &dyn EventStore) {
    let (stream, beside) = (new_stream("history"), new_stream("beside"));
    let mut stored = events(2);
    append(store, batch(&stream, stored.clone())).await;
    let lost = Uuid::now_v7();
    let error = append_error(store, behind(&stream, (2, lost), events(1))).await;
    let StoreError::Conflict(Conflict { actual: 2, .. }) = &error else {
        panic!("the event behind which it was to stand is another, and it was said: {error:?}")
    };
    // The event before the last is not the last.
    let error = append_error(store, behind(&stream, (1, stored[0].id), events(1))).await;
    assert!(matches!(error, StoreError::Conflict(Conflict { actual: 2, .. })), "{error:?}");
    let both = behind(&stream, (2, lost), events(1));
    append_error(store, both.and(beside.clone(), AppendCondition::NoStream, events(1))).await;
    assert_empty(store, &beside).await;

    for _ in 0..3 {
        let (version, id) = (stored.len() as u64, stored[stored.len() - 1].id);
        let next = events(1);
        append(store, behind(&stream, (version, id), next.clone())).await;
        stored.extend(next);
    }
    let (version, id) = (stored.len() as u64, stored[stored.len() - 1].id);
    let (more, other) = (events(2), events(1));
    let both = behind(&stream, (version, id), more.clone());
    append(store, both.and(beside.clone(), AppendCondition::NoStream, other.clone())).await;
    stored.extend(more);
    assert_stored(store, &stream, &stored).await;
    assert_stored(store, &beside, &other).await;
}

/// A page says which event it goes up to.
///
/// # Panics
/// When the store breaks the promise.
pub async fn a_page_says_which_event_it_goes_up_to(store: &dyn EventStore) {
    let start = end_of_log(store).await;
    let stream = new_stream("history");
    let stored = events(5);
    append(store, batch(&stream, stored.clone())).await;
    for (after, limit, last) in [(0, 10, 4), (0, 2, 1), (3, 1, 3), (4, 10, 4)] {
        let query = ReadQuery::stream(stream.clone()).after_version(after).limit(limit);
        let page = read(store, query, Page::new()).await;
        let mark = page.mark().expect("a page with events goes up to one");
        assert_eq!(mark.event_id, stored[last].id, "{limit} events after version {after}");
        let at = page.records().last().map(|record| record.position());
        assert_eq!(at, Some(mark.position));
    }
    for envelopes in [false, true] {
        let (mut after, mut mark, mut page) = (start, None, Page::new());
        loop {
            let mut query = ReadQuery::all().after(after).continuing(mark).limit(2);
            query.envelopes = envelopes;
            page = read(store, query, page).await;
            after = page.scanned();
            mark = page.mark().or(mark);
            if let Some(last) = seen(&page).last() {
                let mark = mark.expect("a page with events goes up to one");
                assert!(mark.position >= last.position, "it is before the last event of its page");
                assert!(mark.position <= after, "it is behind what was searched");
            }
            if page.is_last() {
                break;
            }
        }
        let nothing = EventFilter::everything().and("conformance_nothing", ["nothing"]);
        let query = ReadQuery::all().after(start).only(nothing);
        let page = read(store, query, Page::new()).await;
        let mark = page.mark().expect("there are events, though the filter drops them");
        assert!(mark.position > start && mark.position <= page.scanned());
    }
}

/// A reader who continues from an event that the log does not hold is told so, and one that does hold it
/// goes on.
///
/// # Panics
/// When the store breaks the promise.
pub async fn a_read_continues_only_from_an_event_that_is_there(store: &dyn EventStore) {
    let stream = new_stream("history");
    let stored = events(3);
    let appended = append(store, batch(&stream, stored.clone())).await;
    let last = LogMark { position: appended.last_position, event_id: stored[2].id };
    let gone = Uuid::now_v7();
    let of_stream = |version: u64, id| {
        ReadQuery::stream(stream.clone()).after_version(version).after_event(Some(id))
    };
    let of_log = |position, event_id| {
        ReadQuery::all().after(position).continuing(Some(LogMark { position, event_id }))
    };
    let far = Position::new(end_of_log(store).await.get() + 1_000_000);
    let refused = [
        of_stream(2, gone),
        of_stream(3, gone),
        of_stream(4, stored[2].id),
        of_stream(2, stored[2].id),
        of_log(last.position, gone),
        of_log(last.position, stored[1].id),
        of_log(far, last.event_id),
        of_log(far, gone),
    ];
    for query in refused {
        match store.read(query.clone(), Page::new()).await {
            Err(StoreError::HistoryChanged { .. }) => {}
            other => {
                panic!("{query:?} begins at an event that is not there, and it was said: {other:?}")
            }
        }
        let page = read(store, of_stream(2, stored[1].id), Page::new()).await;
        assert_eq!(page.len(), 1, "the next read works");
    }
    assert!(read(store, of_stream(3, stored[2].id), Page::new()).await.is_empty());
    append(store, batch(&stream, events(1))).await;
    let page =
        read(store, of_log(last.position, last.event_id).with_envelopes(), Page::new()).await;
    assert!(!page.is_empty() && page.records().all(|record| record.position() > last.position));
    let page = read(store, of_stream(3, stored[2].id), Page::new()).await;
    assert_eq!(page.len(), 1);
}

/// A long stream, and a log with it, are read to their ends, however many kinds of events are in them.
///
/// # Panics
/// When the store breaks the promise.
pub async fn a_long_history_is_read_to_its_end(store: &dyn EventStore) {
    let start = end_of_log(store).await;
    let stream = new_stream("long");
    let own = Uuid::now_v7();
    let mut stored = Vec::with_capacity(MANY);
    for number in 0..MANY {
        // Kinds that nobody knows yet come early, in between and last.
        let kind = number % 300;
        let name = format!("conformance_{own}_{kind}").into();
        stored.push(NewEvent { name, ..event_with(format!("{number}")) });
    }
    for chunk in stored.chunks(1_000) {
        append(store, batch(&stream, chunk.to_vec())).await;
    }
    assert_stored(store, &stream, &stored).await;
    let (mut after, mut mark, mut page, mut found) = (start, None, Page::new(), 0);
    loop {
        let query = ReadQuery::all().after(after).continuing(mark).limit(700).with_envelopes();
        page = read(store, query, page).await;
        for one in seen(&page).iter().filter(|one| one.stream == stream) {
            assert_eq!(one.name, *stored[found].name, "event {found} of the log");
            assert_eq!(one.envelope().event_id, stored[found].id);
            found += 1;
        }
        (after, mark) = (page.scanned(), page.mark().or(mark));
        if page.is_last() {
            break;
        }
    }
    assert_eq!(found, MANY, "a reader of the log has missed events");
}

/// A read backwards continues from the event that it was continued from before, or is refused.
///
/// # Panics
/// When the store breaks the promise.
pub async fn a_read_backwards_continues_only_from_an_event_that_is_there(store: &dyn EventStore) {
    let (stream, gone) = (new_stream("backwards"), Uuid::now_v7());
    let part = events(3);
    append(store, batch(&stream, part.clone())).await;
    let before = |version: u64, id| {
        ReadQuery::stream_backwards(stream.clone()).before_version(version).before_event(Some(id))
    };
    for (version, id) in [(3, gone), (2, part[2].id), (4, part[2].id), (u64::MAX, gone)] {
        match store.read(before(version, id), Page::new()).await {
            Err(StoreError::HistoryChanged { event_id, .. }) => assert_eq!(event_id, id),
            other => panic!("a read backwards continued from an event that is gone: {other:?}"),
        }
    }
    let page = read(store, before(3, part[2].id), Page::new()).await;
    let versions: Vec<_> = page.records().map(|record| record.version()).collect();
    assert_eq!(versions, [2, 1], "a read backwards did not go on from an event that is there");
    let unknown = ReadQuery::stream_backwards(new_stream("unknown"));
    let unknown = unknown.before_version(1).before_event(Some(gone));
    let refused = store.read(unknown, Page::new()).await;
    assert!(matches!(refused, Err(StoreError::HistoryChanged { .. })), "{refused:?}");
}
