//! The threads that read.

mod page;
mod rows;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use esrs_core::{Page, ReadQuery};
use rusqlite::Connection;

pub(crate) use page::{PageReader, head, stream_row};

use crate::connection::open_reader;
use crate::error::{Database, Fault};
use crate::guard::Guard;

/// What a reader thread is asked for.
pub(crate) enum ReadJob {
    Run(Box<dyn FnOnce(&mut Reader) + Send>),
    /// Ends the one thread that takes it.
    Close,
}

/// What one reader thread owns.
pub(crate) struct Reader {
    pub(crate) connection: Connection,
    pub(crate) guard: Arc<Guard>,
    pub(crate) pages: PageReader,
    pub(crate) database: Arc<Database>,
}

/// Opens `count` connections, and starts a thread on each.
pub(crate) fn start(
    database: &Arc<Database>,
    count: usize,
) -> Result<(Sender<ReadJob>, Vec<JoinHandle<()>>), Fault> {
    let (sender, receiver) = channel();
    let receiver = Arc::new(Mutex::new(receiver));
    let mut threads = Vec::with_capacity(count);
    for number in 0..count {
        let (connection, guard) = open_reader(database)?;
        let mut reader =
            Reader { connection, guard, pages: PageReader::default(), database: database.clone() };
        let receiver = receiver.clone();
        let thread = std::thread::Builder::new()
            .name(format!("esrs-sqlite-read-{number}"))
            .spawn(move || reader.run(&receiver))
            .map_err(|error| Fault::said("starting a thread", error.to_string()))?;
        threads.push(thread);
    }
    Ok((sender, threads))
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

    fn run(&mut self, jobs: &Mutex<Receiver<ReadJob>>) {
        loop {
            // Whoever waits for the next job holds the lock; the others wait for the lock.
            let job = jobs.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).recv();
            let Ok(ReadJob::Run(job)) = job else { return };
            if catch_unwind(AssertUnwindSafe(|| job(self))).is_err() {
                tracing::error!("a read panicked; whoever asked for it is told that it is closed");
            }
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
