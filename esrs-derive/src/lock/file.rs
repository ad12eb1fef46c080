//! Locks as files.

use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::Folder;
use crate::fold::hash::Fnv;

/// How the line begins that has the type of an aggregate's ids, which no name does.
const ID: &str = "id: ";

/// The file that lists all locks of a target.
pub(super) const INDEX: &str = "index.lock";

/// What is locked of one event or aggregate.
#[derive(Debug)]
pub(crate) struct Locked {
    pub(crate) path: PathBuf,
    /// Its path within the package, for messages.
    pub(crate) shown: String,
    text: String,
}

/// The folder of payloads that users keep of an event, beside its lock.
#[derive(Debug)]
pub(crate) struct Golden {
    pub(crate) path: PathBuf,
    /// Its path within the package, for messages.
    pub(crate) shown: String,
}

/// Where payloads of an event are kept; there may be none.
pub(crate) fn golden(folder: &Folder, name: &str) -> Golden {
    let file = |name: String| format!("golden/{name}");
    let (file, former) = (file(file_name(name)), file(plain_file_name(name)));
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
    locked_as(folder, "events", name)
}

/// The lock of an aggregate; `None` when nothing is locked under its name.
///
/// # Errors
/// When the lock is not what the index says.
pub(crate) fn aggregate(folder: &Folder, name: &str) -> Result<Option<Locked>, Unsound> {
    locked_as(folder, "aggregates", name)
}

