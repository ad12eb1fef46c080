//! Pages that are written again, with something else in them.

use esrs_core::store::{NewEnvelope, NewRecord, PageWriter};
use esrs_core::{EventKind, Page, Record};

/// Where an event stands, and of which kind it is said to be; `None` leaves it out.
pub(crate) type Rewritten = Option<(NewRecordOf, EventKind)>;

/// Where an event is said to stand.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NewRecordOf {
    pub(crate) position: u64,
    pub(crate) version: u64,
}

/// The event as it stands.
pub(crate) fn same(record: &Record<'_>) -> Rewritten {
    let place = NewRecordOf { position: record.position().get(), version: record.version() };
    Some((place, record.kind().clone()))
}

/// Adds the events of `page` as `rewrite` says.
pub(crate) fn add(
    writer: &mut PageWriter,
    page: &Page,
    rewrite: impl Fn(&Record<'_>) -> Rewritten,
) {
    for record in page.records() {
        let Some((place, kind)) = rewrite(&record) else { continue };
        let new = NewRecord {
            position: esrs_core::Position::new(place.position),
            version: place.version,
            stream: writer.add_stream(record.stream().clone()),
            kind: writer.intern_kind(&kind.name, kind.version),
        };
        let payload = record.payload().as_bytes();
        match record.envelope() {
            None => writer.push(new, payload),
            Some(envelope) => {
                let details = envelope.metadata.details_json().unwrap();
                let metadata = details.map(|text| writer.intern_metadata(&text).unwrap());
                let envelope = NewEnvelope {
                    event_id: envelope.event_id,
                    recorded_at: envelope.recorded_at,
                    correlation_id: envelope.metadata.correlation_id(),
                    causation_id: envelope.metadata.causation_id(),
                    metadata,
                };
                writer.push_with_envelope(new, payload, envelope);
            }
        }
    }
}

/// The page with its events as `rewrite` says.
pub(crate) fn rewritten(page: &Page, rewrite: impl Fn(&Record<'_>) -> Rewritten) -> Page {
    let mut writer = Page::new().into_writer();
    add(&mut writer, page, rewrite);
    writer.finish(page.is_last(), page.scanned()).unwrap()
}

/// The page with another end.
pub(crate) fn ended(page: &Page, is_last: bool, scanned: esrs_core::Position) -> Page {
    let mut writer = Page::new().into_writer();
    add(&mut writer, page, same);
    writer.finish(is_last, scanned).unwrap()
}
