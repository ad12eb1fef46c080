//! A query for the streams of an aggregate.

use crate::event::StreamId;

/// The streams of one aggregate, ordered by the bytes of their names.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), esrs_core::StoreError> {
/// use esrs_core::{EventStore, MemoryStore, StreamsQuery};
///
/// let store = MemoryStore::new();
/// let mut query = StreamsQuery::of("bank_account").limit(100);
/// loop {
///     let page = store.streams(query.clone()).await?;
///     let is_last = page.len() < query.limit;
///     for stream in &page {
///         println!("{stream}");
///     }
///     if is_last {
///         break;
///     }
///     query.after = page.last().cloned();
/// }
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct StreamsQuery {
    /// The name of the aggregate.
    pub category: String,
    /// Only streams behind this one, in the order of the names.
    pub after: Option<StreamId>,
    /// The most streams of a page; a page with fewer is the last.
    pub limit: usize,
}

impl StreamsQuery {
    /// The most streams of a page, unless the query says otherwise.
    pub const DEFAULT_LIMIT: usize = 1_000;

    /// All streams of an aggregate.
    pub fn of(category: impl Into<String>) -> Self {
        Self { category: category.into(), after: None, limit: Self::DEFAULT_LIMIT }
    }

    /// Only streams behind this one, in the order of the names; it need not exist.
    #[must_use]
    pub fn after(mut self, stream: Option<StreamId>) -> Self {
        self.after = stream;
        self
    }

    /// At most so many streams a page; at least one.
    #[must_use]
    pub fn limit(mut self, streams: usize) -> Self {
        self.limit = streams.max(1);
        self
    }

    /// The bounds of the names that are wanted, both exclusive; for the author of a store.
    pub fn bounds(&self) -> (String, String) {
        let (first, end) = Self::bounds_of(&self.category);
        let after = self.after.as_ref().map(ToString::to_string);
        (after.map_or(first.clone(), |after| after.max(first)), end)
    }

    /// The bounds of the names of all streams of an aggregate, both exclusive; for the author of a store.
    pub fn bounds_of(category: &str) -> (String, String) {
        // A category has no hyphen, and a dot is the character behind that.
        (format!("{category}-"), format!("{category}."))
    }
}
