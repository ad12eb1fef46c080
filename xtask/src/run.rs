//! A command that is shown before it runs.

use std::process::Command;

use crate::error::Error;

/// Shows a command and runs it; what it prints is not what was asked for.
pub(crate) fn run(command: &mut Command) -> Result<(), Error> {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    let shown = words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ");
    eprintln!("$ {shown}");
    let status = command.stdout(std::io::stderr()).status().map_err(Error::program(command))?;
    match status.success() {
        true => Ok(()),
        false => Err(Error::Failed { command: shown, status }),
    }
}
