//! A line by the numbers of its bytes, and how it is parsed.

use super::line::{Line, is_within, quote_end};
use super::scan::{VALUE, is_text_byte};
use super::text::Text;

/// No line.
pub(super) const NONE: u16 = u16::MAX;

/// Where the parts of a line are, and what it is a part of; numbers alone, because writing a pointer into
/// an array of them takes const evaluation longer than the array is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    pub(super) start: u32,
    pub(super) step: u32,
    pub(super) name: u32,
    pub(super) path: u32,
    pub(super) aliases: u32,
    pub(super) head: u32,
    pub(super) end: u32,
    /// The hash of the name.
    pub(super) hash: u32,
    pub(super) optional: bool,
    pub(super) required: bool,
    /// True if an attribute makes an absent one `None`.
    pub(super) none: bool,
    /// True if the `default` of its struct says what an absent one is.
    pub(super) of_struct: bool,
    pub(super) up: u16,
    pub(super) first: u16,
    pub(super) last: u16,
    pub(super) next: u16,
}

impl Span {
    /// A span of nothing.
    pub const EMPTY: Self = Self {
        start: 0,
        step: 0,
        name: 0,
        path: 0,
        aliases: 0,
        head: 0,
        end: 0,
        hash: 0,
        optional: false,
        required: false,
        none: false,
        of_struct: false,
        up: NONE,
        first: NONE,
        last: NONE,
        next: NONE,
    };

    /// A line that has a head of this length behind its path, and nothing else.
    pub(super) const fn of_value(named: Named, length: usize) -> Self {
        let Named { start, step, name, path } = named;
        let head = path + VALUE.len();
        Self {
            start: start as u32,
            step: step as u32,
            name: name as u32,
            path: path as u32,
            aliases: path as u32,
            head: head as u32,
            end: (head + length) as u32,
            ..Self::EMPTY
        }
    }

    pub(super) const fn line<'a>(&self, text: &'a [u8], at: usize) -> Line<'a> {
        let mut end = self.end as usize;
        if end > self.head as usize && text[end - 1] == b'\r' {
            end -= 1;
        }
        let text = Text::of(text);
        Line {
            path: text.range(self.start as usize, self.path as usize),
            aliases: text.range(self.path as usize, self.aliases as usize),
            optional: self.optional,
            required: self.required,
            head: text.range(self.head as usize, end),
            at,
            step: self.step as usize,
            name: self.name as usize,
        }
    }
}

/// Adds a span as the last part of what it is a part of.
pub(super) const fn push(spans: &mut [Span], at: usize, span: Span) {
    spans[at] = span;
    if span.up == NONE {
        return;
    }
    let parent = &mut spans[span.up as usize];
    if parent.first == NONE {
        parent.first = at as u16;
    }
    let last = parent.last;
    parent.last = at as u16;
    if last != NONE {
        spans[last as usize].next = at as u16;
    }
}

pub(super) const fn some(at: u16) -> Option<usize> {
    if at == NONE { None } else { Some(at as usize) }
}

/// Parses the line at `start`, whose path is known up to `known`. The first line has no path; all others
/// begin with one.
pub(super) const fn parse_from(text: &[u8], start: usize, known: usize) -> Span {
    let (mut mark, mut i) = (known, known);
    if known > start || begins_with_step(text, start) {
        // Once: const evaluation takes a call as long as a turn of the loop.
        let length = text.len();
        while i < length {
            let byte = text[i];
            if is_text_byte!(byte) {
                i += 1;
                continue;
            }
            match byte {
                b'/' | b'?' | b'!' | b':' | b'\n' | b'\r' => break,
                b'"' => i = quote_end(text, i),
                _ => {
                    if matches!(byte, b'.' | b'|') {
                        mark = i;
                    }
                    i += 1;
                }
            }
        }
    }
    let path = i;
    let mut step = mark;
    while step >= known + 2 && is_within(text[step - 1]) {
        step -= 2;
    }
    let name = if mark < path { mark + 1 } else { mark };
    behind_path(text, Named { start, step, name, path })
}

/// The beginning of a line, up to the end of its path.
#[derive(Clone, Copy)]
pub(super) struct Named {
    pub(super) start: usize,
    pub(super) step: usize,
    pub(super) name: usize,
    pub(super) path: usize,
}

/// Parses what stands behind the path of a line.
pub(super) const fn behind_path(text: &[u8], named: Named) -> Span {
    let Named { start, step, name, path } = named;
    let (length, has_path) = (text.len(), path > start);
    let mut i = path;
    while i < length && has_path && !matches!(text[i], b'?' | b'!' | b':' | b'\n' | b'\r') {
        i = if text[i] == b'"' { quote_end(text, i) } else { i + 1 };
    }
    let aliases = i;
    let optional = i < length && text[i] == b'?' && has_path;
    let required = i < length && text[i] == b'!' && has_path;
    if optional || required {
        i += 1;
    }
    if i < length && text[i] == b':' && has_path {
        i += 1;
    }
    while i < length && text[i] == b' ' {
        i += 1;
    }
    let head = i;
    while i < length && text[i] != b'\n' {
        i += 1;
    }
    Span {
        start: start as u32,
        step: step as u32,
        name: name as u32,
        path: path as u32,
        aliases: aliases as u32,
        head: head as u32,
        end: i as u32,
        hash: 0,
        optional,
        required,
        none: false,
        of_struct: false,
        up: NONE,
        first: NONE,
        last: NONE,
        next: NONE,
    }
}

const fn begins_with_step(text: &[u8], start: usize) -> bool {
    if start == text.len() {
        return false;
    }
    let next = if start + 1 < text.len() { text[start + 1] } else { b' ' };
    matches!((text[start], next), (b'.' | b'|', _) | (b'[', b']') | (b'{', b'}') | (b'<', b'>'))
}
