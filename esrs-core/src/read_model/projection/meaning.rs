//! The meaning of a stored event to its listeners.

use std::collections::BTreeSet;

use super::Source;
use super::pass::guarded;
use crate::aggregate::{SplitEvents, find};
use crate::event::{EventKind, Position, StreamId};
use crate::log::{EventFilter, Page, ProjectionError, Record, RowError};
use crate::schema::{EventType, StoredAs};

/// The meaning of an event to a listener of the sources.
#[derive(Clone, Copy)]
enum Meaning {
    /// It is decoded by this source.
    Source(usize, StoredAs),
    /// It counts as its parts.
    Parts(SplitEvents, usize, StoredAs),
    /// Nobody listens to it.
    Nothing,
}

/// Returns the meaning of an event of this name and version to a listener of `sources`.
fn meaning(sources: &[Source], category: &str, kind: &EventKind) -> Meaning {
    if let Some((source, stored)) = source_of(sources, category, &kind.name, kind.version) {
        return Meaning::Source(source, stored);
    }
    let split = |source: &Source| {
        let (place, stored) = find(source.split.types(), kind)?;
        Some(Meaning::Parts(source.split, place, stored))
    };
    let mut of_category = sources.iter().filter(|source| source.category == category);
    of_category.find_map(split).unwrap_or(Meaning::Nothing)
}

/// The source that reads an event of this name and version.
fn source_of(
    sources: &[Source],
    category: &str,
    name: &str,
    version: u32,
) -> Option<(usize, StoredAs)> {
    let read = |(place, source): (usize, &Source)| {
        let is_of_category = source.category == category;
        let stored = is_of_category.then(|| source.event.stored_as(name, version))?;
        Some((place, stored?))
    };
    sources.iter().enumerate().find_map(read)
}

/// The events that `sources` are stored as.
pub(crate) fn filter_of(sources: &[Source]) -> EventFilter {
    let mut categories: Vec<&'static str> = Vec::new();
    for source in sources {
        if !categories.contains(&source.category) {
            categories.push(source.category);
        }
    }
    categories.into_iter().fold(EventFilter::everything(), |filter, category| {
        let names = sources
            .iter()
            .filter(|source| source.category == category)
            .flat_map(|Source { event, split, .. }| [event].into_iter().chain(split.types()))
            .flat_map(EventType::names);
        // The split events stand beside each source.
        let names: BTreeSet<_> = names.collect();
        filter.and(category, names)
    })
}

/// Gives `take` every event of a page that is wanted and that one of `sources` reads: its record, the number of the source, and the payload, which is that of a part where the event
/// was split.
pub(crate) fn each_input(
    projection: &'static str,
    sources: &[Source],
    page: &Page,
    is_wanted: impl Fn(&Record<'_>) -> bool,
    mut take: impl FnMut(&Record<'_>, (usize, StoredAs), &str) -> Result<(), ProjectionError>,
) -> Result<(), ProjectionError> {
    // A name means another thing in another category, so a kind is resolved per category.
    let mut resolved: Vec<Vec<(&str, Meaning)>> = Vec::new();
    for record in page.records() {
        if !is_wanted(&record) {
            continue;
        }
        let (kind, category) = (record.kind_index(), record.stream().category());
        if resolved.len() <= kind {
            resolved.resize_with(kind + 1, Vec::new);
        }
        let known = resolved[kind].iter().find(|(of, _)| *of == category);
        let meaning = known.map(|(_, meaning)| *meaning).unwrap_or_else(|| {
            let meaning = meaning(sources, category, record.kind());
            resolved[kind].push((category, meaning));
            meaning
        });
        match meaning {
            Meaning::Source(source, stored) => take(&record, (source, stored), record.payload())?,
            Meaning::Parts(split, number, stored) => {
                let parts = guarded(|| Ok(split.parts(number, stored, record.payload())?));
                let parts = parts.map_err(|reason| Place::of(&record).error(projection, reason))?;
                for (part, payload) in parts {
                    let source = source_of(sources, category, part.name, part.version);
                    if let Some(source) = source {
                        take(&record, source, &payload)?;
                    }
                }
            }
            Meaning::Nothing => {}
        }
    }
    Ok(())
}

/// Where an event stands, for the error that may be about it.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    kind: EventKind,
    stream: StreamId,
    version: u64,
    position: Position,
}

impl Place {
    pub(crate) fn of(record: &Record<'_>) -> Self {
        Self {
            kind: record.kind().clone(),
            stream: record.stream().clone(),
            version: record.version(),
            position: record.position(),
        }
    }

    pub(crate) fn error(&self, projection: &'static str, reason: RowError) -> ProjectionError {
        ProjectionError {
            projection,
            event: self.kind.name.to_string(),
            event_version: self.kind.version,
            stream: self.stream.clone(),
            version: self.version,
            position: self.position,
            reason: Box::new(reason),
        }
    }
}
