//! A library that cannot be built together with the others, measured by a program of its own.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::measure::DATABASES;
use crate::peer::Tried;
use crate::row::Row;

/// The program in the folder of this name.
pub(crate) struct Apart {
    manifest: PathBuf,
}

impl Apart {
    pub(crate) fn new(folder: &str) -> Self {
        let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder).join("Cargo.toml");
        Self { manifest }
    }

    /// Before anything is measured, so that nothing is measured while a compiler runs.
    pub(crate) fn build(&self) -> Tried<()> {
        match self.cargo("build").stdout(Stdio::null()).status()? {
            status if status.success() => Ok(()),
            status => Err(format!("it could not be built: {status} of cargo build").into()),
        }
    }

    /// Has the program measure everything once, and adds what it prints.
    pub(crate) fn round(&self, urls: &[String; DATABASES], row: &mut Row) -> Tried<()> {
        // Not by arguments, which everybody on the machine may read.
        let mut program = self.cargo("run");
        program.env("PEERS_DATABASES", urls.join(" ")).stderr(Stdio::inherit());
        let ran = program.output()?;
        if !ran.status.success() {
            return Err(format!("it stopped: {}", ran.status).into());
        }
        for line in String::from_utf8(ran.stdout)?.lines() {
            let (name, value) = line.split_once(' ').ok_or("a line without a value")?;
            match name {
                "wrong" => row.note(value.to_owned()),
                "failed" => return Err(value.into()),
                _ => {
                    let mut measured = row.measured().into_iter();
                    let found = measured.find(|(one, _)| *one == name);
                    found.ok_or("an unknown value")?.1.push(value.parse()?);
                }
            }
        }
        Ok(())
    }

    fn cargo(&self, command: &str) -> Command {
        let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        cargo.args([command, "--quiet", "--release", "--locked", "--manifest-path"]);
        cargo.arg(&self.manifest);
        cargo
    }
}
