//! Locks as files.

use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use esrs_lock::file::{
    has_steps, hash_of, index_lines, name_in, read_aggregate, versions, with_plain_ends,
};
use esrs_lock::name::{
    GOLDEN, INDEX, Kind, MAX_STEM, former_stem, is_lock, is_shortened, stem, stored_name,
};

use super::Folder;

/// The lock of one event or aggregate.
#[derive(Debug)]
pub(crate) struct Locked {
    pub(crate) path: PathBuf,
    /// Its path within the package, for messages.
    pub(crate) shown: String,
    text: String,
}

/// The folder of payloads that users keep of an event, next to its lock.
#[derive(Debug)]
pub(crate) struct Golden {
    pub(crate) path: PathBuf,
    /// Its path within the package, for messages.
    pub(crate) shown: String,
}

/// The folder of stored payloads of an event; there may be none.
pub(crate) fn golden(folder: &Folder, name: &str) -> Golden {
    let file = |name: String| format!("{GOLDEN}/{name}");
    let (file, former) = (file(stem(name)), file(former_stem(name)));
    let is_former = !folder.path().join(&file).exists() && folder.path().join(&former).exists();
    let file = if is_former { former } else { file };
    Golden { path: folder.path().join(&file), shown: format!("{}/{file}", folder.name()) }
}

/// A lock that is not what the index says, or an index that cannot be read; in words for the user.
///
/// `schema!()` reports it, once; the derives only ask that `schema!()` is there.
#[derive(Debug)]
pub(crate) struct Unsound(String);

impl std::fmt::Display for Unsound {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// The lock of an event; `None` when nothing is locked under its name.
///
/// # Errors
/// When the lock is not what the index says.
pub(crate) fn event(folder: &Folder, name: &str) -> Result<Option<Locked>, Unsound> {
    locked_as(folder, Kind::Event, name)
}

/// The lock of an aggregate; `None` when nothing is locked under its name.
///
/// # Errors
/// When the lock is not what the index says.
pub(crate) fn aggregate(folder: &Folder, name: &str) -> Result<Option<Locked>, Unsound> {
    locked_as(folder, Kind::Aggregate, name)
}

/// The names of all events that are locked in the target.
///
/// # Errors
/// When the index cannot be read, or a lock is not what it says.
pub(crate) fn event_names(folder: &Folder) -> Result<Vec<String>, Unsound> {
    let mut names = Vec::new();
    for (file, _) in index(folder)? {
        match Kind::of_file(&file) {
            // A name that was cut is told by the lock alone.
            Some((Kind::Event, stem)) if is_shortened(stem) => {
                names.extend(locked(folder, &file)?.as_ref().and_then(Locked::name));
            }
            Some((Kind::Event, stem)) => names.push(stored_name(stem)),
            Some((Kind::Aggregate, _)) | None => {}
        }
    }
    Ok(names)
}

/// The locks of all aggregates of the target, each with the name of its aggregate.
///
/// # Errors
/// When one of them is not what the index says.
pub(crate) fn aggregates(folder: &Folder) -> Result<Vec<(String, Locked)>, Unsound> {
    let files = index(folder)?.into_iter().map(|(file, _)| file);
    let mut aggregates = Vec::new();
    let is_of_aggregate = |file: &String| matches!(Kind::of_file(file), Some((Kind::Aggregate, _)));
    for file in files.filter(is_of_aggregate) {
        if let Some(locked) = locked(folder, &file)? {
            aggregates.extend(locked.name().map(|name| (name, locked)));
        }
    }
    Ok(aggregates)
}

/// The lock of this name, which an esrs of before may have called otherwise.
fn locked_as(folder: &Folder, kind: Kind, name: &str) -> Result<Option<Locked>, Unsound> {
    let (file, former) = (kind.file(name), kind.former_file(name));
    match locked(folder, &file)? {
        None if former != file && former.len() <= MAX_STEM => locked(folder, &former),
        found => Ok(found),
    }
}

fn locked(folder: &Folder, file: &str) -> Result<Option<Locked>, Unsound> {
    let (path, shown) = (folder.path().join(file), one_line(&format!("{}/{file}", folder.name())));
    let index = index(folder)?;
    // A merge may have left two lines of one file.
    let mut listed = index.iter().filter(|(listed, _)| listed == file).peekable();
    let is_listed = listed.peek().is_some();
    match (read(&path), is_listed) {
        (Ok(text), true) if listed.any(|(_, hash)| hash_of(&text) == *hash) => {
            Ok(Some(Locked { path, shown, text }))
        }
        (Ok(_), true) => Err(Unsound(format!(
            "the lock `{shown}` is not as `cargo esrs lock` wrote it{RESTORE}"
        ))),
        (Ok(_), false) => Err(Unsound(format!(
            "the lock `{shown}` is not listed in `{}/{INDEX}`{RESTORE}",
            folder.name()
        ))),
        (Err(error), _) if error.kind() != ErrorKind::NotFound && (is_listed || path.exists()) => {
            Err(unreadable(&shown, &error))
        }
        (Err(error), true) => Err(Unsound(format!(
            "the lock `{shown}` is gone ({error}), and nothing else tells what is stored: restore \
             it from version control; if its event moved to another crate or target, move the lock there and \
             run `cargo esrs lock --workspace`"
        ))),
        (Err(_), false) => Ok(None),
    }
}

/// A file that is there and cannot be read.
fn unreadable(shown: &str, error: &std::io::Error) -> Unsound {
    Unsound(match error.kind() {
        ErrorKind::InvalidData => {
            format!("`{shown}` is not UTF-8 text: restore it from version control")
        }
        _ => format!(
            "`{shown}` cannot be read ({error}): let the compiler read it, or restore it from version \
             control"
        ),
    })
}

/// The advice about locks and an index that do not fit together.
const RESTORE: &str = "\neither: restore `schema` from version control\nor:     after a merge, keep the \
                       lines of both sides, and run `cargo esrs lock`, which checks them against the \
                       source";

/// Every lock of the target, in the order of the index.
///
/// # Errors
/// For each of them that is not what the index says; or when there is no index.
pub(crate) fn all(folder: &Folder) -> Result<Vec<PathBuf>, Vec<Unsound>> {
    let name = folder.name();
    if !folder.exists() {
        let there = there(folder).map_err(|error| vec![error])?;
        return Err(vec![Unsound(match there.is_empty() {
            true => {
                let others = folder.others();
                let renamed = match others.is_empty() {
                    true => String::new(),
                    false => format!(
                        "\nor:     if this target was renamed, or was one of another kind, move its locks to \
                         `{name}`: the package has some in `{}`",
                        others.join("` and in `")
                    ),
                };
                format!(
                    "there are no locks in `{name}`\neither: if nothing is stored yet, run `cargo esrs lock`\n\
                     or:     if they were lost, restore `{name}` from version control{renamed}\n\
                     or:     if this is a published package, list `{name}` in the `include` of its Cargo.toml"
                )
            }
            false => format!(
                "`{name}/{INDEX}` is missing, which lists the locks beside it: restore it from version \
                 control"
            ),
        })]);
    }
    let mut paths = vec![folder.path().join(INDEX)];
    let listed = index(folder).map_err(|error| vec![error])?.into_iter().map(|(file, _)| file);
    let there = there(folder).map_err(|error| vec![error])?;
    let files: BTreeSet<_> = listed.chain(there).collect();
    let mut unsound = Vec::new();
    for file in files {
        match locked(folder, &file) {
            Ok(locked) => paths.extend(locked.map(|locked| locked.path)),
            Err(error) => unsound.push(error),
        }
    }
    if unsound.is_empty() { Ok(paths) } else { Err(unsound) }
}

/// The locks that are there, listed or not.
fn there(folder: &Folder) -> Result<Vec<String>, Unsound> {
    let mut found = Vec::new();
    for kind in Kind::ALL.map(Kind::folder) {
        let within = folder.path().join(kind);
        if !within.exists() {
            continue;
        }
        let unreadable =
            |error| Unsound(format!("`{}/{kind}` cannot be read: {error}", folder.name()));
        for file in std::fs::read_dir(&within).map_err(unreadable)? {
            let name = file.map_err(unreadable)?.file_name();
            let name = name.to_string_lossy();
            if is_lock(&name) {
                found.push(format!("{kind}/{name}"));
            }
        }
    }
    Ok(found)
}

impl Locked {
    /// The name that it is of, as its first line says.
    fn name(&self) -> Option<String> {
        name_in(&self.text)
    }

