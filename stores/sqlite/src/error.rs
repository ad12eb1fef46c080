//! From what SQLite says to what esrs says: the one place where errors are mapped.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Duration;

use esrs_core::projection::ProjectionError;
use esrs_core::store::InvalidPage;
use esrs_core::{BoxError, Conflict, InvalidStreamId, StoreError, Withheld};
use rusqlite::{ErrorCode, ffi};

use crate::file::{Files, Written};
use esrs_core::subscription::InlineOwners;

use crate::projection::Known;

/// A fault on one of the store's threads.
#[derive(Debug)]
pub(crate) enum Fault {
    /// SQLite refused.
    Sql(rusqlite::Error),
    /// esrs refused.
    Store(StoreError),
    /// The guard refused a statement of a user.
    Refused { doing: &'static str, refusal: String },
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sql(error)
    }
}

macro_rules! from_core {
    ($($error:ty),*) => {$(
        impl From<$error> for Fault {
            fn from(error: $error) -> Self {
                Self::Store(error.into())
            }
        }
    )*};
}

from_core!(StoreError, Conflict, InvalidPage, InvalidStreamId, ProjectionError);

impl Fault {
    /// An error in words of our own.
    pub(crate) fn said(doing: &'static str, reason: impl Into<String>) -> Self {
        Self::Store(StoreError::Database { doing, source: reason.into().into() })
    }

    fn code(&self) -> Option<ErrorCode> {
        match self {
            Self::Sql(error) => error.sqlite_error_code(),
            Self::Store(_) | Self::Refused { .. } => None,
        }
    }

    /// Returns true if another process holds the file.
    pub(crate) fn is_busy(&self) -> bool {
        self.code().is_some_and(is_busy)
    }

    /// Returns true if what is in the file makes no sense to SQLite.
    pub(crate) fn is_damage(&self) -> bool {
        matches!(self.code(), Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase))
    }

    /// Returns true if an append fails for its own sake, so that the others of its group may still succeed.
    pub(crate) fn may_be_about_one_append(&self) -> bool {
        match self {
            Self::Sql(_) => self.code() == Some(ErrorCode::DiskFull),
            Self::Store(StoreError::Unknown { .. }) => false,
            Self::Store(_) | Self::Refused { .. } => true,
        }
    }
}

/// Describes an error of SQLite without the values that it or a function quotes.
pub(crate) fn said(error: &rusqlite::Error) -> Withheld {
    use rusqlite::Error as E;
    let details = error.to_string();
    let shown = match error {
        // The text of the statement may have values in it, and so may the token that it stopped at.
        E::SqlInputError { msg, offset, .. } => {
            format!("{} at offset {offset} of the statement", without_quoted(msg))
        }
        E::SqliteFailure(code, Some(message)) => match code.extended_code {
            // A message of a trigger may be computed.
            ffi::SQLITE_CONSTRAINT_TRIGGER => "a trigger refused it".to_owned(),
            ffi::SQLITE_CONSTRAINT_VTAB | ffi::SQLITE_CONSTRAINT_FUNCTION => {
                "a constraint refused it".to_owned()
            }
            // Of functions, such as those of JSON and of full-text search.
            ffi::SQLITE_ERROR => without_quoted(before_colon(message)),
            _ => message.clone(),
        },
        E::FromSqlConversionFailure(column, found, _) => {
            format!("column {column} of the result is no {found}")
        }
        E::IntegralValueOutOfRange(column, _) => {
            format!("column {column} of the result is a number that is out of range")
        }
        _ => details.clone(),
    };
    Withheld::new(shown, details)
}

/// A message without what stands between its first and its last quote of each kind.
fn without_quoted(message: &str) -> String {
    let quotes = ['"', '\''];
    match (message.find(quotes), message.rfind(quotes)) {
        (Some(first), Some(last)) => format!("{}…{}", &message[..first], &message[last + 1..]),
        _ => message.to_owned(),
    }
}

/// The part of a message before a value that is not quoted: `no such column: …` of a full-text query. The
/// names of tables and of other objects are none.
fn before_colon(message: &str) -> &str {
    const MODULE: &str = "fts5: ";
    if message.starts_with("no such ") && !message.starts_with("no such column: ") {
        return message;
    }
    let start = if message.starts_with(MODULE) { MODULE.len() } else { 0 };
    message[start..].find(": ").map_or(message, |end| &message[..start + end])
}

fn is_busy(code: ErrorCode) -> bool {
    use ErrorCode::{DatabaseBusy, DatabaseLocked, FileLockingProtocolFailed};
    matches!(code, DatabaseBusy | DatabaseLocked | FileLockingProtocolFailed)
}

/// Returns true if the file next to the database that its connections share cannot grow: to SQLite an I/O
/// error, though only room is missing.
fn has_no_room_for_shared_memory(error: &rusqlite::Error) -> bool {
    error.sqlite_error().is_some_and(|it| it.extended_code == ffi::SQLITE_IOERR_SHMSIZE)
}

/// The file, and how long the store waits for it, for errors.
#[derive(Debug)]
pub(crate) struct Database {
    pub(crate) path: PathBuf,
    /// The URI that its connections open if it is in memory.
    pub(crate) memory: Option<String>,
    pub(crate) busy_timeout: Duration,
    /// The time for which a read, or a statement of an event handler, may run.
    pub(crate) timeout: Duration,
    /// The longest payload that is taken, in bytes.
    pub(crate) max_payload: usize,
    /// Its files, once they are open.
    pub(crate) files: OnceLock<Files>,
    /// The read models that were asked for.
    pub(crate) known: Known,
    /// The read models that are written inline.
    pub(crate) owners: InlineOwners,
    /// The reason that was found when the file was overwritten.
    pub(crate) overwritten: OnceLock<String>,
}

