//! What a user of esrs builds: few crates, and none that the core has no use for.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

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
