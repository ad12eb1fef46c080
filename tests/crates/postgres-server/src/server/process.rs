//! The running server.

use std::fs::{self, OpenOptions};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ExitStatus, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

pub(super) use rustix::process::Signal;
use rustix::process::{Pid, kill_process};

use super::Server;
use crate::database::parse;
use crate::{Error, sql};

/// The time that a server has to answer: after a crash it reads its log first.
const START: Duration = Duration::from_secs(60);
/// The time that it has to end.
const END: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(20);
/// The words of PostgreSQL, in every language, for a port that is taken.
const TAKEN: &str = "Address already in use";

#[derive(Debug)]
pub(super) struct Process {
    child: Child,
    program: PathBuf,
    log: PathBuf,
}

impl Server {
    /// A process that answers.
    pub(super) fn launch(&self) -> Result<Process, Error> {
        let mut process = self.spawn()?;
        let deadline = Instant::now() + START;
        let config = parse(&self.url())?;
        loop {
            if let Some(status) = process.ended()? {
                return Err(Error::Ended { status, log: end_of(&process.log) });
            }
            let Err(source) = sql::version(&config) else { return Ok(process) };
            if Instant::now() > deadline {
                let (source, log) = (Box::new(source), end_of(&process.log));
                process.end(Signal::QUIT)?;
                return Err(Error::NoAnswer { waited: START, source, log });
            }
            sleep(PAUSE);
        }
    }

    fn spawn(&self) -> Result<Process, Error> {
        let log = self.log_path();
        let open = || {
            let file = OpenOptions::new().create(true).append(true).open(&log)?;
            Ok((file.try_clone()?, file))
        };
        let (output, errors) = open().map_err(Error::file(&log))?;
        let mut command = self.command("postgres");
        command.arg("-D").arg(self.data()).arg("-p").arg(self.port.to_string());
        command.stdin(Stdio::null()).stdout(output).stderr(errors);
        // What a terminal tells the tests is not for the server: it would end before they do.
        command.process_group(0);
        let program = self.installation.program("postgres");
        let child = command.spawn().map_err(Error::program(&program))?;
        Ok(Process { child, program, log })
    }
}

impl Process {
    fn ended(&mut self) -> Result<Option<ExitStatus>, Error> {
        self.child.try_wait().map_err(Error::program(&self.program))
    }

    pub(super) fn end(mut self, signal: Signal) -> Result<(), Error> {
        if self.ended()?.is_some() {
            return Ok(());
        }
        // A process that was not waited for keeps its id, so nobody else gets the signal.
        let sent = kill_process(Pid::from_child(&self.child), signal);
        sent.map_err(|error| Error::program(&self.program)(error.into()))?;
        let deadline = Instant::now() + END;
        while Instant::now() < deadline {
            if self.ended()?.is_some() {
                return Ok(());
            }
            sleep(PAUSE);
        }
        // The processes that it started notice, and end by themselves.
        let killed = self.child.kill().and_then(|()| self.child.wait());
        killed.map_err(Error::program(&self.program))?;
        Err(Error::DoesNotEnd { waited: END, log: end_of(&self.log) })
    }
}

/// Returns whether it ended because another process has its port.
pub(super) fn port_was_taken(error: &Error) -> bool {
    matches!(error, Error::Ended { log, .. } if log.contains(TAKEN))
}

/// The last lines of a log.
fn end_of(log: &Path) -> String {
    let text = fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let lines: Vec<_> = text.lines().collect();
    lines[lines.len().saturating_sub(20)..].join("\n")
}
