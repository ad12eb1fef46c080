//! The lines of an outline, parsed once.
//!
//! Const evaluation takes about 2 µs for each step of a loop and 50 µs for a `split_at`, so nothing here
//! slices, and every line is read once.

use super::outline::INDENT;
use crate::schema::Presence;
use crate::text::{ConstText, whole_letters};

/// A range of the bytes of an outline.
#[derive(Clone, Copy)]
pub(crate) struct Text<'a> {
    bytes: &'a [u8],
    start: usize,
    end: usize,
}

impl<'a> Text<'a> {
    pub(crate) const EMPTY: Self = Text { bytes: &[], start: 0, end: 0 };

    pub(crate) const fn of(bytes: &'a [u8]) -> Self {
        Text { bytes, start: 0, end: bytes.len() }
    }

    pub(crate) const fn len(&self) -> usize {
        self.end - self.start
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.start == self.end
    }

    pub(crate) const fn byte(&self, place: usize) -> u8 {
        self.bytes[self.start + place]
    }

    /// Returns true if the text is this word.
    pub(crate) const fn is(&self, word: &[u8]) -> bool {
        self.len() == word.len() && begins_with(*self, word)
    }

    /// The text as a slice, once its bytes are to be shown.
    pub(crate) const fn as_bytes(&self) -> &'a [u8] {
        self.bytes.split_at(self.end).0.split_at(self.start).1
    }

    pub(crate) const fn as_str(&self) -> &'a str {
        whole_letters(self.as_bytes())
    }

    pub(crate) const fn push_to<const N: usize>(&self, text: &mut ConstText<N>) {
        text.push_range(self.bytes, self.start, self.end);
    }

    /// The text without its first bytes.
    pub(crate) const fn from(&self, start: usize) -> Self {
        self.range(self.start + start, self.end)
    }

    /// The first bytes of the text.
    pub(crate) const fn up_to(&self, length: usize) -> Self {
        self.range(self.start, self.start + length)
    }

    const fn range(&self, start: usize, end: usize) -> Self {
        Text { bytes: self.bytes, start, end }
    }
}

impl std::fmt::Debug for Text<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.as_str().fmt(f)
    }
}

/// A line of an outline.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Line<'a> {
    /// The whole path, without aliases; empty for the first line.
    pub(crate) path: Text<'a>,
    /// The aliases, each behind a `/`.
    pub(crate) aliases: Text<'a>,
    /// Whether it may be absent.
    pub(crate) optional: bool,
    /// True if it has to be there although it may be null.
    pub(crate) required: bool,
    /// What it is; empty for a variant that holds nothing.
    pub(crate) head: Text<'a>,
    /// Which of its [`Lines`] it is.
    pub(crate) at: usize,
    /// Where the step begins that leads to it from what it is a part of.
    step: usize,
    /// Where its name begins.
    name: usize,
}

impl<'a> Line<'a> {
    /// The step that leads to it: `[]`, `{}`, `<>` or nothing, and then `.` or `|`.
    pub(crate) const fn step(&self) -> Text<'a> {
        self.path.range(self.step, self.name)
    }

    pub(crate) const fn name(&self) -> Text<'a> {
        self.path.range(self.name, self.path.end)
    }

    pub(crate) const fn is_variant(&self) -> bool {
        is_variant_step(self.step())
    }
}

/// The lines of an outline, as a tree.
pub(crate) struct Lines<'a> {
    text: &'a [u8],
    spans: &'a mut [Span],
    count: usize,
    /// The lines by the hash of their names and aliases, each one higher; 0 for an empty slot.
    slots: &'a mut [u16],
    keys: usize,
    is_indexed: bool,
    is_cut: bool,
}

/// So many parts a shape may have.
pub(crate) const MAX_LINES: usize = 8_192;

/// Twice as many as what is put into them.
pub(super) const SLOTS: usize = 4 * MAX_LINES;

/// The memory of lines: an array in const evaluation, and the heap of a program.
pub(super) struct Room<'a> {
    pub(super) spans: &'a mut [Span],
    pub(super) slots: &'a mut [u16],
}

