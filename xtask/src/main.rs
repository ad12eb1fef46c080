//! `cargo xtask`: what is done with this workspace beyond building it.

#[cfg(unix)]
mod book;
#[cfg(unix)]
mod command;
#[cfg(unix)]
mod error;
#[cfg(unix)]
mod features;
#[cfg(unix)]
mod install;
#[cfg(unix)]
mod interrupted;
#[cfg(unix)]
mod package;
#[cfg(unix)]
mod published;
#[cfg(unix)]
mod run;
#[cfg(unix)]
mod server;
#[cfg(unix)]
mod test;
#[cfg(unix)]
mod tools;

use std::process::ExitCode;

#[cfg(unix)]
fn main() -> ExitCode {
    use clap::Parser;
    match command::Arguments::parse().run() {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

#[cfg(not(unix))]
fn main() -> ExitCode {
    eprintln!(
        "error: `cargo xtask` starts PostgreSQL on Unix alone; export {} with the url of a server, and \
         run `cargo test --workspace -- --include-ignored`",
        postgres_server::URL
    );
    ExitCode::FAILURE
}
