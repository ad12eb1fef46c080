//! The search for a part among the lines of an outline.

use super::line::{Line, has_alias, name_end};
use super::lines::Lines;
use super::span::NONE;
use super::text::{Text, equal, slice};

impl Lines<'_> {
    /// Makes parts be found by their hash: without, all parts of the same are looked at.
    pub(crate) const fn index(&mut self) {
        let mut at = 0;
        while at < self.count && !self.is_indexed {
            if self.spans[at].up != NONE {
                self.insert_names(at);
            }
            at += 1;
        }
        self.is_indexed = true;
    }

    /// The part of `parent` that has the step and the name of this line of any outline.
    pub const fn named_as(&self, parent: usize, line: &Line<'_>) -> Option<usize> {
        self.find(parent, line.step(), line.name(), false)
    }

    /// The same of line `at` of another outline, without a [`Line`] of it.
    pub(crate) const fn named_as_of(
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

    /// The part of `parent` that has the step of this line of any outline, and this name.
    pub const fn named_by_alias(
        &self,
        parent: usize,
        line: &Line<'_>,
        alias: Text<'_>,
    ) -> Option<usize> {
        self.find(parent, line.step(), alias, false)
    }

    /// The part of `parent` that reads what this line of any outline writes: by its name, or else by an
    /// alias.
    pub const fn reader_of(&self, parent: usize, line: &Line<'_>) -> Option<usize> {
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
    pub const fn of_path(&self, path: Text<'_>) -> Option<usize> {
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

/// Goes on with the hash of a step and a name.
const fn hash_on(hash: u32, text: Text<'_>) -> u32 {
    hash_of(hash, text.bytes, text.start as u32, text.end as u32)
}

/// Goes on with the hash of the bytes from `start` to `end`.
const fn hash_of(hash: u32, bytes: &[u8], start: u32, end: u32) -> u32 {
    const MASK: u64 = 0x00ff_ffff;
    let (mut hash, mut i, end) = (hash as u64, start as usize, end as usize);
    // Four turns of the loop below in one: const evaluation is slow at each.
    while i + 4 <= end {
        let (a, b, c, d) = (bytes[i], bytes[i + 1], bytes[i + 2], bytes[i + 3]);
        let four = a as u64 * 35_937 + b as u64 * 1_089 + c as u64 * 33 + d as u64;
        hash = (hash * 1_185_921 + four) & MASK;
        i += 4;
    }
    while i < end {
        hash = (hash * 33 + bytes[i] as u64) & MASK;
        i += 1;
    }
    hash as u32
}
