//! Text for a terminal or a line of a log.

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

/// The greatest length of the reason of a parked stream, in characters.
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
    line(said, LONGEST_REASON)
}

/// Returns a text that may be anything as a part of a line; of a long one its first characters and its length.
pub(crate) fn brief(text: impl Display) -> String {
    line(text, QUOTED)
}

fn line(text: impl Display, longest: usize) -> String {
    let mut line = escaped(text).to_string();
    if let Some((end, _)) = line.char_indices().nth(longest) {
        let length = line.len();
        line.truncate(end);
        line += &format!("… ({length} bytes)");
    }
    line
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
    use std::convert::Infallible;
    use std::time::Duration;

    use serde_json::json;

    use super::super::changes::Changes;
    use super::super::withheld::JsonError;
    use super::*;
    use crate::aggregate::{ReplayError, ReplayFault};
    use crate::event::BlankActor;
    use crate::event::MergeError;
    use crate::event::PayloadError;
    use crate::event::Position;
    use crate::event::RetypeError;
    use crate::event::StreamId;
    use crate::log::AppendCondition;
    use crate::log::AsOf;
    use crate::log::BoxError;
    use crate::log::ColumnError;
    use crate::log::CommandFingerprint;
    use crate::log::Conflict;
    use crate::log::KeyReused;
    use crate::log::LimitExceeded;
    use crate::log::ProjectionError;
    use crate::log::RowError;
    use crate::log::StoreError;
    use crate::repository::ExecuteError;
    use crate::repository::LoadError;
    use crate::repository::SnapshotError;
    use crate::schema::FormatMismatch;

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
        let long = brief("\u{1b}".repeat(1 << 20));
        assert_eq!(long, format!(r"{}\u{{1… (6291456 bytes)", r"\u{1b}".repeat(16)));
        assert_eq!(brief("A-1"), "A-1");
    }

    /// A text that forges a line, and says something to a terminal.
    const HOSTILE: &str = "a\nb\r\u{1b}[2J\u{9b}31m\u{202e}c\u{200b}";

    fn hostile() -> String {
        HOSTILE.to_owned()
    }

    /// A stream's name has no control characters, and may have others that a terminal obeys.
    fn stream() -> StreamId {
        StreamId::new("account", "a\u{202e}c\u{200b}").expect("a valid name")
    }

    /// The errors of a store with a text in them from elsewhere.
    fn errors_of_stores() -> Vec<StoreError> {
        let (location, reason) = (hostile, hostile);
        let (stored, declared, position) = (hostile, hostile, Position::new(1));
        let (place, event_id, waited) = (hostile, uuid::Uuid::nil(), Duration::ZERO);
        let row = |reason| ProjectionError {
            projection: "accounts",
            event: hostile(),
            event_version: 1,
            stream: stream(),
            version: 1,
            position,
            reason: Box::new(reason),
        };
        let step = || PayloadError::Upcast { from: 1, source: HOSTILE.into() };
        let reused =
            KeyReused { stream: stream(), key: hostile(), expected: hostile(), found: hostile() };
        let limit = LimitExceeded { what: "it", stream: Some(stream()), actual: 2, max: 1 };
        let actual = 1;
        let conflict = Conflict { stream: stream(), expected: AppendCondition::Any, actual };
        vec![
            conflict.into(),
            reused.into(),
            limit.into(),
            StoreError::InvalidBatch { reason: reason() },
            StoreError::EventDiffers { event_id, place: place(), what: "payload" },
            StreamId::new(HOSTILE, HOSTILE).expect_err("it is no name").into(),
            StoreError::HistoryChanged { event_id, place: place(), head: position },
            StoreError::Replaced { location: location(), reason: reason() },
            StoreError::TimedOut { location: location(), doing: "it", waited },
            StoreError::Busy { location: location(), waited },
            StoreError::Full { location: location() },
            StoreError::ReadOnly { location: location(), reason: reason() },
            StoreError::Unavailable { location: location(), reason: reason() },
            StoreError::Denied { location: location(), reason: reason() },
            StoreError::NotADatabase { location: location(), reason: reason() },
            StoreError::NewerSchema { location: location(), found: 2, known: 1 },
            StoreError::UnexpectedSchema {
                location: location(),
                object: hostile(),
                reason: reason(),
            },
            StoreError::Damaged { stream: hostile(), position, source: HOSTILE.into() },
            row(RowError::Payload(step())).into(),
            row(RowError::Missing { key: stream().id().to_owned() }).into(),
            row(RowError::Exists { key: stream().id().to_owned() }).into(),
            row(RowError::Key { id: hostile(), reason: reason() }).into(),
            row(RowError::Column(ColumnError { column: Some("it"), reason: reason() })).into(),
            row(RowError::Refused { reason: HOSTILE.into() }).into(),
            row(RowError::Handler(HOSTILE.into())).into(),
            row(RowError::Panicked { message: hostile() }).into(),
            StoreError::ProjectionChanged {
                table: "accounts",
                stored: stored(),
                declared: declared(),
            },
            StoreError::ProjectionSuperseded {
                table: "accounts",
                stored: stored(),
                declared: declared(),
            },
            StoreError::RowRefused { table: hostile(), reason: HOSTILE.into() },
            StoreError::Parked {
                subscription: hostile(),
                stream: stream(),
                version: 1,
                event: hostile(),
                reason: reason(),
            },
            StoreError::SubscriptionFailed {
                subscription: hostile(),
                reached: position,
                reason: reason(),
            },
            StoreError::SubscriptionTaken { name: hostile(), reason: reason() },
            StoreError::ProjectionTable { table: "accounts", reason: reason() },
            StoreError::Fenced { lease: hostile(), fence: 1 },
            StoreError::Unknown { reason: reason() },
            StoreError::Database { doing: "it", source: HOSTILE.into() },
        ]
    }

    /// The errors of a command, but for a rejection, which is in the words of the domain.
    fn errors_of_commands() -> Vec<ExecuteError<Infallible>> {
        let json = || -> JsonError {
            let error: serde_json::Error =
                serde::de::Error::custom(format_args!("its `Deserialize` panicked: {HOSTILE}"));
            error.into()
        };
        let (message, event, version) = (hostile, "opened", 1);
        let replay = |reason| ReplayError {
            stream: stream(),
            version,
            position: Position::new(1),
            event: hostile(),
            event_version: 1,
            reason,
        };
        let actual = 1;
        let conflict = Conflict { stream: stream(), expected: AppendCondition::Any, actual };
        let merge = MergeError { from: "a", to: "b", source: HOSTILE.into() };
        let field = RetypeError { field: "a", source: HOSTILE.into() };
        let fingerprint = CommandFingerprint::of(&Panics).expect_err("it panics");
        let mut errors = vec![
            ExecuteError::Conflict { attempts: 1, conflict },
            ExecuteError::Encode { stream: stream(), event, source: json() },
            ExecuteError::Unreadable {
                stream: stream(),
                event,
                source: PayloadError::Part { part: "a", source: json() },
                unheld: None,
            },
            ExecuteError::ApplyPanicked {
                stream: stream(),
                version,
                event: hostile(),
                message: message(),
            },
            ExecuteError::ClonePanicked { stream: stream(), version, message: message() },
            ExecuteError::SameInstance { stream: stream() },
            ExecuteError::DifferentStores { stream: stream() },
            ExecuteError::KeyNotOnFirst { stream: stream() },
            ExecuteError::Fingerprint { stream: stream(), source: fingerprint },
            ExecuteError::BlankActor {
                stream: stream(),
                source: BlankActor { text: "\n\u{2028}\u{85}".to_owned() },
            },
        ];
        errors.extend(
            [
                LoadError::NotThere { stream: stream(), as_of: AsOf::Version(9), version },
                LoadError::Initial { stream: stream(), message: message() },
                LoadError::ClonePanicked { stream: stream(), version, message: message() },
                LoadError::State { stream: stream(), version, source: json() },
                replay(ReplayFault::Panicked { message: message() }).into(),
                replay(PayloadError::Json(json()).into()).into(),
                replay(PayloadError::Panicked { message: message() }.into()).into(),
                replay(PayloadError::Merge(Box::new(merge)).into()).into(),
                replay(PayloadError::Upcast { from: 1, source: field.into() }.into()).into(),
            ]
            .map(ExecuteError::from),
        );
        errors
    }

    fn errors_of_snapshots() -> Vec<SnapshotError> {
        let (version, message) = (1, hostile);
        let source =
            FormatMismatch { format: "a", of_crate: "b", expected: "c", found: "d".to_owned() };
        vec![
            SnapshotError::Format { stream: stream(), version, source },
            SnapshotError::Uncomparable { stream: stream(), version, message: message() },
            SnapshotError::Different { stream: stream(), version },
        ]
    }

    struct Panics;

    impl serde::Serialize for Panics {
        fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
            panic!("{HOSTILE}")
        }
    }

    #[test]
    fn every_error_is_one_line_that_says_nothing_to_a_terminal() {
        let mut errors: Vec<BoxError> = Vec::new();
        errors.extend(errors_of_stores().into_iter().map(BoxError::from));
        errors.extend(errors_of_commands().into_iter().map(BoxError::from));
        errors.extend(errors_of_snapshots().into_iter().map(BoxError::from));
        for error in errors {
            for shown in [error.to_string(), format!("{error:?}")] {
                assert!(!shown.chars().any(is_escaped), "{shown:?}");
                assert!(!shown.contains("no message"), "{shown}");
            }
        }
        assert!(!format!("{:?}", stream()).chars().any(is_escaped));
    }

    #[test]
    fn a_change_is_one_line_that_says_nothing_to_a_terminal() {
        let (before, after) = (json!({ HOSTILE: HOSTILE, "a": 1 }), json!({ "a": HOSTILE }));
        let changes = Changes::between(&before, &after);
        assert_eq!(changes.len(), 2);
        for change in changes.iter() {
            assert!(!change.to_string().chars().any(is_escaped), "{change}");
        }
        assert_eq!(changes.to_string().lines().count(), 2);
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
