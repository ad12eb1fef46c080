//! The same code in another form and order; rustfmt passes it by.

use super::steps::once as step;
use esrs::prelude::*;

/// Says `impl Apply<Reset> for Counter { fn apply(&mut self, _: Reset) { self.sum = 1 } }`.
#[derive(Aggregate, Default)]
#[aggregate("counter", id = u64, events(Reset, Counted))]
pub(crate) struct Counter {
    /// Of all that was counted.
    pub(crate) sum: i64,
}

// Begins again.
impl Apply<Reset>
for Counter
{
    //! At nothing.

    /// Any count.
    fn apply ( & mut self , _ : Reset )
    {
        /* from /* the */ beginning */
        self . sum=0 ; // and on
    }
}

#[derive(Event, Serialize, Deserialize)]
#[event("reset")]
pub(crate) struct Reset {}

mod inside {
    use super::*;

    /** Adds
        a step. */
    impl Apply<Counted> for Counter { fn apply(&mut self, event: Counted) { self.sum+=step(event.by); } }
}

#[derive(Event, Serialize, Deserialize)]
#[event("counted", version = 2, from = CountedV1)]
pub(crate) struct Counted {
    pub(crate) by: i64,
}

#[derive(Event, Serialize, Deserialize)]
#[event("counted")]
pub(crate) struct CountedV1 {
    pub(crate) count: i64,
}

impl Upcast<CountedV1> for Counted {
    // By another name.
    fn upcast(old: CountedV1) -> Self { Self { by : old.count } }
}

pub(crate) const SAID: &str = "impl Apply<Reset> for Counter { fn apply(&mut self, _: Reset) {} }";
