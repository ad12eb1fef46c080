//! The search for a part among the lines of an outline.

use super::hash::hash_of;
use super::line::{Line, has_alias, name_end};
use super::lines::{Lines, SLOTS};
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
            true => slot(parent, wanted.hash),
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
            slot = (slot + 1) % SLOTS;
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
        let mut slot = if self.is_indexed { slot(parent, hash(name)) } else { 0 };
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
            slot = (slot + 1) % SLOTS;
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
        self.insert(at, self.spans[at].hash);
        if !self.has_aliases(at) {
            return;
        }
        let Line { aliases, .. } = self.line(at);
        let mut start = 0;
        while start < aliases.len() {
            let end = name_end(aliases, start + 1, b"/");
            self.insert(at, hash(slice(aliases, start + 1, end)));
            start = end;
        }
    }

    const fn insert(&mut self, at: usize, hash: u32) {
        if self.keys >= SLOTS / 2 {
            self.is_cut = true;
            return;
        }
        self.keys += 1;
        let mut slot = slot(self.spans[at].up as usize, hash);
        while self.slots[slot] != 0 {
            slot = (slot + 1) % SLOTS;
        }
        self.slots[slot] = at as u16 + 1;
    }
}

/// The first slot for a part of `parent` with a name of this hash.
const fn slot(parent: usize, hash: u32) -> usize {
    (hash as usize + parent * 40_503) % SLOTS
}

/// The hash of a name.
const fn hash(name: Text<'_>) -> u32 {
    hash_of(name.bytes, name.start, name.end)
}
