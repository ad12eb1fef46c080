//! Helpers of the cases: streams and events of their own, and readers that check as they go.

use std::time::{Duration, Instant};

use jiff::Timestamp;
use uuid::Uuid;

use crate::event::{Envelope, Metadata, Position, StreamId};
use crate::log::{
    AppendBatch, AppendCondition, Appended, NewEvent, Page, ReadQuery, Record, StoreError,
};
use crate::store::EventStore;

/// The time that a follower waits for events that are stored: a store may hold them back for as long as
/// an append of another session before them is still open.
const PATIENCE: Duration = Duration::from_secs(3);

/// The aggregate that most of the suite's streams belong to.
pub(super) const CATEGORY: &str = "conformance";

/// A stream that nobody has used before.
pub(super) fn new_stream(label: &str) -> StreamId {
    stream_of(CATEGORY, label)
}

/// A stream of this aggregate that nobody has used before.
pub(super) fn stream_of(category: &str, label: &str) -> StreamId {
    let id = format!("{label}-{}", Uuid::now_v7());
    StreamId::new(category, id).expect("the suite's own stream names are valid")
}

/// An event with this payload.
pub(super) fn event_with(payload: impl Into<String>) -> NewEvent {
    NewEvent {
        id: Uuid::now_v7(),
        name: "conformance_checked".into(),
        version: 1,
        payload: payload.into(),
        recorded_at: Timestamp::UNIX_EPOCH,
        metadata: Metadata::new(),
    }
}

/// So many events, each with its number.
pub(super) fn events(count: usize) -> Vec<NewEvent> {
    (1..=count).map(|number| event_with(format!("{{\"number\":{number}}}"))).collect()
}

/// A batch of one stream on no condition.
pub(super) fn batch(stream: &StreamId, events: Vec<NewEvent>) -> AppendBatch {
    AppendBatch::new(stream.clone(), AppendCondition::Any, events)
}

/// Appends what the store has to take.
pub(super) async fn append(store: &dyn EventStore, batch: AppendBatch) -> Appended {
    match store.append(batch.clone()).await {
        Ok(appended) => appended,
        Err(error) => panic!("an append that is in order was refused: {error}\n{}", brief(&batch)),
    }
}

/// Appends what the store has to refuse.
pub(super) async fn append_error(store: &dyn EventStore, batch: AppendBatch) -> StoreError {
    match store.append(batch.clone()).await {
        Ok(appended) => panic!("an append was taken that has to be refused: {appended:?}"),
        Err(error) => error,
    }
}

fn brief(batch: &AppendBatch) -> String {
    let parts = batch.streams.iter().map(|part| {
        format!("{:?} on {} events of {}", part.condition, part.events.len(), part.stream)
    });
    parts.collect::<Vec<_>>().join("; ")
}

/// An event as it was read.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Seen {
    pub(super) stream: StreamId,
    pub(super) version: u64,
    pub(super) position: Position,
    pub(super) name: String,
    pub(super) event_version: u32,
    pub(super) payload: String,
    pub(super) envelope: Option<Envelope>,
}

impl Seen {
    pub(super) fn of(record: &Record<'_>) -> Self {
        Self {
            stream: record.stream().clone(),
            version: record.version(),
            position: record.position(),
            name: record.kind().name.to_string(),
            event_version: record.kind().version,
            payload: record.payload().to_owned(),
            envelope: record.envelope(),
        }
    }

    /// Its envelope, which the query has asked for.
    pub(super) fn envelope(&self) -> &Envelope {
        match &self.envelope {
            Some(envelope) => envelope,
            None => panic!("an event came without the envelope that was asked for: {self:?}"),
        }
    }
}

pub(super) fn seen(page: &Page) -> Vec<Seen> {
    page.records().map(|record| Seen::of(&record)).collect()
}

/// Reads one page, which the store has to give.
pub(super) async fn read(store: &dyn EventStore, query: ReadQuery, page: Page) -> Page {
    match store.read(query.clone(), page).await {
        Ok(page) => page,
        Err(error) => panic!("a read was refused: {error}\n{query:?}"),
    }
}

