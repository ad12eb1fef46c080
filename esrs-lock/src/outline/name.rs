//! Names as lines write them: plain, or in the quotes of JSON.

use super::hash::{hash_of, on_four, on_one};
use crate::text::ConstText;

/// Writes a name, in quotes when it has more in it than letters, digits, `_` and `-`; returns the hash of what is
/// written.
pub const fn push_name<const N: usize>(text: &mut ConstText<N>, name: &str) -> u32 {
    let bytes = name.as_bytes();
    if let Some(hash) = plain_hash(bytes) {
        text.push_bytes(bytes);
        return hash;
    }
    let start = text.len();
    text.push_byte(b'"');
    let mut i = 0;
    while i < bytes.len() {
        match bytes[i] {
            b'"' | b'\\' => {
                text.push_byte(b'\\');
                text.push_byte(bytes[i]);
            }
            byte @ 0..32 => {
                text.push("\\u00");
                text.push_byte(b"0123456789abcdef"[(byte >> 4) as usize]);
                text.push_byte(b"0123456789abcdef"[(byte & 15) as usize]);
            }
            byte => text.push_byte(byte),
        }
        i += 1;
    }
    text.push_byte(b'"');
    let quoted = text.as_bytes();
    hash_of(quoted, start, quoted.len())
}

macro_rules! is_plain {
    ($byte:ident) => {
        matches!($byte, b'a'..=b'z' | b'_' | b'0'..=b'9' | b'A'..=b'Z' | b'-' | 0x80..)
    };
}

/// The hash of a name that needs no quotes. Bytes are looked at by four: const evaluation is slow at each turn of a
/// loop.
const fn plain_hash(name: &[u8]) -> Option<u32> {
    let (mut rest, mut hash) = (name, 0);
    if rest.is_empty() {
        return None;
    }
    while let [a, b, c, d, ref behind @ ..] = *rest {
        if !is_plain!(a) || !is_plain!(b) || !is_plain!(c) || !is_plain!(d) {
            return None;
        }
        (rest, hash) = (behind, on_four(hash, a, b, c, d));
    }
    while let [byte, ref behind @ ..] = *rest {
        if !is_plain!(byte) {
            return None;
        }
        (rest, hash) = (behind, on_one(hash, byte));
    }
    Some(hash as u32)
}

/// The name that a text begins with, plain or in quotes, and what stands behind it; a plain one ends
/// at one of `ends`.
pub fn unquote<'a>(text: &'a str, ends: &str) -> Option<(String, &'a str)> {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find(|c| ends.contains(c)).unwrap_or(text.len());
        return Some((text[..end].to_owned(), &text[end..])).filter(|(name, _)| !name.is_empty());
    };
    let mut is_escaped = false;
    let end = quoted.find(|c| {
        let is_end = c == '"' && !is_escaped;
        is_escaped = c == '\\' && !is_escaped;
        is_end
    })?;
    // Quotes and escapes are those of JSON.
    Some((unescape(&quoted[..end])?, &text[end + 2..]))
}

/// The text between the quotes of a JSON string; `None` if it is not one.
fn unescape(quoted: &str) -> Option<String> {
    let (mut name, mut letters) = (String::new(), quoted.chars());
    while let Some(letter) = letters.next() {
        name.push(match letter {
            '"' | '\0'..' ' => return None,
            '\\' => match letters.next()? {
                letter @ ('"' | '\\' | '/') => letter,
                'b' => '\u{8}',
                'f' => '\u{c}',
                'n' => '\n',
                'r' => '\r',
                't' => '\t',
                'u' => match unit(&mut letters)? {
                    high @ 0xd800..0xdc00 => {
                        let is_pair = letters.next()? == '\\' && letters.next()? == 'u';
                        let low = unit(&mut letters)
                            .filter(|low| is_pair && (0xdc00..0xe000).contains(low))?;
                        char::from_u32(0x1_0000 + ((high - 0xd800) << 10) + (low - 0xdc00))?
                    }
                    unit => char::from_u32(unit)?,
                },
                _ => return None,
            },
            letter => letter,
        });
    }
    Some(name)
}

/// The number that four hexadecimal digits are.
fn unit(letters: &mut std::str::Chars<'_>) -> Option<u32> {
    (0..4).try_fold(0, |unit, _| Some(unit * 16 + letters.next()?.to_digit(16)?))
}

/// The name, in quotes where it needs them; as long as a line may be.
pub fn written_name(plain: &str) -> String {
    let mut text = ConstText::<4096>::new();
    push_name(&mut text, plain);
    text.as_str().to_owned()
}
