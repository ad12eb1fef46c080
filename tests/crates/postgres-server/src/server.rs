//! A server of one's own.

mod builder;
mod process;
mod standby;

use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::guard::Guard;
use crate::user::User;
use crate::{Database, Error, Installation};

pub use builder::ServerBuilder;
use process::{Process, Signal};

/// A PostgreSQL server in a directory of its own, which is gone with this value.
#[derive(Debug)]
pub struct Server {
    // Dropped in this order: the server ends before its directory goes, and the guard goes last.
    process: Option<Process>,
    directory: TempDir,
    _guard: Guard,
    installation: Installation,
    user: User,
    port: u16,
    password: String,
}

impl Server {
    /// Starts one as PostgreSQL sets it up.
    ///
    /// # Errors
    /// No PostgreSQL is installed that esrs is for, or it does not start.
    pub fn start() -> Result<Self, Error> {
        Self::builder().start()
    }

    /// Says how one is set up before it starts.
    #[must_use]
    pub fn builder() -> ServerBuilder {
        ServerBuilder::default()
    }

    /// The url of its database `postgres`, for a superuser.
    #[must_use]
    pub fn url(&self) -> String {
        format!("postgres://postgres:{}@127.0.0.1:{}/postgres", self.password, self.port)
    }

    /// The same through its unix socket.
    #[must_use]
    pub fn socket_url(&self) -> String {
        let directory = self.directory.path().display().to_string().replace('/', "%2F");
        format!("postgres://postgres:{}@{directory}:{}/postgres", self.password, self.port)
    }

    /// A fresh database with a name that no other has.
    ///
    /// # Errors
    /// The server does not run, or refuses.
    pub fn create_database(&self) -> Result<Database, Error> {
        Database::create(&self.url(), None)
    }

    /// A fresh database in a tablespace that [`ServerBuilder::tablespace`] made.
    ///
    /// # Errors
    /// The server does not run, or refuses.
    pub fn create_database_in(&self, tablespace: &str) -> Result<Database, Error> {
        Database::create(&self.url(), Some(tablespace))
    }

    /// Stops it in an orderly way: it rolls back what is not committed, and closes every connection.
    /// One that does not run is left as it is.
    ///
    /// # Errors
    /// It does not end in time, and was killed.
    pub fn stop(&mut self) -> Result<(), Error> {
        self.end(Signal::INT)
    }

    /// Ends it as a crash does: at once, without writing anything more. One that does not run is left
    /// as it is.
    ///
    /// # Errors
    /// It does not end in time, and was killed.
    pub fn kill(&mut self) -> Result<(), Error> {
        self.end(Signal::QUIT)
    }

    /// Starts it again after [`stop`](Self::stop) or [`kill`](Self::kill), with what it stored and under
    /// the same urls; returns when it answers. One that runs is left as it is.
    ///
    /// # Errors
    /// It does not start, or another process took its port.
    pub fn start_again(&mut self) -> Result<(), Error> {
        if self.process.is_none() {
            self.process = Some(self.launch()?);
        }
        Ok(())
    }

    /// All that it wrote into its log.
    ///
    /// # Errors
    /// The log cannot be read.
    pub fn log(&self) -> Result<String, Error> {
        let path = self.log_path();
        let log = std::fs::read(&path).map_err(Error::file(&path))?;
        Ok(String::from_utf8_lossy(&log).into_owned())
    }

    /// The directory that holds its data, its socket and its log.
    #[must_use]
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// The programs that it is made of.
    #[must_use]
    pub fn installation(&self) -> &Installation {
        &self.installation
    }

    fn log_path(&self) -> PathBuf {
        self.directory.path().join("log")
    }

    fn end(&mut self, signal: Signal) -> Result<(), Error> {
        match self.process.take() {
            Some(process) => process.end(signal),
            None => Ok(()),
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Err(error) = self.stop() {
            eprintln!("{error}");
        }
    }
}