    /// All entries of an event, each with its fingerprint.
    pub(crate) fn entries(&self) -> Vec<(u32, u64)> {
        versions(&self.text).collect()
    }

    /// The versions of an event, each with the fingerprint that it was last locked with.
    pub(crate) fn versions(&self) -> Vec<(u32, u64)> {
        let mut newest: Vec<(u32, u64)> = Vec::new();
        for (version, fingerprint) in versions(&self.text) {
            match newest.iter_mut().find(|(known, _)| *known == version) {
                Some(known) => known.1 = fingerprint,
                None => newest.push((version, fingerprint)),
            }
        }
        newest
    }

    /// Returns true if the newest entry of a version has the steps that lead to it.
    pub(crate) fn has_steps(&self, of: u32) -> bool {
        has_steps(&self.text, of)
    }

    /// The names that an aggregate reads.
    pub(crate) fn names(&self) -> Vec<String> {
        read_aggregate(&self.text).reads
    }

    /// Returns the shape of the ids of an aggregate; `None` where an older esrs has locked it.
    pub(crate) fn id(&self) -> Option<String> {
        read_aggregate(&self.text).id
    }
}

/// The files that are locked, each with the hash of its text.
fn index(folder: &Folder) -> Result<Vec<(String, u64)>, Unsound> {
    let text = match read(&folder.path().join(INDEX)) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(unreadable(&format!("{}/{INDEX}", folder.name()), &error)),
    };
    let foreign = |line: &str| {
        let index = format!("{}/{INDEX}", folder.name());
        Unsound(
            match ["<<<<<<<", "|||||||", "=======", ">>>>>>>"].iter().any(|m| line.starts_with(m)) {
                true => format!(
                    "`{index}` has the conflict markers of a merge: delete them, keep the lines of both \
                 sides, and run `cargo esrs lock`, which checks them against the source"
                ),
                false => format!("`{index}` has a line that is not of an index, {line:?}{RESTORE}"),
            },
        )
    };
    let listed = |(file, hash): (&str, u64)| (file.to_owned(), hash);
    index_lines(&text).map(|line| line.map(listed).map_err(foreign)).collect()
}

/// A checkout may have written its lines to end as the system's do.
fn read(path: &Path) -> std::io::Result<String> {
    Ok(with_plain_ends(&std::fs::read_to_string(path)?))
}

/// A name that may come from anywhere, without what ends a line of a message.
fn one_line(name: &str) -> String {
    let escaped = |c: char| match c.is_control() {
        true => c.escape_default().to_string(),
        false => c.to_string(),
    };
    name.chars().map(escaped).collect()
}
