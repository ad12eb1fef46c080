//! A page of events: one text that holds every payload, and an index into it.

use std::ops::Range;
use std::sync::Arc;

use jiff::Timestamp;
use uuid::Uuid;

use super::read::ReadQuery;
use super::{LogMark, Snapshot};
use crate::event::{Envelope, EventKind, Metadata, Position, StreamId};
use crate::value::JsonError;

/// A page of recorded events.
///
/// All payloads stand one after the other in one `String`, which is checked to be UTF-8 once. The
/// few (name, version) pairs of a page are listed once, and a record carries the number of its
/// pair, so a decoder is looked up once a page and not once an event. A page is used again: reading
/// into one that has been full before allocates nothing.
#[derive(Debug, Default)]
pub struct Page {
    text: String,
    entries: Vec<Entry>,
    envelopes: Vec<NewEnvelope>,
    kinds: Vec<EventKind>,
    streams: Vec<StreamId>,
    metadata: Vec<(String, Metadata)>,
    snapshot: Option<Snapshot>,
    is_last: bool,
    scanned: Position,
    mark: Option<LogMark>,
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    position: Position,
    version: u64,
    end: usize,
    stream: StreamIndex,
    kind: KindIndex,
}

/// The number of an [`EventKind`] within one page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KindIndex(u32);

impl KindIndex {
    /// Its place in [`Page::kinds`].
    pub fn get(self) -> usize {
        self.0 as usize
    }
}

/// The number of a stream within one page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StreamIndex(u32);

impl StreamIndex {
    /// Its place in [`Page::streams`].
    pub fn get(self) -> usize {
        self.0 as usize
    }
}

/// The number of some stored metadata within one page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MetadataIndex(u32);

/// One event of a page.
#[derive(Clone, Copy)]
pub struct Record<'a> {
    page: &'a Page,
    entry: &'a Entry,
    index: usize,
    payload: &'a str,
}

/// The event, without the rest of its page.
impl std::fmt::Debug for Record<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Record")
            .field("position", &self.position())
            .field("stream", self.stream())
            .field("version", &self.version())
            .field("kind", self.kind())
            .field("payload", &self.payload)
            .field("envelope", &self.envelope())
            .finish()
    }
}

impl<'a> Record<'a> {
    /// Its JSON.
    pub fn payload(&self) -> &'a str {
        self.payload
    }

    /// The number of its kind within the page.
    pub fn kind_index(&self) -> usize {
        self.entry.kind.get()
    }

    /// Its stored name and version.
    pub fn kind(&self) -> &'a EventKind {
        &self.page.kinds[self.entry.kind.get()]
    }

    /// The number of its stream within the page.
    pub fn stream_index(&self) -> usize {
        self.entry.stream.get()
    }

    /// Its stream.
    pub fn stream(&self) -> &'a StreamId {
        &self.page.streams[self.entry.stream.get()]
    }

    /// Its number within the stream, from 1.
    pub fn version(&self) -> u64 {
        self.entry.version
    }

    /// Its place among all events.
    pub fn position(&self) -> Position {
        self.entry.position
    }

    /// When it was recorded, when the query asked [`with_envelopes`](crate::ReadQuery).
    pub fn recorded_at(&self) -> Option<Timestamp> {
        Some(self.page.envelopes.get(self.index)?.recorded_at)
    }

    /// Returns what is stored next to the payload, if the query asked [`with_envelopes`](crate::ReadQuery).
    pub fn envelope(&self) -> Option<Envelope> {
        let stored = self.page.envelopes.get(self.index)?;
        let metadata = match stored.metadata {
            Some(index) => Metadata::sharing(
                stored.correlation_id,
                stored.causation_id,
                &self.page.metadata[index.0 as usize].1,
            ),
            None => {
                Metadata::sharing(stored.correlation_id, stored.causation_id, &Metadata::default())
            }
        };
        Some(Envelope {
            stream: self.stream().clone(),
            version: self.entry.version,
            position: self.entry.position,
            event_id: stored.event_id,
            recorded_at: stored.recorded_at,
            metadata,
        })
    }
}

