//! Events that were never recorded: the same ones each time, in an order that nothing can guess.

use std::error::Error;

use esrs::store::NewRecord;
use esrs::store::Page;
use esrs::{Aggregate, Position, StreamId};

use super::{
    Address, Channel, Currency, ItemAdded, ItemAddedV1, ItemRemoved, Method, Money, Order,
    OrderEvent, OrderPlaced, ParcelSent, PaymentTaken,
};

/// An endless stream of events of an order. The first is [`OrderPlaced`].
#[derive(Debug, Clone, Default)]
pub struct Samples {
    drawn: u64,
    state: u64,
}

impl Samples {
    /// The samples, from the first.
    pub fn new() -> Self {
        Self::default()
    }

    /// An item, as version 1 had it.
    pub fn item_v1(&mut self) -> ItemAddedV1 {
        ItemAddedV1 {
            sku: format!("SKU-{:06}", self.below(1_000_000)),
            quantity: self.below(9) as u32 + 1,
            unit_price_cents: self.below(100_000) as i64,
            engraving: self.one_in(3).then(|| "with love, from all of us".to_owned()),
        }
    }

    /// A number below `bound`: a step of SplitMix64.
    fn below(&mut self, bound: u64) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % bound
    }

    fn one_in(&mut self, chances: u64) -> bool {
        self.below(chances) == 0
    }

    fn money(&mut self) -> Money {
        let currency = [Currency::Eur, Currency::Usd, Currency::Czk][self.below(3) as usize];
        Money { cents: self.below(1_000_000) as i64, currency }
    }

    fn placed(&mut self) -> OrderPlaced {
        const CITIES: [&str; 4] = ["Brno", "København", "Utrecht", "Ústí nad Labem"];
        let channel = match self.below(3) {
            0 => Channel::Web,
            1 => Channel::Phone,
            _ => Channel::Shop(self.below(200) as u32),
        };
        OrderPlaced {
            customer: self.below(10_000_000),
            channel,
            address: Address {
                street: format!("Long Street {}", self.below(400)),
                city: CITIES[self.below(4) as usize].to_owned(),
                code: self.below(99_999) as u32,
            },
        }
    }

    fn item(&mut self) -> ItemAdded {
        let ItemAddedV1 { sku, quantity, engraving, .. } = self.item_v1();
        ItemAdded { sku, quantity, unit_price: self.money(), engraving }
    }

    fn payment(&mut self) -> PaymentTaken {
        let method = match self.one_in(2) {
            true => Method::Card { last_four: self.below(10_000) as u16 },
            false => Method::Transfer { account: format!("CZ{:012}", self.below(1 << 39)) },
        };
        let reference = format!("{:016x}", self.below(u64::MAX));
        PaymentTaken { reference, amount: self.money(), method }
    }

    fn parcel(&mut self) -> ParcelSent {
        const CARRIERS: [&str; 3] = ["Postal Service", "Bicycle Couriers", "Night Train"];
        ParcelSent {
            carrier: CARRIERS[self.below(3) as usize].to_owned(),
            tracking: format!("{:018}", self.below(1 << 59)),
            grams: self.below(20_000) as u32,
            signature: self.one_in(4),
        }
    }
}

impl Iterator for Samples {
    type Item = OrderEvent;

    fn next(&mut self) -> Option<OrderEvent> {
        self.drawn += 1;
        let chance = if self.drawn == 1 { 0 } else { self.below(20) };
        Some(match chance {
            0..=1 => self.placed().into(),
            2..=10 => self.item().into(),
            11..=12 => {
                let ItemAdded { sku, quantity, .. } = self.item();
                ItemRemoved { sku, quantity, refund: self.money() }.into()
            }
            13..=16 => self.payment().into(),
            _ => self.parcel().into(),
        })
    }
}

/// A page of one stream that holds the next `count` samples, at their current versions.
///
/// # Errors
/// When a sample cannot be written as JSON; none does that.
pub fn page_of_current(samples: &mut Samples, count: usize) -> Result<Page, Box<dyn Error>> {
    page_of(samples.take(count).map(|event| {
        let (place, payload) = Order::encode(&event);
        let event_type = &Order::EVENTS[place];
        Ok((event_type.name, event_type.version, payload?))
    }))
}

/// A page of one stream that holds `count` items, at version 1.
///
/// # Errors
/// When a sample cannot be written as JSON; none does that.
pub fn page_of_version_1(samples: &mut Samples, count: usize) -> Result<Page, Box<dyn Error>> {
    page_of((0..count).map(|_| Ok(("item_added", 1, serde_json::to_string(&samples.item_v1())?))))
}

fn page_of<'a>(
    payloads: impl Iterator<Item = Result<(&'a str, u32, String), serde_json::Error>>,
) -> Result<Page, Box<dyn Error>> {
    let mut writer = Page::new().into_writer();
    let stream = writer.add_stream(StreamId::new(Order::NAME, 1)?);
    let mut version = 0;
    for event in payloads {
        let (name, shape, payload) = event?;
        version += 1;
        let kind = writer.intern_kind(&name.into(), shape);
        let record = NewRecord { position: Position::new(version), version, stream, kind };
        writer.push(record, payload.as_bytes());
    }
    Ok(writer.finish(true, Position::new(version))?)
}
