//! Packages of Debian or Ubuntu, unpacked into the target folder.
//!
//! Needs no root rights, and a package that is not installed starts no service. `apt-get` verifies the
//! signatures, and downloads those dependencies that the machine lacks.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::target;
use crate::error::Error;
use crate::run::run;

/// Runs the program of the same name with the libraries that were unpacked with it.
const WRAPPER: &str = r#"#!/bin/sh
root=$(dirname "$0")/../root
for folder in "$root"/lib "$root"/usr/lib "$root"/lib/*-linux-* "$root"/usr/lib/*-linux-*; do
    [ -d "$folder" ] && LD_LIBRARY_PATH=$folder${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
done
export LD_LIBRARY_PATH
for folder in usr/bin usr/sbin bin sbin; do
    [ -x "$root/$folder/${0##*/}" ] && exec "$root/$folder/${0##*/}" "$@"
done
echo "$0: there is no such program in $root" >&2
exit 127
"#;

/// The programs that download and unpack, and the folder that they unpack into.
struct Packages {
    apt: PathBuf,
    dpkg: PathBuf,
    folder: PathBuf,
}

/// Returns the folder that holds the program of this package, which has the same name. Unpacks it
/// unless that was done before.
pub(crate) fn unpacked(package: &str) -> Result<PathBuf, Error> {
    let packages = Packages {
        apt: PathBuf::from("apt-get"),
        dpkg: PathBuf::from("dpkg-deb"),
        folder: target()?.join("packages"),
    };
    packages.unpacked(package)
}

impl Packages {
    fn unpacked(&self, package: &str) -> Result<PathBuf, Error> {
        let folder = self.folder.join(package);
        let programs = folder.join("bin");
        if runs(&programs.join(package)) {
            return Ok(programs);
        }
        if folder.exists() {
            // The machine lost a library that it had.
            fs::remove_dir_all(&folder).map_err(Error::file(&folder))?;
        }
        fs::create_dir_all(&self.folder).map_err(Error::file(&self.folder))?;
        // Moved to its place when it is complete.
        let whole = tempfile::tempdir_in(&self.folder).map_err(Error::file(&self.folder))?;
        let unpacked = whole.path().join("package");
        let root = unpacked.join("root");
        fs::create_dir_all(&root).map_err(Error::file(&root))?;
        for archive in self.download(package, whole.path())? {
            run(Command::new(&self.dpkg).arg("--extract").arg(archive).arg(&root))?;
        }
        let program = unpacked.join("bin").join(package);
        write_wrapper(&program)?;
        if !runs(&program) {
            return Err(Error::DoesNotRun { package: package.to_owned() });
        }
        match fs::rename(&unpacked, &folder) {
            // Another process unpacked the same first.
            Err(_) if folder.is_dir() => {}
            moved => moved.map_err(Error::file(&folder))?,
        }
        Ok(programs)
    }

    /// Downloads the package, and what it depends on and the machine lacks.
    fn download(&self, package: &str, into: &Path) -> Result<Vec<PathBuf>, Error> {
        let (lists, archives) = (into.join("lists"), into.join("archives"));
        for folder in [&lists, &archives] {
            let partial = folder.join("partial");
            fs::create_dir_all(&partial).map_err(Error::file(&partial))?;
        }
        let get = |arguments: &[&str]| {
            let mut apt = Command::new(&self.apt);
            apt.args(["--quiet=2", "--yes", "--no-install-recommends"]);
            // Nothing of the machine is locked or written, and root may have a folder of its own.
            apt.args(["-o", "Debug::NoLocking=true", "-o", "APT::Sandbox::User=root"]);
            let places = [("State::lists", &lists), ("Cache::archives", &archives)];
            for (name, place) in places.into_iter().chain([("Cache", &into.to_owned())]) {
                let mut option = OsString::from(format!("Dir::{name}="));
                option.push(place);
                apt.arg("-o").arg(option);
            }
            run(apt.args(arguments).env("DEBIAN_FRONTEND", "noninteractive"))
        };
        get(&["update"])?;
        get(&["--download-only", "install", package])?;
        let entries = fs::read_dir(&archives).map_err(Error::file(&archives))?;
        let paths: Result<Vec<_>, _> = entries.map(|entry| Ok(entry?.path())).collect();
        let mut paths = paths.map_err(Error::file(&archives))?;
        paths.retain(|path| path.extension().is_some_and(|extension| extension == "deb"));
        if paths.is_empty() {
            return Err(Error::NothingToDownload { package: package.to_owned() });
        }
        Ok(paths)
    }
}

/// Writes the file by another process: a test that forks meanwhile would keep it from being run.
fn write_wrapper(program: &Path) -> Result<(), Error> {
    let folder = program.parent().unwrap_or(program);
    fs::create_dir_all(folder).map_err(Error::file(folder))?;
    let mut shell = Command::new("sh");
    shell.args(["-c", r#"printf '%s' "$2" >"$1" && chmod 755 "$1""#, "sh"]);
    let status = shell.arg(program).arg(WRAPPER).status().map_err(Error::program(&shell))?;
    match status.success() {
        true => Ok(()),
        false => Err(Error::Failed { command: format!("write {}", program.display()), status }),
    }
}

pub(crate) fn runs(program: &Path) -> bool {
    let mut command = Command::new(program);
    command.arg("--version").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use tempfile::TempDir;

    use super::*;

    /// Downloads two archives, and stores its arguments.
    const APT: &str = r#"echo "$@" >>"$(dirname "$0")/asked"
for word; do case $word in Dir::Cache::archives=*) archives=${word#*=};; esac; done
for word; do [ "$word" = install ] && touch "$archives/tool.deb" "$archives/library.deb"; done
exit 0"#;
    /// Unpacks a program that needs the folder of a library.
    const DPKG: &str = r#"root=$3; [ -d "${root%/*}" ] && mkdir -p "$root/usr/sbin" "$root/usr/lib/x-linux-gnu" || exit 2
case $2 in
*/library.deb) touch "$root/usr/lib/x-linux-gnu/library";;
*) printf '#!/bin/sh\nfor folder in $(echo "$LD_LIBRARY_PATH" | tr : " "); do
[ -f "$folder/library" ] && echo "$@" && exit; done; exit 1\n' >"$root/usr/sbin/tool"
chmod 755 "$root/usr/sbin/tool";;
esac"#;

    struct Machine(TempDir);

    impl Machine {
        fn new() -> Self {
            let machine = Self(tempfile::tempdir().unwrap());
            machine.script("apt-get", APT);
            machine.script("dpkg-deb", DPKG);
            machine
        }

        fn path(&self, name: &str) -> PathBuf {
            self.0.path().join(name)
        }

        /// Written by another process: one that has it open for writing keeps it from being run.
        fn script(&self, name: &str, script: &str) {
            let write = r#"printf '#!/bin/sh\n%s\n' "$2" >"$1" && chmod 755 "$1""#;
            let mut shell = Command::new("sh");
            shell.args(["-c", write, "sh"]).arg(self.path(name)).arg(script);
            assert!(shell.status().unwrap().success());
        }

        fn unpacked(&self) -> Result<PathBuf, Error> {
            let folder = self.path("target/packages");
            let packages =
                Packages { apt: self.path("apt-get"), dpkg: self.path("dpkg-deb"), folder };
            packages.unpacked("tool")
        }

        /// The number of times that packages were downloaded.
        fn downloads(&self) -> usize {
            let asked = fs::read_to_string(self.path("asked")).unwrap_or_default();
            asked.lines().filter(|line| line.ends_with("--download-only install tool")).count()
        }

        fn left(&self) -> Vec<String> {
            let entries = fs::read_dir(self.path("target/packages")).unwrap();
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
        }
    }

    #[test]
    fn a_program_is_unpacked_once_and_finds_its_libraries() {
        let machine = Machine::new();
        for _ in 0..2 {
            let programs = machine.unpacked().unwrap();
            assert_eq!(programs, machine.path("target/packages/tool/bin"));
            let output = Command::new(programs.join("tool")).args(["one", "two"]).output().unwrap();
            assert_eq!(output.stdout, b"one two\n");
            assert_eq!(machine.downloads(), 1);
        }
        // Neither lists nor archives are left.
        assert_eq!(machine.left(), ["tool"]);
    }

    #[test]
    fn a_program_whose_library_is_gone_is_unpacked_again() {
        let machine = Machine::new();
        let programs = machine.unpacked().unwrap();
        let library = programs.join("../root/usr/lib/x-linux-gnu/library");
        fs::remove_file(library).unwrap();
        assert!(runs(&machine.unpacked().unwrap().join("tool")));
        assert_eq!(machine.downloads(), 2);
    }

    #[test]
    fn what_fails_leaves_nothing_and_the_next_attempt_succeeds() {
        let machine = Machine::new();
        let assert_fails = |apt: &str, dpkg: &str, reason: &str| {
            machine.script("apt-get", apt);
            machine.script("dpkg-deb", dpkg);
            let error = machine.unpacked().unwrap_err().to_string();
            assert!(error.contains(reason), "{error}");
            assert_eq!(machine.left(), Vec::<String>::new());
        };
        assert_fails("exit 100", DPKG, "apt-get");
        assert_fails("exit 0", DPKG, "nothing to download");
        assert_fails(APT, "exit 2", "dpkg-deb");
        assert_fails(APT, "exit 0", "does not run");
        fs::remove_file(machine.path("apt-get")).unwrap();
        let error = machine.unpacked().unwrap_err().to_string();
        assert!(error.contains("apt-get could not be run"), "{error}");
        machine.script("apt-get", APT);
        machine.script("dpkg-deb", DPKG);
        assert!(runs(&machine.unpacked().unwrap().join("tool")));
    }
}