impl Page {
    /// An empty page, without memory yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns the number of events that it holds.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Returns true if it holds none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The kinds of its events; a record's [`kind_index`](Record::kind_index) is a place in it.
    pub fn kinds(&self) -> &[EventKind] {
        &self.kinds
    }

    /// The streams of its events; a record's [`stream_index`](Record::stream_index) is a place in it.
    pub fn streams(&self) -> &[StreamId] {
        &self.streams
    }

    /// The snapshot that it begins with: its events are those behind it. There is none unless the
    /// query asked for it, and the store has one.
    pub fn snapshot(&self) -> Option<&Snapshot> {
        self.snapshot.as_ref()
    }

    /// Its events, in order.
    #[inline]
    pub fn records(&self) -> impl ExactSizeIterator<Item = Record<'_>> {
        self.records_in(0..self.len())
    }

    /// Its events in these places, in order.
    #[inline]
    pub(crate) fn records_in(
        &self,
        places: Range<usize>,
    ) -> impl ExactSizeIterator<Item = Record<'_>> {
        let mut start = self.start(places.start);
        let mut rest = &self.text[start..];
        places.clone().zip(&self.entries[places]).map(move |(index, entry)| {
            let (payload, behind) = rest.split_at(entry.end - start);
            (rest, start) = (behind, entry.end);
            Record { page: self, entry, index, payload }
        })
    }

    /// The event in this place.
    pub(crate) fn record(&self, index: usize) -> Record<'_> {
        let entry = &self.entries[index];
        let payload = &self.text[self.start(index)..entry.end];
        Record { page: self, entry, index, payload }
    }

    /// Where the payload in this place begins.
    fn start(&self, index: usize) -> usize {
        index.checked_sub(1).map_or(0, |before| self.entries[before].end)
    }

    /// Returns the length of its payloads, in bytes.
    pub fn payload_bytes(&self) -> usize {
        self.text.len()
    }

    /// Returns true if nothing stood behind it when it was read.
    pub fn is_last(&self) -> bool {
        self.is_last
    }

    /// Up to where the log was searched, and of a stream that is read backwards the position of its last
    /// record; a query with a filter may have passed over events behind
    /// the last that it found.
    pub fn scanned(&self) -> Position {
        self.scanned
    }

    /// The last event of what was searched: of a stream, the last that the page goes up to, which may be
    /// that of its snapshot; of the log, the last one at or before [`scanned`](Self::scanned). `None` if
    /// there is none.
    pub fn mark(&self) -> Option<LogMark> {
        self.mark
    }

    /// Empties the page and starts to fill it again, in the memory that it has.
    pub fn into_writer(self) -> PageWriter {
        let Self { text, mut entries, mut envelopes, mut kinds, mut streams, mut metadata, .. } =
            self;
        let mut text = text.into_bytes();
        text.clear();
        entries.clear();
        envelopes.clear();
        kinds.clear();
        streams.clear();
        metadata.clear();
        let (snapshot, mark) = (None, None);
        PageWriter { text, entries, envelopes, kinds, streams, metadata, snapshot, mark }
    }
}

/// Fills a page; for the author of a store.
#[derive(Debug)]
pub struct PageWriter {
    text: Vec<u8>,
    entries: Vec<Entry>,
    envelopes: Vec<NewEnvelope>,
    kinds: Vec<EventKind>,
    streams: Vec<StreamId>,
    metadata: Vec<(String, Metadata)>,
    snapshot: Option<Snapshot>,
    mark: Option<LogMark>,
}

/// Where an event stands, on its way into a page.
#[derive(Debug, Clone, Copy)]
pub struct NewRecord {
    /// Its place among all events.
    pub position: Position,
    /// Its number within the stream.
    pub version: u64,
    /// Its stream, as [`PageWriter::add_stream`] numbered it.
    pub stream: StreamIndex,
    /// Its kind, as [`PageWriter::intern_kind`] numbered it.
    pub kind: KindIndex,
}

