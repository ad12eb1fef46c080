//! The text of a lock, and that of the index which lists all of them.
//!
//! ```text
//! # What is stored as "money_moved". Written by `cargo esrs lock`, …
//!
//! version 1 = 0c8bd2c1b1a8a7f4
//!     struct
//!     .cents: i64
//! steps
//!     .cents: renamed(from = "amount", in = 1)
//! ```
//!
//! A merge may leave a version twice, and the newest entry of it counts.

use crate::hash::Fnv1a;
use crate::outline::{Text, begins_with};
use crate::text::ConstText;

/// The indentation of each line of an entry.
pub const INDENT: &str = "    ";

/// The line before the steps of an entry.
pub const STEPS: &str = "steps";

/// The prefix of the line of a version.
const VERSION: &str = "version ";

/// The prefix of the line with the type of an aggregate's ids; no name begins like this.
const ID: &str = "id: ";

/// The first line of the index.
pub const INDEX_HEAD: &str = "# The locks beside this file. Written by `cargo esrs lock`; when a merge \
                              stops here, keep the lines of both sides, and run it again.\n";

/// The hash of a lock, as the index has it.
pub const fn hash_of(text: &str) -> u64 {
    Fnv1a::of(text.as_bytes())
}

/// The text of a file: a checkout may have written its lines to end as the system's do.
pub fn with_plain_ends(text: &str) -> String {
    text.replace("\r\n", "\n")
}

/// The line of the index for a lock of this text.
pub fn index_line(file: &str, text: &str) -> String {
    format!("{file} {:016x}\n", hash_of(text))
}

/// The files that an index lists, each with the hash of its text; a line that is not one of an index is an error.
/// A merge may have left two lines of one file.
///
/// ```
/// let text = "# a comment\nevents/a.lock 00000000000000ff\n<<<<<<< ours\n";
/// let lines: Vec<_> = esrs_lock::file::index_lines(text).collect();
/// assert_eq!(lines, [Ok(("events/a.lock", 255)), Err("<<<<<<< ours")]);
/// ```
pub fn index_lines(text: &str) -> impl Iterator<Item = Result<(&str, u64), &str>> {
    lines(text).map(|line| {
        let (file, hash) = line.split_once(' ').ok_or(line)?;
        Ok((file, u64::from_str_radix(hash, 16).map_err(|_| line)?))
    })
}

/// The lines that say something.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    let lines = text.lines().map(str::trim_end);
    lines.filter(|line| !line.is_empty() && !line.starts_with('#'))
}

/// The name in the first line of a lock, which has it as Rust writes a string.
pub fn name_in(text: &str) -> Option<String> {
    let line = text.lines().next()?;
    let mut letters = line.split_once('"')?.1.chars();
    let mut name = String::new();
    loop {
        name.push(match letters.next()? {
            '"' => return Some(name),
            '\\' => match letters.next()? {
                'n' => '\n',
                'r' => '\r',
                't' => '\t',
                '0' => '\0',
                'u' => {
                    let digits: String =
                        letters.by_ref().skip(1).take_while(|c| *c != '}').collect();
                    char::from_u32(u32::from_str_radix(&digits, 16).ok()?)?
                }
                letter => letter,
            },
            letter => letter,
        });
    }
}

/// One locked version of an event.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    /// The schema version.
    pub version: u32,
    /// The fingerprint of its shape.
    pub fingerprint: u64,
    /// One line for each part of the shape.
    pub outline: Vec<String>,
    /// One line for each part of which something is declared besides its shape; `None` for an entry that
    /// was locked before that was, or that has none.
    pub steps: Option<Vec<String>>,
}

impl Entry {
    fn write(&self, text: &mut String) {
        text.push_str(&format!("\n{VERSION}{} = {:016x}\n", self.version, self.fingerprint));
        let mut write = |lines: &[String]| {
            lines.iter().for_each(|line| text.push_str(&format!("{INDENT}{line}\n")));
        };
        write(&self.outline);
        if let Some(steps) = &self.steps {
            text.push_str(&format!("{STEPS}\n"));
            steps.iter().for_each(|line| text.push_str(&format!("{INDENT}{line}\n")));
        }
    }
}

/// A line that is not one of a lock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damaged {
    /// Its number, from 1.
    pub line: usize,
    /// The line.
    pub found: String,
}

/// The text of an event's lock: all of its versions, as they were locked one after the other.
pub fn write_event(name: &str, entries: &[Entry]) -> String {
    let mut text = format!(
        "# What is stored as {name:?}. Written by `cargo esrs lock`, read by the compiler, only ever added to.\n"
    );
    entries.iter().for_each(|entry| entry.write(&mut text));
    text
}

/// The entries of an event's lock, in their order.
///
/// # Errors
/// Returns [`Damaged`] with the first line that is not one of a lock.
pub fn read_event(text: &str) -> Result<Vec<Entry>, Damaged> {
    let mut entries: Vec<Entry> = Vec::new();
    for (number, line) in text.lines().enumerate() {
        if line.trim().is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some((version, fingerprint)) = version(line) {
            entries.push(Entry { version, fingerprint, outline: Vec::new(), steps: None });
        } else if line.trim_end() == STEPS
            && let Some(entry) = entries.last_mut()
            && entry.steps.is_none()
        {
            entry.steps = Some(Vec::new());
        } else if line.starts_with(INDENT)
            && let Some(entry) = entries.last_mut()
        {
            entry.steps.as_mut().unwrap_or(&mut entry.outline).push(line.trim().to_owned());
        } else {
            return Err(Damaged { line: number + 1, found: line.to_owned() });
        }
    }
    Ok(entries)
}

