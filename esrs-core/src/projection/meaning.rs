//! What a stored event is to a projection.

use super::Source;
use crate::aggregate::find;
use crate::{EventKind, SplitEvents, StoredAs};

/// What an event is to the projection.
#[derive(Clone, Copy)]
pub(super) enum Meaning {
    /// It is decoded by this source.
    Source(usize, StoredAs),
    /// It counts as its parts.
    Parts(SplitEvents, usize, StoredAs),
    /// The projection does not listen to it.
    Nothing,
}

/// What an event of this name and version is to the projection.
pub(super) fn meaning(sources: &[Source], category: &str, kind: &EventKind) -> Meaning {
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
pub(super) fn source_of(
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