/// No line.
const NONE: u16 = u16::MAX;

/// Where the parts of a line are, and what it is a part of; numbers alone, because writing a pointer into
/// an array of them takes const evaluation longer than the array is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    start: u32,
    step: u32,
    name: u32,
    path: u32,
    aliases: u32,
    head: u32,
    end: u32,
    optional: bool,
    required: bool,
    /// True if an attribute makes an absent one `None`.
    none: bool,
    /// True if the `default` of its struct says what an absent one is.
    of_struct: bool,
    up: u16,
    first: u16,
    last: u16,
    next: u16,
}

impl Span {
    pub(super) const EMPTY: Self = Self {
        start: 0,
        step: 0,
        name: 0,
        path: 0,
        aliases: 0,
        head: 0,
        end: 0,
        optional: false,
        required: false,
        none: false,
        of_struct: false,
        up: NONE,
        first: NONE,
        last: NONE,
        next: NONE,
    };

    const fn line<'a>(&self, text: &'a [u8], at: usize) -> Line<'a> {
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

impl<'a> Lines<'a> {
    /// No lines, of a text that will have some.
    pub(super) const fn none(text: &'a [u8], room: Room<'a>) -> Self {
        let Room { spans, slots } = room;
        Self { text, spans, count: 0, slots, keys: 0, is_indexed: false, is_cut: false }
    }

    /// The lines up to the end of the entry, which is the first line that is not indented.
    #[cfg(test)]
    pub(crate) fn new(text: &'a [u8]) -> Self {
        let spans = vec![Span::EMPTY; MAX_LINES].leak();
        let mut lines = Self::none(text, Room { spans, slots: vec![0; SLOTS].leak() });
        let mut at = 0;
        while lines.is_line(at) {
            at = lines.parse(at);
        }
        lines.index();
        lines
    }

    /// The lines of an outline that was just written.
    pub(super) const fn written(text: &'a [u8], count: usize, room: Room<'a>) -> Self {
        Self { count, ..Self::none(text, room) }
    }

    /// The lines of a text.
    pub(super) const fn parsed(text: &'a [u8], room: Room<'a>) -> Self {
        let mut lines = Self::none(text, room);
        let mut at = 0;
        while lines.is_line(at) {
            at = lines.parse(at);
        }
        lines
    }

    /// Returns true if one more line of the entry begins at `at`, and can be held.
    pub(super) const fn is_line(&mut self, at: usize) -> bool {
        let is_line = at < self.text.len() && self.text[at] == b' ';
        self.is_cut |= is_line && self.count == self.spans.len();
        is_line && self.count < self.spans.len()
    }

    /// Parses the line that begins at `at`, and adds it; returns where the next one begins.
    pub(super) const fn parse(&mut self, at: usize) -> usize {
        let mut start = at;
        while start < self.text.len() && self.text[start] == b' ' {
            start += 1;
        }
        let (above, known) = self.nearest(start);
        self.parse_below(start, known, above)
    }

    /// Parses the line that begins at `at`, and adds it, where it begins with the path of `above`, which ends
    /// so many bytes behind, and with a step.
    pub(super) const fn parse_part(&mut self, at: usize, width: usize, above: usize) -> usize {
        let span = parse_from(self.text, at + INDENT.len(), at + width);
        if span.step as usize != at + width {
            // It is a part of something between the two.
            return self.parse(at);
        }
        self.parse_below(at + INDENT.len(), at + width, above as u16)
    }

    /// Parses the line at `start`, and adds it, as a part of `above`, whose path ends at `known` in it.
    const fn parse_below(&mut self, start: usize, known: usize, above: u16) -> usize {
        let mut span = parse_from(self.text, start, known);
        // A path that goes on with more than one step is a part of nothing.
        let is_part = span.step as usize == known && span.path as usize > known;
        span.up = if is_part { above } else { NONE };
        self.push(span);
        let end = span.end as usize;
        if end == self.text.len() { end } else { end + 1 }
    }

