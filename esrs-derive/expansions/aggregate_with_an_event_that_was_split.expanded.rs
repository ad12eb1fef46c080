// #[aggregate("order", id = u64, events(split(OrderPlacedAndPaid), OrderPlaced, ignored(OrderPaid)))]
// struct Order {}

/// The events of [`Order`].
#[allow(deprecated, non_camel_case_types)]
#[allow(missing_debug_implementations, missing_copy_implementations)]
#[allow(clippy::all, clippy::pedantic, clippy::nursery, clippy::restriction)]
enum OrderEvent {
    /// The event `OrderPlaced`.
    OrderPlaced(OrderPlaced),
    /// The event `OrderPaid`.
    OrderPaid(OrderPaid),
}
#[allow(deprecated, clippy::all, clippy::pedantic, clippy::nursery, clippy::restriction)]
const _: () = {
    #[automatically_derived]
    impl ::esrs::__private::From<OrderPlaced> for OrderEvent {
        #[inline]
        fn from(event: OrderPlaced) -> Self {
            Self::OrderPlaced(event)
        }
    }
    #[automatically_derived]
    impl ::esrs::__private::From<OrderPaid> for OrderEvent {
        #[inline]
        fn from(event: OrderPaid) -> Self {
            Self::OrderPaid(event)
        }
    }
    #[automatically_derived]
    impl ::esrs::__private::Emit for OrderEvent {}
    #[automatically_derived]
    impl ::esrs::__private::IntoEvents<Order> for OrderEvent {
        fn push_into(self, events: &mut impl ::esrs::__private::Extend<Self>) {
            ::esrs::__private::Extend::extend(
                events,
                ::esrs::__private::Option::Some(self),
            );
        }
    }
    #[automatically_derived]
    impl ::esrs::__private::Emits<OrderPlaced> for Order {}
    #[automatically_derived]
    impl ::esrs::__private::Emits<OrderPaid> for Order {}
    const _: () = ::esrs::__private::is_storable(
        &<OrderPlaced as ::esrs::__private::KnownEvent>::TYPE,
    );
    const _: () = ::esrs::__private::is_storable(
        &<OrderPaid as ::esrs::__private::KnownEvent>::TYPE,
    );
    #[automatically_derived]
    impl ::esrs::__private::Aggregate for Order {
        const USE_THE_DERIVE: ::esrs::__private::ByDerive = ::esrs::__private::ByDerive::GENERATED;
        const NAME: &'static ::esrs::__private::str = "order";
        const EVENTS: &'static [::esrs::__private::EventType] = &[
            <OrderPlaced as ::esrs::__private::KnownEvent>::TYPE,
            <OrderPlacedAndPaid as ::esrs::__private::KnownEvent>::TYPE,
            <OrderPaid as ::esrs::__private::KnownEvent>::TYPE,
        ];
        const IGNORED: ::esrs::__private::usize = 1usize;
        const SPLIT: ::esrs::__private::usize = 1usize;
        const RETIRED: &'static [&'static ::esrs::__private::str] = &[];
        const FOLD: ::esrs::__private::Fingerprint = ::esrs::__private::fold::<
            Self,
        >(
            1u32,
            0u64,
            &[
                <OrderPlaced as ::esrs::__private::KnownEvent>::HISTORY,
                <OrderPlacedAndPaid as ::esrs::__private::KnownEvent>::HISTORY,
                <OrderPaid as ::esrs::__private::KnownEvent>::HISTORY,
            ],
        );
        type Id = <u64 as ::esrs::__private::AggregateId>::Id;
        type Requires = ();
        type Event = OrderEvent;
        fn initial() -> Self {
            <Self as ::esrs::__private::InitialState>::initial_state()
        }
        fn apply_event(&mut self, event: OrderEvent) {
            match event {
                OrderEvent::OrderPlaced(event) => {
                    <Self as ::esrs::__private::Apply<OrderPlaced>>::apply(self, event)
                }
                OrderEvent::OrderPaid(_) => {}
            }
        }
        fn replay(
            &mut self,
            decoder: ::esrs::__private::usize,
            stored: ::esrs::__private::StoredAs,
            payload: &::esrs::__private::str,
        ) -> ::esrs::__private::Result<(), ::esrs::__private::PayloadError> {
            match decoder {
                0usize => {
                    <Self as ::esrs::__private::Apply<
                        OrderPlaced,
                    >>::apply(
                        self,
                        <OrderPlaced as ::esrs::__private::KnownEvent>::decode_stored(
                            stored,
                            payload,
                        )?,
                    )
                }
                1usize..=1usize => {
                    <Self as ::esrs::__private::Aggregate>::decode_parts(
                        decoder,
                        stored,
                        payload,
                        &mut ::esrs::__private::Applied(self),
                    )?
                }
                2usize..=2usize => {}
                decoder => {
                    return ::esrs::__private::Err(
                        ::esrs::__private::PayloadError::NoSuchDecoder(decoder),
                    );
                }
            }
            ::esrs::__private::Ok(())
        }
        fn decode(
            decoder: ::esrs::__private::usize,
            stored: ::esrs::__private::StoredAs,
            payload: &::esrs::__private::str,
        ) -> ::esrs::__private::Result<OrderEvent, ::esrs::__private::PayloadError> {
            ::esrs::__private::Ok(
                match decoder {
                    0usize => {
                        OrderEvent::OrderPlaced(
                            <OrderPlaced as ::esrs::__private::KnownEvent>::decode_stored(
                                stored,
                                payload,
                            )?,
                        )
                    }
                    2usize => {
                        OrderEvent::OrderPaid(
                            <OrderPaid as ::esrs::__private::KnownEvent>::decode_stored(
                                stored,
                                payload,
                            )?,
                        )
                    }
                    decoder => {
                        return ::esrs::__private::Err(
                            ::esrs::__private::PayloadError::NoSuchDecoder(decoder),
                        );
                    }
                },
            )
        }
        fn decode_parts<__P: ::esrs::__private::Extend<OrderEvent>>(
            decoder: ::esrs::__private::usize,
            stored: ::esrs::__private::StoredAs,
            payload: &::esrs::__private::str,
            parts: &mut __P,
        ) -> ::esrs::__private::Result<(), ::esrs::__private::PayloadError> {
            match decoder {
                1usize => {
                    <<OrderPlacedAndPaid as ::esrs::__private::Split>::Into as ::esrs::__private::PartsOf<
                        Self,
                        {
                            ::esrs::__private::parts_are_listed::<
                                Order,
                            >(
                                <<OrderPlacedAndPaid as ::esrs::__private::Split>::Into as ::esrs::__private::Emit>::PARTS,
                            )
                        },
                    >>::push_parts(
                        <OrderPlacedAndPaid as ::esrs::__private::Split>::split(
                            <OrderPlacedAndPaid as ::esrs::__private::KnownEvent>::decode_stored(
                                stored,
                                payload,
                            )?,
                        ),
                        parts,
                    )
                }
                decoder => {
                    return ::esrs::__private::Err(
                        ::esrs::__private::PayloadError::NoSuchDecoder(decoder),
                    );
                }
            }
            ::esrs::__private::Ok(())
        }
        fn encode_into(
            event: &OrderEvent,
            encoder: &mut ::esrs::__private::Encoder,
        ) -> (
            ::esrs::__private::usize,
            ::esrs::__private::Result<(), ::esrs::__private::JsonError>,
        ) {
            match event {
                OrderEvent::OrderPlaced(event) => {
                    (
                        0usize,
                        <OrderPlaced as ::esrs::__private::KnownEvent>::encode_payload(
                            event,
                            encoder,
                        ),
                    )
                }
                OrderEvent::OrderPaid(event) => {
                    (
                        2usize,
                        <OrderPaid as ::esrs::__private::KnownEvent>::encode_payload(
                            event,
                            encoder,
                        ),
                    )
                }
            }
        }
    }
    const _: () = {
        const WRITTEN: &[&::esrs::__private::str] = &[
            "OrderPlaced",
            "OrderPlacedAndPaid",
            "OrderPaid",
        ];
        match ::esrs::__private::first_clash(
            <Order as ::esrs::__private::Aggregate>::EVENTS,
            <Order as ::esrs::__private::Aggregate>::RETIRED,
        ) {
            0usize => {
                ::esrs::__private::name_clash(
                    <Order as ::esrs::__private::Aggregate>::EVENTS,
                    <Order as ::esrs::__private::Aggregate>::RETIRED,
                    0usize,
                    WRITTEN,
                )
            }
            1usize => {
                ::esrs::__private::name_clash(
                    <Order as ::esrs::__private::Aggregate>::EVENTS,
                    <Order as ::esrs::__private::Aggregate>::RETIRED,
                    1usize,
                    WRITTEN,
                )
            }
            2usize => {
                ::esrs::__private::name_clash(
                    <Order as ::esrs::__private::Aggregate>::EVENTS,
                    <Order as ::esrs::__private::Aggregate>::RETIRED,
                    2usize,
                    WRITTEN,
                )
            }
            _ => {}
        }
    };
    const _: () = ::esrs::__private::all_parts_are_listed::<
        Order,
    >(
        <<OrderPlacedAndPaid as ::esrs::__private::Split>::Into as ::esrs::__private::Emit>::PARTS,
        "OrderPlacedAndPaid",
        "Order",
    );
};
