//! Opening and setting up connections.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use esrs_core::StoreError;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use crate::builder::Options;
use crate::create::{self, wal_of};
use crate::error::{Database, Fault};
use crate::file::Files;
use crate::guard::Guard;
use crate::schema;

/// The number of statements that a connection keeps prepared: ours, and those of a dozen read models.
const PREPARED: usize = 128;

/// The part of the file that a connection holds, in KiB: a stream of ten thousand events is in memory when it
/// is loaded again. It is taken only as far as it is used.
const CACHE: i64 = 16 * 1024;

/// The longest time between the header of a new file and its write-ahead log.
const WAL_IS_MADE_WITHIN: Duration = Duration::from_millis(500);

/// The one connection that writes, to a file whose tables are there and up to date.
pub(crate) fn open_writer(
    options: &Options,
    database: &Database,
) -> Result<(Connection, Arc<Guard>), Fault> {
    if database.path.as_os_str().is_empty() {
        let reason = "it has to be a file, or `:memory:`".to_owned();
        return Err(Fault::Store(StoreError::NotADatabase {
            location: database.location(),
            reason,
        }));
    }
    if let Some(uri) = &database.memory {
        return open_memory(uri, options, database);
    }
    create::create(&database.path);
    let begun = Instant::now();
    let give_up_at = begun + database.busy_timeout;
    loop {
        // SQLite does not wait by itself while another process turns the file into a WAL database.
        // SQLite makes the log anew when it opens the file.
        let lacks_wal = lacks_wal(&database.path);
        let opened = try_open_writer(options, database, lacks_wal);
        match opened.map_err(|fault| of_a_copy(fault, database, lacks_wal)) {
            Err(fault) if fault.is_busy() && Instant::now() < give_up_at => {
                std::thread::sleep(Duration::from_millis(10));
            }
            // Another process may be about to make the log of a new file.
            Err(Fault::Store(StoreError::NotADatabase { .. }))
                if lacks_wal && begun.elapsed() < WAL_IS_MADE_WITHIN =>
            {
                std::thread::sleep(Duration::from_millis(10));
            }
            opened => return opened,
        }
    }
}

/// Returns true if the file says that it has a write-ahead log, and there is none: after the last one was
/// closed, or because the file is a copy of one in use.
fn lacks_wal(path: &Path) -> bool {
    /// The place in the header of the version that a writer has to know: 2 for a write-ahead log.
    /// <https://www.sqlite.org/fileformat.html#file_format_version_numbers>
    const WRITE_VERSION: usize = 18;
    // A file that is in use has a log, and must not be opened here: to close it again would end the locks
    // that SQLite holds on it in this process.
    let real = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    if wal_of(&real).exists() {
        return false;
    }
    let mut header = [0; WRITE_VERSION + 1];
    let read = File::open(path).and_then(|mut file| file.read_exact(&mut header));
    read.is_ok() && header[WRITE_VERSION] == 2
}

/// A file that is damaged may be no more than a copy without its write-ahead log.
fn of_a_copy(fault: Fault, database: &Database, lacks_wal: bool) -> Fault {
    if lacks_wal && fault.is_damage() { without_wal(database) } else { fault }
}

fn without_wal(database: &Database) -> Fault {
    let reason = format!(
        "it is incomplete, and its write-ahead log {} is missing: a copy of a file in use needs both \
         files; make copies by `VACUUM INTO` or the backup command of SQLite",
        wal_of(&database.path).display()
    );
    Fault::Store(StoreError::NotADatabase { location: database.location(), reason })
}

/// The connection that writes to a database in memory: it has no files to look at, and no write-ahead log.
fn open_memory(
    uri: &str,
    options: &Options,
    database: &Database,
) -> Result<(Connection, Arc<Guard>), Fault> {
    let mut connection = Connection::open_with_flags(uri, MEMORY)?;
    set_up(&connection, database)?;
    connection.query_row("PRAGMA journal_mode = MEMORY", [], |_| Ok(()))?;
    bound_size(&connection, options)?;
    schema::migrate(&mut connection, database)?;
    let guard = Guard::install(&mut connection)?;
    Ok((connection, guard))
}

