//! The threads that read.

mod page;
mod rows;
mod running;
mod streams;

use std::collections::{BTreeSet, HashMap};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread::JoinHandle;

use esrs_core::{Page, ReadQuery, StoreError};
use rusqlite::Connection;

pub(crate) use page::{PageReader, head, stream_row};
pub(crate) use running::Running;
pub(crate) use streams::{count_streams, streams};

use crate::call::AnyCall;
use crate::clock::Clock;
use crate::connection::open_reader;
use crate::error::{Database, Fault};
use crate::guard::Guard;
use crate::queue::{Queue, Queued};

/// The number of steps of SQLite's machine before it is asked whether to go on: below a millisecond.
pub(crate) const STEPS: i32 = 10_000;

/// A job for a reader thread.
pub(crate) struct ReadJob {
    pub(crate) doing: &'static str,
    pub(crate) run: Box<dyn FnOnce(&mut Reader) + Send>,
    pub(crate) call: Arc<dyn AnyCall>,
}

impl Queued for ReadJob {
    fn refuse(self, error: StoreError) {
        self.call.refuse(error);
    }

    fn is_wanted(&self) -> bool {
        self.call.is_wanted()
    }
}

/// The state of one reader thread.
pub(crate) struct Reader {
    pub(crate) connection: Connection,
    pub(crate) guard: Arc<Guard>,
    pub(crate) pages: PageReader,
    pub(crate) database: Arc<Database>,
    /// The tables that queries read, by their text: SQLite tells it only when it compiles one.
    pub(crate) tables: HashMap<String, BTreeSet<String>>,
    running: Arc<Running>,
}

/// The threads that read, and what each is at work on.
#[derive(Default)]
pub(crate) struct Readers {
    pub(crate) threads: Vec<JoinHandle<()>>,
    pub(crate) running: Vec<Arc<Running>>,
}

/// Opens `count` connections, and starts a thread on each.
pub(crate) fn start(
    database: &Arc<Database>,
    count: usize,
    jobs: &Arc<Queue<ReadJob>>,
    clock: &Arc<Clock>,
) -> Result<Readers, Fault> {
    let mut readers = Readers::default();
    for number in 0..count {
        let (mut connection, guard) = open_reader(database)?;
        let running = Running::new(database.timeout, database.location(), clock.clone());
        let running = Arc::new(running);
        let asked = running.clone();
        connection.progress_handler(STEPS, Some(move || !asked.is_wanted()))?;
        let mut reader = Reader {
            connection,
            guard,
            pages: PageReader::default(),
            database: database.clone(),
            tables: HashMap::new(),
            running: running.clone(),
        };
        let jobs = jobs.clone();
        let thread = std::thread::Builder::new()
            .name(format!("esrs-sqlite-read-{number}"))
            .spawn(move || reader.run(&jobs))
            .map_err(|error| Fault::said("starting a thread", error.to_string()))?;
        readers.threads.push(thread);
        readers.running.push(running);
    }
    Ok(readers)
}

impl Reader {
    /// The next page of what `query` asks for, from one snapshot of the file: to take one for each
    /// statement costs a short stream as much as its rows.
    pub(crate) fn read(&mut self, query: &ReadQuery, page: Page) -> Result<Page, Fault> {
        self.connection.prepare_cached("BEGIN")?.execute([])?;
        // After an error the thread ends the transaction.
        let page = self.pages.read(&self.connection, query, page)?;
        self.connection.prepare_cached("COMMIT")?.execute([])?;
        Ok(page)
    }

    fn run(&mut self, jobs: &Queue<ReadJob>) {
        while let Some(ReadJob { doing, run, call }) = jobs.pop() {
            if let Err(fault) = self.database.check_files() {
                call.refuse(self.database.explain(doing, fault));
                continue;
            }
            self.running.begin(doing, call);
            if catch_unwind(AssertUnwindSafe(|| run(self))).is_err() {
                tracing::error!("a read panicked; its caller is told that the store is closed");
            }
            self.running.end();
            // A job that failed, or a query of the user's own, may have left a transaction, which would
            // hold back checkpoints for as long as it lasts.
            if !self.connection.is_autocommit()
                && let Err(error) = self.connection.execute_batch("ROLLBACK")
            {
                tracing::error!(%error, "a reader could not end a transaction");
            }
        }
    }
}
