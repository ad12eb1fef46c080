//! What a target has told.

use crate::entry::Entry;
use crate::error::Error;
use crate::workspace::LockTarget;

/// One event of one version, one aggregate, or one projection.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Told {
    Event {
        name: String,
        entry: Entry,
    },
    Aggregate {
        name: String,
        /// What its ids are written as, if that is known.
        id: Option<String>,
        reads: Vec<String>,
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
        let not_understood =
            || Error::NotUnderstood { target: target.name(), said: said.to_owned() };
        if said.trim_end() == "too-long" {
            return Err(Error::TooLong { target: target.name() });
        }
        let mut lines = said.lines();
        let kind = lines.next().ok_or_else(not_understood)?;
        let name = lines.next().ok_or_else(not_understood)?.to_owned();
        match kind {
            "event" => {
                let version = lines.next().and_then(|line| line.trim().parse().ok());
                let fingerprint =
                    lines.next().and_then(|line| u64::from_str_radix(line.trim(), 16).ok());
                let (Some(version), Some(fingerprint)) = (version, fingerprint) else {
                    return Err(not_understood());
                };
                let outline = lines.map(|line| line.trim().to_owned());
                let outline = outline.filter(|line| !line.is_empty()).collect();
                Ok(Self::Event { name, entry: Entry { version, fingerprint, outline } })
            }
            "aggregate" => {
                let mut lines = lines.map(str::trim).peekable();
                let id = lines.next_if(|line| line.starts_with("id: "));
                let id = id.and_then(|line| line.strip_prefix("id: ")).map(str::to_owned);
                let mut reads: Vec<_> = lines.map(str::to_owned).collect();
                reads.sort();
                reads.dedup();
                Ok(Self::Aggregate { name, id, reads, place })
            }
            "projection" => Ok(Self::Projection { table: name, place }),
            _ => Err(not_understood()),
        }
    }
}