/// The envelope of an event that is pushed into a page.
#[derive(Debug, Clone, Copy)]
pub struct NewEnvelope {
    /// The event's own id.
    pub event_id: Uuid,
    /// When it was recorded.
    pub recorded_at: Timestamp,
    /// See [`Metadata::correlation_id`].
    pub correlation_id: Option<Uuid>,
    /// See [`Metadata::causation_id`].
    pub causation_id: Option<Uuid>,
    /// The rest of the metadata, as [`PageWriter::intern_metadata`] numbered it.
    pub metadata: Option<MetadataIndex>,
}

/// A page was built wrongly, or a stored payload is no UTF-8.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the payload at {position} is not UTF-8")]
pub struct InvalidPage {
    /// The position of the first invalid payload.
    pub position: Position,
}

impl PageWriter {
    /// Returns the number of events that it holds so far.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Returns true if it holds none so far.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Returns true if it holds as much as `query` asks for; an empty page never does, whatever the query.
    #[inline]
    pub fn is_full(&self, query: &ReadQuery) -> bool {
        let full = self.text.len() >= query.max_bytes || self.len() >= query.limit;
        full && !self.is_empty()
    }

    /// Numbers a kind; the same kind has the same number.
    pub fn intern_kind(&mut self, name: &Arc<str>, version: u32) -> KindIndex {
        let known = self.kinds.iter().position(|kind| {
            kind.version == version && (Arc::ptr_eq(&kind.name, name) || kind.name == *name)
        });
        let index = known.unwrap_or_else(|| {
            self.kinds.push(EventKind { name: name.clone(), version });
            self.kinds.len() - 1
        });
        KindIndex(index as u32)
    }

    /// Numbers a stream. The store sees to it that a stream is added once, by what it knows
    /// streams by; a stream that is added twice has two numbers, and no harm is done.
    pub fn add_stream(&mut self, stream: StreamId) -> StreamIndex {
        self.streams.push(stream);
        StreamIndex((self.streams.len() - 1) as u32)
    }

    /// Numbers what [`Metadata::details_json`] wrote; events of one command share it.
    ///
    /// # Errors
    /// When it is something else.
    pub fn intern_metadata(&mut self, details: &str) -> Result<MetadataIndex, JsonError> {
        if self.metadata.last().is_none_or(|(text, _)| text != details) {
            let metadata = Metadata::from_parts(None, None, Some(details))?;
            self.metadata.push((details.to_owned(), metadata));
        }
        Ok(MetadataIndex((self.metadata.len() - 1) as u32))
    }

    /// Begins the page with a snapshot that the query [allows](super::SnapshotQuery::allows); the
    /// events that are added are those behind it.
    pub fn begin_with(&mut self, snapshot: Snapshot) {
        self.snapshot = Some(snapshot);
    }

    /// The event that the snapshot goes up to, with which the page begins.
    pub fn snapshot_mark(&self) -> Option<LogMark> {
        let Snapshot { position, event_id, .. } = *self.snapshot.as_ref()?;
        Some(LogMark { position, event_id })
    }

    /// Sets what [`Page::mark`] answers.
    pub fn set_mark(&mut self, mark: Option<LogMark>) {
        self.mark = mark;
    }

    /// Adds an event, without an envelope.
    #[inline]
    pub fn push(&mut self, record: NewRecord, payload: &[u8]) {
        self.text.extend_from_slice(payload);
        let NewRecord { position, version, stream, kind } = record;
        self.entries.push(Entry { position, version, stream, kind, end: self.text.len() });
    }

    /// Adds an event, with its envelope; a page holds envelopes for all of its events or for none.
    pub fn push_with_envelope(&mut self, record: NewRecord, payload: &[u8], with: NewEnvelope) {
        self.push(record, payload);
        self.envelopes.push(with);
    }