    /// Parses the line that begins at `at`, and adds it, where it has the path of line `like` of another outline.
    pub(super) const fn parse_of_path(
        &mut self,
        at: usize,
        other: &Lines<'_>,
        like: usize,
        above: usize,
    ) -> usize {
        let span = other.spans[like];
        let (from, to) = (span.start, (at + INDENT.len()) as u32);
        let (step, name, path) =
            (span.step - from + to, span.name - from + to, span.path - from + to);
        let span = Span { start: to, step, name, path, up: above as u16, ..Span::EMPTY };
        self.push(behind_path(self.text, span));
        let end = self.spans[self.count - 1].end as usize;
        if end == self.text.len() { end } else { end + 1 }
    }

    /// Adds a line that begins at `at` and is written as line `like` of another outline.
    pub(super) const fn parse_like(
        &mut self,
        at: usize,
        other: &Lines<'_>,
        like: usize,
        above: Option<usize>,
    ) {
        let span = other.spans[like];
        let (from, to) = (span.start, (at + INDENT.len()) as u32);
        let up = match above {
            Some(above) => above as u16,
            None => NONE,
        };
        self.push(Span {
            start: to,
            step: span.step - from + to,
            name: span.name - from + to,
            path: span.path - from + to,
            aliases: span.aliases - from + to,
            head: span.head - from + to,
            end: span.end - from + to,
            optional: span.optional,
            required: span.required,
            up,
            ..Span::EMPTY
        });
    }

    /// Returns true if all lines are the same, at the same places.
    #[cfg(test)]
    pub(super) fn is_as(&self, other: &Self) -> bool {
        self.spans[..self.count] == other.spans[..other.count]
    }

    /// How many bytes a line of a written outline takes, from its indentation to the end of the line.
    pub(super) const fn width(&self, at: usize) -> usize {
        (self.spans[at].end - self.spans[at].start) as usize + INDENT.len() + 1
    }

    /// The length, in bytes, of the path that a line is a part of, with its indentation.
    pub(super) const fn width_above(&self, at: usize) -> usize {
        (self.spans[at].step - self.spans[at].start) as usize + INDENT.len()
    }

    /// The length, in bytes, of the step and the name of a line.
    pub(super) const fn width_of_step(&self, at: usize) -> usize {
        (self.spans[at].path - self.spans[at].step) as usize
    }

