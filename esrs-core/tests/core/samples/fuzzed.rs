//! Reading a log never panics, whatever stands in it: payloads that were made up are broken, and read as
//! every version of every event.
//!
//! There is a short round, and a long one of ten minutes, which prints what it counted:
//! `ESRS_FUZZ=long cargo test --release -p esrs-core --test core fuzzed -- --nocapture`. The dice of a
//! round are printed as `ESRS_FUZZ_SEED=…`, and fall the same way again with that set.

use std::time::{Duration, Instant};

use esrs_core::schema::lock::outline_of;
use esrs_core::schema::lock::tree::Tree;
use esrs_core::{
    AppendBatch, AppendCondition, CommandFingerprint, Event, Metadata, NewEvent, OccurredAt,
    Schema, StreamId, TraceContext, escaped,
};
use proptest::prelude::Rng;
use proptest::test_runner::{RngAlgorithm, TestRng};

use super::history::{self, Everything, Moved};

/// The tokens that make a difference to a reader of JSON.
const TOKENS: &[&str] = &[
    "null",
    "true",
    "{",
    "}",
    "[",
    "]",
    "{}",
    "[]",
    ",",
    ":",
    "\"",
    "\\",
    "\\u0000",
    "\\ud800",
    "-",
    "-0",
    "0",
    "1e999",
    "1e-999",
    "18446744073709551616",
    "-9223372036854775809",
    "0.1",
    ".",
    "e",
    "\"cents\"",
    "\"t\"",
    "\"c\"",
    "\"the kind\"",
    "\u{feff}",
    "\u{0}",
    "😀",
    " ",
    "\n",
    "NaN",
];

struct Dice(TestRng);

impl Dice {
    fn below(&mut self, many: usize) -> usize {
        // The remainder is below `many`, which is a usize.
        self.0.next_u64().checked_rem(many as u64).unwrap_or(0) as usize
    }

    fn break_once(&mut self, text: &mut Vec<u8>, others: &[String]) {
        let (at, end) = (self.below(text.len() + 1), self.below(text.len() + 1));
        let (at, end) = (at.min(end), at.max(end));
        match self.below(8) {
            0 => text.truncate(at),
            1 => drop(text.drain(at..end)),
            2 => drop(text.splice(at..at, text[at..end].to_vec())),
            3 => {
                let token = TOKENS[self.below(TOKENS.len())].bytes();
                drop(text.splice(at..at, token));
            }
            4 => {
                let token = TOKENS[self.below(TOKENS.len())].bytes();
                drop(text.splice(at..end.min(at + 6), token));
            }
            5 => {
                let other = others[self.below(others.len())].as_bytes();
                let from = self.below(other.len() + 1);
                drop(text.splice(at.., other[from..].to_vec()));
            }
            6 => {
                if let Some(byte) = text.get_mut(at) {
                    *byte ^= 1 << self.below(8);
                }
            }
            // Deeper than a reader may go.
            _ => drop(text.splice(at..at, [b'['].repeat(self.below(400)))),
        }
    }

    fn noise(&mut self) -> Vec<u8> {
        let mut bytes = vec![0; self.below(64)];
        self.0.fill_bytes(&mut bytes);
        bytes
    }
}

fn seed() -> u64 {
    match std::env::var("ESRS_FUZZ_SEED") {
        Ok(seed) => seed.parse().unwrap(),
        Err(_) => uuid::Uuid::now_v7().as_u64_pair().1,
    }
}

/// Returns the time that a round may take, and the greatest number of its texts.
fn bounds() -> (Duration, u64) {
    match std::env::var("ESRS_FUZZ").is_ok_and(|round| round == "long") {
        true => (Duration::from_secs(600), u64::MAX),
        false => (Duration::from_secs(20), 20_000),
    }
}

/// Runs `one` with dice until the round is over.
fn round(name: &str, mut one: impl FnMut(&mut Dice) -> u64) {
    let (seed, (time, most)) = (seed(), bounds());
    println!("ESRS_FUZZ_SEED={seed}");
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let mut dice = Dice(TestRng::from_seed(RngAlgorithm::ChaCha, &bytes));
    let (begun, mut texts, mut taken) = (Instant::now(), 0, 0);
    while texts < most && begun.elapsed() < time {
        taken += one(&mut dice);
        texts += 1;
    }
    println!("{name}: {texts} texts, {taken} of their readings came to something");
    // Otherwise everything was broken beyond all recognition.
    assert!(taken > 0);
}

#[test]
fn no_payload_makes_the_reader_of_any_version_panic() {
    let all = history::all();
    let payloads: Vec<_> = all.iter().flat_map(|stored| stored.payloads.clone()).collect();
    round("payloads", |dice| {
        let mut bytes = match dice.below(20) {
            0 => dice.noise(),
            _ => payloads[dice.below(payloads.len())].clone().into_bytes(),
        };
        for _ in 0..dice.below(4) {
            dice.break_once(&mut bytes, &payloads);
        }
        let text = String::from_utf8_lossy(&bytes);
        let readings = all.iter().flat_map(|stored| (0..=4).map(move |version| (stored, version)));
        readings.filter(|(stored, version)| (stored.decode)(*version, &text)).count() as u64
    });
}

