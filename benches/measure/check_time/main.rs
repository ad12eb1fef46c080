//! The cost of the derives in `cargo check`: two crates of the same events, one with serde's derives
//! alone, and one that makes aggregates of them; and a large event that differs from its lock.

mod generate;

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Duration;

use esrs_benches::ratio::{Bar, Comparison, Figure, report};

use generate::{Change, Kind, write_large};

type Tried<T> = Result<T, Box<dyn Error>>;

fn main() -> Tried<ExitCode> {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize()?;
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("check_time");
    let crates = |kind| Crate::generate(kind, &workspace, &folder);
    let (with_esrs, with_serde) = (crates(Kind::Esrs)?, crates(Kind::SerdeAlone)?);
    let with_locks = crates(Kind::Locked)?;
    let derives = Comparison::new(
        "cargo check of 30 aggregates, 300 events, 3,600 fields: user CPU, beside serde alone",
        Bar::AtMost(2.0),
        1,
        Figure::Each("check"),
    )
    .rounds(5)
    .run(|| with_esrs.check(), || with_serde.check())?;
    let locks = Comparison::new(
        "cargo check of the same, each event and aggregate locked, beside none of them",
        Bar::AtMost(1.2),
        1,
        Figure::Each("check"),
    )
    .rounds(9)
    .run(|| with_locks.check(), || with_esrs.check())?;
    let large = crates(Kind::Large(Change::Nothing))?;
    let (wider, renamed) =
        (crates(Kind::Large(Change::Wider))?, crates(Kind::Large(Change::Renamed))?);
    let differs = |name, changed: &Crate| {
        Comparison::new(name, Bar::AtMost(1.0), 1, Figure::Each("check"))
            .rounds(5)
            .run(|| changed.check(), || Ok::<_, Box<dyn Error>>(large.check()? + MORE))
    };
    let wider = differs(
        "cargo check of an event of 2,000 lines, all of them wider than locked, beside the event as it is \
         locked and 2 s",
        &wider,
    )?;
    let renamed = differs("the same, all of them renamed", &renamed)?;
    Ok(report(&[derives, locks, wider, renamed]))
}

/// So much user CPU may a mismatch take.
const MORE: Duration = Duration::from_secs(2);

/// A crate that is there to be checked, and what it depends on is checked already.
struct Crate {
    manifest: PathBuf,
    source: PathBuf,
    target: PathBuf,
    /// True if its events differ from their locks.
    differs: bool,
}

impl Crate {
    fn generate(kind: Kind, workspace: &Path, folder: &Path) -> Tried<Self> {
        let root = folder.join(kind.name());
        generate::write(kind, workspace, &root)?;
        // The versions of the workspace, which are downloaded already.
        std::fs::copy(workspace.join("Cargo.lock"), root.join("Cargo.lock"))?;
        let (manifest, source) = (root.join("Cargo.toml"), root.join("src/lib.rs"));
        let target = folder.join("target");
        let mut generated = Self { manifest, source, target, differs: false };
        println!("checking what {} depends on", kind.name());
        if matches!(kind, Kind::Locked | Kind::Large(_)) {
            generated.lock(workspace)?;
        }
        if let Kind::Large(change) = kind {
            write_large(&root, change)?;
            generated.differs = change != Change::Nothing;
        }
        generated.check()?;
        Ok(generated)
    }

    /// Locks its events, as a user does.
    fn lock(&self, workspace: &Path) -> Tried<()> {
        let output = Command::new(env!("CARGO"))
            .args(["run", "--locked", "--quiet", "--package", "cargo-esrs", "--manifest-path"])
            .arg(workspace.join("Cargo.toml"))
            .args(["--", "esrs", "lock", "--manifest-path"])
            .arg(&self.manifest)
            .env("CARGO_TARGET_DIR", &self.target)
            .output()?;
        match output.status.success() {
            true => Ok(()),
            false => Err(String::from_utf8_lossy(&output.stderr).into()),
        }
    }

    /// The user CPU of a check of this crate alone, from nothing.
    fn check(&self) -> Tried<Duration> {
        // Written again, it is newer than what was checked.
        std::fs::write(&self.source, std::fs::read(&self.source)?)?;
        let output = Command::new("bash")
            .args(["-c", "TIMEFORMAT=%U; time \"$@\"", "check_time", env!("CARGO")])
            .args(["check", "--offline", "--quiet", "--manifest-path"])
            .arg(&self.manifest)
            .env("CARGO_TARGET_DIR", &self.target)
            .env("CARGO_INCREMENTAL", "0")
            .output()?;
        let said = String::from_utf8_lossy(&output.stderr);
        let is_expected = match self.differs {
            true => said.contains("its shape has changed"),
            false => output.status.success(),
        };
        if !is_expected {
            return Err(format!("{} does not check: {said}", self.manifest.display()).into());
        }
        let seconds = said.lines().last().ok_or("bash did not tell the time")?;
        Ok(Duration::from_secs_f64(seconds.parse()?))
    }
}
