//! One line of an outline: `.amount/sum?: i64`.

use super::span::parse_from;
use super::text::{Text, contains, ends_with, equal, slice};

/// A line of an outline.
#[derive(Debug, Clone, Copy)]
pub struct Line<'a> {
    /// The whole path, without aliases; empty for the first line.
    pub path: Text<'a>,
    /// The aliases, each behind a `/`.
    pub aliases: Text<'a>,
    /// True if it may be absent.
    pub optional: bool,
    /// True if it has to be there although it may be null.
    pub required: bool,
    /// Its head; empty for a variant that holds nothing.
    pub head: Text<'a>,
    /// Its place among the [`Lines`](super::Lines).
    pub at: usize,
    /// Where the step begins that leads to it from what it is a part of.
    pub(super) step: usize,
    /// Where its name begins.
    pub(super) name: usize,
}

impl<'a> Line<'a> {
    /// The step that leads to it: `[]`, `{}`, `<>` or nothing, and then `.` or `|`.
    pub const fn step(&self) -> Text<'a> {
        self.path.range(self.step, self.name)
    }

    /// Its own name, as it is written.
    pub const fn name(&self) -> Text<'a> {
        self.path.range(self.name, self.path.end)
    }

    /// Returns true for the line of a variant.
    pub const fn is_variant(&self) -> bool {
        is_variant_step(self.step())
    }
}

/// Where a path ends and what stands above it.
#[derive(Debug, Clone, Copy)]
pub struct Path<'a> {
    /// The path of what it is a part of.
    pub parent: Text<'a>,
    /// The step from the parent: `[]`, `{}`, `<>` or nothing, and then `.` or `|`.
    pub step: Text<'a>,
    /// Its name.
    pub name: Text<'a>,
}

/// Parses a line by itself.
pub const fn parse(line: &[u8]) -> Line<'_> {
    parse_from(line, 0, 0).line(line, 0)
}

/// Takes a path apart; for that of a part, which is not empty.
pub const fn split(path: Text<'_>) -> Path<'_> {
    let (mut mark, mut i) = (path.start, path.start);
    while i < path.end {
        if matches!(path.bytes[i], b'.' | b'|') {
            mark = i;
        }
        i = if path.bytes[i] == b'"' { quote_end(path.bytes, i) } else { i + 1 };
    }
    let mut parent = mark;
    while parent >= path.start + 2 && is_within(path.bytes[parent - 1]) {
        parent -= 2;
    }
    let name = if mark < path.end { mark + 1 } else { mark };
    Path {
        parent: path.range(path.start, parent),
        step: path.range(parent, name),
        name: path.range(name, path.end),
    }
}

/// Returns true if a step leads to a variant.
pub const fn is_variant_step(step: Text<'_>) -> bool {
    ends_with(step, b"|")
}

pub(super) const fn is_within(byte: u8) -> bool {
    matches!(byte, b']' | b'}' | b'>')
}

/// Returns true if one of `aliases` is `name`.
pub const fn has_alias(aliases: Text<'_>, name: Text<'_>) -> bool {
    let mut start = 0;
    while start < aliases.len() {
        let end = name_end(aliases, start + 1, b"/");
        if equal(slice(aliases, start + 1, end), name) {
            return true;
        }
        start = end;
    }
    false
}

/// Returns true if all of `aliases` are among `others`, or are `name`.
pub const fn has_aliases(others: Text<'_>, name: Text<'_>, aliases: Text<'_>) -> bool {
    first_lost_alias(others, name, aliases).is_empty()
}

/// The first of `aliases` that is neither among `others` nor `name`; empty when all are.
pub const fn first_lost_alias<'a>(others: Text<'_>, name: Text<'_>, aliases: Text<'a>) -> Text<'a> {
    let mut start = 0;
    while start < aliases.len() {
        let end = name_end(aliases, start + 1, b"/");
        let alias = slice(aliases, start + 1, end);
        if !equal(alias, name) && !has_alias(others, alias) {
            return alias;
        }
        start = end;
    }
    Text::EMPTY
}

/// Where the first of `ends` stands outside of quotes, from `start`; the end of the text otherwise.
pub const fn name_end(text: Text<'_>, start: usize, ends: &[u8]) -> usize {
    let mut i = text.start + start;
    while i < text.end && !contains(Text::of(ends), text.bytes[i]) {
        i = if text.bytes[i] == b'"' { quote_end(text.bytes, i) } else { i + 1 };
    }
    (if i < text.end { i } else { text.end }) - text.start
}

/// The place behind the quote that begins at `start`, which ends in its line.
pub(super) const fn quote_end(text: &[u8], start: usize) -> usize {
    let (mut i, length) = (start + 1, text.len());
    while i < length && text[i] != b'"' && text[i] != b'\n' {
        i += if text[i] == b'\\' { 2 } else { 1 };
    }
    if i >= length {
        length
    } else if text[i] == b'"' {
        i + 1
    } else {
        i
    }
}
