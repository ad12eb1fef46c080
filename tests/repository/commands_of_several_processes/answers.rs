//! The answers to commands, passed from process to process.

use std::fmt;
use std::str::FromStr;

use esrs::repository::Executed;

/// Everything that an answer says of the command; equal for each of its repetitions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Effect {
    pub(crate) version: u64,
    pub(crate) event_count: u64,
    pub(crate) position: u64,
}

impl From<&Executed> for Effect {
    fn from(executed: &Executed) -> Self {
        Self {
            version: executed.version(),
            event_count: executed.event_count(),
            position: executed.position().expect("it came to events").get(),
        }
    }
}

/// One of the times that a command is sent: by which task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Sending {
    pub(crate) task: usize,
    pub(crate) command: u64,
}

impl fmt::Display for Sending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.task, self.command)
    }
}

impl FromStr for Sending {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (task, command) = text.split_once(' ').unwrap_or((text, ""));
        Ok(Self { task: task.parse()?, command: command.parse()? })
    }
}

/// The result of one sending.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Answer {
    pub(crate) sending: Sending,
    /// `None` when it was rejected.
    pub(crate) accepted: Option<(Effect, bool)>,
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.sending)?;
        let Some((effect, repeated)) = self.accepted else { return Ok(()) };
        let Effect { version, event_count, position } = effect;
        write!(f, ",{version},{event_count},{position},{repeated}")
    }
}

impl FromStr for Answer {
    type Err = Box<dyn std::error::Error>;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parts: Vec<_> = text.split(',').collect();
        let accepted = match parts[..] {
            [_] => None,
            [_, version, event_count, position, repeated] => {
                let (version, event_count) = (version.parse()?, event_count.parse()?);
                let effect = Effect { version, event_count, position: position.parse()? };
                Some((effect, repeated.parse()?))
            }
            _ => return Err(text.into()),
        };
        Ok(Self { sending: parts[0].parse()?, accepted })
    }
}