impl Database {
    /// Refuses a file that was replaced since it was opened.
    pub(crate) fn check_files(&self) -> Result<Option<Written>, Fault> {
        let Some(files) = self.files.get() else { return Ok(None) };
        if let Some(reason) = self.overwritten.get() {
            return Err(files.overwritten(reason).into());
        }
        Ok(files.check()?)
    }

    /// Returns how long a call waits for a thread of the store that is at work for others. A thread needs
    /// some milliseconds to be woken, so a shorter `busy_timeout` does not count here.
    pub(crate) fn queue_timeout(&self) -> Duration {
        self.busy_timeout.max(Duration::from_millis(100))
    }

    /// Returns the location of the database, for an error.
    pub(crate) fn location(&self) -> String {
        self.path.display().to_string()
    }

    /// Returns the error for the caller.
    pub(crate) fn explain(&self, doing: &'static str, fault: Fault) -> StoreError {
        match fault {
            Fault::Store(error) => error,
            Fault::Refused { doing, refusal } => {
                StoreError::Database { doing, source: refusal.into() }
            }
            Fault::Sql(error) => self
                .known(&error)
                .unwrap_or_else(|| StoreError::Database { doing, source: said(&error).into() }),
        }
    }

    /// The same for one of several callers, who all have to be told.
    pub(crate) fn explain_to_each(&self, doing: &'static str, fault: &Fault) -> StoreError {
        let source: BoxError = match fault {
            Fault::Store(StoreError::Unknown { reason }) => {
                return StoreError::Unknown { reason: reason.clone() };
            }
            Fault::Store(error) => error.to_string().into(),
            Fault::Refused { refusal, .. } => refusal.clone().into(),
            Fault::Sql(error) => match self.known(error) {
                Some(known) => return known,
                None => said(error).into(),
            },
        };
        StoreError::Database { doing, source }
    }

    fn known(&self, error: &rusqlite::Error) -> Option<StoreError> {
        let (location, waited) = (self.location(), self.busy_timeout);
        if has_no_room_for_shared_memory(error) {
            return Some(StoreError::Full { location });
        }
        let reason = || said(error).to_string();
        Some(match error.sqlite_error_code()? {
            code if is_busy(code) => StoreError::Busy { location, waited },
            ErrorCode::DiskFull => StoreError::Full { location },
            ErrorCode::ReadOnly | ErrorCode::PermissionDenied => {
                StoreError::ReadOnly { location, reason: reason() }
            }
            ErrorCode::NotADatabase => StoreError::NotADatabase { location, reason: reason() },
            // Of the store's own statements, the guard refuses what a trigger of the user adds to them.
            ErrorCode::AuthorizationForStatementDenied => StoreError::Database {
                doing: "running a trigger",
                source:
                    "a trigger in the file is on a table that begins with `esrs_`, or writes to one, \
                         which only the store may; drop the trigger"
                        .into(),
            },
            _ => return None,
        })
    }

    /// Returns the error for a caller who opens the file; there is more to say about it than later.
    pub(crate) fn explain_opening(&self, fault: Fault) -> StoreError {
        let location = self.location();
        match fault.code() {
            Some(ErrorCode::CannotOpen) => self.cannot_open(),
            Some(ErrorCode::DatabaseCorrupt) => {
                let reason = "it is damaged, or no SQLite database at all".to_owned();
                StoreError::NotADatabase { location, reason }
            }
            _ => self.explain("opening the file", fault),
        }
    }

    fn cannot_open(&self) -> StoreError {
        let location = self.location();
        let directory = self.path.parent().filter(|parent| !parent.as_os_str().is_empty());
        let directory = directory.unwrap_or(Path::new("."));
        if self.path.is_dir() {
            return StoreError::NotADatabase { location, reason: "it is a directory".to_owned() };
        }
        if !directory.is_dir() {
            let reason = format!("there is no directory {}", directory.display());
            return StoreError::Database { doing: "opening the file", source: reason.into() };
        }
        let reason = format!(
            "the system does not let it be opened for writing, or no file be made beside it in {}",
            directory.display()
        );
        StoreError::ReadOnly { location, reason }
    }
}

#[cfg(test)]
mod tests {
    use rusqlite::Error;
    use rusqlite::types::Type;

    use super::*;

    #[test]
    fn what_sqlite_says_of_a_value_is_in_the_details_only() {
        let failed = |code, message: &str| {
            Error::SqliteFailure(ffi::Error::new(code), Some(message.to_owned()))
        };
        for (error, expected) in [
            (
                Error::IntegralValueOutOfRange(1, 8_937),
                "column 1 of the result is a number that is out of range",
            ),
            (
                Error::FromSqlConversionFailure(2, Type::Text, "8937".into()),
                "column 2 of the result is no Text",
            ),
            (failed(ffi::SQLITE_CONSTRAINT_VTAB, "8937"), "a constraint refused it"),
            (failed(ffi::SQLITE_CONSTRAINT_FUNCTION, "8937"), "a constraint refused it"),
            (failed(ffi::SQLITE_CONSTRAINT_TRIGGER, "8937"), "a trigger refused it"),
            (failed(ffi::SQLITE_ERROR, "no such column: 8937"), "no such column"),
            (failed(ffi::SQLITE_ERROR, "fts5: it: 8937"), "fts5: it"),
            (failed(ffi::SQLITE_ERROR, "bad path: '89'37'"), "bad path"),
        ] {
            let said = said(&error);
            assert_eq!(said.to_string(), expected);
            assert!(said.details().replace('\'', "").contains("8937"), "{}", said.details());
        }
        let table = said(&failed(ffi::SQLITE_ERROR, "no such table: accounts"));
        assert_eq!(table.to_string(), "no such table: accounts");
    }
}
