//! A stream that cannot be replayed is an error that says which event, where and why.

use std::error::Error;

use esrs_core::__private::{ByDerive, Encoder, KnownEvent};
use esrs_core::store::NewRecord;
use esrs_core::{
    Aggregate, Emit, Event, EventType, Fingerprint, IntoEvents, Page, PayloadError, Position,
    ReplayError, ReplayFault, Schema, Shape, StoredAs, StreamId, replay,
};
use serde::{Deserialize, Serialize};

#[derive(Debug, Serialize, Deserialize)]
#[serde(transparent)]
struct Added(i64);

impl Schema for Added {
    const SHAPE: &'static Shape = i64::SHAPE;
    const FINGERPRINT: Fingerprint = i64::FINGERPRINT;
}

impl Emit for Added {}
impl Event for Added {
    const USE_THE_DERIVE: ByDerive = ByDerive::GENERATED;
    const NAME: &'static str = "added";
    const VERSION: u32 = 2;
    const ALIASES: &'static [&'static str] = &["plus"];

    fn decode(version: u32, payload: &str) -> Result<Self, PayloadError> {
        match version {
            2 => Ok(serde_json::from_str(payload)?),
            _ => Err(PayloadError::NewerVersion { version, newest: 2 }),
        }
    }
}

/// The sum of what was added.
#[derive(Debug, Default, PartialEq)]
struct Sum(i64);

struct SumEvent(Added);

impl Emit for SumEvent {}
impl IntoEvents<Sum> for SumEvent {
    fn push_into(self, events: &mut impl Extend<SumEvent>) {
        events.extend(Some(self));
    }
}

impl Aggregate for Sum {
    const USE_THE_DERIVE: ByDerive = ByDerive::GENERATED;
    const NAME: &'static str = "sum";
    const EVENTS: &'static [EventType] = &[EventType::of::<Added>()];
    const IGNORED: usize = 0;
    const RETIRED: &'static [&'static str] = &["shown"];
    const FOLD: Fingerprint = esrs_core::__private::fold::<Self>(1, 0, &[]);
    type Id = u64;
    type Requires = ();
    type Event = SumEvent;

    fn initial() -> Self {
        Self::default()
    }

    fn apply_event(&mut self, event: SumEvent) {
        self.0 += event.0.0;
    }

    fn replay(
        &mut self,
        decoder: usize,
        stored: StoredAs,
        payload: &str,
    ) -> Result<(), PayloadError> {
        self.apply_event(Self::decode(decoder, stored, payload)?);
        Ok(())
    }

    fn decode(decoder: usize, stored: StoredAs, payload: &str) -> Result<SumEvent, PayloadError> {
        match decoder {
            0 => Added::decode_stored(stored, payload).map(SumEvent),
            other => Err(PayloadError::NoSuchDecoder(other)),
        }
    }

    fn encode_into(
        event: &SumEvent,
        encoder: &mut Encoder,
    ) -> (usize, Result<(), serde_json::Error>) {
        (0, event.0.encode_payload(encoder))
    }
}

/// Events of one stream: version, stored name, version of the shape, payload. Each is at ten
/// times its version.
fn page(events: &[(u64, &str, u32, &str)]) -> Page {
    let mut writer = Page::new().into_writer();
    let stream = writer.add_stream(StreamId::new("sum", 1).unwrap());
    for (version, name, event_version, payload) in events {
        let kind = writer.intern_kind(&(*name).into(), *event_version);
        let position = Position::new(version * 10);
        let record = NewRecord { position, version: *version, stream, kind };
        writer.push(record, payload.as_bytes());
    }
    writer.finish(true, Position::START).unwrap()
}

fn fails_after(sum: i64, version: u64, events: &[(u64, &str, u32, &str)]) -> ReplayError {
    let mut state = Sum::default();
    let error = replay(&mut state, version, &page(events)).unwrap_err();
    assert_eq!(state, Sum(sum), "the state does not hold the events before the one that failed");
    error
}

#[test]
fn events_are_folded_in_order_by_name_and_alias_and_retired_ones_are_skipped() {
    let mut state = Sum::default();
    let events = [(1, "added", 2, "4"), (2, "shown", 9, "no JSON"), (3, "plus", 2, " 38 ")];
    assert_eq!(replay(&mut state, 0, &page(&events)).unwrap(), 3);
    assert_eq!(state, Sum(42));
    assert_eq!(replay(&mut state, 3, &page(&[(4, "added", 2, "-42")])).unwrap(), 4);
    assert_eq!(replay(&mut state, 4, &page(&[])).unwrap(), 4);
    assert_eq!(state, Sum(0));
}

#[test]
fn a_gap_in_the_versions_is_an_error() {
    let error = fails_after(1, 0, &[(1, "added", 2, "1"), (3, "added", 2, "1")]);
    assert!(matches!(error.reason, ReplayFault::OutOfOrder { after: 1 }), "{error}");
    assert_eq!((error.version, error.position), (3, Position::new(30)));
    let error = fails_after(0, 0, &[(2, "added", 2, "1")]);
    assert!(matches!(error.reason, ReplayFault::OutOfOrder { after: 0 }), "{error}");
}

#[test]
fn a_version_that_comes_again_is_an_error() {
    let error = fails_after(1, 4, &[(5, "added", 2, "1"), (5, "added", 2, "1")]);
    assert!(matches!(error.reason, ReplayFault::OutOfOrder { after: 5 }), "{error}");
    let error = fails_after(0, 4, &[(0, "shown", 2, "1")]);
    assert!(matches!(error.reason, ReplayFault::OutOfOrder { after: 4 }), "{error}");
}

#[test]
fn an_event_that_nobody_knows_is_an_error_that_names_it() {
    let error = fails_after(1, 0, &[(1, "added", 2, "1"), (2, "taken", 7, "1")]);
    assert!(matches!(error.reason, ReplayFault::UnknownEvent { aggregate: "sum" }), "{error}");
    let text = error.to_string();
    for part in ["sum-1", "`taken`", "version 7", "at 20", "beyond version 1", "retired(\"…\")"] {
        assert!(text.contains(part), "the error does not say {part:?}: {text}");
    }
}

#[test]
fn a_payload_that_cannot_be_read_is_an_error_that_says_why() {
    let error = fails_after(0, 0, &[(1, "added", 2, "\"one\"")]);
    assert!(matches!(error.reason, ReplayFault::Payload(PayloadError::Json(_))), "{error}");
    assert!(
        error.source().is_some_and(|reason| reason.to_string().contains("string, expected i64")),
        "{error}"
    );
    // The value is told on request only.
    let ReplayFault::Payload(PayloadError::Json(json)) = &error.reason else { panic!("{error}") };
    assert!(json.details().contains("\"one\""));
    assert!(!format!("{error} {error:?}").replace('\\', "").contains("\"one\""), "{error:?}");
    let error = fails_after(0, 0, &[(1, "added", 3, "1")]);
    let newer = ReplayFault::Payload(PayloadError::NewerVersion { version: 3, newest: 2 });
    assert_eq!(error.reason.to_string(), newer.to_string());
}
