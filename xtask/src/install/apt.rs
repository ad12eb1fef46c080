//! By the packages of Debian and its kin, which root may install.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::error::Error;
use crate::run::run;

/// Says whether a server is started with each version that is installed.
const CONFIG: &str = "/etc/postgresql-common/createcluster.conf";

pub(super) fn install() -> Result<(), Error> {
    if !rustix::process::geteuid().is_root() {
        return Err(Error::NotRoot);
    }
    // The lists may be old, or not there at all.
    get(&["install", "postgresql-common"])
        .or_else(|_| get(&["update"]).and_then(|()| get(&["install", "postgresql-common"])))?;
    without_a_server(|| get(&["install", "postgresql"]))
}

fn get(arguments: &[&str]) -> Result<(), Error> {
    let mut apt = Command::new("apt-get");
    apt.args(["--quiet=2", "--yes", "--no-install-recommends"]).args(arguments);
    run(apt.env("DEBIAN_FRONTEND", "noninteractive"))
}

/// Debian starts a server of what it installs, which would be left behind.
fn without_a_server(install: impl FnOnce() -> Result<(), Error>) -> Result<(), Error> {
    let config = Path::new(CONFIG);
    let before = fs::read_to_string(config).map_err(Error::file(config))?;
    let off = format!("{before}\ncreate_main_cluster = false\n");
    fs::write(config, off).map_err(Error::file(config))?;
    let installed = install();
    fs::write(config, before).map_err(Error::file(config))?;
    installed
}
