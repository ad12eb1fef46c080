//! The locks of one target, as files.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use esrs_lock::file::{
    AggregateEntry, Damaged, Entry, INDEX_HEAD, hash_of, index_line, index_lines, read_aggregate,
    with_plain_ends, write_aggregate, write_event,
};
use esrs_lock::name::{GOLDEN, INDEX, Kind, former_stem, is_lock, lock_name, stem, stored_name};

use crate::error::Error;
use crate::workspace::LockTarget;

/// All that is locked of a target.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Locks {
    /// The versions of each event, by its name, in the order in which they were locked.
    pub(crate) events: BTreeMap<String, Vec<Entry>>,
    /// The lock of each aggregate, by its name.
    pub(crate) aggregates: BTreeMap<String, AggregateEntry>,
    /// The files that are not as the index says, by their path within the folder.
    pub(crate) unsound: BTreeMap<String, Unsound>,
    /// The files that are called as another esrs has called them.
    former: BTreeSet<String>,
    /// The hashes that the index has of each file; of one that two branches changed it may have several.
    listed: BTreeMap<String, BTreeSet<u64>>,
}

/// The fault of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unsound {
    /// The index lists it, and it is not there.
    Gone,
    /// It is not as it was written, or not listed: after an edit.
    Altered,
    /// It has the entries of each side of a merge, as each side wrote them.
    Merged,
}

impl Locks {
    /// Reads the files of a folder; none when it is not there.
    ///
    /// # Errors
    /// When a file cannot be read, or is no lock.
    pub(crate) fn read(folder: &Path) -> Result<Self, Error> {
        let mut locks = Self::default();
        let mut texts = BTreeMap::new();
        for (path, file) in files(folder, Kind::Event)? {
            let text = read(&path)?;
            let name = lock_name(&file, &text);
            if name.chars().any(char::is_control) {
                return Err(Error::NoName { path, name });
            }
            texts.insert(known_file(&file, &name), text.clone());
            locks.events.insert(name, read_event(&path, &text)?);
        }
        for (path, file) in files(folder, Kind::Aggregate)? {
            let text = read(&path)?;
            let name = lock_name(&file, &text);
            if name.chars().any(char::is_control) {
                return Err(Error::NoName { path, name });
            }
            locks.aggregates.insert(name.clone(), read_aggregate(&text));
            texts.insert(known_file(&file, &name), text);
        }
        let all = locks.files();
        locks.former = texts.keys().filter(|file| !all.contains_key(*file)).cloned().collect();
        let index = folder.join(INDEX);
        let index = if index.exists() { read(&index)? } else { String::new() };
        locks.listed = listed(&index);
        locks.unsound = unsound(&locks, &texts);
        Ok(locks)
    }

    /// The locks of all folders of these targets.
    ///
    /// # Errors
    /// When a file cannot be read, or is no lock.
    pub(crate) fn of(targets: &[LockTarget]) -> Result<Vec<Self>, Error> {
        let folders: BTreeSet<_> = targets.iter().map(|target| &target.folder).collect();
        folders.into_iter().map(|folder| Self::read(folder)).collect()
    }

    /// Returns true if nothing is locked, and nothing was.
    pub(crate) fn is_empty(&self) -> bool {
        self.events.is_empty() && self.aggregates.is_empty() && self.unsound.is_empty()
    }

    /// Returns true if the lock of a file that is gone stands in one of these folders, with all that it had.
    pub(crate) fn is_moved(&self, file: &str, elsewhere: &[Self]) -> bool {
        let Some(hashes) = self.listed.get(file) else { return false };
        let begins_as_listed = |(name, entries): (&String, &Vec<Entry>)| {
            let mut lengths = 1..=entries.len();
            Kind::Event.file(name) == file
                && lengths.any(|n| hashes.contains(&hash_of(&write_event(name, &entries[..n]))))
        };
        elsewhere.iter().any(|locks| locks.events.iter().any(begins_as_listed))
    }

    /// Returns true if anything is locked under this name, or was.
    pub(crate) fn have(&self, name: &str) -> bool {
        self.events.contains_key(name)
            || self.aggregates.contains_key(name)
            || self.unsound.contains_key(&Kind::Event.file(name))
            || self.unsound.contains_key(&Kind::Aggregate.file(name))
    }

    /// The new files, by their path within the folder.
    pub(crate) fn files(&self) -> BTreeMap<String, String> {
        let events = self
            .events
            .iter()
            .map(|(name, entries)| (Kind::Event.file(name), write_event(name, entries)));
        let aggregates = self.aggregates.iter().map(|(name, aggregate)| {
            (Kind::Aggregate.file(name), write_aggregate(name, aggregate))
        });
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
        for file in &self.former {
            let path = folder.join(file);
            std::fs::remove_file(&path).map_err(Error::file(&path))?;
            self.rename_golden(folder, file)?;
        }
        Ok(written)
    }

    /// Golden payloads stand in a folder that is called as the lock of their event.
    fn rename_golden(&self, folder: &Path, former: &str) -> Result<(), Error> {
        let Some((Kind::Event, former)) = Kind::of_file(former) else { return Ok(()) };
        let golden = folder.join(GOLDEN);
        let (from, to) = (golden.join(former), golden.join(stem(&stored_name(former))));
        match from.is_dir() && !to.exists() {
            true => std::fs::rename(&from, &to).map_err(Error::file(&from)),
            false => Ok(()),
        }
    }

