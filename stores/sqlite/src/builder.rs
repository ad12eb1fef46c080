//! Opening a store.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Duration;

use esrs_core::subscription::InlineOwners;
use esrs_core::{AppendBatch, Projection, StoreError};
use uuid::Uuid;

use crate::SqliteStore;
use crate::error::Database;
use crate::projection::{Known, Registered};

/// When an append counts as stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Synchronous {
    /// When it is on disk: each commit is synced. What was answered survives a power cut.
    #[default]
    Full,
    /// When the operating system has it: only checkpoints are synced. What was answered survives
    /// the end of the process; a power cut may lose the last commits, and never corrupts the file.
    Normal,
}

impl Synchronous {
    pub(crate) fn pragma(self) -> &'static str {
        match self {
            Self::Full => "FULL",
            Self::Normal => "NORMAL",
        }
    }
}

pub(crate) struct Options {
    pub(crate) synchronous: Synchronous,
    pub(crate) readers: usize,
    pub(crate) max_size: Option<u64>,
    pub(crate) inline: Vec<Registered>,
    pub(crate) rebuild_changed: bool,
    pub(crate) commit_on_caller: bool,
}

/// The database in memory, of a name that no other has, if the path says so.
///
/// By SQLite's own file system in memory: connections of one process share it, and lock it as they lock a
/// file. <https://www.sqlite.org/src/doc/trunk/src/memdb.c>
fn memory(path: &Path) -> Option<String> {
    let is_memory = path.to_str() == Some(":memory:");
    is_memory.then(|| format!("file:/esrs-{}?vfs=memdb", Uuid::now_v7().simple()))
}

/// The settings of a store; made by [`SqliteStore::builder`].
#[must_use = "nothing is opened before `open`"]
pub struct SqliteStoreBuilder {
    database: Database,
    options: Options,
}

impl SqliteStoreBuilder {
    /// The [`busy_timeout`](Self::busy_timeout) of a builder that sets none.
    pub const DEFAULT_BUSY_TIMEOUT: Duration = Duration::from_secs(5);
    /// The [`timeout`](Self::timeout) of a builder that sets none.
    pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(30);
    /// SQLite counts this wait in milliseconds, as a number of 32 bits.
    const SHORTEST_WAIT: Duration = Duration::from_millis(1);
    const LONGEST_WAIT: Duration = Duration::from_millis(i32::MAX as u64);
    /// Each is a thread, a connection and two open files.
    const MOST_READERS: usize = 256;

    pub(crate) fn new(path: PathBuf) -> Self {
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        Self {
            database: Database {
                memory: memory(&path),
                path,
                busy_timeout: Self::DEFAULT_BUSY_TIMEOUT,
                timeout: Self::DEFAULT_TIMEOUT,
                max_payload: AppendBatch::MAX_PAYLOAD_LENGTH,
                files: OnceLock::new(),
                known: Known::default(),
                owners: InlineOwners::default(),
                overwritten: OnceLock::new(),
            },
            options: Options {
                synchronous: Synchronous::default(),
                readers: cores.clamp(2, 4),
                max_size: None,
                inline: Vec::new(),
                rebuild_changed: false,
                commit_on_caller: false,
            },
        }
    }

    /// Sets how long a call waits for a file that another process holds, before it returns
    /// [`StoreError::Busy`]; and before that, how long it waits for a thread of this store that is at
    /// work for others, which is 100 milliseconds at least.
    ///
    /// A read begins within this time, and a write is stored or refused within twice this time, apart
    /// from the time that the disk takes to sync it.
    ///
    /// Values outside of 1 millisecond to 2,147,483,647 milliseconds (24 days) are clamped to that
    /// range.
    pub fn busy_timeout(mut self, timeout: Duration) -> Self {
        self.database.busy_timeout = timeout.clamp(Self::SHORTEST_WAIT, Self::LONGEST_WAIT);
        self
    }

    /// When an append counts as stored; [`Synchronous::Full`] unless this says otherwise.
    pub fn synchronous(mut self, synchronous: Synchronous) -> Self {
        self.options.synchronous = synchronous;
        self
    }

