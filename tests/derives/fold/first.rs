//! The aggregate that the other modules of this folder write again, each with one thing otherwise.

use super::steps::once as step;
use esrs::prelude::*;

#[derive(Event, Serialize, Deserialize)]
#[event("counted")]
pub(crate) struct CountedV1 {
    pub(crate) count: i64,
}

#[derive(Event, Serialize, Deserialize)]
#[event("counted", version = 2, from = CountedV1)]
pub(crate) struct Counted {
    pub(crate) by: i64,
}

impl Upcast<CountedV1> for Counted {
    fn upcast(old: CountedV1) -> Self {
        Self { by: old.count }
    }
}

#[derive(Event, Serialize, Deserialize)]
#[event("reset")]
pub(crate) struct Reset {}

#[derive(Aggregate, Default)]
#[aggregate("counter", id = u64, events(Counted, Reset))]
pub(crate) struct Counter {
    pub(crate) sum: i64,
}

impl Apply<Counted> for Counter {
    fn apply(&mut self, event: Counted) {
        self.sum += step(event.by);
    }
}

impl Apply<Reset> for Counter {
    fn apply(&mut self, _: Reset) {
        self.sum = 0;
    }
}
