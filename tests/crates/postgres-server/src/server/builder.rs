//! A server before it runs.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::Command;

use uuid::Uuid;

use super::Server;
use super::process::port_was_taken;
use crate::guard::Guard;
use crate::user::User;
use crate::{Error, Installation, sql};

/// The ports that a server may get.
const RANGE: Range<u16> = 10_000..32_768;
/// The number of other ports that are tried when the chosen one is taken.
const TRIES: usize = 100;
/// Variables that would change what the programs do.
const VARIABLES: [&str; 8] =
    ["PGDATA", "PGDATABASE", "PGHOST", "PGOPTIONS", "PGPASSWORD", "PGPORT", "PGUSER", "PGSERVICE"];

/// The settings of a [`Server`].
#[derive(Clone, Debug, Default)]
pub struct ServerBuilder {
    installation: Option<Installation>,
    config: Vec<String>,
    tablespaces: Vec<(String, PathBuf)>,
}

impl ServerBuilder {
    /// Sets the installation, in place of [`Installation::find`].
    #[must_use]
    pub fn installation(mut self, installation: Installation) -> Self {
        self.installation = Some(installation);
        self
    }

    /// A line of `postgresql.conf`, such as `wal_level = logical`.
    #[must_use]
    pub fn config(mut self, line: impl Into<String>) -> Self {
        self.config.push(line.into());
        self
    }

    /// Sets the maximum number of connections; PostgreSQL's own limit is 100.
    #[must_use]
    pub fn max_connections(self, count: u32) -> Self {
        self.config(format!("max_connections = {count}"))
    }

    /// A tablespace in an empty directory, which is given to the user that runs the server; for
    /// [`Server::create_database_in`]. The directory is not removed.
    #[must_use]
    pub fn tablespace(mut self, name: impl Into<String>, directory: impl Into<PathBuf>) -> Self {
        self.tablespaces.push((name.into(), directory.into()));
        self
    }

    /// Starts the server, and returns when it answers.
    ///
    /// # Errors
    /// No PostgreSQL is installed that esrs is for, or it does not start.
    pub fn start(self) -> Result<Server, Error> {
        let installation = self.installation.clone().map_or_else(Installation::find, Ok)?;
        let user = User::for_a_server()?;
        let directory = tempfile::Builder::new().prefix("esrs-postgres-").tempdir();
        let directory = directory.map_err(Error::file(&std::env::temp_dir()))?;
        user.own(directory.path())?;
        let mut server = Server {
            process: None,
            _guard: Guard::of(directory.path())?,
            directory,
            installation,
            user,
            port: 0,
            password: Uuid::now_v7().simple().to_string(),
        };
        server.init()?;
        server.configure(&self.config)?;
        server.launch_on_a_free_port()?;
        for (name, directory) in &self.tablespaces {
            server.create_tablespace(name, directory)?;
        }
        Ok(server)
    }
}

impl Server {
    /// A program of the installation that runs as the server does.
    pub(super) fn command(&self, program: &str) -> Command {
        let mut command = Command::new(self.installation.program(program));
        self.user.run(&mut command);
        VARIABLES.iter().for_each(|variable| {
            command.env_remove(variable);
        });
        // What it says is read here; and the user may not be allowed to see this folder.
        command.env("LC_ALL", "C").current_dir(self.directory.path());
        command
    }

    pub(super) fn data(&self) -> PathBuf {
        self.directory.path().join("data")
    }

    /// Makes the files of an empty server.
    fn init(&self) -> Result<(), Error> {
        let password = self.directory.path().join("password");
        fs::write(&password, &self.password).map_err(Error::file(&password))?;
        self.user.own(&password)?;
        let mut initdb = self.command("initdb");
        initdb.arg("-D").arg(self.data()).arg("--pwfile").arg(&password);
        initdb.args([
            "--username=postgres",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--no-locale",
        ]);
        // Files that a broken machine loses are made anew; what the server writes is synced as ever.
        initdb.arg("--no-sync");
        self.run("initdb", initdb)?;
        fs::remove_file(&password).map_err(Error::file(&password))
    }

    /// Runs a program of the installation to its end.
    pub(super) fn run(&self, program: &str, mut command: Command) -> Result<(), Error> {
        let program = self.installation.program(program);
        let output = command.output().map_err(Error::program(&program))?;
        if !output.status.success() {
            let said = [output.stdout, output.stderr].concat();
            let said = String::from_utf8_lossy(&said).trim().to_owned();
            return Err(Error::Failed { program, status: output.status, said });
        }
        Ok(())
    }

    pub(super) fn configure(&self, lines: &[String]) -> Result<(), Error> {
        let path = self.data().join("postgresql.conf");
        let write = || {
            let mut file = OpenOptions::new().append(true).open(&path)?;
            writeln!(file, "\nlisten_addresses = '127.0.0.1'")?;
            writeln!(file, "unix_socket_directories = '{}'", self.directory.path().display())?;
            lines.iter().try_for_each(|line| writeln!(file, "{line}"))
        };
        write().map_err(Error::file(&path))
    }

    pub(super) fn launch_on_a_free_port(&mut self) -> Result<(), Error> {
        let mut tries = 1;
        loop {
            self.port = free_port().map_err(Error::file(Path::new("127.0.0.1")))?;
            match self.launch() {
                Ok(process) => {
                    self.process = Some(process);
                    return Ok(());
                }
                Err(error) if port_was_taken(&error) && tries < TRIES => tries += 1,
                Err(error) => return Err(error),
            }
        }
    }

    fn create_tablespace(&self, name: &str, directory: &Path) -> Result<(), Error> {
        self.user.own(directory)?;
        let statement = format!("CREATE TABLESPACE \"{name}\" LOCATION '{}'", directory.display());
        sql::execute(&crate::database::parse(&self.url())?, &statement)
    }
}

/// A port that nobody has now, and that no connection to somewhere else is given while the server is
/// stopped: those are above the range.
fn free_port() -> io::Result<u16> {
    let mut tries = 1;
    loop {
        let [.., high, low] = Uuid::now_v7().into_bytes();
        let port = RANGE.start + u16::from_be_bytes([high, low]) % (RANGE.end - RANGE.start);
        match TcpListener::bind((Ipv4Addr::LOCALHOST, port)) {
            Ok(_) => return Ok(port),
            Err(error) if error.kind() == io::ErrorKind::AddrInUse && tries < TRIES => tries += 1,
            Err(error) => return Err(error),
        }
    }
}
