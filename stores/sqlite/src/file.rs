//! A check that the path of the database still leads to the file that is open.
//!
//! A commit into a file that was replaced or removed is lost when the last connection is closed, though
//! SQLite does not say so.

mod folder;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Instant, SystemTime};

use esrs_core::StoreError;
use folder::Folder;

/// The files of a database, as they were when it was opened.
#[derive(Debug)]
pub(crate) struct Files {
    main: Opened,
    /// The memory that its connections share; it is there for as long as one is open.
    shared_memory: Option<Opened>,
    /// The write-ahead log.
    wal: Option<Opened>,
    /// The folder that both are in; `None` if it may not be read.
    folder: Option<Folder>,
    opened: Instant,
    /// When the write-ahead log was looked at last, in milliseconds since `opened`.
    looked_at_wal: AtomicU64,
}

/// The number of looks after which the number of the write-ahead log is compared. A look at a file's times
/// makes the file system store the time of the next write, which makes each sync of it take half as long
/// again; whether there is such a file is compared every time.
const LOOK_AT_WAL: u64 = 1_000;

const WAL: &str = "its write-ahead log (`-wal`)";

#[derive(Debug)]
struct Opened {
    path: PathBuf,
    id: Id,
}

/// The length of a file, and when it was written to last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Written {
    length: u64,
    at: Option<SystemTime>,
}

/// The identity of a file, which tells it from another with its name.
#[cfg(unix)]
type Id = (u64, u64);
/// Windows does not let a file be replaced or removed that SQLite has open.
#[cfg(not(unix))]
type Id = ();

#[cfg(unix)]
fn id_of(metadata: &std::fs::Metadata) -> Id {
    use std::os::unix::fs::MetadataExt;
    (metadata.dev(), metadata.ino())
}

#[cfg(not(unix))]
fn id_of(_: &std::fs::Metadata) -> Id {}

impl Files {
    /// The files that SQLite has just opened at `path`.
    pub(crate) fn opened(path: &Path) -> std::io::Result<Self> {
        // The directory that the process works in may change.
        let main = Opened::at(std::path::absolute(path)?)?;
        // SQLite puts them next to the file that symbolic links lead to.
        let real = std::fs::canonicalize(path)?;
        let next_to_it = |suffix| {
            let mut name = real.clone().into_os_string();
            name.push(suffix);
            Opened::at(name.into()).ok()
        };
        let (wal, shared_memory) = (next_to_it("-wal"), next_to_it("-shm"));
        let folder = real.parent().and_then(Folder::open);
        let looked_at_wal = AtomicU64::new(0);
        Ok(Self { main, shared_memory, wal, folder, opened: Instant::now(), looked_at_wal })
    }

    /// Refuses a database whose files are others by now.
    pub(crate) fn check(&self) -> Result<Option<Written>, StoreError> {
        let main = self.main.check("the file")?;
        match &self.folder {
            Some(folder) => folder.unless_unchanged(|is_settled| self.check_names(is_settled))?,
            None => self.check_names(false)?,
        }
        let written =
            |main: std::fs::Metadata| Written { length: main.len(), at: main.modified().ok() };
        Ok(main.map(written))
    }

    /// Looks at the files next to the main one; with `all`, at the number of each.
    fn check_names(&self, all: bool) -> Result<(), StoreError> {
        if let Some(shared_memory) = &self.shared_memory {
            shared_memory.check("its shared memory (`-shm`)")?;
        }
        match &self.wal {
            Some(wal) if all => wal.check(WAL).map(drop),
            Some(wal) => self.check_wal(wal),
            None => Ok(()),
        }
    }

    fn check_wal(&self, wal: &Opened) -> Result<(), StoreError> {
        let now = u64::try_from(self.opened.elapsed().as_millis()).unwrap_or(u64::MAX);
        let last = self.looked_at_wal.load(Ordering::Relaxed);
        if now.saturating_sub(last) >= LOOK_AT_WAL {
            self.looked_at_wal.store(now, Ordering::Relaxed);
            return wal.check(WAL).map(drop);
        }
        // It is no link; the question does not look at its times.
        match std::fs::read_link(&wal.path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                Err(wal.replaced(format!("{WAL} is gone")))
            }
            _ => Ok(()),
        }
    }

    /// The error once the file has been written to by something else than SQLite.
    pub(crate) fn overwritten(&self, reason: &str) -> StoreError {
        let location = self.main.path.display().to_string();
        StoreError::Replaced { location, reason: format!("the file was overwritten: {reason}") }
    }
}

impl Opened {
    fn at(path: PathBuf) -> std::io::Result<Self> {
        let id = id_of(&std::fs::metadata(&path)?);
        Ok(Self { path, id })
    }

    fn check(&self, what: &str) -> Result<Option<std::fs::Metadata>, StoreError> {
        let reason = match std::fs::metadata(&self.path) {
            Ok(metadata) if id_of(&metadata) == self.id => return Ok(Some(metadata)),
            Ok(_) => format!("there is another file in place of {what}"),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                format!("{what} is gone")
            }
            // That the directory cannot be read says nothing of the file.
            Err(_) => return Ok(None),
        };
        Err(self.replaced(reason))
    }

    fn replaced(&self, reason: String) -> StoreError {
        StoreError::Replaced { location: self.path.display().to_string(), reason }
    }
}
