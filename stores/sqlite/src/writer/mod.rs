//! The thread that writes.

mod append;
mod event_ids;
mod event_row;
mod files;
mod find;
mod group;
mod one;
mod project;
mod shared;
mod versions;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use esrs_core::store::Counters;
use esrs_core::{Appended, EventKind, LogMark, Page, Position, StoreError, StreamId};
use futures_channel::oneshot;
use rusqlite::Connection;

pub(crate) use append::PreparedAppend;
use event_ids::EventIds;
use files::LastLook;
pub(crate) use find::by_key as find_append;
use group::Group;
pub(crate) use shared::SharedWriter;
use versions::Versions;

use crate::builder::Options;
use crate::cache::Ids;
use crate::connection::open_writer;
use crate::error::{Database, Fault, said};
use crate::guard::Guard;
use crate::history;
use crate::projection::Inline;
use crate::queue::{Queue, Queued};
use crate::reader::{PageReader, STEPS};
use crate::room::Place;
use crate::subscription::Waiting;

/// A job for the writer thread.
pub(crate) enum WriteJob {
    Append(QueuedAppend),
    Run(Box<dyn WriterWork>),
}

/// Anything but an append that the writer thread does.
pub(crate) trait WriterWork: Send {
    fn run(self: Box<Self>, writer: &mut Writer);

    /// As of [`Queued`].
    fn refuse(self: Box<Self>, error: StoreError);

    /// As of [`Queued`].
    fn is_wanted(&self) -> bool;
}

impl Queued for WriteJob {
    fn refuse(self, error: StoreError) {
        match self {
            Self::Append(append) => append.answer(Err(error)),
            Self::Run(work) => work.refuse(error),
        }
    }

    /// An append whose caller is gone before it was begun is not stored: its caller would not know.
    fn is_wanted(&self) -> bool {
        match self {
            Self::Append(append) => append.is_wanted(),
            Self::Run(work) => work.is_wanted(),
        }
    }
}

/// An append, and the caller that waits for its answer.
pub(crate) struct QueuedAppend {
    append: PreparedAppend,
    /// Its room in the queue, until it is answered.
    _place: Place,
    reply: Option<oneshot::Sender<Result<Appended, StoreError>>>,
}

impl QueuedAppend {
    pub(crate) fn new(
        append: PreparedAppend,
        place: Place,
        reply: oneshot::Sender<Result<Appended, StoreError>>,
    ) -> Self {
        Self { append, _place: place, reply: Some(reply) }
    }

    fn is_wanted(&self) -> bool {
        self.reply.as_ref().is_some_and(|reply| !reply.is_canceled())
    }

    fn answer(mut self, answer: Result<Appended, StoreError>) {
        if let Some(reply) = self.reply.take() {
            // A caller that does not wait any more does not have to be told.
            let _ = reply.send(answer);
        }
    }
}

/// The state of the writer thread.
pub(crate) struct Writer {
    pub(crate) connection: Connection,
    pub(crate) guard: Arc<Guard>,
    pub(crate) database: Arc<Database>,
    /// The last event that was committed when the writer last looked: what it remembers is true for as
    /// long as the log holds that.
    anchor: Option<LogMark>,
    last_look: LastLook,
    kinds: Ids<EventKind>,
    streams: Ids<StreamId>,
    event_ids: EventIds,
    versions: Versions,
    counters: Arc<Counters>,
    /// For read models. It remembers only what is committed: it never reads what this transaction
    /// has inserted.
    pub(crate) pages: PageReader,
    pub(crate) inline: Vec<Inline>,
    /// The page in which an append's own events are given to inline read models.
    page: Page,
    pub(crate) waiting: Arc<Waiting>,
}

impl Writer {
    pub(crate) fn open(
        database: &Arc<Database>,
        options: Options,
        counters: Arc<Counters>,
        waiting: Arc<Waiting>,
    ) -> Result<Self, Fault> {
        let (mut connection, guard) = open_writer(&options, database)?;
        let asked = guard.clone();
        connection.progress_handler(STEPS, Some(move || asked.is_over()))?;
        let mut writer = Self {
            connection,
            guard,
            database: database.clone(),
            anchor: None,
            last_look: LastLook::default(),
            kinds: Ids::new(),
            streams: Ids::new(),
            event_ids: EventIds::default(),
            versions: Versions::default(),
            counters,
            pages: PageReader::default(),
            inline: options.inline.into_iter().map(Inline::new).collect::<Result<_, _>>()?,
            page: Page::new(),
            waiting,
        };
        for inline in &writer.inline {
            database.owners.add(inline.subscription())?;
            database.known.add(inline.subscription());
        }
        writer.prepare_inline(options.rebuild_changed)?;
        Ok(writer)
    }

