//! Whether the path of the database still leads to the file that is open.
//!
//! A commit into a file that was replaced or removed is lost when the last connection is closed, though
//! SQLite does not say so.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use esrs_core::StoreError;

/// The files of a database, as they were when it was opened.
#[derive(Debug)]
pub(crate) struct Files {
    main: Opened,
    /// The write-ahead log.
    wal: Option<Opened>,
}

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

/// What tells a file from another that has its name.
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
        // SQLite puts it next to the file that symbolic links lead to.
        let mut wal = std::fs::canonicalize(path)?.into_os_string();
        wal.push("-wal");
        Ok(Self { main, wal: Opened::at(wal.into()).ok() })
    }

    /// Refuses a database whose files are others by now.
    pub(crate) fn check(&self) -> Result<Option<Written>, StoreError> {
        let main = self.main.check("the file")?;
        if let Some(wal) = &self.wal {
            wal.check("its write-ahead log")?;
        }
        let written =
            |main: std::fs::Metadata| Written { length: main.len(), at: main.modified().ok() };
        Ok(main.map(written))
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
        Err(StoreError::Replaced { location: self.path.display().to_string(), reason })
    }
}
