//! Statements that a user has written.

use std::time::Duration;

use rusqlite::fallible_iterator::FallibleIterator;
use rusqlite::{Batch, CachedStatement, Connection, ErrorCode, Statement};

use crate::error::Fault;
use crate::guard::{Author, Guard};

/// Stands before the text of a user, so that a cached statement is never one that the store has
/// compiled for itself, which nothing was refused of.
const MARK: &str = "/* of the user */ ";

/// A statement that is cached, or one that is not.
enum Prepared<'a> {
    Cached(CachedStatement<'a>),
    Once(Statement<'a>),
}

/// Where the statement of a user runs.
pub(crate) struct Place<'a> {
    pub(crate) connection: &'a Connection,
    pub(crate) guard: &'a Guard,
    pub(crate) timeout: Duration,
}

/// Compiles the one statement of `sql`, and runs `work` on it, as far as its author may.
pub(crate) fn run<T>(
    Place { connection, guard, timeout }: &Place<'_>,
    author: Author,
    doing: &'static str,
    sql: &str,
    work: impl FnOnce(&mut Statement<'_>) -> Result<T, Fault>,
) -> Result<T, Fault> {
    let done = guard.during_at_most(author, *timeout, || {
        match &mut prepare(connection, author, doing, sql)? {
            Prepared::Cached(statement) => work(statement),
            Prepared::Once(statement) => work(statement),
        }
    });
    done.map_err(|fault| match fault {
        Fault::Sql(error) => explain(guard, doing, error),
        fault => fault,
    })
}

/// Compiles the one statement of `sql`, and no more.
pub(crate) fn compile(
    Place { connection, guard, timeout }: &Place<'_>,
    author: Author,
    doing: &'static str,
    sql: &str,
) -> Result<(), Fault> {
    // What is cached was compiled before.
    guard.during_at_most(author, *timeout, || {
        prepare_once(connection, doing, &format!("{MARK}{sql}")).map(drop)
    })
}

fn explain(guard: &Guard, doing: &'static str, error: rusqlite::Error) -> Fault {
    // Of a function that is refused SQLite says no more than that there is an error.
    let is_input = matches!(error, rusqlite::Error::SqlInputError { .. });
    if (is_input || error.sqlite_error_code() == Some(ErrorCode::AuthorizationForStatementDenied))
        && let Some(refusal) = guard.take_refusal()
    {
        return Fault::Refused { doing, refusal };
    }
    match error {
        rusqlite::Error::SqlInputError { error, msg, sql, offset } => {
            // The caller did not write the mark.
            let (sql, offset) = match sql.strip_prefix(MARK) {
                Some(own) => (own.to_owned(), offset.saturating_sub(MARK.len() as i32)),
                None => (sql, offset),
            };
            rusqlite::Error::SqlInputError { error, msg, sql, offset }.into()
        }
        error => error.into(),
    }
}

fn prepare<'a>(
    connection: &'a Connection,
    author: Author,
    doing: &'static str,
    sql: &str,
) -> Result<Prepared<'a>, Fault> {
    // SQLite would stop reading at it.
    if sql.contains('\0') {
        return Err(Fault::said(doing, "the text has a NUL character; remove it"));
    }
    let marked = format!("{MARK}{sql}");
    // After an error fewer statements are allowed, so what was compiled before does not count.
    let is_cacheable = author != Author::FailedHandler;
    if is_cacheable && !sql.trim_end().trim_end_matches(';').contains(';') {
        return match connection.prepare_cached(&marked) {
            Err(rusqlite::Error::Empty) => Err(nothing(doing)),
            prepared => Ok(Prepared::Cached(prepared?)),
        };
    }
    prepare_once(connection, doing, &marked).map(Prepared::Once)
}

fn prepare_once<'a>(
    connection: &'a Connection,
    doing: &'static str,
    sql: &str,
) -> Result<Statement<'a>, Fault> {
    // SQLite would leave out silently what stands behind the first.
    let mut statements = Batch::new(connection, sql);
    let first = statements.next()?;
    match (first, statements.next()) {
        (Some(first), Ok(None)) => Ok(first),
        (None, _) => Err(nothing(doing)),
        _ => Err(Fault::said(doing, "it is more than one statement; run one after the other")),
    }
}

fn nothing(doing: &'static str) -> Fault {
    Fault::said(doing, "there is no statement in it")
}
