//! Runs a script against a store and a model of it, and compares every answer.

use std::collections::HashMap;

use super::operation::{Condition, KEYS, NAMES, Operation, Part, STREAMS};
use crate::event::{Metadata, Position, StreamId};
use crate::log::IdempotencyKey;
use crate::log::{
    AppendBatch, AppendCondition, Appended, Conflict, EventFilter, NewEvent, Page, ReadQuery,
    StoreError, StreamAppend,
};
use crate::store::EventStore;
use crate::testing::conformance::support::{
    Follower, Seen, end_of_log, event_with, read, seen, stored, stream_of,
};

/// Runs a script against `store` and a model of it, on streams that nobody has used before.
///
/// # Panics
/// When the store answers an operation otherwise than the model, or holds something else in the end.
pub async fn run(store: &dyn EventStore, script: &[Operation]) {
    let mut model = Model {
        start: end_of_log(store).await,
        streams: (0..STREAMS).map(|n| stream_of(CATEGORIES[usize::from(n % 2)], "model")).collect(),
        log: Vec::new(),
        appends: Vec::new(),
        keys: HashMap::new(),
    };
    for operation in script {
        model.step(store, operation).await;
    }
    for stream in &model.streams {
        let found: Vec<_> = stored(store, stream)
            .await
            .into_iter()
            .map(|event| (event.envelope().event_id, event.position))
            .collect();
        let expected: Vec<_> = model
            .log
            .iter()
            .filter(|event| event.stream == *stream)
            .map(|event| (event.event.id, event.position))
            .collect();
        assert_eq!(found, expected, "after the script {stream} does not hold what the model holds");
    }
}

const CATEGORIES: [&str; 2] = ["conformance_model", "conformance_other"];

/// All that a store is, as plainly as it can be said.
struct Model {
    /// Where the log ended before the script.
    start: Position,
    streams: Vec<StreamId>,
    log: Vec<Logged>,
    /// The stored batches, and their answers.
    appends: Vec<(AppendBatch, Appended)>,
    keys: HashMap<(StreamId, IdempotencyKey), Appended>,
}

struct Logged {
    stream: StreamId,
    version: u64,
    position: Position,
    event: NewEvent,
}

/// The result of an append that the model expects.
enum Expected {
    Stored,
    Repeated(Appended),
    Conflict(Conflict),
    IdTaken,
}

impl Model {
    async fn step(&mut self, store: &dyn EventStore, operation: &Operation) {
        match operation {
            Operation::Append { parts, key } => {
                let batch = self.batch(parts, *key);
                self.append(store, batch, operation).await;
            }
            Operation::Repeat { back } => {
                if let Some((batch, _)) = self.earlier(*back) {
                    let batch = batch.clone();
                    self.append(store, batch, operation).await;
                }
            }
            Operation::Mix { back } => {
                if let Some((batch, _)) = self.earlier(*back) {
                    let part = &batch.streams[0];
                    let mixed = vec![part.events[0].clone(), event_with("\"mixed\"")];
                    let stream = part.stream.clone();
                    let batch = AppendBatch::new(stream, AppendCondition::Any, mixed);
                    self.append(store, batch, operation).await;
                }
            }
            Operation::Find { stream, key } => self.find(store, *stream, *key).await,
            Operation::ReadStream { stream, after, limit, max_bytes } => {
                let query = ReadQuery::stream(self.stream(*stream).clone())
                    .limit(usize::from(*limit))
                    .max_bytes(usize::from(*max_bytes));
                self.read_stream(store, query, *stream, u64::from(*after)).await;
            }
            Operation::ReadAll { after, limit, names } => {
                self.read_all(store, usize::from(*after), usize::from(*limit), *names).await;
            }
        }
    }

    fn stream(&self, number: u8) -> &StreamId {
        &self.streams[usize::from(number % STREAMS)]
    }

    fn version(&self, stream: &StreamId) -> u64 {
        self.log.iter().filter(|event| event.stream == *stream).count() as u64
    }

    fn earlier(&self, back: u8) -> Option<&(AppendBatch, Appended)> {
        let count = self.appends.len();
        count.checked_sub(1).map(|last| &self.appends[last - usize::from(back) % count])
    }

