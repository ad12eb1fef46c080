//! Errors, with the next step of each.

use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::time::Duration;

use crate::{URL, Version};

/// Why there is no server, or no database.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No installation was found.
    #[error(
        "no PostgreSQL server was found in {places}; install PostgreSQL {} or newer (`apt-get install \
         postgresql`, `brew install postgresql@17`), let `cargo xtask test` install one, or export \
         {URL} with the url of one that runs (`docker compose up -d`)",
        Version::OLDEST
    )]
    NotFound {
        /// Where it was looked for.
        places: String,
    },
    /// The installed PostgreSQL is older than esrs supports.
    #[error(
        "only PostgreSQL {found} was found, and esrs needs {} or newer; install a newer one next to it, \
         or export {URL} with the url of one that runs",
        Version::OLDEST
    )]
    OnlyOlder {
        /// Each version, and where it is.
        found: String,
    },
    /// PgBouncer is not installed.
    #[error(
        "PgBouncer was not found in PATH, {folders}; install it (`apt-get install pgbouncer`, `brew \
         install pgbouncer`), or run `cargo xtask test`, which unpacks it from the packages of Debian \
         or Ubuntu"
    )]
    NoPgBouncer {
        /// The folders that were searched besides `PATH`.
        folders: String,
    },
    /// A program of the installation could not be run.
    #[error("{} could not be run: {source}", program.display())]
    Program {
        /// The program.
        program: PathBuf,
        /// The error of the operating system.
        source: io::Error,
    },
    /// A program of the installation failed.
    #[error("{} failed ({status}): {said}", program.display())]
    Failed {
        /// The program.
        program: PathBuf,
        /// Its exit status.
        status: ExitStatus,
        /// Its output.
        said: String,
    },
    /// A program of the installation does not say which version it is.
    #[error("{} says that its version is {said:?}, which is invalid", program.display())]
    NotAVersion {
        /// The program.
        program: PathBuf,
        /// Its output.
        said: String,
    },
    /// PostgreSQL refuses to run as root, and there is nobody else.
    #[error(
        "PostgreSQL refuses to run as root, and there is neither a user `postgres` nor `nobody` here: \
         add one of them, or run this as another user"
    )]
    NobodyElse,
    /// A file or folder.
    #[error("{}: {source}", path.display())]
    File {
        /// The path.
        path: PathBuf,
        /// The error of the operating system.
        source: io::Error,
    },
    /// The server ended by itself.
    #[error("the server ended while it started ({status}); it wrote:\n{log}")]
    Ended {
        /// Its exit status.
        status: ExitStatus,
        /// The end of its log.
        log: String,
    },
    /// The server does not answer.
    #[error("the server did not answer within {} seconds: {source}; it wrote:\n{log}", waited.as_secs())]
    NoAnswer {
        /// The time that it had.
        waited: Duration,
        /// The error of the last attempt.
        source: Box<Error>,
        /// The end of its log.
        log: String,
    },
    /// The server does not end.
    #[error(
        "the server did not end within {} seconds, and was killed; it wrote:\n{log}", waited.as_secs()
    )]
    DoesNotEnd {
        /// The time that it had.
        waited: Duration,
        /// The end of its log.
        log: String,
    },
    /// No url is known.
    #[error(
        "{URL} is not set, and this needs PostgreSQL: run the tests by `cargo xtask test`, or start a \
         server by `cargo xtask postgres` and export what it prints"
    )]
    NoUrl,
    /// The url is invalid.
    #[error(
        "{url:?} is no url of a PostgreSQL server: {reason}; write it as \
         postgres://USER:PASSWORD@HOST:PORT/DATABASE"
    )]
    Url {
        /// The url, without what comes before `@`.
        url: String,
        /// The reason.
        reason: String,
    },
    /// A server refuses, or is not there.
    #[error("{server} {doing}: {reason}")]
    Sql {
        /// The host and port.
        server: String,
        /// The request.
        doing: String,
        /// The answer.
        reason: String,
        /// The same as a value.
        source: tokio_postgres::Error,
    },
}

impl Error {
    pub(crate) fn file(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::File { path, source }
    }

    pub(crate) fn program(program: &Path) -> impl FnOnce(io::Error) -> Self {
        let program = program.to_owned();
        move |source| Self::Program { program, source }
    }
}
