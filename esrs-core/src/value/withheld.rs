//! Errors without the values that they are about.
//!
//! An error ends up in logs, in parking reasons and on error pages, and a payload may hold anything. So
//! `Display` and `Debug` name the place, the kind of a value and the expectation, and never the value; who
//! needs it asks for it by name.

use std::fmt;

use super::escaped::escaped;

/// A text that may be confidential: `Display` and `Debug` describe it, [`details`](Self::details) returns it.
///
/// It derefs to the description. As the source of a
/// [`StoreError::Database`](crate::StoreError::Database) it is what the driver said.
#[derive(Clone, PartialEq, Eq)]
pub struct Withheld {
    shown: Box<str>,
    text: Box<str>,
}

impl Withheld {
    /// Withholds a text behind a description of it.
    pub fn new(shown: impl Into<String>, text: impl Into<String>) -> Self {
        Self { shown: shown.into().into(), text: text.into().into() }
    }

    /// The whole text.
    pub fn details(&self) -> &str {
        &self.text
    }
}

impl std::error::Error for Withheld {}

impl std::ops::Deref for Withheld {
    type Target = str;

    fn deref(&self) -> &str {
        &self.shown
    }
}

/// A text in which there is nothing to withhold.
impl From<String> for Withheld {
    fn from(text: String) -> Self {
        Self::new(text.clone(), text)
    }
}

impl From<&str> for Withheld {
    fn from(text: &str) -> Self {
        Self::new(text, text)
    }
}

impl fmt::Display for Withheld {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", escaped(&self.shown))
    }
}

impl fmt::Debug for Withheld {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.shown)
    }
}

/// An error of serde, without the values that serde quotes; [`details`](Self::details) has them.
///
/// The words of a `Serialize` or `Deserialize` of your own are withheld too: they may quote the value that
/// was refused.
pub struct JsonError(serde_json::Error);

impl JsonError {
    /// Returns the message of serde, with the values in it.
    pub fn details(&self) -> String {
        self.0.to_string()
    }

    /// The line of the JSON that the error is about, from 1; 0 if it is about none.
    pub fn line(&self) -> usize {
        self.0.line()
    }

    /// The column of that line, from 1; 0 if it is about none.
    pub fn column(&self) -> usize {
        self.0.column()
    }
}

impl From<serde_json::Error> for JsonError {
    fn from(error: serde_json::Error) -> Self {
        Self(error)
    }
}

impl std::error::Error for JsonError {}

impl fmt::Display for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let said = self.0.to_string();
        // Of the syntax serde_json speaks in words that no value is in.
        if !self.0.is_data() {
            return escaped(said).fmt(f);
        }
        let (line, column) = (self.line(), self.column());
        let place =
            if line == 0 { String::new() } else { format!(" at line {line} column {column}") };
        let said = without_value(said.strip_suffix(&*place).unwrap_or(&said));
        write!(f, "{}{place}", escaped(said))
    }
}

impl fmt::Debug for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("JsonError").field(&format_args!("{self}")).finish()
    }
}

/// A longer key of an object is no name of a field.
const LONGEST_FIELD: usize = 40;

/// Removes the values from a message of serde and of the code that it derives.
fn without_value(said: &str) -> String {
    const OWN_WORDS: &str = "a value was refused, in words that may quote it";
    // A panic is in the words of its own code, as it is everywhere.
    if said.starts_with("its `Serialize` panicked: ")
        || said.starts_with("its `Deserialize` panicked: ")
    {
        return said.to_owned();
    }
    let names_field = ["missing field `", "duplicate field `"].iter().any(|start| {
        let name = said.strip_prefix(start).and_then(|rest| rest.strip_suffix('`'));
        name.is_some_and(is_identifier)
    });
    let is_of_enum = said
        .strip_prefix("data did not match any variant of untagged enum ")
        .is_some_and(is_identifier);
    if names_field || is_of_enum {
        return said.to_owned();
    }
    if let Some(rest) = said.strip_prefix("invalid length ")
        && let Some((length, expected)) = rest.split_once(", expected ")
        && length.bytes().all(|byte| byte.is_ascii_digit())
    {
        return format!("invalid length {length}, expected {expected}");
    }
    // The name of a field that is no value, as far as that can be told.
    if let Some(rest) = said.strip_prefix("unknown field `")
        && let Some((name, _)) = rest.split_once('`')
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        && name.starts_with(|first: char| first.is_ascii_lowercase() || first == '_')
        && name.len() <= LONGEST_FIELD
        && let Some((_, expected)) = rest.rsplit_once("`, expected ")
    {
        return format!("unknown field `{name}`, expected {expected}");
    }
    for start in ["unknown field", "unknown variant"] {
        let Some(rest) = said.strip_prefix(start).and_then(|rest| rest.strip_prefix(" `")) else {
            continue;
        };
        // The names that are expected follow behind the last of these.
        return match rest.rsplit_once("`, expected ") {
            Some((_, expected)) => format!("{start}, expected {expected}"),
            None => start.to_owned(),
        };
    }
    for start in ["invalid type", "invalid value"] {
        let Some(rest) = said.strip_prefix(start).and_then(|rest| rest.strip_prefix(": ")) else {
            continue;
        };
        let Some((found, expected)) = rest.rsplit_once(", expected ") else { break };
        // Others than serde may begin in its words, and go on in words of their own.
        let Some(kind) = kind_of(found) else { break };
        return format!("{start}: {kind}, expected {expected}");
    }
    OWN_WORDS.to_owned()
}

