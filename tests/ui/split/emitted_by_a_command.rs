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

struct Buy;

impl Handle<Buy> for Order {
    type Error = std::convert::Infallible;

    fn handle(&self, _: &Buy, _: &Context<Self>) -> Result<Events<Self>, Self::Error> {
        Ok(OrderPlacedAndPaid {}.into())
    }
}

fn main() {}
