use esrs::prelude::*;

#[derive(Event, Serialize, Deserialize)]
#[event("order_placed_and_paid")]
struct OrderPlacedAndPaid {
    cents: i64,
}

#[derive(Event, Serialize, Deserialize)]
#[event("order_placed")]
struct OrderPlaced {}

#[derive(Event, Serialize, Deserialize)]
#[event("order_paid")]
struct OrderPaid {
    cents: i64,
}

impl Split for OrderPlacedAndPaid {
    type Into = (OrderPlaced, Option<OrderPaid>);

    fn split(self) -> Self::Into {
        (OrderPlaced {}, (self.cents > 0).then_some(OrderPaid { cents: self.cents }))
    }
}

#[derive(Aggregate, Debug, Default, PartialEq)]
#[aggregate("order", id = u64, events(split(OrderPlacedAndPaid), ignored(OrderPlaced), OrderPaid))]
struct Order {
    paid: i64,
}

impl Apply<OrderPaid> for Order {
    fn apply(&mut self, event: OrderPaid) {
        self.paid += event.cents;
    }
}

struct Buy;

impl Handle<Buy> for Order {
    type Error = std::convert::Infallible;

    fn handle(&self, _: &Buy, _: &Context<Self>) -> Result<Events<Self>, Self::Error> {
        Ok(OrderPlacedAndPaid { cents: 7 }.split().into())
    }
}

pub(crate) fn main() {
    esrs::testing::Scenario::<Order>::new()
        .and_given_stored("order_placed_and_paid", 1, r#"{"cents":5}"#)
        .then_state(Order { paid: 5 })
        .when(Buy)
        .then((OrderPlaced {}, OrderPaid { cents: 7 }));
}
