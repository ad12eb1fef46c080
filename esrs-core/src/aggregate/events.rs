//! The answer of a command.

use std::fmt;

use super::aggregate::Aggregate;
use crate::event::{Emit, Event, PartTypes};

/// The events that a command answers with, in order; there may be none.
///
/// Made with `.into()` from one event, the aggregate's event enum, a tuple, an array, a `Vec`, an
/// `Option`, or `()` for nothing.
pub struct Events<A: Aggregate>(Vec<A::Event>);

impl<A: Aggregate> Events<A> {
    /// No events: the command was right, and there is nothing to say.
    pub fn none() -> Self {
        Self(Vec::new())
    }

    /// The events of anything that can become events.
    pub fn of<T: IntoEvents<A>>(source: T) -> Self {
        let mut events = Vec::new();
        source.push_into(&mut events);
        Self(events)
    }

    /// Adds further events behind these.
    #[must_use]
    pub fn and<T: IntoEvents<A>>(mut self, source: T) -> Self {
        source.push_into(&mut self.0);
        self
    }

    /// Returns their number.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Returns true if there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The events, in order.
    pub fn as_slice(&self) -> &[A::Event] {
        &self.0
    }

    /// The events, by value.
    pub fn into_vec(self) -> Vec<A::Event> {
        self.0
    }
}

impl<A: Aggregate> fmt::Debug for Events<A> {
    /// The stored name and the payload of each: an event need not be `Debug`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut list = f.debug_list();
        for event in &self.0 {
            let (place, payload) = A::encode(event);
            let name = A::EVENTS[place].name;
            match payload {
                Ok(payload) => list.entry(&format_args!("{name} {payload}")),
                Err(error) => list.entry(&format_args!("{name}, which cannot be written: {error}")),
            };
        }
        list.finish()
    }
}

impl<A: Aggregate<Event: Clone>> Clone for Events<A> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<A: Aggregate<Event: PartialEq>> PartialEq for Events<A> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl<A: Aggregate, T> From<T> for Events<A>
where
    Self: MadeOf<T>,
{
    fn from(source: T) -> Self {
        Self::made_of(source)
    }
}

/// The trait between `.into()` and [`IntoEvents`], so that a wrong event is told in words of our own: about a
/// bound on the type before `.into()`, rustc speaks of `Into`.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{T}` cannot become `{Self}`: it is not an event of this aggregate, nor made of its events",
    label = "not an event of this aggregate",
    note = "if it is in `split(…)`, it is no longer emitted: give its parts, as `event.split()`",
    note = "otherwise: add it to the `events(…)` of the aggregate, or give one of the events that are there: alone, as the event enum, or in a tuple, array, `Vec` or `Option`"
)]
pub trait MadeOf<T> {
    fn made_of(source: T) -> Self;
}

#[diagnostic::do_not_recommend]
impl<A: Aggregate, T: Emit + IntoEvents<A>> MadeOf<T> for Events<A> {
    fn made_of(source: T) -> Self {
        Self::of(source)
    }
}

/// A value that can become events of `A`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an event of `{A}`, nor made of its events",
    label = "not an event of `{A}`",
    note = "if `{Self}` is in `split(…)`, it is no longer emitted: give its parts, as `event.split()`",
    note = "otherwise: add `{Self}` to the `events(…)` of `{A}`, or give one of the events that are there"
)]
pub trait IntoEvents<A: Aggregate>: Emit {
    /// Adds its events behind those that are there.
    fn push_into(self, events: &mut impl Extend<A::Event>);
}

#[diagnostic::do_not_recommend]
impl<A: Aggregate<Event: From<E>>, E: Event> IntoEvents<A> for E {
    fn push_into(self, events: &mut impl Extend<A::Event>) {
        events.extend(Some(self.into()));
    }
}

impl<T: Emit> Emit for Option<T> {
    const PARTS: &'static PartTypes = T::PARTS;
}
impl<A: Aggregate, T: IntoEvents<A>> IntoEvents<A> for Option<T> {
    fn push_into(self, events: &mut impl Extend<A::Event>) {
        if let Some(source) = self {
            source.push_into(events);
        }
    }
}

impl<T: Emit> Emit for Vec<T> {
    const PARTS: &'static PartTypes = T::PARTS;
}
impl<A: Aggregate, T: IntoEvents<A>> IntoEvents<A> for Vec<T> {
    fn push_into(self, events: &mut impl Extend<A::Event>) {
        self.into_iter().for_each(|source| source.push_into(events));
    }
}

impl<T: Emit, const N: usize> Emit for [T; N] {
    const PARTS: &'static PartTypes = T::PARTS;
}
impl<A: Aggregate, T: IntoEvents<A>, const N: usize> IntoEvents<A> for [T; N] {
    fn push_into(self, events: &mut impl Extend<A::Event>) {
        self.into_iter().for_each(|source| source.push_into(events));
    }
}

macro_rules! tuple {
    ($(($($name:ident)*))*) => {$(
        impl<$($name: Emit),*> Emit for ($($name,)*) {
            const PARTS: &'static PartTypes = &PartTypes::All(&[$($name::PARTS),*]);
        }
        impl<Agg: Aggregate, $($name: IntoEvents<Agg>),*> IntoEvents<Agg> for ($($name,)*) {
            #[allow(non_snake_case, unused_variables, reason = "() has no parts")]
            fn push_into(self, events: &mut impl Extend<Agg::Event>) {
                let ($($name,)*) = self;
                $($name.push_into(events);)*
            }
        }
    )*};
}

tuple! { () (A) (A B) (A B C) (A B C D) (A B C D E) (A B C D E F) (A B C D E F G) (A B C D E F G H) }
