//! The way of one payload: read, brought up to date, written, and read again.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::says::says;
use crate::event::{Event, PayloadError};
use crate::schema::lock::outline_of;
use crate::schema::lock::tree::Tree;
use crate::schema::{EventType, StoredAs};
use crate::value::is_same;

/// Why a payload did not come through.
#[derive(Debug, thiserror::Error)]
pub(super) enum Fault {
    #[error("{}", serde_words(.0))]
    Refused(PayloadError),
    #[error("the code that {doing} panicked: {message}")]
    Panicked { doing: &'static str, message: String },
    #[error("it is read, and cannot be written again: {0}")]
    NotWritten(serde_json::Error),
    #[error("it is read and written again, and that cannot be read: {}\n    {written}", serde_words(.error))]
    NotReadAgain { written: String, error: PayloadError },
    #[error(
        "it is read and written again, and that is read as something else:\n    {written}\n    {again}"
    )]
    Changed { written: String, again: String },
    #[error("it is read, and that is written as something else:\n    {written}")]
    Altered { written: String },
}

/// Returns the message of serde, without the advice for programs that run. Values in it are those of samples
/// and of golden payloads, which are part of the source code.
fn serde_words(error: &PayloadError) -> String {
    match error {
        PayloadError::Json(error) => error.details(),
        other => other.to_string(),
    }
}

/// Reads a payload that was stored under `name`, and writes and reads what came of it.
pub(super) fn there_and_back<E: Event>(
    name: &str,
    version: u32,
    payload: &str,
) -> Result<(), Fault> {
    let current = StoredAs::version(E::VERSION);
    let stored = EventType::of::<E>().stored_as(name, version);
    let stored = stored.unwrap_or(StoredAs::version(version));
    let event = read::<E>(stored, payload)?.map_err(Fault::Refused)?;
    let written = write(&event)?;
    let again = match read::<E>(current, &written)? {
        Ok(event) => event,
        Err(error) => return Err(Fault::NotReadAgain { written, error }),
    };
    if is_same(&event, &again) == Some(true) {
        // What a step made of an older version is not what was stored.
        return match stored != current || is_written_so::<E>(payload, &written) {
            true => Ok(()),
            false => Err(Fault::Altered { written }),
        };
    }
    Err(Fault::Changed { written, again: write(&again)? })
}

/// Returns true if the event wrote all that it read.
fn is_written_so<E: Event>(payload: &str, written: &str) -> bool {
    let tree = Tree::parse(&outline_of(E::SHAPE));
    let json = (serde_json::from_str(payload), serde_json::from_str(written));
    match (tree, json) {
        (Ok(tree), (Ok(read), Ok(written))) => says(&tree, &read, &written),
        // A shape without an outline has a lock without one, which is reported.
        _ => true,
    }
}

fn read<E: Event>(stored: StoredAs, payload: &str) -> Result<Result<E, PayloadError>, Fault> {
    guarded("reads it", || stored.decode(payload))
}

fn write<E: Event>(event: &E) -> Result<String, Fault> {
    guarded("writes it", || serde_json::to_string(event))?.map_err(Fault::NotWritten)
}

/// Runs code of the user's.
fn guarded<T>(doing: &'static str, run: impl FnOnce() -> T) -> Result<T, Fault> {
    // What it may leave behind half done is not used again: the test ends.
    catch_unwind(AssertUnwindSafe(run))
        .map_err(|panic| Fault::Panicked { doing, message: message(&*panic) })
}

fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().cloned();
    let text = text.or_else(|| panic.downcast_ref::<&str>().map(|&text| text.to_owned()));
    text.unwrap_or_else(|| "without a message".to_owned())
}
