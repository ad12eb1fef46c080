//! The locks of one target, as files.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::entry::{
    AggregateEntry, Entry, read_aggregate, read_event, write_aggregate, write_event,
};
use crate::error::Error;

/// The file that lists all locks of a target.
pub(crate) const INDEX: &str = "index.lock";

/// What that file begins with.
const INDEX_HEAD: &str = "# The locks beside this file. Written by `cargo esrs lock`; when a merge \
                          stops here, keep the lines of both sides, and run it again.\n";

/// All that is locked of a target.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Locks {
    /// The versions of each event, by its name, in the order in which they were locked.
    pub(crate) events: BTreeMap<String, Vec<Entry>>,
    /// What is locked of each aggregate, by its name.
    pub(crate) aggregates: BTreeMap<String, AggregateEntry>,
    /// The files that are not as the index says, by their path within the folder.
    pub(crate) unsound: BTreeMap<String, Unsound>,
}

/// What is wrong with a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unsound {
    /// The index lists it, and it is not there.
    Gone,
    /// It is not as it was written, or not listed: after a merge, or after an edit.
    Altered,
}

impl Locks {
    /// Reads the files of a folder; none when it is not there.
    ///
    /// # Errors
    /// When a file cannot be read, or is no lock.
    pub(crate) fn read(folder: &Path) -> Result<Self, Error> {
        let mut locks = Self::default();
        let mut texts = BTreeMap::new();
        for (path, name) in files(&folder.join("events"))? {
            let text = read(&path)?;
            locks.events.insert(name.clone(), read_event(&path, &text)?);
            texts.insert(event_file(&name), text);
        }
        for (path, name) in files(&folder.join("aggregates"))? {
            let text = read(&path)?;
            locks.aggregates.insert(name.clone(), read_aggregate(&text));
            texts.insert(aggregate_file(&name), text);
        }
        let index = folder.join(INDEX);
        let index = if index.exists() { read(&index)? } else { String::new() };
        locks.unsound = unsound(&index, &texts);
        Ok(locks)
    }

    /// Whether anything is locked under this name, or was.
    pub(crate) fn have(&self, name: &str) -> bool {
        self.events.contains_key(name)
            || self.aggregates.contains_key(name)
            || self.unsound.contains_key(&event_file(name))
            || self.unsound.contains_key(&aggregate_file(name))
    }

    /// The files as they are to be, by their path within the folder.
    pub(crate) fn files(&self) -> BTreeMap<String, String> {
        let events = self
            .events
            .iter()
            .map(|(name, entries)| (event_file(name), write_event(name, entries)));
        let aggregates = self
            .aggregates
            .iter()
            .map(|(name, aggregate)| (aggregate_file(name), write_aggregate(name, aggregate)));
        let mut files: BTreeMap<_, _> = events.chain(aggregates).collect();
        let mut index = INDEX_HEAD.to_owned();
        for (file, text) in &files {
            index.push_str(&index_line(file, text));
        }
        files.insert(INDEX.to_owned(), index);
        files
    }

    /// Writes the files that differ, and says which.
    ///
    /// # Errors
    /// When one of them cannot be written.
    pub(crate) fn write(&self, folder: &Path) -> Result<Vec<PathBuf>, Error> {
        let mut written = Vec::new();
        for (file, text) in self.files() {
            let path = folder.join(file);
            if read(&path).is_ok_and(|there| there == text) {
                continue;
            }
            if let Some(parent) = path.parent() {
                std::fs::create_dir_all(parent).map_err(Error::file(parent))?;
            }
            std::fs::write(&path, text).map_err(Error::file(&path))?;
            written.push(path);
        }
        Ok(written)
    }
}

/// The file of an event, within the folder.
pub(crate) fn event_file(name: &str) -> String {
    format!("events/{}.lock", file_name(name))
}

/// The file of an aggregate, within the folder.
pub(crate) fn aggregate_file(name: &str) -> String {
    format!("aggregates/{}.lock", file_name(name))
}

