//! Checks that a value is read again as it was written.
//!
//! JSON has one `null` for `None`, `Some(None)`, `()` and NaN, and what a user's `Deserialize` makes of a
//! text is its own affair. So a value and what was read of its text are compared by the calls that
//! their `Serialize` makes, in which these differ. Of maps and sequences the order does not count:
//! that of a `HashMap` or a `HashSet` is another each time.
//!
//! [`walk`] makes those calls, [`trace`] sums them up in a number, which costs less than writing the text
//! again, and [`tree`] keeps them, to say where two values differ.

mod trace;
mod tree;
mod walk;

use std::fmt;

use serde::Serialize;
use serde::de::DeserializeOwned;
use tree::Tree;
use walk::Walk;

use crate::value::{JsonError, from_json, to_json};

/// A value that would not be read back as it was written.
///
/// It names no value but those that are the mistake, such as NaN: a payload may be confidential, and
/// errors are logged.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ChangedValue {
    /// The field that it is in, such as `lines[2].weight`; empty for the value as a whole.
    pub path: String,
    /// The kind of value that was written, such as `NaN`, `Some(None)` or `a text`.
    pub written: String,
    /// The kind of value that is read, such as `None`; `None` if it cannot be read at all.
    pub read: Option<String>,
}

impl fmt::Display for ChangedValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, written, read } = self;
        match path.is_empty() {
            true => f.write_str("the value")?,
            false => write!(f, "`{path}`")?,
        }
        match read {
            None => write!(f, " is {written}, which JSON cannot hold")?,
            Some(read) => write!(f, " is {written}, and would be read back as {read}")?,
        }
        f.write_str("; change the value, or the type of the field")
    }
}

impl std::error::Error for ChangedValue {}

/// Why a value cannot be stored as JSON.
#[derive(Debug, thiserror::Error)]
pub(crate) enum JsonFault {
    #[error("it cannot be written as JSON: {0}")]
    Unwritable(JsonError),
    #[error("it cannot be read from the JSON that it is written as: {0}")]
    Unreadable(JsonError),
    #[error(transparent)]
    Changed(#[from] ChangedValue),
}

/// Takes an event: as its text, or as the calls that it makes for one.
///
/// One function of a generated aggregate serves all of these.
#[derive(Debug, Default)]
pub struct Encoder {
    wants: Wants,
    json: String,
    trace: u64,
    tree: Option<Tree>,
}

/// The contents that an [`Encoder`] is to hold afterwards.
#[derive(Debug, Clone, Copy, Default)]
enum Wants {
    #[default]
    Json,
    Trace,
    JsonAndTrace,
    Tree,
}

impl Encoder {
    /// One that writes the text.
    pub(crate) fn json() -> Self {
        Self::default()
    }

    /// One that writes the text, and what it takes to know the value again.
    pub(crate) fn json_and_trace() -> Self {
        Self { wants: Wants::JsonAndTrace, ..Self::default() }
    }

    /// One that takes what it takes to know a value again.
    pub(crate) fn trace() -> Self {
        Self { wants: Wants::Trace, ..Self::default() }
    }

    /// One that takes all of the value, to say what is another.
    pub(crate) fn tree() -> Self {
        Self { wants: Wants::Tree, ..Self::default() }
    }

    /// Writes a value.
    ///
    /// # Errors
    /// When its `Serialize` fails or panics.
    pub(crate) fn write<T: Serialize>(&mut self, value: &T) -> Result<(), serde_json::Error> {
        to_json(|| {
            match self.wants {
                Wants::Json => self.json = serde_json::to_string(value)?,
                Wants::Trace => self.trace = trace_of(value)?,
                Wants::JsonAndTrace => {
                    self.json = serde_json::to_string(value)?;
                    self.trace = trace_of(value)?;
                }
                Wants::Tree => self.tree = Some(value.serialize(Walk::NEW)?),
            }
            Ok(())
        })
    }

    /// The text.
    pub(crate) fn payload(&self) -> &str {
        &self.json
    }

    /// The text, by value.
    pub(crate) fn into_json(self) -> String {
        self.json
    }

    /// Returns true if both hold the same value.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.trace == other.trace
    }

    /// Where the value that was written differs from the one that was read.
    pub(crate) fn difference(&self, read: &Self) -> Option<ChangedValue> {
        tree::difference(self.tree.as_ref()?, read.tree.as_ref()?)
    }

    /// The first value in it that JSON cannot hold.
    pub(crate) fn unheld(&self) -> Option<ChangedValue> {
        tree::unheld(self.tree.as_ref()?)
    }
}

fn trace_of<T: Serialize>(value: &T) -> Result<u64, serde_json::Error> {
    value.serialize(Walk::NEW)
}

/// Writes a value as JSON that is read back as the same value.
pub(crate) fn to_faithful_json<T: Serialize + DeserializeOwned>(
    value: &T,
) -> Result<String, JsonFault> {
    let mut written = Encoder::json_and_trace();
    written.write(value).map_err(|error| JsonFault::Unwritable(error.into()))?;
    let read = from_json(|| serde_json::from_str::<T>(&written.json));
    let again = read.map_err(|error| match tree_of(value).and_then(|tree| tree.unheld()) {
        Some(changed) => JsonFault::Changed(changed),
        None => JsonFault::Unreadable(error.into()),
    })?;
    let mut trace = Encoder::trace();
    trace.write(&again).map_err(|error| JsonFault::Unwritable(error.into()))?;
    match written.is_same(&trace) {
        true => Ok(written.into_json()),
        false => Err(JsonFault::Changed(changed(tree_of(value), tree_of(&again)))),
    }
}

/// Compares the calls that two values make; `None` if one of them cannot be written.
pub(crate) fn is_same<T: Serialize>(one: &T, other: &T) -> Option<bool> {
    let (mut a, mut b) = (Encoder::trace(), Encoder::trace());
    a.write(one).ok()?;
    b.write(other).ok()?;
    Some(a.is_same(&b))
}

fn tree_of<T: Serialize>(value: &T) -> Option<Encoder> {
    let mut tree = Encoder::tree();
    tree.write(value).ok().map(|()| tree)
}

/// The difference between two values that are known to differ.
pub(crate) fn changed(written: Option<Encoder>, read: Option<Encoder>) -> ChangedValue {
    let difference = written.zip(read).and_then(|(written, read)| written.difference(&read));
    difference.unwrap_or_else(|| ChangedValue {
        path: String::new(),
        written: "one value".to_owned(),
        read: Some("another".to_owned()),
    })
}

#[cfg(test)]
mod tests;
