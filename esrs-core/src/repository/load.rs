//! From a stream to a state.

use std::ops::Deref;

use super::LoadError;
use crate::{Aggregate, EventStore, InvalidStreamId, Page, ReadQuery, StreamId, replay};

/// An instance of an aggregate, as it was when it was loaded. It derefs to the state.
#[derive(Debug, Clone)]
pub struct Loaded<A: Aggregate> {
    id: A::Id,
    stream: StreamId,
    state: A,
    version: u64,
}

impl<A: Aggregate> Loaded<A> {
    /// Its id.
    pub fn id(&self) -> &A::Id {
        &self.id
    }

    /// Its stream.
    pub fn stream(&self) -> &StreamId {
        &self.stream
    }

    /// How many events it has; 0 before the first.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// Whether nothing has happened to it yet.
    pub fn is_new(&self) -> bool {
        self.version == 0
    }

    /// Its state.
    pub fn state(&self) -> &A {
        &self.state
    }

    /// Its state, by value.
    pub fn into_state(self) -> A {
        self.state
    }
}

impl<A: Aggregate> Deref for Loaded<A> {
    type Target = A;

    fn deref(&self) -> &A {
        &self.state
    }
}

pub(super) fn stream_of<A: Aggregate>(id: &A::Id) -> Result<StreamId, InvalidStreamId> {
    StreamId::new(A::NAME, id)
}

/// Loads a stream through `page`, whose memory is kept for the next load, also after an error.
pub(super) async fn load<A: Aggregate>(
    store: &dyn EventStore,
    id: A::Id,
    stream: StreamId,
    page: &mut Page,
) -> Result<Loaded<A>, LoadError> {
    let (mut state, mut version) = (A::initial(), 0);
    loop {
        let query = ReadQuery::stream(stream.clone()).after_version(version);
        *page = store.read(query, std::mem::take(page)).await?;
        version = replay(&mut state, version, page)?;
        if page.is_last() {
            return Ok(Loaded { id, stream, state, version });
        }
    }
}
