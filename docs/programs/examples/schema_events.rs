//! Events that were renamed, split, merged and retired, and an aggregate whose type was renamed.

mod rename_event {
    use esrs::prelude::*;
    use esrs::testing::Scenario;

    // ANCHOR: rename_event
    #[derive(Event, Serialize, Deserialize)]
    #[event("parcel_shipped", aliases("parcel_sent"))]
    struct ParcelShipped {
        carrier: String,
    }

    #[derive(Aggregate, Debug, Default, PartialEq)]
    #[aggregate("parcel", id = u64, events(ParcelShipped))]
    struct Parcel {
        carrier: String,
    }
    // ANCHOR_END: rename_event

    impl Apply<ParcelShipped> for Parcel {
        fn apply(&mut self, event: ParcelShipped) {
            self.carrier = event.carrier;
        }
    }

    // ANCHOR: rename_event_test
    pub(crate) fn events_of_the_old_name_are_read() {
        Scenario::<Parcel>::new()
            .and_given_stored("parcel_sent", 1, r#"{"carrier":"north"}"#)
            .and_given_stored("parcel_shipped", 1, r#"{"carrier":"south"}"#)
            .then_state(Parcel { carrier: "south".to_owned() });
    }
    // ANCHOR_END: rename_event_test
}

mod split {
    use esrs::prelude::*;
    use esrs::testing::Scenario;

    // ANCHOR: split
    #[derive(Event, Serialize, Deserialize)]
    #[event("bought")]
    struct Bought {
        sku: String,
        cents: i64,
    }

    #[derive(Event, Serialize, Deserialize)]
    #[event("order_placed")]
    struct OrderPlaced {
        sku: String,
    }

    #[derive(Event, Serialize, Deserialize)]
    #[event("order_paid")]
    struct OrderPaid {
        cents: i64,
    }

    impl Split for Bought {
        type Into = (OrderPlaced, Option<OrderPaid>);

        fn split(self) -> Self::Into {
            let paid = (self.cents > 0).then_some(OrderPaid { cents: self.cents });
            (OrderPlaced { sku: self.sku }, paid)
        }
    }

    #[derive(Aggregate, Debug, Default, PartialEq)]
    #[aggregate("order", id = u64, events(OrderPlaced, OrderPaid, split(Bought)))]
    struct Order {
        sku: String,
        paid: i64,
    }
    // ANCHOR_END: split

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

    // ANCHOR: split_test
    pub(crate) fn a_stored_event_counts_as_its_parts() {
        Scenario::<Order>::new()
            .and_given_stored("bought", 1, r#"{"sku":"boots","cents":9900}"#)
            .then_state(Order { sku: "boots".to_owned(), paid: 9_900 });
    }
    // ANCHOR_END: split_test
}

mod merge {
    use esrs::prelude::*;
    use esrs::testing::Scenario;

    // ANCHOR: merge
    #[derive(Event, Serialize, Deserialize)]
    #[event("coupon_used")]
    struct CouponUsed {
        cents: i64,
        code: String,
    }

    #[derive(Event, Serialize, Deserialize)]
    #[event("gift_card_used")]
    struct GiftCardUsed {
        cents: i64,
    }

    #[derive(Event, Serialize, Deserialize)]
    #[event("discount_given", merges(CouponUsed, GiftCardUsed))]
    struct DiscountGiven {
        cents: i64,
        reason: String,
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

    #[derive(Aggregate, Debug, Default, PartialEq)]
    #[aggregate("order", id = u64, events(DiscountGiven))]
    struct Order {
        discount: i64,
        reasons: Vec<String>,
    }
    // ANCHOR_END: merge

    impl Apply<DiscountGiven> for Order {
        fn apply(&mut self, event: DiscountGiven) {
            self.discount += event.cents;
            self.reasons.push(event.reason);
        }
    }

    // ANCHOR: merge_test
    pub(crate) fn both_old_events_are_read_as_the_new_one() {
        let reasons = ["coupon SPRING", "gift card"].map(str::to_owned).to_vec();
        Scenario::<Order>::new()
            .and_given_stored("coupon_used", 1, r#"{"cents":500,"code":"SPRING"}"#)
            .and_given_stored("gift_card_used", 1, r#"{"cents":1000}"#)
            .then_state(Order { discount: 1_500, reasons });
    }
    // ANCHOR_END: merge_test
}

mod retire {
    use esrs::prelude::*;
    use esrs::testing::Scenario;

    #[derive(Event, Serialize, Deserialize)]
    #[event("order_placed")]
    struct OrderPlaced {}

    // ANCHOR: retire
    #[derive(Aggregate, Debug, Default, PartialEq)]
    #[aggregate("order", id = u64, events(OrderPlaced), retired("newsletter_sent"))]
    struct Order {
        is_placed: bool,
    }
    // ANCHOR_END: retire

    impl Apply<OrderPlaced> for Order {
        fn apply(&mut self, _: OrderPlaced) {
            self.is_placed = true;
        }
    }

    // ANCHOR: retire_test
    pub(crate) fn a_retired_event_is_skipped() {
        Scenario::<Order>::new()
            .and_given_stored("newsletter_sent", 1, r#"{"issue":12}"#)
            .and_given_stored("order_placed", 1, "{}")
            .then_state(Order { is_placed: true });
    }
    // ANCHOR_END: retire_test
}

mod rename_aggregate {
    use esrs::prelude::*;
    use esrs::testing::Scenario;

    #[derive(Event, Serialize, Deserialize)]
    #[event("money_deposited")]
    struct MoneyDeposited {
        cents: i64,
    }

    // ANCHOR: rename_aggregate
    // It was `BankAccount` until the bank had accounts of other kinds.
    #[derive(Aggregate, Debug, Default, PartialEq)]
    #[aggregate("bank_account", id = String, events(MoneyDeposited))]
    struct CurrentAccount {
        cents: i64,
    }
    // ANCHOR_END: rename_aggregate

    impl Apply<MoneyDeposited> for CurrentAccount {
        fn apply(&mut self, event: MoneyDeposited) {
            self.cents += event.cents;
        }
    }

    // ANCHOR: rename_aggregate_test
    pub(crate) fn its_streams_are_found() {
        assert_eq!(CurrentAccount::NAME, "bank_account");
        Scenario::<CurrentAccount>::new()
            .and_given_stored("money_deposited", 1, r#"{"cents":500}"#)
            .then_state(CurrentAccount { cents: 500 });
    }
    // ANCHOR_END: rename_aggregate_test
}

fn main() {
    rename_event::events_of_the_old_name_are_read();
    split::a_stored_event_counts_as_its_parts();
    merge::both_old_events_are_read_as_the_new_one();
    retire::a_retired_event_is_skipped();
    rename_aggregate::its_streams_are_found();
}
