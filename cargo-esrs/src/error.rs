//! The errors of the command, with what to do.

use std::path::PathBuf;

use esrs_core::escaped;

#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("the workspace could not be read: {0}")]
    Metadata(#[from] cargo_metadata::Error),
    #[error("cargo could not be run: {0}")]
    Cargo(std::io::Error),
    #[error(
        "{target} does not compile, so what it stores is not known; nothing was locked:\n{rendered}"
    )]
    DoesNotCompile { target: String, rendered: String },
    #[error(
        "an event of {target} has more parts than a lock holds, which is 8,192 lines of 256 KiB: make events \
         of their own of some of its parts, or store a part as `#[schema(opaque = \"name@1\")]`, whose \
         number is raised when it changes"
    )]
    TooLong { target: String },
    #[error(
        "{target} printed something that this version of cargo-esrs does not understand: {said:?}; use the version of the crate esrs"
    )]
    NotUnderstood { target: String, said: String },
    #[error("{}: {source}", escaped(path.display()))]
    File { path: PathBuf, source: std::io::Error },
    #[error("{}: line {line} is not of a lock: {found:?}; restore it from version control", escaped(path.display()))]
    Damaged { path: PathBuf, line: usize, found: String },
    #[error(
        "{} is named after {name:?}, which nothing is stored as, because a stored name has no \
         control characters: delete it, or restore its name from version control",
        escaped(path.display())
    )]
    NoName { path: PathBuf, name: String },
    #[error(
        "{target} has two events that are stored as {name:?} in version {version}, of two shapes: give one of them another name"
    )]
    Ambiguous { target: String, name: String, version: u32 },
    #[error(
        "two aggregates that {program} uses are stored as {name:?}, at {places}: their streams would be one; \
         give one of them another name, or a program of its own"
    )]
    SameAggregate { program: String, name: String, places: String },
    #[error(
        "two projections that {program} uses have the table {table:?}, at {places}: their rows would be mixed; \
         give one of them another table, or a program of its own"
    )]
    SameTable { program: String, table: String, places: String },
    #[error("the lock of {event} version {version}: {source}")]
    Outline { event: String, version: u32, source: esrs_lock::tree::OutlineError },
    #[error(
        "nothing is locked of {0}, and a contract is made of what is locked: run `cargo esrs lock`, and \
         commit what it writes"
    )]
    NothingLocked(String),
    #[error(
        "an AsyncAPI document describes one program, and here are {0}: choose one by `--package`, or give \
         a folder by `--output`"
    )]
    SeveralPrograms(String),
    #[error("no package here depends on esrs; run it in a package or a workspace that does")]
    NoPackage,
    #[error("there is no package {0:?} here that depends on esrs")]
    NoSuchPackage(String),
    #[error("nothing is locked under the name {0:?}, so there is nothing to give up")]
    NothingToGiveUp(String),
    #[error("no event is locked under the name {0:?}, so it has no steps to accept")]
    NothingToAccept(String),
    #[error(
        "`--check` changes no lock, so it accepts no steps: leave out `--check`, or add `--rolling REF`"
    )]
    AcceptedByACheck,
    #[error("cargo could not tell the features of {package}: {said}")]
    Features { package: String, said: String },
    #[error("git could not be asked for {reference:?}: {said}")]
    Git { reference: String, said: String },
}

impl Error {
    pub(crate) fn file(path: &std::path::Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::File { path, source }
    }
}
