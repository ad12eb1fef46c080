//! Versions of an event in one stream.
//!
//! The shop's events have changed since its first day. What led from each version to the next is
//! declared where it happened, and the rest is generated; what no attribute can declare is an old struct
//! and a typed step that leads on from it. Everything else in the program knows the newest shape
//! alone: what was stored years ago arrives in it.

use std::error::Error;

use esrs::prelude::*;
use esrs::store::{AppendBatch, AppendCondition, NewEvent};
use esrs::{EventStore, Metadata, StreamId};

/// At first it was `{"amount": {"cents": 1990}, "list": "summer"}`.
#[derive(Event, Serialize, Deserialize)]
#[event("price_changed", version = 4, removed(name = "list", ty = String, in = 3))]
struct PriceChanged {
    #[event(renamed(from = "amount", in = 2), updated(in = 4, from = 1))]
    price: Money,
    #[event(added(in = 3))]
    reason: Option<String>,
}

/// A nested type declares its own history, in one place.
#[derive(Schema, Serialize, Deserialize, Debug, Clone, Copy)]
#[schema(version = 2)]
struct Money {
    cents: i64,
    #[schema(added(in = 2, default = Currency::Eur))]
    currency: Currency,
}

#[derive(Schema, Serialize, Deserialize, Debug, Clone, Copy)]
enum Currency {
    Eur,
    Usd,
}

/// A step that may fail is written by hand.
#[derive(Event, Serialize, Deserialize)]
#[event("stock_counted", version = 2, from = StockCountedV1)]
struct StockCounted {
    pieces: u32,
}

/// As it was stored at first. Its stored payloads are there for ever, and so is this struct.
#[derive(Event, Serialize, Deserialize)]
#[event("stock_counted")]
struct StockCountedV1 {
    pieces: String,
}

/// A text may be anything; a step that cannot fail is an `Upcast`.
impl TryUpcast<StockCountedV1> for StockCounted {
    type Error = std::num::ParseIntError;

    fn try_upcast(old: StockCountedV1) -> Result<Self, Self::Error> {
        Ok(Self { pieces: old.pieces.parse()? })
    }
}

#[derive(Aggregate, Default)]
#[aggregate("product", id = u32, events(PriceChanged, StockCounted))]
struct Product {
    prices: Vec<Money>,
    pieces: u32,
}

impl Apply<PriceChanged> for Product {
    fn apply(&mut self, event: PriceChanged) {
        self.prices.push(event.price);
    }
}

impl Apply<StockCounted> for Product {
    fn apply(&mut self, event: StockCounted) {
        self.pieces = event.pieces;
    }
}

struct ChangePrice(Money);

impl Handle<ChangePrice> for Product {
    type Error = std::convert::Infallible;

    fn handle(
        &self,
        command: &ChangePrice,
        _: &Context<Self>,
    ) -> Result<Events<Self>, Self::Error> {
        Ok(PriceChanged { price: command.0, reason: None }.into())
    }
}

/// Stores what the shop's program of that time stored.
async fn store(
    store: &MemoryStore,
    name: &str,
    version: u32,
    payload: &str,
) -> Result<(), Box<dyn Error>> {
    let newest = NewEvent::of(&StockCounted { pieces: 0 }, Metadata::new())?;
    let old = NewEvent { name: name.into(), version, payload: payload.to_owned(), ..newest };
    let stream = StreamId::new("product", 1)?;
    store.append(AppendBatch::new(stream, AppendCondition::Any, vec![old])).await?;
    Ok(())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let log = MemoryStore::new();
    let products = Repository::<Product>::new(log.clone());

    let price = r#"{"amount": {"cents": 1990}, "list": "summer"}"#;
    store(&log, "price_changed", 1, price).await?;
    let price = r#"{"price": {"cents": 1790}, "reason": "it rains"}"#;
    store(&log, "price_changed", 3, price).await?;
    store(&log, "stock_counted", 1, r#"{"pieces": "12"}"#).await?;
    let price = Money { cents: 2_150, currency: Currency::Usd };
    products.execute(&1, ChangePrice(price)).await?;
    let product = products.load(&1).await?;
    for Money { cents, currency } in &product.prices {
        println!("{cents} {currency:?}");
    }
    println!("{} pieces", product.pieces);

    // What the older versions looked like, and what led on from each, can be read.
    for version in PriceChanged::history() {
        println!("{version}");
    }

    // What no step can bring up to date is an error that says where it stands.
    store(&log, "stock_counted", 1, r#"{"pieces": "a dozen"}"#).await?;
    let Err(error) = products.load(&1).await else { return Err("it was read".into()) };
    println!("{error}");
    Ok(())
}