    /// The text behind a line.
    pub(super) const fn behind(&self, at: usize) -> &'a [u8] {
        let end = self.spans[at].end as usize;
        self.text.split_at(if end < self.text.len() { end + 1 } else { end }).1
    }

    /// Makes parts be found by their hash: without, all parts of the same are looked at.
    pub(super) const fn index(&mut self) {
        let mut at = 0;
        while at < self.count && !self.is_indexed {
            if self.spans[at].up != NONE {
                self.insert_names(at);
            }
            at += 1;
        }
        self.is_indexed = true;
    }

    pub(super) const fn text(&self) -> &'a [u8] {
        self.text
    }

    pub(crate) const fn len(&self) -> usize {
        self.count
    }

    /// Returns true if the outline was written of a part that an attribute makes `None` when it is absent.
    pub(super) const fn is_written_as_none(&self, at: usize) -> bool {
        self.spans[at].none
    }

    /// Returns true if the outline was written of a part whose struct says what an absent one is.
    pub(super) const fn is_written_of_struct(&self, at: usize) -> bool {
        self.spans[at].of_struct
    }

    /// The steps behind the lines, if the text has any.
    pub(super) const fn steps(&self) -> Text<'a> {
        let text = Text::of(self.text);
        if self.count == 0 || self.spans[self.count - 1].end as usize >= text.len() {
            return Text::EMPTY;
        }
        text.from(self.spans[self.count - 1].end as usize + 1)
    }

    /// Returns true if there are more lines or aliases than can be held.
    pub(crate) const fn is_cut(&self) -> bool {
        self.is_cut
    }

    pub(crate) const fn line(&self, at: usize) -> Line<'a> {
        self.spans[at].line(self.text, at)
    }

    /// The first part of a line.
    pub(crate) const fn first_part(&self, of: usize) -> Option<usize> {
        some(self.spans[of].first)
    }

    /// The next part of the same.
    pub(crate) const fn next_part(&self, part: usize) -> Option<usize> {
        some(self.spans[part].next)
    }

    /// The part that a line is below.
    pub(crate) const fn above(&self, at: usize) -> Option<usize> {
        some(self.spans[at].up)
    }

    /// The part of `parent` that has the step and the name of this line of any outline.
    pub(crate) const fn named_as(&self, parent: usize, line: &Line<'_>) -> Option<usize> {
        self.find(parent, line.step(), line.name(), false)
    }

    /// The same of line `at` of another outline, without a [`Line`] of it.
    pub(super) const fn named_as_of(
        &self,
        parent: usize,
        other: &Lines<'_>,
        at: usize,
    ) -> Option<usize> {
        let wanted = &other.spans[at];
        let mut slot = match self.is_indexed {
            true => self.slot(parent, hash_of(0, other.text, wanted.step, wanted.path)),
            false => 0,
        };
        let mut next = self.spans[parent].first;
        loop {
            let at = match (self.is_indexed, next) {
                (true, _) if self.slots[slot] == 0 => return None,
                (true, _) => self.slots[slot] as usize - 1,
                (false, NONE) => return None,
                (false, next) => next as usize,
            };
            let span = &self.spans[at];
            if span.up as usize == parent
                && span.path - span.step == wanted.path - wanted.step
                && span.name - span.step == wanted.name - wanted.step
            {
                // From the end, where names differ.
                let (mut end, mut other_end) = (span.path as usize, wanted.path as usize);
                while end > span.step as usize && self.text[end - 1] == other.text[other_end - 1] {
                    end -= 1;
                    other_end -= 1;
                }
                if end == span.step as usize {
                    return Some(at);
                }
            }
            next = span.next;
            slot = (slot + 1) % self.slots.len();
        }
    }

    /// Returns true if a line has this head, and neither parts nor aliases nor marks.
    pub(super) const fn is_leaf_of(&self, at: usize, head: Text<'_>) -> bool {
        let span = &self.spans[at];
        if span.first != NONE
            || span.aliases != span.path
            || span.optional
            || span.required
            || span.head as usize + head.len() != span.end as usize
        {
            return false;
        }
        let (mut begin, mut i) = (span.head as usize, 0);
        while i < head.len() {
            if self.text[begin] != head.byte(i) {
                return false;
            }
            (begin, i) = (begin + 1, i + 1);
        }
        true
    }

    /// Returns true if a line is read by other names too.
    pub(super) const fn has_aliases(&self, at: usize) -> bool {
        self.spans[at].aliases != self.spans[at].path
    }

    /// The part of `parent` that has the step of this line of any outline, and this name.
    pub(crate) const fn named_by_alias(
        &self,
        parent: usize,
        line: &Line<'_>,
        alias: Text<'_>,
    ) -> Option<usize> {
        self.find(parent, line.step(), alias, false)
    }

    /// The part of `parent` that reads what this line of any outline writes: by its name, or else by an
    /// alias.
    pub(crate) const fn reader_of(&self, parent: usize, line: &Line<'_>) -> Option<usize> {
        self.find(parent, line.step(), line.name(), true)
    }

    const fn find(
        &self,
        parent: usize,
        step: Text<'_>,
        name: Text<'_>,
        by_alias: bool,
    ) -> Option<usize> {
        let mut found = None;
        let mut slot =
            if self.is_indexed { self.slot(parent, hash_on(hash_on(0, step), name)) } else { 0 };
        let mut next = self.spans[parent].first;
        loop {
            let at = if self.is_indexed {
                if self.slots[slot] == 0 {
                    return found;
                }
                self.slots[slot] as usize - 1
            } else {
                if next == NONE {
                    return found;
                }
                next as usize
            };
            let span = &self.spans[at];
            if span.up as usize == parent {
                let is_long_as_name = (span.path - span.name) as usize == name.len();
                if is_long_as_name || (by_alias && span.aliases != span.path) {
                    let line = self.line(at);
                    if equal(line.step(), step) {
                        if is_long_as_name && equal(line.name(), name) {
                            return Some(at);
                        }
                        if by_alias && has_alias(line.aliases, name) {
                            found = Some(at);
                        }
                    }
                }
            }
            next = span.next;
            slot = (slot + 1) % self.slots.len();
        }
    }

    /// The line of this path, if there is one.
    pub(crate) const fn of_path(&self, path: Text<'_>) -> Option<usize> {
        let mut at = 0;
        while at < self.count {
            let span = &self.spans[at];
            if (span.path - span.start) as usize == path.len() && equal(self.line(at).path, path) {
                return Some(at);
            }
            at += 1;
        }
        None
    }

    /// What the line at `start` is a part of, which is the line above it or one that this is a part of,
    /// and where the path of that ends in it.
    const fn nearest(&self, start: usize) -> (u16, usize) {
        if self.count == 0 {
            return (NONE, start);
        }
        let mut above = self.count - 1;
        let path = self.spans[above].start as usize;
        let length = self.spans[above].path as usize - path;
        let mut common = 0;
        while common < length
            && start + common < self.text.len()
            && self.text[start + common] == self.text[path + common]
        {
            common += 1;
        }
        loop {
            let span = &self.spans[above];
            let length = (span.path - span.start) as usize;
            let end = start + length;
            let is_part = length <= common
                && end < self.text.len()
                && matches!(self.text[end], b'.' | b'|' | b'[' | b'{' | b'<');
            if is_part && (length > 0 || above == 0) {
                return (above as u16, end);
            }
            match some(span.up) {
                Some(up) => above = up,
                None if above > 0 => above = 0,
                // A line without a path, or one that is a part of nothing above it.
                None => return (NONE, start),
            }
        }
    }

    /// Adds a line, as the last part of what it is a part of.
    const fn push(&mut self, span: Span) {
        push(self.spans, self.count, span);
        self.count += 1;
    }

    /// Adds what a line is found by.
    const fn insert_names(&mut self, at: usize) {
        let span = &self.spans[at];
        self.insert(at, hash_of(0, self.text, span.step, span.path));
        if !self.has_aliases(at) {
            return;
        }
        let line = self.line(at);
        let step = hash_on(0, line.step());
        let mut start = 0;
        while start < line.aliases.len() {
            let end = name_end(line.aliases, start + 1, b"/");
            self.insert(at, hash_on(step, slice(line.aliases, start + 1, end)));
            start = end;
        }
    }

    const fn slot(&self, parent: usize, hash: u32) -> usize {
        (hash as usize + parent * 40_503) % self.slots.len()
    }

    const fn insert(&mut self, at: usize, hash: u32) {
        if self.keys >= self.slots.len() / 2 {
            self.is_cut = true;
            return;
        }
        self.keys += 1;
        let mut slot = self.slot(self.spans[at].up as usize, hash);
        while self.slots[slot] != 0 {
            slot = (slot + 1) % self.slots.len();
        }
        self.slots[slot] = at as u16 + 1;
    }
}

