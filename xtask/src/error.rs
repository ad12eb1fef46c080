//! Errors, with the next step of each.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;

use postgres_server::{URL, Version};

#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error(
        "{URL} names a server that cannot be used: {0}\nunset it to have a server started, or export the \
         url of one that runs, for a user that may create databases"
    )]
    Named(postgres_server::Error),
    #[error(
        "{URL} names a server of PostgreSQL {found}, and esrs needs {} or newer; unset it to have one \
         started",
        Version::OLDEST
    )]
    NamedIsTooOld { found: Version },
    #[error("{0}")]
    Server(#[from] postgres_server::Error),
    #[error("{installed}\nnone could be installed for this either:\n{}", tried(tries))]
    NotInstalled { installed: postgres_server::Error, tries: Vec<Error> },
    #[error("{missing}\nit could not be unpacked for this either: {source}")]
    NoTool { missing: String, source: Box<Error> },
    #[error("apt-get has nothing to download for `{package}`: it is installed, but not in PATH")]
    NothingToDownload { package: String },
    #[error(
        "the program of the package `{package}` was unpacked, but does not run on this machine"
    )]
    DoesNotRun { package: String },
    #[error("PATH cannot be extended: {0}")]
    Path(#[from] std::env::JoinPathsError),
    #[error("{} could not be run: {source}", program.display())]
    Program { program: OsString, source: io::Error },
    #[error("`{command}` failed ({status})")]
    Failed { command: String, status: ExitStatus },
    #[error("apt-get installs for root alone")]
    NotRoot,
    #[error("there is no pip: install Python 3 with it")]
    NoPip,
    #[error("{}: {source}", path.display())]
    File { path: PathBuf, source: io::Error },
    #[error("cargo tells of the workspace in words that are not known: {0}")]
    Metadata(serde_json::Error),
    #[error("mdbook is not in PATH; run `cargo install mdbook --locked --version {version}`")]
    NoMdbook { version: &'static str },
    #[error("no package of the workspace is published, so nothing would be checked")]
    NothingPublished,
    #[error("signals cannot be listened to: {0}")]
    Signals(io::Error),
}

impl Error {
    pub(crate) fn file(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::File { path, source }
    }

    pub(crate) fn program(command: &std::process::Command) -> impl FnOnce(io::Error) -> Self {
        let program = command.get_program().to_owned();
        move |source| Self::Program { program, source }
    }
}

fn tried(tries: &[Error]) -> String {
    tries.iter().map(|error| format!("- {error}")).collect::<Vec<_>>().join("\n")
}
