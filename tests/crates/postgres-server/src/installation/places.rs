//! Where an installed PostgreSQL may be, in the order in which it is looked for.

use std::cmp::Reverse;
use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Folders that stand in every installation of a kind; `*` stands for the version.
const FOLDERS: [&str; 8] = [
    // Debian, Ubuntu.
    "usr/lib/postgresql/*/bin",
    // Fedora, by PostgreSQL's own packages.
    "usr/pgsql-*/bin",
    // Homebrew on Apple silicon, on Intel, and on Linux.
    "opt/homebrew/opt/postgresql@*/bin",
    "usr/local/opt/postgresql@*/bin",
    "home/linuxbrew/.linuxbrew/opt/postgresql@*/bin",
    // Postgres.app.
    "Applications/Postgres.app/Contents/Versions/*/bin",
    // Built by hand.
    "usr/local/pgsql/bin",
    "usr/local/bin",
];

/// A machine, as far as it matters here.
pub(super) struct Places {
    /// The variable `PATH`.
    pub(super) path: OsString,
    /// The parent of the folders.
    pub(super) root: PathBuf,
}

impl Places {
    pub(super) fn of_this_machine() -> Self {
        Self { path: std::env::var_os("PATH").unwrap_or_default(), root: PathBuf::from("/") }
    }

    /// Folders that may hold the programs, each with the way that led there.
    pub(super) fn candidates(&self) -> impl Iterator<Item = (PathBuf, String)> {
        let in_path = self.path().map(|folder| (folder, "PATH".to_owned()));
        let told = self.path().filter_map(|folder| told_by(&folder.join("pg_config")));
        let told = told.map(|folder| (folder, "pg_config --bindir".to_owned()));
        let known = FOLDERS.iter().flat_map(|pattern| {
            let found = newest_first(&self.root, pattern).into_iter();
            found.map(move |folder| (folder, format!("/{pattern}")))
        });
        in_path.chain(told).chain(known)
    }

    fn path(&self) -> impl Iterator<Item = PathBuf> {
        std::env::split_paths(&self.path)
    }
}

impl fmt::Display for Places {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PATH, by `pg_config --bindir`")?;
        FOLDERS.iter().try_for_each(|folder| write!(f, ", /{folder}"))
    }
}

/// The folder that a `pg_config` names; one that cannot be run names none.
fn told_by(pg_config: &Path) -> Option<PathBuf> {
    let output = Command::new(pg_config).arg("--bindir").output().ok()?;
    let said = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| PathBuf::from(said.trim()))
}

/// The folders of this pattern that are there.
fn newest_first(root: &Path, pattern: &str) -> Vec<PathBuf> {
    let Some((before, after)) = pattern.split_once('*') else { return vec![root.join(pattern)] };
    let (folder, prefix) = before.rsplit_once('/').unwrap_or(("", before));
    let folder = root.join(folder);
    // A folder that is not there holds nothing.
    let Ok(entries) = std::fs::read_dir(&folder) else { return Vec::new() };
    let mut versions: Vec<(u32, PathBuf)> = entries
        .filter_map(|entry| {
            let name = entry.ok()?.file_name();
            let version = name.to_str()?.strip_prefix(prefix)?.parse().ok()?;
            Some((version, folder.join(&name).join(after.trim_start_matches('/'))))
        })
        .collect();
    versions.sort_by_key(|(version, _)| Reverse(*version));
    versions.into_iter().map(|(_, folder)| folder).collect()
}
