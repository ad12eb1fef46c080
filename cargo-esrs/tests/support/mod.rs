//! A package in a folder of its own, which is locked, changed, and checked by the real compiler.
#![allow(dead_code, unreachable_pub, reason = "each test binary uses its part of it")]
#![allow(clippy::unwrap_used, reason = "what does not work here fails the test")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Mutex;

/// A copy of a package, with everything that cargo makes of it in a folder that the tests of one thread
/// share.
pub struct Package {
    pub root: PathBuf,
}

impl Package {
    /// A copy of `tests/<fixture>` under a name of its own.
    pub fn copy(fixture: &str, name: &str) -> Self {
        let package = Self::empty(name);
        let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(fixture);
        package.copy_from(&from, Path::new(""));
        package
    }

    /// A folder without a manifest.
    pub fn empty(name: &str) -> Self {
        let root = scratch().join(name);
        if root.exists() {
            std::fs::remove_dir_all(&root).unwrap();
        }
        std::fs::create_dir_all(&root).unwrap();
        let package = Self { root };
        // The versions that the workspace is tested with, which are downloaded already.
        std::fs::copy(workspace().join("Cargo.lock"), package.root.join("Cargo.lock")).unwrap();
        let toolchain = "rust-toolchain.toml";
        std::fs::copy(workspace().join(toolchain), package.root.join(toolchain)).unwrap();
        package
    }

    /// The same, with its events locked.
    pub fn locked(fixture: &str, name: &str) -> Self {
        let package = Self::copy(fixture, name);
        let lock = package.esrs(&["lock"]);
        assert!(lock.status.success(), "{}", text(&lock));
        package
    }

    fn copy_from(&self, from: &Path, within: &Path) {
        std::fs::create_dir_all(self.root.join(within)).unwrap();
        for file in std::fs::read_dir(from).unwrap() {
            let path = file.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap();
            if path.is_dir() {
                self.copy_from(&path, &within.join(name));
                continue;
            }
            let content = std::fs::read_to_string(&path).unwrap();
            // Cargo tells packages apart by their names, and by their paths only within a workspace.
            let package = self.root.file_name().unwrap().to_str().unwrap();
            let content = content.replace("{name}", package);
            let content = content.replace("{esrs}", workspace().to_str().unwrap());
            let to = within.join(name.trim_end_matches(".template"));
            self.write(to.to_str().unwrap(), &content);
        }
    }

    pub fn read(&self, file: &str) -> String {
        std::fs::read_to_string(self.root.join(file)).unwrap()
    }

    pub fn write(&self, file: &str, content: &str) {
        let path = self.root.join(file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }

    /// Replaces `from`, which has to be there once, by `to`.
    pub fn replace(&self, file: &str, from: &str, to: &str) {
        let content = self.read(file);
        assert_eq!(content.matches(from).count(), 1, "{from:?} in {file}:\n{content}");
        self.write(file, &content.replace(from, to));
    }

    pub fn cargo(&self, arguments: &[&str]) -> Output {
        self.run(Command::new(env!("CARGO")).args(arguments))
    }

    /// Runs `cargo esrs …`.
    pub fn esrs(&self, arguments: &[&str]) -> Output {
        self.run(Command::new(env!("CARGO_BIN_EXE_cargo-esrs")).arg("esrs").args(arguments))
    }

    /// The same, with a variable of the environment.
    pub fn esrs_with(&self, name: &str, value: &Path, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cargo-esrs"));
        self.run(command.arg("esrs").args(arguments).env(name, value))
    }

    pub fn git(&self, arguments: &[&str]) -> Output {
        let identity = ["-c", "user.name=esrs", "-c", "user.email=esrs@example.com"];
        let output = self.run(Command::new("git").args(identity).args(arguments));
        assert!(output.status.success(), "{}", text(&output));
        output
    }

    fn run(&self, command: &mut Command) -> Output {
        command
            .current_dir(&self.root)
            .env("CARGO_TARGET_DIR", TARGET.with(Target::folder))
            .env("CARGO_TERM_COLOR", "never")
            // As at a desk, where what changes has to be noticed.
            .env("CARGO_INCREMENTAL", "1")
            .env("CARGO_PROFILE_DEV_DEBUG", "0")
            .env_remove("RUSTFLAGS")
            .env_remove("CARGO_ENCODED_RUSTFLAGS");
        // What cargo has set for this test is not for the package.
        for (name, _) in std::env::vars_os() {
            let name = name.to_string_lossy().into_owned();
            let is_ours = name.starts_with("CARGO_PKG_")
                || name.starts_with("CARGO_MANIFEST_")
                || name.starts_with("CARGO_BIN_EXE_")
                || matches!(name.as_str(), "CARGO_CRATE_NAME" | "CARGO_BIN_NAME" | "ESRS_LOCK");
            if is_ours {
                command.env_remove(name);
            }
        }
        command.output().unwrap()
    }

    /// Returns what `cargo check` prints: nothing when it finds no error, and otherwise the errors as the
    /// compiler shows them.
    pub fn check(&self, arguments: &[&str]) -> Option<String> {
        let output = self.cargo(&[&["check", "--quiet"], arguments].concat());
        if output.status.success() {
            return None;
        }
        Some(errors_of(&String::from_utf8_lossy(&output.stderr)))
    }
}

/// The target folders that no test uses at this time.
static FREE: Mutex<Vec<usize>> = Mutex::new(Vec::new());

/// So many there are; a new one is made only when none is free.
static MADE: Mutex<usize> = Mutex::new(0);

thread_local! {
    static TARGET: Target = Target::take();
}

/// A target folder of a thread, because cargo builds one thing at a time in each.
struct Target(usize);

impl Target {
    fn take() -> Self {
        let free = FREE.lock().unwrap().pop();
        Self(free.unwrap_or_else(|| {
            let mut made = MADE.lock().unwrap();
            *made += 1;
            *made
        }))
    }

    fn folder(&self) -> PathBuf {
        scratch().join(format!("target-{}", self.0))
    }
}

impl Drop for Target {
    fn drop(&mut self) {
        FREE.lock().unwrap().push(self.0);
    }
}

/// The errors alone, without what cargo says around them.
pub fn errors_of(stderr: &str) -> String {
    let mut errors = String::new();
    let mut is_error = false;
    for line in stderr.lines() {
        if line.starts_with("error: could not compile") || line.starts_with("For more information")
        {
            is_error = false;
            continue;
        }
        if line.starts_with("error") || line.starts_with("warning") {
            is_error = line.starts_with("error");
        }
        if is_error {
            errors.push_str(line.trim_end());
            errors.push('\n');
        }
    }
    let end = errors.trim_end().len();
    errors.truncate(end);
    errors.push('\n');
    errors
}

pub fn text(output: &Output) -> String {
    let (out, error) = (&output.stdout, &output.stderr);
    format!("{}{}", String::from_utf8_lossy(out), String::from_utf8_lossy(error))
}

/// Where the copies stand: in what cargo builds.
fn scratch() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("packages")
}

pub fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// Compares with a file that is committed for people to review; `BLESS=1` accepts what is there now.
pub fn compare(file: &Path, now: &str) -> Result<(), String> {
    if std::env::var_os("BLESS").is_some() {
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, now).unwrap();
    }
    let reviewed = std::fs::read_to_string(file).unwrap_or_default().replace("\r\n", "\n");
    match reviewed == now {
        true => Ok(()),
        false => Err(format!("{} is not what is said now:\n{now}", file.display())),
    }
}