/// The lines of an outline that is being written, without its text.
pub(crate) struct Spans<'a> {
    spans: &'a mut [Span],
    count: usize,
}

impl<'a> Spans<'a> {
    /// No lines yet, and none ever without room for them.
    pub(super) const fn new(spans: &'a mut [Span]) -> Self {
        Self { spans, count: 0 }
    }

    pub(super) const fn len(&self) -> usize {
        self.count
    }

    /// Adds the line whose path was written from `start` to `path`, its aliases up to `aliases`; it is a
    /// part of line `above`. What does not fit is left out.
    pub(super) const fn begin(
        &mut self,
        above: usize,
        start: usize,
        name: usize,
        path: usize,
        aliases: usize,
    ) {
        if self.count == self.spans.len() {
            return;
        }
        let parent = &self.spans[above];
        let step = start as u32 + (parent.path - parent.start);
        let span = Span {
            start: start as u32,
            step,
            name: name as u32,
            path: path as u32,
            aliases: aliases as u32,
            up: above as u16,
            ..Span::EMPTY
        };
        push(self.spans, self.count, span);
        self.count += 1;
    }

    /// Adds the first line, whose head was written from `start` to `end`.
    pub(super) const fn begin_first(&mut self, start: usize, end: usize) {
        let (start, end) = (start as u32, end as u32);
        let (step, name, path, aliases, head) = (start, start, start, start, start);
        if !self.spans.is_empty() {
            self.spans[0] = Span { start, step, name, path, aliases, head, end, ..Span::EMPTY };
            self.count = 1;
        }
    }