    fn batch(&self, parts: &[Part], key: Option<u8>) -> AppendBatch {
        let mut batch = AppendBatch::default();
        for part in parts {
            let stream = self.stream(part.stream).clone();
            if part.names.is_empty() || batch.streams.iter().any(|other| other.stream == stream) {
                continue;
            }
            let version = self.version(&stream);
            let condition = match part.condition {
                Condition::Any => AppendCondition::Any,
                Condition::NoStream => AppendCondition::NoStream,
                Condition::Current => AppendCondition::Version(version),
                Condition::Behind(by) => {
                    AppendCondition::Version(version.saturating_sub(by.into()))
                }
                Condition::Ahead(by) => AppendCondition::Version(version + u64::from(by)),
            };
            let number = self.log.len() + batch.events().count();
            let events = part.names.iter().enumerate().map(|(place, name)| NewEvent {
                name: NAMES[usize::from(*name) % NAMES.len()].into(),
                version: u32::from(*name) + 1,
                metadata: match number % 3 {
                    0 => Metadata::new(),
                    _ => Metadata::new().with("number", number.to_string()),
                },
                ..event_with(format!("{{\"number\":{},\"text\":\"š\"}}", number + place))
            });
            let events = events.collect();
            batch.streams.push(StreamAppend { stream, condition, events });
        }
        batch.idempotency_key = key.map(key_text);
        batch
    }

    fn expect(&self, batch: &AppendBatch) -> Expected {
        let key = batch.idempotency_key.clone();
        if let Some(first) =
            key.and_then(|key| self.keys.get(&(batch.streams[0].stream.clone(), key)))
        {
            return Expected::Repeated(first.clone());
        }
        let ids = |batch: &AppendBatch| batch.events().map(|(_, e)| e.id).collect::<Vec<_>>();
        if let Some((_, first)) = self.appends.iter().find(|(other, _)| ids(other) == ids(batch)) {
            return Expected::Repeated(first.clone());
        }
        if batch.events().any(|(_, event)| self.log.iter().any(|old| old.event.id == event.id)) {
            return Expected::IdTaken;
        }
        for part in &batch.streams {
            let (stream, expected) = (part.stream.clone(), part.condition);
            let actual = self.version(&stream);
            let fulfilled = match expected {
                AppendCondition::Any => true,
                AppendCondition::NoStream => actual == 0,
                AppendCondition::Version(version) => actual == version,
                AppendCondition::LastEvent { version, id } => {
                    let last = self.log.iter().rev().find(|logged| logged.stream == stream);
                    actual == version && last.is_some_and(|logged| logged.event.id == id)
                }
            };
            if !fulfilled {
                return Expected::Conflict(Conflict { stream, expected, actual });
            }
        }
        Expected::Stored
    }

    async fn append(&mut self, store: &dyn EventStore, batch: AppendBatch, operation: &Operation) {
        if batch.streams.is_empty() {
            return;
        }
        let answer = store.append(batch.clone()).await;
        match (self.expect(&batch), answer) {
            (Expected::Stored, Ok(appended)) => self.push(store, batch, appended, operation).await,
            (Expected::Repeated(first), Ok(again)) => {
                let first = Appended { repeated: true, ..first };
                assert_eq!(again, first, "{operation:?} was not answered with the first result");
            }
            (Expected::Conflict(expected), Err(StoreError::Conflict(actual))) => {
                assert_eq!(actual, expected, "{operation:?} was refused for another conflict");
            }
            (Expected::IdTaken, Err(StoreError::EventIdTaken { .. })) => {}
            (expected, answer) => {
                let expected = match expected {
                    Expected::Stored => "store it".to_owned(),
                    Expected::Repeated(first) => format!("answer with {first:?}"),
                    Expected::Conflict(conflict) => format!("say that {conflict}"),
                    Expected::IdTaken => "say that an id is taken".to_owned(),
                };
                panic!("on {operation:?} the store has to {expected}, and it answered {answer:?}");
            }
        }
    }

