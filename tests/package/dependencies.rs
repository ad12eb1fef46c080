//! The crates that a user of esrs builds, and those that the README's first command builds.

use std::collections::BTreeSet;
use std::error::Error;
use std::process::Command;

type Tried<T> = Result<T, Box<dyn Error>>;

/// The crates that a package builds for this machine, each once; the package is among them.
fn crates(arguments: &[&str]) -> Tried<BTreeSet<String>> {
    let output = Command::new(env!("CARGO"))
        .args(["tree", "--locked", "--prefix", "none", "--format", "{p}"])
        .args(arguments)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()?;
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let lines = String::from_utf8(output.stdout)?;
    // A crate that stands in the tree again is marked ` (*)`, and one that is a macro ` (proc-macro)`.
    let name_and_version = |line: &str| {
        let words: Vec<_> = line.split_whitespace().take(2).collect();
        words.join(" ")
    };
    Ok(lines.lines().filter(|line| !line.trim().is_empty()).map(name_and_version).collect())
}

fn has(crates: &BTreeSet<String>, name: &str) -> bool {
    crates.iter().any(|line| line.split(' ').next() == Some(name))
}

#[test]
fn a_user_of_esrs_with_sqlite_builds_fewer_than_60_crates() -> Tried<()> {
    let crates = crates(&["--package", "esrs", "--edges", "normal,build"])?;
    assert!(has(&crates, "rusqlite") && has(&crates, "cc"), "{crates:#?}");
    // And the user's own.
    let count = crates.len() + 1;
    assert!(count < 60, "{count}: {crates:#?}");
    Ok(())
}

#[test]
fn the_core_has_at_most_10_dependencies_of_its_own() -> Tried<()> {
    let crates = crates(&["--package", "esrs-core", "--edges", "normal", "--depth", "1"])?;
    assert!(has(&crates, "esrs-core") && has(&crates, "serde"), "{crates:#?}");
    // The core itself is in the list.
    let count = crates.len() - 1;
    assert!(count <= 10, "{count}: {crates:#?}");
    Ok(())
}

#[test]
fn the_core_knows_no_database_and_no_async_runtime() -> Tried<()> {
    let crates = crates(&["--package", "esrs-core", "--edges", "normal,build"])?;
    assert!(has(&crates, "serde_json"), "{crates:#?}");
    for stranger in ["rusqlite", "libsqlite3-sys", "tokio", "async-std", "futures-executor"] {
        assert!(!has(&crates, stranger), "{stranger} is built with the core: {crates:#?}");
    }
    Ok(())
}

#[test]
fn a_user_who_does_not_ask_for_opentelemetry_builds_nothing_of_it() -> Tried<()> {
    let crates = crates(&["--package", "esrs", "--edges", "normal,build"])?;
    assert!(has(&crates, "tracing"), "{crates:#?}");
    for stranger in ["opentelemetry", "tracing-opentelemetry", "tracing-subscriber"] {
        assert!(!has(&crates, stranger), "{stranger} is built: {crates:#?}");
    }
    Ok(())
}

/// The package that the README's first command runs an example of.
fn package_of_the_first_command() -> &'static str {
    let readme = include_str!("../../README.md");
    let command = readme.lines().find(|line| line.starts_with("cargo ")).unwrap_or_default();
    let (_, rest) = command.split_once(" -p ").unwrap_or_default();
    let package = rest.split_whitespace().next();
    package.unwrap_or_else(|| panic!("the first command names no package with `-p`: {command:?}"))
}

#[test]
fn the_first_command_builds_no_more_than_it_needs() -> Tried<()> {
    let package = package_of_the_first_command();
    // Examples are built with the dev-dependencies of their own package.
    let crates = crates(&["--package", package, "--edges", "normal,build,dev"])?;
    assert!(has(&crates, "rusqlite") && has(&crates, package), "{crates:#?}");
    for stranger in ["proptest", "trybuild", "opentelemetry", "tokio-postgres", "esrs-postgres"] {
        assert!(!has(&crates, stranger), "{package} builds {stranger}: {crates:#?}");
    }
    assert!(crates.len() < 70, "{}: {crates:#?}", crates.len());
    Ok(())
}

#[test]
fn the_published_package_has_every_file_that_its_documentation_includes() -> Tried<()> {
    let output = Command::new(env!("CARGO"))
        .args(["package", "--package", "esrs", "--list", "--allow-dirty", "--offline"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()?;
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let packaged = String::from_utf8(output.stdout)?;
    let tutorial = include_str!("../../src/tutorial.rs");
    let included: Vec<_> = tutorial
        .split("include_str!(\"")
        .skip(1)
        .filter_map(|rest| rest.split('"').next()?.strip_prefix("../"))
        .collect();
    assert!(included.len() >= 18, "{included:?}");
    for file in included {
        assert!(packaged.lines().any(|line| line == file), "{file} is not in the package `esrs`");
    }
    Ok(())
}
