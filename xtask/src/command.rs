//! The words of the command line.

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use postgres_server::URL;

use crate::error::Error;
use crate::interrupted::Interruptions;
use crate::{server, test};

/// What is done with this workspace.
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
    Test {
        /// What `cargo test` is told, such as `-p esrs-postgres --test conformance`
        #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "ARGUMENTS")]
        arguments: Vec<OsString>,
    },
    /// Starts a PostgreSQL server, and keeps it until Ctrl-C
    Postgres,
}

impl Arguments {
    pub(crate) fn run(self) -> Result<ExitCode, Error> {
        match self.command {
            Command::Test { arguments } => {
                let server = server::find_or_start()?;
                eprintln!("{server}");
                test::run(&server.url(), &arguments)
            }
            Command::Postgres => {
                let server = server::start()?;
                eprintln!("{server}, until Ctrl-C");
                println!("export {URL}={}", server.url());
                Interruptions::begin()?.wait();
                Ok(ExitCode::SUCCESS)
            }
        }
    }
}
