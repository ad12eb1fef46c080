//! The user that runs the server: PostgreSQL refuses to be run by root.

use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use crate::Error;

/// The users that are asked for, in this order.
const OTHERS: [&str; 2] = ["postgres", "nobody"];

/// The user that the server runs as.
#[derive(Clone, Copy, Debug)]
pub(crate) enum User {
    /// The user that runs this.
    Same,
    /// Another user, because this is root.
    Other { user: u32, group: u32 },
}

impl User {
    pub(crate) fn for_a_server() -> Result<Self, Error> {
        if !rustix::process::geteuid().is_root() {
            return Ok(Self::Same);
        }
        let found = OTHERS
            .iter()
            .find_map(|name| Some(Self::Other { user: id("-u", name)?, group: id("-g", name)? }));
        found.ok_or(Error::NobodyElse)
    }

    /// Makes the command run as this user.
    pub(crate) fn run(self, command: &mut Command) {
        if let Self::Other { user, group } = self {
            command.uid(user).gid(group);
        }
    }

    /// Makes the file or folder this user's.
    pub(crate) fn own(self, path: &Path) -> Result<(), Error> {
        match self {
            Self::Same => Ok(()),
            Self::Other { user, group } => {
                chown(path, Some(user), Some(group)).map_err(Error::file(path))
            }
        }
    }
}

/// Returns what `id` says; nothing when there is no such user.
fn id(which: &str, name: &str) -> Option<u32> {
    let output = Command::new("id").args([which, name]).output().ok()?;
    let said = String::from_utf8(output.stdout).ok()?;
    said.trim().parse().ok()
}
