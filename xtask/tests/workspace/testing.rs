//! Runs of `cargo xtask test`, with a script in cargo's place: which server it has, and how it ends.
#![cfg(unix)]

use std::io::{BufRead, BufReader, Read};
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use postgres_server::{URL, server_version};
use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use tempfile::TempDir;
use tokio_postgres::NoTls;

/// `cargo xtask` with a cargo that runs this script.
struct Xtask {
    folder: TempDir,
    url: Option<String>,
}

impl Xtask {
    fn with_cargo(script: &str) -> Self {
        let this = Self { folder: tempfile::tempdir().unwrap(), url: None };
        this.write("cargo", script);
        this
    }

    /// Written by another process: one that has it open for writing keeps it from being run.
    fn write(&self, name: &str, script: &str) {
        let write = r#"printf '#!/bin/sh\n%s\n' "$2" >"$1" && chmod 755 "$1""#;
        let mut shell = Command::new("sh");
        shell.args(["-c", write, "sh"]).arg(self.folder.path().join(name)).arg(script);
        assert!(shell.status().unwrap().success());
    }

    fn url(mut self, url: &str) -> Self {
        self.url = Some(url.to_owned());
        self
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
        command.args(words).env("CARGO", self.cargo()).env_remove(URL);
        if let Some(url) = &self.url {
            command.env(URL, url);
        }
        command
    }

    fn cargo(&self) -> PathBuf {
        self.folder.path().join("cargo")
    }

