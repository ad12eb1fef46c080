//! Events that are emitted no more, because they became several.

use std::fmt;

use crate::{Aggregate, EventType, PayloadError, StoredAs};

/// How an event that is emitted no more became several.
///
/// The aggregate lists it as `split(OrderPlacedAndPaid)` inside `events(…)`. What is stored of it
/// stays one event with one version and one position, and counts as its parts, in order, at that
/// place: the state applies each of them, and a projection takes those that it lists. A command
/// emits it no more.
///
/// ```
/// use esrs_core::Split;
///
/// struct OrderPlacedAndPaid { sku: String, cents: i64 }
/// struct OrderPlaced { sku: String }
/// struct OrderPaid { cents: i64 }
///
/// impl Split for OrderPlacedAndPaid {
///     type Into = (OrderPlaced, OrderPaid);
///
///     fn split(self) -> Self::Into {
///         (OrderPlaced { sku: self.sku }, OrderPaid { cents: self.cents })
///     }
/// }
/// let (placed, paid) = OrderPlacedAndPaid { sku: "A".into(), cents: 5 }.split();
/// assert_eq!((&*placed.sku, paid.cents), ("A", 5));
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say what it was split into",
    label = "`{Self}` has no `Split`",
    note = "write `impl Split for {Self} {{ type Into = (FirstPart, SecondPart); fn split(self) -> Self::Into {{ … }} }}`"
)]
pub trait Split: Sized {
    /// Its parts: events of the aggregate, in a tuple, array, `Vec` or `Option`.
    type Into;

    /// Says as several events what was said as one.
    fn split(self) -> Self::Into;
}

/// A state that takes the parts of an event.
pub struct Applied<'a, A>(pub &'a mut A);

impl<A: Aggregate> Extend<A::Event> for Applied<'_, A> {
    fn extend<I: IntoIterator<Item = A::Event>>(&mut self, parts: I) {
        parts.into_iter().for_each(|part| self.0.apply_event(part));
    }
}

/// Reads a payload as the events that it counts as today: the one that it was stored as, or its
/// parts.
pub(crate) fn decode_all<A: Aggregate>(
    decoder: usize,
    stored: StoredAs,
    payload: &str,
) -> Result<Vec<A::Event>, PayloadError> {
    let mut events = Vec::new();
    let first = first_split::<A>();
    if (first..first + A::SPLIT).contains(&decoder) {
        A::decode_parts(decoder, stored, payload, &mut events)?;
    } else {
        events.push(A::decode(decoder, stored, payload)?);
    }
    Ok(events)
}

const fn first_split<A: Aggregate>() -> usize {
    A::EVENTS.len() - A::IGNORED - A::SPLIT
}

/// The events of an aggregate that are emitted no more, because they became several; the aggregate
/// itself is not named.
#[derive(Clone, Copy)]
pub struct SplitEvents {
    types: &'static [EventType],
    parts: Parts,
}

/// The parts of a stored event, as they would have been stored. The number is a place in the types.
type Parts = fn(usize, StoredAs, &str) -> Result<Vec<(&'static EventType, String)>, PayloadError>;

impl SplitEvents {
    /// Of an aggregate that has none.
    pub const NONE: Self =
        Self { types: &[], parts: |place, _, _| Err(PayloadError::NoSuchDecoder(place)) };

    /// Those of `A`.
    pub const fn of<A: Aggregate>() -> Self {
        let (_, types) = A::EVENTS.split_at(first_split::<A>());
        let (types, _) = types.split_at(A::SPLIT);
        Self { types, parts: encoded_parts::<A> }
    }

    /// Their types.
    pub fn types(&self) -> &'static [EventType] {
        self.types
    }

    /// The parts of a payload that was stored as the type in this place, as they would have been
    /// stored.
    pub(crate) fn parts(
        &self,
        place: usize,
        stored: StoredAs,
        payload: &str,
    ) -> Result<Vec<(&'static EventType, String)>, PayloadError> {
        (self.parts)(place, stored, payload)
    }
}

/// What reads them follows from their types, and functions have no addresses to compare.
impl PartialEq for SplitEvents {
    fn eq(&self, other: &Self) -> bool {
        self.types == other.types
    }
}

impl Eq for SplitEvents {}

impl fmt::Debug for SplitEvents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.types.iter().map(|event| event.name)).finish()
    }
}

fn encoded_parts<A: Aggregate>(
    place: usize,
    stored: StoredAs,
    payload: &str,
) -> Result<Vec<(&'static EventType, String)>, PayloadError> {
    let mut parts = Vec::new();
    A::decode_parts(first_split::<A>() + place, stored, payload, &mut parts)?;
    let encoded = parts.iter().map(|part| {
        let (place, payload) = A::encode(part);
        let part = &A::EVENTS[place];
        match payload {
            Ok(payload) => Ok((part, payload)),
            Err(source) => Err(PayloadError::Part { part: part.name, source }),
        }
    });
    encoded.collect()
}
