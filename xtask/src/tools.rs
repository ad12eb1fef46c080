//! Programs that some tests run, and that belong neither to Rust nor to PostgreSQL.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::error::Error;
use crate::install::packages;

struct Tool {
    /// The names of the program, and of the package that holds it.
    program: &'static str,
    /// The package whose tests run it, and which of its tests do.
    package: &'static str,
    tests: &'static [&'static str],
    find: fn() -> Result<(), String>,
}

const TOOLS: [Tool; 2] = [
    Tool { program: "git", package: "cargo-esrs", tests: &["lock"], find: find_git },
    Tool {
        program: "pgbouncer",
        package: "esrs-postgres",
        tests: &["store"],
        find: find_pgbouncer,
    },
];

fn find_git() -> Result<(), String> {
    let missing = "git was not found in PATH; install it (`apt-get install git`)";
    packages::runs(Path::new("git")).then_some(()).ok_or_else(|| missing.to_owned())
}

fn find_pgbouncer() -> Result<(), String> {
    postgres_server::pgbouncer().map(drop).map_err(|error| error.to_string())
}

/// Returns the folders of what these tests need and the machine lacks; it is unpacked for them.
pub(crate) fn find_or_unpack(arguments: &[OsString]) -> Result<Vec<PathBuf>, Error> {
    let needed = TOOLS.iter().filter(|tool| tool.is_needed(arguments));
    let missing = needed.filter_map(|tool| Some((tool, (tool.find)().err()?)));
    missing
        .map(|(tool, missing)| {
            packages::unpacked(tool.program)
                .map_err(|source| Error::NoTool { missing, source: Box::new(source) })
        })
        .collect()
}

impl Tool {
    /// Returns whether `cargo test` with these arguments may run it.
    fn is_needed(&self, arguments: &[OsString]) -> bool {
        let arguments: Vec<_> = arguments.iter().map(|word| word.to_string_lossy()).collect();
        let cargos = arguments.iter().map(|word| &**word).take_while(|word| *word != "--");
        let cargos: Vec<_> = cargos.collect();
        let packages = values(&cargos, &["-p", "--package"]);
        let tests = values(&cargos, &["--test"]);
        let is_workspace = cargos.iter().any(|word| ["--workspace", "--all"].contains(word));
        let has_package = packages.iter().any(|spec| may_name(spec, self.package));
        let has_test = tests.iter().any(|name| self.tests.iter().any(|test| may_name(name, test)));
        (packages.is_empty() || is_workspace || has_package) && (tests.is_empty() || has_test)
    }
}

/// The values of an option: `-p one`, `-pone`, `-p=one`, `--package one`, `--package=one`.
fn values<'a>(words: &[&'a str], names: &[&str]) -> Vec<&'a str> {
    let mut values = Vec::new();
    let mut words = words.iter();
    while let Some(word) = words.next() {
        for name in names {
            let Some(rest) = word.strip_prefix(name) else { continue };
            match rest.strip_prefix('=') {
                Some(value) => values.push(value),
                None if rest.is_empty() => values.extend(words.next()),
                None if !name.starts_with("--") => values.push(rest),
                None => {}
            }
        }
    }
    values
}

/// Returns whether this names a package or a test; a url and a pattern may name any.
fn may_name(spec: &str, name: &str) -> bool {
    spec.split('@').next() == Some(name) || spec.contains(['*', '?', '[', '/', '#', ':'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tool_is_needed_if_a_test_that_runs_it_may_be_among_those_that_run() {
        for (arguments, git, pgbouncer) in [
            ("", true, true),
            ("--workspace", true, true),
            ("a_name --release", true, true),
            ("-p esrs-core", false, false),
            ("-p esrs-core -- -p esrs-postgres", false, false),
            ("-p esrs-postgres", false, true),
            ("-pesrs-postgres", false, true),
            ("-p=esrs-postgres", false, true),
            ("--package=esrs-postgres@0.1.0 -p esrs-core", false, true),
            ("-p esrs-*", true, true),
            ("-p path+file:///esrs/stores/postgres", true, true),
            ("--workspace -p esrs-core", true, true),
            ("-p esrs-postgres --test faults", false, false),
            ("-p esrs-postgres --test faults --test store", false, true),
            ("-p esrs-postgres --test=st*", false, true),
            ("-p cargo-esrs", true, false),
            ("-p cargo-esrs --test lock", true, false),
            ("--test store", false, true),
            ("-p esrs-postgres-of-another", false, false),
        ] {
            let arguments: Vec<_> = arguments.split_whitespace().map(OsString::from).collect();
            let needed = TOOLS.map(|tool| (tool.program, tool.is_needed(&arguments)));
            assert_eq!(needed, [("git", git), ("pgbouncer", pgbouncer)], "{arguments:?}");
        }
    }
}
