//! Where a command stands in a distributed trace.

use crate::value::quoted;
use std::fmt;
use std::str::FromStr;

/// A place in a distributed trace, as W3C trace context writes it
/// (<https://www.w3.org/TR/trace-context/>).
///
/// ```
/// use esrs_core::TraceContext;
///
/// let header = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
/// let context: TraceContext = header.parse()?;
/// assert_eq!(context.traceparent(), header);
///
/// let same = TraceContext::new(0x4bf92f3577b34da6a3ce929d0e0e4736, 0x00f067aa0ba902b7, 1);
/// assert_eq!(same, Some(context));
/// # Ok::<(), esrs_core::InvalidTraceparent>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TraceContext {
    traceparent: String,
    tracestate: Option<String>,
}

/// Why a text is no `traceparent`.
///
/// Of a long text, the message and `Debug` show the beginning.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[error("{} is not a `traceparent`: {reason}", quoted(.text))]
pub struct InvalidTraceparent {
    /// The text.
    pub text: String,
    /// The fault.
    pub reason: &'static str,
}

impl fmt::Debug for InvalidTraceparent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InvalidTraceparent")
            .field("text", &quoted(&self.text))
            .field("reason", &self.reason)
            .finish()
    }
}

impl TraceContext {
    /// The place of a span in a trace; `None` when one of the two ids is 0, which stands for none.
    ///
    /// Of the flags, bit 0 says that the trace is sampled.
    pub fn new(trace_id: u128, span_id: u64, flags: u8) -> Option<Self> {
        let traceparent = format!("00-{trace_id:032x}-{span_id:016x}-{flags:02x}");
        (trace_id != 0 && span_id != 0).then_some(Self { traceparent, tracestate: None })
    }

    /// The same place, with what vendors have to say of it; an empty text says nothing.
    #[must_use]
    pub fn with_tracestate(mut self, tracestate: impl Into<String>) -> Self {
        self.tracestate = Some(tracestate.into()).filter(|text| !text.is_empty());
        self
    }

    /// The `traceparent`: version, trace, span and flags.
    pub fn traceparent(&self) -> &str {
        &self.traceparent
    }

    /// The `tracestate`.
    pub fn tracestate(&self) -> Option<&str> {
        self.tracestate.as_deref()
    }

    pub(crate) fn into_parts(self) -> (String, Option<String>) {
        (self.traceparent, self.tracestate)
    }
}

impl FromStr for TraceContext {
    type Err = InvalidTraceparent;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match fault(text) {
            None => Ok(Self { traceparent: text.to_owned(), tracestate: None }),
            Some(reason) => Err(InvalidTraceparent { text: text.to_owned(), reason }),
        }
    }
}

impl fmt::Display for TraceContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.traceparent)
    }
}

/// Returns the fault that keeps a text from being a `traceparent`. A later version begins like version 00,
/// and may go on behind another hyphen.
fn fault(text: &str) -> Option<&'static str> {
    let mut parts = text.splitn(5, '-');
    let mut next = |length| parts.next().filter(|part| part.len() == length && is_hex(part));
    let (Some(version), Some(trace), Some(span), Some(_flags)) =
        (next(2), next(32), next(16), next(2))
    else {
        return Some(
            "it is made of 2, 32, 16 and 2 lowercase hexadecimal digits, with hyphens between",
        );
    };
    let is_zero = |id: &str| id.bytes().all(|digit| digit == b'0');
    match (version, parts.next()) {
        ("ff", _) => Some("there is no version ff"),
        ("00", Some(_)) => Some("version 00 ends behind the flags"),
        _ if is_zero(trace) => Some("the id of its trace is 0, which stands for none"),
        _ if is_zero(span) => Some("the id of its span is 0, which stands for none"),
        _ => None,
    }
}

fn is_hex(text: &str) -> bool {
    text.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use super::*;

    const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
    const SPAN: &str = "00f067aa0ba902b7";

    #[test]
    fn of_a_long_text_an_error_shows_the_beginning() {
        let error = "\u{1b}x".repeat(1 << 19).parse::<TraceContext>().unwrap_err();
        for said in [error.to_string(), format!("{error:?}")] {
            assert!(said.contains(r"\u{1b}x") && said.len() < 1_000, "{}", said.len());
            assert!(!said.contains('\u{1b}'));
        }
    }

    #[test]
    fn a_traceparent_is_what_w3c_says() {
        let right = [
            format!("00-{TRACE}-{SPAN}-00"),
            format!("00-{TRACE}-{SPAN}-03"),
            format!("cc-{TRACE}-{SPAN}-01-what-the-future-brings"),
        ];
        for text in right {
            assert_eq!(text.parse::<TraceContext>().unwrap().to_string(), text);
        }
        let wrong = [
            String::new(),
            TRACE.to_owned(),
            format!("00-{TRACE}-{SPAN}"),
            format!("0-{TRACE}-{SPAN}-01"),
            format!("00-{TRACE}0-{SPAN}-01"),
            format!("00-{}-{SPAN}-01", TRACE.to_uppercase()),
            format!("00-{TRACE}-{SPAN}-01-more"),
            format!("00-{TRACE}-{SPAN}-01-"),
            format!("cc-{TRACE}-{SPAN}-01.more"),
            format!("ff-{TRACE}-{SPAN}-01"),
            format!("00-{:032}-{SPAN}-01", 0),
            format!("00-{TRACE}-{:016}-01", 0),
            format!("00-{TRACE}-{SPAN}-ä"),
        ];
        for text in wrong {
            let error = text.parse::<TraceContext>().unwrap_err();
            assert_eq!(error.text, text, "{error}");
        }
    }

    #[test]
    fn an_id_of_0_is_no_place_in_a_trace() {
        assert_eq!(TraceContext::new(0, 1, 1), None);
        assert_eq!(TraceContext::new(1, 0, 1), None);
        let context = TraceContext::new(1, 1, 0).unwrap().with_tracestate("");
        assert_eq!(context.tracestate(), None);
        assert_eq!(context.traceparent(), format!("00-{:032}-{:016}-00", 1, 1));
    }
}
