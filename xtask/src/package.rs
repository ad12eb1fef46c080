//! Every published package as it would be uploaded, with its metadata and the files that it holds.

use std::process::Command;

use crate::error::Error;
use crate::published;
use crate::run::run;

pub(crate) fn pack() -> Result<(), Error> {
    let mut package = Command::new(published::cargo());
    package.args(["package", "--quiet", "--locked", "--no-verify", "--allow-dirty"]);
    for published in published::packages()? {
        package.args(["--package", &published.name]);
    }
    run(&mut package)
}
