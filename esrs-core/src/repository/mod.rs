//! Where commands meet a store.

mod error;
mod execute;
mod fold;
mod follow;
mod history;
mod instance_ids;
mod instances;
mod load;
#[cfg(feature = "opentelemetry")]
mod opentelemetry;
mod pages;
mod repetitions;
mod returned;
mod running;
mod snapshots;
mod trace_source;
mod unit;
mod wait_for;
mod warm;

use std::fmt;
use std::sync::Arc;

pub use error::{ExecuteError, LoadError, SnapshotError};
pub(crate) use execute::CommandOf;
pub use execute::{Execute, Executed};
pub(crate) use fold::fold;
pub use follow::{EventStoreExt, Follow, FollowOf};
pub use history::{History, HistoryBackwards, Moment, PastEvent};
pub use instance_ids::InstanceIds;
pub use load::{ComparedState, Loaded};
pub use returned::{Answer, Returned};
pub use snapshots::{SnapshotPolicy, SnapshotState};
pub use unit::{Rejection, Together, Unit};
pub use wait_for::WaitFor;
pub use warm::WarmStates;

use crate::aggregate::Aggregate;
use crate::event::{Clock, StreamId, SystemClock, TraceContext};
use crate::store::EventStore;
use instances::Instances;
use pages::PagePool;
use repetitions::Repetitions;
use snapshots::{Codec, Snapshots};
use trace_source::TraceSource;
use warm::Warm;

/// Loads the instances of one aggregate from a store, and executes commands on them.
///
/// Cheap to clone; the clones share the store, the cached states, and the turns: commands of one
/// process on one instance wait for each other, and do not race.
///
/// ```
#[doc = include_str!("../doc/bank_account.txt")]
/// use esrs_core::{Loaded, MemoryStore, Repository};
///
/// let accounts = Repository::<BankAccount>::new(MemoryStore::new());
/// let id = "NL-18".to_owned();
/// accounts.execute(&id, Deposit { cents: 500 }).by("alice").await?;
/// let account = accounts.load(&id).await?;
/// assert_eq!((account.cents, Loaded::version(&account)), (500, 1));
/// # Ok(()) }
/// ```
pub struct Repository<A: Aggregate> {
    store: Arc<dyn EventStore>,
    clock: Arc<dyn Clock>,
    pages: Arc<PagePool>,
    max_attempts: u32,
    instances: Arc<Instances<A>>,
    snapshots: Option<Arc<Snapshots<A>>>,
    repetitions: Arc<Repetitions>,
    trace_source: TraceSource,
}

impl<A: Aggregate> Repository<A> {
    /// The number of times that a command is tried against a newer state, unless
    /// [`with_max_attempts`](Self::with_max_attempts) says otherwise.
    pub const DEFAULT_MAX_ATTEMPTS: u32 = 8;

    /// A repository over a store, with the clock of the system.
    pub fn new(store: impl EventStore) -> Self {
        Self {
            store: Arc::new(store),
            clock: Arc::new(SystemClock),
            pages: Arc::new(PagePool::default()),
            max_attempts: Self::DEFAULT_MAX_ATTEMPTS,
            instances: Arc::new(Instances::new(WarmStates::default())),
            snapshots: None,
            repetitions: Arc::default(),
            trace_source: TraceSource::default(),
        }
    }

    /// The same repository with another clock.
    #[must_use]
    pub fn with_clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// The same repository, which tries a command so many times, once at least: when another writer
    /// appended first, the instance is loaded again and the command is handled again.
    #[must_use]
    pub fn with_max_attempts(mut self, attempts: u32) -> Self {
        self.max_attempts = attempts.max(1);
        self
    }

    /// The same repository, which asks here for the W3C trace context of a command that brings none
    /// of its own; its events carry it.
    ///
    /// It is asked when the command is awaited, in the caller's span: a span of esrs may be filtered
    /// out, and that of the caller is what people look for. With the feature `opentelemetry` a
    /// repository picks up the context of [`tracing::Span::current`] by itself, as a layer of
    /// `tracing_opentelemetry` knows it; `|| None` stops that.
    ///
    /// ```text
    /// let accounts = accounts.with_trace_context(|| request()?.header("traceparent")?.parse().ok());
    /// ```
    #[must_use]
    pub fn with_trace_context(
        mut self,
        context: impl Fn() -> Option<TraceContext> + Send + Sync + 'static,
    ) -> Self {
        self.trace_source = TraceSource::new(context);
        self
    }

