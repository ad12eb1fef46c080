//! The log of a scenario: a store in memory, for which nobody has to wait.

use std::pin::pin;
use std::task::{self, Poll, Waker};

use jiff::Timestamp;
use uuid::Uuid;

use crate::aggregate::{Aggregate, encode, round_trip};
use crate::event::{Metadata, StreamId};
use crate::log::{AppendBatch, AppendCondition, BoxError, NewEvent, Page, ReadQuery, StoreError};
use crate::memory::MemoryStore;
use crate::repository;
use crate::repository::LoadError;
use crate::store::EventStore;

/// The time of a scenario, unless it says another: 2026-01-01T00:00:00Z.
pub(super) const TIME: Timestamp = Timestamp::constant(1_767_225_600, 0);

/// Writes events as a repository does, which stores none that would be read as another.
pub(super) fn store_all<A: Aggregate>(
    events: &[A::Event],
    recorded_at: Timestamp,
    metadata: &Metadata,
) -> Result<Vec<NewEvent>, BoxError> {
    let store_one = |event| {
        let (event, _) = round_trip::<A>(Uuid::now_v7(), event, recorded_at, metadata.clone())?;
        Ok(event)
    };
    events.iter().map(store_one).collect()
}

/// Writes events, to tell and compare them.
pub(super) fn encode_all<A: Aggregate>(
    events: &[A::Event],
    recorded_at: Timestamp,
    metadata: &Metadata,
) -> Result<Vec<NewEvent>, BoxError> {
    let encode_one = |event| {
        let (_, event) = encode::<A>(Uuid::now_v7(), event, recorded_at, metadata.clone())?;
        Ok(event)
    };
    events.iter().map(encode_one).collect()
}

/// An event as an older program stored it.
pub(super) fn stored(
    name: &str,
    version: u32,
    payload: &str,
    recorded_at: Timestamp,
    metadata: &Metadata,
) -> NewEvent {
    let (id, name, payload) = (Uuid::now_v7(), name.into(), payload.to_owned());
    NewEvent { id, name, version, payload, recorded_at, metadata: metadata.clone() }
}

/// Adds events to a stream, however many there are.
pub(super) fn append(
    store: &MemoryStore,
    stream: &StreamId,
    events: Vec<NewEvent>,
) -> Result<(), StoreError> {
    for batch in events.chunks(AppendBatch::MAX_EVENTS) {
        let batch = AppendBatch::new(stream.clone(), AppendCondition::Any, batch.to_vec());
        ready(store.append(batch))?;
    }
    Ok(())
}

/// The state that a stream adds up to, and how many events it has.
pub(super) fn fold<A: Aggregate>(
    store: &MemoryStore,
    stream: &StreamId,
) -> Result<(A, u64), LoadError> {
    ready(repository::fold(store, stream))
}

/// Reads a page.
pub(super) fn read(store: &MemoryStore, query: ReadQuery) -> Result<Page, StoreError> {
    ready(store.read(query, Page::new()))
}

/// Returns the output of a future of the memory store, which waits for nothing.
fn ready<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut task::Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => unreachable!("the memory store waits for nothing"),
    }
}
