// #[event("money_deposited", version = 4, from = MoneyDepositedV1)]
// struct MoneyDeposited {
//     #[event(retyped(from = i64, in = 3, try_with = u64::try_from), renamed(from = "amount", in = 2))]
//     cents: u64,
//     #[event(added(in = 4))]
//     note: Option<String>,
// }

#[automatically_derived]
#[allow(deprecated)]
impl ::esrs::__private::Schema for MoneyDeposited {
    const SHAPE: &'static ::esrs::__private::Shape = &::esrs::__private::Shape::Struct(
        &::esrs::__private::StructShape {
            fields: &[
                ::esrs::__private::Field::of::<u64>("cents")
                    .declared(
                        "renamed(from = \"amount\", in = 2), retyped(from = i64, in = 3, try_with = u64::try_from)",
                    ),
                ::esrs::__private::Field::of::<Option<String>>("note")
                    .declared("added(in = 4)"),
            ],
            closed: false,
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
        const __HISTORY_1: &'static ::esrs::__private::ShapeVersion = <MoneyDepositedV1 as ::esrs::__private::KnownEvent>::HISTORY;
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
                    ::esrs::__private::FieldChange::Retyped {
                        field: "cents",
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
                    ::esrs::__private::FieldChange::Added {
                        field: "note",
                    },
                ],
            ),
            8432480684096193658u64,
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
            2u32 => ::esrs::__private::decode_past::<2, Self>(payload),
            3u32 => ::esrs::__private::decode_past::<3, Self>(payload),
            _ => {
                ::esrs::__private::decode_before(
                    version,
                    payload,
                    <MoneyDepositedV1 as ::esrs::__private::KnownEvent>::decode_payload,
                    <Self as ::esrs::__private::TryUpcast<MoneyDepositedV1>>::try_upcast,
                )
            }
        }
    }
}
#[allow(deprecated, dead_code)]
const _: () = {
    #[doc(hidden)]
    #[derive(::esrs::__private::serde::Deserialize)]
    #[serde(crate = "::esrs::__private::serde")]
    pub struct __MoneyDepositedV2 {
        cents: i64,
    }
    #[automatically_derived]
    impl ::esrs::__private::DeclaredVersion<2> for MoneyDeposited {
        type Past = __MoneyDepositedV2;
        #[inline]
        fn try_from_past(
            past: __MoneyDepositedV2,
        ) -> ::esrs::__private::Result<Self, ::esrs::__private::PayloadError> {
            let __MoneyDepositedV2 { cents: field_0 } = past;
            ::esrs::__private::Ok(MoneyDeposited {
                cents: __retyped_0_0_in_3(field_0)?,
                note: __added_0_1_in_4(),
            })
        }
    }
    #[doc(hidden)]
    #[derive(::esrs::__private::serde::Deserialize)]
    #[serde(crate = "::esrs::__private::serde")]
    pub struct __MoneyDepositedV3 {
        cents: u64,
    }
    #[automatically_derived]
    impl ::esrs::__private::PastVersion<3> for MoneyDeposited {
        type Past = __MoneyDepositedV3;
        const CODE: ::esrs::__private::u64 = 8432480684096193658u64;
        #[inline]
        fn from_past(past: __MoneyDepositedV3) -> Self {
            let __MoneyDepositedV3 { cents: field_0 } = past;
            MoneyDeposited {
                cents: field_0,
                note: __added_0_1_in_4(),
            }
        }
    }
    struct __MoneyDepositedV1(::esrs::__private::PhantomData<()>);
    #[automatically_derived]
    #[allow(deprecated)]
    impl ::esrs::__private::Schema for __MoneyDepositedV1 {
        const SHAPE: &'static ::esrs::__private::Shape = &::esrs::__private::Shape::Struct(
            &::esrs::__private::StructShape {
                fields: &[::esrs::__private::Field::of::<i64>("amount")],
                closed: false,
            },
        );
        const FINGERPRINT: ::esrs::__private::Fingerprint = ::esrs::__private::fingerprint(
            Self::SHAPE,
        );
    }
    #[automatically_derived]
    #[allow(deprecated)]
    impl ::esrs::__private::Schema for __MoneyDepositedV2 {
        const SHAPE: &'static ::esrs::__private::Shape = &::esrs::__private::Shape::Struct(
            &::esrs::__private::StructShape {
                fields: &[
                    ::esrs::__private::Field::of::<i64>("cents")
                        .declared("renamed(from = \"amount\", in = 2)"),
                ],
                closed: false,
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
                    ::esrs::__private::Field::of::<u64>("cents")
                        .declared(
                            "renamed(from = \"amount\", in = 2), retyped(from = i64, in = 3, try_with = u64::try_from)",
                        ),
                ],
                closed: false,
            },
        );
        const FINGERPRINT: ::esrs::__private::Fingerprint = ::esrs::__private::fingerprint(
            Self::SHAPE,
        );
    }
    #[inline]
    fn __retyped_0_0_in_3(
        old: i64,
    ) -> ::esrs::__private::Result<u64, ::esrs::__private::PayloadError> {
        let function: fn(i64) -> ::esrs::__private::Result<u64, _> = u64::try_from;
        ::esrs::__private::retyped(2u32, "cents", function, old)
    }
    #[inline]
    fn __added_0_1_in_4() -> Option<String> {
        <Option<String> as ::esrs::__private::AddedValue>::added_value()
    }
    #[automatically_derived]
    impl ::esrs::__private::TryUpcast<MoneyDepositedV1> for MoneyDeposited {
        type Error = ::esrs::__private::PayloadError;
        #[inline]
        fn try_upcast(
            old: MoneyDepositedV1,
        ) -> ::esrs::__private::Result<Self, ::esrs::__private::PayloadError> {
            ::esrs::__private::Ok(Self {
                cents: __retyped_0_0_in_3(old.amount)?,
                note: __added_0_1_in_4(),
            })
        }
    }
    const _: () = ::esrs::__private::changes(
        (
            <__MoneyDepositedV1 as ::esrs::__private::Schema>::SHAPE,
            <__MoneyDepositedV1 as ::esrs::__private::Schema>::FINGERPRINT,
        ),
        (
            <__MoneyDepositedV2 as ::esrs::__private::Schema>::SHAPE,
            <__MoneyDepositedV2 as ::esrs::__private::Schema>::FINGERPRINT,
        ),
        "version 2 of `MoneyDeposited` has the shape of version 1, so nothing changed that is stored\neither: if version 2 is not locked, remove what is declared of it, and lower `version` and each later `in` by one\nor:     if version 2 is locked, put back what made it differ",
    );
    const _: () = ::esrs::__private::changes(
        (
            <__MoneyDepositedV2 as ::esrs::__private::Schema>::SHAPE,
            <__MoneyDepositedV2 as ::esrs::__private::Schema>::FINGERPRINT,
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
    const _: () = ::esrs::__private::leads_back(
        &<MoneyDepositedV1 as ::esrs::__private::KnownEvent>::TYPE,
        "money_deposited",
        1u32,
        (
            <__MoneyDepositedV1 as ::esrs::__private::Schema>::SHAPE,
            <__MoneyDepositedV1 as ::esrs::__private::Schema>::FINGERPRINT,
        ),
        "`MoneyDeposited` is stored as \"money_deposited\", and `MoneyDepositedV1`, which it follows, under another name: write `#[event(\"money_deposited\", …)]` on `MoneyDepositedV1` too, and an older name into `aliases(…)`",
        "what is declared of `MoneyDeposited` begins with version 2, and `MoneyDepositedV1`, which comes before it, is not version 1: declare what each version after `MoneyDepositedV1` changed, or let `from` name the struct of version 1",
        (
            "what is declared of `MoneyDeposited` leads back to another shape than that of `MoneyDepositedV1`",
            "\neither: declare what became of it in version 2 or later: `added(…)`, `renamed(…)` or `retyped(…)` on the field, or `removed(…)` in the `#[event(…)]` of `MoneyDeposited`\nor:     keep a struct of version 2, with an `Upcast<MoneyDepositedV1>` by hand, and let `from` name that",
        ),
    );
};