/// A database in memory cannot be opened for reading only.
const MEMORY: OpenFlags = OpenFlags::SQLITE_OPEN_READ_WRITE
    .union(OpenFlags::SQLITE_OPEN_CREATE)
    .union(OpenFlags::SQLITE_OPEN_NO_MUTEX)
    .union(OpenFlags::SQLITE_OPEN_URI);

/// Sets how large the database may grow.
fn bound_size(connection: &Connection, options: &Options) -> Result<(), Fault> {
    let Some(bytes) = options.max_size else { return Ok(()) };
    let page_size: i64 = connection.query_row("PRAGMA page_size", [], |row| row.get(0))?;
    let pages = (i64::try_from(bytes).unwrap_or(i64::MAX) / page_size).max(1);
    connection.query_row(&format!("PRAGMA max_page_count = {pages}"), [], |_| Ok(()))?;
    Ok(())
}

fn try_open_writer(
    options: &Options,
    database: &Database,
    lacks_wal: bool,
) -> Result<(Connection, Arc<Guard>), Fault> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_CREATE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(&database.path, flags)?;
    set_up(&connection, database)?;
    schema::verify(&connection, database)?;
    // What was stored so far stands in the log: new tables would have none of its events.
    if lacks_wal && schema::is_empty(&connection)? {
        return Err(without_wal(database));
    }
    // SQLite opens a file that it may not write to for reading, and says nothing.
    if connection.is_readonly("main")? {
        return Err(Fault::Store(StoreError::ReadOnly {
            location: database.location(),
            reason: "the file is read-only".to_owned(),
        }));
    }
    let mode: String = connection.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0))?;
    if mode != "wal" {
        let reason = format!("its journal cannot be a WAL here, and stays {mode:?}");
        return Err(Fault::said("opening the file", reason));
    }
    connection.pragma_update(None, "synchronous", options.synchronous.pragma())?;
    bound_size(&connection, options)?;
    if let Err(fault) = schema::migrate(&mut connection, database) {
        // Else a file without tables would be taken for a copy without its log.
        if schema::is_empty(&connection).unwrap_or(false) {
            let left = connection.query_row("PRAGMA journal_mode = DELETE", [], |_| Ok(()));
            left.unwrap_or_else(
                |error| tracing::warn!(%error, "an empty file stays a WAL database"),
            );
        }
        return Err(fault);
    }
    let guard = Guard::install(&mut connection)?;
    let files = Files::opened(&database.path)
        .map_err(|error| Fault::said("looking at the file", error.to_string()))?;
    let files = database.files.get_or_init(|| files);
    files.check()?;
    Ok((connection, guard))
}

/// A connection that can only read.
pub(crate) fn open_reader(database: &Database) -> Result<(Connection, Arc<Guard>), Fault> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = match &database.memory {
        Some(uri) => Connection::open_with_flags(uri, MEMORY)?,
        None => Connection::open_with_flags(&database.path, flags)?,
    };
    set_up(&connection, database)?;
    connection.pragma_update(None, "query_only", true)?;
    let guard = Guard::install(&mut connection)?;
    Ok((connection, guard))
}

/// A connection to the file alone, without its write-ahead log, and without locks.
pub(crate) fn open_file_alone(database: &Database) -> Result<Connection, Fault> {
    let path = std::path::absolute(&database.path)
        .map_err(|error| Fault::said("looking at the file", error.to_string()))?;
    let mut uri = String::from("file://");
    for byte in path.as_os_str().as_encoded_bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'-' | b'_' => {
                uri.push(char::from(*byte));
            }
            other => uri.push_str(&format!("%{other:02x}")),
        }
    }
    uri.push_str("?immutable=1");
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
        | OpenFlags::SQLITE_OPEN_URI;
    Ok(Connection::open_with_flags(uri, flags)?)
}

fn set_up(connection: &Connection, database: &Database) -> Result<(), Fault> {
    connection.busy_timeout(database.busy_timeout)?;
    connection.set_prepared_statement_cache_capacity(PREPARED);
    connection.pragma_update(None, "cache_size", -CACHE)?;
    // Without it SQLite plans a statement anew when other values are bound to it, which is a third of
    // what a short one costs.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    // No statement can then write around SQLite, whatever the guard allows.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    // Triggers, views and indexes in a file call only functions without effects.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    // The writer looks up or inserts every row that it refers to; checked twice is only slower.
    connection.pragma_update(None, "foreign_keys", false)?;
    Ok(())
}
