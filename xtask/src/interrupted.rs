//! A program that may be interrupted, without this one ending before it.

use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::Command;
use std::thread::sleep;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::error::Error;

const PAUSE: Duration = Duration::from_millis(20);

/// The signals that ask this program to end, which do not end it any more.
pub(crate) struct Interruptions(Signals);

impl Interruptions {
    pub(crate) fn begin() -> Result<Self, Error> {
        Signals::new([SIGHUP, SIGINT, SIGTERM]).map(Self).map_err(Error::Signals)
    }

    /// Until the first comes.
    pub(crate) fn wait(mut self) {
        self.0.forever().next();
    }

    /// The code that a shell would tell of the command, or of the signal that came meanwhile. Each is
    /// passed on to the command and to all that it started.
    pub(crate) fn run(mut self, command: &mut Command) -> Result<u8, Error> {
        let mut child = command.process_group(0).spawn().map_err(Error::program(command))?;
        let mut interrupted = None;
        loop {
            if let Some(status) = child.try_wait().map_err(Error::program(command))? {
                let by = interrupted.or(status.signal()).map(|signal| 128 + signal);
                // Neither is anything else than a byte.
                return Ok(by.or(status.code()).and_then(|code| code.try_into().ok()).unwrap_or(1));
            }
            for signal in self.0.pending() {
                interrupted = Some(signal);
                let Some(signal) = Signal::from_named_raw(signal) else { continue };
                // One that ended meanwhile does not have to be told.
                let _ = kill_process_group(Pid::from_child(&child), signal);
            }
            sleep(PAUSE);
        }
    }
}
