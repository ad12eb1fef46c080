//! The store as its users hold it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use esrs_core::store::Counters;
use esrs_core::subscription::SubscriptionStore;
use esrs_core::{
    AppendBatch, Appended, EventStore, IdempotencyKey, Imported, LogId, NewEvent, Page, Position,
    ReadQuery, Snapshot, Stats, StoreError, StreamId, StreamsQuery,
};
use futures_core::future::BoxFuture;
use tokio::sync::{mpsc, oneshot};

use crate::builder::PostgresStoreBuilder;
use crate::connect::{Client, Connector};
use crate::error::{Location, is_busy, is_lost};
use crate::key_lookups::{self, KeyLookups};
use crate::limit::{Elapsed, Timer};
use crate::listen::{Listener, Notifier, notify};
use crate::names::Names;
use crate::pool::{self, Attempts, Lent, Pool, Reader, ask};
use crate::snapshot;
use crate::sql::Sql;
use crate::subscription::{Inline, Registered, Subscriptions};
use crate::writer::{Job, PreparedAppend, QueuedAppend, Room, Writer};

/// A log of events in a PostgreSQL database. Its clones share their connections.
///
/// It works under any executor, on connections that live on the Tokio runtime on which it was opened:
/// when that ends, the store is closed.
///
/// The future of an append may be dropped; the append may be stored all the same.
///
/// Closed by [`close`](Self::close), or when the last clone is dropped.
#[derive(Clone)]
pub struct PostgresStore {
    inner: Arc<Inner>,
}

struct Inner {
    shared: Arc<Shared>,
    jobs: mpsc::UnboundedSender<Job>,
}

/// The connections of a store, but for those that append, import and listen.
///
/// A call that has a connection of one pool waits for none of that pool: a step, whose handler may read,
/// has another than reads have, and a lease is renewed while all steps and readers are busy.
pub(crate) struct Pools {
    pub(crate) readers: Pool,
    pub(crate) steps: Pool,
    /// For leases, which are short.
    pub(crate) control: Pool,
}

impl Pools {
    pub(crate) fn new(connector: &Connector, readers: usize) -> Self {
        Self {
            readers: Pool::new(connector.clone(), "reading", readers),
            steps: Pool::new(connector.clone(), "the steps of subscriptions", readers),
            control: Pool::new(connector.with_lock_timeout(LEASE_LOCK), "leases", 1),
        }
    }

    fn close(&self) {
        [&self.readers, &self.steps, &self.control].into_iter().for_each(Pool::close);
    }
}

/// The longest time that a claim waits for the row of its lease.
pub(crate) const LEASE_LOCK: Duration = Duration::from_secs(1);

/// The part that readers and the writer share.
pub(crate) struct Shared {
    pub(crate) connector: Connector,
    pub(crate) pools: Pools,
    pub(crate) timer: Timer,
    pub(crate) sql: Sql,
    pub(crate) names: Names,
    pub(crate) location: Location,
    pub(crate) busy_timeout: Duration,
    pub(crate) timeout: Duration,
    pub(crate) poll_interval: Duration,
    pub(crate) max_payload: usize,
    pub(crate) writer: Writer,
    pub(crate) room: Room,
    pub(crate) listener: Listener,
    pub(crate) notifier: Notifier,
    pub(crate) counters: Counters,
    pub(crate) key_lookups: KeyLookups,
    pub(crate) subscriptions: Subscriptions,
    /// The read models that are registered at the builder.
    pub(crate) inline: Vec<Registered>,
}

impl Shared {
    /// Takes note of a statement that has stored so many appends.
    pub(crate) fn committed(&self, appends: usize) {
        if appends > 0 {
            self.counters.stored(appends);
            self.counters.committed();
            self.notifier.appended();
        }
    }

    /// The longest time that one call takes.
    pub(crate) fn longest_call(&self) -> Duration {
        self.busy_timeout + self.timeout
    }

    /// The answer of a call, or an error when its time is over.
    pub(crate) async fn in_time<T>(
        &self,
        limit: Duration,
        call: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        let answer = self.timer.within(limit, call).await;
        answer.unwrap_or_else(|elapsed| Err(self.elapsed(elapsed, limit)))
    }

    /// The error when there was no answer.
    pub(crate) fn elapsed(&self, elapsed: Elapsed, limit: Duration) -> StoreError {
        match elapsed {
            Elapsed::Time => self.location.timed_out("waiting for its answer", limit),
            Elapsed::Runtime => StoreError::Closed,
        }
    }

