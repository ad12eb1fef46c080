//! The work of esrs, written by hand for this one aggregate.

use esrs::event::EventKind;
use esrs::prelude::*;
use esrs::store::Page;
use serde_json::from_str;

use super::{ItemAdded, ItemAddedV1, ItemRemoved, Order, OrderEvent, OrderPlaced};
use super::{ParcelSent, PaymentTaken};

/// The kind of an event, which its stored name was resolved to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `order_placed`
    OrderPlaced,
    /// `item_added`
    ItemAdded,
    /// `item_added`, at version 1
    ItemAddedV1,
    /// `item_removed`
    ItemRemoved,
    /// `payment_taken`
    PaymentTaken,
    /// `parcel_sent`
    ParcelSent,
}

impl Kind {
    /// The kind of a stored name and version.
    pub fn of(name: &str, version: u32) -> Option<Self> {
        Some(match (name, version) {
            ("order_placed", 1) => Self::OrderPlaced,
            ("item_added", 2) => Self::ItemAdded,
            ("item_added", 1) => Self::ItemAddedV1,
            ("item_removed", 1) => Self::ItemRemoved,
            ("payment_taken", 1) => Self::PaymentTaken,
            ("parcel_sent", 1) => Self::ParcelSent,
            _ => return None,
        })
    }
}

/// The events of a page, whose names are known from here on; `None` when one is not.
pub fn events_of(page: &Page) -> Option<Vec<(Kind, &str)>> {
    let of = |kind: &EventKind| Kind::of(&kind.name, kind.version);
    page.records().map(|record| Some((of(record.kind())?, record.payload()))).collect()
}

/// The dispatch that the derive writes.
pub fn apply(order: &mut Order, event: OrderEvent) {
    match event {
        OrderEvent::OrderPlaced(event) => order.apply(event),
        OrderEvent::ItemAdded(event) => order.apply(event),
        OrderEvent::ItemRemoved(event) => order.apply(event),
        OrderEvent::PaymentTaken(event) => order.apply(event),
        OrderEvent::ParcelSent(event) => order.apply(event),
    }
}

/// Decodes a payload, brings it up to date if it has to, and folds it.
///
/// # Errors
/// When the payload is not of its kind.
pub fn fold(order: &mut Order, kind: Kind, payload: &str) -> Result<(), serde_json::Error> {
    match kind {
        Kind::OrderPlaced => order.apply(from_str::<OrderPlaced>(payload)?),
        Kind::ItemAdded => order.apply(from_str::<ItemAdded>(payload)?),
        Kind::ItemAddedV1 => order.apply(ItemAdded::upcast(from_str::<ItemAddedV1>(payload)?)),
        Kind::ItemRemoved => order.apply(from_str::<ItemRemoved>(payload)?),
        Kind::PaymentTaken => order.apply(from_str::<PaymentTaken>(payload)?),
        Kind::ParcelSent => order.apply(from_str::<ParcelSent>(payload)?),
    }
    Ok(())
}

/// The bare loop: every payload, whose kind is known already.
///
/// # Errors
/// The first payload that is not of its kind.
pub fn fold_all(events: &[(Kind, &str)]) -> Result<Order, serde_json::Error> {
    let mut order = Order::default();
    for &(kind, payload) in events {
        fold(&mut order, kind, payload)?;
    }
    Ok(order)
}
