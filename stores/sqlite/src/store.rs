//! The store as its users hold it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use esrs_core::store::Counters;
use esrs_core::subscription::SubscriptionStore;
use esrs_core::{
    AppendBatch, AppendCondition, Appended, EventStore, IdempotencyKey, Imported, LogId, NewEvent,
    Page, ReadQuery, Snapshot, Stats, StoreError, StreamId, StreamsQuery,
};
use futures_channel::oneshot;
use futures_core::future::BoxFuture;

use crate::builder::{Options, SqliteStoreBuilder};
use crate::call::{AnyCall, Call};
use crate::clock::{Clock, earlier};
use crate::closing::Closing;
use crate::error::{Database, Fault};
use crate::queue::Queue;
use crate::reader::{self, ReadJob, Reader, Readers};
use crate::room::Room;
use crate::snapshot;
use crate::subscription::Waiting;
use crate::within_step;
use crate::writer::{
    self, PreparedAppend, QueuedAppend, SharedWriter, WriteJob, Writer, WriterWork, find_append,
};

/// A log of events and its read models, in one SQLite file. Its clones share the file.
///
/// The future of an append may be dropped; the append may be stored all the same, unless it was not begun
/// yet. Every call has a time limit: see [`busy_timeout`](SqliteStoreBuilder::busy_timeout) and
/// [`timeout`](SqliteStoreBuilder::timeout).
///
/// Closed by [`close`](Self::close), or when the last clone is dropped.
#[derive(Clone)]
pub struct SqliteStore {
    inner: Arc<Inner>,
}

struct Inner {
    database: Arc<Database>,
    threads: Threads,
    /// For appends that are committed by the thread that asks for them.
    writer: Option<SharedWriter>,
    counters: Arc<Counters>,
    waiting: Arc<Waiting>,
}

/// Handles to the threads of a store. They end when this is dropped.
struct Threads {
    jobs: Arc<Queue<WriteJob>>,
    /// The bound of the appends among the jobs.
    room: Arc<Room>,
    readers: Arc<Queue<ReadJob>>,
    closing: Arc<Closing>,
    clock: Arc<Clock>,
}

impl Threads {
    fn close(&self) {
        self.readers.close();
        self.jobs.close();
        self.room.close();
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        self.close();
    }
}

impl SqliteStore {
    /// Opens a file, or makes it, with what [`builder`](Self::builder) begins with.
    ///
    /// # Errors
    /// Those of [`SqliteStoreBuilder::open`].
    pub async fn open(path: impl Into<PathBuf>) -> Result<Self, StoreError> {
        Self::builder(path).open().await
    }

    /// Returns the settings by which a file is opened.
    ///
    /// ```no_run
    /// # async fn example() -> Result<(), esrs_core::StoreError> {
    /// use std::time::Duration;
    /// use esrs_sqlite::SqliteStore;
    ///
    /// let store = SqliteStore::builder("bank.db")
    ///     .busy_timeout(Duration::from_secs(30))
    ///     .max_size(10 * 1024 * 1024 * 1024)
    ///     .open()
    ///     .await?;
    /// # Ok(()) }
    /// ```
    pub fn builder(path: impl Into<PathBuf>) -> SqliteStoreBuilder {
        SqliteStoreBuilder::new(path.into())
    }