    fn lent(&self, client: Lent) -> Reader<'_> {
        let Self { sql, names, location, .. } = self;
        Reader { client, sql, names, location }
    }

    /// A connection that reads, once one is free.
    pub(crate) async fn reader(&self) -> Result<Reader<'_>, StoreError> {
        let Self { pools, busy_timeout, timer, location, .. } = self;
        pools.readers.get(*busy_timeout, timer, location).await.map(|client| self.lent(client))
    }

    /// A connection for leases.
    pub(crate) async fn control(&self) -> Result<Reader<'_>, StoreError> {
        let Self { pools, busy_timeout, timer, location, .. } = self;
        pools.control.get(*busy_timeout, timer, location).await.map(|client| self.lent(client))
    }

    /// A connection for a step.
    pub(crate) async fn step(&self) -> Result<Lent, StoreError> {
        let Self { pools, busy_timeout, timer, location, .. } = self;
        pools.steps.get(*busy_timeout, timer, location).await
    }

    /// A connection that reads, and does not belong to a pool: for a transaction that others wait for.
    pub(crate) async fn reader_aside(&self) -> Result<Reader<'_, Box<Client>>, StoreError> {
        let Self { sql, names, location, connector, .. } = self;
        let connected = connector.connect().await;
        let client = Box::new(connected.map_err(|error| pool::not_connected(error, location))?);
        Ok(Reader { client, sql, names, location })
    }

    /// Counts how often something is asked that changes nothing, or nothing more when it is asked twice.
    pub(crate) fn attempts(&self) -> Attempts {
        Attempts { left: self.pools.readers.size() }
    }

    /// The error for an append that was sent and not answered.
    pub(crate) fn unknown(&self, elapsed: Elapsed) -> StoreError {
        let reason = match elapsed {
            Elapsed::Time => format!("no answer within {:?}", self.longest_call()),
            Elapsed::Runtime => "the runtime on which the store was opened has ended".to_owned(),
        };
        StoreError::Unknown { reason }
    }

    /// Returns the error of an append that failed.
    pub(crate) fn explain_append(
        &self,
        doing: &'static str,
        error: &tokio_postgres::Error,
    ) -> StoreError {
        if is_lost(error) {
            let reason = format!("the connection was lost: {}", crate::error::said(error));
            return StoreError::Unknown { reason };
        }
        if is_busy(error) {
            let (location, waited) = (self.location.to_string(), self.busy_timeout);
            return StoreError::Busy { location, waited };
        }
        self.location.explain_to_each(doing, error)
    }
}

impl PostgresStore {
    /// Opens the log in the database of this url, or makes it, with what [`builder`](Self::builder)
    /// begins with.
    ///
    /// # Errors
    /// Those of [`PostgresStoreBuilder::open`].
    pub async fn open(url: &str) -> Result<Self, StoreError> {
        Self::builder(url).open().await
    }

    /// Returns the settings by which a log is opened.
    ///
    /// ```no_run
    /// # async fn example() -> Result<(), esrs_core::StoreError> {
    /// use esrs_postgres::PostgresStore;
    ///
    /// let store = PostgresStore::builder("postgres://bank@localhost/bank")
    ///     .schema("ledger")
    ///     .readers(8)
    ///     .open()
    ///     .await?;
    /// # Ok(()) }
    /// ```
    pub fn builder(url: &str) -> PostgresStoreBuilder {
        PostgresStoreBuilder::new(url)
    }

