//! Payload types with parameters of their own; an event fills them in.

use std::convert::Infallible;
use std::marker::PhantomData;

use esrs::prelude::*;

use crate::book::executed;

#[derive(Schema, Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Changed<T>
where
    T: Clone,
{
    from: Option<T>,
    to: T,
}

#[derive(Schema, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "unit")]
enum Amount<T, const PLACES: usize> {
    Money { value: T },
    Points { value: [T; 1] },
}

#[derive(Schema, Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Tagged<T> {
    text: String,
    #[serde(skip)]
    of: PhantomData<T>,
}

#[derive(Event, Clone, Serialize, Deserialize)]
#[event("price_changed")]
struct PriceChanged {
    price: Changed<Amount<i64, 2>>,
    name: Tagged<u8>,
}

#[derive(Aggregate, Default)]
#[aggregate("article", id = u64, events(PriceChanged))]
struct Article {
    price: Option<Amount<i64, 2>>,
}

impl Apply<PriceChanged> for Article {
    fn apply(&mut self, event: PriceChanged) {
        self.price = Some(event.price.to);
    }
}

impl Handle<PriceChanged> for Article {
    type Error = Infallible;

    fn handle(
        &self,
        command: &PriceChanged,
        _: &Context<Self>,
    ) -> Result<Events<Self>, Infallible> {
        Ok(command.clone().into())
    }
}

#[tokio::test]
async fn a_generic_payload_goes_there_and_back() {
    let to = Amount::Points { value: [9] };
    let price = Changed { from: Some(Amount::Money { value: 5 }), to: to.clone() };
    let name = Tagged { text: "bread".to_owned(), of: PhantomData };
    let (_, article) = executed::<Article, _>(1, PriceChanged { price, name }).await;
    assert_eq!(article.price, Some(to));
}

#[test]
fn a_generic_payload_has_the_shape_of_its_arguments() {
    assert_eq!(<Changed<i64> as Schema>::SHAPE.to_string(), "{from: i64?, to: i64}");
    assert_ne!(<Changed<i64> as Schema>::FINGERPRINT, <Changed<u64> as Schema>::FINGERPRINT);
    // What is not on the wire is not in the shape either.
    assert_eq!(<Tagged<i64> as Schema>::FINGERPRINT, <Tagged<String> as Schema>::FINGERPRINT);
}
