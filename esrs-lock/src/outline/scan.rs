//! The scanning of lines by slices. Const evaluation is slow at each turn of a loop and at each index, and takes
//! several bytes of a slice at once.

use super::hash::{on_four, on_one};

/// True for a byte that means nothing between the parts of a line: letters, digits, and most others.
macro_rules! is_text_byte {
    ($byte:ident) => {
        ($byte > b'?' && $byte != b'|') || ($byte >= b'0' && $byte <= b'9')
    };
}

pub(super) use is_text_byte;

/// The text behind so many bytes, or behind all of it.
pub(super) const fn behind(text: &[u8], length: usize) -> &[u8] {
    let (mut rest, mut left) = (text, length);
    while left >= 16
        && let [_, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, behind @ ..] = rest
    {
        (rest, left) = (behind, left - 16);
    }
    while left >= 4
        && let [_, _, _, _, behind @ ..] = rest
    {
        (rest, left) = (behind, left - 4);
    }
    while left > 0
        && let [_, behind @ ..] = rest
    {
        (rest, left) = (behind, left - 1);
    }
    rest
}

/// The rests of two texts behind so many bytes that are equal, compared by eight: const evaluation is
/// slow at each turn of a loop, and takes bytes faster by value than by reference.
pub(super) const fn behind_equal<'x, 'y>(
    one: &'x [u8],
    other: &'y [u8],
    length: usize,
) -> Option<(&'x [u8], &'y [u8])> {
    let (mut one, mut other, mut left) = (one, other, length);
    while left >= 8 {
        let [a, b, c, d, e, f, g, h, ref behind @ ..] = *one else { return None };
        let [i, j, k, l, m, n, o, p, ref other_behind @ ..] = *other else { return None };
        if a != i || b != j || c != k || d != l || e != m || f != n || g != o || h != p {
            return None;
        }
        (one, other, left) = (behind, other_behind, left - 8);
    }
    if left >= 4 {
        let [a, b, c, d, ref behind @ ..] = *one else { return None };
        let [e, f, g, h, ref other_behind @ ..] = *other else { return None };
        if a != e || b != f || c != g || d != h {
            return None;
        }
        (one, other, left) = (behind, other_behind, left - 4);
    }
    while left > 0 {
        let [a, ref behind @ ..] = *one else { return None };
        let [b, ref other_behind @ ..] = *other else { return None };
        if a != b {
            return None;
        }
        (one, other, left) = (behind, other_behind, left - 1);
    }
    Some((one, other))
}

/// The text behind the end of the line, and the length of what is left of the line.
pub(super) const fn behind_line(text: &[u8]) -> (&[u8], usize) {
    let (mut rest, mut length) = (text, 0);
    loop {
        (rest, length) = match *rest {
            [b'\n', ref behind @ ..] => return (behind, length),
            [_, b'\n', ref behind @ ..] => return (behind, length + 1),
            [_, _, b'\n', ref behind @ ..] => return (behind, length + 2),
            [_, _, _, b'\n', ref behind @ ..] => return (behind, length + 3),
            [_, _, _, _, ref behind @ ..] => (behind, length + 4),
            [_, ref behind @ ..] => (behind, length + 1),
            [] => return (rest, length),
        }
    }
}

/// The mark between a path and a head.
pub(super) const VALUE: &str = ": ";

/// The text behind a line of which a head alone is left, and the length of the head; `None` for any other.
pub(super) const fn behind_value(text: &[u8]) -> Option<(&[u8], usize)> {
    match *text {
        [b':', b' ', b' ', ..] => None,
        [b':', b' ', ref head @ ..] => Some(behind_line(head)),
        _ => None,
    }
}

/// A name that a text begins with.
pub(super) struct Name<'a> {
    pub(super) length: usize,
    pub(super) hash: u32,
    pub(super) behind: &'a [u8],
}

/// The bytes that a text begins with and that mean nothing between the parts of a line.
pub(super) const fn plain_name(text: &[u8]) -> Name<'_> {
    let (mut behind, mut length, mut hash) = (text, 0, 0);
    while let [a, b, c, d, ref rest @ ..] = *behind
        && (is_text_byte!(a))
        && (is_text_byte!(b))
        && (is_text_byte!(c))
        && (is_text_byte!(d))
    {
        (behind, length, hash) = (rest, length + 4, on_four(hash, a, b, c, d));
    }
    while let [byte, ref rest @ ..] = *behind
        && (is_text_byte!(byte))
    {
        (behind, length, hash) = (rest, length + 1, on_one(hash, byte));
    }
    Name { length, hash: hash as u32, behind }
}
