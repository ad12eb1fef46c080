//! Folding stored events into a state.

use std::ops::Range;

use super::aggregate::{Aggregate, Resolution, resolve};
use crate::event::{PayloadError, Position, StreamId};
use crate::log::Page;
use crate::value::{escaped, guarded};

/// Why a stream could not be replayed, and where it stopped.
#[derive(Debug, thiserror::Error)]
#[error(
    "{stream} could not be replayed beyond version {}: the event `{event}` (version {event_version}) at \
     {position}: {reason}",
    .version.saturating_sub(1),
    stream = escaped(.stream),
    event = escaped(.event),
)]
pub struct ReplayError {
    /// The stream.
    pub stream: StreamId,
    /// The version of the event within the stream.
    pub version: u64,
    /// Its place among all events.
    pub position: Position,
    /// Its stored name.
    pub event: String,
    /// The version of its shape.
    pub event_version: u32,
    /// Why it could not be folded.
    #[source]
    pub reason: ReplayFault,
}

/// Why a stored event could not be folded, apart from where it stands.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReplayFault {
    /// The aggregate does not know the stored name.
    #[error(
        "`{aggregate}` has no event of this name; list it in `events(…)`, as an alias of the event \
         that it became, or as `retired(\"…\")` to skip it"
    )]
    UnknownEvent {
        /// The aggregate's name.
        aggregate: &'static str,
    },
    /// The payload could not be read.
    #[error(transparent)]
    Payload(#[from] PayloadError),
    /// The stream's versions have a gap, or go back.
    #[error("expected the event after version {after}")]
    OutOfOrder {
        /// The version before it.
        after: u64,
    },
    /// Reading or applying the event panicked.
    #[error(
        "its `Apply`, `Upcast` or `Deserialize` panicked: {message}; make that code take every stored \
         event of this version",
        message = escaped(.message),
    )]
    Panicked {
        /// The message of the panic.
        message: String,
    },
}

/// Folds a page of one stream into `state`, which is at `version`, and says where it stands
/// after.
///
/// A payload is decoded straight from the page's text; what decodes it is looked up once per page.
///
/// # Errors
/// [`ReplayError`], about the first event that cannot be folded. The state then holds the events
/// before it; after [`ReplayFault::Panicked`] it is half changed and must be dropped.
pub fn replay<A: Aggregate>(state: &mut A, version: u64, page: &Page) -> Result<u64, ReplayError> {
    replay_range(state, version, page, 0..page.len())
}

/// The same for some events of the page.
pub(crate) fn replay_range<A: Aggregate>(
    state: &mut A,
    mut version: u64,
    page: &Page,
    range: Range<usize>,
) -> Result<u64, ReplayError> {
    // Both outlive a panic: together they tell which event it was about.
    let (first, begun_at) = (range.start, version);
    let replayed = guarded(|| replay_records(state, &mut version, page, range));
    match replayed {
        Ok(replayed) => replayed.map(|()| version),
        Err(message) => {
            let done = usize::try_from(version - begun_at).unwrap_or(usize::MAX);
            Err(stop(page, first.saturating_add(done), ReplayFault::Panicked { message }))
        }
    }
}

fn replay_records<A: Aggregate>(
    state: &mut A,
    version: &mut u64,
    page: &Page,
    range: Range<usize>,
) -> Result<(), ReplayError> {
    let kinds: Vec<Resolution> = page.kinds().iter().map(resolve::<A>).collect();
    for (index, record) in range.clone().zip(page.records_in(range)) {
        if record.version() != *version + 1 {
            return Err(stop(page, index, ReplayFault::OutOfOrder { after: *version }));
        }
        match kinds[record.kind_index()] {
            Resolution::Decoder(decoder, stored) => {
                if let Err(error) = state.replay(decoder, stored, record.payload()) {
                    return Err(stop(page, index, error.into()));
                }
            }
            Resolution::Skip => {}
            Resolution::Unknown => {
                let fault = ReplayFault::UnknownEvent { aggregate: A::NAME };
                return Err(stop(page, index, fault));
            }
        }
        *version += 1;
    }
    Ok(())
}

/// The error about an event of the page. It finds the event again: a loop that keeps it at hand for
/// an error that does not come is slower by what it keeps.
#[cold]
pub(crate) fn stop(page: &Page, index: usize, reason: ReplayFault) -> ReplayError {
    let record = page.record(index);
    ReplayError {
        stream: record.stream().clone(),
        version: record.version(),
        position: record.position(),
        event: record.kind().name.to_string(),
        event_version: record.kind().version,
        reason,
    }
}
