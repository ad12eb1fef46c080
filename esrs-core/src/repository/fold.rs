//! A stream on its way into a state, a page at a time.

use jiff::Timestamp;

use super::LoadError;
use super::snapshots::{Codec, Replayed};
use super::warm::Warm;
use crate::aggregate::{Aggregate, replay_range};
use crate::event::{Position, StreamId};
use crate::log::{AsOf, Page, ReadQuery};
use crate::store::EventStore;
use crate::value::guarded;

/// The state that all events of a stream add up to, and how many they are.
pub(crate) async fn fold<A: Aggregate>(
    store: &dyn EventStore,
    stream: &StreamId,
) -> Result<(A, u64), LoadError> {
    let Warm { state, version, .. } =
        Fold::new(store, stream, None)?.finish(&mut Page::new()).await?;
    Ok((state, version))
}

/// The state before the first event.
pub(super) fn initial<A: Aggregate>(stream: &StreamId) -> Result<A, LoadError> {
    guarded(A::initial).map_err(|message| LoadError::Initial { stream: stream.clone(), message })
}

/// A stream on its way into a state: from the beginning, from a snapshot, or from where an earlier
/// command has left it.
pub(super) struct Fold<'a, A: Aggregate> {
    store: &'a dyn EventStore,
    stream: &'a StreamId,
    /// Until the first page is read: what the snapshot has to be of that it may begin with.
    codec: Option<Codec<A>>,
    /// True if that may lie behind the moment that is folded to.
    any_snapshot: bool,
    warm: Warm<A>,
    /// Where its last event stands, and the latest time at which any was recorded; known of a
    /// snapshot, and of events that were read with their envelopes.
    reached: Option<(Position, Timestamp)>,
}

impl<'a, A: Aggregate> Fold<'a, A> {
    /// From the beginning, or from a snapshot that `codec` can read.
    pub(super) fn new(
        store: &'a dyn EventStore,
        stream: &'a StreamId,
        codec: Option<Codec<A>>,
    ) -> Result<Self, LoadError> {
        let since_snapshot = Replayed::default();
        let (version, last_event) = (0, None);
        let warm = Warm { state: initial::<A>(stream)?, version, last_event, since_snapshot };
        Ok(Self { store, stream, codec, any_snapshot: false, warm, reached: None })
    }

    /// The same, when a state behind the moment that is folded to is as welcome: for who wants to
    /// know whether one is stored.
    pub(super) fn or_from_a_later_snapshot(self) -> Self {
        Self { any_snapshot: true, ..self }
    }

    /// From what is known already.
    pub(super) fn from(store: &'a dyn EventStore, stream: &'a StreamId, warm: Warm<A>) -> Self {
        Self { store, stream, codec: None, any_snapshot: false, warm, reached: None }
    }

    /// Folds what comes behind, to the end of the stream. The page's memory is left for the next
    /// load, also after an error.
    pub(super) async fn finish(mut self, page: &mut Page) -> Result<Warm<A>, LoadError> {
        while self.next_page(page, AsOf::Now, false).await? {}
        Ok(self.warm)
    }

    /// Folds the next page as far as the moment goes. Answers whether there is more to read.
    pub(super) async fn next_page(
        &mut self,
        page: &mut Page,
        as_of: AsOf,
        envelopes: bool,
    ) -> Result<bool, LoadError> {
        let Warm { state, version, last_event, since_snapshot } = &mut self.warm;
        let query = ReadQuery::stream(self.stream.clone()).after_version(*version);
        let mut query = query.after_event(*last_event);
        query.envelopes = envelopes;
        if let AsOf::Version(last) = as_of {
            let missing = usize::try_from(last.saturating_sub(*version)).unwrap_or(usize::MAX);
            query.limit = query.limit.min(missing).max(1);
        }
        let codec = self.codec.take();
        let up_to = if self.any_snapshot { AsOf::Now } else { as_of };
        query.snapshot = codec.map(|codec| codec.query(up_to));
        *page = self.store.read(query, std::mem::take(page)).await?;
        if let (Some(codec), Some(snapshot)) = (codec, page.snapshot()) {
            // One that cannot be read is passed over: the stream is read again without it.
            let Some(kept) = codec.state(snapshot) else { return Ok(true) };
            (*state, *version) = (kept, snapshot.version);
            *last_event = Some(snapshot.event_id);
            self.reached = Some((snapshot.position, snapshot.recorded_at));
        }
        let is_included = |record: &crate::log::Record<'_>| {
            let recorded_at = record.recorded_at().unwrap_or(Timestamp::MIN);
            as_of.includes(record.version(), record.position(), recorded_at)
        };
        let count = match as_of {
            AsOf::Now => page.len(),
            _ => page.records().take_while(is_included).count(),
        };
        *version = replay_range(state, *version, page, 0..count)?;
        if count > 0 {
            // The mark is that of the page's last event, which may be behind the moment.
            *last_event = page.mark().filter(|_| count == page.len()).map(|mark| mark.event_id);
        }
        since_snapshot.add(count as u64, page.payload_bytes());
        for record in page.records_in(0..count).filter(|_| envelopes) {
            *last_event = record.envelope().map(|envelope| envelope.event_id);
            let latest = self.reached.map_or(Timestamp::MIN, |(_, latest)| latest);
            let recorded_at = record.recorded_at().unwrap_or(Timestamp::MIN);
            self.reached = Some((record.position(), latest.max(recorded_at)));
        }
        let is_there = matches!(as_of, AsOf::Version(last) if *version >= last);
        Ok(count == page.len() && !page.is_last() && !is_there)
    }

    /// Returns how much it has folded beyond the snapshot that it began with.
    pub(super) fn replayed(&self) -> Replayed {
        self.warm.since_snapshot
    }

    /// See the field.
    pub(super) fn reached(&self) -> Option<(Position, Timestamp)> {
        self.reached
    }

    pub(super) fn into_warm(self) -> Warm<A> {
        self.warm
    }
}
