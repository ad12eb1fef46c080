//! Where the built examples are.

use std::path::PathBuf;
use std::process::Command;
use std::sync::LazyLock;

/// They are built here, with the features that the workspace's tests have, so that none is run that
/// is older than its source.
static EXAMPLES: LazyLock<PathBuf> = LazyLock::new(|| {
    let test = std::env::current_exe().unwrap();
    let profile = test.ancestors().nth(2).unwrap();
    let mut build = Command::new(env!("CARGO"));
    build.args(["build", "--quiet", "--workspace", "--examples", "--target-dir"]);
    build.arg(profile.parent().unwrap()).current_dir(env!("CARGO_MANIFEST_DIR"));
    if profile.ends_with("release") {
        build.arg("--release");
    }
    assert!(build.status().unwrap().success(), "the examples do not build");
    profile.join("examples")
});

/// The program of an example.
pub(crate) fn example(name: &str) -> PathBuf {
    EXAMPLES.join(name)
}
