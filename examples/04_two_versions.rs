//! Two versions of an event in one stream.
//!
//! The shop first stored prices as a text. Then it learned. The old struct stays beside the new one,
//! a typed step leads from one to the other, and everything else in the program knows the new shape
//! alone: what was stored years ago arrives in it.

use std::error::Error;

use esrs::prelude::*;
use esrs::{AppendBatch, AppendCondition, EventStore, Metadata, NewEvent, StreamId};

/// As it is today.
#[derive(Event, Serialize, Deserialize)]
#[event("price_changed", version = 2, from = PriceChangedV1)]
struct PriceChanged {
    cents: i64,
    currency: Currency,
}

/// As it was stored at first. Its stored payloads are there for ever, and so is this struct.
#[derive(Event, Serialize, Deserialize)]
#[event("price_changed")]
struct PriceChangedV1 {
    price: String,
}

#[derive(Schema, Serialize, Deserialize, Debug, Default, Clone, Copy)]
enum Currency {
    #[default]
    Eur,
    Usd,
}

/// A text may be anything, so the step may fail; one that cannot fail is an `Upcast`.
impl TryUpcast<PriceChangedV1> for PriceChanged {
    type Error = std::num::ParseIntError;

    fn try_upcast(old: PriceChangedV1) -> Result<Self, Self::Error> {
        let cents = old.price.replace('.', "").parse()?;
        Ok(Self { cents, currency: Currency::Eur })
    }
}

#[derive(Aggregate, Default)]
#[aggregate("product", id = u32, events(PriceChanged))]
struct Product {
    prices: Vec<(i64, Currency)>,
}

impl Apply<PriceChanged> for Product {
    fn apply(&mut self, event: PriceChanged) {
        self.prices.push((event.cents, event.currency));
    }
}

struct ChangePrice {
    cents: i64,
    currency: Currency,
}

impl Handle<ChangePrice> for Product {
    type Error = std::convert::Infallible;

    fn handle(
        &self,
        command: &ChangePrice,
        _: &Context<Self>,
    ) -> Result<Events<Self>, Self::Error> {
        Ok(PriceChanged { cents: command.cents, currency: command.currency }.into())
    }
}

/// What the shop's program of last year did.
async fn store_as_last_year(store: &MemoryStore, price: &str) -> Result<(), Box<dyn Error>> {
    let event = NewEvent::of(&PriceChangedV1 { price: price.to_owned() }, Metadata::new())?;
    let stream = StreamId::new("product", 1)?;
    store.append(AppendBatch::new(stream, AppendCondition::Any, vec![event])).await?;
    Ok(())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let store = MemoryStore::new();
    let products = Repository::<Product>::new(store.clone());

    store_as_last_year(&store, "19.90").await?;
    products.execute(&1, ChangePrice { cents: 2_150, currency: Currency::Usd }).await?;
    for (cents, currency) in &products.load(&1).await?.prices {
        println!("{cents} {currency:?}");
    }

    // What no step can bring up to date is an error that says where it stands.
    store_as_last_year(&store, "a bargain").await?;
    let Err(error) = products.load(&1).await else { return Err("it was read".into()) };
    println!("{error}");
    Ok(())
}
