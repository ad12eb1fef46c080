//! Text on its way to a terminal or a line of a log.

use std::fmt::{self, Display, Write};

/// A text of one line without characters that a terminal obeys or does not show; made by [`escaped`].
#[derive(Clone, Copy)]
pub struct Escaped<T>(T);

/// Escapes what would forge a line, move a cursor, or hide a part of a text: control characters, line and
/// paragraph separators, and characters that set a direction or have no width. They are written as Rust
/// writes them, such as `\n` and `\u{1b}`; everything else is left as it is.
///
/// ```
/// use esrs_core::escaped;
///
/// assert_eq!(escaped("alice\n2026-01-31 bob").to_string(), r"alice\n2026-01-31 bob");
/// assert_eq!(escaped("\u{1b}[2J\u{202e}").to_string(), r"\u{1b}[2J\u{202e}");
/// assert_eq!(escaped("Zoë, 5 €").to_string(), "Zoë, 5 €");
/// ```
pub fn escaped<T: Display>(text: T) -> Escaped<T> {
    Escaped(text)
}

impl<T: Display> Display for Escaped<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(Line(f), "{}", self.0)
    }
}

impl<T: Display> fmt::Debug for Escaped<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Display::fmt(self, f)
    }
}

struct Line<'a, 'f>(&'a mut fmt::Formatter<'f>);

impl Write for Line<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let mut rest = text;
        while let Some((place, found)) = rest.char_indices().find(|(_, found)| is_escaped(*found)) {
            self.0.write_str(&rest[..place])?;
            write!(self.0, "{}", found.escape_default())?;
            rest = &rest[place + found.len_utf8()..];
        }
        self.0.write_str(rest)
    }
}

/// A text in quotes, as `Debug` writes it; of a long one its first characters and its length.
pub(crate) fn quoted(text: &str) -> Quoted<'_> {
    Quoted(text)
}

pub(crate) struct Quoted<'a>(&'a str);

/// So many characters of a text are quoted by an error.
const QUOTED: usize = 100;

/// How long the reason of a parked stream is at most, in characters.
const LONGEST_REASON: usize = 4_000;

impl Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.char_indices().nth(QUOTED) {
            None => write!(f, "{:?}", self.0),
            Some((end, _)) => write!(f, "{:?}… ({} bytes)", &self.0[..end], self.0.len()),
        }
    }
}

impl fmt::Debug for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Display::fmt(self, f)
    }
}

/// Returns the reason that a store stores with a parked stream: one line, cut to its beginning if it is long.
pub(crate) fn reason(said: impl Display) -> String {
    let mut reason = escaped(said).to_string();
    if let Some((end, _)) = reason.char_indices().nth(LONGEST_REASON) {
        let length = reason.len();
        reason.truncate(end);
        reason += &format!("… ({length} bytes)");
    }
    reason
}

/// Returns true if a character is shown as its escape.
fn is_escaped(found: char) -> bool {
    found.is_control()
        || matches!(
            found,
            // Soft hyphen, Arabic letter mark, Mongolian vowel separator.
            '\u{ad}' | '\u{61c}' | '\u{180e}'
            // Without width, and the marks of a direction.
            | '\u{200b}'..='\u{200f}'
            // Separators of lines and paragraphs, and embeddings and overrides of a direction.
            | '\u{2028}'..='\u{202e}'
            // Word joiner, invisible operators, isolates, deprecated formats.
            | '\u{2060}'..='\u{206f}'
            // Byte order mark, interlinear annotations.
            | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
            // Tags.
            | '\u{e0000}'..='\u{e007f}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_control_character_is_escaped() {
        let mut count = 0;
        for found in (0..=0x0010_ffff).filter_map(char::from_u32) {
            let shown = escaped(format!("a{found}b")).to_string();
            if found.is_control() {
                count += 1;
                assert_eq!(shown, format!("a{}b", found.escape_default()));
                assert!(!shown.contains(found));
            }
            // Whatever is left is shown by `Debug`, too, or is a space or a combining mark.
            assert!(shown.chars().all(|one| !one.is_control()), "{found:?}");
        }
        assert_eq!(count, 65);
    }

    #[test]
    fn every_character_of_a_direction_or_without_width_is_escaped() {
        // The property Bidi_Control, and what else is invisible.
        let bidi = "\u{61c}\u{200e}\u{200f}\u{202a}\u{202b}\u{202c}\u{202d}\u{202e}\u{2066}\u{2067}\
                    \u{2068}\u{2069}";
        let invisible = "\u{ad}\u{200b}\u{200c}\u{200d}\u{2060}\u{2061}\u{2062}\u{2063}\u{2064}\u{feff}\
                         \u{2028}\u{2029}\u{180e}\u{e0001}\u{e0041}";
        for found in bidi.chars().chain(invisible.chars()) {
            assert_eq!(escaped(found).to_string(), found.escape_default().to_string());
        }
    }

    #[test]
    fn of_a_long_text_the_beginning_is_quoted() {
        assert_eq!(quoted("a\"\n").to_string(), r#""a\"\n""#);
        assert_eq!(quoted(&"ž".repeat(100)).to_string().chars().count(), 102);
        let long = quoted(&"ž".repeat(1 << 20)).to_string();
        assert_eq!(long, format!("\"{}\"… (2097152 bytes)", "ž".repeat(100)));
        let long = reason("\n".repeat(1 << 20));
        assert_eq!(long, format!("{}… (2097152 bytes)", r"\n".repeat(2_000)));
        assert_eq!(reason("short"), "short");
    }

    #[test]
    fn what_is_written_in_parts_is_escaped_in_each() {
        let shown = escaped(format_args!("{}-{}", "a\r\n", 7)).to_string();
        assert_eq!(shown, r"a\r\n-7");
        for plain in ["", "plain", "Zoë, 5 €, 日本, \u{1f600}, e\u{301}", r"a\nb"] {
            assert_eq!(escaped(plain).to_string(), plain);
        }
    }
}
