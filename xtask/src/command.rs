//! The words of the command line.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use postgres_server::URL;

use crate::error::Error;
use crate::interrupted::Interruptions;
use crate::{book, features, package, server, test, tools};

/// The commands of this workspace.
#[derive(Debug, Parser)]
#[command(name = "xtask", bin_name = "cargo xtask")]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Runs every test, those that need PostgreSQL too
    ///
    /// The server is the one that ESRS_POSTGRES_URL names, or one of an installed PostgreSQL, or of one
    /// that is installed for this: by apt-get when root runs it, and by pip into the target folder
    /// otherwise. What is started is stopped at the end, also by Ctrl-C.
    ///
    /// PgBouncer and git are looked for in PATH. If a test needs one that is missing, it is unpacked
    /// from the packages of Debian or Ubuntu into the target folder, which needs no root rights.
    Test {
        /// The arguments for `cargo test`, such as `-p esrs-postgres --test store conformance`
        #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "ARGUMENTS")]
        arguments: Vec<OsString>,
    },
    /// Checks each feature of each published package alone, none of them, and all
    Features,
    /// Packages every published package, as for Cargo's registry
    Package,
    /// Builds the guide with mdbook, into target/book
    Book,
    /// Starts a PostgreSQL server, and keeps it until Ctrl-C
    Postgres,
}

impl Arguments {
    pub(crate) fn run(self) -> Result<ExitCode, Error> {
        match self.command {
            Command::Test { arguments } => {
                let (server, programs) = server::find_or_start()?;
                eprintln!("{server}");
                let tools = tools::find_or_unpack(&arguments)?;
                let path = path(tools.into_iter().chain([programs]))?;
                test::run(&server.url(), &path, &arguments)
            }
            Command::Features => features::check().map(|()| ExitCode::SUCCESS),
            Command::Package => package::pack().map(|()| ExitCode::SUCCESS),
            Command::Book => book::build().map(|()| ExitCode::SUCCESS),
            Command::Postgres => {
                let (server, programs) = server::start()?;
                eprintln!("{server}, until Ctrl-C");
                println!("export {URL}={}", server.url());
                // Some tests start servers of their own.
                println!("export PATH=\"$PATH:{}\"", programs.display());
                Interruptions::begin()?.wait();
                Ok(ExitCode::SUCCESS)
            }
        }
    }
}

/// `PATH`, with these folders behind those that it has.
fn path(folders: impl Iterator<Item = PathBuf>) -> Result<OsString, Error> {
    let before = std::env::var_os("PATH");
    let before = before.iter().flat_map(std::env::split_paths);
    Ok(std::env::join_paths(before.chain(folders))?)
}
