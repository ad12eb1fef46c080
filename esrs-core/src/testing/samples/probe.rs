//! The way in which a generated test finds its event.
//!
//! The test stands in a module next to the event, and the event may stand in the body of a function,
//! where no path leads from that module to it. So the module has a type of the same name, which is no
//! event and of which nothing is tested, and which the event goes before where a path leads to it.

use std::marker::PhantomData;

use super::check::check;
use crate::aggregate::Aggregate;
use crate::event::Event;
use crate::schema::EventType;

/// A type of which payloads must be read, if it is the event.
#[derive(Debug)]
pub struct Sampled<T>(PhantomData<T>);

impl<T> Sampled<T> {
    /// The one there is.
    pub const NEW: Self = Self(PhantomData);
}

impl<E: Event> Sampled<E> {
    /// Reads payloads of all that is locked under the names of the event, and of those that it merges.
    ///
    /// # Panics
    /// When one of them does not come through.
    #[track_caller]
    pub fn reads(&self, name: &str, version: u32) {
        // An event of a function body may be called as another one outside of it.
        if (E::NAME, E::VERSION) != (name, version) {
            return;
        }
        for locked in E::LOCKS.all() {
            if let Err(failure) = check::<E>(locked) {
                panic!("{failure}")
            }
        }
    }
}

/// Stands in for an event, or an aggregate, that no path leads to.
pub trait StandIn {
    /// There is nothing to read.
    fn reads(&self, _: &str, _: u32) {}

    /// There is nothing to look for.
    fn are_locked(&self, _: u64) {}
}

impl<T> StandIn for Sampled<T> {}
impl<T> StandIn for Listed<T> {}

/// A type whose events must be locked where they are, if it is the aggregate.
#[derive(Debug)]
pub struct Listed<T>(PhantomData<T>);

impl<T> Listed<T> {
    /// The one there is.
    pub const NEW: Self = Self(PhantomData);
}

impl<A: Aggregate> Listed<A> {
    /// Looks for events of other crates, or targets, than the aggregate's, `home`, that nobody locked.
    ///
    /// # Panics
    /// When there is one.
    #[track_caller]
    pub fn are_locked(&self, home: u64) {
        let is_open =
            |event: &&EventType| event.home != 0 && event.home != home && event.locked_up_to == 0;
        let open: Vec<_> =
            A::EVENTS.iter().filter(is_open).map(|event| format!("{:?}", event.name)).collect();
        assert!(
            open.is_empty(),
            "{} of {:?} stand in another crate or target, where they are not locked, so nothing stops \
             them from changing once they are stored: run `cargo esrs lock` in their package",
            open.join(" and "),
            A::NAME
        );
    }
}
