//! One batch of events, on its way into rows; without I/O.

use std::collections::HashMap;
use std::future::poll_fn;
use std::task::Poll;

use futures_core::future::BoxFuture;

use super::meaning::{Place, each_input, filter_of};
use super::parked::Parked;
use super::{Projection, Table, Value};
use crate::log::{EventFilter, Page, ProjectionError, Record, RowError};
use crate::schema::StoredAs;
use crate::value;

/// The key columns of a row, in the order of the table.
pub type RowKey = Vec<Value>;

/// The changes to write after a pass; every key stands in it once.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RowChanges {
    /// Rows to insert or replace: every column, in the order of the table.
    pub upserts: Vec<Vec<Value>>,
    /// Keys of rows to delete.
    pub deletes: Vec<RowKey>,
}

impl RowChanges {
    /// Returns true if there is nothing to write.
    pub fn is_empty(&self) -> bool {
        self.upserts.is_empty() && self.deletes.is_empty()
    }
}

/// A [`Pass`] whose projection is not named; a store has one per read model.
pub trait AnyPass: Send {
    /// The table that it writes.
    fn table(&self) -> Table;

    /// The definition of its projection; see [`Projection::definition`].
    fn definition(&self) -> String;

    /// The events that it wants.
    fn filter(&self) -> EventFilter;

    /// Decodes what it wants of a page, but for the events of parked streams, and says which rows it
    /// has to be given.
    ///
    /// The page has to hold envelopes, unless it holds nothing that the projection listens to.
    ///
    /// # Errors
    /// [`ProjectionError`], about the first event that cannot be taken.
    fn decode(&mut self, page: &Page, except: &Parked) -> Result<Vec<RowKey>, ProjectionError>;

    /// Takes the rows that are there, and answers with what must be written.
    ///
    /// # Errors
    /// [`ProjectionError`], about the first event that cannot be taken.
    fn change(&mut self, rows: Vec<Vec<Value>>) -> Result<RowChanges, ProjectionError>;
}

/// One batch of events, on its way into the rows of `P`.
pub struct Pass<P: Projection> {
    inputs: Vec<Decoded<P>>,
    slots: HashMap<RowKey, usize>,
}

struct Decoded<P: Projection> {
    input: P::Input,
    /// The rows that it is about: the key, and the number of the row within this pass.
    targets: Vec<(P::Key, usize)>,
    place: Place,
}

/// A row while the pass is at work on it.
struct Slot<P> {
    /// As the store gave it, until an event needs it.
    stored: Option<Vec<Value>>,
    row: Option<P>,
    existed: bool,
    /// Values of columns, by their places, that differ from what the row would be written as again.
    kept: Vec<(usize, Value)>,
    /// The input that changed it last.
    changed_by: Option<usize>,
}

impl<P: Projection> Default for Pass<P> {
    fn default() -> Self {
        Self::new()
    }
}

impl<P: Projection> Pass<P> {
    /// A pass that has not decoded anything yet.
    pub fn new() -> Self {
        Self { inputs: Vec::new(), slots: HashMap::new() }
    }
}

impl<P: Projection> Pass<P> {
    /// As [`decode`](AnyPass::decode), but only of some events.
    pub(crate) fn decode_where(
        &mut self,
        page: &Page,
        except: &Parked,
        is_wanted: impl Fn(&Record<'_>) -> bool,
    ) -> Result<Vec<RowKey>, ProjectionError> {
        let Self { inputs, slots } = self;
        inputs.clear();
        slots.clear();
        let is_wanted = |record: &Record<'_>| is_wanted(record) && !except.leaves_out(record);
        each_input(P::TABLE.name, P::SOURCES, page, is_wanted, |record, source, payload| {
            inputs.push(take(record, source, payload, slots)?);
            Ok(())
        })?;
        Ok(slots.keys().cloned().collect())
    }

    /// Returns true if it has asked for the row of this key.
    pub(crate) fn wants(&self, key: &RowKey) -> bool {
        self.slots.contains_key(key)
    }
}

impl<P: Projection> Slot<P> {
    fn absent() -> Self {
        Self { stored: None, row: None, existed: false, kept: Vec::new(), changed_by: None }
    }

    fn take(&mut self) -> Result<Option<P>, RowError> {
        match self.stored.take() {
            Some(values) => Ok(Some(P::from_values(values)?)),
            None => Ok(self.row.take()),
        }
    }

