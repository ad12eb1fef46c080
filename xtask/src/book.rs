//! The guide as HTML.

use std::io;
use std::path::Path;
use std::process::Command;

use crate::error::Error;
use crate::run::run;

/// The version of mdbook that the guide is built with.
const VERSION: &str = "0.5.4";

pub(crate) fn build() -> Result<(), Error> {
    let book = Path::new(env!("CARGO_MANIFEST_DIR")).with_file_name("docs").join("book");
    match run(Command::new("mdbook").arg("build").arg(book)) {
        Err(Error::Program { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
            Err(Error::NoMdbook { version: VERSION })
        }
        built => built.map(|()| println!("target/book/index.html")),
    }
}