    /// Closes the page. `is_last` says that nothing stood behind it, and `scanned` up to where the
    /// log was searched.
    ///
    /// # Errors
    /// [`InvalidPage`] when a payload is not UTF-8.
    pub fn finish(self, is_last: bool, scanned: Position) -> Result<Page, InvalidPage> {
        let Self { text, entries, envelopes, kinds, streams, metadata, snapshot, mark } = self;
        let text = String::from_utf8(text).map_err(|error| {
            let valid_up_to = error.utf8_error().valid_up_to();
            let broken = entries.iter().find(|entry| entry.end > valid_up_to);
            InvalidPage { position: broken.map_or(Position::START, |entry| entry.position) }
        })?;
        // A payload that is cut within a character may be valid together with its neighbour.
        match entries.iter().find(|entry| !text.is_char_boundary(entry.end)) {
            Some(entry) => Err(InvalidPage { position: entry.position }),
            None => Ok(Page {
                text,
                entries,
                envelopes,
                kinds,
                streams,
                metadata,
                snapshot,
                is_last,
                scanned,
                mark,
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(writer: &mut PageWriter, number: u64) -> NewRecord {
        let stream = StreamId::new("a", "1").unwrap();
        NewRecord {
            position: Position::new(number),
            version: number,
            stream: writer.add_stream(stream),
            kind: writer.intern_kind(&"b".into(), 1),
        }
    }

    #[test]
    fn payloads_come_back_one_by_one_and_kinds_are_listed_once() {
        let mut writer = Page::new().into_writer();
        for (number, payload) in [(1, "{}"), (2, "\"š\""), (3, "")] {
            let record = record(&mut writer, number);
            writer.push(record, payload.as_bytes());
        }
        let page = writer.finish(true, Position::new(3)).unwrap();
        let payloads: Vec<_> = page.records().map(|record| record.payload()).collect();
        assert_eq!(payloads, ["{}", "\"š\"", ""]);
        assert_eq!(page.kinds().len(), 1);
    }

    #[test]
    fn a_payload_that_is_not_utf8_is_named_by_its_position() {
        let mut writer = Page::new().into_writer();
        for (number, payload) in [(1, &b"{}"[..]), (2, &[0xff]), (3, b"{}")] {
            let record = record(&mut writer, number);
            writer.push(record, payload);
        }
        let error = writer.finish(true, Position::START).unwrap_err();
        assert_eq!(error.position, Position::new(2));
    }

    #[test]
    fn two_halves_of_a_character_in_two_payloads_are_not_taken_for_one() {
        let mut writer = Page::new().into_writer();
        for (number, payload) in [(1, &[0xc5][..]), (2, &[0xa1])] {
            let record = record(&mut writer, number);
            writer.push(record, payload);
        }
        let error = writer.finish(true, Position::START).unwrap_err();
        assert_eq!(error.position, Position::new(1));
    }

    #[test]
    fn a_record_shows_itself_and_not_its_page() {
        let mut writer = Page::new().into_writer();
        for number in 1..=2 {
            let record = record(&mut writer, number);
            writer.push(record, format!("\"payload {number}\"").as_bytes());
        }
        let page = writer.finish(true, Position::new(2)).unwrap();
        let shown = format!("{:?}", page.records().next().unwrap());
        assert!(shown.contains("payload 1") && !shown.contains("payload 2"), "{shown}");
    }

    #[test]
    fn a_recycled_page_keeps_its_memory_and_nothing_else() {
        let mut writer = Page::new().into_writer();
        let first = record(&mut writer, 1);
        writer.push(first, &[b' '; 4096]);
        let page = writer.finish(true, Position::new(1)).unwrap();
        let memory = page.text.as_ptr();
        let mut writer = page.into_writer();
        let again = record(&mut writer, 2);
        writer.push(again, b"{}");
        let page = writer.finish(false, Position::new(2)).unwrap();
        assert_eq!((page.text.as_ptr(), page.len(), page.kinds().len()), (memory, 1, 1));
    }
}
