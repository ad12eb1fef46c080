//! An aggregate whose state tells an event that is missing, or applied twice, or out of order; and
//! its fold by hand.

use esrs::prelude::*;

/// As it is today.
#[derive(Event, Serialize, Deserialize, Clone)]
#[event("added", version = 3, from = AddedV2)]
pub(crate) struct Added {
    pub(crate) by: i64,
    pub(crate) unit: u8,
}

#[derive(Event, Serialize, Deserialize, Clone)]
#[event("added", version = 2, from = AddedV1)]
pub(crate) struct AddedV2 {
    pub(crate) amount: i64,
    pub(crate) unit: u8,
}

#[derive(Event, Serialize, Deserialize, Clone)]
#[event("added")]
pub(crate) struct AddedV1 {
    pub(crate) amount: String,
}

impl Upcast<AddedV2> for Added {
    fn upcast(old: AddedV2) -> Self {
        Self { by: old.amount, unit: old.unit }
    }
}

impl TryUpcast<AddedV1> for AddedV2 {
    type Error = std::num::ParseIntError;

    fn try_upcast(old: AddedV1) -> Result<Self, Self::Error> {
        Ok(Self { amount: old.amount.parse()?, unit: 9 })
    }
}

#[derive(Event, Serialize, Deserialize, Clone)]
#[event("renamed_since", aliases("reset"))]
pub(crate) struct Cleared {}

#[derive(Event, Serialize, Deserialize, Clone)]
#[event("noted")]
pub(crate) struct Noted {
    pub(crate) text: String,
}

#[derive(Aggregate, Schema, Serialize, Deserialize, Debug, Default, Clone, PartialEq)]
#[aggregate("tally", id = u32, events(Added, Cleared, ignored(Noted)), retired("doubled"))]
pub(crate) struct Tally {
    pub(crate) hash: u64,
    pub(crate) count: u32,
    pub(crate) last: Vec<(i64, u8)>,
}

impl Apply<Added> for Tally {
    fn apply(&mut self, event: Added) {
        self.add(event.by, event.unit);
    }
}

impl Apply<Cleared> for Tally {
    fn apply(&mut self, _: Cleared) {
        self.clear();
    }
}

impl Tally {
    pub(crate) fn add(&mut self, by: i64, unit: u8) {
        self.hash = self.hash.rotate_left(7).wrapping_mul(31) ^ by.cast_unsigned();
        self.count += 1;
        self.last.push((by, unit));
        if self.last.len() > 3 {
            self.last.remove(0);
        }
    }

    pub(crate) fn clear(&mut self) {
        self.hash = self.hash.wrapping_add(1);
        self.last.clear();
    }
}

#[derive(Clone)]
pub(crate) struct Add {
    pub(crate) by: i64,
}

impl Handle<Add> for Tally {
    type Error = std::convert::Infallible;

    fn handle(&self, command: &Add, _: &Context<Self>) -> Result<Events<Self>, Self::Error> {
        Ok(Added { by: command.by, unit: 0 }.into())
    }
}
