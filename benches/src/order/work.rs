//! The work of the stores, the same for each database.

use std::error::Error;

use esrs::event::EncodeError;
use esrs::prelude::*;
use esrs::store::{AppendBatch, AppendCondition, NewEvent};
use esrs::{EventStore, Metadata, StreamId};

use super::{AddItem, Currency, ItemAdded, Money, Order, OrderEvent};

/// The number of aggregates that the commands of many tasks are spread over.
pub const AGGREGATES: u64 = 1_000;

/// The aggregate that a command is for: any of them, so that tasks meet now and then.
pub fn aggregate_of(number: u64) -> u64 {
    (number.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32) % AGGREGATES + 1
}

/// The command of this number.
pub fn command(number: u64) -> AddItem {
    AddItem { sku: format!("SKU-{number:06}"), quantity: 1, cents: 1_990 }
}

/// The event that histories are made of.
pub fn item() -> ItemAdded {
    let price = Money { cents: 1_990, currency: Currency::Eur };
    ItemAdded { sku: "SKU-000000".to_owned(), quantity: 1, unit_price: price, engraving: None }
}

/// The event, on its way into a store.
///
/// # Errors
/// When its `Serialize` fails.
pub fn new_event(event: &OrderEvent) -> Result<NewEvent, EncodeError> {
    match event {
        OrderEvent::OrderPlaced(event) => NewEvent::of(event, Metadata::new()),
        OrderEvent::ItemAdded(event) => NewEvent::of(event, Metadata::new()),
        OrderEvent::ItemRemoved(event) => NewEvent::of(event, Metadata::new()),
        OrderEvent::PaymentTaken(event) => NewEvent::of(event, Metadata::new()),
        OrderEvent::ParcelSent(event) => NewEvent::of(event, Metadata::new()),
    }
}

/// Appends so many events to an order.
///
/// # Errors
/// Those of the store.
pub async fn append_items(
    store: &dyn EventStore,
    id: u64,
    count: usize,
) -> Result<(), Box<dyn Error + Send + Sync>> {
    let stream = StreamId::new(Order::NAME, id)?;
    let mut left = count;
    while left > 0 {
        let part = left.min(AppendBatch::MAX_EVENTS);
        let events = (0..part).map(|_| NewEvent::of(&item(), Metadata::new()));
        let events = events.collect::<Result<_, _>>()?;
        store.append(AppendBatch::new(stream.clone(), AppendCondition::Any, events)).await?;
        left -= part;
    }
    Ok(())
}
