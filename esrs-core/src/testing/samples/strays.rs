//! Golden payloads that no test reads.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};

use esrs_lock::file::versions;

use super::golden::{Kind, is_other, kind};

/// The versions that are locked of each event, by the name of its lock without its ending.
pub type LockedVersions = BTreeMap<String, BTreeSet<u32>>;

/// A file or a folder among the golden payloads that belongs to nothing that is locked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Stray {
    /// It is of no event.
    #[error(
        "{path} is of no event that is locked, since there is no {lock}: payloads are stored in a folder \
         that is called as the lock of their event; name it so, or remove it"
    )]
    Event {
        /// The file or the folder.
        path: String,
        /// The lock that its event would have.
        lock: String,
    },
    /// It is of no version.
    #[error(
        "{file} is of version {version}, which {lock} does not have: correct the number in its name, or \
         remove it"
    )]
    Version {
        /// The file.
        file: String,
        /// The version.
        version: u32,
        /// The lock of its event.
        lock: String,
    },
    /// It is named as nothing.
    #[error(
        "{file} is not named like a golden payload: name it `v1.any_name.json`, by its version"
    )]
    Name {
        /// The file.
        file: String,
    },
}

/// Lists what strays among the golden payloads in `folder`, the one of a target's locks, which messages show
/// as `shown`.
///
/// # Errors
/// When a folder cannot be read.
pub fn strays(folder: &Path, shown: &str, locked: &LockedVersions) -> io::Result<Vec<Stray>> {
    let mut strays = Vec::new();
    for (event, path) in within(&folder.join("golden"))? {
        if is_other(&event) {
            continue;
        }
        let (golden, lock) =
            (format!("{shown}/golden/{event}"), format!("{shown}/events/{event}.lock"));
        let Some(versions) = locked.get(&event).filter(|_| path.is_dir()) else {
            strays.push(Stray::Event { path: golden, lock });
            continue;
        };
        for (name, _) in within(&path)? {
            let file = format!("{golden}/{name}");
            match kind(&name) {
                None => strays.push(Stray::Name { file }),
                Some(Kind::Payload(version) | Kind::Narrow(version))
                    if !versions.contains(&version) =>
                {
                    strays.push(Stray::Version { file, version, lock: lock.clone() });
                }
                Some(_) => {}
            }
        }
    }
    Ok(strays)
}

/// Looks for golden payloads that no test reads, in the folder of a target's locks.
///
/// # Panics
/// When there is one.
#[track_caller]
pub fn no_stray(folder: &str, shown: &str) {
    let path = Path::new(folder);
    let found = locked(path).and_then(|locked| strays(path, shown, &locked));
    let found = found.unwrap_or_else(|error| panic!("{shown} cannot be read: {error}"));
    let found: Vec<_> = found.iter().map(ToString::to_string).collect();
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// Lists what is locked in a folder.
fn locked(folder: &Path) -> io::Result<LockedVersions> {
    let mut locked = LockedVersions::new();
    for (file, path) in within(&folder.join("events"))? {
        if let Some(event) = file.strip_suffix(".lock") {
            let text = std::fs::read_to_string(path)?;
            locked.insert(event.to_owned(), versions(&text).map(|(version, _)| version).collect());
        }
    }
    Ok(locked)
}

/// Lists what is in a folder, by its name and in its order; nothing when it is not there.
fn within(folder: &Path) -> io::Result<BTreeMap<String, PathBuf>> {
    let files = match std::fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(BTreeMap::new()),
        files => files?,
    };
    let named = |path: PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        (name, path)
    };
    files.map(|file| file.map(|file| named(file.path()))).collect()
}
