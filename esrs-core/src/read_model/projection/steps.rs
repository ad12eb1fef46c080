//! The effect of an event on its row, by the lists that it stands in.
//!
//! The user's functions come as arguments and not as bounds, so that one that is missing is reported without a
//! word about these.

use super::Projection;
use super::pass::text_of;
use crate::event::Recorded;
use crate::log::RowError;

/// Applies an event that is listed in `creates(…)` alone.
pub fn create<P: Projection, E>(
    event: &Recorded<E>,
    key: P::Key,
    row: Option<P>,
    create: impl FnOnce(P::Key, &Recorded<E>) -> P,
) -> Result<Option<P>, RowError> {
    match row {
        Some(_) => Err(RowError::Exists { key: key_text::<P>(&key) }),
        None => Ok(Some(create(key, event))),
    }
}

/// Applies an event that is listed in `creates(…)` and in `events(…)`.
pub fn create_or_project<P: Projection, E>(
    event: &Recorded<E>,
    key: P::Key,
    row: Option<P>,
    create: impl FnOnce(P::Key, &Recorded<E>) -> P,
    project: impl FnOnce(&mut P, &Recorded<E>),
) -> Result<Option<P>, RowError> {
    match row {
        Some(_) => project_or_skip(event, key, row, project),
        None => Ok(Some(create(key, event))),
    }
}

/// Applies an event that is listed in `events(…)` alone.
pub fn project<P: Projection, E>(
    event: &Recorded<E>,
    key: P::Key,
    row: Option<P>,
    project: impl FnOnce(&mut P, &Recorded<E>),
) -> Result<Option<P>, RowError> {
    match row {
        Some(_) => project_or_skip(event, key, row, project),
        None => Err(RowError::Missing { key: key_text::<P>(&key) }),
    }
}

/// Applies an event that is listed in `events(…)` with `missing = skip`.
pub fn project_or_skip<P: Projection, E>(
    event: &Recorded<E>,
    _: P::Key,
    row: Option<P>,
    project: impl FnOnce(&mut P, &Recorded<E>),
) -> Result<Option<P>, RowError> {
    Ok(row.map(|mut row| {
        project(&mut row, event);
        row
    }))
}

/// Applies an event that is listed in `deletes(…)`.
pub fn delete<P: Projection, E>(
    _: &Recorded<E>,
    key: P::Key,
    row: Option<P>,
) -> Result<Option<P>, RowError> {
    match row {
        Some(_) => Ok(None),
        None => Err(RowError::Missing { key: key_text::<P>(&key) }),
    }
}

/// Applies an event that is listed in `deletes(…)` with `missing = skip`.
pub fn delete_or_skip<P: Projection, E>(
    _: &Recorded<E>,
    _: P::Key,
    _: Option<P>,
) -> Result<Option<P>, RowError> {
    Ok(None)
}

fn key_text<P: Projection>(key: &P::Key) -> String {
    match P::key_values(key) {
        Ok(values) => text_of(&values),
        Err(error) => error.to_string(),
    }
}
