//! Types that few may see, and fields that nobody else may.

use crate::book::executed;

mod shop {
    use std::convert::Infallible;

    use esrs::prelude::*;

    #[derive(Event, Serialize, Deserialize)]
    #[event("opened")]
    pub(in crate::visibility) struct Opened {
        by: Clerk,
    }

    #[derive(Schema, Serialize, Deserialize)]
    struct Clerk(String);

    #[derive(Event, Serialize, Deserialize)]
    #[event("closed")]
    pub(super) struct Closed {}

    #[derive(Aggregate, Default)]
    #[aggregate("shop", id = u8, events(Opened, Closed))]
    pub(in crate::visibility) struct Shop {
        clerk: String,
        pub(super) open: bool,
    }

    impl Shop {
        pub(super) fn clerk(&self) -> &str {
            &self.clerk
        }
    }

    impl Apply<Opened> for Shop {
        fn apply(&mut self, event: Opened) {
            self.clerk = event.by.0;
            self.open = true;
        }
    }

    impl Apply<Closed> for Shop {
        fn apply(&mut self, _: Closed) {
            self.open = false;
        }
    }

    pub(super) struct Open;

    impl Handle<Open> for Shop {
        type Error = Infallible;

        fn handle(&self, _: &Open, _: &Context<Self>) -> Result<Events<Self>, Infallible> {
            Ok(Opened { by: Clerk("Alice".to_owned()) }.into())
        }
    }
}

#[tokio::test]
async fn what_is_generated_is_seen_where_the_aggregate_is() {
    let (_, shop) = executed::<shop::Shop, _>(1, shop::Open).await;
    assert_eq!((shop.clerk(), shop.open), ("Alice", true));
    let closed = shop::ShopEvent::from(shop::Closed {});
    assert!(matches!(closed, shop::ShopEvent::Closed(_)));
}