    /// Runs `work` as one transaction.
    pub(crate) fn transact<T>(
        &mut self,
        work: impl FnOnce(&mut Self) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        self.begin()?;
        let done = work(self).and_then(|done| self.commit().map(|()| done));
        if done.is_err() {
            self.roll_back();
        }
        done
    }

    /// Looks for the end of the log, at the begin of a transaction. Whatever is remembered of a log that
    /// lost events is dropped.
    pub(crate) fn follow_history(&mut self) -> Result<Position, Fault> {
        let look = history::look(&self.connection, self.anchor)?;
        if !look.holds {
            history::check_tables(&self.connection)?;
            self.kinds = Ids::new();
            self.streams = Ids::new();
            self.event_ids = EventIds::default();
            self.versions = Versions::default();
        }
        self.anchor = look.head;
        Ok(look.position())
    }

    fn begin(&mut self) -> Result<(), Fault> {
        self.check_files()?;
        Ok(self.connection.prepare_cached("BEGIN IMMEDIATE")?.execute([]).map(drop)?)
    }

    fn commit(&mut self) -> Result<(), Fault> {
        let committed = self.connection.prepare_cached("COMMIT")?.execute([]);
        self.committed(committed.map(drop))
    }

    /// Takes note of the result of a commit.
    fn committed(&mut self, committed: rusqlite::Result<()>) -> Result<(), Fault> {
        match committed {
            Ok(()) => {
                self.kinds.committed();
                self.streams.committed();
                self.event_ids.committed();
                self.counters.committed();
                self.check_files_after_commit()
            }
            // What the system refused to sync may yet be found in the file after a crash.
            Err(error)
                if error.sqlite_error_code() == Some(rusqlite::ErrorCode::SystemIoFailure) =>
            {
                let reason = format!("the commit failed: {}", said(&error));
                Err(Fault::Store(StoreError::Unknown { reason }))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Ends the transaction, if there is one, and forgets what it has added.
    pub(crate) fn roll_back(&mut self) {
        if !self.connection.is_autocommit()
            && let Err(error) = self.connection.execute_batch("ROLLBACK")
        {
            tracing::error!(%error, "a transaction could not be rolled back");
        }
        self.kinds.forget_since(0);
        self.streams.forget_since(0);
        self.event_ids.rolled_back();
    }
}

/// Works until the store is closed, or dropped, and what was queued before is done.
pub(crate) fn run(writer: &SharedWriter, jobs: &Queue<WriteJob>) {
    let mut next = None;
    while let Some(job) = next.take().or_else(|| next_job(jobs)) {
        match job {
            WriteJob::Append(first) => {
                let mut group = Group::of(first);
                while !group.is_full() {
                    match jobs.try_pop() {
                        Some(WriteJob::Append(queued)) => group.push(queued),
                        Some(other) => {
                            next = Some(other);
                            break;
                        }
                        None => break,
                    }
                }
                writer.with(|writer| writer.commit_group(group));
            }
            WriteJob::Run(work) => writer.with(|writer| {
                if catch_unwind(AssertUnwindSafe(|| work.run(writer))).is_err() {
                    tracing::error!("a job of the writer panicked, and was rolled back");
                }
                writer.roll_back();
            }),
        }
    }
}

/// The next job; `None` once nobody can ask for one any more.
///
/// A caller that was just answered often asks again at once, and to wake a thread that sleeps takes
/// longer than that: so it looks for a short while before it sleeps.
fn next_job(jobs: &Queue<WriteJob>) -> Option<WriteJob> {
    const SHORT_WHILE: Duration = Duration::from_micros(50);
    let begin = Instant::now();
    loop {
        match jobs.try_pop() {
            None if begin.elapsed() < SHORT_WHILE => std::thread::yield_now(),
            None => return jobs.pop(),
            job => return job,
        }
    }
}
