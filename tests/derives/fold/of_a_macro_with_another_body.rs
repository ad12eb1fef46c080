//! An aggregate that a macro of another file writes, with another body.

use super::macros::counter;
use esrs::prelude::*;

#[derive(Event, Serialize, Deserialize)]
#[event("counted")]
pub(crate) struct Counted {
    pub(crate) by: i64,
}

counter!(Counter);

impl Apply<Counted> for Counter {
    fn apply(&mut self, event: Counted) {
        self.sum -= event.by;
    }
}
