use esrs::prelude::*;

#[derive(Event, Serialize, Deserialize)]
#[event("order_placed_and_paid")]
struct OrderPlacedAndPaid {}

impl Split for OrderPlacedAndPaid {
    type Into = ();

    fn split(self) {}
}

#[derive(Aggregate, Default)]
#[aggregate("order", id = u64, events(split(OrderPlacedAndPaid)))]
struct Order {}

fn main() {}