    pub(crate) async fn start(database: Database, options: Options) -> Result<Self, StoreError> {
        let database = Arc::new(database);
        let commit_on_caller = options.commit_on_caller;
        let counters = Arc::new(Counters::default());
        let clock = Arc::new(Clock::new());
        let wait = database.queue_timeout();
        let (location, count) = (database.location(), options.readers);
        let all_readers = format!("{location} (its {count} reader threads)");
        let threads = Threads {
            room: Room::new(location.clone(), wait, clock.clone()),
            jobs: Arc::new(Queue::new(location, wait, clock.clone())),
            readers: Arc::new(Queue::new(all_readers, wait, clock.clone())),
            closing: Arc::default(),
            clock: clock.clone(),
        };
        let waiting = Arc::new(Waiting::new(clock.clone(), threads.readers.clone()));
        let (opened, is_open) = oneshot::channel();
        let of_thread = (database.clone(), counters.clone(), waiting.clone());
        let (jobs, readers) = (threads.jobs.clone(), threads.readers.clone());
        let closing = threads.closing.clone();
        let writer_thread = move || {
            let (database, counters, waiting) = of_thread;
            match open(&database, options, (counters, waiting), &readers, &clock) {
                Ok((writer, started)) => {
                    // If nobody waits for the store any more, both queues are closed.
                    let _ = opened.send(Ok((writer.clone(), started.running)));
                    writer::run(&writer, &jobs);
                    for thread in started.threads {
                        if thread.join().is_err() {
                            tracing::error!("a reader of the store panicked");
                        }
                    }
                    // The last connection to be closed is one that can empty the write-ahead log.
                    writer.close();
                }
                Err(fault) => {
                    // The readers that were started end with their queue.
                    readers.close();
                    let _ = opened.send(Err(database.explain_opening(fault)));
                }
            }
            closing.end();
            clock.end();
        };
        spawn("esrs-sqlite-write", writer_thread)?;
        let (writer, running) = is_open.await.unwrap_or(Err(StoreError::Closed))?;
        let expiring = (
            (threads.jobs.clone(), threads.room.clone()),
            threads.readers.clone(),
            threads.closing.clone(),
            waiting.clone(),
        );
        let clock = threads.clock.clone();
        spawn("esrs-sqlite-clock", move || {
            let ((jobs, room), readers, closing, waiting) = expiring;
            clock.run(|now| {
                let mut next = earlier(jobs.expire(now), readers.expire(now));
                next = earlier(next, room.expire(now));
                for running in &running {
                    next = earlier(next, running.expire(now));
                }
                next = earlier(next, closing.expire(now, &running));
                earlier(next, waiting.expire(now))
            });
        })?;
        let writer = commit_on_caller.then_some(writer);
        let inner = Inner { database, threads, writer, counters, waiting };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// The file, or `:memory:`.
    pub fn path(&self) -> &Path {
        &self.inner.database.path
    }

    /// Returns how much it has written since it was opened.
    pub fn stats(&self) -> Stats {
        self.inner.counters.stats()
    }

    /// Closes the file, for all clones, when what was asked for before is done.
    ///
    /// What is asked for later is answered with [`StoreError::Closed`]. It returns after at most twice the
    /// [`busy_timeout`](SqliteStoreBuilder::busy_timeout): reads that take longer are stopped with
    /// [`StoreError::Closed`]; an event handler that takes longer goes on, and the file is closed when it
    /// ends.
    pub async fn close(&self) {
        let Threads { closing, clock, .. } = &self.inner.threads;
        self.inner.threads.close();
        let closed = closing.wait(self.inner.database.queue_timeout(), clock);
        if closed.await.is_err() {
            tracing::warn!(
                "the store was still at work when its time to close was over, as in an event handler; \
                 the file is closed when that ends"
            );
        }
    }

    pub(crate) fn explain(&self, doing: &'static str, fault: Fault) -> StoreError {
        self.inner.database.explain(doing, fault)
    }

    pub(crate) fn refuse_within_step(&self, doing: &'static str) -> Result<(), StoreError> {
        within_step::refuse(doing, &self.inner.database)
    }

    pub(crate) fn waiting(&self) -> &Arc<Waiting> {
        &self.inner.waiting
    }

    /// Queues a job for the writer thread.
    pub(crate) fn queue(&self, work: Box<dyn WriterWork>) {
        self.inner.threads.jobs.push(WriteJob::Run(work));
    }

    /// Runs a job on the writer thread, behind what is queued there. It is not begun if its future is
    /// dropped before.
    pub(crate) async fn on_writer<T: Send + 'static>(
        &self,
        doing: &'static str,
        job: impl FnOnce(&mut Writer) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.refuse_within_step(doing)?;
        let (call, answer) = Call::new();
        self.queue(Box::new(OnWriter { doing, call, job }));
        answer.await.unwrap_or(Err(StoreError::Closed))
    }

    /// Runs a job on one of the reader threads. It is stopped if its future is dropped.
    pub(crate) async fn on_reader<T: Send + 'static>(
        &self,
        doing: &'static str,
        job: impl FnOnce(&mut Reader) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.refuse_within_step(doing)?;
        let (call, answer) = Call::new();
        let of_job = call.clone();
        let run = Box::new(move |reader: &mut Reader| {
            let done = job(reader).map_err(|fault| reader.database.explain(doing, fault));
            of_job.answer(done);
        });
        self.inner.threads.readers.push(ReadJob { doing, run, call });
        answer.await.unwrap_or(Err(StoreError::Closed))
    }
}

/// A job of the writer thread, and its caller.
struct OnWriter<T, J> {
    doing: &'static str,
    call: Arc<Call<T>>,
    job: J,
}

