//! The lines of an outline, parsed once.
//!
//! Const evaluation takes about 2 µs for each step of a loop and 50 µs for a `split_at`, so nothing here
//! slices, and every line is read once.

use super::hash::hash_of;
use super::line::Line;
use super::scan::{Name, behind, behind_value, plain_name};
use super::span::{NONE, Named, Span, behind_path, parse_from, push, some};
use super::text::Text;
use crate::file::INDENT;

/// The lines of an outline, as a tree.
pub struct Lines<'a> {
    pub(super) text: &'a [u8],
    pub(super) spans: &'a mut [Span],
    pub(super) count: usize,
    /// The lines that can be held.
    room: usize,
    /// The place where the next line begins, while lines are parsed.
    pub(super) next: usize,
    /// The lines by the hash of their names and aliases, each one higher; 0 for an empty slot.
    pub(super) slots: &'a mut [u16],
    pub(super) keys: usize,
    pub(super) is_indexed: bool,
    pub(super) is_cut: bool,
}

/// So many parts a shape may have.
pub const MAX_LINES: usize = 8_192;

/// Twice as many as what is put into them.
pub(super) const SLOTS: usize = 4 * MAX_LINES;

/// The memory of lines: an array in const evaluation, and the heap of a program.
pub struct Room<'a> {
    /// A span for each line.
    pub spans: &'a mut [Span],
    /// The slots by which lines are found; none without an index.
    pub slots: &'a mut [u16],
}

impl<'a> Lines<'a> {
    /// No lines, of a text that will have some.
    pub(super) const fn none(text: &'a [u8], room: Room<'a>) -> Self {
        let Room { spans, slots } = room;
        let room = spans.len();
        let (count, next, keys, is_indexed, is_cut) = (0, 0, 0, false, false);
        Self { text, spans, count, room, next, slots, keys, is_indexed, is_cut }
    }

    /// The lines up to the end of the entry, which is the first line that is not indented.
    #[cfg(test)]
    pub fn new(text: &'a [u8]) -> Self {
        let spans = vec![Span::EMPTY; MAX_LINES].leak();
        let mut lines = Self::parsed(text, Room { spans, slots: vec![0; SLOTS].leak() });
        lines.index();
        lines
    }

    /// The lines of an outline that was just written.
    pub const fn written(text: &'a [u8], count: usize, room: Room<'a>) -> Self {
        Self { count, ..Self::none(text, room) }
    }

    /// The lines of a text.
    pub const fn parsed(text: &'a [u8], room: Room<'a>) -> Self {
        let mut lines = Self::none(text, room);
        let mut rest = text;
        while lines.is_line(rest) {
            rest = lines.parse(rest);
        }
        lines
    }

    /// Returns true if `rest` begins with one more line of the entry, and it can be held.
    pub(super) const fn is_line(&mut self, rest: &[u8]) -> bool {
        let is_line = matches!(*rest, [b' ', ..]);
        self.is_cut |= is_line && self.count == self.room;
        is_line && self.count < self.room
    }

