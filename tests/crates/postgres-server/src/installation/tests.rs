//! The choice of an installation on a machine that has many.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::fs;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use super::*;

struct Machine(TempDir);

impl Machine {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// As it really is: it may be below a link.
    fn root(&self) -> PathBuf {
        self.0.path().canonicalize().unwrap()
    }

    /// Programs that say they are of this version.
    fn install(&self, folder: &str, version: &str) {
        self.program(folder, "postgres", &format!("echo 'postgres (PostgreSQL) {version}'"));
        self.program(folder, "initdb", "exit 1");
    }

    /// Written by another process: one that has it open for writing keeps it from being run.
    fn program(&self, folder: &str, name: &str, script: &str) {
        let folder = self.root().join(folder);
        fs::create_dir_all(&folder).unwrap();
        let write = r#"printf '#!/bin/sh\n%s\n' "$2" >"$1" && chmod 755 "$1""#;
        let mut shell = Command::new("sh");
        shell.args(["-c", write, "sh"]).arg(folder.join(name)).arg(script);
        assert!(shell.status().unwrap().success());
    }

    fn remove(&self, folder: &str) {
        fs::remove_dir_all(self.root().join(folder)).unwrap();
    }

    /// Finds an installation when these are in `PATH`.
    fn find(&self, path: &[&str]) -> Result<Installation, Error> {
        let root = self.root();
        let path = std::env::join_paths(path.iter().map(|it| root.join(it))).unwrap();
        Installation::find_in(&Places { path, root })
    }
}

#[test]
fn the_first_place_that_has_one_wins_and_the_newest_version_of_a_place() {
    let machine = Machine::new();
    let told = machine.root().join("told/bin");
    machine.program("tools/bin", "pg_config", &format!("echo {}", told.display()));
    let order = [
        ("mine/bin", "PATH"),
        ("told/bin", "pg_config --bindir"),
        ("usr/lib/postgresql/100/bin", "/usr/lib/postgresql/*/bin"),
        ("usr/lib/postgresql/17/bin", "/usr/lib/postgresql/*/bin"),
        ("usr/pgsql-16/bin", "/usr/pgsql-*/bin"),
        ("opt/homebrew/opt/postgresql@17/bin", "/opt/homebrew/opt/postgresql@*/bin"),
        ("usr/local/opt/postgresql@15/bin", "/usr/local/opt/postgresql@*/bin"),
        ("usr/local/pgsql/bin", "/usr/local/pgsql/bin"),
        ("usr/local/bin", "/usr/local/bin"),
    ];
    for (folder, _) in order {
        machine.install(folder, "17.2");
    }
    for (folder, place) in order {
        let found = machine.find(&["tools/bin", "mine/bin", "nowhere"]).unwrap();
        let folder_found = machine.root().join(folder);
        assert_eq!(found.program("postgres"), folder_found.join("postgres"));
        assert_eq!(found.found(), format!("{} by {place}", folder_found.display()));
        machine.remove(folder);
    }
    let error = machine.find(&["tools/bin", "mine/bin"]).unwrap_err();
    assert!(matches!(error, Error::NotFound { .. }), "{error}");
}

#[test]
fn one_that_is_too_old_is_passed_over_and_named_when_there_is_no_other() {
    let machine = Machine::new();
    machine.install("mine/bin", "13.22");
    machine.install("usr/lib/postgresql/9/bin", "9.6.24");
    let error = machine.find(&["mine/bin"]).unwrap_err().to_string();
    assert!(error.starts_with("only PostgreSQL 13.22 ("), "{error}");
    assert!(error.contains("9.6 (") && error.contains("14.0 or newer"), "{error}");

    machine.install("usr/lib/postgresql/14/bin", "14.0");
    let found = machine.find(&["mine/bin"]).unwrap();
    assert_eq!(found.version(), Version::OLDEST);
}

#[test]
fn one_that_lacks_a_program_is_none() {
    let machine = Machine::new();
    machine.program("mine/bin", "postgres", "echo 'postgres (PostgreSQL) 17.2'");
    let error = machine.find(&["mine/bin"]).unwrap_err().to_string();
    assert!(error.contains("/usr/lib/postgresql/*/bin"), "it says where it looked: {error}");
    for way in
        ["apt-get install postgresql", "brew install", "cargo xtask test", "ESRS_POSTGRES_URL"]
    {
        assert!(error.contains(way), "it says what to do: {error}");
    }
}

#[test]
fn a_link_to_a_program_leads_to_those_beside_it() {
    let machine = Machine::new();
    machine.install("real", "17.2");
    let links = machine.root().join("links");
    fs::create_dir(&links).unwrap();
    for program in PROGRAMS {
        let real = machine.root().join("real").join(program);
        std::os::unix::fs::symlink(real, links.join(program)).unwrap();
    }
    let found = machine.find(&["links"]).unwrap();
    assert_eq!(found.program("psql"), Path::new(&machine.root()).join("real/psql"));
}

#[test]
fn one_that_says_no_version_is_refused_by_name() {
    let machine = Machine::new();
    machine.install("mine/bin", "devel");
    let error = machine.find(&["mine/bin"]).unwrap_err().to_string();
    assert!(error.contains("mine/bin/postgres") && error.contains("devel"), "{error}");
}
