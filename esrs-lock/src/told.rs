//! Messages of the compiler by which a target tells `cargo esrs` of its events.
//!
//! The core tells it in const evaluation, where a panic is the one way to say anything: [`PREFIX`], the kind, and
//! a line each for what follows.

use crate::file::STEPS;

/// The prefix of each message.
pub const PREFIX: &str = "esrs-lock:";

/// The kind of an event: its name, its version and its fingerprint follow, then [`ALIAS`] lines, its outline,
/// and its steps.
pub const EVENT: &str = "event as it writes";

/// The kind of an aggregate: its name follows, then a line each of one of the words below and what it is about.
pub const AGGREGATE: &str = "aggregate with events";

/// The kind of a projection: its table follows.
pub const PROJECTION: &str = "projection";

/// The kind of a shape that does not fit into a lock.
pub const TOO_LONG: &str = "too-long";

/// The prefix of the line of a former name.
pub const ALIAS: &str = "alias ";

/// The word before the text of an aggregate's ids.
pub const ID: &str = "id";

/// The word before a name that an aggregate reads.
pub const READS: &str = "reads";

/// The word before a name that it skips.
pub const RETIRED: &str = "retired";

/// The word before an event of another crate or target, where it is not locked.
pub const UNLOCKED: &str = "unlocked";

/// The line before the parts of an event that are never left out of what is written.
pub const ALWAYS_WRITTEN: &str = "always written";

/// The message about a shape that does not fit into a lock.
pub const SHAPE_TOO_LONG: &str = "esrs-lock:too-long";

/// The lines that an event tells of itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ToldEvent {
    /// The names that it was stored under before.
    pub aliases: Vec<String>,
    /// Its outline.
    pub outline: Vec<String>,
    /// Its steps; empty without any.
    pub steps: Vec<String>,
    /// The paths of the fields that are always written, though they may be absent in what is read.
    pub always_written: Vec<String>,
}

impl ToldEvent {
    /// Reads the lines behind the fingerprint.
    pub fn read<'a>(lines: impl Iterator<Item = &'a str>) -> Self {
        let Self { mut aliases, mut outline, mut steps, mut always_written } = Self::default();
        let mut list = &mut outline;
        for line in lines.filter(|line| !line.trim().is_empty()) {
            match line.strip_prefix(ALIAS) {
                Some(alias) => aliases.push(alias.to_owned()),
                None if line == STEPS => list = &mut steps,
                None if line == ALWAYS_WRITTEN => list = &mut always_written,
                None => list.push(line.trim().to_owned()),
            }
        }
        Self { aliases, outline, steps, always_written }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_told_apart_by_what_stands_before_them() {
        let said =
            "alias old\n    struct\n    .a?: u8\nsteps\n    .a: default\nalways written\n    .a\n";
        let told = ToldEvent::read(said.lines());
        assert_eq!(
            (told.aliases, told.outline),
            (vec!["old".into()], vec!["struct".into(), ".a?: u8".into()])
        );
        assert_eq!(
            (told.steps, told.always_written),
            (vec![".a: default".into()], vec![".a".into()])
        );
        assert_eq!(SHAPE_TOO_LONG, format!("{PREFIX}{TOO_LONG}"));
    }
}
