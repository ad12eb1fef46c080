//! An event of four versions, by hand and as declared; the first is that of [`super::ItemAddedV1`].

use esrs::prelude::*;

use super::Money;

/// An item was put aside.
#[derive(Event, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[event("item_reserved", version = 4, from = ItemReservedV3)]
pub struct ItemReserved {
    /// The article.
    pub sku: Sku,
    /// The quantity.
    pub quantity: u64,
    /// The price of one.
    pub unit_price: Money,
    /// The text on it.
    pub text: Option<String>,
    /// True if it is wrapped.
    pub gift: bool,
}

/// An article.
#[derive(Schema, Serialize, Deserialize, Clone, Debug, PartialEq)]
pub struct Sku {
    /// By its number.
    pub number: String,
}

impl Sku {
    /// The article of a number.
    pub fn of_number(number: String) -> Self {
        Self { number }
    }
}

/// [`ItemReserved`], when an article was a text.
#[derive(Event, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[event("item_reserved", version = 3, from = ItemReservedV2)]
pub struct ItemReservedV3 {
    /// The article.
    pub sku: String,
    /// The quantity.
    pub quantity: u64,
    /// The price of one.
    pub unit_price: Money,
    /// The text on it.
    pub engraving: Option<String>,
    /// True if it is wrapped.
    pub gift: bool,
}

/// [`ItemReserved`], when nothing was wrapped.
#[derive(Event, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[event("item_reserved", version = 2, from = ItemReservedV1)]
pub struct ItemReservedV2 {
    /// The article.
    pub sku: String,
    /// The quantity.
    pub quantity: u32,
    /// The price of one.
    pub unit_price: Money,
    /// The text on it.
    pub engraving: Option<String>,
}

/// [`ItemReserved`], when there was one currency.
#[derive(Event, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[event("item_reserved")]
pub struct ItemReservedV1 {
    /// The article.
    pub sku: String,
    /// The quantity.
    pub quantity: u32,
    /// The price of one.
    pub unit_price_cents: i64,
    /// The text on it.
    pub engraving: Option<String>,
}

impl Upcast<ItemReservedV1> for ItemReservedV2 {
    fn upcast(old: ItemReservedV1) -> Self {
        let ItemReservedV1 { sku, quantity, unit_price_cents, engraving } = old;
        Self { sku, quantity, unit_price: Money::of_cents(unit_price_cents), engraving }
    }
}

impl Upcast<ItemReservedV2> for ItemReservedV3 {
    fn upcast(old: ItemReservedV2) -> Self {
        let ItemReservedV2 { sku, quantity, unit_price, engraving } = old;
        Self { sku, quantity: quantity.into(), unit_price, engraving, gift: false }
    }
}

impl Upcast<ItemReservedV3> for ItemReserved {
    fn upcast(old: ItemReservedV3) -> Self {
        let ItemReservedV3 { sku, quantity, unit_price, engraving, gift } = old;
        Self { sku: Sku::of_number(sku), quantity, unit_price, text: engraving, gift }
    }
}

/// The same event, whose way from version 1 is declared.
#[derive(Event, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[event("item_reserved", version = 4)]
pub struct ItemReservedAsDeclared {
    /// The article.
    #[event(retyped(from = String, in = 4, with = Sku::of_number))]
    pub sku: Sku,
    /// The quantity.
    #[event(retyped(from = u32, in = 3, with = u64::from))]
    pub quantity: u64,
    /// The price of one.
    #[event(renamed(from = "unit_price_cents", in = 2))]
    #[event(retyped(from = i64, in = 2, with = Money::of_cents))]
    pub unit_price: Money,
    /// The text on it.
    #[event(renamed(from = "engraving", in = 4))]
    pub text: Option<String>,
    /// True if it is wrapped.
    #[event(added(in = 3, default = false))]
    pub gift: bool,
}