    /// Marks the last line with what an absent one is: `None`, or what its struct says.
    pub(super) const fn mark_absent(&mut self, none: bool, of_struct: bool) {
        let span = &mut self.spans[self.count - 1];
        (span.none, span.of_struct) = (none, of_struct);
    }

    /// Ends the last line, whose head was written from `head` to `end`.
    pub(super) const fn end(&mut self, presence: Presence, head: usize, end: usize) {
        let span = &mut self.spans[self.count - 1];
        span.optional = matches!(presence, Presence::Optional);
        span.required = matches!(presence, Presence::Required);
        span.head = head as u32;
        span.end = end as u32;
    }
}

/// Adds a span as the last part of what it is a part of.
const fn push(spans: &mut [Span], at: usize, span: Span) {
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

const fn some(at: u16) -> Option<usize> {
    if at == NONE { None } else { Some(at as usize) }
}

/// Goes on with the hash of a step and a name.
const fn hash_on(hash: u32, text: Text<'_>) -> u32 {
    hash_of(hash, text.bytes, text.start as u32, text.end as u32)
}

/// Goes on with the hash of the bytes from `start` to `end`.
const fn hash_of(hash: u32, bytes: &[u8], start: u32, end: u32) -> u32 {
    let (mut hash, mut i, end) = (hash, start as usize, end as usize);
    while i < end {
        hash = (hash * 33 + bytes[i] as u32) & 0x00ff_ffff;
        i += 1;
    }
    hash
}

/// Where a path ends and what stands above it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Path<'a> {
    /// The path of what it is a part of.
    pub(crate) parent: Text<'a>,
    /// How that leads here: `[]`, `{}`, `<>` or nothing, and then `.` or `|`.
    pub(crate) step: Text<'a>,
    /// Its name.
    pub(crate) name: Text<'a>,
}

/// Parses a line by itself.
pub(crate) const fn parse(line: &[u8]) -> Line<'_> {
    parse_from(line, 0, 0).line(line, 0)
}

/// Parses the line at `start`, whose path is known up to `known`. The first line has no path; all others
/// begin with one.
const fn parse_from(text: &[u8], start: usize, known: usize) -> Span {
    let (mut mark, mut i) = (known, known);
    if known > start || begins_with_step(text, start) {
        while i < text.len() && !matches!(text[i], b'/' | b'?' | b'!' | b':' | b'\n' | b'\r') {
            if matches!(text[i], b'.' | b'|') {
                mark = i;
            }
            i = if text[i] == b'"' { quote_end(text, i) } else { i + 1 };
        }
    }
    let path = i;
    let mut step = mark;
    while step >= known + 2 && is_within(text[step - 1]) {
        step -= 2;
    }
    behind_path(
        text,
        Span {
            start: start as u32,
            step: step as u32,
            name: if mark < path { mark as u32 + 1 } else { mark as u32 },
            path: path as u32,
            ..Span::EMPTY
        },
    )
}

