use esrs::prelude::*;

#[derive(Event, Serialize, Deserialize)]
#[event("order_placed_and_paid")]
struct OrderPlacedAndPaid {}

#[derive(Event, Serialize, Deserialize)]
#[event("order_placed")]
struct OrderPlaced {}

#[derive(Event, Serialize, Deserialize)]
#[event("order_paid")]
struct OrderPaid {}

impl Split for OrderPlacedAndPaid {
    type Into = (OrderPlaced, OrderPaid);

    fn split(self) -> Self::Into {
        (OrderPlaced {}, OrderPaid {})
    }
}

#[derive(Aggregate, Default)]
#[aggregate("order", id = u64, events(split(OrderPlacedAndPaid), ignored(OrderPlaced, OrderPaid)))]
struct Order {}

fn main() {
    let _ = esrs::testing::Scenario::<Order>::given(OrderPlacedAndPaid {});
}
