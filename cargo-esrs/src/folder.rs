//! The locks of one target, as files.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::entry::{
    AggregateEntry, Entry, read_aggregate, read_event, write_aggregate, write_event,
};
use crate::error::Error;
use crate::workspace::LockTarget;

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
    /// The lock of each aggregate, by its name.
    pub(crate) aggregates: BTreeMap<String, AggregateEntry>,
    /// The files that are not as the index says, by their path within the folder.
    pub(crate) unsound: BTreeMap<String, Unsound>,
    /// The files that are called as another esrs has called them.
    former: BTreeSet<String>,
    /// The hashes that the index has of each file; of one that two branches changed it may have several.
    listed: BTreeMap<String, BTreeSet<u64>>,
}

/// What is wrong with a file.
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
        for (path, file) in files(folder, "events")? {
            let text = read(&path)?;
            let name = lock_name(&file, &text);
            if name.chars().any(char::is_control) {
                return Err(Error::NoName { path, name });
            }
            texts.insert(known_file(&file, &name), text.clone());
            locks.events.insert(name, read_event(&path, &text)?);
        }
        for (path, file) in files(folder, "aggregates")? {
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
            event_file(name) == file
                && lengths.any(|n| hashes.contains(&hash_of(&write_event(name, &entries[..n]))))
        };
        elsewhere.iter().any(|locks| locks.events.iter().any(begins_as_listed))
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
        for file in &self.former {
            let path = folder.join(file);
            std::fs::remove_file(&path).map_err(Error::file(&path))?;
            self.rename_golden(folder, file)?;
        }
        Ok(written)
    }

    /// Golden payloads stand in a folder that is called as the lock of their event.
    fn rename_golden(&self, folder: &Path, former: &str) -> Result<(), Error> {
        let Some(stem) = former.strip_prefix("events/").and_then(|f| f.strip_suffix(".lock"))
        else {
            return Ok(());
        };
        let golden = folder.join("golden");
        let (from, to) = (golden.join(stem), golden.join(file_name(&stored_name(stem))));
        match from.is_dir() && !to.exists() {
            true => std::fs::rename(&from, &to).map_err(Error::file(&from)),
            false => Ok(()),
        }
    }

    /// Returns true if another esrs has called some of the files otherwise; it is as good as it was then.
    pub(crate) fn has_former_files(&self) -> bool {
        !self.former.is_empty()
    }

    /// What the file of an event's lock is called, without its ending.
    pub(crate) fn stem(&self, event: &str) -> String {
        let plain = plain_file_name(event);
        match self.former.contains(&format!("events/{plain}.lock")) {
            true => plain,
            false => file_name(event),
        }
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

/// The hashes that an index has of each file. A merge may have left two lines of one.
fn listed(index: &str) -> BTreeMap<String, BTreeSet<u64>> {
    let lines = index.lines().map(str::trim_end).filter(|line| !line.starts_with('#'));
    let mut listed: BTreeMap<String, BTreeSet<u64>> = BTreeMap::new();
    for (file, hash) in lines.filter_map(|line| line.split_once(' ')) {
        let Ok(hash) = u64::from_str_radix(hash, 16) else { continue };
        listed.entry(file.to_owned()).or_default().insert(hash);
    }
    listed
}

/// The files that are not as the index says.
fn unsound(locks: &Locks, texts: &BTreeMap<String, String>) -> BTreeMap<String, Unsound> {
    let gone = locks.listed.keys().filter(|file| file.ends_with(".lock"));
    let gone = gone.filter(|file| !texts.contains_key(*file));
    let gone = gone.map(|file| (file.clone(), Unsound::Gone));
    let altered = texts.iter().filter_map(|(file, text)| {
        let hashes = locks.listed.get(file).cloned().unwrap_or_default();
        if hashes.contains(&hash_of(text)) {
            return None;
        }
        let of = locks.events.iter().find(|(name, _)| event_file(name) == *file);
        let is_merged = of.is_some_and(|(name, entries)| is_merged(name, entries, &hashes));
        Some((file.clone(), if is_merged { Unsound::Merged } else { Unsound::Altered }))
    });
    gone.chain(altered).collect()
}

/// Returns true if each entry was written by one of the sides of a merge, of which the index has these hashes: each
/// side wrote all but what the other has added.
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

fn index_line(file: &str, text: &str) -> String {
    format!("{file} {:016x}\n", hash_of(text))
}

/// The locks of a kind in a folder, each with its path within it.
fn files(folder: &Path, kind: &str) -> Result<Vec<(PathBuf, String)>, Error> {
    let within = folder.join(kind);
    if !within.exists() {
        return Ok(Vec::new());
    }
    let mut found = Vec::new();
    for file in std::fs::read_dir(&within).map_err(Error::file(&within))? {
        let path = file.map_err(Error::file(&within))?.path();
        let name = path.file_name().and_then(|name| name.to_str());
        if let Some(name) = name.filter(|name| name.ends_with(".lock")) {
            found.push((path.clone(), format!("{kind}/{name}")));
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
    let plain = plain_file_name(stored);
    match plain.bytes().next() {
        Some(first) if is_reserved(&plain) => format!("%{first:02X}{}", &plain[1..]),
        _ if plain.len() > LONGEST => {
            let mut cut = SHORTENED;
            // Not within a letter that is written by its number.
            while plain[cut - 2..cut].contains('%') {
                cut -= 1;
            }
            let begin = &plain[..cut];
            format!("{begin}{HASHED}{:016x}", hash_of(stored))
        }
        _ => plain,
    }
}

/// How long the name of a file may be, without its ending.
const LONGEST: usize = 250;

/// How much is left of a name that is longer, before its hash.
const SHORTENED: usize = 200;

/// The separator between them, which is no letter by its number.
const HASHED: &str = "%~";

/// A name as its letters are, but for those that not every file system takes.
fn plain_file_name(stored: &str) -> String {
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

/// Returns true if Windows takes a file of this name for a device, whatever stands behind the first point.
fn is_reserved(name: &str) -> bool {
    let device = name.split('.').next().unwrap_or_default();
    let port = device.strip_prefix("com").or_else(|| device.strip_prefix("lpt"));
    matches!(device, "con" | "prn" | "aux" | "nul")
        || port
            .is_some_and(|port| port.len() == 1 && port.bytes().all(|byte| byte.is_ascii_digit()))
}

/// The name that a lock is of, by its file and its text.
pub(crate) fn lock_name(file: &str, text: &str) -> String {
    let stem = file.rsplit('/').next().unwrap_or(file);
    let stem = stem.strip_suffix(".lock").unwrap_or(stem);
    match stem.contains(HASHED) {
        true => named_in(text).unwrap_or_else(|| stem.to_owned()),
        false => stored_name(stem),
    }
}

/// The file of a lock as an esrs calls it, or has called it once; one that none has written is told as that
/// which its name has now.
fn known_file(file: &str, name: &str) -> String {
    let is_former = file.split_once('/').is_some_and(|(_, file)| {
        file.strip_suffix(".lock").is_some_and(|stem| stem == plain_file_name(name))
    });
    if is_former { file.to_owned() } else { lock_file(file, name) }
}

/// The file of a lock of this name, beside one of its kind.
pub(crate) fn lock_file(beside: &str, name: &str) -> String {
    match beside.starts_with("aggregates/") {
        true => aggregate_file(name),
        false => event_file(name),
    }
}

/// The name in the first line of a lock, which has it as Rust writes a string.
fn named_in(text: &str) -> Option<String> {
    let line = text.lines().next()?;
    let mut letters = line.split_once('"')?.1.chars();
    let mut name = String::new();
    loop {
        name.push(match letters.next()? {
            '"' => return Some(name),
            '\\' => match letters.next()? {
                'n' => '\n',
                'r' => '\r',
                't' => '\t',
                '0' => '\0',
                'u' => {
                    let digits: String =
                        letters.by_ref().skip(1).take_while(|c| *c != '}').collect();
                    char::from_u32(u32::from_str_radix(&digits, 16).ok()?)?
                }
                letter => letter,
            },
            letter => letter,
        });
    }
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
        let (long, wide) = ("x".repeat(255), "ö".repeat(100));
        for name in [
            "money_deposited",
            "Money",
            "money",
            "bank/money:moved",
            ".hidden",
            "größe",
            "a.b",
            "con",
            "lpt1.of_a_printer",
            "com",
            "console",
            &long,
            &wide,
            &format!("{wide}!"),
            "\"quoted\" \u{202e}\n",
        ] {
            let file = event_file(name);
            assert!(file.len() <= "events/".len() + 255, "{file}");
            assert_eq!(lock_name(&file, &write_event(name, &[])), name);
        }
        assert_eq!(file_name("con"), "%63on");
        assert_ne!(file_name(&long), file_name(&long[1..]));
        assert!(!file_name(&wide).contains("%%"));
        assert_ne!(file_name("Money").to_lowercase(), file_name("money"));
    }

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
