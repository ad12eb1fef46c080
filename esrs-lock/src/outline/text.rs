//! A range of the bytes of an outline, compared and cut without a slice.

use crate::text::{ConstText, whole_letters};

/// A range of the bytes of an outline.
#[derive(Clone, Copy)]
pub struct Text<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) start: usize,
    pub(super) end: usize,
}

impl<'a> Text<'a> {
    /// No bytes.
    pub const EMPTY: Self = Text { bytes: &[], start: 0, end: 0 };

    /// All of these bytes.
    pub const fn of(bytes: &'a [u8]) -> Self {
        Text { bytes, start: 0, end: bytes.len() }
    }

    /// The number of bytes.
    pub const fn len(&self) -> usize {
        self.end - self.start
    }

    /// Returns true for no bytes.
    pub const fn is_empty(&self) -> bool {
        self.start == self.end
    }

    /// The byte at a place from the start.
    pub const fn byte(&self, place: usize) -> u8 {
        self.bytes[self.start + place]
    }

    /// Returns true if the text is this word.
    pub const fn is(&self, word: &[u8]) -> bool {
        self.len() == word.len() && begins_with(*self, word)
    }

    /// The text as a slice, once its bytes must be shown.
    pub const fn as_bytes(&self) -> &'a [u8] {
        self.bytes.split_at(self.end).0.split_at(self.start).1
    }

    /// The text as a string, up to the first byte that is not part of a whole letter.
    pub const fn as_str(&self) -> &'a str {
        whole_letters(self.as_bytes())
    }

    /// Writes the bytes behind a text.
    pub const fn push_to<const N: usize>(&self, text: &mut ConstText<N>) {
        text.push_range(self.bytes, self.start, self.end);
    }

    /// The text without its first bytes.
    pub const fn from(&self, start: usize) -> Self {
        self.range(self.start + start, self.end)
    }

    /// The first bytes of the text.
    pub const fn up_to(&self, length: usize) -> Self {
        self.range(self.start, self.start + length)
    }

    /// The bytes from `start` to `end` of what the range is of.
    pub(super) const fn range(&self, start: usize, end: usize) -> Self {
        Text { bytes: self.bytes, start, end }
    }
}

impl std::fmt::Debug for Text<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.as_str().fmt(f)
    }
}

/// Returns true if this byte is in the text.
pub const fn contains(text: Text<'_>, byte: u8) -> bool {
    let mut i = text.start;
    while i < text.end {
        if text.bytes[i] == byte {
            return true;
        }
        i += 1;
    }
    false
}

/// Returns true if the text begins with these bytes.
pub const fn begins_with(text: Text<'_>, start: &[u8]) -> bool {
    let length = start.len();
    if text.end - text.start < length {
        return false;
    }
    let mut i = 0;
    while i < length {
        if text.bytes[text.start + i] != start[i] {
            return false;
        }
        i += 1;
    }
    true
}

/// Returns true if the text ends with these bytes.
pub const fn ends_with(text: Text<'_>, end: &[u8]) -> bool {
    text.len() >= end.len() && begins_with(slice(text, text.len() - end.len(), text.len()), end)
}

/// Returns true if two ranges have the same bytes.
pub const fn equal(a: Text<'_>, b: Text<'_>) -> bool {
    let mut i = a.end - a.start;
    if i != b.end - b.start {
        return false;
    }
    // From the end, where paths differ.
    while i > 0 {
        i -= 1;
        if a.bytes[a.start + i] != b.bytes[b.start + i] {
            return false;
        }
    }
    true
}

/// The bytes from `start` to `end`, both within the text.
pub const fn slice(text: Text<'_>, start: usize, end: usize) -> Text<'_> {
    text.range(text.start + start, text.start + end)
}
