//! The aggregate that is measured: an order of a shop, and the same work by hand.

pub mod by_hand;
mod chain;
mod commands;
mod events;
mod samples;
pub mod work;

pub use chain::*;
pub use commands::{AddItem, OrderIsFull};
pub use events::*;
pub use samples::{Samples, page_of_current, page_of_version_1};

use esrs::prelude::*;

/// An order.
#[derive(Aggregate, Schema, Serialize, Deserialize, Default, Clone, Debug, PartialEq)]
#[aggregate(
    "order",
    id = u64,
    events(OrderPlaced, ItemAdded, ItemRemoved, PaymentTaken, ParcelSent)
)]
pub struct Order {
    /// The customer.
    pub customer: u64,
    /// The shop that it came in by.
    pub shop: Option<u32>,
    /// Where it goes.
    pub city: String,
    /// The number of items in it.
    pub items: u64,
    /// Their price.
    pub total_cents: i64,
    /// The sum that was paid.
    pub paid_cents: i64,
    /// The last digits of the card that paid last.
    pub card: Option<u16>,
    /// The weight that was sent.
    pub grams: u64,
    /// The number of parcels that must be signed for.
    pub signatures: u32,
}

impl Apply<OrderPlaced> for Order {
    fn apply(&mut self, event: OrderPlaced) {
        self.customer = event.customer;
        self.shop = match event.channel {
            Channel::Shop(number) => Some(number),
            Channel::Web | Channel::Phone => None,
        };
        self.city = event.address.city;
    }
}

impl Apply<ItemAdded> for Order {
    fn apply(&mut self, event: ItemAdded) {
        self.items += u64::from(event.quantity);
        self.total_cents += event.unit_price.cents * i64::from(event.quantity);
    }
}

impl Apply<ItemRemoved> for Order {
    fn apply(&mut self, event: ItemRemoved) {
        self.items = self.items.saturating_sub(u64::from(event.quantity));
        self.total_cents -= event.refund.cents;
    }
}

impl Apply<PaymentTaken> for Order {
    fn apply(&mut self, event: PaymentTaken) {
        self.paid_cents += event.amount.cents;
        if let Method::Card { last_four } = event.method {
            self.card = Some(last_four);
        }
    }
}

impl Apply<ParcelSent> for Order {
    fn apply(&mut self, event: ParcelSent) {
        self.grams += u64::from(event.grams);
        self.signatures += u32::from(event.signature);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use esrs::aggregate::replay;

    #[test]
    fn both_sides_come_to_the_same_order() {
        let page = page_of_current(&mut Samples::new(), 2_000).unwrap();
        let mut replayed = Order::default();
        assert_eq!(replay(&mut replayed, 0, &page).unwrap(), 2_000);
        assert_eq!(by_hand::fold_all(&by_hand::events_of(&page).unwrap()).unwrap(), replayed);
        let mut applied = Order::default();
        Samples::new().take(2_000).for_each(|event| by_hand::apply(&mut applied, event));
        assert_eq!(applied, replayed);
    }

    #[test]
    fn both_sides_take_the_step_from_version_1() {
        let page = page_of_version_1(&mut Samples::new(), 2_000).unwrap();
        let mut replayed = Order::default();
        replay(&mut replayed, 0, &page).unwrap();
        let events = by_hand::events_of(&page).unwrap();
        assert_eq!(by_hand::fold_all(&events).unwrap(), replayed);
        assert_eq!(page.kinds()[0].version, 1);
    }

    #[test]
    fn the_declared_step_comes_to_the_same_item_as_the_written_one() {
        let page = page_of_version_1(&mut Samples::new(), 2_000).unwrap();
        for record in page.records() {
            let written = ItemAdded::decode(1, record.payload()).unwrap();
            let declared = ItemAddedAsDeclared::decode(1, record.payload()).unwrap();
            let ItemAddedAsDeclared { sku, quantity, unit_price, engraving } = declared;
            assert_eq!(ItemAdded { sku, quantity, unit_price, engraving }, written);
        }
    }

    #[test]
    fn three_declared_steps_come_to_the_same_item_as_the_written_ones() {
        let page = page_of_version_1(&mut Samples::new(), 2_000).unwrap();
        for record in page.records() {
            let written = ItemReserved::decode(1, record.payload()).unwrap();
            let declared = ItemReservedAsDeclared::decode(1, record.payload()).unwrap();
            let ItemReservedAsDeclared { sku, quantity, unit_price, text, gift } = declared;
            assert_eq!(ItemReserved { sku, quantity, unit_price, text, gift }, written);
        }
    }
}
