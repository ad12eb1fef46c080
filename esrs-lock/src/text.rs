//! Text that is put together in const evaluation.

/// Text of at most `N` bytes; what does not fit is left out.
#[derive(Debug, Clone, Copy)]
pub struct ConstText<const N: usize> {
    bytes: [u8; N],
    length: usize,
    is_cut: bool,
}

impl<const N: usize> ConstText<N> {
    /// No text yet.
    #[allow(clippy::new_without_default, reason = "a `Default` is not for const evaluation")]
    pub const fn new() -> Self {
        Self { bytes: [0; N], length: 0, is_cut: false }
    }

    /// The same text with `words` behind it.
    pub const fn say(mut self, words: &str) -> Self {
        self.push(words);
        self
    }

    /// The same text with `name` behind it, in backticks.
    pub const fn quote(self, name: &str) -> Self {
        self.say("`").say(name).say("`")
    }

    /// Writes words behind the text.
    pub const fn push(&mut self, words: &str) {
        self.push_up_to(words.as_bytes(), usize::MAX);
    }

    /// Writes bytes behind the text.
    pub const fn push_bytes(&mut self, bytes: &[u8]) {
        self.push_up_to(bytes, usize::MAX);
    }

    /// Writes some bytes, at most `count`, eight at a time where they fit: const evaluation is slow at each call and
    /// at each turn of a loop.
    const fn push_up_to(&mut self, bytes: &[u8], count: usize) {
        let (mut rest, mut left, mut at) = (bytes, count, self.length);
        while left >= 8
            && N - at >= 8
            && let [a, b, c, d, e, f, g, h, ref behind @ ..] = *rest
        {
            self.bytes[at] = a;
            self.bytes[at + 1] = b;
            self.bytes[at + 2] = c;
            self.bytes[at + 3] = d;
            self.bytes[at + 4] = e;
            self.bytes[at + 5] = f;
            self.bytes[at + 6] = g;
            self.bytes[at + 7] = h;
            (rest, left, at) = (behind, left - 8, at + 8);
        }
        if left >= 4
            && N - at >= 4
            && let [a, b, c, d, ref behind @ ..] = *rest
        {
            self.bytes[at] = a;
            self.bytes[at + 1] = b;
            self.bytes[at + 2] = c;
            self.bytes[at + 3] = d;
            (rest, left, at) = (behind, left - 4, at + 4);
        }
        while left > 0
            && let [byte, ref behind @ ..] = *rest
        {
            if at == N {
                self.is_cut = true;
                break;
            }
            self.bytes[at] = byte;
            (rest, left, at) = (behind, left - 1, at + 1);
        }
        self.length = at;
    }

    /// Writes another text behind it.
    pub const fn push_text<const M: usize>(&mut self, text: &ConstText<M>) {
        self.push_up_to(&text.bytes, text.length);
    }

    /// Pushes the bytes from `start` to `end`. One loop without a call, which const evaluation is slow at.
    pub const fn push_range(&mut self, bytes: &[u8], start: usize, end: usize) {
        let (mut from, mut to) = (start, self.length);
        while from < end && to < N {
            self.bytes[to] = bytes[from];
            from += 1;
            to += 1;
        }
        self.length = to;
        if from < end {
            self.is_cut = true;
        }
    }

    /// Writes one byte behind it.
    pub const fn push_byte(&mut self, byte: u8) {
        if self.length == N {
            self.is_cut = true;
            return;
        }
        self.bytes[self.length] = byte;
        self.length += 1;
    }

    /// Writes a number in decimal digits.
    pub const fn push_number(&mut self, number: u64) {
        if number >= 10 {
            self.push_number(number / 10);
        }
        self.push_byte(b'0' + (number % 10) as u8);
    }

    /// The number as sixteen hexadecimal digits.
    pub const fn push_hex(&mut self, number: u64) {
        let mut shift = 64;
        while shift > 0 {
            shift -= 4;
            self.push_byte(b"0123456789abcdef"[(number >> shift) as usize & 15]);
        }
    }

    /// The number of bytes.
    pub const fn len(&self) -> usize {
        self.length
    }

    /// Returns true for no bytes.
    pub const fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// Returns true if something was left out.
    pub const fn is_cut(&self) -> bool {
        self.is_cut
    }

    /// Takes away what stands behind the first `length` bytes.
    pub const fn truncate(&mut self, length: usize) {
        if length < self.length {
            self.length = length;
        }
    }

    /// The text as bytes.
    pub const fn as_bytes(&self) -> &[u8] {
        self.bytes.split_at(self.length).0
    }

    /// The text; without its last letter, if that was cut in two.
    pub const fn as_str(&self) -> &str {
        whole_letters(self.as_bytes())
    }
}

/// The text up to the first byte that is not part of a whole letter.
pub const fn whole_letters(bytes: &[u8]) -> &str {
    match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => match std::str::from_utf8(bytes.split_at(error.valid_up_to()).0) {
            Ok(text) => text,
            Err(_) => "",
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_that_does_not_fit_is_cut_between_two_letters() {
        let long = "x".repeat(1022);
        let text = ConstText::<1024>::new().say(&long).say("…");
        assert_eq!((text.as_str(), text.is_cut()), (long.as_str(), true));
        assert_eq!(ConstText::<8>::new().say("a").quote("b").as_str(), "a`b`");
    }

    #[test]
    fn numbers_are_written_in_digits() {
        let mut text = ConstText::<64>::new();
        text.push_number(0);
        text.push_number(1_024);
        text.push_hex(0xab);
        assert_eq!(text.as_str(), "0102400000000000000ab");
    }
}
