//! The lock of an event, as a test finds it.

use super::failure::Failure;
use super::plan::WHOLE;
use crate::schema::lock::line::parse;

/// What is locked under one name, and where payloads of it are kept.
#[derive(Debug, Clone, Copy)]
pub struct Locked {
    /// The name it is stored under.
    pub name: &'static str,
    /// The text of the lock.
    pub lock: &'static str,
    /// The lock's path, as messages show it.
    pub lock_file: &'static str,
    /// The folder of golden payloads; it may not be there.
    pub golden: &'static str,
    /// The same, as messages show it.
    pub golden_shown: &'static str,
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
        part.map_or_else(|| WHOLE.to_owned(), |path| String::from_utf8_lossy(path).into_owned())
    }
}

impl Locked {
    /// All entries of the lock, in their order.
    pub(super) fn entries(&self) -> Result<Vec<Entry>, Failure> {
        let mut entries: Vec<Entry> = Vec::new();
        for line in self.lock.lines() {
            let damaged = || Failure::Damaged { lock: self.lock_file, line };
            if line.trim().is_empty() || line.starts_with('#') {
                continue;
            }
            if let Some(header) = line.strip_prefix("version ") {
                let version =
                    header.split_once(" = ").and_then(|(version, _)| version.parse().ok());
                entries.push(Entry { version: version.ok_or_else(damaged)?, outline: Vec::new() });
            } else {
                let entry = entries.last_mut().filter(|_| line.starts_with(' '));
                entry.ok_or_else(damaged)?.outline.push(line.trim());
            }
        }
        Ok(entries)
    }
}