    /// Returns true if another esrs has called some of the files otherwise; it is as good as it was then.
    pub(crate) fn has_former_files(&self) -> bool {
        !self.former.is_empty()
    }

    /// Returns the name of the file of an event's lock, without its ending.
    pub(crate) fn stem(&self, event: &str) -> String {
        match self.former.contains(&Kind::Event.former_file(event)) {
            true => former_stem(event),
            false => stem(event),
        }
    }
}

/// The hashes that an index has of each file. A merge may have left two lines of one.
fn listed(index: &str) -> BTreeMap<String, BTreeSet<u64>> {
    let mut listed: BTreeMap<String, BTreeSet<u64>> = BTreeMap::new();
    for (file, hash) in index_lines(index).filter_map(Result::ok) {
        listed.entry(file.to_owned()).or_default().insert(hash);
    }
    listed
}

/// The files that are not as the index says.
fn unsound(locks: &Locks, texts: &BTreeMap<String, String>) -> BTreeMap<String, Unsound> {
    let gone = locks.listed.keys().filter(|file| is_lock(file));
    let gone = gone.filter(|file| !texts.contains_key(*file));
    let gone = gone.map(|file| (file.clone(), Unsound::Gone));
    let altered = texts.iter().filter_map(|(file, text)| {
        let hashes = locks.listed.get(file).cloned().unwrap_or_default();
        if hashes.contains(&hash_of(text)) {
            return None;
        }
        let of = locks.events.iter().find(|(name, _)| Kind::Event.file(name) == *file);
        let is_merged = of.is_some_and(|(name, entries)| is_merged(name, entries, &hashes));
        Some((file.clone(), if is_merged { Unsound::Merged } else { Unsound::Altered }))
    });
    gone.chain(altered).collect()
}

/// Returns true if each entry was written by one of the sides of a merge, of which the index has these
/// hashes: each side wrote all but what the other has added.
fn is_merged(name: &str, entries: &[Entry], hashes: &BTreeSet<u64>) -> bool {
    let (mut found, mut covered) = (BTreeSet::new(), vec![false; entries.len()]);
    for from in 0..entries.len() {
        for to in from + 1..=entries.len() {
            let side = [&entries[..from], &entries[to..]].concat();
            let hash = hash_of(&write_event(name, &side));
            if hashes.contains(&hash) {
                found.insert(hash);
                let is_of_side = |place: &usize| !(from..to).contains(place);
                (0..entries.len()).filter(is_of_side).for_each(|place| covered[place] = true);
            }
        }
    }
    hashes.len() > 1 && found == *hashes && covered.iter().all(|is_covered| *is_covered)
}

/// The locks of a kind in a folder, each with its path within it.
fn files(folder: &Path, kind: Kind) -> Result<Vec<(PathBuf, String)>, Error> {
    let kind = kind.folder();
    let within = folder.join(kind);
    if !within.exists() {
        return Ok(Vec::new());
    }
    let mut found = Vec::new();
    for file in std::fs::read_dir(&within).map_err(Error::file(&within))? {
        let path = file.map_err(Error::file(&within))?.path();
        let name = path.file_name().and_then(|name| name.to_str());
        if let Some(name) = name.filter(|name| is_lock(name)) {
            found.push((path.clone(), format!("{kind}/{name}")));
        }
    }
    found.sort();
    Ok(found)
}

/// A checkout may have written its lines to end as the system's do.
fn read(path: &Path) -> Result<String, Error> {
    let text = std::fs::read_to_string(path).map_err(Error::file(path))?;
    Ok(with_plain_ends(&text))
}

/// The file of a lock as an esrs calls it, or has called it once; one that none has written is told as that
/// which its name has now.
fn known_file(file: &str, name: &str) -> String {
    match kind_of(file).former_file(name) == file {
        true => file.to_owned(),
        false => lock_file(file, name),
    }
}

/// The file of a lock of this name, next to one of its kind.
pub(crate) fn lock_file(beside: &str, name: &str) -> String {
    kind_of(beside).file(name)
}

/// The kind of a lock, by its file.
pub(crate) fn kind_of(file: &str) -> Kind {
    Kind::of_file(file).map_or(Kind::Event, |(kind, _)| kind)
}

/// The entries of an event's lock, in their order.
///
/// # Errors
/// Returns [`Error::Damaged`] if a line is not one of a lock.
pub(crate) fn read_event(path: &Path, text: &str) -> Result<Vec<Entry>, Error> {
    esrs_lock::file::read_event(text).map_err(|Damaged { line, found }| Error::Damaged {
        path: path.to_owned(),
        line,
        found,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let entry = |version, line: &str| Entry {
            version,
            fingerprint: u64::from(version),
            outline: vec!["struct".to_owned(), line.to_owned()],
            steps: (version > 1).then(|| vec![".b: renamed(from = \"a\", in = 2)".to_owned()]),
        };
        let mut locks = Locks::default();
        locks.events.insert("a.b".to_owned(), vec![entry(1, ".a: i64"), entry(2, ".b: i64")]);
        let aggregate =
            AggregateEntry { id: Some("u64".to_owned()), reads: vec!["a.b".to_owned()] };
        locks.aggregates.insert("one".to_owned(), aggregate);
        assert_eq!(locks.write(folder.path()).unwrap().len(), 3);
        let read = Locks::read(folder.path()).unwrap();
        assert_eq!((&read.events, &read.aggregates), (&locks.events, &locks.aggregates));
        assert!(read.unsound.is_empty());
        assert!(locks.write(folder.path()).unwrap().is_empty());
    }
}