/// Parses what stands behind the path of a line.
const fn behind_path(text: &[u8], span: Span) -> Span {
    let (start, path) = (span.start as usize, span.path as usize);
    let mut i = path;
    while i < text.len() && path > start && !matches!(text[i], b'?' | b'!' | b':' | b'\n' | b'\r') {
        i = if text[i] == b'"' { quote_end(text, i) } else { i + 1 };
    }
    let aliases = i;
    let optional = i < text.len() && text[i] == b'?' && path > start;
    let required = i < text.len() && text[i] == b'!' && path > start;
    if optional || required {
        i += 1;
    }
    if i < text.len() && text[i] == b':' && path > start {
        i += 1;
    }
    while i < text.len() && text[i] == b' ' {
        i += 1;
    }
    let head = i;
    while i < text.len() && text[i] != b'\n' {
        i += 1;
    }
    Span { aliases: aliases as u32, head: head as u32, end: i as u32, optional, required, ..span }
}

const fn begins_with_step(text: &[u8], start: usize) -> bool {
    if start == text.len() {
        return false;
    }
    let next = if start + 1 < text.len() { text[start + 1] } else { b' ' };
    matches!((text[start], next), (b'.' | b'|', _) | (b'[', b']') | (b'{', b'}') | (b'<', b'>'))
}

