//! A new file, with its write-ahead log from the first moment on.
//!
//! SQLite turns a file into a WAL database before it makes the log. A process that ends in between leaves a
//! file that looks like a copy without its log, which must not be opened. So the file is made under another
//! name, and has its name and its log at once.

use std::path::{Path, PathBuf};

#[cfg(unix)]
pub(crate) use unix::create;

/// Creates nothing: SQLite creates the file when it opens it.
#[cfg(not(unix))]
pub(crate) fn create(_: &Path) {}

/// The write-ahead log of a file.
pub(crate) fn wal_of(path: &Path) -> PathBuf {
    let mut wal = path.as_os_str().to_owned();
    wal.push("-wal");
    wal.into()
}

#[cfg(unix)]
mod unix {
    use std::fs::{self, OpenOptions};
    use std::io;
    use std::os::unix::fs::OpenOptionsExt;
    use std::path::{Path, PathBuf};
    use std::sync::{Mutex, PoisonError};

    use rusqlite::Connection;
    use uuid::Uuid;

    use super::wal_of;

    /// Creates the file, if there is none, so that only the user of this process reads and writes it. SQLite
    /// gives its shared memory the mode of the file.
    ///
    /// An existing file is not opened: to close it again would end the locks that SQLite holds on it in
    /// this process. Whatever fails here, SQLite reports when it opens the file.
    pub(crate) fn create(path: &Path) {
        /// Another thread must not open the file before this one has closed it.
        static CREATING: Mutex<()> = Mutex::new(());
        let _creating = CREATING.lock().unwrap_or_else(PoisonError::into_inner);
        let path = end_of_links(path);
        if path.exists() {
            return;
        }
        if let Err(error) = create_with_wal(&path) {
            tracing::debug!(%error, "a new file is left to SQLite");
            // Without its log, and private all the same.
            let _ = private(&path);
        }
    }

    /// Creates an empty WAL database and its log.
    fn create_with_wal(path: &Path) -> io::Result<()> {
        let mut name = std::ffi::OsString::from(".");
        name.push(path.file_name().ok_or(io::ErrorKind::InvalidInput)?);
        name.push(format!(".{}", Uuid::now_v7().simple()));
        let unnamed = path.with_file_name(name);
        private(&unnamed)?;
        let created = into_wal(&unnamed).and_then(|()| {
            // One that is there is that of a file which is gone, or of another process that creates it.
            private(&wal_of(path))?;
            fs::hard_link(&unnamed, path)
        });
        let removed = fs::remove_file(&unnamed);
        created.and(removed)
    }

    fn private(path: &Path) -> io::Result<()> {
        OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).map(drop)
    }

    fn into_wal(path: &Path) -> io::Result<()> {
        let turned = Connection::open(path).and_then(|connection| {
            connection.query_row("PRAGMA journal_mode = WAL", [], |row| row.get::<_, String>(0))
        });
        match turned {
            Ok(mode) if mode == "wal" => Ok(()),
            Ok(mode) => Err(io::Error::other(format!("its journal stays {mode:?}"))),
            Err(error) => Err(io::Error::other(error)),
        }
    }

    /// Where SQLite creates a file: `create_new` does not follow a link to a file that does not exist.
    fn end_of_links(path: &Path) -> PathBuf {
        /// As many as Linux follows.
        const MOST: usize = 40;
        let mut path = path.to_owned();
        for _ in 0..MOST {
            let Ok(target) = fs::read_link(&path) else { break };
            path = match path.parent() {
                Some(directory) => directory.join(target),
                None => target,
            };
        }
        path
    }

    #[cfg(test)]
    mod tests {
        use super::*;
        use crate::SqliteStore;

        #[tokio::test]
        async fn new_file_has_its_log_before_it_has_tables() {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("log.db");
            create(&path);
            let names = || {
                let files = fs::read_dir(folder.path()).unwrap();
                let mut names: Vec<_> = files.map(|file| file.unwrap().file_name()).collect();
                names.sort();
                names
            };
            assert_eq!(names(), ["log.db", "log.db-wal"]);
            // A process that was killed here has left a file that can be opened.
            SqliteStore::open(&path).await.unwrap().close().await;
            SqliteStore::open(&path).await.unwrap().close().await;
            assert_eq!(names(), ["log.db"]);
        }

        #[tokio::test]
        async fn log_of_a_file_that_is_gone_is_not_taken_for_that_of_a_new_one() {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("log.db");
            fs::write(wal_of(&path), [7; 4096]).unwrap();
            for _ in 0..2 {
                let store = SqliteStore::open(&path).await.unwrap();
                store.close().await;
            }
        }
    }
}