    /// Parses the line that `rest` begins with, and adds it; returns the text behind it.
    pub(super) const fn parse<'t>(&mut self, rest: &'t [u8]) -> &'t [u8] {
        let (begins, mut start, length) = (self.next, self.next, self.text.len());
        while start < length && self.text[start] == b' ' {
            start += 1;
        }
        let (above, known) = self.nearest(start);
        self.push_below(parse_from(self.text, start, known), known, above);
        behind(rest, self.next - begins)
    }

    /// Parses the line that `rest` begins with, and adds it, where it begins with the path of `above`, which ends
    /// so many bytes behind and is followed by `part`; returns the text behind it.
    pub(super) const fn parse_part<'t>(
        &mut self,
        rest: &'t [u8],
        part: &'t [u8],
        width: usize,
        above: u16,
    ) -> &'t [u8] {
        let (begins, start, step) = (self.next, self.next + INDENT.len(), self.next + width);
        // Most lines have a plain name, and a value alone behind it.
        if let [b'.' | b'|', ref name @ ..] = *part
            && let Name { length, hash, behind } = plain_name(name)
            && let Some((behind, head)) = behind_value(behind)
        {
            let named = Named { start, step, name: step + 1, path: step + 1 + length };
            self.push(Span { hash, up: above, ..Span::of_value(named, head) });
            return behind;
        }
        let [b'.' | b'|' | b'[' | b'{' | b'<', ..] = *part else { return self.parse(rest) };
        let span = parse_from(self.text, start, step);
        if span.step as usize != step {
            // It is a part of something between the two.
            return self.parse(rest);
        }
        self.push_below(span, step, above);
        behind(rest, self.next - begins)
    }

    /// Adds a line as a part of `above`, whose path ends at `known` in it.
    const fn push_below(&mut self, mut span: Span, known: usize, above: u16) {
        // A path that goes on with more than one step is a part of nothing.
        let is_part = span.step as usize == known && span.path as usize > known;
        span.up = if is_part { above } else { NONE };
        span.hash = hash_of(self.text, span.name as usize, span.path as usize);
        self.push(span);
    }

    /// Parses the line that `rest` begins with, and adds it, where it has the path of line `like` of another outline,
    /// and `value` behind it; returns the text behind it.
    pub(super) const fn parse_of_path<'t>(
        &mut self,
        rest: &'t [u8],
        value: &'t [u8],
        other: &Lines<'_>,
        like: usize,
        above: u16,
    ) -> &'t [u8] {
        let like = &other.spans[like];
        let (from, start, begins) = (like.start as usize, self.next + INDENT.len(), self.next);
        let (step, name, path) = (
            like.step as usize - from + start,
            like.name as usize - from + start,
            like.path as usize - from + start,
        );
        let named = Named { start, step, name, path };
        if let Some((behind, length)) = behind_value(value) {
            self.push(Span { hash: like.hash, up: above, ..Span::of_value(named, length) });
            return behind;
        }
        self.push(Span { hash: like.hash, up: above, ..behind_path(self.text, named) });
        behind(rest, self.next - begins)
    }

    /// Adds a line that is written as line `like` of another outline.
    pub(super) const fn parse_like(&mut self, other: &Lines<'_>, like: usize, above: u16) {
        let span = other.spans[like];
        let (from, to) = (span.start, (self.next + INDENT.len()) as u32);
        self.push(Span {
            start: to,
            step: span.step - from + to,
            name: span.name - from + to,
            path: span.path - from + to,
            aliases: span.aliases - from + to,
            head: span.head - from + to,
            end: span.end - from + to,
            hash: span.hash,
            optional: span.optional,
            required: span.required,
            up: above,
            ..Span::EMPTY
        });
    }

    /// Returns true if all lines are the same, at the same places.
    pub fn is_as(&self, other: &Self) -> bool {
        self.spans[..self.count] == other.spans[..other.count]
    }

    /// The text behind a line.
    pub(super) const fn behind(&self, at: usize) -> &'a [u8] {
        let end = self.spans[at].end as usize;
        self.text.split_at(if end < self.text.len() { end + 1 } else { end }).1
    }

    pub(super) const fn text(&self) -> &'a [u8] {
        self.text
    }

    /// The number of lines.
    pub const fn count(&self) -> usize {
        self.count
    }

    /// Returns true if the outline was written of a part that an attribute makes `None` when it is absent.
    pub(crate) const fn is_written_as_none(&self, at: usize) -> bool {
        self.spans[at].none
    }

    /// Returns true if the outline was written of a part whose struct says what an absent one is.
    pub const fn is_written_of_struct(&self, at: usize) -> bool {
        self.spans[at].of_struct
    }

    /// The steps behind the lines, if the text has any.
    pub(crate) const fn steps(&self) -> Text<'a> {
        let text = Text::of(self.text);
        if self.count == 0 || self.spans[self.count - 1].end as usize >= text.len() {
            return Text::EMPTY;
        }
        text.from(self.spans[self.count - 1].end as usize + 1)
    }

    /// Returns true if there are more lines or aliases than can be held.
    pub const fn is_cut(&self) -> bool {
        self.is_cut
    }

    /// A line, by its place.
    pub const fn line(&self, at: usize) -> Line<'a> {
        self.spans[at].line(self.text, at)
    }

    /// The first part of a line.
    pub const fn first_part(&self, of: usize) -> Option<usize> {
        some(self.spans[of].first)
    }

    /// The next part of the same.
    pub const fn next_part(&self, part: usize) -> Option<usize> {
        some(self.spans[part].next)
    }

    /// The part that a line is below.
    pub const fn above(&self, at: usize) -> Option<usize> {
        some(self.spans[at].up)
    }

    /// Returns true if a line has this head, and neither parts nor aliases nor marks.
    pub(crate) const fn is_leaf_of(&self, at: usize, head: Text<'_>) -> bool {
        let span = &self.spans[at];
        if span.first != NONE
            || span.aliases != span.path
            || span.optional
            || span.required
            || span.head as usize + head.len() != span.end as usize
        {
            return false;
        }
        let (mut begin, mut i, end) = (span.head as usize, head.start, head.end);
        while i < end {
            if self.text[begin] != head.bytes[i] {
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

    /// The parent of the line at `start`, which is the line above it or a parent of that one, and the end of
    /// the parent's path in it.
    const fn nearest(&self, start: usize) -> (u16, usize) {
        if self.count == 0 {
            return (NONE, start);
        }
        let mut above = self.count - 1;
        let path = self.spans[above].start as usize;
        let length = self.spans[above].path as usize - path;
        let left = self.text.len() - start;
        let shortest = if length < left { length } else { left };
        let mut common = 0;
        while common < shortest && self.text[start + common] == self.text[path + common] {
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
        self.next = span.end as usize + 1;
    }
}

#[cfg(test)]
mod tests {
    use super::super::{parse, split};
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
        assert_eq!(parsed.count(), lines.len());
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
        assert_eq!(lines.count(), 3);
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
