//! The program PgBouncer, for tests of a pool between a store and its server.

use std::ffi::OsStr;
use std::path::PathBuf;

use crate::Error;

/// Folders that are not in every `PATH`.
const FOLDERS: [&str; 3] = ["/usr/sbin", "/usr/local/sbin", "/opt/homebrew/bin"];

/// Finds PgBouncer in `PATH`, and then in the folders that packages install it into.
///
/// `cargo xtask test` unpacks one into the target folder if none is installed, and adds it to `PATH`.
///
/// # Errors
/// Returns [`Error::NoPgBouncer`] if none is installed.
pub fn pgbouncer() -> Result<PathBuf, Error> {
    find_in(&std::env::var_os("PATH").unwrap_or_default(), &FOLDERS)
}

fn find_in(path: &OsStr, folders: &[&str]) -> Result<PathBuf, Error> {
    let folders = std::env::split_paths(path).chain(folders.iter().map(PathBuf::from));
    let mut programs = folders.map(|folder| folder.join("pgbouncer"));
    let found = programs.find(|program| program.is_file());
    found.ok_or_else(|| Error::NoPgBouncer { folders: FOLDERS.join(", ") })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use std::fs;

    use super::*;

    #[test]
    fn path_comes_before_the_known_folders() {
        let machine = tempfile::tempdir().unwrap();
        let [mine, known] = ["mine", "known"].map(|name| machine.path().join(name));
        for folder in [&mine, &known] {
            fs::create_dir(folder).unwrap();
            fs::write(folder.join("pgbouncer"), "").unwrap();
        }
        let find = || find_in(mine.as_os_str(), &[known.to_str().unwrap()]);
        assert_eq!(find().unwrap(), mine.join("pgbouncer"));
        fs::remove_dir_all(&mine).unwrap();
        assert_eq!(find().unwrap(), known.join("pgbouncer"));
        // A folder of that name is no program.
        fs::remove_file(known.join("pgbouncer")).unwrap();
        fs::create_dir(known.join("pgbouncer")).unwrap();
        let error = find().unwrap_err().to_string();
        for said in ["/usr/sbin", "apt-get install pgbouncer", "cargo xtask test"] {
            assert!(error.contains(said), "{error}");
        }
    }
}
