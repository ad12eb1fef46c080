use esrs::prelude::*;

#[derive(Event, Serialize, Deserialize)]
#[event("order_placed_and_paid")]
struct OrderPlacedAndPaid {}

#[derive(Event, Serialize, Deserialize)]
#[event("order_placed")]
struct OrderPlaced {}

#[derive(Event, Serialize, Deserialize)]
#[event("order_paid")]
struct OrderPaidV1 {}

#[derive(Event, Serialize, Deserialize)]
#[event("order_paid", version = 2, from = OrderPaidV1)]
struct OrderPaid {
    cents: i64,
}

impl Upcast<OrderPaidV1> for OrderPaid {
    fn upcast(_: OrderPaidV1) -> Self {
        Self { cents: 0 }
    }
}

impl Split for OrderPlacedAndPaid {
    type Into = (OrderPlaced, Option<OrderPaidV1>);

    fn split(self) -> Self::Into {
        (OrderPlaced {}, Some(OrderPaidV1 {}))
    }
}

#[derive(Aggregate, Default)]
#[aggregate("order", id = u64, events(split(OrderPlacedAndPaid), ignored(OrderPlaced, OrderPaid)))]
struct Order {}

fn main() {}
