//! The runner as its users hold it.

use std::num::NonZeroUsize;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use esrs_core::Projection;
use esrs_core::subscription::{EventHandler, SubscriptionStore};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::live::{self, Live};
use crate::options::{Options, Retries};
use crate::running::Running;
use crate::status::{Report, State};
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
}

/// Begins to keep rows in memory.
type StartLive =
    Box<dyn FnOnce(Arc<dyn SubscriptionStore>) -> (Report, BoxFuture<'static, ()>) + Send>;

impl Runner {
    /// A runner that runs nothing yet.
    pub fn new(store: impl SubscriptionStore) -> Self {
        Self {
            store: Arc::new(store),
            options: Options::new(),
            subjects: Vec::new(),
            lives: Vec::new(),
        }
    }

    /// Also keeps the table of `P`, exactly once.
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

    /// Also keeps rows in the memory of this process, from the beginning of the log.
    pub fn live<P: Projection>(mut self, rows: &Live<P>) -> Self {
        let rows = rows.clone();
        self.lives.push(Box::new(move |store| {
            let report = Report::new(P::TABLE.name);
            (report.clone(), Box::pin(live::follow(rows, store, report)))
        }));
        self
    }

    /// Who this is to other processes, in [`State::Standby`] and in the table of leases; no two may have
    /// the same name at once. A random one unless this says otherwise.
    pub fn named(mut self, name: impl Into<Arc<str>>) -> Self {
        self.options.holder = name.into();
        self
    }

    /// How long a lease lasts when its holder has died: 15 seconds unless this says otherwise. It is
    /// renewed three times in that.
    pub fn lease(mut self, duration: Duration) -> Self {
        self.options.lease = duration.max(Duration::from_millis(30));
        self
    }

    /// At most so many events in a batch: 2,000 unless this says otherwise.
    pub fn batch(mut self, events: usize) -> Self {
        self.options.batch = events.max(1);
        self
    }

    /// How often an event that cannot be taken is tried again before its stream is parked.
    pub fn retries(mut self, retries: Retries) -> Self {
        self.options.retries = retries;
        self
    }

    /// How often decisions about parked streams are looked for: twice a second unless this says
    /// otherwise.
    pub fn look_for_decisions_every(mut self, interval: Duration) -> Self {
        self.options.look = interval;
        self
    }

    /// Builds projections whose definition has changed anew, beside the rows of the old one, which are
    /// asked and may be kept by an older program meanwhile; and starts handlers over.
    ///
    /// Without it such a subscription is [`State::Failed`], and the others go on.
    pub fn rebuild_changed(mut self) -> Self {
        self.options.rebuild_changed = true;
        self
    }

    /// Starts to run, on tasks of the runtime that this is called in.
    ///
    /// # Panics
    /// Outside of a Tokio runtime.
    pub fn start(self) -> Running {
        let Self { store, options, subjects, lives } = self;
        let (stop, stopped) = watch::channel(false);
        let (mut tasks, mut reports) = (JoinSet::new(), Vec::new());
        for start in lives {
            let (report, following) = start(store.clone());
            reports.push(report.clone());
            let mut stopped = stopped.clone();
            tasks.spawn(async move {
                tokio::select! {
                    () = following => {}
                    _ = stopped.wait_for(|stop| *stop) => {}
                }
                report.state(State::Stopped);
            });
        }
        for subject in subjects {
            let report = Report::new(subject.subscriber.subscription().name);
            reports.push(report.clone());
            let (store, options, stop) = (store.clone(), options.clone(), stopped.clone());
            tasks.spawn(async move {
                let task = Task { store, options, report: report.clone(), stop }.run(subject);
                // Handlers are guarded one by one; whatever else panics is not to end in silence.
                report.state(match AssertUnwindSafe(task).catch_unwind().await {
                    Ok(()) => State::Stopped,
                    Err(_) => State::Failed { reason: "it panicked, and has ended".to_owned() },
                });
            });
        }
        Running::new(stop, tasks, reports)
    }
}
