//! `cargo esrs`: writes down what events are stored as, and looks after it.

#[macro_use]
mod say;

mod ask;
mod command;
mod contract;
mod error;
mod features;
mod folder;
mod git;
mod told;
mod workspace;

use std::process::ExitCode;

use clap::Parser;

use command::Arguments;

fn main() -> ExitCode {
    match Arguments::parse().run() {
        Ok(code) => code,
        Err(error) => {
            warn!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
