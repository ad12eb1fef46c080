//! Metadata: the actor, the cause and the circumstances that are stored next to an event's payload.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::occurred::OccurredAt;
use crate::value::{JsonError, quoted};

/// The circumstances of a command, stored with every event that came of it.
///
/// Cheap to clone: events of one command share what they have in common.
///
/// ```
/// use esrs_core::Metadata;
///
/// let metadata = Metadata::new().with_actor("alice").with("branch", "Brno");
/// assert_eq!(metadata.actor(), Some("alice"));
/// assert_eq!(metadata.get("branch"), Some("Brno"));
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Metadata {
    correlation_id: Option<Uuid>,
    causation_id: Option<Uuid>,
    details: Option<Arc<Details>>,
}

/// The actor of a command is a text of nothing but blanks, which names nobody.
///
/// Stores keep such a text; it is the command that is refused.
///
/// Of a long text, the message and `Debug` show the beginning.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "the actor {} of the command is blank; name one, `.by(\"alice\")`, or leave \
     `by` out where no actor is required",
    quoted(.text)
)]
pub struct BlankActor {
    /// The text that was given as the actor.
    pub text: String,
}

impl std::fmt::Debug for BlankActor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BlankActor").field("text", &quoted(&self.text)).finish()
    }
}

/// The part of the metadata that is seldom there, as stores keep it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Details {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) actor: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) occurred_at: Option<OccurredAt>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) traceparent: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) tracestate: Option<String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) keys: BTreeMap<String, String>,
}

impl Metadata {
    /// Metadata that says nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns the id that all events of one business transaction share.
    pub fn correlation_id(&self) -> Option<Uuid> {
        self.correlation_id
    }

    /// The id of the event or message that caused the command.
    pub fn causation_id(&self) -> Option<Uuid> {
        self.causation_id
    }

    /// The length of its texts, in bytes.
    pub(crate) fn length(&self) -> usize {
        let Some(details) = &self.details else { return 0 };
        let texts = [&details.actor, &details.traceparent, &details.tracestate];
        let texts = texts.into_iter().flatten().map(String::len);
        texts.chain(details.keys.iter().map(|(key, value)| key.len() + value.len())).sum()
    }

    /// Returns the actor of the command.
    pub fn actor(&self) -> Option<&str> {
        self.details.as_ref()?.actor.as_deref()
    }

    /// The time at which it occurred, if that is not the time at which it was recorded.
    pub fn occurred_at(&self) -> Option<&OccurredAt> {
        self.details.as_ref()?.occurred_at.as_ref()
    }

    /// Returns true if a command may say this of who gives it.
    pub(crate) fn refuse_blank_actor(&self) -> Result<(), BlankActor> {
        match self.actor() {
            Some(text) if text.trim().is_empty() => Err(BlankActor { text: text.to_owned() }),
            _ => Ok(()),
        }
    }

    /// The `traceparent` of W3C trace context (<https://www.w3.org/TR/trace-context/>).
    pub fn traceparent(&self) -> Option<&str> {
        self.details.as_ref()?.traceparent.as_deref()
    }

    /// The `tracestate` of W3C trace context.
    pub fn tracestate(&self) -> Option<&str> {
        self.details.as_ref()?.tracestate.as_deref()
    }

    /// A key of the user's own.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.details.as_ref()?.keys.get(key).map(String::as_str)
    }

    /// The user's own keys, in their order.
    pub fn keys(&self) -> impl Iterator<Item = (&str, &str)> {
        let keys = self.details.as_ref().map(|details| details.keys.iter());
        keys.into_iter().flatten().map(|(key, value)| (key.as_str(), value.as_str()))
    }

    /// The same metadata with a correlation id.
    #[must_use]
    pub fn with_correlation_id(mut self, id: Uuid) -> Self {
        self.correlation_id = Some(id);
        self
    }

    /// The same metadata with a causation id.
    #[must_use]
    pub fn with_causation_id(mut self, id: Uuid) -> Self {
        self.causation_id = Some(id);
        self
    }

    /// The same metadata with an actor.
    #[must_use]
    pub fn with_actor(mut self, actor: impl Into<String>) -> Self {
        self.details_mut().actor = Some(actor.into());
        self
    }

    /// Returns the same metadata with the time at which it occurred, as a `Timestamp`, or as a `ZonedDateTime` with
    /// the time zone of its source.
    #[must_use]
    pub fn with_occurred_at(mut self, time: impl Into<OccurredAt>) -> Self {
        self.details_mut().occurred_at = Some(time.into());
        self
    }

    /// The same metadata with a W3C trace context.
    #[must_use]
    pub fn with_trace(
        mut self,
        traceparent: impl Into<String>,
        tracestate: Option<String>,
    ) -> Self {
        let details = self.details_mut();
        details.traceparent = Some(traceparent.into());
        details.tracestate = tracestate;
        self
    }

    /// The same metadata with a key of the user's own. One whose value has a type is given by
    /// [`with_key`](Self::with_key).
    #[must_use]
    pub fn with(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.details_mut().keys.insert(key.into(), value.into());
        self
    }

    /// The part that stores keep as one JSON text, next to the two ids: the actor, when it occurred, the
    /// trace and the keys.
    ///
    /// # Errors
    /// When serde_json refuses it, which no text does.
    pub fn details_json(&self) -> Result<Option<String>, JsonError> {
        Ok(self.details.as_deref().map(serde_json::to_string).transpose()?)
    }

    /// The metadata that was stored as these parts.
    ///
    /// # Errors
    /// When `details` is not what [`details_json`](Self::details_json) wrote.
    pub fn from_parts(
        correlation_id: Option<Uuid>,
        causation_id: Option<Uuid>,
        details: Option<&str>,
    ) -> Result<Self, JsonError> {
        let details = details.map(serde_json::from_str::<Details>).transpose()?.map(Arc::new);
        Ok(Self { correlation_id, causation_id, details })
    }

    pub(crate) fn sharing(correlation: Option<Uuid>, causation: Option<Uuid>, like: &Self) -> Self {
        Self { correlation_id: correlation, causation_id: causation, details: like.details.clone() }
    }

    fn details_mut(&mut self) -> &mut Details {
        Arc::make_mut(self.details.get_or_insert_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_long_blank_actor_an_error_shows_the_beginning() {
        let blank = Metadata::new().with_actor("\n\u{2028}".repeat(1 << 18));
        let error = blank.refuse_blank_actor().expect_err("it is blank");
        for said in [error.to_string(), format!("{error:?}")] {
            assert!(said.contains(r"\n\u{2028}") && said.len() < 1_000, "{}", said.len());
            assert!(!said.contains(['\n', '\u{2028}']));
        }
    }
}
