//! The words of the command line.

mod against;
mod asked;
mod check;
mod lock;
mod names;
mod plan;
mod rolling;
mod schema;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::ask::Features;
use crate::error::Error;
use crate::workspace::{Chosen, LockTarget, chosen};

/// Looks after the history of events.
#[derive(Debug, Parser)]
#[command(name = "cargo", bin_name = "cargo", disable_help_subcommand = true)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Cargo,
}

/// Cargo calls `cargo-esrs esrs …`.
#[derive(Debug, Subcommand)]
enum Cargo {
    /// Looks after the history of events
    #[command(subcommand, version)]
    Esrs(Esrs),
}

#[derive(Debug, Subcommand)]
enum Esrs {
    /// Writes down what every event is stored as, so that it cannot change by accident
    ///
    /// What is new is added to the files below `schema/`, to be committed with the source. What is
    /// locked is never overwritten.
    Lock(Lock),
    /// Writes the contract of every event, in all versions, for programs in other languages
    ///
    /// It is made of the committed locks, so nothing is compiled. `cargo esrs lock --check` tells
    /// whether they say what the source does.
    Schema(schema::Schema),
}

#[derive(Debug, clap::Args)]
pub(crate) struct Lock {
    /// Change nothing, and fail when something is not locked, differs from its lock, is locked and not
    /// there any more, or is a golden payload of nothing that is locked
    #[arg(long, conflicts_with_all = ["against", "rewrite"])]
    check: bool,
    /// With `--check`: fail also when programs of this commit, which run in parallel with those of this
    /// source during a rolling deployment, cannot read what this source writes
    #[arg(long, value_name = "REF", requires = "check")]
    rolling: Option<String>,
    /// Compile nothing, and fail when something that was locked at this commit is not locked as it was, by
    /// which this source reads what programs of that commit have stored
    #[arg(long, value_name = "REF", conflicts_with_all = ["rewrite", "accept_steps"])]
    against: Option<String>,
    /// Lock this event or aggregate again, and give up what is stored under its name
    #[arg(long, value_name = "NAME", requires = "give_up_what_is_stored")]
    rewrite: Vec<String>,
    /// Yes: payloads that were stored before may not be readable any more
    #[arg(long, requires = "rewrite")]
    give_up_what_is_stored: bool,
    /// Lock what is declared of this event as it is now, though it differs from what is locked: each
    /// stored payload is read as the same value. With `--rolling`: the code of this source that writes the
    /// event writes the same text as that of the commit
    #[arg(long, value_name = "NAME")]
    accept_steps: Vec<String>,
    /// Lock the events of integration tests and benchmarks too
    #[arg(long)]
    all_targets: bool,
    /// The package to lock
    #[arg(long, short, value_name = "NAME")]
    package: Vec<String>,
    /// All packages of the workspace that depend on esrs
    #[arg(long)]
    workspace: bool,
    /// The manifest of the package
    #[arg(long, value_name = "PATH")]
    manifest_path: Option<PathBuf>,
    #[command(flatten)]
    features: Features,
}

impl Arguments {
    pub(crate) fn run(self) -> Result<ExitCode, Error> {
        let Cargo::Esrs(command) = self.command;
        let lock = match command {
            Esrs::Lock(lock) => lock,
            Esrs::Schema(schema) => return schema.run(),
        };
        if lock.check && lock.rolling.is_none() && !lock.accept_steps.is_empty() {
            return Err(Error::AcceptedByACheck);
        }
        let chosen = lock.chosen()?;
        match &lock.against {
            Some(reference) => against::run(&chosen, reference),
            None if lock.check => check::run(&chosen, &lock),
            None => lock::run(&chosen, &lock),
        }
    }
}

impl Lock {
    /// The targets whose events must be locked.
    fn chosen(&self) -> Result<Chosen, Error> {
        let mut chosen = chosen(self.manifest_path.as_deref(), &self.package, self.workspace)?;
        let wanted =
            |target: &LockTarget| self.all_targets || !target.is_test() || target.is_locked();
        chosen.targets.retain(wanted);
        Ok(chosen)
    }
}
