//! Values that must not be shown, and where they are looked for.

use std::error::Error;
use std::fmt::Debug;
use std::sync::{Mutex, Once};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

/// A name, an account number and an address, with quotes and words that errors have, too.
pub const MARKER: &str = "Jane \"Doe\", expected 'x': DE89370400440532013000 jane@example.org";

/// The marker as JSON.
pub fn json() -> String {
    serde_json::Value::from(MARKER).to_string()
}

/// Fails if a text has any part of the marker in it.
pub fn check(place: &str, text: &str) {
    for part in ["Jane", "Doe", "DE89", "jane@", "example.org"] {
        assert!(!text.contains(part), "{place} shows `{part}`: {text}");
    }
}

/// The same for all that an error shows.
pub fn check_error(place: &str, error: &(dyn Error + 'static)) {
    let mut next = Some(error);
    while let Some(error) = next {
        check(place, &error.to_string());
        check_debug(place, &error);
        next = error.source();
    }
    check_events(place);
}

pub fn check_debug(place: &str, value: &dyn Debug) {
    check(place, &format!("{value:?}"));
    check(place, &format!("{value:#?}"));
}

static EVENTS: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Collects what is traced from now on, by all threads.
pub fn collect_events() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| tracing::subscriber::set_global_default(Collector).expect("none is set"));
}

/// Fails if anything that was traced shows the marker.
pub fn check_events(place: &str) {
    for event in &*EVENTS.lock().expect("no test panics while it holds it") {
        check(place, event);
    }
}

pub fn has_traced(part: &str) -> bool {
    EVENTS.lock().expect("no test panics while it holds it").iter().any(|it| it.contains(part))
}

struct Collector;

struct Text(String);

impl Visit for Text {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0 += &format!("{field}={value:?} ");
    }
}

impl Collector {
    fn add(record: impl FnOnce(&mut Text)) {
        let mut text = Text(String::new());
        record(&mut text);
        EVENTS.lock().expect("no test panics while it holds it").push(text.0);
    }
}

impl Subscriber for Collector {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("esrs")
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        Self::add(|text| span.record(text));
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, values: &Record<'_>) {
        Self::add(|text| values.record(text));
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        Self::add(|text| event.record(text));
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}
