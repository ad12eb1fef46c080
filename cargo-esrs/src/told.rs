//! The answer of a target.

use esrs_lock::file::Entry;
use esrs_lock::told::{
    AGGREGATE, EVENT, ID, PROJECTION, READS, RETIRED, TOO_LONG, ToldEvent, UNLOCKED,
};

use crate::error::Error;
use crate::workspace::LockTarget;

/// One event of one version, one aggregate, or one projection.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Told {
    Event {
        name: String,
        entry: Entry,
        /// The names that it was stored under before.
        aliases: Vec<String>,
        /// The paths of the fields that are always written, though they may be absent in what is read.
        always: Vec<String>,
    },
    Aggregate {
        name: String,
        /// The shape of its ids, if that is known.
        id: Option<String>,
        reads: Vec<String>,
        /// Those of them that it skips.
        retired: Vec<String>,
        /// The events that stand in another crate or target, where they are not locked.
        unlocked: Vec<String>,
        /// The file and the line of its `#[derive(Aggregate)]`.
        place: String,
    },
    Projection {
        table: String,
        /// The file and the line of its `#[derive(Projection)]`.
        place: String,
    },
}

impl Told {
    /// Reads what a target has said at a place in its source.
    pub(crate) fn parse(said: &str, place: String, target: &LockTarget) -> Result<Self, Error> {
        let not_understood = || {
            let said = said.lines().next().unwrap_or_default().to_owned();
            Error::NotUnderstood { target: target.name(), said }
        };
        if said.trim_end() == TOO_LONG {
            return Err(Error::TooLong { target: target.name() });
        }
        let mut lines = said.lines();
        let kind = lines.next().ok_or_else(not_understood)?;
        let name = lines.next().ok_or_else(not_understood)?.to_owned();
        match kind {
            EVENT => {
                let version = lines.next().and_then(|line| line.trim().parse().ok());
                let fingerprint =
                    lines.next().and_then(|line| u64::from_str_radix(line.trim(), 16).ok());
                let (Some(version), Some(fingerprint)) = (version, fingerprint) else {
                    return Err(not_understood());
                };
                let ToldEvent { aliases, outline, steps, always_written: always } =
                    ToldEvent::read(lines);
                let steps = (!steps.is_empty()).then_some(steps);
                let entry = Entry { version, fingerprint, outline, steps };
                Ok(Self::Event { name, entry, aliases, always })
            }
            AGGREGATE => {
                let (mut reads, mut retired, mut unlocked) = (Vec::new(), Vec::new(), Vec::new());
                let mut id = None;
                for line in lines.filter(|line| !line.trim().is_empty()) {
                    match line.split_once(' ').ok_or_else(not_understood)? {
                        (ID, text) => id = Some(text.to_owned()),
                        (READS, name) => reads.push(name.to_owned()),
                        (RETIRED, name) => retired.push(name.to_owned()),
                        (UNLOCKED, name) => unlocked.push(name.to_owned()),
                        _ => return Err(not_understood()),
                    }
                }
                reads.extend(retired.iter().cloned());
                reads.sort();
                reads.dedup();
                Ok(Self::Aggregate { name, id, reads, retired, unlocked, place })
            }
            PROJECTION => Ok(Self::Projection { table: name, place }),
            _ => Err(not_understood()),
        }
    }
}
