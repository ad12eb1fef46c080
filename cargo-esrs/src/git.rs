//! The locks at another commit.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use esrs_lock::file::with_plain_ends;
use esrs_lock::name::Kind;

use crate::error::Error;

/// A lock at a commit.
#[derive(Debug)]
pub(crate) struct LockAt {
    /// The folder of its package.
    pub(crate) package: PathBuf,
    /// True if that had a manifest.
    pub(crate) had_manifest: bool,
    /// The folder of the locks of its target, such as `schema/bin/server`.
    pub(crate) folder: String,
    /// Its path within that folder, such as `events/order_placed.lock`.
    pub(crate) file: String,
    pub(crate) text: String,
}

/// All locks below `root` at `reference`, whatever package they are of.
///
/// # Errors
/// When git cannot be asked, or does not know the reference.
pub(crate) fn locks_at(reference: &str, root: &Path) -> Result<Vec<LockAt>, Error> {
    let top = git(root, reference, &["rev-parse", "--show-toplevel"])?;
    let top = Path::new(top.trim_end());
    let top = top.canonicalize().map_err(Error::file(top))?;
    let root = root.canonicalize().map_err(Error::file(root))?;
    let below = root.strip_prefix(&top).unwrap_or(Path::new(""));
    let below = below.to_string_lossy().replace('\\', "/");
    let below = if below.is_empty() { "." } else { &below };
    git(
        &top,
        reference,
        &["rev-parse", "--verify", "--quiet", &format!("{reference}^{{commit}}")],
    )?;
    let listed =
        git(&top, reference, &["ls-tree", "-r", "-z", "--name-only", reference, "--", below])?;
    let paths: BTreeSet<_> = listed.split('\0').collect();
    let mut locks = Vec::new();
    for path in &paths {
        let Some((package, folder, file)) = parts(path) else { continue };
        let text = git(&top, reference, &["show", &format!("{reference}:{path}")])?;
        let manifest = match package {
            "" => "Cargo.toml".to_owned(),
            package => format!("{package}/Cargo.toml"),
        };
        locks.push(LockAt {
            package: top.join(package),
            had_manifest: paths.contains(manifest.as_str()),
            folder: folder.to_owned(),
            file: file.to_owned(),
            text: with_plain_ends(&text),
        });
    }
    Ok(locks)
}

/// The package, the folder and the file of a lock; `None` for another file.
fn parts(path: &str) -> Option<(&str, &str, &str)> {
    let (within, _) = path.rsplit_once('/')?;
    let (folder, _) = within.rsplit_once('/')?;
    Kind::of_file(&path[folder.len() + 1..])?;
    let parts: Vec<_> = folder.split('/').collect();
    let depth = match parts.as_slice() {
        [.., "schema", "bin" | "test", _] => 3,
        [.., "schema"] => 1,
        _ => return None,
    };
    let package = parts[..parts.len() - depth].join("/").len();
    let within = if package == 0 { folder } else { &folder[package + 1..] };
    Some((&path[..package], within, &path[folder.len() + 1..]))
}

fn git(at: &Path, reference: &str, arguments: &[&str]) -> Result<String, Error> {
    let failed = |said: String| Error::Git { reference: reference.to_owned(), said };
    let output = Command::new("git").current_dir(at).args(arguments).output();
    let output = output.map_err(|error| failed(error.to_string()))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        let said = if said.is_empty() { "it does not know it".to_owned() } else { said };
        return Err(failed(said));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

#[cfg(test)]
mod tests {
    use super::parts;

    #[test]
    fn a_lock_is_told_by_its_path() {
        for (path, expected) in [
            ("schema/events/a.lock", Some(("", "schema", "events/a.lock"))),
            ("one/two/schema/aggregates/a.lock", Some(("one/two", "schema", "aggregates/a.lock"))),
            ("schema/bin/b/events/a.lock", Some(("", "schema/bin/b", "events/a.lock"))),
            ("one/schema/test/t/events/a.lock", Some(("one", "schema/test/t", "events/a.lock"))),
            ("schema/index.lock", None),
            ("Cargo.lock", None),
            ("events/a.lock", None),
            ("schema/bin/events/a.lock", None),
        ] {
            assert_eq!(parts(path), expected, "{path}");
        }
    }
}
