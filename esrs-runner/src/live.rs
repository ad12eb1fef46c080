//! Rows in the memory of a process.

use std::collections::HashMap;
use std::marker::PhantomData;
use std::sync::{Arc, RwLock, RwLockReadGuard};
use std::time::Duration;

use esrs_core::projection::{AnyPass, ColumnError, Pass, ProjectionError, RowKey, Value};
use esrs_core::subscription::{Parked, SubscriptionStore};
use esrs_core::{Page, Position, Projection, ReadQuery, StoreError};
use tokio::sync::watch;

use crate::measure;
use crate::status::{Report, State};

/// How long to wait after the store failed.
const BACK_OFF: Duration = Duration::from_millis(200);

/// The rows of a projection in the memory of this process, made anew from the log when it starts. Its
/// clones share them.
///
/// For what is small or asked very often. A stream of which an event cannot be taken is left as it was
/// before that, with a warning: there is no table to park it in.
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
    position: watch::Sender<Position>,
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
        let (rows, position) = (RwLock::default(), watch::Sender::new(Position::START));
        Self { shared: Arc::new(Shared { rows, position }), row: PhantomData }
    }

    /// All events up to here are in the rows.
    pub fn position(&self) -> Position {
        *self.shared.position.borrow()
    }

    /// Waits until all events up to `position` are in the rows, for no longer than this.
    ///
    /// # Errors
    /// [`StoreError::Lagging`] when they did not come in time.
    pub async fn wait_for(&self, position: Position, timeout: Duration) -> Result<(), StoreError> {
        let mut reached = self.shared.position.subscribe();
        let there = reached.wait_for(|reached| *reached >= position);
        match tokio::time::timeout(timeout, there).await {
            Ok(_) => Ok(()),
            Err(_) => Err(StoreError::Lagging {
                subscription: P::TABLE.name,
                position,
                reached: self.position(),
                waited: timeout,
            }),
        }
    }

    fn rows(&self) -> RwLockReadGuard<'_, Rows> {
        self.shared.rows.read().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.rows().len()
    }

    /// Whether there is none.
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
    let mut follow = Follow { live, pass: Pass::new(), parked: Parked::none(), report };
    loop {
        if let Err(error) = follow.run(&*store).await {
            tracing::warn!(subscription = P::TABLE.name, %error, "live rows do not go on");
            follow.report.state(State::Failed { reason: error.to_string() });
            tokio::time::sleep(BACK_OFF).await;
        }
    }
}

struct Follow<P: Projection> {
    live: Live<P>,
    pass: Pass<P>,
    parked: Parked,
    report: Report,
}

impl<P: Projection> Follow<P> {
    async fn run(&mut self, store: &dyn SubscriptionStore) -> Result<(), StoreError> {
        let query = ReadQuery::all().only(self.pass.filter()).with_envelopes();
        let mut page = Page::new();
        loop {
            let from = self.live.position();
            page = store.read(query.clone().after(from), page).await?;
            self.report.state(State::Following);
            let to = page.scanned();
            if to == from {
                store.wait_behind(from).await?;
                continue;
            }
            let begun = std::time::Instant::now();
            while let Err(error) = self.take(&page) {
                tracing::warn!(%error, "a stream is not followed any more");
                self.parked.park(error.stream, error.version);
            }
            self.live.shared.position.send_replace(to);
            measure::committed(P::TABLE.name, page.len(), begun.elapsed());
            let head = if page.is_last() { to } else { self.report.status().head };
            self.report.stands(to, head, self.parked.len());
        }
    }

    fn take(&mut self, page: &Page) -> Result<(), ProjectionError> {
        let keys = self.pass.decode(page, &self.parked)?;
        let known = {
            let rows = self.live.rows();
            keys.iter().filter_map(|key| rows.get(key).cloned()).collect()
        };
        let changes = self.pass.change(known)?;
        let mut rows =
            self.live.shared.rows.write().unwrap_or_else(|poisoned| poisoned.into_inner());
        for key in &changes.deletes {
            rows.remove(key);
        }
        for values in changes.upserts {
            rows.insert(P::TABLE.key_of(&values), values);
        }
        Ok(())
    }
}
