//! The runner as its users hold it.

use std::num::NonZeroUsize;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use esrs_core::Projection;
use esrs_core::subscription::{EventHandler, Subscription, SubscriptionStore};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::live::{self, Live};
use crate::options::{Options, Retries};
use crate::running::Running;
use crate::status::{OnState, Report, State, Status};
use crate::subject::Subject;
use crate::task::Task;

/// Runs projections and event handlers over the log of a store.
///
/// Nothing is run before [`start`](Self::start).
#[must_use = "nothing is run before `start`"]
pub struct Runner {
    store: Arc<dyn SubscriptionStore>,
    options: Options,
    subjects: Vec<Subject>,
    lives: Vec<StartLive>,
    on_state: Option<OnState>,
}

/// Begins to keep rows in memory.
struct StartLive {
    name: &'static str,
    follow: Box<dyn FnOnce(Arc<dyn SubscriptionStore>, Report) -> Following + Send>,
}

type Following = BoxFuture<'static, ()>;

impl Runner {
    /// A runner that runs nothing yet.
    pub fn new(store: impl SubscriptionStore) -> Self {
        Self {
            store: Arc::new(store),
            options: Options::new(),
            subjects: Vec::new(),
            lives: Vec::new(),
            on_state: None,
        }
    }

    /// Also updates the table of `P`, exactly once.
    pub fn project<P: Projection>(self) -> Self {
        self.project_in_parallel::<P>(NonZeroUsize::MIN)
    }

    /// The same, with the events of a batch decoded and folded by so many threads: for a projection whose
    /// own code takes longer than the database. See
    /// [`Projected::in_parallel`](esrs_core::subscription::Projected::in_parallel).
    pub fn project_in_parallel<P: Projection>(mut self, threads: NonZeroUsize) -> Self {
        self.subjects.push(Subject::projection::<P>(threads));
        self
    }

    /// Also gives events to a handler, exactly once.
    pub fn handle<H: EventHandler>(mut self, handler: H) -> Self {
        self.subjects.push(Subject::handler(handler));
        self
    }

    /// Also updates rows in the memory of this process, from the beginning of the log.
    pub fn live<P: Projection>(mut self, rows: &Live<P>) -> Self {
        let rows = rows.clone();
        self.lives.push(StartLive {
            name: P::TABLE.name,
            follow: Box::new(move |store, report| Box::pin(live::follow(rows, store, report))),
        });
        self
    }

    /// Sets the name of this process in [`State::Standby`] and in the table of leases; no two processes may
    /// have the same name at once. A random name by default.
    pub fn named(mut self, name: impl Into<Arc<str>>) -> Self {
        self.options.holder = name.into();
        self
    }

    /// Sets how long a lease lasts when its holder has died, from 30 ms to a day; 15 seconds by default. It is
    /// renewed three times in that time, and counts as lost if no renewal is answered before it ends.
    pub fn lease(mut self, duration: Duration) -> Self {
        self.options.set_lease(duration);
        self
    }

    /// Maximum number of events in a batch, from 1 to 1,000,000; 2,000 by default.
    ///
    /// It does not show in rows, unless users have put constraints on the table: these judge the rows after
    /// the last event of a batch.
    pub fn batch(mut self, events: usize) -> Self {
        self.options.set_batch(events);
        self
    }

    /// Sets how long [`Running::stop`] waits for the current batches and for the release of the leases; 10
    /// seconds by default. A batch that has not ended by then is aborted.
    pub fn stop_timeout(mut self, timeout: Duration) -> Self {
        self.options.stop_timeout = timeout;
        self
    }

    /// Sets how long a subscription may fail before [`Running::failed`] says so; a minute by default. The
    /// runner goes on trying meanwhile, and after it.
    pub fn failure_patience(mut self, patience: Duration) -> Self {
        self.options.failure_patience = patience;
        self
    }

