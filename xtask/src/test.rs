//! `cargo test`, with all that is ignored where there is no PostgreSQL.

use std::ffi::{OsStr, OsString};
use std::process::{Command, ExitCode};

use postgres_server::URL;

use crate::error::Error;
use crate::interrupted::Interruptions;
use crate::published;

/// Words that say which packages are tested.
const PACKAGES: [&str; 4] = ["-p", "--package", "--workspace", "--all"];

pub(crate) fn run(url: &str, path: &OsStr, arguments: &[OsString]) -> Result<ExitCode, Error> {
    let words = words(arguments);
    let shown: Vec<_> = words.iter().map(|word| word.to_string_lossy()).collect();
    eprintln!("$ cargo {}", shown.join(" "));
    let mut cargo = Command::new(published::cargo());
    cargo.args(words).env(URL, url).env("PATH", path);
    let code = Interruptions::begin()?.run(&mut cargo)?;
    Ok(code.into())
}

/// The arguments for cargo: every package, unless some are named, and every test.
fn words(arguments: &[OsString]) -> Vec<OsString> {
    let end = arguments.iter().position(|word| word == "--").unwrap_or(arguments.len());
    let (cargos, tests) = arguments.split_at(end);
    let mut words = vec![OsString::from("test")];
    if !cargos.iter().any(|word| names_packages(word)) {
        words.push("--workspace".into());
    }
    words.extend_from_slice(cargos);
    words.extend(["--".into(), "--include-ignored".into()]);
    words.extend(tests.iter().skip(1).cloned());
    words
}

fn names_packages(word: &OsStr) -> bool {
    let Some(word) = word.to_str() else { return false };
    let name = word.split('=').next().unwrap_or(word);
    PACKAGES.contains(&name) || (word.starts_with("-p") && !word.starts_with("--"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_package_is_tested_unless_some_are_named_and_no_test_is_left_out() {
        for (arguments, cargo) in [
            ("", "test --workspace -- --include-ignored"),
            ("name", "test --workspace name -- --include-ignored"),
            ("-p one name", "test -p one name -- --include-ignored"),
            ("-pone", "test -pone -- --include-ignored"),
            ("--package=one", "test --package=one -- --include-ignored"),
            ("--profile x", "test --workspace --profile x -- --include-ignored"),
            ("-- --nocapture", "test --workspace -- --include-ignored --nocapture"),
            ("a -- b -p -- c", "test --workspace a -- --include-ignored b -p -- c"),
        ] {
            let arguments: Vec<_> = arguments.split_whitespace().map(OsString::from).collect();
            let words = words(&arguments).join(OsStr::new(" "));
            assert_eq!(words, cargo, "{arguments:?}");
        }
    }
}