    pub(crate) fn start(shared: Arc<Shared>, inline: Inline) -> Self {
        let (jobs, queue) = mpsc::unbounded_channel();
        let runtime = shared.connector.runtime();
        runtime.spawn(crate::writer::run(shared.clone(), queue, inline));
        runtime.spawn(notify(Arc::downgrade(&shared)));
        Self { inner: Arc::new(Inner { shared, jobs }) }
    }

    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.inner.shared
    }

    /// Returns how much it has written since it was opened.
    pub fn stats(&self) -> Stats {
        self.shared().counters.stats()
    }

    /// Waits until an event stands behind `position`, and answers with the position of the last.
    ///
    /// It is woken by the append, from whichever process that comes, and looks by itself every
    /// [`poll_interval`](PostgresStoreBuilder::poll_interval), should that go amiss. It waits for as
    /// long as that takes: wrap it in a timeout.
    ///
    /// # Errors
    /// Returns [`StoreError::Busy`], [`StoreError::TimedOut`] or [`StoreError::Unavailable`] if the database
    /// does not answer, and [`StoreError::Database`] for its other errors.
    pub async fn wait_behind(&self, position: Position) -> Result<Position, StoreError> {
        let shared = self.inner.shared.clone();
        let waiting = async move {
            let Shared { listener, connector, sql, poll_interval, .. } = &*shared;
            let mut appended = listener.subscribe(connector, &sql.listen);
            loop {
                appended.mark_unchanged();
                let head = ask!(shared, |reader| reader.head())?;
                if head > position {
                    return Ok(head);
                }
                // After the interval, or when the listener has ended, it looks all the same.
                let _ = tokio::time::timeout(*poll_interval, appended.changed()).await;
            }
        };
        // The timer needs the runtime of the store, whoever waits.
        let task = AbortOnDrop(self.shared().connector.runtime().spawn(waiting));
        task.join().await
    }

    /// Closes the store, for all clones, when the appends that were requested before are done, or after
    /// the time of one [call](PostgresStoreBuilder::timeout).
    ///
    /// Later calls return [`StoreError::Closed`].
    pub async fn close(&self) {
        let (closed, is_closed) = oneshot::channel();
        if self.inner.jobs.send(Job::Close(closed)).is_ok() {
            // It is cancelled when another clone was faster.
            let Shared { timer, .. } = &**self.shared();
            let _ = timer.within(self.shared().longest_call(), is_closed).await;
        }
        self.shared().room.close();
        self.shared().pools.close();
        self.shared().listener.stop();
    }

    async fn append_batch(&self, batch: AppendBatch) -> Result<Appended, StoreError> {
        let shared = self.shared();
        batch.check_payloads(shared.max_payload)?;
        let append = PreparedAppend::new(batch)?;
        if self.inner.jobs.is_closed() {
            return Err(StoreError::Closed);
        }
        let give_up_at = Instant::now() + shared.busy_timeout;
        let ends_at = give_up_at + shared.timeout;
        let append = match shared.writer.append_at_once(append, shared, ends_at).await {
            Ok(answer) => return answer,
            Err(append) => append,
        };
        let place = shared.room.enter(shared, &append, give_up_at).await?;
        let (reply, answer) = oneshot::channel();
        let job = Job::Append(QueuedAppend::new(append, give_up_at, place, reply));
        // A job that is not taken answers when it is dropped.
        drop(self.inner.jobs.send(job));
        match shared.timer.until(ends_at, answer).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) => {
                let reason = "the writer of the store panicked".to_owned();
                Err(StoreError::Unknown { reason })
            }
            Err(elapsed) => Err(shared.unknown(elapsed)),
        }
    }
}

/// A task that ends when nobody waits for it any more.
pub(crate) struct AbortOnDrop<T>(pub(crate) tokio::task::JoinHandle<Result<T, StoreError>>);

impl<T> AbortOnDrop<T> {
    pub(crate) async fn join(mut self) -> Result<T, StoreError> {
        // It is cancelled when the runtime of the store ends.
        (&mut self.0).await.unwrap_or(Err(StoreError::Closed))
    }
}

impl<T> Drop for AbortOnDrop<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl EventStore for PostgresStore {
    fn append(&self, batch: AppendBatch) -> BoxFuture<'_, Result<Appended, StoreError>> {
        Box::pin(self.append_batch(batch))
    }

    fn read(&self, query: ReadQuery, page: Page) -> BoxFuture<'_, Result<Page, StoreError>> {
        Box::pin(async move {
            let (shared, mut page) = (self.shared(), Some(page));
            ask!(shared, |reader| reader.read(&query, page.take().unwrap_or_default()))
        })
    }

    fn find_append(
        &self,
        stream: StreamId,
        key: IdempotencyKey,
    ) -> BoxFuture<'_, Result<Option<Appended>, StoreError>> {
        let shared = self.shared();
        Box::pin(async move {
            let found = key_lookups::find(shared, &stream, &key).await?;
            found.map(|stored| stored.answer(&stream, &key)).transpose()
        })
    }

    fn import_chunk(
        &self,
        events: Vec<(StreamId, NewEvent)>,
    ) -> BoxFuture<'_, Result<Imported, StoreError>> {
        Box::pin(async move { self.import_by(events, &mut None).await })
    }

    fn save_snapshot(&self, snapshot: Snapshot) -> BoxFuture<'_, Result<(), StoreError>> {
        let shared = self.shared();
        Box::pin(async move {
            snapshot.check()?;
            ask!(shared, |reader| snapshot::save(&reader, &snapshot))
        })
    }

    fn streams(&self, query: StreamsQuery) -> BoxFuture<'_, Result<Vec<StreamId>, StoreError>> {
        Box::pin(async move {
            let shared = self.shared();
            ask!(shared, |reader| reader.streams(&query))
        })
    }

    fn count_streams(&self, category: String) -> BoxFuture<'_, Result<u64, StoreError>> {
        Box::pin(async move {
            let shared = self.shared();
            ask!(shared, |reader| reader.count_streams(&category))
        })
    }

    fn as_subscription_store(&self) -> Option<&dyn SubscriptionStore> {
        Some(self)
    }

    fn log_id(&self) -> LogId {
        LogId::of(&self.inner)
    }
}

impl std::fmt::Debug for PostgresStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Shared { location, sql, .. } = &**self.shared();
        f.debug_struct("PostgresStore")
            .field("database", &location.name)
            .field("schema", &sql.schema)
            .finish_non_exhaustive()
    }
}