    /// The same repository, which caches so many recent states, so that the next command on an
    /// instance takes one round trip to the store: its append. 1,000 unless this says otherwise.
    ///
    /// A state that has become old, because another process or another repository has written, is
    /// found out by the append's expected version, and before a command is rejected.
    #[must_use]
    pub fn with_warm_states(mut self, warm: WarmStates<A>) -> Self {
        self.instances = Arc::new(Instances::new(warm));
        self
    }

    /// The same repository, which stores snapshots in its store, so that a load begins with the last
    /// of them and not with the first event.
    ///
    /// They are written on a thread of their own, when a load or a command finds that one is due. A
    /// snapshot of another fold or of another shape of the state is never used, and the next takes
    /// its place. One that would not be read as the state that was written is not stored: an error is
    /// logged by `tracing`, and [`write_snapshot`](Self::write_snapshot) returns it.
    ///
    /// The state derives what a [`SnapshotState`] needs: `Schema`, `Serialize`, `Deserialize` and
    /// `PartialEq`.
    ///
    /// ```
    #[doc = include_str!("../doc/bank_account.txt")]
    /// use esrs_core::{MemoryStore, Repository, SnapshotPolicy};
    ///
    /// let accounts = Repository::<BankAccount>::new(MemoryStore::new())
    ///     .with_snapshots(SnapshotPolicy::every(100));
    /// let id = "NL-18".to_owned();
    /// for _ in 0..250 {
    ///     accounts.execute(&id, Deposit { cents: 1 }).await?;
    /// }
    /// accounts.snapshots_written().await;
    /// // It begins with the state of a snapshot, and folds what came behind that.
    /// assert_eq!(accounts.load(&id).await?.cents, 250);
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn with_snapshots(mut self, policy: SnapshotPolicy) -> Self
    where
        A: SnapshotState,
    {
        self.snapshots = Some(Arc::new(Snapshots::new(policy, self.store.clone())));
        self
    }

    /// Writes a snapshot of an instance now, and answers with the version that it is of.
    ///
    /// # Errors
    /// [`SnapshotError`] when the repository stores none, the instance cannot be loaded, or its state
    /// would not be read as it was written.
    pub async fn write_snapshot(&self, id: &A::Id) -> Result<u64, SnapshotError> {
        let snapshots = self.snapshots.as_ref().ok_or(SnapshotError::NoPolicy)?;
        let stream = load::stream_of::<A>(id).map_err(LoadError::from)?;
        let mut page = self.pages.take();
        let written = snapshots.write(&*self.store, &stream, &mut page).await;
        self.pages.put(page);
        written
    }

    /// Waits until the snapshots that are due are written, or were given up: before a program ends,
    /// and in tests.
    pub async fn snapshots_written(&self) {
        if let Some(snapshots) = &self.snapshots {
            snapshots.written().await;
        }
    }

    fn codec(&self) -> Option<Codec<A>> {
        self.snapshots.as_ref().map(|snapshots| snapshots.codec)
    }

    fn snapshot_if_due(&self, stream: &StreamId, warm: &mut Warm<A>) {
        if let Some(snapshots) = &self.snapshots {
            snapshots.if_due(stream, warm.version, &mut warm.since_snapshot);
        }
    }

    /// Executes a command on an instance: load it, handle the command, append the events.
    ///
    /// Nothing happens until the builder that it returns is awaited. The command may be awaited on
    /// any thread, so it is `Send` and `Sync`.
    pub fn execute<'a, C>(&'a self, id: &A::Id, command: C) -> Execute<'a, A, C, A::Requires>
    where
        C: CommandOf<A> + Send + Sync,
    {
        Execute::new(self, id.clone(), command)
    }
}

impl<A: Aggregate> Clone for Repository<A> {
    fn clone(&self) -> Self {
        Self {
            store: self.store.clone(),
            clock: self.clock.clone(),
            pages: self.pages.clone(),
            max_attempts: self.max_attempts,
            instances: self.instances.clone(),
            snapshots: self.snapshots.clone(),
            repetitions: self.repetitions.clone(),
            trace_source: self.trace_source.clone(),
        }
    }
}

impl<A: Aggregate> fmt::Debug for Repository<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Repository")
            .field("aggregate", &A::NAME)
            .field("max_attempts", &self.max_attempts)
            .finish_non_exhaustive()
    }
}
