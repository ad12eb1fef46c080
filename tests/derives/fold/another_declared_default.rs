//! A field that an older payload lacks is read as another value.

use esrs::prelude::*;

#[derive(Event, Serialize, Deserialize)]
#[event("counted", version = 2)]
pub(crate) struct Counted {
    #[event(renamed(from = "count", in = 2))]
    pub(crate) by: i64,
    #[event(added(in = 2, default = 2))]
    pub(crate) times: i64,
    #[event(updated(in = 2, from = 1))]
    pub(crate) of: Things,
}

#[derive(Schema, Serialize, Deserialize)]
#[schema(version = 2)]
pub(crate) struct Things {
    #[schema(added(in = 2, default = 1))]
    pub(crate) dozens: i64,
}

#[derive(Aggregate, Default)]
#[aggregate("counter", id = u64, events(Counted))]
pub(crate) struct Counter {
    pub(crate) sum: i64,
}

impl Apply<Counted> for Counter {
    fn apply(&mut self, event: Counted) {
        self.sum += event.by * event.times * event.of.dozens;
    }
}