/// The files that are not as the index says. A merge may have left two lines of one file.
fn unsound(index: &str, texts: &BTreeMap<String, String>) -> BTreeMap<String, Unsound> {
    let lines: BTreeSet<_> = index.lines().map(str::trim_end).collect();
    let listed = lines.iter().filter(|line| !line.starts_with('#'));
    let listed = listed.filter_map(|line| line.split_once(' ')).map(|(file, _)| file);
    let gone = listed.filter(|file| file.ends_with(".lock") && !texts.contains_key(*file));
    let gone = gone.map(|file| (file.to_owned(), Unsound::Gone));
    let altered = texts.iter().filter(|(file, text)| {
        let line = index_line(file, text);
        !lines.contains(line.trim_end())
    });
    gone.chain(altered.map(|(file, _)| (file.clone(), Unsound::Altered))).collect()
}

fn index_line(file: &str, text: &str) -> String {
    format!("{file} {:016x}\n", hash_of(text))
}

/// The locks in a folder, each with the name that it is of.
fn files(folder: &Path) -> Result<Vec<(PathBuf, String)>, Error> {
    if !folder.exists() {
        return Ok(Vec::new());
    }
    let mut found = Vec::new();
    for file in std::fs::read_dir(folder).map_err(Error::file(folder))? {
        let path = file.map_err(Error::file(folder))?.path();
        let name = path.file_name().and_then(|name| name.to_str());
        if let Some(name) = name.and_then(|name| name.strip_suffix(".lock")) {
            found.push((path.clone(), stored_name(name)));
        }
    }
    found.sort();
    Ok(found)
}

/// A checkout may have written its lines to end as the system's do.
fn read(path: &Path) -> Result<String, Error> {
    let text = std::fs::read_to_string(path).map_err(Error::file(path))?;
    Ok(text.replace("\r\n", "\n"))
}

/// FNV-1a, as the derives hash a lock.
fn hash_of(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

/// The name of a file that every file system takes, and tells from others in upper and lower case.
pub(crate) fn file_name(stored: &str) -> String {
    let mut name = String::new();
    for byte in stored.bytes() {
        match byte {
            b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-' => name.push(byte.into()),
            b'.' if !name.is_empty() => name.push('.'),
            _ => name.push_str(&format!("%{byte:02X}")),
        }
    }
    name
}

/// The name that a file is of.
fn stored_name(file: &str) -> String {
    let bytes = file.as_bytes();
    let (mut name, mut i) = (Vec::new(), 0);
    while i < bytes.len() {
        let coded = bytes.get(i + 1..i + 3).and_then(|digits| std::str::from_utf8(digits).ok());
        let coded = coded.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match (bytes[i], coded) {
            (b'%', Some(byte)) => {
                name.push(byte);
                i += 3;
            }
            (byte, _) => {
                name.push(byte);
                i += 1;
            }
        }
    }
    String::from_utf8_lossy(&name).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_has_a_file_of_its_own_and_is_read_from_it() {
        for name in
            ["money_deposited", "Money", "money", "bank/money:moved", ".hidden", "größe", "a.b"]
        {
            assert_eq!(stored_name(&file_name(name)), name);
        }
        assert_ne!(file_name("Money").to_lowercase(), file_name("money"));
    }

    #[test]
    fn what_is_written_is_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let entry = |version, line: &str| Entry {
            version,
            fingerprint: u64::from(version),
            outline: vec!["struct".to_owned(), line.to_owned()],
        };
        let mut locks = Locks::default();
        locks.events.insert("a.b".to_owned(), vec![entry(1, ".a: i64"), entry(2, ".b: i64")]);
        let aggregate =
            AggregateEntry { id: Some("u64".to_owned()), reads: vec!["a.b".to_owned()] };
        locks.aggregates.insert("one".to_owned(), aggregate);
        assert_eq!(locks.write(folder.path()).unwrap().len(), 3);
        assert_eq!(Locks::read(folder.path()).unwrap(), locks);
        assert!(locks.write(folder.path()).unwrap().is_empty());
    }
}
