//! Events that are emitted no more, because they became several.

use std::fmt;

use esrs_lock::text::ConstText;

use super::aggregate::Aggregate;
use super::bounds::not_generated;
use super::events::IntoEvents;
use crate::event::{PartType, PartTypes, PayloadError};
use crate::schema::{EventType, StoredAs, same_name};

/// The step by which an event that is no longer emitted became several.
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

/// Returns true if `A` emits each of the event types.
pub const fn parts_are_listed<A: Aggregate>(parts: &PartTypes) -> bool {
    first_unlisted::<A>(parts).is_none()
}

/// Fails to compile, at the place of the call, when it does not, with a sentence about the first that is
/// not; `split` is what the user calls the event that was split, and `aggregate` its aggregate.
#[track_caller]
pub const fn all_parts_are_listed<A: Aggregate>(parts: &PartTypes, split: &str, aggregate: &str) {
    let Some(part) = first_unlisted::<A>(parts) else { return };
    let sentence = ConstText::<1024>::new()
        .quote(split)
        .say(" is split into ")
        .quote(part.written)
        .say(", which ");
    let sentence = match place_of(A::EVENTS, part) {
        Some(place) if is_split::<A>(place) => sentence
            .say("is in `split(…)` too, and no longer emitted: give its own parts in its place"),
        Some(_) => sentence
            .say("is an older version of an event of ")
            .quote(aggregate)
            .say(": give the newest, which is listed"),
        None => sentence
            .say("is not an event of ")
            .quote(aggregate)
            .say(": add ")
            .quote(part.written)
            .say(" to its `events(…)`"),
    };
    panic!("{}", sentence.as_str())
}

const fn first_unlisted<A: Aggregate>(parts: &PartTypes) -> Option<PartType> {
    match *parts {
        PartTypes::Untold => None,
        PartTypes::Event(part) => match place_of(A::EVENTS, part) {
            Some(place) if !is_split::<A>(place) && A::EVENTS[place].version == part.version => {
                None
            }
            _ => Some(part),
        },
        PartTypes::All(all) => {
            let mut i = 0;
            while i < all.len() {
                if let Some(part) = first_unlisted::<A>(all[i]) {
                    return Some(part);
                }
                i += 1;
            }
            None
        }
    }
}

/// The place of an event type in the list, by its stored name.
const fn place_of(events: &[EventType], part: PartType) -> Option<usize> {
    let mut place = 0;
    while place < events.len() {
        if same_name(events[place].name, part.name) {
            return Some(place);
        }
        place += 1;
    }
    None
}

const fn is_split<A: Aggregate>(place: usize) -> bool {
    let first = first_split::<A>();
    first <= place && place < first + A::SPLIT
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
    if is_split::<A>(decoder) {
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

/// Compares no functions: what reads them follows from their types, and functions have no addresses to
/// compare.
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
            Err(source) => Err(PayloadError::Part { part: part.name, source: source.into() }),
        }
    });
    encoded.collect()
}

/// The demand of an aggregate on the parts of an event that it lists as `split(…)`:
/// [`IntoEvents`](crate::IntoEvents), in words of our own, for those that are listed or not told of.
#[diagnostic::on_unimplemented(
    message = "not every part in `{Self}` is an event of `{A}`",
    label = "a part of it is not an event of `{A}`",
    note = "each part has to be in the `events(…)` of `{A}`, outside of `split(…)`: add the part that is not there",
    note = "a part that is in `split(…)` itself is no longer emitted: write its own parts in its place, in `type Into`"
)]
pub trait PartsOf<A: Aggregate, const LISTED: bool> {
    /// Adds the parts behind those that are there.
    fn push_parts(self, parts: &mut impl Extend<A::Event>);
}

#[diagnostic::do_not_recommend]
impl<A: Aggregate, T: IntoEvents<A>> PartsOf<A, true> for T {
    fn push_parts(self, parts: &mut impl Extend<A::Event>) {
        self.push_into(parts);
    }
}

/// One that is not listed was named already, so nothing is asked.
#[diagnostic::do_not_recommend]
impl<A: Aggregate, T> PartsOf<A, false> for T {
    fn push_parts(self, _: &mut impl Extend<A::Event>) {
        not_generated()
    }
}