    /// Calls a function whenever the state of a subscription or the number of its parked streams changes:
    /// for logs and metrics of your own. A program that should end when one keeps failing awaits
    /// [`Running::failed`].
    ///
    /// It is called on the subscription's task, which waits for it.
    ///
    /// ```no_run
    /// # use esrs_core::{Projection, subscription::SubscriptionStore};
    /// # fn example<AccountSummary: Projection>(store: impl SubscriptionStore) {
    /// use esrs_runner::{Runner, State};
    ///
    /// let running = Runner::new(store).project::<AccountSummary>().on_state(|status| {
    ///     if let State::Failed { reason } = &status.state {
    ///         eprintln!("{} has failed: {reason}", status.name);
    ///     }
    /// });
    /// # let _ = running; }
    /// ```
    pub fn on_state(mut self, tell: impl Fn(&Status) + Send + Sync + 'static) -> Self {
        self.on_state = Some(Arc::new(tell));
        self
    }

    /// Sets how often a failing event is retried before its stream is parked.
    pub fn retries(mut self, retries: Retries) -> Self {
        self.options.retries = retries;
        self
    }

    /// Sets the interval at which decisions about parked streams are read, at most a second; half a second by
    /// default.
    pub fn look_for_decisions_every(mut self, interval: Duration) -> Self {
        self.options.set_look(interval);
        self
    }

    /// Rebuilds projections whose definition has changed, next to the rows of the old one, which are
    /// read and may be updated by an older program meanwhile; and starts handlers over.
    ///
    /// Without it such a subscription is [`State::Failed`], and the others go on.
    pub fn rebuild_changed(mut self) -> Self {
        self.options.rebuild_changed = true;
        self
    }

    /// Starts to run, on tasks of the runtime that this is called in.
    ///
    /// Of two subscriptions of one name, in whichever case, or one that is registered twice, only the first
    /// is run; the other is [`State::Failed`].
    ///
    /// # Panics
    /// Outside of a Tokio runtime.
    pub fn start(self) -> Running {
        let Self { store, options, subjects, lives, on_state } = self;
        let (stop, stopped) = watch::channel(false);
        let (mut tasks, mut reports) = (JoinSet::new(), Vec::new());
        for StartLive { name, follow } in lives {
            let report = Report::new(name).without_checkpoint().told(on_state.clone());
            reports.push(report.clone());
            let following = follow(store.clone(), report.clone());
            let mut stopped = stopped.clone();
            tasks.spawn(reported(report, async move {
                tokio::select! {
                    () = following => {}
                    _ = stopped.wait_for(|stop| *stop) => {}
                }
            }));
        }
        let mut taken: Vec<Arc<Subscription>> = Vec::new();
        for subject in subjects {
            let subscription = subject.subscriber.subscription().clone();
            let report = Report::new(subscription.name).told(on_state.clone());
            reports.push(report.clone());
            taken.push(subscription);
            if let Err(error) = Subscription::check_distinct(taken.iter().map(|one| &**one)) {
                // Both would hold one lease, and move one checkpoint.
                taken.pop();
                tracing::error!(%error, "a subscription is not run");
                let (reason, mut stopped) = (error.to_string(), stopped.clone());
                tasks.spawn(reported(report.clone(), async move {
                    report.ended(reason);
                    // An error says that nothing is left to stop it.
                    let _ = stopped.wait_for(|stop| *stop).await;
                }));
                continue;
            }
            let (store, options, stop) = (store.clone(), options.clone(), stopped.clone());
            let task = Task { store, options, report: report.clone(), stop };
            tasks.spawn(reported(report, task.run(subject)));
        }
        let Options { stop_timeout, failure_patience, .. } = options;
        Running { store, stop, tasks, reports, stop_timeout, failure_patience }
    }
}

/// Runs a task to its end, and reports what that was.
async fn reported(report: Report, task: impl Future<Output = ()> + Send) {
    // Handlers are guarded one by one; any other panic must not end a task in silence.
    match AssertUnwindSafe(task).catch_unwind().await {
        Ok(()) => report.state(State::Stopped),
        Err(_) => report.ended("it panicked, and has ended".to_owned()),
    }
}