/// The versions of an event's lock, each with its fingerprint, in the order in which they were locked. Lines of
/// another kind are skipped: [`read_event`] refuses them.
pub fn versions(text: &str) -> impl Iterator<Item = (u32, u64)> {
    text.lines().filter_map(version)
}

/// Returns true if the newest entry of a version has the steps that lead to it; one that was locked before
/// they were has none.
pub fn has_steps(text: &str, of: u32) -> bool {
    let (mut is_of, mut has_steps) = (false, false);
    for line in text.lines() {
        if let Some((version, _)) = version(line) {
            is_of = version == of;
            has_steps &= !is_of;
        }
        has_steps |= is_of && line == STEPS;
    }
    has_steps
}

fn version(line: &str) -> Option<(u32, u64)> {
    let (version, fingerprint) = line.strip_prefix(VERSION)?.split_once(" = ")?;
    let fingerprint = u64::from_str_radix(fingerprint.trim_end(), 16).ok()?;
    Some((version.parse().ok()?, fingerprint))
}

/// The lock of an aggregate.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AggregateEntry {
    /// The shape of its ids; `None` where that is not known, or an older esrs has locked it.
    pub id: Option<String>,
    /// The names that it reads.
    pub reads: Vec<String>,
}

/// The text of an aggregate's lock: its ids, and the names that it has to be able to read.
pub fn write_aggregate(name: &str, aggregate: &AggregateEntry) -> String {
    let mut text = format!(
        "# What {name:?} reads. Written by `cargo esrs lock`, read by the compiler, only ever added to.\n\n"
    );
    if let Some(id) = &aggregate.id {
        text.push_str(&format!("{ID}{id}\n"));
    }
    aggregate.reads.iter().for_each(|name| text.push_str(&format!("{name}\n")));
    text
}

/// The content of an aggregate's lock.
pub fn read_aggregate(text: &str) -> AggregateEntry {
    let mut aggregate = AggregateEntry::default();
    for line in lines(text) {
        match line.strip_prefix(ID) {
            Some(id) => aggregate.id = Some(id.to_owned()),
            None => aggregate.reads.push(line.to_owned()),
        }
    }
    aggregate
}

/// The lines of the newest entry of a version; none when it is not there.
pub const fn entry(lock: &[u8], version: u32) -> &[u8] {
    let mut header = ConstText::<32>::new().say(VERSION);
    header.push_number(version as u64);
    header.push(" = ");
    let header = header.as_bytes();
    let (mut rest, mut found): (_, &[u8]) = (lock, &[]);
    let mut before = b'\n';
    loop {
        // Text without a `v` is passed eight bytes at a time: const evaluation is slow at each turn of a loop.
        while let [a, b, c, d, e, f, g, h, ref behind @ ..] = *rest
            && (a != b'v' && b != b'v' && c != b'v' && d != b'v')
            && (e != b'v' && f != b'v' && g != b'v' && h != b'v')
        {
            (before, rest) = (h, behind);
        }
        let [byte, behind @ ..] = rest else { return found };
        if before == b'\n' && *byte == b'v' && begins_with(Text::of(rest), header) {
            found = behind_line(behind);
            (before, rest) = (b'\n', found);
        } else {
            (before, rest) = (*byte, behind);
        }
    }
}

/// The text behind the end of a line.
const fn behind_line(text: &[u8]) -> &[u8] {
    let mut rest = text;
    while let [byte, behind @ ..] = rest {
        rest = behind;
        if *byte == b'\n' {
            break;
        }
    }
    rest
}

/// Where the steps of the newest entry of a version begin; `None` if it was locked without any.
pub const fn steps_of(lock: &[u8], version: u32) -> Option<usize> {
    let mut at = lock.len() - entry(lock, version).len();
    let text = Text::of(lock);
    while at < lock.len() {
        let is_steps = begins_with(text.from(at), STEPS.as_bytes());
        let is_entry = lock[at] == b' ';
        while at < lock.len() && lock[at] != b'\n' {
            at += 1;
        }
        at = if at < lock.len() { at + 1 } else { at };
        if is_steps {
            return Some(at);
        }
        if !is_entry {
            return None;
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_entry_of_a_version_is_found_wherever_it_stands() {
        let lock = "# version 1 = no\n\nversion 1 = a\n    .v: vvvvvvvv\n    .version 2 = no\n\nversion 11 = b\n    \
                    struct\nversion 1 = c\r\n    .version: u8\nversion 3 = d";
        let found = |version| std::str::from_utf8(entry(lock.as_bytes(), version)).unwrap();
        assert_eq!(found(1), "    .version: u8\nversion 3 = d");
        assert!(found(11).starts_with("    struct\n"));
        assert_eq!((found(2), found(3), found(4)), ("", "", ""));
        for start in 0..lock.len() {
            // What the loop over single bytes would find.
            let expected = lock[start..].match_indices("version 1 = ").map(|(at, _)| at);
            let expected =
                expected.filter(|at| *at == 0 || lock.as_bytes()[start + at - 1] == b'\n');
            let line = |at: usize| lock[start + at..].split_once('\n').map_or("", |(_, rest)| rest);
            let expected = expected.last().map_or("", line);
            assert_eq!(entry(&lock.as_bytes()[start..], 1), expected.as_bytes(), "{start}");
        }
    }
}
