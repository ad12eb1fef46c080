//! The content of a lock besides shapes: the declared steps that lead to a version, and the code by
//! which its parts are read.
//!
//! ```text
//! version 2 = 0c8bd2c1b1a8a7f4
//!     struct
//!     .cents: i64
//! steps
//!     .cents: renamed(from = "amount", in = 2)
//! ```
//!
//! A shape is the same with two `renamed(from = …)` swapped, so no fingerprint shows that values change
//! places. An entry without `steps` was locked before they were, or has none: it is taken as it is.

mod changes;

pub use changes::{StepChange, first_changed_step, first_changed_writer};

use crate::file::STEPS;
use crate::outline::{Text, begins_with, equal, name_end, slice, split};

/// The prefix of a line of steps for a part that a later version removed: no value of it reaches the
/// newest, so the steps that led to it do not matter.
const REMOVED: &[u8] = b"removed(";

/// The declaration of a payload that an `Upcast` of the user's makes.
pub const BY_HAND: &str = "upcast by hand";

/// A line of steps, by where its path begins and ends, where what is declared does, and where the next line
/// begins.
struct Place {
    begin: usize,
    path: usize,
    declared: usize,
    end: usize,
    next: usize,
}

impl Place {
    /// The line that begins at `at`; `None` behind the last, which is the first that is not indented.
    const fn at(text: Text<'_>, at: usize) -> Option<Self> {
        if at >= text.len() || text.byte(at) != b' ' {
            return None;
        }
        let mut begin = at;
        while begin < text.len() && text.byte(begin) == b' ' {
            begin += 1;
        }
        let mut end = begin;
        while end < text.len() && text.byte(end) != b'\n' {
            end += 1;
        }
        let next = if end < text.len() { end + 1 } else { end };
        if end > begin && text.byte(end - 1) == b'\r' {
            end -= 1;
        }
        let has_path = begin < end && matches!(text.byte(begin), b'.' | b'|' | b'[' | b'{' | b'<');
        let path = match has_path {
            true => begin + name_end(slice(text, begin, end), 0, b":"),
            false => begin,
        };
        let mut declared = if has_path && path < end { path + 1 } else { path };
        while declared < end && text.byte(declared) == b' ' {
            declared += 1;
        }
        Some(Self { begin, path, declared, end, next })
    }
}

/// The declarations on the part of this path, by the steps that follow the outline of an entry; `None` for the
/// payload itself.
pub(crate) const fn declared_of<'a>(steps: Text<'a>, path: Text<'_>) -> Option<Text<'a>> {
    if path.is_empty() || !begins_with(steps, STEPS.as_bytes()) {
        return None;
    }
    let mut at = 0;
    while at < steps.len() && steps.byte(at) != b'\n' {
        at += 1;
    }
    at += 1;
    while let Some(place) = Place::at(steps, at) {
        if place.path - place.begin == path.len()
            && equal(slice(steps, place.begin, place.path), path)
        {
            return Some(slice(steps, place.declared, place.end));
        }
        at = place.next;
    }
    None
}

/// So many parts of a version may have something declared: as many as it may have, and the payload itself.
const MAX_PARTS: usize = crate::outline::MAX_LINES + 1;

/// Returns true if the lines of one text are, byte for byte, those that follow `start` in a lock: of most events
/// nothing has changed, and nothing is parsed then.
pub const fn is_as_written(lock: &[u8], start: usize, steps: &[u8]) -> bool {
    let (_, locked) = lock.split_at(start);
    let Some((of_steps, behind)) = locked.split_at_checked(steps.len()) else { return false };
    let is_end = !matches!(behind, [b' ', ..]);
    is_end && equal(Text::of(of_steps), Text::of(steps))
}

/// The lines of steps, each by where its path begins and ends, and where what is declared does.
#[derive(Debug)]
pub struct Lines<'a> {
    text: Text<'a>,
    places: [[u32; 4]; MAX_PARTS],
    count: usize,
}

impl<'a> Lines<'a> {
    /// The lines from `start` up to the first that is not indented.
    pub const fn new(text: &'a [u8], start: usize) -> Self {
        let text = Text::of(text);
        let mut lines = Self { text, places: [[0; 4]; MAX_PARTS], count: 0 };
        let mut at = start;
        while lines.count < MAX_PARTS
            && let Some(place) = Place::at(text, at)
        {
            lines.places[lines.count] =
                [place.begin as u32, place.path as u32, place.declared as u32, place.end as u32];
            lines.count += 1;
            at = place.next;
        }
        lines
    }

