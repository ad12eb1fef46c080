//! Where the locks of the target stand that is compiled.

use std::path::{Path, PathBuf};

use esrs_lock::hash::Fnv1a;
use esrs_lock::name::INDEX;

/// The folder of the locks of one target; it may not be there.
#[derive(Debug)]
pub(crate) struct Folder {
    /// The folder of its package.
    package: PathBuf,
    path: PathBuf,
    /// Its path within the package, for messages.
    name: String,
    is_test: bool,
}

/// The use that the derives make of locks.
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

    /// The name of the variable by which another build system tells the folder of a target's locks.
    const NAMED: &str = "ESRS_SCHEMA_DIR";

    /// Returns the folder of the target that is compiled; `None` when it has none, or none is known.
    pub(crate) fn of_target() -> Option<Self> {
        if is_documentation() {
            return None;
        }
        let is_test = variable("CARGO_TARGET_TMPDIR").is_some();
        if let Some(named) = Self::named() {
            let path = std::env::current_dir().unwrap_or_default().join(&named);
            let package = variable("CARGO_MANIFEST_DIR").map(PathBuf::from);
            let package = package.or_else(|| Some(path.parent()?.to_owned())).unwrap_or_default();
            return (named != "off").then_some(Self { package, path, name: named, is_test });
        }
        let (package, krate) = (variable("CARGO_MANIFEST_DIR")?, variable("CARGO_CRATE_NAME")?);
        let name = match variable("CARGO_BIN_NAME") {
            Some(binary) => format!("schema/bin/{binary}"),
            None if is_test => format!("schema/test/{krate}"),
            None => "schema".to_owned(),
        };
        let package = PathBuf::from(package);
        Some(Self { path: package.join(&name), package, name, is_test })
    }

    /// Returns true if nothing tells where the locks of the target are, or that it has none.
    pub(crate) fn is_unknown() -> bool {
        // A test of the derive has no target.
        let is_asked = proc_macro::is_available() && !is_documentation();
        is_asked && Self::named().is_none() && Self::of_target().is_none()
    }

    /// The folder that another build system names; what Cargo sets goes before.
    fn named() -> Option<String> {
        let of_cargo = ["CARGO", "CARGO_MANIFEST_DIR", "CARGO_CRATE_NAME"];
        match of_cargo.iter().all(|name| variable(name).is_some()) {
            true => None,
            false => variable(Self::NAMED).filter(|named| !named.is_empty()),
        }
    }

    /// The folder of its package.
    pub(crate) fn package(&self) -> &Path {
        &self.package
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

    /// The other folders of the package that have locks, by their paths within it.
    pub(crate) fn others(&self) -> Vec<String> {
        let mut all = vec!["schema".to_owned()];
        for kind in ["schema/bin", "schema/test"] {
            let within = std::fs::read_dir(self.package.join(kind)).into_iter().flatten();
            let names = within.filter_map(|one| one.ok()?.file_name().into_string().ok());
            all.extend(names.map(|name| format!("{kind}/{name}")));
        }
        let index = |name: &String| self.package.join(name).join(INDEX);
        all.retain(|name| *name != self.name && index(name).exists());
        all.sort();
        all
    }

    /// A number of the target that no other one of a program has.
    pub(crate) fn home(&self) -> u64 {
        let mut hash = Fnv1a::new();
        for variable in ["CARGO_PKG_NAME", "CARGO_PKG_VERSION", "CARGO_CRATE_NAME"] {
            hash.write(std::env::var(variable).unwrap_or_default().as_bytes());
            hash.write(&[0]);
        }
        hash.write(self.name.as_bytes());
        hash.finish().max(1)
    }

    /// Returns true if the target is an integration test or a benchmark, whose events nobody stores, unless
    /// they are locked.
    pub(crate) fn is_test(&self) -> bool {
        self.is_test
    }

    /// Returns true if anything is locked in this target.
    pub(crate) fn exists(&self) -> bool {
        self.path.join(INDEX).exists()
    }
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// Returns true if documentation is tested, which has the package's name, and events of its own.
fn is_documentation() -> bool {
    variable("UNSTABLE_RUSTDOC_TEST_PATH").is_some()
}