    async fn push(
        &mut self,
        store: &dyn EventStore,
        batch: AppendBatch,
        appended: Appended,
        operation: &Operation,
    ) {
        assert!(!appended.repeated, "{operation:?} was taken for a repetition");
        assert_eq!(appended.streams.len(), batch.streams.len(), "{operation:?}: {appended:?}");
        let mut last = self.log.last().map_or(self.start, |last| last.position);
        let first_new = self.log.len();
        for (part, answer) in batch.streams.iter().zip(&appended.streams) {
            let before = self.version(&part.stream);
            let ends = (before + 1, before + part.events.len() as u64);
            assert_eq!(
                (&answer.stream, answer.first_version, answer.last_version),
                (&part.stream, ends.0, ends.1),
                "{operation:?} was given other versions"
            );
            // Where an event stands is the store's to say; from now on it stands there for ever.
            let query = ReadQuery::stream(part.stream.clone()).after_version(before);
            let page = seen(&read(store, query.limit(part.events.len()), Page::new()).await);
            assert_eq!(page.len(), part.events.len(), "{operation:?} was not stored whole");
            for (event, seen) in part.events.iter().zip(page) {
                let (stream, event, position) = (part.stream.clone(), event.clone(), seen.position);
                assert!(position > last, "{operation:?} was put to {position}, behind {last}");
                self.log.push(Logged { stream, version: seen.version, position, event });
                last = position;
            }
        }
        assert_eq!(
            (appended.first_position, appended.last_position),
            (self.log[first_new].position, last),
            "{operation:?} was answered with other positions than it has"
        );
        if let Some(key) = batch.idempotency_key.clone() {
            self.keys.insert((batch.streams[0].stream.clone(), key), appended.clone());
        }
        self.appends.push((batch, appended));
    }

    async fn find(&self, store: &dyn EventStore, stream: u8, key: u8) {
        let (stream, key) = (self.stream(stream).clone(), key_text(key));
        let expected = self.keys.get(&(stream.clone(), key.clone()));
        let expected = expected.map(|first| Appended { repeated: true, ..first.clone() });
        match store.find_append(stream.clone(), key.clone()).await {
            Ok(found) => {
                assert_eq!(found, expected, "by {key} on {stream} another append is found")
            }
            Err(error) => panic!("{key} could not be looked for on {stream}: {error}"),
        }
    }

    async fn read_stream(
        &self,
        store: &dyn EventStore,
        query: ReadQuery,
        stream: u8,
        mut after: u64,
    ) {
        let stream = self.stream(stream);
        let from = after;
        let expected =
            self.log.iter().filter(|event| event.stream == *stream && event.version > from);
        let mut expected = expected.peekable();
        let mut page = Page::new();
        loop {
            page = read(store, query.clone().after_version(after).with_envelopes(), page).await;
            assert!(page.len() <= query.limit, "a page holds more than {} events", query.limit);
            for event in seen(&page) {
                match expected.next() {
                    Some(logged) => logged.assert_is(&event),
                    None => panic!("{stream} holds what the model does not: {event:?}"),
                }
                after = event.version;
            }
            assert_eq!(
                page.is_last(),
                expected.peek().is_none(),
                "a page of {stream} behind version {after} is mistaken in whether it is the last"
            );
            if page.is_last() {
                return;
            }
            assert!(
                !page.is_empty(),
                "a page of {stream} is empty, and says that it is not the last"
            );
        }
    }

    async fn read_all(
        &self,
        store: &dyn EventStore,
        after: usize,
        limit: usize,
        names: Option<u8>,
    ) {
        let after = self.log.get(after).map_or(self.start, |event| event.position);
        let mut filter = EventFilter::everything();
        if let Some(bits) = names {
            let wanted: Vec<_> =
                (0..NAMES.len()).filter(|n| bits >> n & 1 == 1).map(|n| NAMES[n]).collect();
            filter = filter.and(CATEGORIES[0], wanted);
        }
        let expected: Vec<_> = self
            .log
            .iter()
            .filter(|logged| logged.position > after)
            .filter(|logged| filter.allows(logged.stream.category(), &logged.event.name))
            .collect();
        let query = ReadQuery::all().only(filter).limit(limit).with_envelopes();
        let mut follower = Follower::new(query, after);
        let found = follower.rest(store, &self.streams, expected.len()).await;
        assert_eq!(found.len(), expected.len(), "the log holds more or less than the model");
        for (event, logged) in found.iter().zip(expected) {
            logged.assert_is(event);
        }
    }
}

impl Logged {
    fn assert_is(&self, seen: &Seen) {
        let envelope = seen.envelope();
        assert_eq!(
            (&seen.stream, seen.version, seen.position, envelope.event_id),
            (&self.stream, self.version, self.position, self.event.id),
            "another event stands here than in the model"
        );
        assert_eq!(
            (seen.name.as_str(), seen.event_version, seen.payload.as_str(), &envelope.metadata),
            (&*self.event.name, self.event.version, &*self.event.payload, &self.event.metadata),
            "an event is not what it was"
        );
    }
}

fn key_text(key: u8) -> IdempotencyKey {
    IdempotencyKey::new(format!("key {}", key % KEYS))
}
