//! Rebuilding a projection, on request.

use std::sync::Arc;
use std::time::Duration;

use esrs_core::subscription::{Projected, SubscriptionStore};
use esrs_core::{Position, Projection, StoreError};
use tokio::sync::watch;

use crate::follow::Ended;
use crate::options::{Options, Retries};
use crate::status::{Report, State, Status};
use crate::task::Task;

/// The progress of a rebuild.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// It has taken all events up to here.
    pub position: Position,
    /// Where the log ended, when it was last looked.
    pub head: Position,
}

impl Progress {
    /// Returns the part of the log that is applied, from 0 to 1.
    pub fn ratio(self) -> f64 {
        match self.head.get() {
            0 => 1.0,
            head => (self.position.get() as f64 / head as f64).min(1.0),
        }
    }
}

/// Rebuilds the rows of a projection from the whole log, next to those that are read and updated
/// meanwhile, and puts them in their place at once.
///
/// One that was begun and did not finish is gone on with, whichever process had begun it; while one
/// process builds, another that is asked to waits for its end, and then builds again. A caller that reads the
/// old rows in a transaction that stays open is waited for, with a warning in the log.
///
/// ```no_run
/// # use esrs_core::{Projection, StoreError, subscription::SubscriptionStore};
/// # async fn example<AccountSummary: Projection>(store: impl SubscriptionStore) -> Result<(), StoreError> {
/// use esrs_runner::Rebuild;
///
/// let up_to = Rebuild::new(store)
///     .on_progress(|progress| println!("{:.0} %", progress.ratio() * 100.0))
///     .run::<AccountSummary>()
///     .await?;
/// # let _ = up_to;
/// # Ok(()) }
/// ```
#[must_use = "nothing is built before `run`"]
pub struct Rebuild {
    store: Arc<dyn SubscriptionStore>,
    options: Options,
    on_progress: Box<dyn FnMut(Progress) + Send>,
}

impl Rebuild {
    /// A rebuild over the log of this store.
    pub fn new(store: impl SubscriptionStore) -> Self {
        let (options, on_progress) = (Options::new(), Box::new(|_| {}));
        Self { store: Arc::new(store), options, on_progress }
    }

    /// Tells whenever it has come further.
    pub fn on_progress(mut self, tell: impl FnMut(Progress) + Send + 'static) -> Self {
        self.on_progress = Box::new(tell);
        self
    }

    /// Maximum number of events in a batch, from 1 to 1,000,000; 2,000 by default.
    pub fn batch(mut self, events: usize) -> Self {
        self.options.set_batch(events);
        self
    }

    /// Sets how often a failing event is retried before its stream is parked.
    pub fn retries(mut self, retries: Retries) -> Self {
        self.options.retries = retries;
        self
    }

    /// Sets how long another process waits before it continues a rebuild whose process has died, from 30 ms
    /// to a day; 15 seconds by default.
    pub fn lease(mut self, duration: Duration) -> Self {
        self.options.set_lease(duration);
        self
    }

    /// Builds the rows of `P`, and says up to where they go.
    ///
    /// An event that cannot be taken parks its stream, as it does in a [`Runner`](crate::Runner).
    ///
    /// # Errors
    /// Returns [`StoreError::ProjectionTable`] if the rows that are asked cannot be taken away, or if this
    /// program writes them otherwise than they are read,
    /// [`StoreError::Projection`] if an event was stored by a newer program and cannot be read by this one,
    /// and the errors of the database. What was built stays, and the next rebuild goes on with it.
    pub async fn run<P: Projection>(self) -> Result<Position, StoreError> {
        let Self { store, mut options, mut on_progress } = self;
        options.is_patient = false;
        Projected::<P>::subscription_of().check()?;
        let (_go_on, stop) = watch::channel(false);
        let report = Report::new(P::TABLE.name);
        let mut told = report.subscribe();
        let mut task = Task { store, options, report, stop };
        let building = async {
            loop {
                let subscriber = Box::new(Projected::<P>::building());
                match task.hold(subscriber).await.1? {
                    Ended::Replaced(position) => return Ok(position),
                    Ended::Outdated(error) => return Err(StoreError::Projection(error)),
                    Ended::LeaseLost | Ended::Stopped => {}
                    Ended::HistoryChanged(error) => {
                        tracing::warn!(subscription = P::TABLE.name, %error, "building again");
                        tokio::time::sleep(Duration::from_millis(200)).await;
                    }
                }
            }
        };
        let telling = async {
            while told.changed().await.is_ok() {
                let Status { state, position, head, .. } = told.borrow_and_update().clone();
                if state == State::Rebuilding {
                    on_progress(Progress { position, head: head.unwrap_or(position) });
                }
            }
            std::future::pending().await
        };
        tokio::select! {
            built = building => built,
            never = telling => never,
        }
    }
}