    /// Replaces the row by what `change` makes of it, as its columns return it: how many events are taken
    /// at once must not show in a row.
    fn change(
        &mut self,
        key: &[Value],
        change: impl FnOnce(Option<P>) -> Result<Option<P>, RowError>,
    ) -> Result<(), RowError> {
        let row = self.take()?;
        self.row = change(row)?;
        self.kept.clear();
        let Some(row) = &mut self.row else { return Ok(()) };
        row.settle(&mut self.kept)?;
        match row.has_key(key)? {
            true => Ok(()),
            false => Err(RowError::KeyChanged {
                key: text_of(key),
                found: text_of(&P::TABLE.key_of(&row.to_values()?)),
            }),
        }
    }

    /// The columns of the row.
    fn values(&mut self) -> Result<Option<Vec<Value>>, RowError> {
        let Some(row) = &self.row else { return Ok(None) };
        let mut values = row.to_values()?;
        for (place, value) in self.kept.drain(..) {
            if let Some(column) = values.get_mut(place) {
                *column = value;
            }
        }
        Ok(Some(values))
    }
}

/// A key as people write it.
pub(crate) fn text_of(key: &[Value]) -> String {
    key.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// Decodes an event, and finds the rows that it is about.
fn take<P: Projection>(
    record: &Record<'_>,
    (source, stored): (usize, StoredAs),
    payload: &str,
    slots: &mut HashMap<RowKey, usize>,
) -> Result<Decoded<P>, ProjectionError> {
    let place = Place::of(record);
    let decoded = guarded(|| {
        let envelope = record.envelope().ok_or(RowError::NoEnvelope)?;
        let input = P::decode(source, stored, payload, envelope)?;
        let mut keys = Vec::new();
        P::keys(&input, &mut keys)?;
        let mut targets = Vec::with_capacity(keys.len());
        for key in keys {
            let next = slots.len();
            let slot = *slots.entry(P::key_values(&key)?).or_insert(next);
            targets.push((key, slot));
        }
        Ok((input, targets))
    });
    match decoded {
        Ok((input, targets)) => Ok(Decoded { input, targets, place }),
        Err(reason) => Err(place.error(P::TABLE.name, reason)),
    }
}

/// Runs the projection's own code, whose panic is an error like any other.
pub(crate) fn guarded<T>(run: impl FnOnce() -> Result<T, RowError>) -> Result<T, RowError> {
    value::guarded(run).unwrap_or_else(|message| Err(RowError::Panicked { message }))
}

/// Runs a handler's own code, whose panic is an error like any other.
pub(crate) async fn guarded_async<T>(
    mut run: BoxFuture<'_, Result<T, RowError>>,
) -> Result<T, RowError> {
    poll_fn(|context| {
        let polled = value::guarded(|| run.as_mut().poll(context));
        polled.unwrap_or_else(|message| Poll::Ready(Err(RowError::Panicked { message })))
    })
    .await
}

impl<P: Projection> AnyPass for Pass<P> {
    fn table(&self) -> Table {
        P::TABLE
    }

    fn definition(&self) -> String {
        P::definition()
    }

    fn filter(&self) -> EventFilter {
        filter_of(P::SOURCES)
    }

    fn decode(&mut self, page: &Page, except: &Parked) -> Result<Vec<RowKey>, ProjectionError> {
        self.decode_where(page, except, |_| true)
    }

    fn change(&mut self, rows: Vec<Vec<Value>>) -> Result<RowChanges, ProjectionError> {
        let Self { inputs, slots } = self;
        let mut state: Vec<Slot<P>> = (0..slots.len()).map(|_| Slot::absent()).collect();
        for values in rows {
            if let Some(&slot) = slots.get(&P::TABLE.key_of(&values)) {
                state[slot] = Slot { stored: Some(values), existed: true, ..Slot::absent() };
            }
        }
        let mut keys: Vec<&[Value]> = vec![&[]; slots.len()];
        slots.iter().for_each(|(key, slot)| keys[*slot] = key);
        for (number, Decoded { input, targets, place }) in inputs.iter().enumerate() {
            for (key, number_of_slot) in targets {
                let (slot, values) = (&mut state[*number_of_slot], keys[*number_of_slot]);
                let change = |row| P::change(input, key.clone(), row);
                let changed = guarded(|| slot.change(values, change));
                changed.map_err(|reason| place.error(P::TABLE.name, reason))?;
                slot.changed_by = Some(number);
            }
        }
        let mut changes = RowChanges::default();
        for (key, slot) in slots.drain() {
            let slot = &mut state[slot];
            let Some(number) = slot.changed_by else { continue };
            let values = guarded(|| slot.values());
            match values.map_err(|reason| inputs[number].place.error(P::TABLE.name, reason))? {
                Some(values) => changes.upserts.push(values),
                None if slot.existed => changes.deletes.push(key),
                None => {}
            }
        }
        inputs.clear();
        Ok(changes)
    }
}
