//! One line of an outline, taken apart.

/// A line of an outline.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Line<'a> {
    /// The whole path, without aliases; empty for the first line.
    pub(crate) path: &'a [u8],
    /// The aliases, each behind a `/`.
    pub(crate) aliases: &'a [u8],
    /// Whether it may be absent.
    pub(crate) optional: bool,
    /// Whether it has to be there although it may be null.
    pub(crate) required: bool,
    /// What it is; empty for a variant that holds nothing.
    pub(crate) head: &'a [u8],
    /// How long the path is of what it is a part of.
    parent: usize,
}

impl Line<'_> {
    const EMPTY: Self =
        Line { path: &[], aliases: &[], optional: false, required: false, head: &[], parent: 0 };

    /// Whether it is a part of what has this path.
    pub(crate) const fn is_part_of(&self, path: &[u8]) -> bool {
        !self.path.is_empty() && self.parent == path.len() && begins_with(self.path, path)
    }
}

/// The lines of an outline.
pub(crate) struct Lines<'a> {
    lines: [Line<'a>; MAX_LINES],
    count: usize,
}

/// So many parts a shape may have.
pub(crate) const MAX_LINES: usize = 2_048;

impl<'a> Lines<'a> {
    /// The lines up to the end of the entry, which is the first line that is not indented.
    pub(crate) const fn new(text: &'a [u8]) -> Self {
        let mut lines = Self { lines: [Line::EMPTY; MAX_LINES], count: 0 };
        let mut at = 0;
        while let Some((line, next)) = line(text, at) {
            if lines.count == MAX_LINES {
                break;
            }
            lines.lines[lines.count] = line;
            lines.count += 1;
            at = next;
        }
        lines
    }

    pub(crate) const fn as_slice(&self) -> &[Line<'a>] {
        self.lines.split_at(self.count).0
    }
}

/// Where a path ends and what stands above it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Path<'a> {
    /// The path of what it is a part of.
    pub(crate) parent: &'a [u8],
    /// How that leads here: `[]`, `{}`, `<>` or nothing, and then `.` or `|`.
    pub(crate) step: &'a [u8],
    /// Its name.
    pub(crate) name: &'a [u8],
}

/// The line that begins at `start`, and where the next one begins; `None` at the end of the entry.
const fn line(text: &[u8], start: usize) -> Option<(Line<'_>, usize)> {
    let mut from = start;
    while from < text.len() && text[from] == b' ' {
        from += 1;
    }
    if from == start || from >= text.len() {
        return None;
    }
    let mut end = from;
    while end < text.len() && text[end] != b'\n' {
        end += 1;
    }
    let next = if end < text.len() { end + 1 } else { end };
    let end = if text[end - 1] == b'\r' { end - 1 } else { end };
    Some((parse(slice(text, from, end)), next))
}

/// The first line has no path; all others begin with one.
pub(crate) const fn parse(line: &[u8]) -> Line<'_> {
    let has_path = begins_with(line, b".")
        || begins_with(line, b"|")
        || begins_with(line, b"[]")
        || begins_with(line, b"{}")
        || begins_with(line, b"<>");
    let path = if has_path { name_end(line, 0, b"/?!:") } else { 0 };
    let aliases = if has_path { name_end(line, path, b"?!:") } else { 0 };
    let mut head = aliases;
    let optional = head < line.len() && line[head] == b'?' && has_path;
    let required = head < line.len() && line[head] == b'!' && has_path;
    if optional || required {
        head += 1;
    }
    if has_path && head < line.len() && line[head] == b':' {
        head += 1;
    }
    while head < line.len() && line[head] == b' ' {
        head += 1;
    }
    Line {
        parent: split(slice(line, 0, path)).parent.len(),
        path: slice(line, 0, path),
        aliases: slice(line, path, aliases),
        optional,
        required,
        head: slice(line, head, line.len()),
    }
}

/// Takes a path apart; for that of a part, which is not empty.
pub(crate) const fn split(path: &[u8]) -> Path<'_> {
    let (mut mark, mut i) = (0, 0);
    while i < path.len() {
        if path[i] == b'.' || path[i] == b'|' {
            mark = i;
        }
        i = if path[i] == b'"' { quote_end(path, i) } else { i + 1 };
    }
    let mut parent = mark;
    while parent >= 2 && is_within(path[parent - 1]) {
        parent -= 2;
    }
    let name = if mark < path.len() { mark + 1 } else { mark };
    Path {
        parent: slice(path, 0, parent),
        step: slice(path, parent, name),
        name: slice(path, name, path.len()),
    }
}

/// Whether a step leads to a variant.
pub(crate) const fn is_variant_step(step: &[u8]) -> bool {
    ends_with(step, b"|")
}

const fn is_within(byte: u8) -> bool {
    matches!(byte, b']' | b'}' | b'>')
}

/// Whether one of `aliases` is `name`.
pub(crate) const fn has_alias(aliases: &[u8], name: &[u8]) -> bool {
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

/// Whether all of `aliases` are among `others`, or are `name`.
pub(crate) const fn has_aliases(others: &[u8], name: &[u8], aliases: &[u8]) -> bool {
    first_lost_alias(others, name, aliases).is_empty()
}

/// The first of `aliases` that is neither among `others` nor `name`; empty when all are.
pub(crate) const fn first_lost_alias<'a>(
    others: &[u8],
    name: &[u8],
    aliases: &'a [u8],
) -> &'a [u8] {
    let mut start = 0;
    while start < aliases.len() {
        let end = name_end(aliases, start + 1, b"/");
        let alias = slice(aliases, start + 1, end);
        if !equal(alias, name) && !has_alias(others, alias) {
            return alias;
        }
        start = end;
    }
    &[]
}

/// Where the first of `ends` stands outside of quotes, from `start`; the end of the text otherwise.
const fn name_end(text: &[u8], start: usize, ends: &[u8]) -> usize {
    let mut i = start;
    while i < text.len() && !contains(ends, text[i]) {
        i = if text[i] == b'"' { quote_end(text, i) } else { i + 1 };
    }
    if i < text.len() { i } else { text.len() }
}

/// What stands behind the quote that begins at `start`.
const fn quote_end(text: &[u8], start: usize) -> usize {
    let mut i = start + 1;
    while i < text.len() && text[i] != b'"' {
        i += if text[i] == b'\\' { 2 } else { 1 };
    }
    if i < text.len() { i + 1 } else { text.len() }
}

pub(crate) const fn contains(bytes: &[u8], byte: u8) -> bool {
    let mut i = 0;
    while i < bytes.len() {
        if bytes[i] == byte {
            return true;
        }
        i += 1;
    }
    false
}

pub(crate) const fn begins_with(text: &[u8], start: &[u8]) -> bool {
    text.len() >= start.len() && equal(text.split_at(start.len()).0, start)
}

pub(crate) const fn ends_with(text: &[u8], end: &[u8]) -> bool {
    text.len() >= end.len() && equal(text.split_at(text.len() - end.len()).1, end)
}

pub(crate) const fn equal(a: &[u8], b: &[u8]) -> bool {
    if a.len() != b.len() {
        return false;
    }
    let mut i = 0;
    while i < a.len() {
        if a[i] != b[i] {
            return false;
        }
        i += 1;
    }
    true
}

/// The bytes from `start` to `end`, both within the text.
pub(crate) const fn slice(text: &[u8], start: usize, end: usize) -> &[u8] {
    text.split_at(end).0.split_at(start).1
}
