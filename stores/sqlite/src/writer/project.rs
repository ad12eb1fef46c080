//! Giving an append's own events to the inline read models.

use esrs_core::store::{NewEnvelope, NewRecord, PageWriter};
use esrs_core::{Appended, BoxError, NewEvent, Page, Position, StoreError};
use jiff::Timestamp;

use super::{PreparedAppend, Writer};
use crate::error::Fault;

impl Writer {
    /// Gives the events of `append`, which stand where `appended` says, to the inline read models.
    pub(super) fn project(
        &mut self,
        append: &PreparedAppend,
        appended: &Appended,
    ) -> Result<(), Fault> {
        if self.inline.is_empty() {
            return Ok(());
        }
        self.page = page_of(append, appended, std::mem::take(&mut self.page))?;
        let Self { inline, connection, page, .. } = self;
        inline.iter_mut().try_for_each(|inline| inline.apply(connection, page))
    }
}

/// The same page that a reader would have, once the append is committed.
fn page_of(append: &PreparedAppend, appended: &Appended, page: Page) -> Result<Page, Fault> {
    let mut writer = page.into_writer();
    let mut position = appended.first_position;
    let mut details = append.details.iter();
    for (part, stands) in append.batch.streams.iter().zip(&appended.streams) {
        let stream = writer.add_stream(part.stream.clone());
        for (version, event) in (stands.first_version..).zip(&part.events) {
            let kind = writer.intern_kind(&event.name, event.version);
            let record = NewRecord { position, version, stream, kind };
            let details = details.next().and_then(Option::as_deref);
            let envelope = envelope(event, details, &mut writer).map_err(|source| {
                StoreError::Damaged { stream: part.stream.to_string(), position, source }
            })?;
            writer.push_with_envelope(record, event.payload.as_bytes(), envelope);
            position = Position::new(position.get() + 1);
        }
    }
    Ok(writer.finish(true, appended.last_position)?)
}

fn envelope(
    event: &NewEvent,
    details: Option<&str>,
    writer: &mut PageWriter,
) -> Result<NewEnvelope, BoxError> {
    Ok(NewEnvelope {
        event_id: event.id,
        // To the microsecond, as it will be read.
        recorded_at: Timestamp::from_microsecond(event.recorded_at.as_microsecond())?,
        correlation_id: event.metadata.correlation_id(),
        causation_id: event.metadata.causation_id(),
        metadata: details.map(|details| writer.intern_metadata(details)).transpose()?,
    })
}