    /// The path of a line; empty for the payload itself.
    pub const fn path(&self, line: usize) -> Text<'a> {
        let place = &self.places[line];
        slice(self.text, place[0] as usize, place[1] as usize)
    }

    /// The declarations of a line.
    pub const fn declared(&self, line: usize) -> Text<'a> {
        let place = &self.places[line];
        slice(self.text, place[2] as usize, place[3] as usize)
    }

    /// The line of the part of this path, which most likely is `expected` or follows it.
    const fn find(&self, path: Text<'_>, expected: usize) -> Option<usize> {
        let (mut count, mut line) = (0, expected);
        while count < self.count {
            if line >= self.count {
                line = 0;
            }
            let place = &self.places[line];
            if (place[1] - place[0]) as usize == path.len() && equal(self.path(line), path) {
                return Some(line);
            }
            (count, line) = (count + 1, line + 1);
        }
        None
    }

    /// Returns true if the part of this path, or one above it, is gone in a later version.
    const fn is_removed(&self, path: Text<'_>) -> bool {
        let mut path = path;
        while !path.is_empty() {
            if let Some(line) = self.find(path, 0)
                && begins_with(self.declared(line), REMOVED)
            {
                return true;
            }
            path = split(path).parent;
        }
        false
    }
}

/// A part of which something else is declared than is locked.
#[derive(Debug, Clone, Copy)]
pub struct Changed<'a> {
    /// Its path; empty for the payload itself.
    pub path: Text<'a>,
    /// The locked declaration; `None` for nothing.
    pub locked: Option<Text<'a>>,
    /// The declaration in the source; `None` for nothing.
    pub now: Option<Text<'a>>,
}

/// The first part of which something else is declared than is locked.
pub const fn compare<'a>(locked: &Lines<'a>, now: &Lines<'a>) -> Option<Changed<'a>> {
    let (mut i, mut expected) = (0, 0);
    while i < locked.count {
        let (path, declared) = (locked.path(i), locked.declared(i));
        i += 1;
        let other = match now.find(path, expected) {
            Some(line) => {
                expected = line + 1;
                Some(now.declared(line))
            }
            None => None,
        };
        let is_same = match other {
            Some(other) => equal(other, declared),
            None => false,
        };
        if !is_same && !now.is_removed(path) {
            return Some(Changed { path, locked: Some(declared), now: other });
        }
    }
    let (mut i, mut expected) = (0, 0);
    while i < now.count {
        let path = now.path(i);
        match locked.find(path, expected) {
            Some(line) => expected = line + 1,
            None if now.is_removed(path) => {}
            None => return Some(Changed { path, locked: None, now: Some(now.declared(i)) }),
        }
        i += 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outline::MAX_LINES;

    fn text(lines: impl Iterator<Item = String>) -> String {
        lines.map(|line| format!("    {line}\n")).collect()
    }

    fn declared(part: usize) -> String {
        format!(".part_{part}: default")
    }

    fn changed(locked: &str, now: &str) -> Option<String> {
        let (locked, now) = (locked.as_bytes(), now.as_bytes());
        let (locked, now) = (Box::new(Lines::new(locked, 0)), Box::new(Lines::new(now, 0)));
        compare(&locked, &now).map(|change| change.path.as_str().to_owned())
    }

    #[test]
    fn change_behind_thousands_of_parts_is_found() {
        let all = text((0..MAX_LINES).map(declared));
        let last = MAX_LINES - 1;
        let path = format!(".part_{last}");
        let without = text((0..last).map(declared));
        let other = text((0..last).map(declared).chain([format!("{path}: default = \"five\"")]));
        for now in [&without, &other] {
            assert_eq!(changed(&all, now), Some(path.clone()));
            assert_eq!(changed(now, &all), Some(path.clone()));
        }
        let turned = text((1..MAX_LINES).chain([0]).map(declared));
        assert_eq!(changed(&all, &turned), None, "the order is of no matter");
    }

    #[test]
    fn steps_are_as_written_up_to_the_end_of_their_entry() {
        let steps = "    .a: default\n    .b: default\n";
        let is_as_written = |lock: &str| {
            let start = lock.find("    ").unwrap_or(lock.len());
            is_as_written(lock.as_bytes(), start, steps.as_bytes())
        };
        let same = ["", "version 2 = 0\n    struct\n", "\n", "written\n    .a\n"];
        for behind in same {
            assert!(is_as_written(&format!("steps\n{steps}{behind}")), "{behind:?}");
        }
        for other in [
            "steps\n    .a: default\n",
            "steps\n    .a: default\n    .b: default\n    .c: default\n",
            "steps\n    .a: default\n    .b: defaulu\n",
            "steps\n",
        ] {
            assert!(!is_as_written(other), "{other:?}");
        }
    }
}
