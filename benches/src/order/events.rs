//! The events of an order: five, of about a hundred bytes, as a shop might have them.

use esrs::prelude::*;

/// A customer placed it.
#[derive(Event, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[event("order_placed")]
pub struct OrderPlaced {
    /// The customer.
    pub customer: u64,
    /// By which way.
    pub channel: Channel,
    /// Where it goes.
    pub address: Address,
}

/// An item was put into it.
#[derive(Event, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[event("item_added", version = 2, from = ItemAddedV1)]
pub struct ItemAdded {
    /// The article.
    pub sku: String,
    /// The quantity.
    pub quantity: u32,
    /// The price of one.
    pub unit_price: Money,
    /// The text on it.
    pub engraving: Option<String>,
}

/// [`ItemAdded`], when there was one currency.
#[derive(Event, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[event("item_added")]
pub struct ItemAddedV1 {
    /// The article.
    pub sku: String,
    /// The quantity.
    pub quantity: u32,
    /// The price of one.
    pub unit_price_cents: i64,
    /// The text on it.
    pub engraving: Option<String>,
}

impl Upcast<ItemAddedV1> for ItemAdded {
    fn upcast(old: ItemAddedV1) -> Self {
        Self {
            sku: old.sku,
            quantity: old.quantity,
            unit_price: Money { cents: old.unit_price_cents, currency: Currency::Eur },
            engraving: old.engraving,
        }
    }
}

/// The same event, whose way from version 1 is declared.
#[derive(Event, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[event("item_added", version = 2)]
pub struct ItemAddedAsDeclared {
    /// The article.
    pub sku: String,
    /// The quantity.
    pub quantity: u32,
    /// The price of one.
    #[event(renamed(from = "unit_price_cents", in = 2))]
    #[event(retyped(from = i64, in = 2, with = Money::of_cents))]
    pub unit_price: Money,
    /// The text on it.
    pub engraving: Option<String>,
}

/// An item was taken out of it.
#[derive(Event, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[event("item_removed")]
pub struct ItemRemoved {
    /// The article.
    pub sku: String,
    /// The quantity.
    pub quantity: u32,
    /// The refund for it.
    pub refund: Money,
}

/// It was paid for, in whole or in part.
#[derive(Event, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[event("payment_taken")]
pub struct PaymentTaken {
    /// The number the bank gave it.
    pub reference: String,
    /// The amount.
    pub amount: Money,
    /// By what means.
    pub method: Method,
}

/// A parcel of it left the house.
#[derive(Event, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[event("parcel_sent")]
pub struct ParcelSent {
    /// The carrier.
    pub carrier: String,
    /// The carrier's number.
    pub tracking: String,
    /// The weight.
    pub grams: u32,
    /// True if it must be signed for.
    pub signature: bool,
}

/// An amount of money.
#[derive(Schema, Serialize, Deserialize, Clone, Copy, Debug, PartialEq)]
pub struct Money {
    /// In the hundredth part.
    pub cents: i64,
    /// Of what.
    pub currency: Currency,
}

impl Money {
    /// An amount of euros, by its cents.
    pub fn of_cents(cents: i64) -> Self {
        Self { cents, currency: Currency::Eur }
    }
}

/// The currencies.
#[derive(Schema, Serialize, Deserialize, Clone, Copy, Debug, PartialEq)]
pub enum Currency {
    /// Euro.
    Eur,
    /// US dollar.
    Usd,
    /// Czech koruna.
    Czk,
}

/// By which way an order comes in.
#[derive(Schema, Serialize, Deserialize, Clone, Copy, Debug, PartialEq)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// The web.
    Web,
    /// The telephone.
    Phone,
    /// A shop, by its number.
    Shop(u32),
}

/// Where an order goes.
#[derive(Schema, Serialize, Deserialize, Clone, Debug, PartialEq)]
pub struct Address {
    /// Street and number.
    pub street: String,
    /// The city.
    pub city: String,
    /// Its postal code.
    pub code: u32,
}

/// By what means a payment is made.
#[derive(Schema, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// A card, by its last digits.
    Card {
        /// The last four.
        last_four: u16,
    },
    /// A transfer, by its account.
    Transfer {
        /// The account.
        account: String,
    },
}
