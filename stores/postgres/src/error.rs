//! From what PostgreSQL says to what esrs says: the one place where errors are mapped.

use esrs_core::StoreError;
use tokio_postgres::Error;
use tokio_postgres::error::{DbError, SqlState};

/// Which database it is: what errors have to say. It never holds a password.
#[derive(Debug, Clone)]
pub(crate) struct Location(pub(crate) String);

impl std::fmt::Display for Location {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whether the connection is gone, so that nobody knows what became of the last statement.
pub(crate) fn is_lost(error: &Error) -> bool {
    match error.code() {
        Some(code) => {
            [SqlState::ADMIN_SHUTDOWN, SqlState::CRASH_SHUTDOWN, SqlState::CANNOT_CONNECT_NOW]
                .contains(code)
        }
        None => error.is_closed() || io_error(error).is_some(),
    }
}

/// What the operating system said, if it was that.
fn io_error(error: &Error) -> Option<&std::io::Error> {
    std::error::Error::source(error)?.downcast_ref()
}

/// Whether an event, a stream or a key is there already.
pub(crate) fn is_duplicate(error: &Error) -> bool {
    error.code() == Some(&SqlState::UNIQUE_VIOLATION)
}

/// Whether a group was refused for the sake of one append, or by chance, so that each may do better
/// alone.
pub(crate) fn may_be_about_one_append(error: &Error) -> bool {
    let Some(code) = error.code() else { return false };
    // Data exceptions, broken constraints, transactions rolled back, limits of the server.
    let classes = ["22", "23", "40", "54"];
    classes.iter().any(|class| code.code().starts_with(class))
}

impl Location {
    /// What to tell the caller.
    pub(crate) fn explain(&self, doing: &'static str, error: Error) -> StoreError {
        self.known(&error).unwrap_or_else(|| StoreError::Database { doing, source: error.into() })
    }

    /// The same for one of several callers, who all have to be told.
    pub(crate) fn explain_to_each(&self, doing: &'static str, error: &Error) -> StoreError {
        self.known(error).unwrap_or_else(|| {
            let source = said(error).into();
            StoreError::Database { doing, source }
        })
    }

    /// The database cannot be reached.
    pub(crate) fn unavailable(&self, error: &Error) -> StoreError {
        StoreError::Unavailable { location: self.to_string(), reason: said(error) }
    }

    fn known(&self, error: &Error) -> Option<StoreError> {
        let location = self.to_string();
        let Some(database) = error.as_db_error() else {
            return is_lost(error).then(|| self.unavailable(error));
        };
        let reason = said_by(database);
        let code = database.code();
        Some(if *code == SqlState::DISK_FULL {
            StoreError::Full { location }
        } else if [SqlState::READ_ONLY_SQL_TRANSACTION, SqlState::IO_ERROR].contains(code) {
            StoreError::ReadOnly { location, reason }
        } else if *code == SqlState::INSUFFICIENT_PRIVILEGE {
            StoreError::Denied { location, reason }
        } else if is_lost(error) || *code == SqlState::TOO_MANY_CONNECTIONS {
            StoreError::Unavailable { location, reason }
        } else if *code == SqlState::INVALID_SQL_STATEMENT_NAME
            || *code == SqlState::DUPLICATE_PSTATEMENT
        {
            let reason = format!(
                "{reason}: something between here and the server, such as PgBouncer, gives \
                 transactions to other connections than those their statements were prepared on; \
                 let it pool sessions, or set its max_prepared_statements (PgBouncer 1.21)"
            );
            StoreError::Unavailable { location, reason }
        } else {
            return None;
        })
    }
}

/// Driver errors hide their cause from `Display`.
fn said(error: &Error) -> String {
    if let Some(database) = error.as_db_error() {
        return said_by(database);
    }
    match std::error::Error::source(error) {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}

fn said_by(error: &DbError) -> String {
    match error.detail() {
        Some(detail) => format!("{} ({detail})", error.message()),
        None => error.message().to_owned(),
    }
}
