//! Other processes: the test's own binary, started once more to run one test in a role.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};

const ROLE: &str = "ESRS_TEST_ROLE";
const FILE: &str = "ESRS_TEST_FILE";

/// Returns the role that this process was started in, and its file; `None` in the test run itself.
pub fn role() -> Option<(String, String)> {
    Some((std::env::var(ROLE).ok()?, std::env::var(FILE).ok()?))
}

/// Tells the parent something, on a line of its own.
pub fn say(word: &str, what: impl std::fmt::Display) {
    println!("\n@{word} {what}");
}

/// Returns the command that starts this binary in a role, by a command that ends in its path; `test` is the
/// full name of the test that plays the roles.
pub fn command(mut program: Command, test: &str, role: &str, file: &Path) -> Command {
    program.args(["--exact", test, "--nocapture", "--test-threads=1"]);
    program.env(ROLE, role).env(FILE, file).stdout(Stdio::piped());
    program
}

pub fn start(test: &str, role: &str, file: &Path) -> Child {
    let program = Command::new(std::env::current_exe().expect("this binary"));
    command(program, test, role, file).spawn().expect("the binary can be started")
}

/// Returns what the child says, word by word, until it ends; it is heard also while nobody asks.
pub fn said(child: &mut Child) -> Receiver<(String, String)> {
    let output = child.stdout.take().expect("it was not taken before");
    let (sender, said) = channel();
    std::thread::spawn(move || {
        for line in BufReader::new(output).lines() {
            let line = line.expect("it writes text");
            let Some((word, what)) = line.strip_prefix('@').and_then(|it| it.split_once(' '))
            else {
                continue;
            };
            if sender.send((word.to_owned(), what.to_owned())).is_err() {
                return;
            }
        }
    });
    said
}

/// Returns what the child says after `word`, line by line, until it ends.
pub fn words(child: &mut Child, word: &str) -> impl Iterator<Item = String> {
    said(child).into_iter().filter(move |said| said.0 == word).map(|said| said.1)
}
