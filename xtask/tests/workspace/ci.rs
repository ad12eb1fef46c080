//! CI installs no more than the README asks for, so that it fails where a fresh machine fails.

use std::path::Path;

#[test]
fn ci_installs_only_the_c_compiler_and_runs_the_command_of_the_readme() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let script = std::fs::read_to_string(root.join(".ci/run")).unwrap();
    let installs = script.lines().filter_map(|line| line.split("apt-get install").nth(1));
    let words =
        installs.flat_map(|rest| rest.split(['&', '|', ';', '}']).next().unwrap().split(' '));
    let packages: Vec<_> = words.filter(|it| !it.is_empty() && !it.starts_with('-')).collect();
    assert_eq!(packages, ["gcc", "libc6-dev"]);
    assert!(script.contains("'/<!-- the test command -->/"), "{script}");
    let readme = std::fs::read_to_string(root.join("README.md")).unwrap();
    assert!(readme.contains("<!-- the test command -->\n```sh\ncargo xtask test\n```"));
}
