//! Payloads that users keep next to their locks.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::PathBuf;

use super::failure::Failure;
use super::kept;
use super::plan::{Kept, WHOLE};
use crate::schema::lock::Locked;
use crate::schema::lock::tree::Tree;

/// The content of a folder of golden payloads.
#[derive(Debug, Default)]
pub(super) struct Golden {
    pub(super) payloads: Vec<Payload>,
    /// Parts that are narrower than their shape, by version.
    narrow: BTreeMap<u32, BTreeSet<String>>,
}

#[derive(Debug)]
pub(super) struct Payload {
    pub(super) version: u32,
    /// Its file, as messages show it.
    pub(super) file: String,
    pub(super) text: String,
}

/// The kind of a file, by its name.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kind {
    Payload(u32),
    /// The paths of parts that are narrower than their shape.
    Narrow(u32),
    /// Not for us, such as `README.md` and `.gitkeep`.
    Other,
}

impl Golden {
    /// Reads the folder as it is now; nothing is in one that is not there.
    pub(super) fn read(locked: &Locked) -> Result<Self, Failure> {
        let mut golden = Self::default();
        let unreadable = |error| Failure::Folder { folder: locked.golden.to_owned(), error };
        let files = match std::fs::read_dir(locked.golden) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(golden),
            files => files.map_err(unreadable)?,
        };
        let files = files.map(|file| file.map(|file| file.path()));
        let mut files = files.collect::<Result<Vec<PathBuf>, _>>().map_err(unreadable)?;
        files.sort();
        for path in files {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let file = format!("{}/{name}", locked.golden_shown);
            // One that is named as nothing is told of by a test of its own.
            let Some(kind @ (Kind::Payload(_) | Kind::Narrow(_))) = kind(&name) else { continue };
            let text = std::fs::read_to_string(&path)
                .map_err(|error| Failure::File { file: file.clone(), error })?;
            match kind {
                Kind::Payload(version) => golden.payloads.push(Payload { version, file, text }),
                Kind::Narrow(version) => {
                    golden.narrow.entry(version).or_default().extend(paths(&text))
                }
                Kind::Other => {}
            }
        }
        Ok(golden)
    }

    pub(super) fn of(&self, version: u32) -> impl Iterator<Item = &Payload> {
        self.payloads.iter().filter(move |payload| payload.version == version)
    }

    /// The paths of parts that never held all that their shape allows.
    pub(super) fn narrow(&self, version: u32) -> BTreeSet<String> {
        self.narrow.get(&version).cloned().unwrap_or_default()
    }

    /// Returns what the payloads of a version hold in the parts that cannot be made up.
    pub(super) fn kept(&self, version: u32, tree: &Tree) -> Kept {
        let (mut kept, narrow) = (Kept::new(), self.narrow(version));
        for payload in self.of(version) {
            // One that is no JSON was reported by then.
            if let Ok(json) = serde_json::from_str(&payload.text) {
                kept::collect(tree, "", &json, &narrow, &mut kept);
            }
        }
        kept
    }
}

/// `v1.json`, `v1.any_name.json`, `v1.narrow.txt`; `None` for what is named as nothing.
pub(super) fn kind(file: &str) -> Option<Kind> {
    if is_other(file) {
        return Some(Kind::Other);
    }
    let (version, rest) = file.strip_prefix('v')?.split_once('.')?;
    let version = version.parse().ok()?;
    match rest {
        "narrow.txt" => Some(Kind::Narrow(version)),
        "json" => Some(Kind::Payload(version)),
        _ => rest.ends_with(".json").then_some(Kind::Payload(version)),
    }
}

/// Returns true if it is not for us.
pub(super) fn is_other(file: &str) -> bool {
    file.starts_with('.') || file.ends_with(".md")
}

/// One path a line, as the lock has them.
fn paths(text: &str) -> impl Iterator<Item = String> {
    let lines = text.lines().map(str::trim);
    let lines = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(|line| if line == WHOLE { String::new() } else { line.to_owned() })
}
