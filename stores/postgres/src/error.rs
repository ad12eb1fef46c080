//! From what PostgreSQL says to what esrs says: the one place where errors are mapped.

use std::time::Duration;

use esrs_core::projection::ColumnError;
use esrs_core::{BoxError, StoreError, Withheld};
use tokio_postgres::Error;
use tokio_postgres::error::{DbError, Severity, SqlState};

/// The location of the database, for errors. It never holds a password.
#[derive(Debug, Clone)]
pub(crate) struct Location {
    pub(crate) name: String,
    /// The time for which statements wait for a lock.
    pub(crate) busy_timeout: Duration,
    /// The time for which the server works on a statement.
    pub(crate) longest_call: Duration,
}

impl std::fmt::Display for Location {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.name)
    }
}

/// Returns true if the connection is gone, so that nobody knows what became of the last statement.
pub(crate) fn is_lost(error: &Error) -> bool {
    match error.as_db_error() {
        // The server, or PgBouncer, says so as its last word.
        Some(database) => {
            matches!(database.parsed_severity(), Some(Severity::Fatal | Severity::Panic))
                || database.severity() == "FATAL"
        }
        None => error.is_closed() || io_error(error).is_some(),
    }
}

/// Returns true if the server does not serve, and may do so again later.
fn is_unavailable(code: &SqlState) -> bool {
    // Exceptions of the connection.
    code.code().starts_with("08")
        || [
            SqlState::ADMIN_SHUTDOWN,
            SqlState::CRASH_SHUTDOWN,
            SqlState::CANNOT_CONNECT_NOW,
            SqlState::IDLE_SESSION_TIMEOUT,
            SqlState::TOO_MANY_CONNECTIONS,
        ]
        .contains(code)
}

/// Returns the error of the operating system, if it is one.
fn io_error(error: &Error) -> Option<&std::io::Error> {
    std::error::Error::source(error)?.downcast_ref()
}

/// Returns true if another process held the log for too long.
pub(crate) fn is_busy(error: &Error) -> bool {
    error.code() == Some(&SqlState::LOCK_NOT_AVAILABLE)
}

/// Returns true if the server showed a certificate that is not trusted.
#[cfg(feature = "tls")]
fn is_untrusted(error: &Error) -> bool {
    let inner = io_error(error).and_then(std::io::Error::get_ref);
    let inner = inner.and_then(|inner| inner.downcast_ref::<rustls::Error>());
    matches!(inner, Some(rustls::Error::InvalidCertificate(_)))
}

#[cfg(not(feature = "tls"))]
fn is_untrusted(_: &Error) -> bool {
    false
}

/// Returns true if an event, a stream or a key is there already.
pub(crate) fn is_duplicate(error: &Error) -> bool {
    error.code() == Some(&SqlState::UNIQUE_VIOLATION)
}

/// Returns true if a kind has another number than was remembered.
pub(crate) fn is_renumbered(error: &Error) -> bool {
    error.code().is_some_and(|code| code.code() == "ES002")
}

/// Returns true if the database refuses a row: a value that does not fit, a constraint, a trigger, a limit.
pub(crate) fn is_about_rows(error: &Error) -> bool {
    let Some(code) = error.code() else { return false };
    let classes = ["22", "23", "44", "54"];
    *code == SqlState::RAISE_EXCEPTION || classes.iter().any(|class| code.code().starts_with(class))
}

/// Returns true if the lease of a step was taken over.
pub(crate) fn is_fenced(error: &Error) -> bool {
    error.code().is_some_and(|code| code.code() == "ES001")
}

/// Returns true if a group was refused for the sake of one append, or by chance, so that each may do better
/// alone.
pub(crate) fn may_be_about_one_append(error: &Error) -> bool {
    let Some(code) = error.code() else { return false };
    // Data exceptions, broken constraints, transactions rolled back, limits of the server.
    let classes = ["22", "23", "40", "54"];
    classes.iter().any(|class| code.code().starts_with(class))
}

impl Location {
    /// Returns the error for the caller.
    pub(crate) fn explain(&self, doing: &'static str, error: Error) -> StoreError {
        self.known(doing, &error)
            .unwrap_or_else(|| StoreError::Database { doing, source: source_of(error) })
    }

    /// The same for one of several callers, who all have to be told.
    pub(crate) fn explain_to_each(&self, doing: &'static str, error: &Error) -> StoreError {
        self.known(doing, error).unwrap_or_else(|| {
            let source: BoxError = said(error).into();
            StoreError::Database { doing, source }
        })
    }

    /// The database cannot be reached.
    pub(crate) fn unavailable(&self, error: &Error) -> StoreError {
        let mut reason = said(error).to_string();
        if is_untrusted(error) {
            reason += "; let the store trust it by `PostgresStoreBuilder::tls`, or do without \
                       encryption by `sslmode=disable` in the url";
        }
        if reason.contains("server does not support TLS") {
            reason += "; expected an encrypted connection, which the url demands or a host that is not this \
                       machine: have the server encrypt, or do without by `sslmode=disable` in the url";
        }
        StoreError::Unavailable { location: self.to_string(), reason }
    }

    /// A row was refused; `table` is named where the database does not say which.
    pub(crate) fn refused_row(&self, table: &str, error: &Error) -> StoreError {
        let named = error.as_db_error().and_then(|database| database.table()).unwrap_or(table);
        StoreError::RowRefused { table: named.to_owned(), reason: said(error) }
    }