    fn output(&self, words: &[&str]) -> Output {
        self.command(words).output().unwrap()
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn a_url_that_is_none_or_that_leads_nowhere_is_refused_before_anything_runs() {
    for (url, reason) in [
        ("host=localhost", "it does not begin with postgres://"),
        ("postgres://postgres@127.0.0.1:1/postgres", "127.0.0.1:1 cannot be reached"),
    ] {
        let output = Xtask::with_cargo("echo cargo runs").url(url).output(&["test"]);
        assert_eq!(output.status.code(), Some(1));
        assert_eq!(text(&output.stdout), "");
        let said = text(&output.stderr);
        assert!(said.contains("ESRS_POSTGRES_URL names a server that cannot be used"), "{said}");
        assert!(said.contains(reason) && said.contains("unset it"), "{said}");
    }
}

#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn a_user_who_may_not_create_databases_is_refused_before_anything_runs() {
    let server = postgres_server::Server::start().unwrap();
    let (client, connection) = tokio_postgres::connect(&server.url(), NoTls).await.unwrap();
    tokio::spawn(connection);
    client.batch_execute("CREATE ROLE reader LOGIN PASSWORD 'secret'").await.unwrap();
    let url = server.url();
    let url = format!("postgres://reader:secret@{}", url.split_once('@').unwrap().1);
    let output = Xtask::with_cargo("echo cargo runs").url(&url).output(&["test"]);
    assert_eq!((output.status.code(), text(&output.stdout)), (Some(1), String::new()));
    let said = text(&output.stderr);
    assert!(said.contains("permission denied to create database"), "{said}");
    assert!(!said.contains("secret"), "{said}");
}

#[test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
fn the_named_server_is_used_and_left_running() {
    let server = postgres_server::Server::start().unwrap();
    let xtask = Xtask::with_cargo(r#"echo "$ESRS_POSTGRES_URL""#).url(&server.url());
    let output = xtask.output(&["test"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert_eq!(text(&output.stdout).trim_end(), server.url());
    let said = text(&output.stderr);
    let version = server_version(&server.url()).unwrap();
    assert!(
        said.starts_with(&format!("PostgreSQL {version}, which ESRS_POSTGRES_URL names")),
        "{said}"
    );
}

#[test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
fn a_server_is_started_for_cargo_and_stopped_behind_it_however_it_ends() {
    for code in [0, 101] {
        let script = format!(r#"echo "$ESRS_POSTGRES_URL"; echo "$*"; exit {code}"#);
        let output = Xtask::with_cargo(&script).output(&["test", "-p", "one", "--", "--nocapture"]);
        assert_eq!(output.status.code(), Some(code));
        let told = text(&output.stdout);
        let (url, words) = told.split_once('\n').unwrap();
        assert_eq!(words.trim_end(), "test -p one -- --include-ignored --nocapture");
        assert!(url.starts_with("postgres://"), "{url}");
        server_version(url).unwrap_err();
        let said = text(&output.stderr);
        assert!(said.starts_with("PostgreSQL ") && said.contains(", started from /"), "{said}");
    }
}

#[test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
fn cargo_finds_the_programs_of_postgresql_for_servers_of_its_own() {
    let server = postgres_server::Server::start().unwrap();
    let programs = server.installation().folder();
    let script = "command -v postgres && command -v initdb";
    for xtask in [Xtask::with_cargo(script), Xtask::with_cargo(script).url(&server.url())] {
        xtask.write("pg_config", &format!("echo {}", programs.display()));
        let path = std::env::var_os("PATH").unwrap();
        let elsewhere = std::env::split_paths(&path).filter(|it| !it.join("postgres").exists());
        let path =
            std::env::join_paths([xtask.folder.path().to_owned()].into_iter().chain(elsewhere));
        let mut command = xtask.command(&["test", "-p", "one"]);
        let output = command.env("PATH", path.unwrap()).output().unwrap();
        assert!(output.status.success(), "{}", text(&output.stderr));
        let expected = ["postgres", "initdb"].map(|it| programs.join(it).display().to_string());
        assert_eq!(text(&output.stdout), expected.join("\n") + "\n");
    }
}

/// A line that the program writes.
fn line(output: impl Read) -> String {
    let mut line = String::new();
    BufReader::new(output).read_line(&mut line).unwrap();
    line.trim_end().to_owned()
}

fn tell(process: &Child, signal: Signal) {
    kill_process(Pid::from_child(process), signal).unwrap();
}

#[test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
fn who_interrupts_it_ends_cargo_and_what_cargo_runs_and_the_server() {
    for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143)] {
        // What cargo runs is a process of its own; one in the background would not hear of it.
        let script = r#"sh -c 'echo "$$ $ESRS_POSTGRES_URL"; exec sleep 30'; exit 1"#;
        let xtask = Xtask::with_cargo(script);
        let mut process =
            xtask.command(&["test"]).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let told = line(process.stdout.as_mut().unwrap());
        let (test, url) = told.split_once(' ').unwrap();
        server_version(url).unwrap();
        let told = Instant::now();
        tell(&process, signal);
        assert_eq!(process.wait().unwrap().code(), Some(code));
        assert!(told.elapsed() < Duration::from_secs(20), "it waited for the end of the test");
        server_version(url).unwrap_err();
        let test = Pid::from_raw(test.parse().unwrap()).unwrap();
        assert_gone_soon(test);
    }
}

/// A process that was told to end ends; the process that adopted it may take some time to notice.
fn assert_gone_soon(process: Pid) {
    let deadline = Instant::now() + Duration::from_secs(10);
    while test_kill_process(process).is_ok() {
        assert!(Instant::now() < deadline, "{process:?} runs");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
fn a_server_by_hand_is_there_until_it_is_interrupted() {
    let xtask = Xtask::with_cargo("exit 1");
    let mut process =
        xtask.command(&["postgres"]).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut told = BufReader::new(process.stdout.take().unwrap()).lines();
    let exports = [told.next().unwrap().unwrap(), told.next().unwrap().unwrap()];
    let url = exports[0].strip_prefix("export ESRS_POSTGRES_URL=").unwrap();
    server_version(url).unwrap();
    let mut shell = Command::new("sh");
    shell.args(["-c", &format!("{}\ncommand -v postgres", exports[1])]);
    assert!(shell.output().unwrap().status.success(), "{}", exports[1]);
    tell(&process, Signal::INT);
    assert!(process.wait().unwrap().success());
    server_version(url).unwrap_err();
}
