//! The command that is measured.

use esrs::prelude::*;

use super::{Currency, ItemAdded, Money, Order};

/// Puts an item into an order.
#[derive(Clone, Debug, Serialize)]
pub struct AddItem {
    /// The article.
    pub sku: String,
    /// The quantity.
    pub quantity: u32,
    /// The price of one.
    pub cents: i64,
}

/// An order has a bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OrderIsFull;

impl Order {
    /// The maximum number of items of an order.
    pub const MAX_ITEMS: u64 = 1_000_000;

    /// Decides on [`AddItem`], for both sides alike.
    ///
    /// # Errors
    /// [`OrderIsFull`]
    pub fn add_item(&self, command: &AddItem) -> Result<ItemAdded, OrderIsFull> {
        if self.items + u64::from(command.quantity) > Self::MAX_ITEMS {
            return Err(OrderIsFull);
        }
        Ok(ItemAdded {
            sku: command.sku.clone(),
            quantity: command.quantity,
            unit_price: Money { cents: command.cents, currency: Currency::Eur },
            engraving: None,
        })
    }
}

impl Handle<AddItem> for Order {
    type Error = OrderIsFull;

    fn handle(&self, command: &AddItem, _: &Context<Self>) -> Result<Events<Self>, OrderIsFull> {
        Ok(self.add_item(command)?.into())
    }
}