    /// Nothing was answered within the time of one call.
    pub(crate) fn timed_out(&self, doing: &'static str, waited: Duration) -> StoreError {
        StoreError::TimedOut { location: self.to_string(), doing, waited }
    }

    /// Returns the error of a pool of transactions: what is prepared on a connection is not there afterwards.
    pub(crate) fn not_a_session(&self, said: &str) -> StoreError {
        let reason = format!(
            "{said}: something between here and the server, such as PgBouncer, gives transactions to \
             other connections than those their session was set up on; let it pool sessions \
             (max_prepared_statements is not enough, because settings of the session are lost)"
        );
        StoreError::Unavailable { location: self.to_string(), reason }
    }

    fn known(&self, doing: &'static str, error: &Error) -> Option<StoreError> {
        let location = self.to_string();
        let Some(database) = error.as_db_error() else {
            return is_lost(error).then(|| self.unavailable(error));
        };
        let reason = said_by(database).to_string();
        let code = database.code();
        Some(if *code == SqlState::LOCK_NOT_AVAILABLE {
            StoreError::Busy { location, waited: self.busy_timeout }
        } else if *code == SqlState::QUERY_CANCELED {
            StoreError::TimedOut { location, doing, waited: self.longest_call }
        } else if *code == SqlState::DISK_FULL {
            StoreError::Full { location }
        } else if [SqlState::READ_ONLY_SQL_TRANSACTION, SqlState::IO_ERROR].contains(code) {
            StoreError::ReadOnly { location, reason }
        } else if *code == SqlState::INSUFFICIENT_PRIVILEGE {
            let reason = format!(
                "{reason}; let somebody who owns the database or the store's tables make them, and \
                 grant this user what it needs"
            );
            StoreError::Denied { location, reason }
        } else if code.code().starts_with("28") {
            // A password, or a user who may not come from here.
            StoreError::Denied { location, reason }
        } else if *code == SqlState::INVALID_CATALOG_NAME {
            StoreError::NotADatabase { location, reason }
        } else if is_unavailable(code) {
            StoreError::Unavailable { location, reason }
        } else if *code == SqlState::INVALID_SQL_STATEMENT_NAME
            || *code == SqlState::DUPLICATE_PSTATEMENT
        {
            self.not_a_session(&reason)
        } else {
            return None;
        })
    }
}

/// Names a value that does not fit, whichever parameter of whichever statement it was.
fn source_of(error: Error) -> BoxError {
    let source = std::error::Error::source(&error);
    if !source.is_some_and(|source| source.is::<ColumnError>()) {
        return said(&error).into();
    }
    error.into_source().unwrap_or_else(|| "a value does not fit its column".into())
}

/// Returns true if a statement was prepared for columns that are of other types by now.
pub(crate) fn is_outdated(error: &Error) -> bool {
    error.code() == Some(&SqlState::FEATURE_NOT_SUPPORTED)
}

/// Describes an error of the driver without the values that the server quotes.
pub(crate) fn said(error: &Error) -> Withheld {
    if let Some(database) = error.as_db_error() {
        return said_by(database);
    }
    let causes = std::iter::successors(Some(error as &dyn std::error::Error), |one| one.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ").into()
}

/// The detail of an error is withheld: it shows the row or the key. So is whatever a trigger or a function
/// raises, and what a message quotes of a value.
fn said_by(error: &DbError) -> Withheld {
    let details = [Some(error.message()), error.detail(), error.hint(), error.where_()];
    let details = details.into_iter().flatten().collect::<Vec<_>>().join("; ");
    let code = error.code().code();
    let is_raised = matches!(error.routine(), Some("exec_stmt_raise" | "exec_stmt_assert"));
    let mut shown = match code {
        // The store's own functions, in words of their own.
        "25006" => error.message().to_owned(),
        _ if code.starts_with("ES") => error.message().to_owned(),
        _ if is_raised => "a trigger or a function refused it".to_owned(),
        // A token of the statement, or a value.
        "42601" => without_quoted(error.message()),
        _ if code.starts_with("22") => without_quoted(error.message()),
        _ => error.message().to_owned(),
    };
    let places = [("column", error.column()), ("constraint", error.constraint())];
    for (what, name) in places {
        if let Some(name) = name.filter(|name| !shown.contains(*name)) {
            shown += &format!(", {what} `{name}`");
        }
    }
    Withheld::new(format!("{shown} (SQLSTATE {code})"), details)
}

/// A message without what stands between its first and its last quote.
fn without_quoted(message: &str) -> String {
    match (message.find('"'), message.rfind('"')) {
        (Some(first), Some(last)) => format!("{}…{}", &message[..first], &message[last + 1..]),
        _ => message.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quoted_value_is_cut_out_with_the_quotes_in_it() {
        for (message, expected) in [
            (
                "invalid input syntax for type uuid: \"Jane \"Doe\" x\"",
                "invalid input syntax for type uuid: …",
            ),
            (
                "value \"99\" is out of range for type integer",
                "value … is out of range for type integer",
            ),
            ("one \" only", "one … only"),
            ("division by zero", "division by zero"),
        ] {
            assert_eq!(without_quoted(message), expected);
        }
    }
}
