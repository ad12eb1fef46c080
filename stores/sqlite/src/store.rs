//! The store as its users hold it.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};

use esrs_core::store::Counters;
use esrs_core::subscription::SubscriptionStore;
use esrs_core::{
    AppendBatch, Appended, EventStore, IdempotencyKey, LogId, Page, Position, ReadQuery, Snapshot,
    Stats, StoreError, StreamId,
};
use futures_channel::oneshot;
use futures_core::future::BoxFuture;

use crate::builder::{Options, SqliteStoreBuilder};
use crate::error::{Database, Fault};
use crate::reader::{self, ReadJob, Reader};
use crate::snapshot;
use crate::subscription::{Awaited, Waiting};
use crate::writer::{
    self, PreparedAppend, QueuedAppend, SharedWriter, WriteJob, Writer, find_append,
};

/// A log of events and its read models, in one SQLite file. Its clones share the file.
///
/// The future of an append may be dropped; the append may be stored all the same.
///
/// Closed by [`close`](Self::close), or when the last clone is dropped.
#[derive(Clone)]
pub struct SqliteStore {
    inner: Arc<Inner>,
}

struct Inner {
    database: Arc<Database>,
    jobs: Sender<WriteJob>,
    /// For appends that are committed by whoever asks for them.
    writer: Option<SharedWriter>,
    readers: Sender<ReadJob>,
    reader_count: usize,
    counters: Arc<Counters>,
    waiting: Arc<Waiting>,
}

impl SqliteStore {
    /// Opens a file, or makes it, with what [`builder`](Self::builder) begins with.
    ///
    /// # Errors
    /// Those of [`SqliteStoreBuilder::open`].
    pub async fn open(path: impl Into<PathBuf>) -> Result<Self, StoreError> {
        Self::builder(path).open().await
    }

    /// Says how a file is to be opened.
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
        let (reader_count, commit_on_caller) = (options.readers, options.commit_on_caller);
        let counters = Arc::new(Counters::default());
        let (jobs, queue) = channel();
        let (opened, is_open) = oneshot::channel();
        let waiting = Arc::new(Waiting::default());
        let of_writer = (database.clone(), counters.clone(), waiting.clone());
        let writer_thread = move || {
            let (database, counters, waiting) = of_writer;
            let readers = options.readers;
            let writer = match Writer::open(&database, options, counters, waiting) {
                Ok(writer) => SharedWriter::new(writer),
                Err(fault) => {
                    let _ = opened.send(Err(database.explain_opening(fault)));
                    return;
                }
            };
            let threads = match reader::start(&database, readers) {
                Ok((readers, threads)) => {
                    // If nobody waits for the store any more, both queues end here and now.
                    let _ = opened.send(Ok((readers, writer.clone())));
                    threads
                }
                Err(fault) => {
                    let _ = opened.send(Err(database.explain_opening(fault)));
                    return;
                }
            };
            let closed = writer::run(&writer, &queue);
            // What comes from now on is told that the store is closed.
            drop(queue);
            for thread in threads {
                if thread.join().is_err() {
                    tracing::error!("a reader of the store panicked");
                }
            }
            // The last connection to be closed is one that can empty the write-ahead log.
            writer.close();
            if let Some(closed) = closed {
                let _ = closed.send(());
            }
        };
        std::thread::Builder::new()
            .name("esrs-sqlite-write".to_owned())
            .spawn(writer_thread)
            .map_err(|error| StoreError::Database {
                doing: "starting a thread",
                source: error.into(),
            })?;
        let (readers, writer) = is_open.await.unwrap_or(Err(StoreError::Closed))?;
        let writer = commit_on_caller.then_some(writer);
        let inner = Inner { database, jobs, writer, readers, reader_count, counters, waiting };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.inner.database.path
    }

    /// How much it has written since it was opened.
    pub fn stats(&self) -> Stats {
        self.inner.counters.stats()
    }

    /// Closes the file, for all clones, when what was asked for before is done.
    ///
    /// What is asked for later is answered with [`StoreError::Closed`].
    pub async fn close(&self) {
        for _ in 0..self.inner.reader_count {
            // It fails when the reader is gone already.
            let _ = self.inner.readers.send(ReadJob::Close);
        }
        let (closed, is_closed) = oneshot::channel();
        if self.inner.jobs.send(WriteJob::Close(closed)).is_ok() {
            // It is cancelled when another clone was faster.
            let _ = is_closed.await;
        }
    }

    pub(crate) fn explain(&self, doing: &'static str, fault: Fault) -> StoreError {
        self.inner.database.explain(doing, fault)
    }

    /// Queues a job for the writer thread; it is dropped if the store is closed.
    pub(crate) fn queue(&self, job: Box<dyn FnOnce(&mut Writer) + Send>) {
        let _ = self.inner.jobs.send(WriteJob::Run(job));
    }

    /// Waits for what is not there yet.
    pub(crate) fn enter(
        &self,
        awaited: Awaited,
        seen: Position,
    ) -> Result<oneshot::Receiver<Result<Position, StoreError>>, StoreError> {
        self.inner.waiting.enter(awaited, seen, &self.inner.readers)
    }

    /// Runs a job on the writer thread, behind what is queued there.
    pub(crate) async fn on_writer<T: Send + 'static>(
        &self,
        doing: &'static str,
        job: impl FnOnce(&mut Writer) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (reply, answer) = oneshot::channel();
        let job = Box::new(move |writer: &mut Writer| {
            let done = job(writer).map_err(|fault| writer.database.explain(doing, fault));
            // Who does not wait any more does not have to be told.
            let _ = reply.send(done);
        });
        self.inner.jobs.send(WriteJob::Run(job)).map_err(|_| StoreError::Closed)?;
        answer.await.unwrap_or(Err(StoreError::Closed))
    }

    /// Runs a job on one of the reader threads.
    pub(crate) async fn on_reader<T: Send + 'static>(
        &self,
        doing: &'static str,
        job: impl FnOnce(&mut Reader) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (reply, answer) = oneshot::channel();
        let job = Box::new(move |reader: &mut Reader| {
            let done = job(reader).map_err(|fault| reader.database.explain(doing, fault));
            // Who does not wait any more does not have to be told.
            let _ = reply.send(done);
        });
        self.inner.readers.send(ReadJob::Run(job)).map_err(|_| StoreError::Closed)?;
        answer.await.unwrap_or(Err(StoreError::Closed))
    }
}

impl EventStore for SqliteStore {
    fn append(&self, batch: AppendBatch) -> BoxFuture<'_, Result<Appended, StoreError>> {
        Box::pin(async move {
            let append = PreparedAppend::new(batch)?;
            let attempt = match &self.inner.writer {
                Some(writer) => writer.commit_at_once(append),
                None => Err(append),
            };
            let append = match attempt {
                Ok(answer) => return answer,
                Err(append) => append,
            };
            let (reply, answer) = oneshot::channel();
            let job = WriteJob::Append(QueuedAppend::new(append, reply));
            self.inner.jobs.send(job).map_err(|_| StoreError::Closed)?;
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

    fn save_snapshot(&self, snapshot: Snapshot) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(self.on_writer("saving a snapshot", move |writer| {
            writer.transact(|writer| snapshot::save(&writer.connection, &snapshot))
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
