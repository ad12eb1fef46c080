//! Filters of events by their circumstances.

use std::collections::BTreeMap;

use jiff::Timestamp;
use uuid::Uuid;

use crate::event::{Envelope, Metadata, MetadataKey, to_microsecond};

/// A filter of the events of a log or a stream, by actor, cause, correlation and time.
///
/// A filter that says nothing lets every event pass; of what it says, all has to be so.
///
/// ```
/// use esrs_core::MetadataFilter;
///
/// let withdrawals_of_monday = MetadataFilter::default()
///     .by("alice")
///     .recorded_from("2026-02-02T00:00:00Z".parse().unwrap())
///     .recorded_before("2026-02-03T00:00:00Z".parse().unwrap());
/// assert!(!withdrawals_of_monday.is_everything());
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct MetadataFilter {
    /// The actor that caused them.
    pub actor: Option<String>,
    /// The business transaction that they belong to.
    pub correlation_id: Option<Uuid>,
    /// The event or message that they follow from.
    pub causation_id: Option<Uuid>,
    /// The earliest time at which they were recorded.
    pub from: Option<Timestamp>,
    /// The time before which they were recorded.
    pub before: Option<Timestamp>,
    /// Keys of the user's own, each with its value.
    pub keys: BTreeMap<String, String>,
}

impl MetadataFilter {
    /// Only events that this actor caused.
    #[must_use]
    pub fn by(mut self, actor: impl Into<String>) -> Self {
        self.actor = Some(actor.into());
        self
    }

    /// Only events that belong to this.
    #[must_use]
    pub fn correlated_by(mut self, id: Uuid) -> Self {
        self.correlation_id = Some(id);
        self
    }

    /// Only events that follow from this.
    #[must_use]
    pub fn caused_by(mut self, id: Uuid) -> Self {
        self.causation_id = Some(id);
        self
    }

    /// Only events that were recorded at this time or later, to the microsecond.
    #[must_use]
    pub fn recorded_from(mut self, time: Timestamp) -> Self {
        self.from = Some(to_microsecond(time));
        self
    }

    /// Only events that were recorded before this time, to the microsecond.
    #[must_use]
    pub fn recorded_before(mut self, time: Timestamp) -> Self {
        self.before = Some(to_microsecond(time));
        self
    }

    /// Only events that have this value under a key of the user's own.
    #[must_use]
    pub fn with(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.keys.insert(key.into(), value.into());
        self
    }

    /// Only events that have this value under a key of the user's own, by its type.
    #[must_use]
    pub fn with_key<K: MetadataKey>(self, value: &K) -> Self {
        self.with(K::KEY, value.to_string())
    }

    /// Returns true if it lets every event pass.
    pub fn is_everything(&self) -> bool {
        *self == Self::default()
    }

    /// Returns true if an event of these circumstances passes.
    pub fn allows(&self, metadata: &Metadata, recorded_at: Timestamp) -> bool {
        let is = |wanted: &Option<Uuid>, id| wanted.is_none() || *wanted == id;
        self.actor.as_deref().is_none_or(|actor| metadata.actor() == Some(actor))
            && is(&self.correlation_id, metadata.correlation_id())
            && is(&self.causation_id, metadata.causation_id())
            && self.from.is_none_or(|from| recorded_at >= to_microsecond(from))
            && self.before.is_none_or(|before| recorded_at < to_microsecond(before))
            && self.keys.iter().all(|(key, value)| metadata.get(key) == Some(value))
    }

    /// Returns true if the event of this envelope passes.
    pub fn allows_envelope(&self, envelope: &Envelope) -> bool {
        self.allows(&envelope.metadata, envelope.recorded_at)
    }
}
