//! `cargo xtask book` without mdbook, and with a script in its place.
#![cfg(unix)]

use std::process::{Command, Output};

fn book(path: &std::path::Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_xtask")).arg("book").env("PATH", path).output().unwrap()
}

#[test]
fn missing_mdbook_is_an_error_with_the_command_that_installs_it() {
    let folder = tempfile::tempdir().unwrap();
    let output = book(folder.path());
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("`cargo install mdbook --locked --version 0."), "{said}");
}

#[test]
fn mdbook_in_path_builds_the_guide() {
    let folder = tempfile::tempdir().unwrap();
    // Written by another process: one that has it open for writing keeps it from being run.
    let write = r#"printf '#!/bin/sh\necho "$@"\n' >"$1" && chmod 755 "$1""#;
    let script = folder.path().join("mdbook");
    assert!(Command::new("sh").args(["-c", write, "sh"]).arg(script).status().unwrap().success());
    let output = book(folder.path());
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success() && said.contains("/docs/book\n"), "{said}");
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "target/book/index.html\n");
}