/// The names of all events that are locked in the target.
///
/// # Errors
/// When the index cannot be read, or a lock is not what it says.
pub(crate) fn event_names(folder: &Folder) -> Result<Vec<String>, Unsound> {
    let mut names = Vec::new();
    for (file, _) in index(folder)? {
        let stem = file.strip_prefix("events/").and_then(|file| file.strip_suffix(".lock"));
        match stem {
            None => {}
            // A name that was cut is told by the lock alone.
            Some(stem) if stem.contains(HASHED) => {
                names.extend(locked(folder, &file)?.as_ref().and_then(Locked::name));
            }
            Some(stem) => names.push(stored_name(stem)),
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
    for file in files.filter(|file| file.starts_with("aggregates/")) {
        if let Some(locked) = locked(folder, &file)? {
            aggregates.extend(locked.name().map(|name| (name, locked)));
        }
    }
    Ok(aggregates)
}

/// The lock of this name, which an esrs of before may have called otherwise.
fn locked_as(folder: &Folder, kind: &str, name: &str) -> Result<Option<Locked>, Unsound> {
    let file = |name: String| format!("{kind}/{name}.lock");
    let (file, former) = (file(file_name(name)), file(plain_file_name(name)));
    match locked(folder, &file)? {
        None if former != file && former.len() <= LONGEST => locked(folder, &former),
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

/// What to do about locks and an index that do not fit together.
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
    for kind in ["events", "aggregates"] {
        let within = folder.path().join(kind);
        if !within.exists() {
            continue;
        }
        let unreadable =
            |error| Unsound(format!("`{}/{kind}` cannot be read: {error}", folder.name()));
        for file in std::fs::read_dir(&within).map_err(unreadable)? {
            let name = file.map_err(unreadable)?.file_name();
            let name = name.to_string_lossy();
            if name.ends_with(".lock") {
                found.push(format!("{kind}/{name}"));
            }
        }
    }
    Ok(found)
}

impl Locked {
    /// The name that it is of, as its first line says.
    fn name(&self) -> Option<String> {
        let line = self.text.lines().next()?;
        let quoted = line.get(line.find('"')?..=line.rfind('"')?)?;
        Some(syn::parse_str::<syn::LitStr>(quoted).ok()?.value())
    }

    /// All entries of an event, each with its fingerprint.
    pub(crate) fn entries(&self) -> Vec<(u32, u64)> {
        self.text.lines().filter_map(version).collect()
    }

    /// The versions of an event, each with the fingerprint that it was last locked with.
    pub(crate) fn versions(&self) -> Vec<(u32, u64)> {
        let mut versions: Vec<(u32, u64)> = Vec::new();
        for line in self.text.lines() {
            let Some((version, fingerprint)) = version(line) else { continue };
            match versions.iter_mut().find(|(known, _)| *known == version) {
                Some(known) => known.1 = fingerprint,
                None => versions.push((version, fingerprint)),
            }
        }
        versions
    }

    /// Returns true if the newest entry of a version has the steps that lead to it; one that was locked before
    /// they were has none.
    pub(crate) fn has_steps(&self, of: u32) -> bool {
        let (mut is_of, mut has_steps) = (false, false);
        for line in self.text.lines() {
            if let Some((version, _)) = version(line) {
                is_of = version == of;
                has_steps &= !is_of;
            }
            has_steps |= is_of && line == "steps";
        }
        has_steps
    }

    /// The names that an aggregate reads.
    pub(crate) fn names(&self) -> Vec<&str> {
        self.lines().filter(|line| !line.starts_with(ID)).collect()
    }

    /// What the ids of an aggregate are written as; `None` where an older esrs has locked it.
    pub(crate) fn id(&self) -> Option<&str> {
        self.lines().find_map(|line| line.strip_prefix(ID))
    }

    fn lines(&self) -> impl Iterator<Item = &str> {
        let lines = self.text.lines().map(str::trim_end);
        lines.filter(|line| !line.is_empty() && !line.starts_with('#'))
    }
}

fn version(line: &str) -> Option<(u32, u64)> {
    let (version, fingerprint) = line.strip_prefix("version ")?.split_once(" = ")?;
    let fingerprint = u64::from_str_radix(fingerprint.trim_end(), 16).ok()?;
    Some((version.parse().ok()?, fingerprint))
}

/// The files that are locked, each with the hash of its text.
fn index(folder: &Folder) -> Result<Vec<(String, u64)>, Unsound> {
    let text = match read(&folder.path().join(INDEX)) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(unreadable(&format!("{}/{INDEX}", folder.name()), &error)),
    };
    let lines = text.lines().map(str::trim_end);
    let lines = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
    let entry = |line: &str| {
        let (file, hash) = line.split_once(' ')?;
        Some((file.to_owned(), u64::from_str_radix(hash, 16).ok()?))
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
    lines.map(|line| entry(line).ok_or_else(|| foreign(line))).collect()
}

/// A checkout may have written its lines to end as the system's do.
fn read(path: &Path) -> std::io::Result<String> {
    Ok(std::fs::read_to_string(path)?.replace("\r\n", "\n"))
}

fn hash_of(text: &str) -> u64 {
    let mut hash = Fnv::new();
    hash.write(text.as_bytes());
    hash.finish()
}

/// The name of a file that every file system takes, and tells from others in upper and lower case.
fn file_name(stored: &str) -> String {
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

/// The name that a file is of.
fn stored_name(file: &str) -> String {
    let (bytes, mut name, mut i) = (file.as_bytes(), Vec::new(), 0);
    while i < bytes.len() {
        let digits = file.get(i + 1..i + 3).filter(|_| bytes[i] == b'%');
        let byte = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        name.push(byte.unwrap_or(bytes[i]));
        i += if byte.is_some() { 3 } else { 1 };
    }
    String::from_utf8_lossy(&name).into_owned()
}

/// A name that may come from anywhere, without what ends a line of a message.
fn one_line(name: &str) -> String {
    let escaped = |c: char| match c.is_control() {
        true => c.escape_default().to_string(),
        false => c.to_string(),
    };
    name.chars().map(escaped).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_read_from_its_file() {
        for name in ["money", "Money", "größe", "con", ".hidden", "a%20b"] {
            assert_eq!(stored_name(&file_name(name)), name);
        }
        assert!(file_name(&"ö".repeat(127)).len() <= LONGEST);
        assert_eq!(file_name("com1.port"), "%63om1.port");
    }
}
