//! Every program of the guide prints what is in the `.out` file next to it, which a page includes.
//!
//! `BLESS=1 cargo test -p esrs-guide --test guide` rewrites these files; read the diff before you commit.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

/// The folder of the programs and what they print.
fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples")
}

/// The folder of the built programs. They are built here, with the features that the workspace's tests
/// have, so that none is older than its source.
static BUILT: LazyLock<PathBuf> = LazyLock::new(|| {
    let test = std::env::current_exe().unwrap();
    let profile = test.ancestors().nth(2).unwrap();
    let mut build = Command::new(env!("CARGO"));
    build.args(["build", "--quiet", "--workspace", "--examples", "--target-dir"]);
    build.arg(profile.parent().unwrap()).current_dir(env!("CARGO_MANIFEST_DIR"));
    if profile.ends_with("release") {
        build.arg("--release");
    }
    assert!(build.status().unwrap().success(), "the programs do not build");
    profile.join("examples")
});

fn compare(name: &str, arguments: &[&str]) {
    // A program may leave files in the folder that it is started in.
    let started_in = tempfile::tempdir().unwrap();
    let mut program = Command::new(BUILT.join(name));
    let output = program.args(arguments).current_dir(&started_in).output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{name}: {}: {errors}", output.status);
    let printed = String::from_utf8(output.stdout).unwrap();
    let transcript = folder().join(name).with_extension("out");
    if std::env::var_os("BLESS").is_some() && !printed.is_empty() {
        std::fs::write(&transcript, &printed).unwrap();
    }
    let expected = std::fs::read_to_string(&transcript).unwrap_or_default();
    assert_eq!(printed, expected, "{} is not what was printed", transcript.display());
}

/// Programs that need a PostgreSQL server; its URL is their argument.
const ON_POSTGRES: [&str; 1] = ["postgres"];

fn programs() -> Vec<String> {
    let files = std::fs::read_dir(folder()).unwrap().map(|file| file.unwrap().path());
    let mut names: Vec<_> = files
        .filter(|file| file.extension().is_some_and(|extension| extension == "rs"))
        .map(|file| file.file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    names.sort();
    names
}

#[test]
fn programs_print_what_the_guide_shows() {
    let programs = programs();
    assert!(!programs.is_empty());
    for name in programs.iter().filter(|name| !ON_POSTGRES.contains(&name.as_str())) {
        compare(name, &[]);
    }
}

#[test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
fn programs_on_postgresql_print_what_the_guide_shows() {
    for name in ON_POSTGRES {
        let database = postgres_server::database().unwrap();
        compare(name, &[database.url()]);
    }
}

#[test]
fn readme_shows_its_program_and_output() {
    let readme = std::fs::read_to_string(crate::markdown::root().join("README.md")).unwrap();
    for (fence, file) in
        [("```rust\n", "readme.rs"), ("output of the program -->\n```text\n", "readme.out")]
    {
        let shown = readme.split(fence).nth(1).unwrap().split("```").next().unwrap();
        assert_eq!(shown, std::fs::read_to_string(folder().join(file)).unwrap(), "{file}");
    }
    assert_eq!(readme.matches("```rust\n").count(), 1);
}

#[test]
fn readme_is_short() {
    let readme = std::fs::read_to_string(crate::markdown::root().join("README.md")).unwrap();
    let words = readme.split_whitespace().count();
    assert!(words <= 900, "expected at most 900 words in README.md, found {words}");
}