impl<T, J> WriterWork for OnWriter<T, J>
where
    T: Send,
    J: FnOnce(&mut Writer) -> Result<T, Fault> + Send,
{
    fn run(self: Box<Self>, writer: &mut Writer) {
        let Self { doing, call, job } = *self;
        call.answer(job(writer).map_err(|fault| writer.database.explain(doing, fault)));
    }

    fn refuse(self: Box<Self>, error: StoreError) {
        self.call.refuse(error);
    }

    fn is_wanted(&self) -> bool {
        self.call.is_wanted()
    }
}

/// Opens the connections, and starts the threads that read.
fn open(
    database: &Arc<Database>,
    options: Options,
    (counters, waiting): (Arc<Counters>, Arc<Waiting>),
    readers: &Arc<Queue<ReadJob>>,
    clock: &Arc<Clock>,
) -> Result<(SharedWriter, Readers), Fault> {
    let count = options.readers;
    let writer = Writer::open(database, options, counters, waiting)?;
    Ok((SharedWriter::new(writer), reader::start(database, count, readers, clock)?))
}

fn spawn(name: &str, run: impl FnOnce() + Send + 'static) -> Result<(), StoreError> {
    let started = std::thread::Builder::new().name(name.to_owned()).spawn(run);
    started
        .map(drop)
        .map_err(|error| StoreError::Database { doing: "starting a thread", source: error.into() })
}

impl EventStore for SqliteStore {
    fn append(&self, batch: AppendBatch) -> BoxFuture<'_, Result<Appended, StoreError>> {
        Box::pin(async move {
            self.refuse_within_step("appending events")?;
            batch.check_payloads(self.inner.database.max_payload)?;
            let append = PreparedAppend::new(batch)?;
            let attempt = match &self.inner.writer {
                Some(writer) => writer.commit_at_once(append),
                None => Err(append),
            };
            let append = match attempt {
                Ok(answer) => return answer,
                Err(append) => append,
            };
            let place = self.inner.threads.room.enter(append.bytes()).await?;
            let (reply, answer) = oneshot::channel();
            let until = place.until;
            let queued = QueuedAppend::new(append, place, reply);
            self.inner.threads.jobs.push_until(until, WriteJob::Append(queued));
            answer.await.unwrap_or_else(|_| {
                let reason = "the writer of the store panicked".to_owned();
                Err(StoreError::Unknown { reason })
            })
        })
    }

    fn read(&self, query: ReadQuery, page: Page) -> BoxFuture<'_, Result<Page, StoreError>> {
        Box::pin(self.on_reader("reading events", move |reader| reader.read(&query, page)))
    }

    fn find_append(
        &self,
        stream: StreamId,
        key: IdempotencyKey,
    ) -> BoxFuture<'_, Result<Option<Appended>, StoreError>> {
        Box::pin(self.on_reader("looking for an idempotency key", move |reader| {
            find_append(&reader.connection, &stream, &key)
        }))
    }

    fn import_chunk(
        &self,
        events: Vec<(StreamId, NewEvent)>,
    ) -> BoxFuture<'_, Result<Imported, StoreError>> {
        Box::pin(async move {
            let chunk = events.into_iter().map(|(stream, event)| {
                let append = AppendBatch::new(stream, AppendCondition::Any, vec![event]);
                append.check_payloads(self.inner.database.max_payload)?;
                PreparedAppend::new(append)
            });
            let chunk = chunk.collect::<Result<Vec<_>, _>>()?;
            self.on_writer("importing events", move |writer| writer.import(&chunk)).await
        })
    }

    fn save_snapshot(&self, snapshot: Snapshot) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(async move {
            snapshot.check()?;
            let saved = self.on_writer("saving a snapshot", move |writer| {
                writer.transact(|writer| snapshot::save(&writer.connection, &snapshot))
            });
            saved.await
        })
    }

    fn streams(&self, query: StreamsQuery) -> BoxFuture<'_, Result<Vec<StreamId>, StoreError>> {
        Box::pin(self.on_reader("listing streams", move |reader| {
            reader::streams(&reader.connection, &query)
        }))
    }

    fn count_streams(&self, category: String) -> BoxFuture<'_, Result<u64, StoreError>> {
        Box::pin(self.on_reader("counting streams", move |reader| {
            reader::count_streams(&reader.connection, &category)
        }))
    }

    fn as_subscription_store(&self) -> Option<&dyn SubscriptionStore> {
        Some(self)
    }

    fn log_id(&self) -> LogId {
        LogId::of(&self.inner)
    }
}

impl std::fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SqliteStore").field("path", &self.path()).finish_non_exhaustive()
    }
}
