//! Events that are stored already and that an inline read model cannot take: their streams are parked.
//!
//! For authors of stores: a store tries a page in a savepoint, and asks here what to park.

use jiff::Timestamp;

use super::{Parked, ParkedStream};
use crate::event::{PayloadError, Position};
use crate::log::{Page, ProjectionError, Record, RowError, StoreError};
use crate::value::Withheld;

/// Why a page that is stored already cannot be taken.
#[derive(Debug)]
pub enum Refusal {
    /// One of its events cannot be taken: the event must be parked.
    Event(ParkedStream),
    /// The table refuses a row, of whichever event; [`FirstRefused`] finds it.
    Row(Withheld),
}

impl Refusal {
    /// The refusal that an error tells of.
    ///
    /// # Errors
    /// Returns the error itself if it is not about an event of the page, or if another program can take the
    /// event: one of a newer version is for a newer program.
    pub fn of(error: StoreError) -> Result<Self, StoreError> {
        match error {
            StoreError::RowRefused { reason, .. } => Ok(Self::Row(reason)),
            StoreError::Projection(error) if is_of_the_event(&error) => {
                Ok(Self::Event(ParkedStream::of(*error)))
            }
            error => Err(error),
        }
    }
}

/// Returns true if no program will take the event.
fn is_of_the_event(error: &ProjectionError) -> bool {
    !matches!(
        &*error.reason,
        RowError::Payload(PayloadError::NewerVersion { .. }) | RowError::NoEnvelope
    )
}

impl ParkedStream {
    /// The stream to park from the event of this error on.
    pub fn of(error: ProjectionError) -> Self {
        let ProjectionError { stream, version, position, event, reason, .. } = error;
        let reason = Self::reason_of(reason.in_stream(&stream));
        let (parked_at, is_to_resume) = (Timestamp::now(), false);
        Self { stream, version, position, event, reason, parked_at, is_to_resume }
    }
}

/// The search for the first event of a page whose row the table refuses: fewer and fewer events are tried.
#[derive(Debug)]
pub struct FirstRefused<'a> {
    table: &'static str,
    taken: Vec<Record<'a>>,
    /// So many events are taken, and so many are refused.
    good: usize,
    bad: usize,
    reason: Withheld,
}

impl<'a> FirstRefused<'a> {
    /// Begins with a page that the table has refused for this reason, but for the events of parked streams.
    pub fn new(table: &'static str, page: &'a Page, except: &Parked, reason: Withheld) -> Self {
        let taken: Vec<_> = page.records().filter(|record| !except.leaves_out(record)).collect();
        Self { table, good: 0, bad: taken.len(), taken, reason }
    }

    /// The position up to which the page must be tried next; `None` once the event is found.
    pub fn until(&self) -> Option<Position> {
        let middle = self.middle().checked_sub(1).filter(|_| self.bad - self.good > 1)?;
        self.taken.get(middle).map(Record::position)
    }

    fn middle(&self) -> usize {
        self.good + (self.bad - self.good) / 2
    }

    /// Takes note of what a try has come to; returns what to park if that is known by it.
    pub fn tried(&mut self, refusal: Option<Refusal>) -> Option<ParkedStream> {
        match refusal {
            None => self.good = self.middle(),
            Some(Refusal::Event(parked)) => return Some(parked),
            Some(Refusal::Row(reason)) => (self.bad, self.reason) = (self.middle(), reason),
        }
        None
    }

    /// The stream to park from the event on that was found.
    ///
    /// # Errors
    /// Returns [`StoreError::RowRefused`] if the page has no event: the table refuses a row of none.
    pub fn parked(self) -> Result<ParkedStream, StoreError> {
        let Self { table, taken, bad, reason, .. } = self;
        match bad.checked_sub(1).and_then(|last| taken.get(last)) {
            Some(record) => Ok(ParkedStream::of(ProjectionError::refused(table, record, reason))),
            None => Err(StoreError::RowRefused { table: table.to_owned(), reason }),
        }
    }
}
