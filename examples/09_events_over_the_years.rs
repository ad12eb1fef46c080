//! Events that were renamed, retired, split and merged.
//!
//! A shop learns what its events should have been, and the log keeps what they were. Nothing that is
//! stored is ever rewritten: for each old name the program declares what it means today, and
//! `cargo check` refuses a declaration that contradicts another or leaves a step out.

use std::convert::Infallible;
use std::error::Error;

use esrs::aggregate::ReplayFault;
use esrs::prelude::*;
use esrs::store::{AppendBatch, AppendCondition, NewEvent};
use esrs::{EventStore, Metadata, StreamId};

/// Renamed: what was stored under the old name is of the same chain of versions.
#[derive(Event, Debug, Serialize, Deserialize)]
#[event("parcel_shipped", aliases("parcel_sent"))]
struct ParcelShipped {}

/// Split: "bought" said two things, which happen on different days since the shop sends invoices.
#[derive(Event, Serialize, Deserialize)]
#[event("bought")]
struct Bought {
    sku: String,
    cents: i64,
}

#[derive(Event, Debug, Serialize, Deserialize)]
#[event("order_placed")]
struct OrderPlaced {
    sku: String,
}

#[derive(Event, Debug, Serialize, Deserialize)]
#[event("order_paid")]
struct OrderPaid {
    cents: i64,
}

impl Split for Bought {
    type Into = (OrderPlaced, OrderPaid);

    fn split(self) -> Self::Into {
        (OrderPlaced { sku: self.sku }, OrderPaid { cents: self.cents })
    }
}

/// Merged: a coupon and a gift card turned out to be one thing, and became one event. Each keeps
/// its own versions; the step begins where they end.
#[derive(Event, Debug, Serialize, Deserialize)]
#[event("discount_given", merges(CouponUsed, GiftCardUsed))]
struct DiscountGiven {
    cents: i64,
    reason: String,
}

#[derive(Event, Serialize, Deserialize)]
#[event("coupon_used", version = 2, from = CouponUsedV1)]
struct CouponUsed {
    cents: i64,
    code: String,
}

#[derive(Event, Serialize, Deserialize)]
#[event("coupon_used")]
struct CouponUsedV1 {
    cents: i64,
}

#[derive(Event, Serialize, Deserialize)]
#[event("gift_card_used")]
struct GiftCardUsed {
    cents: i64,
}

impl Upcast<CouponUsedV1> for CouponUsed {
    fn upcast(old: CouponUsedV1) -> Self {
        Self { cents: old.cents, code: "SPRING".to_owned() }
    }
}

impl Upcast<CouponUsed> for DiscountGiven {
    fn upcast(old: CouponUsed) -> Self {
        Self { cents: old.cents, reason: format!("coupon {}", old.code) }
    }
}

impl Upcast<GiftCardUsed> for DiscountGiven {
    fn upcast(old: GiftCardUsed) -> Self {
        Self { cents: old.cents, reason: "gift card".to_owned() }
    }
}

/// The events of today, and the meaning of each name of yesterday. The last is retired: it is skipped
/// on purpose, and its struct is gone.
#[derive(Aggregate, Clone, Debug, Default)]
#[aggregate(
    "order",
    id = u32,
    events(OrderPlaced, OrderPaid, DiscountGiven, ParcelShipped, split(Bought)),
    retired("newsletter_sent"),
    event_derives(Debug)
)]
struct Order {
    sku: String,
    paid: i64,
    discount: i64,
    shipped: bool,
}

impl Apply<OrderPlaced> for Order {
    fn apply(&mut self, event: OrderPlaced) {
        self.sku = event.sku;
    }
}

impl Apply<OrderPaid> for Order {
    fn apply(&mut self, event: OrderPaid) {
        self.paid += event.cents;
    }
}

impl Apply<DiscountGiven> for Order {
    fn apply(&mut self, event: DiscountGiven) {
        self.discount += event.cents;
    }
}

impl Apply<ParcelShipped> for Order {
    fn apply(&mut self, _: ParcelShipped) {
        self.shipped = true;
    }
}

struct GiveDiscount {
    cents: i64,
}

impl Handle<GiveDiscount> for Order {
    type Error = Infallible;

    fn handle(
        &self,
        command: &GiveDiscount,
        _: &Context<Self>,
    ) -> Result<Events<Self>, Infallible> {
        Ok(DiscountGiven { cents: command.cents, reason: "late parcel".to_owned() }.into())
    }
}

/// The table of what is paid. It knows the events of today alone, and has the rows of all years.
#[derive(Projection, Debug)]
#[projection(table = "payment", of = Order, creates(OrderPaid), events(DiscountGiven))]
struct Payment {
    #[projection(key)]
    order: u32,
    cents: i64,
}

impl Create<OrderPaid> for Payment {
    fn create(order: u32, event: &Recorded<OrderPaid>) -> Self {
        Self { order, cents: event.cents }
    }
}

impl Project<DiscountGiven> for Payment {
    fn project(&mut self, event: &Recorded<DiscountGiven>) {
        self.cents -= event.cents;
    }
}

/// Stores what the programs of the last years stored.
async fn store(
    log: &impl EventStore,
    name: &str,
    version: u32,
    payload: &str,
) -> Result<(), Box<dyn Error>> {
    let event = NewEvent::of(&ParcelShipped {}, Metadata::new())?;
    let event = NewEvent { name: name.into(), version, payload: payload.to_owned(), ..event };
    let stream = StreamId::new(Order::NAME, 7)?;
    log.append(AppendBatch::new(stream, AppendCondition::Any, vec![event])).await?;
    Ok(())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let log = SqliteStore::open(folder.path().join("orders.db")).await?;
    store(&log, "bought", 1, r#"{"sku":"boots","cents":9900}"#).await?;
    store(&log, "coupon_used", 1, r#"{"cents":500}"#).await?;
    store(&log, "newsletter_sent", 1, r#"{"issue":12}"#).await?;
    store(&log, "coupon_used", 2, r#"{"cents":300,"code":"BOOTS"}"#).await?;
    store(&log, "gift_card_used", 1, r#"{"cents":1000}"#).await?;
    store(&log, "parcel_sent", 1, "{}").await?;

    let orders = Repository::<Order>::new(log.clone());
    orders.execute(&7, GiveDiscount { cents: 100 }).await?;

    // Each stored event, and what it counts as today: one version each, however many events.
    let mut history = orders.history(&7)?;
    while let Some(moment) = history.try_next().await? {
        let (version, kind) = (moment.envelope.version, moment.kind);
        println!("{version} {} v{} {}", kind.name, kind.version, moment.payload);
        for event in moment.events {
            println!("    {event:?}");
        }
    }
    let order = orders.load(&7).await?;
    println!("version {}: {:?}", Loaded::version(&order), *order);

    // The parts of the split event and the events of other names come to the table, too.
    log.catch_up::<Payment>().await?;
    println!("{:?}", log.get::<Payment>(&7).await?);

    // A name that nothing was said about is never passed over.
    store(&log, "parcel_lost", 1, "{}").await?;
    let Err(LoadError::Replay(error)) = orders.load(&7).await else {
        return Err("it was read".into());
    };
    assert!(matches!(error.reason, ReplayFault::UnknownEvent { .. }));
    println!("{error}");
    Ok(())
}
