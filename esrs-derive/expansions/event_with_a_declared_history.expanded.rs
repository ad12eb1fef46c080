// #[event("money_deposited", version = 4, removed(name = "note", ty = String, in = 4, serde(default)))]
// #[serde(rename_all = "camelCase", deny_unknown_fields)]
// struct MoneyDeposited {
//     #[event(renamed(from = "amount", in = 2))]
//     cents: i64,
//     #[event(added(in = 3, default = Currency::Eur))]
//     #[serde(alias = "curr")]
//     currency: Currency,
//     #[event(retyped(from = u32, in = 2, with = BookingId::new), updated(in = 3, from = 1))]
//     booking_id: BookingId,
// }

#[automatically_derived]
#[allow(deprecated)]
impl ::esrs::__private::Schema for MoneyDeposited {
    const SHAPE: &'static ::esrs::__private::Shape = &::esrs::__private::Shape::Struct(
        &::esrs::__private::StructShape {
            fields: &[
                ::esrs::__private::Field::of::<i64>("cents")
                    .declared("renamed(from = \"amount\", in = 2)"),
                ::esrs::__private::Field::of::<Currency>("currency")
                    .aliases(&["curr"])
                    .declared("added(in = 3, default = Currency::Eur)"),
                ::esrs::__private::Field::of::<BookingId>("bookingId")
                    .declared(
                        "retyped(from = u32, in = 2, with = BookingId::new), updated(in = 3, from = 1)",
                    ),
            ],
            closed: true,
        },
    );
    const FINGERPRINT: ::esrs::__private::Fingerprint = ::esrs::__private::fingerprint(
        Self::SHAPE,
    );
}
#[automatically_derived]
#[allow(deprecated)]
impl ::esrs::__private::Emit for MoneyDeposited {
    const PARTS: &'static ::esrs::__private::PartTypes = &::esrs::__private::PartTypes::Event(::esrs::__private::PartType {
        written: "MoneyDeposited",
        name: "money_deposited",
        version: 4u32,
    });
}
#[automatically_derived]
#[allow(deprecated)]
impl ::esrs::__private::Event for MoneyDeposited {
    const USE_THE_DERIVE: ::esrs::__private::ByDerive = ::esrs::__private::ByDerive::GENERATED;
    const NAME: &'static ::esrs::__private::str = "money_deposited";
    const VERSION: ::esrs::__private::u32 = 4u32;
    const ALIASES: &'static [&'static ::esrs::__private::str] = &[];
    const HISTORY: &'static ::esrs::__private::ShapeVersion = {
        const __HISTORY_1: &'static ::esrs::__private::ShapeVersion = &::esrs::__private::past_version::<
            1,
            MoneyDeposited,
        >(::esrs::__private::Step::First, 0, ::esrs::__private::Option::None);
        const __HISTORY_2: &'static ::esrs::__private::ShapeVersion = &::esrs::__private::past_version::<
            2,
            MoneyDeposited,
        >(
            ::esrs::__private::Step::Declared(
                &[
                    ::esrs::__private::FieldChange::Renamed {
                        from: "amount",
                        to: "cents",
                    },
                    ::esrs::__private::FieldChange::Retyped {
                        field: "bookingId",
                    },
                ],
            ),
            0,
            ::esrs::__private::Option::Some(__HISTORY_1),
        );
        const __HISTORY_3: &'static ::esrs::__private::ShapeVersion = &::esrs::__private::past_version::<
            3,
            MoneyDeposited,
        >(
            ::esrs::__private::Step::Declared(
                &[
                    ::esrs::__private::FieldChange::Added {
                        field: "currency",
                    },
                    ::esrs::__private::FieldChange::Updated {
                        field: "bookingId",
                        from: 1u32,
                    },
                ],
            ),
            0,
            ::esrs::__private::Option::Some(__HISTORY_2),
        );
        const __HISTORY_4: &'static ::esrs::__private::ShapeVersion = &::esrs::__private::newest_version::<
            MoneyDeposited,
        >(
            ::esrs::__private::Step::Declared(
                &[
                    ::esrs::__private::FieldChange::Removed {
                        field: "note",
                    },
                ],
            ),
            ::esrs::__private::code_and(
                6599254107423959268u64,
                <BookingId as ::esrs::__private::PastVersion<1>>::CODE,
            ),
            ::esrs::__private::Option::Some(__HISTORY_3),
        );
        __HISTORY_4
    };
    #[inline]
    fn decode(
        version: ::esrs::__private::u32,
        payload: &::esrs::__private::str,
    ) -> ::esrs::__private::Result<Self, ::esrs::__private::PayloadError> {
        match version {
            4u32 => ::esrs::__private::decode_current(payload),
            1u32 => ::esrs::__private::decode_past::<1, Self>(payload),
            2u32 => ::esrs::__private::decode_past::<2, Self>(payload),
            3u32 => ::esrs::__private::decode_past::<3, Self>(payload),
            _ => {
                ::esrs::__private::Err(::esrs::__private::no_such::<Self>(version, 1u32))
            }
        }
    }
}
#[allow(deprecated, dead_code)]
const _: () = {
    #[doc(hidden)]
    #[derive(::esrs::__private::serde::Deserialize)]
    #[serde(crate = "::esrs::__private::serde")]
    #[serde(rename_all = "camelCase", deny_unknown_fields)]
    pub struct __MoneyDepositedV1 {
        #[serde(rename = "amount")]
        cents: i64,
        booking_id: u32,
        #[serde(rename = "note", default)]
        __removed_0: String,
    }
    #[automatically_derived]
    impl ::esrs::__private::PastVersion<1> for MoneyDeposited {
        type Past = __MoneyDepositedV1;
        const CODE: ::esrs::__private::u64 = ::esrs::__private::code_and(
            6599254107423959268u64,
            <BookingId as ::esrs::__private::PastVersion<1>>::CODE,
        );
        #[inline]
        fn from_past(past: __MoneyDepositedV1) -> Self {
            let __MoneyDepositedV1 { cents: field_0, booking_id: field_2, .. } = past;
            MoneyDeposited {
                cents: field_0,
                currency: __added_0_1_in_3(),
                booking_id: __retyped_0_2_in_2(field_2),
            }
        }
    }
    #[doc(hidden)]
    #[derive(::esrs::__private::serde::Deserialize)]
    #[serde(crate = "::esrs::__private::serde")]
    #[serde(rename_all = "camelCase", deny_unknown_fields)]
    pub struct __MoneyDepositedV2<__Held0_2> {
        cents: i64,
        booking_id: __Held0_2,
        #[serde(rename = "note", default)]
        __removed_0: String,
    }
    #[automatically_derived]
    impl ::esrs::__private::PastVersion<2> for MoneyDeposited {
        type Past = __MoneyDepositedV2<
            <BookingId as ::esrs::__private::PastVersion<1>>::Past,
        >;
        const CODE: ::esrs::__private::u64 = ::esrs::__private::code_and(
            6599254107423959268u64,
            <BookingId as ::esrs::__private::PastVersion<1>>::CODE,
        );
        #[inline]
        fn from_past(
            past: __MoneyDepositedV2<
                <BookingId as ::esrs::__private::PastVersion<1>>::Past,
            >,
        ) -> Self {
            let __MoneyDepositedV2 { cents: field_0, booking_id: field_2, .. } = past;
            MoneyDeposited {
                cents: field_0,
                currency: __added_0_1_in_3(),
                booking_id: ::esrs::__private::updated(
                    field_2,
                    <BookingId as ::esrs::__private::PastVersion<1>>::from_past,
                ),
            }
        }
    }
    #[doc(hidden)]
    #[derive(::esrs::__private::serde::Deserialize)]
    #[serde(crate = "::esrs::__private::serde")]
    #[serde(rename_all = "camelCase", deny_unknown_fields)]
    pub struct __MoneyDepositedV3 {
        cents: i64,
        #[serde(alias = "curr")]
        currency: Currency,
        booking_id: BookingId,
        #[serde(rename = "note", default)]
        __removed_0: String,
    }
    #[automatically_derived]
    impl ::esrs::__private::PastVersion<3> for MoneyDeposited {
        type Past = __MoneyDepositedV3;
        const CODE: ::esrs::__private::u64 = ::esrs::__private::code_and(
            6599254107423959268u64,
            <BookingId as ::esrs::__private::PastVersion<1>>::CODE,
        );
        #[inline]
        fn from_past(past: __MoneyDepositedV3) -> Self {
            let __MoneyDepositedV3 {
                cents: field_0,
                currency: field_1,
                booking_id: field_2,
                ..
            } = past;
            MoneyDeposited {
                cents: field_0,
                currency: field_1,
                booking_id: field_2,
            }
        }
    }
    #[automatically_derived]
    #[allow(deprecated)]
    impl ::esrs::__private::Schema for __MoneyDepositedV1 {
        const SHAPE: &'static ::esrs::__private::Shape = &::esrs::__private::Shape::Struct(
            &::esrs::__private::StructShape {
                fields: &[
                    ::esrs::__private::Field::of::<i64>("amount"),
                    ::esrs::__private::Field::of::<u32>("bookingId"),
                    ::esrs::__private::Field::of::<String>("note")
                        .optional()
                        .always_written()
                        .declared("removed(in = 4)"),
                ],
                closed: true,
            },
        );
        const FINGERPRINT: ::esrs::__private::Fingerprint = ::esrs::__private::fingerprint(
            Self::SHAPE,
        );
    }
    #[automatically_derived]
    #[allow(deprecated)]
    impl<__Held0_2> ::esrs::__private::Schema for __MoneyDepositedV2<__Held0_2>
    where
        __Held0_2: ::esrs::__private::Schema,
    {
        const SHAPE: &'static ::esrs::__private::Shape = &::esrs::__private::Shape::Struct(
            &::esrs::__private::StructShape {
                fields: &[
                    ::esrs::__private::Field::of::<i64>("cents")
                        .declared("renamed(from = \"amount\", in = 2)"),
                    ::esrs::__private::Field::of::<__Held0_2>("bookingId")
                        .declared("retyped(from = u32, in = 2, with = BookingId::new)"),
                    ::esrs::__private::Field::of::<String>("note")
                        .optional()
                        .always_written()
                        .declared("removed(in = 4)"),
                ],
                closed: true,
            },
        );
        const FINGERPRINT: ::esrs::__private::Fingerprint = ::esrs::__private::fingerprint(
            Self::SHAPE,
        );
    }
    #[automatically_derived]
    #[allow(deprecated)]
    impl ::esrs::__private::Schema for __MoneyDepositedV3 {
        const SHAPE: &'static ::esrs::__private::Shape = &::esrs::__private::Shape::Struct(
            &::esrs::__private::StructShape {
                fields: &[
                    ::esrs::__private::Field::of::<i64>("cents")
                        .declared("renamed(from = \"amount\", in = 2)"),
                    ::esrs::__private::Field::of::<Currency>("currency")
                        .aliases(&["curr"])
                        .declared("added(in = 3, default = Currency::Eur)"),
                    ::esrs::__private::Field::of::<BookingId>("bookingId")
                        .declared(
                            "retyped(from = u32, in = 2, with = BookingId::new), updated(in = 3, from = 1)",
                        ),
                    ::esrs::__private::Field::of::<String>("note")
                        .optional()
                        .always_written()
                        .declared("removed(in = 4)"),
                ],
                closed: true,
            },
        );
        const FINGERPRINT: ::esrs::__private::Fingerprint = ::esrs::__private::fingerprint(
            Self::SHAPE,
        );
    }
    #[inline]
    fn __added_0_1_in_3() -> Currency {
        Currency::Eur
    }
    #[inline]
    fn __retyped_0_2_in_2(old: u32) -> BookingId {
        let function: fn(u32) -> BookingId = BookingId::new;
        function(old)
    }
    const _: () = ::esrs::__private::changes(
        (
            <__MoneyDepositedV1 as ::esrs::__private::Schema>::SHAPE,
            <__MoneyDepositedV1 as ::esrs::__private::Schema>::FINGERPRINT,
        ),
        (
            <__MoneyDepositedV2<
                <BookingId as ::esrs::__private::PastVersion<1>>::Past,
            > as ::esrs::__private::Schema>::SHAPE,
            <__MoneyDepositedV2<
                <BookingId as ::esrs::__private::PastVersion<1>>::Past,
            > as ::esrs::__private::Schema>::FINGERPRINT,
        ),
        "version 2 of `MoneyDeposited` has the shape of version 1, so nothing changed that is stored\neither: if version 2 is not locked, remove what is declared of it, and lower `version` and each later `in` by one\nor:     if version 2 is locked, put back what made it differ",
    );
    const _: () = ::esrs::__private::changes(
        (
            <__MoneyDepositedV2<
                <BookingId as ::esrs::__private::PastVersion<1>>::Past,
            > as ::esrs::__private::Schema>::SHAPE,
            <__MoneyDepositedV2<
                <BookingId as ::esrs::__private::PastVersion<1>>::Past,
            > as ::esrs::__private::Schema>::FINGERPRINT,
        ),
        (
            <__MoneyDepositedV3 as ::esrs::__private::Schema>::SHAPE,
            <__MoneyDepositedV3 as ::esrs::__private::Schema>::FINGERPRINT,
        ),
        "version 3 of `MoneyDeposited` has the shape of version 2, so nothing changed that is stored\neither: if version 3 is not locked, remove what is declared of it, and lower `version` and each later `in` by one\nor:     if version 3 is locked, put back what made it differ",
    );
    const _: () = ::esrs::__private::changes(
        (
            <__MoneyDepositedV3 as ::esrs::__private::Schema>::SHAPE,
            <__MoneyDepositedV3 as ::esrs::__private::Schema>::FINGERPRINT,
        ),
        (
            <MoneyDeposited as ::esrs::__private::Schema>::SHAPE,
            <MoneyDeposited as ::esrs::__private::Schema>::FINGERPRINT,
        ),
        "version 4 of `MoneyDeposited` has the shape of version 3, so nothing changed that is stored\neither: if version 4 is not locked, remove what is declared of it, and lower `version` and each later `in` by one\nor:     if version 4 is locked, put back what made it differ",
    );
};
