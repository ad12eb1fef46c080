//! The streams and events that writers append.

use esrs_core::{Metadata, NewEvent, StreamId};
use proptest::prelude::RngExt;
use proptest::test_runner::TestRng;
use uuid::Uuid;

/// Categories of streams, and the names of their events.
pub(crate) const CATEGORIES: [(&str, &[&str]); 2] =
    [("account", &["deposited", "withdrawn", "noted"]), ("cart", &["added", "removed"])];

/// So many streams of each category all writers append to.
const SHARED: usize = 6;

/// A stream of its own, or one that all append to.
#[derive(Debug, Clone)]
pub(crate) struct Stream {
    pub(crate) category: &'static str,
    names: &'static [&'static str],
    pub(crate) id: StreamId,
}

impl Stream {
    fn of(category: usize, id: impl std::fmt::Display) -> Self {
        let (category, names) = CATEGORIES[category];
        let id = StreamId::new(category, id).expect("a valid name");
        Self { category, names, id }
    }

    /// A stream that nobody has appended to.
    pub(crate) fn new(dice: &mut TestRng) -> Self {
        Self::of(dice.random_range(0..CATEGORIES.len()), Uuid::now_v7())
    }

    /// One of those that all append to, which are there from the beginning.
    pub(crate) fn shared(dice: &mut TestRng) -> Self {
        Self::of(dice.random_range(0..CATEGORIES.len()), dice.random_range(0..SHARED))
    }

    /// All of those.
    pub(crate) fn all_shared() -> impl Iterator<Item = Self> {
        (0..CATEGORIES.len()).flat_map(|category| (0..SHARED).map(move |id| Self::of(category, id)))
    }

    /// One event of each name that the stream's category has.
    pub(crate) fn one_of_each(&self) -> Vec<NewEvent> {
        self.names.iter().map(|name| event(name)).collect()
    }

    pub(crate) fn events(&self, count: usize, dice: &mut TestRng) -> Vec<NewEvent> {
        (0..count).map(|_| event(self.names[dice.random_range(0..self.names.len())])).collect()
    }
}

/// An event whose payload says its id, for those who read without envelopes.
fn event(name: &str) -> NewEvent {
    let id = Uuid::now_v7();
    NewEvent {
        id,
        name: name.into(),
        version: 1,
        payload: format!("\"{id}\""),
        recorded_at: jiff::Timestamp::now(),
        metadata: Metadata::new().with_actor("alice"),
    }
}

/// Returns the id that [`event`] wrote.
pub(crate) fn id_in(payload: &str) -> Uuid {
    let id = payload.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    id.and_then(|id| id.parse().ok()).expect("every payload is the event's id")
}