fn is_identifier(text: &str) -> bool {
    const LONGEST: usize = 100;
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.:<>".contains(&byte);
    !text.is_empty() && text.len() <= LONGEST && text.bytes().all(is_part)
}

/// The kind of a value, of what serde calls it: `string "…"`, `integer `…``.
fn kind_of(found: &str) -> Option<&'static str> {
    const QUOTED: &[&str] = &["boolean", "integer", "floating point", "character", "string"];
    const WHOLE: &[&str] = &[
        "null",
        "number",
        "byte array",
        "unit value",
        "Option value",
        "newtype struct",
        "sequence",
        "map",
        "enum",
        "unit variant",
        "newtype variant",
        "tuple variant",
        "struct variant",
    ];
    let is_quoted = |kind: &&&str| {
        let value = found.strip_prefix(**kind).and_then(|rest| rest.strip_prefix(' '));
        value.is_some_and(|value| value.starts_with(['`', '"']))
    };
    let found = WHOLE.iter().find(|kind| **kind == found).or_else(|| QUOTED.iter().find(is_quoted));
    found.copied()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use std::collections::BTreeMap;

    use serde::de::DeserializeOwned;
    use serde::{Deserialize, Serialize};

    use super::*;
    use crate::event::EncodeError;
    use crate::event::PayloadError;
    use crate::event::StreamId;
    use crate::log::RowError;

    const MARKER: &str = "Jane Doe, expected `x`, born \\\"1990\\\"";

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code, reason = "it is only read")]
    struct Customer {
        age: u32,
        #[serde(default)]
        born: Option<jiff::Timestamp>,
        #[serde(default)]
        kind: Option<Kind>,
        #[serde(default)]
        either: Option<Either>,
        #[serde(default)]
        pair: Option<(u8, u8)>,
        #[serde(default)]
        own: Option<Own>,
        #[serde(default)]
        letter: Option<char>,
    }

    #[derive(Debug, Deserialize)]
    #[allow(dead_code, reason = "it is only read")]
    enum Kind {
        Private,
        Business(u8),
    }

    #[derive(Debug, Deserialize)]
    #[serde(untagged)]
    #[allow(dead_code, reason = "it is only read")]
    enum Either {
        One(u8),
        Other(bool),
    }

    #[derive(Debug)]
    struct Own;

    impl<'de> Deserialize<'de> for Own {
        fn deserialize<D: serde::Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
            let text = String::deserialize(input)?;
            Err(serde::de::Error::custom(format!("invalid type: no IBAN {text}")))
        }
    }

    fn error<T: DeserializeOwned + fmt::Debug>(json: &str) -> JsonError {
        serde_json::from_str::<T>(json).unwrap_err().into()
    }

    #[test]
    fn no_value_is_shown_and_the_rest_is() {
        let cases = [
            (format!(r#"{{"age":"{MARKER}"}}"#), "invalid type: string, expected u32 at line 1"),
            (format!(r#"{{"age":1,"{MARKER}":1}}"#), "unknown field, expected one of `age`"),
            // Each for a reason of its own is no name of a field.
            (r#"{"age":1,"Jane":1}"#.to_owned(), "unknown field, expected one of `age`"),
            (r#"{"age":1,"born@1990":1}"#.to_owned(), "unknown field, expected one of `age`"),
            (
                format!(r#"{{"age":1,"{}_1990":1}}"#, "x".repeat(LONGEST_FIELD)),
                "unknown field, expected one of `age`",
            ),
            (r#"{"age":1,"old_age":1}"#.to_owned(), "unknown field `old_age`, expected one of"),
            (format!(r#"{{"age":1,"kind":"{MARKER}"}}"#), "unknown variant, expected `Private` or"),
            (format!(r#"{{"age":1,"born":"{MARKER}"}}"#), "a value was refused"),
            (format!(r#"{{"age":1,"own":"{MARKER}"}}"#), "a value was refused"),
            (
                format!(r#"{{"age":1,"letter":"{MARKER}"}}"#),
                "invalid value: string, expected a char",
            ),
            (format!(r#"{{"age":1,"either":"{MARKER}"}}"#), "any variant of untagged enum Either"),
            (format!(r#""{MARKER}""#), "invalid type: string, expected struct Customer"),
            (r#"{"age":-1234567}"#.to_owned(), "invalid value: integer, expected u32"),
            (r#"{"age":1234567.5}"#.to_owned(), "invalid type: floating point, expected u32"),
            (r#"{"age":true}"#.to_owned(), "invalid type: boolean, expected u32"),
            (r#"{"age":null}"#.to_owned(), "invalid type: null, expected u32"),
            (r#"{"age":[1]}"#.to_owned(), "invalid type: sequence, expected u32"),
            (r#"{"age":{}}"#.to_owned(), "invalid type: map, expected u32"),
            (r#"{"age":1,"pair":[1]}"#.to_owned(), "invalid length 1, expected a tuple of size 2"),
            (r#"{}"#.to_owned(), "missing field `age` at line 1 column 2"),
            (r#"{"age":1,"age":1}"#.to_owned(), "duplicate field `age`"),
            (format!(r#"{{"age":1}} {MARKER}"#), "trailing characters at line 1"),
            (format!(r#"{{"age":1,{MARKER}"#), "key must be a string at line 1"),
        ];
        for (json, expected) in cases {
            let error = error::<Customer>(&json);
            let texts = [error.to_string(), format!("{error:?}"), format!("{error:#?}")];
            for text in texts {
                assert!(text.contains(expected), "{json}: {text}");
                for secret in ["Jane", "1990", "1234567", "true`"] {
                    assert!(!text.contains(secret), "{json}: {text}");
                }
            }
            assert_eq!(
                error.details(),
                serde_json::from_str::<Customer>(&json).unwrap_err().to_string()
            );
            assert!(std::error::Error::source(&error).is_none());
        }
        assert!(error::<Customer>(r#"{"age":"Jane"}"#).details().contains("Jane"));
    }

    #[test]
    fn what_a_serialize_says_is_withheld() {
        struct Refusing;
        impl Serialize for Refusing {
            fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
                Err(serde::ser::Error::custom("Jane Doe cannot be written"))
            }
        }
        let error = JsonError::from(serde_json::to_string(&Refusing).unwrap_err());
        assert!(!error.to_string().contains("Jane"), "{error}");
        assert!(error.details().contains("Jane"));
        let keys = BTreeMap::from([(vec![1], 1)]);
        let error = JsonError::from(serde_json::to_string(&keys).unwrap_err());
        assert_eq!(error.to_string(), "key must be a string");
    }

    #[test]
    fn keys_of_rows_and_payloads_are_not_shown() {
        let key = || "Jane".to_owned();
        let stream = StreamId::new("account", 18).unwrap();
        for error in [
            RowError::Missing { key: key() },
            RowError::Exists { key: key() },
            RowError::KeyChanged { key: key(), found: key() },
        ] {
            let shown = format!("{error} {error:?} {}", error.in_stream(&stream));
            assert!(!shown.contains("Jane"), "{shown}");
        }
        let (event, unheld, source) = ("opened", None, PayloadError::NoSuchDecoder(1));
        let error = EncodeError::Unreadable { event, unheld, payload: key(), source };
        assert!(!format!("{error} {error:?}").contains("Jane"), "{error:?}");
        let error = StreamId::new("account", "x".repeat(StreamId::MAX_LENGTH)).unwrap_err();
        assert!(format!("{error} {error:?}").len() < StreamId::MAX_LENGTH, "{error:?}");
    }

    #[test]
    fn a_withheld_text_shows_its_description() {
        let withheld = Withheld::new("a key", "jane@example.org");
        assert_eq!(
            (withheld.to_string(), format!("{withheld:?}")),
            ("a key".into(), "\"a key\"".into())
        );
        assert_eq!((&*withheld, withheld.details()), ("a key", "jane@example.org"));
    }
}
