//! Rows in the memory of a process.

use std::collections::HashMap;
use std::convert::Infallible;
use std::marker::PhantomData;
use std::sync::{Arc, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;

use esrs_core::projection::{AnyPass, ColumnError, Pass, ProjectionError, RowKey, Value};
use esrs_core::subscription::{Parked, SubscriptionStore, WaitTarget};
use esrs_core::{LogMark, Page, Position, Projection, ReadQuery, Record, StoreError, StreamId};
use tokio::sync::watch;

use crate::head::{head, in_time};
use crate::outdated::Newer;
use crate::status::{Report, State};
use crate::{measure, outdated};

/// The pause after the store failed.
const BACK_OFF: Duration = Duration::from_millis(200);

/// The interval at which an idle log is read.
const LOOK: Duration = Duration::from_secs(1);

/// The interval at which an event of a newer program is read again: it stays unreadable for this one,
/// unless the log loses it.
const LOOK_FOR_NEWER: Duration = Duration::from_secs(3);

/// The rows of a projection in the memory of this process, rebuilt from the log when it starts. Its
/// clones share them.
///
/// For what is small or asked very often. A stream of which an event cannot be taken is left as it was
/// before that, with a warning: there is no table to park it in. An event that a newer program has stored
/// stops the rows, visibly ([`State::Outdated`](crate::State::Outdated)).
///
/// ```no_run
/// # use esrs_core::{Projection, subscription::SubscriptionStore};
/// # async fn example<AccountSummary: Projection>(store: impl SubscriptionStore, id: AccountSummary::Key) {
/// use esrs_runner::{Live, Runner};
///
/// let summaries = Live::<AccountSummary>::new();
/// let running = Runner::new(store).live(&summaries).start();
/// let summary = summaries.get(&id);
/// # let _ = (summary, running); }
/// ```
pub struct Live<P: Projection> {
    shared: Arc<Shared>,
    row: PhantomData<fn() -> P>,
}

type Rows = HashMap<RowKey, Vec<Value>>;

struct Shared {
    /// By key, as they would stand in a table.
    rows: RwLock<Rows>,
    progress: watch::Sender<Progress>,
}

/// The progress of the rows.
#[derive(Debug, Clone)]
struct Progress {
    /// All events up to here are in the rows, but for those of streams that are left out.
    position: Position,
    left_out: Vec<LeftOut>,
    /// Why the rows do not go on, if they do not go on by themselves.
    failure: Option<String>,
}

/// A stream that is left out from one of its events on.
#[derive(Debug, Clone)]
struct LeftOut {
    stream: StreamId,
    version: u64,
    position: Position,
    event: String,
    reason: String,
}

impl Progress {
    const NONE: Self = Self { position: Position::START, left_out: Vec::new(), failure: None };

    /// The answer to a wait, if it is known: whether the events that are waited for are in the rows.
    fn answer(
        &self,
        subscription: &'static str,
        target: &WaitTarget,
    ) -> Option<Result<(), StoreError>> {
        if self.position >= target.position {
            let is_waited_for = |left_out: &&LeftOut| {
                left_out.position <= target.position
                    && (target.streams.is_empty() || target.streams.contains(&left_out.stream))
            };
            return Some(match self.left_out.iter().find(is_waited_for) {
                None => Ok(()),
                Some(LeftOut { stream, version, event, reason, .. }) => Err(StoreError::Parked {
                    subscription: subscription.to_owned(),
                    stream: stream.clone(),
                    version: *version,
                    event: event.clone(),
                    reason: reason.clone(),
                }),
            });
        }
        let reason = self.failure.clone()?;
        let subscription = subscription.to_owned();
        Some(Err(StoreError::SubscriptionFailed { subscription, reached: self.position, reason }))
    }
}

impl<P: Projection> Clone for Live<P> {
    fn clone(&self) -> Self {
        Self { shared: self.shared.clone(), row: PhantomData }
    }
}

impl<P: Projection> Default for Live<P> {
    fn default() -> Self {
        Self::new()
    }
}

impl<P: Projection> Live<P> {
    /// No rows; a [`Runner`](crate::Runner::live) fills them.
    pub fn new() -> Self {
        let (rows, progress) = (RwLock::default(), watch::Sender::new(Progress::NONE));
        Self { shared: Arc::new(Shared { rows, progress }), row: PhantomData }
    }

    /// All events up to here are in the rows, but for those of streams that are left out.
    pub fn position(&self) -> Position {
        self.shared.progress.borrow().position
    }

    /// Waits until the events of `target` are in the rows, for at most `timeout`. A position stands for all
    /// events up to it.
    ///
    /// # Errors
    /// - [`StoreError::Parked`] if one of those events cannot be taken, so that its stream is left out;
    /// - [`StoreError::SubscriptionFailed`] if the rows do not go on by themselves: a newer program has
    ///   stored an event that this one cannot read, or the store fails;
    /// - [`StoreError::Lagging`] if the events did not come in time.
    pub async fn wait_for(
        &self,
        target: impl Into<WaitTarget>,
        timeout: Duration,
    ) -> Result<(), StoreError> {
        let (target, subscription) = (target.into(), P::TABLE.name);
        let mut progress = self.shared.progress.subscribe();
        let there = progress.wait_for(|now| now.answer(subscription, &target).is_some());
        let answer = match tokio::time::timeout(timeout, there).await {
            Ok(Ok(now)) => now.answer(subscription, &target),
            // Nobody fills the rows any more; that is found out by the next wait, too.
            Ok(Err(_)) | Err(_) => None,
        };
        answer.unwrap_or_else(|| {
            let (position, reached) = (target.position, self.position());
            Err(StoreError::Lagging { subscription, position, reached, waited: timeout })
        })
    }

    fn rows(&self) -> RwLockReadGuard<'_, Rows> {
        self.shared.rows.read().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    fn rows_mut(&self) -> RwLockWriteGuard<'_, Rows> {
        self.shared.rows.write().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Returns the number of rows.
    pub fn len(&self) -> usize {
        self.rows().len()
    }

    /// Returns true if there are no rows.
    pub fn is_empty(&self) -> bool {
        self.rows().is_empty()
    }
}

impl<P: Projection> Live<P> {
    /// The row of this key, if there is one.
    ///
    /// # Errors
    /// When the key fits no column, or a column does not hold what its field needs.
    pub fn get(&self, key: &P::Key) -> Result<Option<P>, ColumnError> {
        let key = P::key_values(key)?;
        let row = self.rows().get(&key).cloned();
        row.map(P::from_values).transpose()
    }

    /// All rows, in no order.
    ///
    /// # Errors
    /// When a column does not hold what its field needs.
    pub fn all(&self) -> Result<Vec<P>, ColumnError> {
        self.rows().values().cloned().map(P::from_values).collect()
    }
}

/// Follows the log into the rows, for as long as it is polled.
pub(crate) async fn follow<P: Projection>(
    live: Live<P>,
    store: Arc<dyn SubscriptionStore>,
    report: Report,
) {
    let mut follow = Follow { live, pass: Pass::new(), parked: Parked::none(), mark: None, report };
    // Rows that an earlier runner has left say nothing about the streams that it left out.
    follow.start_over();
    loop {
        let Err(error) = follow.run(&*store).await;
        let subscription = P::TABLE.name;
        let newer = match &error {
            StoreError::Projection(error) => Newer::of(error).map(|newer| (error, newer)),
            _ => None,
        };
        let pause = match &newer {
            Some((error, newer)) => {
                tracing::warn!(
                    subscription, %error,
                    "a newer program has stored an event that this one cannot read; its live rows stop here"
                );
                follow.report.state(outdated::state(error, newer));
                LOOK_FOR_NEWER
            }
            None => {
                tracing::warn!(subscription, %error, "live rows do not go on");
                follow.report.state(State::Failed { reason: error.to_string() });
                BACK_OFF
            }
        };
        if let StoreError::HistoryChanged { .. } = error {
            follow.start_over();
        } else if !error.is_transient() {
            let failure = Some(error.to_string());
            follow.live.shared.progress.send_modify(|progress| progress.failure = failure);
        }
        if let Some(head) = in_time(head(&*store)).await {
            follow.report.head(head);
        }
        tokio::time::sleep(pause).await;
    }
}

struct Follow<P: Projection> {
    live: Live<P>,
    pass: Pass<P>,
    parked: Parked,
    /// The last event at or before the position of the rows.
    mark: Option<LogMark>,
    report: Report,
}

impl<P: Projection> Follow<P> {
    async fn run(&mut self, store: &dyn SubscriptionStore) -> Result<Infallible, StoreError> {
        let query = ReadQuery::all().only(self.pass.filter()).with_envelopes();
        let mut page = Page::new();
        loop {
            let from = self.live.position();
            let next = query.clone().after(from).continuing(self.mark);
            page = store.read(next, page).await?;
            let to = page.scanned();
            if to > from {
                self.take_page(&page)?;
            }
            let head = if page.is_last() { to } else { head(store).await? };
            self.report.stands(to, head, self.parked.len());
            self.report.state(State::Following);
            self.live.shared.progress.send_if_modified(|now| now.failure.take().is_some());
            if to == from {
                // A log that lost commits says nothing by itself, so it is read again soon.
                if let Ok(waited) = tokio::time::timeout(LOOK, store.wait_behind(from)).await {
                    waited?;
                }
            }
        }
    }

    /// Takes a page; leaves out the streams of which an event cannot be taken. In front of an event that a
    /// newer program has stored it stops with an error.
    fn take_page(&mut self, page: &Page) -> Result<(), StoreError> {
        let begun = std::time::Instant::now();
        let (mut to, mut mark, mut newer) = (page.scanned(), page.mark(), None);
        let mut left_out = Vec::new();
        while let Err(error) = self.take(page) {
            if Newer::of(&error).is_some() {
                let before = page.records().take_while(|record| record.position() < error.position);
                to = Position::new(error.position.get().saturating_sub(1));
                mark = before.last().and_then(|last| mark_of(&last)).or(self.mark);
                self.parked.take_until(Some(to));
                newer = Some(error);
                continue;
            }
            tracing::warn!(%error, "a stream is not followed any more");
            let ProjectionError { stream, version, position, event, reason, .. } = error;
            self.parked.park(stream.clone(), version);
            left_out.push(LeftOut { stream, version, position, event, reason: reason.to_string() });
        }
        self.parked.take_until(None);
        self.mark = mark;
        self.live.shared.progress.send_modify(|progress| {
            progress.position = to.max(progress.position);
            progress.left_out.append(&mut left_out);
        });
        measure::committed(P::TABLE.name, page.len(), begun.elapsed());
        match newer {
            None => Ok(()),
            Some(error) => {
                let head = page.scanned();
                self.report.stands(to, head, self.parked.len());
                Err(error.into())
            }
        }
    }

    /// Drops rows that were computed from events which the log has lost.
    fn start_over(&mut self) {
        self.live.rows_mut().clear();
        self.live.shared.progress.send_replace(Progress::NONE);
        (self.parked, self.mark) = (Parked::none(), None);
    }

    fn take(&mut self, page: &Page) -> Result<(), ProjectionError> {
        let keys = self.pass.decode(page, &self.parked)?;
        let known = {
            let rows = self.live.rows();
            keys.iter().filter_map(|key| rows.get(key).cloned()).collect()
        };
        let changes = self.pass.change(known)?;
        let mut rows = self.live.rows_mut();
        for key in &changes.deletes {
            rows.remove(key);
        }
        for values in changes.upserts {
            rows.insert(P::TABLE.key_of(&values), values);
        }
        Ok(())
    }
}

fn mark_of(record: &Record<'_>) -> Option<LogMark> {
    let event_id = record.envelope()?.event_id;
    Some(LogMark { position: record.position(), event_id })
}
