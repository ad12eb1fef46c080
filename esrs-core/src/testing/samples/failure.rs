//! The message of a failed test of locked payloads.

use std::fmt;

use super::locked::Name;
use super::plan::Missing;
use super::way::Fault;
use crate::event::PayloadError;
use crate::schema::FormatMismatch;
use crate::schema::lock::tree::OutlineError;

/// Why what is locked cannot be read, or could not be tried.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    #[error(transparent)]
    Format(#[from] FormatMismatch),
    #[error("{}", .0)]
    MadeUp(Box<MadeUp>),
    #[error(
        "the golden payload {file}, of version {version} of {event}, cannot be read any more: \
         {fault}\n{}",
        golden_advice(.fault)
    )]
    Golden { event: Name, version: u32, file: String, fault: Fault },
    #[error(
        "version {version} of {event} has a part that cannot be made up, {missing}, so nothing tells \
         whether it can still be read: put a payload that was stored, or may be, into \
         {golden}/v{version}.any_name.json"
    )]
    Missing { event: Name, version: u32, missing: Missing, golden: &'static str },
    #[error(
        "a step refused each of {count} payloads of version {version} of {event} that were made up: \
         {fault}\nput a payload that it takes into {golden}/v{version}.any_name.json, or let it take more"
    )]
    AllRefused { event: Name, version: u32, count: usize, fault: Fault, golden: &'static str },
    #[error(
        "{golden}/v{version}.narrow.txt names {path:?}, and the lock {lock} has no such part in version \
         {version}: write the path as the lock does, without what stands behind it"
    )]
    NoSuchPath { version: u32, path: String, lock: &'static str, golden: &'static str },
    #[error("{file} cannot be read: {error}")]
    File { file: String, error: std::io::Error },
    #[error("the folder {folder} cannot be read: {error}")]
    Folder { folder: String, error: std::io::Error },
    #[error("the lock {lock} has an invalid line, {line:?}: restore it from version control")]
    Damaged { lock: &'static str, line: &'static str },
    #[error("version {version} of the lock {lock}: {error}")]
    Outline { lock: &'static str, version: u32, error: OutlineError },
}

/// A payload that was made up did not come through.
#[derive(Debug)]
pub(super) struct MadeUp {
    pub(super) event: Name,
    pub(super) version: u32,
    pub(super) lock: &'static str,
    pub(super) golden: &'static str,
    /// The path of one of its parts.
    pub(super) path: String,
    /// The shortest that failed.
    pub(super) payload: String,
    pub(super) fault: Fault,
    /// The number of payloads that failed, and of all.
    pub(super) failed: usize,
    pub(super) tried: usize,
}

impl fmt::Display for MadeUp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { event, version, lock, golden, path, payload, fault, failed, tried } = self;
        write!(
            f,
            "version {version} of {event} may be stored as this payload, by {lock}, and it does not \
             come through:\n    {}\n{fault}\n({failed} of {tried} payloads that were made up failed)\n",
            shown(payload)
        )?;
        match fault {
            Fault::Refused(PayloadError::NoSuchVersion { .. }) => {
                return f.write_str(
                    "bring the struct of that version back, `from = …`, or declare its history",
                );
            }
            Fault::Refused(_) => f.write_str(
                "either: let it be read: look at a `Deserialize` of your own, and at types \
                 that take less than their shape says, by `try_from`\n",
            )?,
            Fault::Panicked { .. } => f.write_str(
                "either: let it not panic: a step that cannot take each old payload says so by \
                 `TryUpcast`\n",
            )?,
            Fault::NotWritten(_)
            | Fault::NotReadAgain { .. }
            | Fault::Changed { .. }
            | Fault::Altered { .. } => {
                f.write_str("either: let `Serialize` and `Deserialize` be two ways of the same\n")?
            }
        }
        write!(
            f,
            "or:     if nothing like it was ever stored, write the path of the part as the lock does, \
             such as `{path}`, into {golden}/v{version}.narrow.txt, and a payload that may be stored \
             into {golden}/v{version}.any_name.json, where values of that part are taken from"
        )
    }
}

fn golden_advice(fault: &Fault) -> &'static str {
    match fault {
        Fault::Refused(PayloadError::NoSuchVersion { .. }) => {
            "bring the struct of that version back, `from = …`, or declare its history"
        }
        _ => {
            "what is stored has to be read for ever: let it be read, or take the file away when \
              nothing like it was ever stored"
        }
    }
}

/// A payload that is not too long to be shown whole.
fn shown(payload: &str) -> String {
    const LONG: usize = 2000;
    match payload.char_indices().nth(LONG) {
        Some((end, _)) => format!("{} … ({} bytes)", &payload[..end], payload.len()),
        None => payload.to_owned(),
    }
}
