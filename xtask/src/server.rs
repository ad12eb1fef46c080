//! The server that the tests are run with.

use std::fmt;
use std::path::PathBuf;

use postgres_server::{Database, Installation, Server, URL, Version, server_version};

use crate::error::Error;
use crate::install;

/// Each test has a pool or two, and there are as many at once as there are cores.
const CONNECTIONS: u32 = 500;

pub(crate) enum Postgres {
    /// A server that runs already.
    Named { url: String, version: Version },
    /// Ours, which goes with this value.
    Started(Server),
}

impl Postgres {
    pub(crate) fn url(&self) -> String {
        match self {
            Self::Named { url, .. } => url.clone(),
            Self::Started(server) => server.url(),
        }
    }
}

impl fmt::Display for Postgres {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Named { version, .. } => write!(f, "PostgreSQL {version}, which {URL} names"),
            Self::Started(server) => {
                let installation = server.installation();
                let (version, found) = (installation.version(), installation.found());
                write!(f, "PostgreSQL {version}, started from {found}")
            }
        }
    }
}

/// The server that the environment names, or one of our own; and the folder of PostgreSQL's programs,
/// because some tests start servers that they break.
pub(crate) fn find_or_start() -> Result<(Postgres, PathBuf), Error> {
    match std::env::var(URL) {
        Ok(url) if !url.is_empty() => {
            let named = named(url)?;
            Ok((named, installation()?.folder().to_owned()))
        }
        _ => start(),
    }
}

fn named(url: String) -> Result<Postgres, Error> {
    let version = server_version(&url).map_err(Error::Named)?;
    new_enough(version)?;
    // Whether others may be created, before each test says that they may not.
    Database::at(&url).map_err(Error::Named)?;
    Ok(Postgres::Named { url, version })
}

fn new_enough(found: Version) -> Result<(), Error> {
    match found.is_supported() {
        true => Ok(()),
        false => Err(Error::NamedIsTooOld { found }),
    }
}

fn installation() -> Result<Installation, Error> {
    Installation::find().or_else(install::for_this)
}

pub(crate) fn start() -> Result<(Postgres, PathBuf), Error> {
    let installation = installation()?;
    let folder = installation.folder().to_owned();
    let server = Server::builder().installation(installation).max_connections(CONNECTIONS);
    Ok((Postgres::Started(server.start()?), folder))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_is_too_old_is_refused_and_named() {
        assert!(new_enough(Version::OLDEST).is_ok());
        let error = new_enough(Version::new(13, 22)).expect_err("it is too old").to_string();
        for said in [URL, "PostgreSQL 13.22", "14.0 or newer"] {
            assert!(error.contains(said), "{error}");
        }
    }
}
