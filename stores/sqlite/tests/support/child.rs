//! Other processes: the test's own binary, started once more to run one test in a role.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

const ROLE: &str = "ESRS_TEST_ROLE";
const FILE: &str = "ESRS_TEST_FILE";

/// Which role this process was started in, and on which file; `None` in the test run itself.
pub fn role() -> Option<(String, String)> {
    Some((std::env::var(ROLE).ok()?, std::env::var(FILE).ok()?))
}

/// Tells the parent something, on a line of its own.
pub fn say(word: &str, what: impl std::fmt::Display) {
    println!("\n@{word} {what}");
}

/// How to start `program`, a copy of this binary, in a role. Its test is called `child`.
pub fn command(program: &Path, role: &str, file: &Path) -> Command {
    let mut command = Command::new(program);
    command.args(["--exact", "child", "--nocapture", "--test-threads=1"]);
    command.env(ROLE, role).env(FILE, file).stdout(Stdio::piped());
    command
}

pub fn start(role: &str, file: &Path) -> Child {
    let program = std::env::current_exe().expect("this binary");
    command(&program, role, file).spawn().expect("the binary can be started")
}

/// What the child says after `word`, line by line, until it ends.
pub fn words<'a>(child: &'a mut Child, word: &'a str) -> impl Iterator<Item = String> + 'a {
    let output = child.stdout.take().expect("it was not taken before");
    BufReader::new(output).lines().filter_map(move |line| {
        let line = line.expect("it writes text");
        Some(line.strip_prefix(&format!("@{word} "))?.to_owned())
    })
}