/// All events of a stream, with their envelopes, read a few at a time.
pub(super) async fn stored(store: &dyn EventStore, stream: &StreamId) -> Vec<Seen> {
    let mut found: Vec<Seen> = Vec::new();
    let mut page = Page::new();
    loop {
        let after = found.last().map_or(0, |last| last.version);
        let query = ReadQuery::stream(stream.clone()).after_version(after).limit(64);
        page = read(store, query.with_envelopes(), page).await;
        for event in seen(&page) {
            let expected = found.len() as u64 + 1;
            assert_eq!(
                event.version, expected,
                "the versions of {stream} have a gap or go back: version {expected} comes next"
            );
            assert_eq!(&event.stream, stream, "a read of {stream} gave an event of another stream");
            found.push(event);
        }
        if page.is_last() {
            return found;
        }
        assert!(!page.is_empty(), "an empty page of {stream} does not say that it is the last");
    }
}

/// Checks that a stream holds these events, and nothing else.
pub(super) async fn assert_stored(store: &dyn EventStore, stream: &StreamId, events: &[NewEvent]) {
    let found = stored(store, stream).await;
    let found: Vec<_> = found
        .iter()
        .map(|event| (event.envelope().event_id, event.name.as_str(), event.payload.as_str()))
        .collect();
    let expected: Vec<_> =
        events.iter().map(|event| (event.id, &*event.name, event.payload.as_str())).collect();
    assert_eq!(found, expected, "{stream} does not hold what was appended to it");
}

/// Checks that nothing is stored in a stream.
pub(super) async fn assert_empty(store: &dyn EventStore, stream: &StreamId) {
    let found = stored(store, stream).await;
    assert!(found.is_empty(), "{stream} holds events of an append that was refused: {found:?}");
}

/// Where the log ends now: an event of the suite's own is put there.
pub(super) async fn end_of_log(store: &dyn EventStore) -> Position {
    append(store, batch(&new_stream("marker"), events(1))).await.last_position
}

/// A reader of the whole log who follows [`Page::scanned`].
pub(super) struct Follower {
    query: ReadQuery,
    after: Position,
    page: Page,
}

impl Follower {
    pub(super) fn new(query: ReadQuery, after: Position) -> Self {
        Self { query, after, page: Page::new() }
    }

    /// The next page, and whether it was the last.
    pub(super) async fn next(&mut self, store: &dyn EventStore) -> (Vec<Seen>, bool) {
        let query = self.query.clone().after(self.after);
        self.page = read(store, query, std::mem::take(&mut self.page)).await;
        let found = seen(&self.page);
        let mut before = self.after;
        for event in &found {
            let position = event.position;
            assert!(position > before, "position {position} was read behind position {before}");
            before = position;
        }
        let scanned = self.page.scanned();
        assert!(scanned >= before, "a page says that it scanned to {scanned}, behind {before}");
        let is_last = self.page.is_last();
        assert!(
            is_last || scanned > self.after,
            "a page that is not the last came no further than {scanned}: a follower never ends"
        );
        self.after = scanned;
        (found, is_last)
    }

    /// Reads what comes of these streams, until it has found so many or nothing more comes.
    pub(super) async fn rest(
        &mut self,
        store: &dyn EventStore,
        streams: &[StreamId],
        count: usize,
    ) -> Vec<Seen> {
        let (mut found, begin) = (Vec::new(), Instant::now());
        loop {
            let (page, is_last) = self.next(store).await;
            found.extend(page.into_iter().filter(|event| streams.contains(&event.stream)));
            if is_last && (found.len() >= count || begin.elapsed() > PATIENCE) {
                return found;
            }
            pause().await;
        }
    }
}

/// Returns what a follower finds of these streams, once it has found so many or nothing more comes.
pub(super) async fn follow(
    store: &dyn EventStore,
    query: ReadQuery,
    after: Position,
    streams: &[StreamId],
    count: usize,
) -> Vec<Seen> {
    Follower::new(query, after).rest(store, streams, count).await
}

/// Lets the other futures of a `join` go on, without any runtime.
pub(super) async fn pause() {
    let mut paused = false;
    std::future::poll_fn(|context| {
        if std::mem::replace(&mut paused, true) {
            return std::task::Poll::Ready(());
        }
        context.waker().wake_by_ref();
        std::task::Poll::Pending
    })
    .await;
}
