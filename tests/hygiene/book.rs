//! There and back again: through a store into states, and into the rows of a projection.

use std::fmt::Debug;

use esrs::projection::{AnyPass, Pass};
use esrs::store::NewEvent;
use esrs::store::{Page, ReadQuery};
use esrs::{Aggregate, EventStore, Handle, Id, Loaded, MemoryStore, Projection};
use esrs::{Repository, StreamId};

/// Executes a command on a new log, and loads what it made of the aggregate.
pub(crate) async fn executed<A, C>(id: A::Id, command: C) -> (MemoryStore, Loaded<A>)
where
    A: Handle<C, Requires = ()>,
    A::Error: Debug + Send,
    C: Send + Sync,
{
    let store = MemoryStore::new();
    let repository = Repository::<A>::new(store.clone());
    repository.execute(&id, command).await.map_err(|error| format!("{error:?}")).unwrap();
    let loaded = repository.load(&id).await.unwrap();
    (store, loaded)
}

/// Loads an aggregate from events that are stored as they are given.
pub(crate) async fn folded<A: Aggregate>(id: A::Id, events: Vec<NewEvent>) -> Loaded<A> {
    let store = MemoryStore::new();
    let stream = StreamId::new(A::NAME, id.to_string()).unwrap();
    let condition = esrs::store::AppendCondition::NoStream;
    store.append(esrs::store::AppendBatch::new(stream, condition, events)).await.unwrap();
    Repository::<A>::new(store).load(&id).await.unwrap()
}

/// The rows that follow from all that a log holds, and their way through the columns and back.
pub(crate) async fn rows<P: Projection>(store: &MemoryStore) -> Vec<P> {
    let mut pass = Pass::<P>::new();
    let query = ReadQuery::all().only(pass.filter()).with_envelopes();
    let page = store.read(query, Page::new()).await.unwrap();
    pass.decode(&page, &renamed::projection::Parked::none()).unwrap();
    let rows = pass.change(Vec::new()).unwrap().upserts.into_iter();
    rows.map(|row| P::from_values(row).unwrap()).collect()
}

/// Parses an id; types that are only like one have no such function.
pub(crate) fn parsed<T: Id>(text: &str) -> T {
    text.parse::<T>().map_err(|error| error.to_string()).unwrap()
}
