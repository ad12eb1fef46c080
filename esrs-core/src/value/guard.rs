//! Calls of user code whose panic becomes an error.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Runs user code, and returns the message of its panic as the error.
///
/// The caller drops whatever the code may have left half done.
#[inline]
pub(crate) fn guarded<T>(run: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(run)).map_err(|panic| panic_message(&*panic))
}

/// Writes a value as JSON; a panic of its `Serialize` is an error like any other of it.
#[inline]
pub(crate) fn to_json<T>(
    write: impl FnOnce() -> Result<T, serde_json::Error>,
) -> Result<T, serde_json::Error> {
    guarded(write).unwrap_or_else(|message| {
        Err(serde::ser::Error::custom(format_args!("its `Serialize` panicked: {message}")))
    })
}

/// Reads a value from JSON; a panic of its `Deserialize` is an error like any other of it.
#[inline]
pub(crate) fn from_json<T>(
    read: impl FnOnce() -> Result<T, serde_json::Error>,
) -> Result<T, serde_json::Error> {
    guarded(read).unwrap_or_else(|message| {
        Err(serde::de::Error::custom(format_args!("its `Deserialize` panicked: {message}")))
    })
}

/// The message of a panic.
#[cold]
pub(crate) fn panic_message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "no message".to_owned())
}
