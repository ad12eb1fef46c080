//! How a generated test finds the event that it is of.
//!
//! The test stands in a module beside the event, and the event may stand in the body of a function,
//! where no path leads from that module to it. So the module has a type of the same name, which is no
//! event and of which nothing is tested, and which the event goes before where a path leads to it.

use std::marker::PhantomData;

use super::check::check;
use crate::Event;

/// A type of which payloads are to be read, if it is the event.
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

/// Stands in for an event that no path leads to.
pub trait StandIn {
    /// There is nothing to read.
    fn reads(&self, _: &str, _: u32) {}
}

impl<T> StandIn for Sampled<T> {}
