//! Where the locks of the target stand that is compiled.

use std::path::{Path, PathBuf};

/// The folder of the locks of one target; it may not be there.
#[derive(Debug)]
pub(crate) struct Folder {
    path: PathBuf,
    /// Its path within the package, for messages.
    name: String,
    is_test: bool,
}

/// What the derives do with locks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// They compare.
    Check,
    /// They tell `cargo esrs` what there is to lock.
    Tell,
}

impl Folder {
    /// The name of the variable by which `cargo esrs` asks a target what there is to lock.
    const ASKED: &str = "ESRS_LOCK";

    /// That of the target that is compiled; `None` when it is no target of a package.
    pub(crate) fn of_target() -> Option<Self> {
        let variable = |name| std::env::var(name).ok();
        let (package, krate) = (variable("CARGO_MANIFEST_DIR")?, variable("CARGO_CRATE_NAME")?);
        // Documentation that is tested has the package's name, and events of its own.
        if variable("UNSTABLE_RUSTDOC_TEST_PATH").is_some() {
            return None;
        }
        let is_test = variable("CARGO_TARGET_TMPDIR").is_some();
        let name = match variable("CARGO_BIN_NAME") {
            Some(binary) => format!("schema/bin/{binary}"),
            None if is_test => format!("schema/test/{krate}"),
            None => "schema".to_owned(),
        };
        Some(Self { path: Path::new(&package).join(&name), name, is_test })
    }

    pub(crate) fn mode(&self) -> Mode {
        let asked = std::env::var_os(Self::ASKED);
        match asked.is_some_and(|asked| Path::new(&asked) == self.path) {
            true => Mode::Tell,
            false => Mode::Check,
        }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Whether the target is an integration test or a benchmark, whose events nobody stores, unless
    /// they are locked.
    pub(crate) fn is_test(&self) -> bool {
        self.is_test
    }

    /// Whether anything is locked in this target.
    pub(crate) fn exists(&self) -> bool {
        self.path.join(super::file::INDEX).exists()
    }
}