/// Takes a path apart; for that of a part, which is not empty.
pub(crate) const fn split(path: Text<'_>) -> Path<'_> {
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

/// Whether a step leads to a variant.
pub(crate) const fn is_variant_step(step: Text<'_>) -> bool {
    ends_with(step, b"|")
}

const fn is_within(byte: u8) -> bool {
    matches!(byte, b']' | b'}' | b'>')
}

/// Whether one of `aliases` is `name`.
pub(crate) const fn has_alias(aliases: Text<'_>, name: Text<'_>) -> bool {
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
pub(crate) const fn has_aliases(others: Text<'_>, name: Text<'_>, aliases: Text<'_>) -> bool {
    first_lost_alias(others, name, aliases).is_empty()
}

/// The first of `aliases` that is neither among `others` nor `name`; empty when all are.
pub(crate) const fn first_lost_alias<'a>(
    others: Text<'_>,
    name: Text<'_>,
    aliases: Text<'a>,
) -> Text<'a> {
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
pub(crate) const fn name_end(text: Text<'_>, start: usize, ends: &[u8]) -> usize {
    let mut i = text.start + start;
    while i < text.end && !contains(Text::of(ends), text.bytes[i]) {
        i = if text.bytes[i] == b'"' { quote_end(text.bytes, i) } else { i + 1 };
    }
    (if i < text.end { i } else { text.end }) - text.start
}

/// What stands behind the quote that begins at `start`, which ends in its line.
const fn quote_end(text: &[u8], start: usize) -> usize {
    let mut i = start + 1;
    while i < text.len() && text[i] != b'"' && text[i] != b'\n' {
        i += if text[i] == b'\\' { 2 } else { 1 };
    }
    if i >= text.len() {
        text.len()
    } else if text[i] == b'"' {
        i + 1
    } else {
        i
    }
}

pub(crate) const fn contains(text: Text<'_>, byte: u8) -> bool {
    let mut i = text.start;
    while i < text.end {
        if text.bytes[i] == byte {
            return true;
        }
        i += 1;
    }
    false
}

pub(crate) const fn begins_with(text: Text<'_>, start: &[u8]) -> bool {
    if text.len() < start.len() {
        return false;
    }
    let mut i = 0;
    while i < start.len() {
        if text.bytes[text.start + i] != start[i] {
            return false;
        }
        i += 1;
    }
    true
}

pub(crate) const fn ends_with(text: Text<'_>, end: &[u8]) -> bool {
    text.len() >= end.len() && begins_with(slice(text, text.len() - end.len(), text.len()), end)
}

pub(crate) const fn equal(a: Text<'_>, b: Text<'_>) -> bool {
    if a.len() != b.len() {
        return false;
    }
    // From the end, where paths differ.
    let mut i = a.len();
    while i > 0 {
        i -= 1;
        if a.bytes[a.start + i] != b.bytes[b.start + i] {
            return false;
        }
    }
    true
}

/// The bytes from `start` to `end`, both within the text.
pub(crate) const fn slice(text: Text<'_>, start: usize, end: usize) -> Text<'_> {
    text.range(text.start + start, text.start + end)
}

#[cfg(test)]
mod tests {
    use super::*;

    const OUTLINE: &[&str] = &[
        "closed struct",
        ".a: struct",
        ".a.b/c/\"d:/e\"?: [enum]?",
        ".a.b[]|\"x.y\": fields",
        ".a.b[]|\"x.y\".a: u8",
        ".a.b[]|Unit/*",
        ".ab: map<string, [struct]>",
        ".ab{}[].\"quote \\\" and ]\": tuple",
        ".ab{}[].\"quote \\\" and ]\".0: u8",
        ".ab{}[].\"quote \\\" and ]\".1: string",
        ".z?: any",
        ".y!: u8?",
    ];

    fn indented(lines: &[&str], end: &str) -> String {
        lines.iter().map(|line| format!("    {line}{end}")).collect()
    }

    /// Each line with what it is a part of, by the text alone.
    fn compare_with_each_line_alone(lines: &[&str], end: &str) {
        let text = indented(lines, end);
        let parsed = Lines::new(text.as_bytes());
        assert_eq!(parsed.len(), lines.len());
        for (at, line) in lines.iter().enumerate() {
            let (alone, within) = (parse(line.as_bytes()), parsed.line(at));
            assert_eq!(within.path.as_str(), alone.path.as_str());
            assert_eq!(within.aliases.as_str(), alone.aliases.as_str());
            assert_eq!(within.head.as_str(), alone.head.as_str());
            assert_eq!((within.optional, within.required), (alone.optional, alone.required));
            let path = split(alone.path);
            assert_eq!(within.step().as_str(), path.step.as_str());
            assert_eq!(within.name().as_str(), path.name.as_str());
            let parent = parsed.above(at).map(|above| parsed.line(above).path.as_str());
            assert_eq!(parent, (at > 0).then_some(path.parent.as_str()), "{line}");
            if let Some(above) = parsed.above(at) {
                assert_eq!(parsed.named_as(above, &within), Some(at));
                assert_eq!(parsed.reader_of(above, &within), Some(at));
            }
        }
    }

    #[test]
    fn a_line_among_others_is_what_it_is_alone() {
        compare_with_each_line_alone(OUTLINE, "\n");
        compare_with_each_line_alone(OUTLINE, "\r\n");
    }

    #[test]
    fn parts_are_listed_in_their_order_and_found_by_their_aliases() {
        let text = indented(OUTLINE, "\n");
        let lines = Lines::new(text.as_bytes());
        let mut parts = Vec::new();
        let mut next = lines.first_part(0);
        while let Some(at) = next {
            parts.push(lines.line(at).path.as_str());
            next = lines.next_part(at);
        }
        assert_eq!(parts, [".a", ".ab", ".z", ".y"]);
        let (old, other) = (".a.\"d:/e\": u8", ".a|c: u8");
        assert_eq!(lines.reader_of(1, &parse(old.as_bytes())), Some(2));
        assert_eq!(lines.named_as(1, &parse(old.as_bytes())), None);
        assert_eq!(lines.reader_of(1, &parse(other.as_bytes())), None);
    }

    #[test]
    fn an_entry_ends_before_the_next_and_a_part_of_nothing_is_a_part_of_none() {
        let lines =
            Lines::new(b"    struct\n    .a.b: u8\n    .c: u8\nversion 2 = 0\n    struct\n");
        assert_eq!(lines.len(), 3);
        assert_eq!((lines.above(1), lines.above(2)), (None, Some(0)));
    }

    #[test]
    fn more_lines_than_fit_are_told() {
        let fields: Vec<_> = (0..MAX_LINES).map(|n| format!(".f{n}: u8")).collect();
        let text = |count: usize| {
            let fields = fields[..count].iter().map(|field| format!("    {field}\n"));
            format!("    struct\n{}", fields.collect::<String>())
        };
        assert!(!Lines::new(text(MAX_LINES - 1).as_bytes()).is_cut());
        assert!(Lines::new(text(MAX_LINES).as_bytes()).is_cut());
    }
}
