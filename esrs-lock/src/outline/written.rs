//! The lines of an outline that is being written.

use super::Presence;
use super::span::{Span, push};

/// The lines of an outline that is being written, without its text.
pub struct Spans<'a> {
    spans: &'a mut [Span],
    count: usize,
}

impl<'a> Spans<'a> {
    /// No lines yet, and none ever without room for them.
    pub const fn new(spans: &'a mut [Span]) -> Self {
        Self { spans, count: 0 }
    }

    /// The number of lines.
    pub const fn count(&self) -> usize {
        self.count
    }

    /// Adds the line whose path was written from `start` to `path`, its aliases up to `aliases`; it is a
    /// part of line `above`. Its name begins at the first of `name`, and has the hash of the second. What does not
    /// fit is left out.
    pub const fn begin(
        &mut self,
        above: usize,
        start: usize,
        (name, hash): (usize, u32),
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
            hash,
            up: above as u16,
            ..Span::EMPTY
        };
        push(self.spans, self.count, span);
        self.count += 1;
    }

    /// Adds the first line, whose head was written from `start` to `end`.
    pub const fn begin_first(&mut self, start: usize, end: usize) {
        let (start, end) = (start as u32, end as u32);
        let (step, name, path, aliases, head) = (start, start, start, start, start);
        if !self.spans.is_empty() {
            self.spans[0] = Span { start, step, name, path, aliases, head, end, ..Span::EMPTY };
            self.count = 1;
        }
    }

    /// Marks the last line with what an absent one is: `None`, or what its struct says.
    pub const fn mark_absent(&mut self, none: bool, of_struct: bool) {
        let span = &mut self.spans[self.count - 1];
        (span.none, span.of_struct) = (none, of_struct);
    }

    /// Ends the last line, whose head was written from `head` to `end`.
    pub const fn end(&mut self, presence: Presence, head: usize, end: usize) {
        let span = &mut self.spans[self.count - 1];
        span.optional = matches!(presence, Presence::Optional);
        span.required = matches!(presence, Presence::Required);
        span.head = head as u32;
        span.end = end as u32;
    }
}
