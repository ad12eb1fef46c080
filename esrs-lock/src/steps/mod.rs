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

/// How a line of steps begins that says of a part only that a later version removed it: no value of it
/// reaches the newest, so nothing is asked of what led to it.
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

/// So many parts of a version may have something declared.
const MAX_PARTS: usize = 1024;

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

    /// The declarations on the part of this path.
    const fn find(&self, path: Text<'_>) -> Option<Text<'a>> {
        let mut i = 0;
        while i < self.count {
            let place = &self.places[i];
            if (place[1] - place[0]) as usize == path.len() && equal(self.path(i), path) {
                return Some(self.declared(i));
            }
            i += 1;
        }
        None
    }

    /// Returns true if the part of this path, or one above it, is gone in a later version.
    const fn is_removed(&self, path: Text<'_>) -> bool {
        let mut path = path;
        while !path.is_empty() {
            if let Some(declared) = self.find(path)
                && begins_with(declared, REMOVED)
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
    let mut i = 0;
    while i < locked.count {
        let (path, declared) = (locked.path(i), locked.declared(i));
        i += 1;
        let other = now.find(path);
        let is_same = match other {
            Some(other) => equal(other, declared),
            None => false,
        };
        if !is_same && !now.is_removed(path) {
            return Some(Changed { path, locked: Some(declared), now: other });
        }
    }
    let mut i = 0;
    while i < now.count {
        let path = now.path(i);
        if locked.find(path).is_none() && !now.is_removed(path) {
            return Some(Changed { path, locked: None, now: Some(now.declared(i)) });
        }
        i += 1;
    }
    None
}
