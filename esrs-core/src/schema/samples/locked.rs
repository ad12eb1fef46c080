//! The locks of an event, as a test finds them.

use std::fmt;

use super::failure::Failure;
use super::plan::WHOLE;
use crate::Event;
use crate::schema::lock::line::parse;

/// What is locked of an event, and of those that it merges.
#[derive(Debug, Clone, Copy)]
pub struct Locks {
    /// Under each name of its own, the one that it is stored under first.
    pub own: &'static [Locked],
    /// Of the events that it merges, and so of those that they merge.
    pub merged: &'static [&'static Locks],
}

impl Locks {
    /// Those of an event of which nothing is locked.
    pub const NONE: Self = Self { own: &[], merged: &[] };

    /// All that the event has to read.
    pub(super) fn all(&self) -> Vec<&'static Locked> {
        let merged = self.merged.iter().flat_map(|merged| merged.all());
        self.own.iter().chain(merged).collect()
    }
}

/// What is locked under one name, and where payloads of it are kept.
#[derive(Debug, Clone, Copy)]
pub struct Locked {
    /// The name it is stored under.
    pub name: &'static str,
    /// The newest version that the source has of it.
    pub newest: u32,
    /// The text of the lock.
    pub lock: &'static str,
    /// The lock's path, as messages show it.
    pub lock_file: &'static str,
    /// The folder of golden payloads; it may not be there.
    pub golden: &'static str,
    /// The same, as messages show it.
    pub golden_shown: &'static str,
}

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

/// A version, as it was locked once; a version may have been locked several times.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) version: u32,
    pub(super) outline: Vec<&'static str>,
}

impl Entry {
    /// The path of its first part, as an example of how paths are written.
    pub(super) fn path(&self) -> String {
        let part = self.outline.get(1).map(|line| parse(line.as_bytes()).path);
        part.map_or_else(|| WHOLE.to_owned(), |path| path.as_str().to_owned())
    }
}

impl Locked {
    /// All entries of the lock, in their order.
    pub(super) fn entries(&self) -> Result<Vec<Entry>, Failure> {
        let mut entries: Vec<Entry> = Vec::new();
        // What is declared of a version says nothing of its payloads.
        let mut is_in_steps = false;
        for line in self.lock.lines() {
            let damaged = || Failure::Damaged { lock: self.lock_file, line };
            if line.trim().is_empty() || line.starts_with('#') {
                continue;
            }
            if line.starts_with("version ") {
                let version = version_of(line).ok_or_else(damaged)?;
                entries.push(Entry { version, outline: Vec::new() });
                is_in_steps = false;
            } else if line == "steps" && !entries.is_empty() {
                is_in_steps = true;
            } else if is_in_steps && line.starts_with(' ') {
                // They are for the compiler.
            } else {
                let entry = entries.last_mut().filter(|_| line.starts_with(' '));
                entry.ok_or_else(damaged)?.outline.push(line.trim());
            }
        }
        Ok(entries)
    }
}

/// The version that an entry begins with, by its first line; `None` for any other line.
pub(super) fn version_of(line: &str) -> Option<u32> {
    line.strip_prefix("version ")?.split_once(" = ")?.0.parse().ok()
}
