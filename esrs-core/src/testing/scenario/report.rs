//! The message of a failed scenario.

use std::fmt::{self, Debug, Display};

use serde_json::Value;

use super::diff::{Part, parts};
use super::log;
use crate::aggregate::Aggregate;
use crate::event::Metadata;
use crate::log::{BoxError, NewEvent};
use crate::value::Changes;

/// So many lines that are the same are shown around one that is not.
const CONTEXT: usize = 3;

/// An event as it is told and compared: by its stored name, its version and its payload.
#[derive(Debug, Clone)]
pub(super) struct Told {
    name: String,
    version: u32,
    payload: String,
}

impl Told {
    pub(super) fn of(event: &NewEvent) -> Self {
        let (name, payload) = (event.name.to_string(), event.payload.clone());
        Self { name, version: event.version, payload }
    }

    /// Tells the events of an aggregate.
    ///
    /// # Errors
    /// When one of them cannot be written.
    pub(super) fn all<A: Aggregate>(events: &[A::Event]) -> Result<Vec<Self>, BoxError> {
        let events = log::encode_all::<A>(events, log::TIME, &Metadata::new())?;
        Ok(events.iter().map(Self::of).collect())
    }

    fn json(&self) -> Option<Value> {
        serde_json::from_str(&self.payload).ok()
    }
}

impl PartialEq for Told {
    /// The keys of an object may stand in any order, such as those of a `HashMap`.
    fn eq(&self, other: &Self) -> bool {
        let sorted = |text: &str| {
            let mut bytes = text.as_bytes().to_vec();
            bytes.sort_unstable();
            bytes
        };
        (&self.name, self.version) == (&other.name, other.version)
            && (self.payload == other.payload
                // The letters too: in a `Value` a number beyond 64 bits is not exact.
                || self.json() == other.json() && sorted(&self.payload) == sorted(&other.payload))
    }
}

impl Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} v{} {}", self.name, self.version, self.payload)
    }
}

/// The text of a failure: what failed, and then, title by title, what led there.
pub(super) struct Report(String);

impl Report {
    pub(super) fn new(headline: impl Display) -> Self {
        Self(headline.to_string())
    }

    /// A title, and what stands below it, each on a line of its own.
    pub(super) fn section<T: Display>(
        mut self,
        title: &str,
        lines: impl IntoIterator<Item = T>,
    ) -> Self {
        self.title(title);
        let from = self.0.len();
        lines.into_iter().for_each(|line| self.line(' ', line));
        if self.0.len() == from {
            self.line(' ', "nothing");
        }
        self
    }

    /// A title, and below it what was expected and what came, event by event.
    pub(super) fn events(mut self, title: &str, expected: &[Told], actual: &[Told]) -> Self {
        self.title(title);
        for part in parts(expected, actual) {
            match part {
                Part::Same(places, _) => {
                    expected[places].iter().for_each(|event| self.line(' ', event));
                }
                Part::Changed(missing, added) => {
                    self.changed_events(&expected[missing], &actual[added]);
                }
            }
        }
        self
    }

    /// Those of the same name are told in pairs, with what their payloads differ in.
    fn changed_events(&mut self, missing: &[Told], added: &[Told]) {
        let names = |events: &[Told]| events.iter().map(|event| event.name.clone()).collect();
        let (missing_names, added_names): (Vec<String>, Vec<String>) =
            (names(missing), names(added));
        for part in parts(&missing_names, &added_names) {
            let (Part::Same(before, after) | Part::Changed(before, after)) = &part;
            let (missing, added) = (&missing[before.clone()], &added[after.clone()]);
            if let Part::Same(..) = part {
                missing.iter().zip(added).for_each(|(missing, added)| self.pair(missing, added));
            } else {
                missing.iter().for_each(|event| self.line('-', event));
                added.iter().for_each(|event| self.line('+', event));
            }
        }
    }

    fn pair(&mut self, missing: &Told, added: &Told) {
        self.line('-', missing);
        self.line('+', added);
        if let (Some(from), Some(to)) = (missing.json(), added.json()) {
            for change in &Changes::between(&from, &to) {
                self.line(' ', format_args!("    {change}"));
            }
        }
    }

    /// A title, and below it the lines of two texts and what they differ in.
    pub(super) fn texts(mut self, title: &str, expected: &str, actual: &str) -> Self {
        self.title(title);
        let (expected, actual): (Vec<_>, Vec<_>) =
            (expected.lines().collect(), actual.lines().collect());
        let parts = parts(&expected, &actual);
        for (number, part) in parts.iter().enumerate() {
            match part {
                Part::Same(places, _) => {
                    let (first, last) = (number == 0, number + 1 == parts.len());
                    self.context(&expected[places.clone()], first, last);
                }
                Part::Changed(missing, added) => {
                    expected[missing.clone()].iter().for_each(|line| self.line('-', line));
                    actual[added.clone()].iter().for_each(|line| self.line('+', line));
                }
            }
        }
        self
    }

    /// The state that was expected and the one that came.
    pub(super) fn states(self, expected: &impl Debug, actual: &impl Debug) -> Self {
        self.texts("state (- expected, + actual)", &lines_of(expected), &lines_of(actual))
    }

    /// Those of the lines that stand near a change; the first and the last part have one side only.
    fn context(&mut self, lines: &[&str], first: bool, last: bool) {
        let head = if first { 0 } else { CONTEXT };
        let tail = if last { 0 } else { CONTEXT };
        // Three dots are no shorter than the line that they stand for.
        if lines.len() <= head + tail + 1 {
            return lines.iter().for_each(|line| self.line(' ', line));
        }
        lines[..head].iter().for_each(|line| self.line(' ', line));
        self.line(' ', format_args!("… {} lines", lines.len() - head - tail));
        lines[lines.len() - tail..].iter().for_each(|line| self.line(' ', line));
    }

    fn title(&mut self, title: &str) {
        self.0.push('\n');
        self.0.push_str(title);
    }

    fn line(&mut self, sign: char, line: impl Display) {
        let line = format!("\n  {sign} {line}");
        self.0.push_str(line.trim_end());
    }

    #[track_caller]
    pub(super) fn fail(self) -> ! {
        panic!("{}", self.0)
    }
}

/// The lines of a value, as its `Debug` writes them.
pub(super) fn lines_of(value: &impl Debug) -> String {
    format!("{value:#?}")
}

/// The name of a type, without the modules that it and its parameters stand in.
pub(super) fn type_name<T>() -> String {
    let mut short = String::new();
    for (number, part) in std::any::type_name::<T>().split("::").enumerate() {
        if number > 0 {
            let in_word = |letter: char| letter.is_alphanumeric() || letter == '_';
            short.truncate(short.trim_end_matches(in_word).len());
        }
        short.push_str(part);
    }
    short
}
