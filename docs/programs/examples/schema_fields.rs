//! Changes of a payload type, and the payloads of older versions.

use esrs::prelude::*;

mod add {
    use esrs::prelude::*;
    // ANCHOR: add
    #[derive(Event, Debug, Serialize, Deserialize)]
    #[event("money_deposited", version = 2)]
    pub(crate) struct MoneyDeposited {
        pub(crate) cents: i64,
        #[event(added(in = 2, default = Currency::Eur))]
        pub(crate) currency: Currency,
        #[event(added(in = 2))]
        pub(crate) note: Option<String>,
    }

    #[derive(Schema, Debug, Serialize, Deserialize)]
    pub(crate) enum Currency {
        Eur,
        Usd,
    }
    // ANCHOR_END: add
}

mod rename {
    use esrs::prelude::*;
    // ANCHOR: rename
    #[derive(Event, Debug, Serialize, Deserialize)]
    #[event("money_deposited", version = 2)]
    pub(crate) struct MoneyDeposited {
        #[event(renamed(from = "amount", in = 2))]
        pub(crate) cents: i64,
    }
    // ANCHOR_END: rename
}

mod retype {
    use esrs::prelude::*;
    // ANCHOR: retype
    #[derive(Event, Debug, Serialize, Deserialize)]
    #[event("stock_counted", version = 3)]
    pub(crate) struct StockCounted {
        #[event(retyped(from = u32, in = 2, with = text_of))]
        pub(crate) shelf: String,
        #[event(retyped(from = String, in = 3, try_with = number_of))]
        pub(crate) pieces: u32,
    }

    fn text_of(number: u32) -> String {
        format!("shelf {number}")
    }

    fn number_of(text: String) -> Result<u32, std::num::ParseIntError> {
        text.parse()
    }
    // ANCHOR_END: retype
}

mod remove {
    use esrs::prelude::*;
    // ANCHOR: remove
    #[derive(Event, Debug, Serialize, Deserialize)]
    #[event("money_deposited", version = 2, removed(name = "teller", ty = String, in = 2))]
    pub(crate) struct MoneyDeposited {
        pub(crate) cents: i64,
    }
    // ANCHOR_END: remove
}

mod nested {
    use esrs::prelude::*;
    // ANCHOR: nested
    #[derive(Schema, Debug, Serialize, Deserialize)]
    #[schema(version = 2)]
    pub(crate) struct Address {
        pub(crate) street: String,
        #[schema(added(in = 2))]
        pub(crate) country: Option<String>,
        #[schema(renamed(from = "zip", in = 2))]
        pub(crate) postcode: String,
    }

    #[derive(Event, Debug, Serialize, Deserialize)]
    #[event("customer_moved", version = 2)]
    pub(crate) struct CustomerMoved {
        #[event(updated(in = 2, from = 1))]
        pub(crate) addresses: Vec<Address>,
    }
    // ANCHOR_END: nested
}

mod variant {
    use esrs::prelude::*;
    // ANCHOR: variant
    #[derive(Schema, Debug, Serialize, Deserialize)]
    #[schema(version = 2)]
    pub(crate) enum Channel {
        #[schema(renamed(from = "Counter", in = 2))]
        Branch,
        Phone,
        #[schema(added(in = 2))]
        App {
            device: String,
        },
    }

    #[derive(Event, Debug, Serialize, Deserialize)]
    #[event("order_placed", version = 2)]
    pub(crate) struct OrderPlaced {
        #[event(updated(in = 2, from = 1))]
        pub(crate) channel: Channel,
    }
    // ANCHOR_END: variant
}

mod by_hand {
    use esrs::prelude::*;
    // ANCHOR: by_hand
    #[derive(Event, Serialize, Deserialize)]
    #[event("customer_named")]
    pub(crate) struct CustomerNamedV1 {
        pub(crate) first: String,
        pub(crate) last: String,
    }

    #[derive(Event, Debug, Serialize, Deserialize)]
    #[event("customer_named", version = 2, from = CustomerNamedV1)]
    pub(crate) struct CustomerNamed {
        pub(crate) name: String,
    }

    impl Upcast<CustomerNamedV1> for CustomerNamed {
        fn upcast(old: CustomerNamedV1) -> Self {
            Self { name: format!("{} {}", old.first, old.last) }
        }
    }
    // ANCHOR_END: by_hand
}

/// Prints each version of an event, and what a stored payload is read as.
fn show<E: Event + std::fmt::Debug>(version: u32, payload: &str) {
    for version in E::history() {
        println!("version {version}");
    }
    println!("stored as version {version}: {payload}");
    match E::decode(version, payload) {
        Ok(event) => println!("read as: {event:?}"),
        Err(error) => println!("refused: {error}"),
    }
}

/// The lines between two such lines are the part of the output that a page includes.
fn part(name: &str, print: impl Fn()) {
    println!("-- ANCHOR: {name}");
    print();
    println!("-- ANCHOR_END: {name}");
}

fn main() {
    part("add", || show::<add::MoneyDeposited>(1, r#"{"cents":500}"#));
    part("rename", || show::<rename::MoneyDeposited>(1, r#"{"amount":500}"#));
    part("retype", || {
        show::<retype::StockCounted>(1, r#"{"shelf":7,"pieces":"12"}"#);
        println!();
        show::<retype::StockCounted>(2, r#"{"shelf":"shelf 8","pieces":"a dozen"}"#);
    });
    part("remove", || {
        show::<remove::MoneyDeposited>(1, r#"{"cents":500,"teller":"Bob"}"#);
    });
    part("nested", || {
        let payload = r#"{"addresses":[{"street":"Long Lane","zip":"1234"}]}"#;
        show::<nested::CustomerMoved>(1, payload);
    });
    part("variant", || show::<variant::OrderPlaced>(1, r#"{"channel":"Counter"}"#));
    part("by_hand", || {
        show::<by_hand::CustomerNamed>(1, r#"{"first":"Ada","last":"Lovelace"}"#);
    });
}
