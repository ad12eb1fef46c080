// #[aggregate("counter", id = u64, events(Counted))]
// struct Counter {
//     sum: i64,
// }

/// The events of [`Counter`].
#[allow(deprecated, non_camel_case_types)]
#[allow(missing_debug_implementations, missing_copy_implementations)]
#[allow(clippy::all, clippy::pedantic, clippy::nursery, clippy::restriction)]
enum CounterEvent {
    /// The event `Counted`.
    Counted(Counted),
}
#[allow(deprecated, clippy::all, clippy::pedantic, clippy::nursery, clippy::restriction)]
const _: () = {
    #[automatically_derived]
    impl ::esrs::__private::From<Counted> for CounterEvent {
        #[inline]
        fn from(event: Counted) -> Self {
            Self::Counted(event)
        }
    }
    #[automatically_derived]
    impl ::esrs::__private::Emit for CounterEvent {}
    #[automatically_derived]
    impl ::esrs::__private::IntoEvents<Counter> for CounterEvent {
        fn push_into(self, events: &mut impl ::esrs::__private::Extend<Self>) {
            ::esrs::__private::Extend::extend(
                events,
                ::esrs::__private::Option::Some(self),
            );
        }
    }
    #[automatically_derived]
    impl ::esrs::__private::Emits<Counted> for Counter {}
    const _: () = ::esrs::__private::is_storable(
        &<Counted as ::esrs::__private::KnownEvent>::TYPE,
    );
    #[automatically_derived]
    impl ::esrs::__private::Aggregate for Counter {
        const USE_THE_DERIVE: ::esrs::__private::ByDerive = ::esrs::__private::ByDerive::GENERATED;
        const NAME: &'static ::esrs::__private::str = "counter";
        const EVENTS: &'static [::esrs::__private::EventType] = &[
            <Counted as ::esrs::__private::KnownEvent>::TYPE,
        ];
        const IGNORED: ::esrs::__private::usize = 0usize;
        const RETIRED: &'static [&'static ::esrs::__private::str] = &[];
        const FOLD: ::esrs::__private::Fingerprint = ::esrs::__private::fold::<
            Self,
        >(1u32, 0u64, &[<Counted as ::esrs::__private::KnownEvent>::HISTORY]);
        type Id = <u64 as ::esrs::__private::AggregateId>::Id;
        type Requires = ();
        type Event = CounterEvent;
        fn initial() -> Self {
            <Self as ::esrs::__private::InitialState>::initial_state()
        }
        fn apply_event(&mut self, event: CounterEvent) {
            match event {
                CounterEvent::Counted(event) => {
                    <Self as ::esrs::__private::Apply<Counted>>::apply(self, event)
                }
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
                        Counted,
                    >>::apply(
                        self,
                        <Counted as ::esrs::__private::KnownEvent>::decode_stored(
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
            }
            ::esrs::__private::Ok(())
        }
        fn decode(
            decoder: ::esrs::__private::usize,
            stored: ::esrs::__private::StoredAs,
            payload: &::esrs::__private::str,
        ) -> ::esrs::__private::Result<CounterEvent, ::esrs::__private::PayloadError> {
            ::esrs::__private::Ok(
                match decoder {
                    0usize => {
                        CounterEvent::Counted(
                            <Counted as ::esrs::__private::KnownEvent>::decode_stored(
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
        fn encode_into(
            event: &CounterEvent,
            encoder: &mut ::esrs::__private::Encoder,
        ) -> (
            ::esrs::__private::usize,
            ::esrs::__private::Result<(), ::esrs::__private::JsonError>,
        ) {
            match event {
                CounterEvent::Counted(event) => {
                    (
                        0usize,
                        <Counted as ::esrs::__private::KnownEvent>::encode_payload(
                            event,
                            encoder,
                        ),
                    )
                }
            }
        }
    }
    const _: () = {
        const WRITTEN: &[&::esrs::__private::str] = &["Counted"];
        match ::esrs::__private::first_clash(
            <Counter as ::esrs::__private::Aggregate>::EVENTS,
            <Counter as ::esrs::__private::Aggregate>::RETIRED,
        ) {
            0usize => {
                ::esrs::__private::name_clash(
                    <Counter as ::esrs::__private::Aggregate>::EVENTS,
                    <Counter as ::esrs::__private::Aggregate>::RETIRED,
                    0usize,
                    WRITTEN,
                )
            }
            _ => {}
        }
    };
};