    /// Sets how long a read, a query, or a statement of an event handler may run, before it is stopped
    /// with [`StoreError::TimedOut`].
    ///
    /// Values outside of 1 millisecond to 2,147,483,647 milliseconds (24 days) are clamped to that
    /// range.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.database.timeout = timeout.clamp(Self::SHORTEST_WAIT, Self::LONGEST_WAIT);
        self
    }

    /// Sets how many threads read, each with a connection of its own.
    ///
    /// Values outside of 1 to 256 are clamped to that range.
    pub fn readers(mut self, readers: usize) -> Self {
        self.options.readers = readers.clamp(1, Self::MOST_READERS);
        self
    }

    /// Sets how long a payload may be, in bytes; a longer one is refused with [`StoreError::Limit`] before
    /// anything is stored. Without it, and at most, that is
    /// [`AppendBatch::MAX_PAYLOAD_LENGTH`](esrs_core::AppendBatch::MAX_PAYLOAD_LENGTH), 16 MiB.
    ///
    /// A payload that is stored already is read, whatever its length is.
    pub fn max_payload(mut self, bytes: usize) -> Self {
        self.database.max_payload = bytes.min(AppendBatch::MAX_PAYLOAD_LENGTH);
        self
    }

    /// Sets how large this store lets the file grow, in bytes; an append beyond it returns
    /// [`StoreError::Full`], and can be repeated once the bound is raised.
    ///
    /// A bound below the size of the file, 0 included, lets the file not grow at all: it can still be
    /// opened and read. A new file needs room for its tables, about 150 kB; below that
    /// [`open`](Self::open) returns [`StoreError::Full`]. SQLite counts whole pages, and at most
    /// 4,294,967,294 of them.
    ///
    /// The bound is not stored in the file. The file of the write-ahead log next to it, usually a few
    /// megabytes, does not count.
    pub fn max_size(mut self, bytes: u64) -> Self {
        self.options.max_size = Some(bytes);
        self
    }

    /// Keeps the table of `P` up to date in the transaction of every append of this store: a reader of
    /// what was appended finds the rows that follow from it.
    ///
    /// The table is created and caught up when the store is opened, and again before an append, if
    /// another process without `P` has appended meanwhile. An append whose events `P` cannot take, or
    /// whose rows the table refuses, returns [`StoreError::Projection`] or [`StoreError::RowRefused`],
    /// and nothing of it is stored.
    ///
    /// What others have appended refuses nothing: the stream of such an event is parked, and an operator
    /// retries or skips the event as with a runner. An event of a newer version than this program knows
    /// is not parked; the call returns its error. Where a newer definition has built the rows, the store
    /// works without them and logs a warning.
    pub fn inline<P: Projection>(mut self) -> Self {
        self.options.inline.push(Registered::new::<P>());
        self
    }

    /// Rebuilds the tables of inline projections whose definition has changed, while the store is opened:
    /// from the whole log, in one transaction each.
    ///
    /// Without it such a table is an error, [`StoreError::ProjectionChanged`]: to rebuild a large one
    /// takes a while, and an older program that still runs has no rows any more. A definition that was
    /// replaced before is not built again; see [`StoreError::ProjectionSuperseded`].
    pub fn rebuild_changed(mut self) -> Self {
        self.options.rebuild_changed = true;
        self
    }

    /// Lets an append commit on the thread that polls it, whenever nobody else is committing; those
    /// that meet another are queued and committed together, as they always are without it.
    ///
    /// For a program with one client at a time, such as a command line tool or an import: it spares
    /// the way to the thread that writes and back. The thread waits for the disk meanwhile, and for
    /// another process that holds the file, so a server's async tasks are better off without it.
    ///
    /// ```no_run
    /// # async fn example() -> Result<(), esrs_core::StoreError> {
    /// use esrs_sqlite::SqliteStore;
    ///
    /// let store = SqliteStore::builder("import.db").commit_on_caller().open().await?;
    /// # Ok(()) }
    /// ```
    pub fn commit_on_caller(mut self) -> Self {
        self.options.commit_on_caller = true;
        self
    }

    /// Opens the file, or creates it, and brings its tables up to date.
    ///
    /// The path `:memory:` is a new database in memory, which the clones of the store share and which is
    /// gone with the last of them: for tests of code that queries read models in SQL. It holds 1 GiB at
    /// most. It has no write-ahead log, so readers and the writer wait for each other there.
    ///
    /// A new file can be read and written by the user of this process only (mode 0600 on Unix), and so can
    /// its write-ahead log and its shared memory. The mode of a file that exists is respected: for another
    /// one, create an empty file with that mode first.
    ///
    /// # Errors
    /// - [`StoreError::NotADatabase`] when the file is something else;
    /// - [`StoreError::NewerSchema`] when a newer esrs has made it;
    /// - [`StoreError::UnexpectedSchema`] when another program has changed the store's tables, or added a
    ///   trigger, a view, or a table or index other than an index of plain columns;
    /// - [`StoreError::ReadOnly`] when it, or its directory, cannot be written to;
    /// - [`StoreError::Busy`] when another process holds it for too long;
    /// - [`StoreError::Full`] when there is no room for it, or for the files next to it;
    /// - [`StoreError::Projection`], [`StoreError::ProjectionChanged`] or
    ///   [`StoreError::ProjectionTable`] when an inline read model cannot be brought up to date;
    /// - [`StoreError::SubscriptionTaken`] if a table is [`inline`](Self::inline) twice;
    /// - [`StoreError::Database`] for the rest, such as a directory that does not exist.
    ///
    /// None of them changes an event that is stored.
    pub async fn open(self) -> Result<SqliteStore, StoreError> {
        Registered::check_distinct(&self.options.inline)?;
        SqliteStore::start(self.database, self.options).await
    }
}

impl std::fmt::Debug for SqliteStoreBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SqliteStoreBuilder")
            .field("path", &self.database.path)
            .field("busy_timeout", &self.database.busy_timeout)
            .field("timeout", &self.database.timeout)
            .field("synchronous", &self.options.synchronous)
            .field("readers", &self.options.readers)
            .field("max_size", &self.options.max_size)
            .field("commit_on_caller", &self.options.commit_on_caller)
            .finish_non_exhaustive()
    }
}
