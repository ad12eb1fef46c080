//! The locks of an event, as a test finds them.

use std::fmt;

use esrs_lock::file::{Damaged, Entry, read_event};
use esrs_lock::outline::parse;

use super::failure::Failure;
use super::plan::WHOLE;
use crate::event::Event;
use crate::schema::lock::Locked;

/// The name of a lock, as messages show it to those who look after an event that reads it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Name {
    name: &'static str,
    /// The event that merges the one of this name.
    heir: Option<&'static str>,
}

impl Name {
    pub(super) fn of<E: Event>(locked: &Locked) -> Self {
        let name = locked.name;
        let is_own = E::NAME == name || E::ALIASES.contains(&name);
        Self { name, heir: (!is_own).then_some(E::NAME) }
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.name)?;
        match self.heir {
            Some(heir) => write!(f, " (which {heir:?} merges)"),
            None => Ok(()),
        }
    }
}

/// The path of the first part of an entry, as an example of how paths are written.
pub(super) fn first_path(entry: &Entry) -> String {
    let part = entry.outline.get(1).map(|line| parse(line.as_bytes()).path);
    part.map_or_else(|| WHOLE.to_owned(), |path| path.as_str().to_owned())
}

impl Locked {
    /// All entries of the lock, in their order.
    pub(super) fn entries(&self) -> Result<Vec<Entry>, Failure> {
        read_event(self.lock).map_err(|Damaged { line, .. }| {
            let line = self.lock.lines().nth(line - 1).unwrap_or_default();
            Failure::Damaged { lock: self.lock_file, line }
        })
    }
}