#[test]
fn no_lock_makes_its_reader_panic() {
    let outlines = [outline_of(Everything::SHAPE), outline_of(Moved::SHAPE)];
    let lines: Vec<_> = outlines.concat();
    round("outlines", |dice| {
        let mut outline = outlines[dice.below(2)].clone();
        let line = dice.below(outline.len());
        let mut bytes = outline[line].clone().into_bytes();
        for _ in 0..dice.below(3) {
            dice.break_once(&mut bytes, &lines);
        }
        outline[line] = String::from_utf8_lossy(&bytes).into_owned();
        u64::from(Tree::parse(&outline).is_ok())
    });
}

#[test]
fn what_was_read_once_is_read_again_after_it_was_written() {
    let payloads = history::all().swap_remove(2).payloads;
    round("written again", |dice| {
        let mut bytes = payloads[dice.below(payloads.len())].clone().into_bytes();
        for _ in 0..dice.below(3) {
            dice.break_once(&mut bytes, &payloads);
        }
        let text = String::from_utf8_lossy(&bytes);
        let Ok(event) = Moved::decode(Moved::VERSION, &text) else { return 0 };
        let written = serde_json::to_string(&event).unwrap();
        let again = Moved::decode(Moved::VERSION, &written).unwrap();
        assert_eq!(serde_json::to_string(&again).unwrap(), written);
        1
    });
}

/// Breaks one of `texts` up to four times, or makes up noise.
fn broken(dice: &mut Dice, texts: &[String]) -> String {
    let mut bytes = match dice.below(20) {
        0 => dice.noise(),
        _ => texts[dice.below(texts.len())].clone().into_bytes(),
    };
    for _ in 0..dice.below(4) {
        dice.break_once(&mut bytes, texts);
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn owned(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

/// A line of a log, whatever is in it.
fn assert_line(text: &str) {
    assert!(!text.chars().any(char::is_control), "{text:?}");
}

#[test]
fn no_header_makes_its_reader_panic() {
    let headers = owned(&[
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-what-is-new",
        "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
    ]);
    round("traceparent", |dice| {
        let header = broken(dice, &headers);
        match header.parse::<TraceContext>() {
            Ok(context) => {
                assert_eq!(context.traceparent().parse(), Ok(context.clone()), "{header:?}");
                1
            }
            Err(error) => {
                assert_line(&error.to_string());
                0
            }
        }
    });
}

#[test]
fn no_name_makes_its_reader_panic() {
    let names = owned(&["account-1", "bank_account-a-b", "a-\u{1b}[2J", "a-\u{202e}b", "-", "a-"]);
    round("names", |dice| {
        let name = broken(dice, &names);
        match name.parse::<StreamId>() {
            Ok(stream) => {
                assert_eq!(format!("{}-{}", stream.category(), stream.id()), name);
                assert_line(&escaped(&stream).to_string());
                1
            }
            Err(error) => {
                assert_line(&error.to_string());
                0
            }
        }
    });
}

#[test]
fn no_key_metadata_or_payload_makes_the_check_of_a_batch_panic() {
    let texts = owned(&["key-1", "alice", "{}", "[1,\"a\"]", "\u{1b}[2J", "\u{e9}\u{301}"]);
    round("batches", |dice| {
        let [key, actor, name, value, payload] = std::array::from_fn(|_| broken(dice, &texts));
        let event = NewEvent {
            id: uuid::Uuid::now_v7(),
            name: name.into(),
            version: 1,
            payload,
            recorded_at: jiff::Timestamp::UNIX_EPOCH,
            metadata: Metadata::new().with_actor(actor).with(value.clone(), value),
        };
        let stream = StreamId::new("fuzzed", 1).unwrap();
        let mut batch = AppendBatch::new(stream, AppendCondition::Any, vec![event]);
        if dice.below(2) == 0 {
            batch = batch.with_idempotency_key(key);
        }
        let details = batch.details().unwrap().remove(0);
        let again = Metadata::from_parts(None, None, details.as_deref()).unwrap();
        assert_eq!(again, batch.streams[0].events[0].metadata);
        match batch.check() {
            Ok(()) => 1,
            Err(error) => {
                assert_line(&error.to_string());
                0
            }
        }
    });
}

#[test]
fn no_text_that_is_stored_beside_an_event_makes_its_reader_panic() {
    let texts = owned(&[
        r#"{"actor":"alice","traceparent":"00","keys":{"branch":"Brno"}}"#,
        r#"{"occurred_at":"2026-01-31T12:00:00+01:00[Europe/Prague]"}"#,
        "2026-01-31T12:00:00+01:00[Europe/Prague]",
        "2026-01-31T12:00:00Z",
        r#"{"form":1,"commands":[{"type":"Deposit","content":"9"}]}"#,
    ]);
    round("beside events", |dice| {
        let text = broken(dice, &texts);
        let metadata = Metadata::from_parts(None, None, Some(&text)).is_ok();
        let time = serde_json::from_value::<OccurredAt>(text.clone().into()).is_ok();
        let fingerprint = CommandFingerprint::from_json(&text).is_some();
        u64::from(metadata) + u64::from(time) + u64::from(fingerprint)
    });
}
