//! An installed PostgreSQL.

mod places;
#[cfg(all(test, unix))]
mod tests;

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::{Error, Version};
use places::Places;

/// The programs without which no server can be started.
const PROGRAMS: [&str; 2] = ["initdb", "postgres"];

/// The programs of an installed PostgreSQL.
///
/// ```no_run
/// use postgres_server::Installation;
///
/// let installation = Installation::find()?;
/// println!("PostgreSQL {}, {}", installation.version(), installation.found());
/// # Ok::<_, postgres_server::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Installation {
    programs: PathBuf,
    version: Version,
    found: String,
}

impl Installation {
    /// The first that esrs is for: in `PATH`, by `pg_config --bindir`, below `/usr/lib/postgresql`
    /// with the newest first, and in the folders of Homebrew, of PostgreSQL's own packages and of
    /// what is built by hand.
    ///
    /// # Errors
    /// There is none, or none that is new enough.
    pub fn find() -> Result<Self, Error> {
        Self::find_in(&Places::of_this_machine())
    }

    fn find_in(places: &Places) -> Result<Self, Error> {
        let mut older = Vec::new();
        for (programs, place) in places.candidates() {
            if !has_programs(&programs) {
                continue;
            }
            let installation = Self::at(&programs, &place)?;
            if installation.version.is_supported() {
                return Ok(installation);
            }
            older.push(format!("{} ({})", installation.version, installation.found));
        }
        match older.is_empty() {
            true => Err(Error::NotFound { places: places.to_string() }),
            false => Err(Error::OnlyOlder { found: older.join(", ") }),
        }
    }

    /// The one whose programs are in this folder, whichever version it is; `place` says by which way
    /// it was found.
    ///
    /// # Errors
    /// There is none.
    pub fn at(programs: &Path, place: &str) -> Result<Self, Error> {
        // A link into another folder does not have the other programs beside it.
        let postgres = programs.join("postgres");
        let postgres = postgres.canonicalize().map_err(Error::file(&postgres))?;
        let programs = postgres.parent().unwrap_or(programs).to_owned();
        let output =
            Command::new(&postgres).arg("--version").output().map_err(Error::program(&postgres))?;
        let said = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        let version =
            Version::from_program(&said).ok_or(Error::NotAVersion { program: postgres, said })?;
        let found = format!("{} by {place}", programs.display());
        Ok(Self { programs, version, found })
    }

    /// Returns its version.
    #[must_use]
    pub fn version(&self) -> Version {
        self.version
    }

    /// Where it is, and by which way it was found.
    #[must_use]
    pub fn found(&self) -> &str {
        &self.found
    }

    /// The folder of its programs.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.programs
    }

    /// The path of one of its programs, such as `pg_dump`.
    #[must_use]
    pub fn program(&self, name: &str) -> PathBuf {
        self.programs.join(name)
    }
}

fn has_programs(folder: &Path) -> bool {
    PROGRAMS.iter().all(|program| folder.join(program).is_file())
}
