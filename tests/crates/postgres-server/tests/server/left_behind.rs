//! The remains of a server: no process, and no directory.

// What runs is read from /proc.
#![cfg(target_os = "linux")]

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use postgres_server::{Error, Server};

const ROLE: &str = "ESRS_TEST_ROLE";

/// The processes of one server, and its directory.
struct Traces {
    directory: PathBuf,
    processes: Vec<u32>,
}

impl Traces {
    /// Those of a server that runs: what names its directory, and what was started by the server.
    fn of(directory: &Path) -> Self {
        let all = processes();
        let named = directory.to_str().unwrap();
        let main: Vec<_> = all.iter().filter(|(_, it)| it.command.contains(named)).collect();
        let started = |process: &Process| main.iter().any(|(id, _)| **id == process.parent);
        let of_it = |process: &Process| process.command.contains(named) || started(process);
        let processes = all.iter().filter(|(_, it)| of_it(it)).map(|(id, _)| *id).collect();
        Self { directory: directory.to_owned(), processes }
    }

    fn assert_seen(&self) {
        assert!(self.directory.exists());
        // The server, its guard, and at least a checkpointer, a writer and a log writer.
        assert!(self.processes.len() >= 5, "{:?}", self.processes);
    }

    fn left(&self) -> Vec<String> {
        let all = processes();
        let left = self.processes.iter().filter_map(|id| Some(format!("{id} {:?}", all.get(id)?)));
        let directory = self.directory.exists().then(|| self.directory.display().to_string());
        left.chain(directory).collect()
    }

    fn assert_gone(&self) {
        assert_eq!(self.left(), Vec::<String>::new());
    }

    fn assert_gone_soon(&self) {
        let deadline = Instant::now() + Duration::from_secs(30);
        while !self.left().is_empty() && Instant::now() < deadline {
            sleep(Duration::from_millis(50));
        }
        self.assert_gone();
    }
}

#[derive(Debug)]
struct Process {
    parent: u32,
    command: String,
}

/// All that run.
fn processes() -> BTreeMap<u32, Process> {
    let entries = fs::read_dir("/proc").unwrap();
    let processes = entries.filter_map(|entry| {
        let entry = entry.unwrap();
        let id = entry.file_name().to_str()?.parse().ok()?;
        // One that ends meanwhile does not run.
        let status = fs::read_to_string(entry.path().join("status")).ok()?;
        let command = fs::read(entry.path().join("cmdline")).ok()?;
        let field = |name| status.lines().find_map(|line: &str| line.strip_prefix(name));
        if field("State:")?.trim_start().starts_with('Z') {
            return None;
        }
        let parent = field("PPid:")?.trim().parse().ok()?;
        let command = String::from_utf8_lossy(&command).replace('\0', " ");
        Some((id, Process { parent, command }))
    });
    processes.collect()
}

#[test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
fn nothing_is_left_of_a_server_that_is_dropped() -> Result<(), Error> {
    let server = Server::start()?;
    let traces = Traces::of(server.directory());
    traces.assert_seen();
    drop(server);
    traces.assert_gone();
    Ok(())
}

#[test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
fn nothing_is_left_of_a_server_whose_test_panics() {
    let (sender, traces) = std::sync::mpsc::channel();
    let test = std::thread::spawn(move || {
        let server = Server::start().unwrap();
        sender.send(Traces::of(server.directory())).unwrap();
        panic!("as a failing test does");
    });
    let traces = traces.recv().unwrap();
    traces.assert_seen();
    assert!(test.join().is_err());
    traces.assert_gone();
}

#[test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
fn nothing_is_left_of_a_server_that_does_not_start() {
    // A folder of its own: other servers come and go.
    let folder = tempfile::tempdir().unwrap();
    let output = start(folder.path(), "fail").output().unwrap();
    assert!(output.status.success(), "{output:?}");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
fn nothing_is_left_of_a_server_whose_process_is_killed() {
    let (mut process, traces) = started("forget");
    process.kill().unwrap();
    process.wait().unwrap();
    traces.assert_gone_soon();
}

#[test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
fn nothing_is_left_of_a_server_in_a_static_which_is_never_dropped() {
    let (mut process, traces) = started("forget");
    drop(process.stdin.take());
    let output = std::io::read_to_string(process.stdout.take().unwrap()).unwrap();
    assert!(process.wait().unwrap().success(), "{output}");
    traces.assert_gone_soon();
}

/// This binary once more, as a process that starts a server.
fn start(folder: &Path, role: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "left_behind::child", "--nocapture", "--test-threads=1"]);
    command.env(ROLE, role).env("TMPDIR", folder);
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    command
}

/// One whose server runs.
fn started(role: &str) -> (Child, Traces) {
    let mut process = start(&std::env::temp_dir(), role).spawn().unwrap();
    let mut output = BufReader::new(process.stdout.as_mut().unwrap());
    let mut line = String::new();
    while !line.starts_with("@directory ") {
        line.clear();
        assert_ne!(output.read_line(&mut line).unwrap(), 0, "it ended");
    }
    let traces = Traces::of(Path::new(line.trim_end().trim_start_matches("@directory ")));
    traces.assert_seen();
    (process, traces)
}

/// Not a test of its own: what the processes do that the tests start.
#[test]
fn child() {
    match std::env::var(ROLE).ok().as_deref() {
        None => {}
        Some("fail") => {
            Server::builder().config("shared_buffers = plenty").start().unwrap_err();
        }
        Some("forget") => {
            let server = Server::start().unwrap();
            println!("\n@directory {}", server.directory().display());
            std::io::read_to_string(std::io::stdin()).unwrap();
            std::mem::forget(server);
        }
        Some(role) => panic!("there is no role {role:?}"),
    }
}
