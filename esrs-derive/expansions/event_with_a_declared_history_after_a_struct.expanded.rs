// #[event("money_deposited", version = 4, from = MoneyDepositedV2)]
// struct MoneyDeposited {
//     #[event(renamed(from = "amount", in = 4))]
//     cents: i64,
//     #[event(added(in = 3))]
//     note: Option<String>,
// }

#[automatically_derived]
#[allow(deprecated)]
impl ::esrs::__private::Schema for MoneyDeposited {
    const SHAPE: &'static ::esrs::__private::Shape = &::esrs::__private::Shape::Struct(
        &::esrs::__private::StructShape {
            fields: &[
                ::esrs::__private::Field::of::<i64>("cents")
                    .declared("renamed(from = \"amount\", in = 4)"),
                ::esrs::__private::Field::of::<Option<String>>("note")
                    .declared("added(in = 3)"),
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
        const __HISTORY_2: &'static ::esrs::__private::ShapeVersion = <MoneyDepositedV2 as ::esrs::__private::KnownEvent>::HISTORY;
        const __HISTORY_3: &'static ::esrs::__private::ShapeVersion = &::esrs::__private::past_version::<
            3,
            MoneyDeposited,
        >(
            ::esrs::__private::Step::Declared(
                &[
                    ::esrs::__private::FieldChange::Added {
                        field: "note",
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
                    ::esrs::__private::FieldChange::Renamed {
                        from: "amount",
                        to: "cents",
                    },
                ],
            ),
            15016563450777202691u64,
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
            3u32 => ::esrs::__private::decode_past::<3, Self>(payload),
            _ => {
                ::esrs::__private::decode_older(
                    version,
                    payload,
                    <MoneyDepositedV2 as ::esrs::__private::KnownEvent>::decode_payload,
                    <Self as ::esrs::__private::TryUpcast<MoneyDepositedV2>>::try_upcast,
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
    pub struct __MoneyDepositedV3 {
        #[serde(rename = "amount")]
        cents: i64,
        note: Option<String>,
    }
    #[automatically_derived]
    impl ::esrs::__private::PastVersion<3> for MoneyDeposited {
        type Past = __MoneyDepositedV3;
        const CODE: ::esrs::__private::u64 = 15016563450777202691u64;
        #[inline]
        fn from_past(past: __MoneyDepositedV3) -> Self {
            let __MoneyDepositedV3 { cents: field_0, note: field_1 } = past;
            MoneyDeposited {
                cents: field_0,
                note: field_1,
            }
        }
    }
    struct __MoneyDepositedV2(::esrs::__private::PhantomData<()>);
    #[automatically_derived]
    #[allow(deprecated)]
    impl ::esrs::__private::Schema for __MoneyDepositedV2 {
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
    impl ::esrs::__private::Schema for __MoneyDepositedV3 {
        const SHAPE: &'static ::esrs::__private::Shape = &::esrs::__private::Shape::Struct(
            &::esrs::__private::StructShape {
                fields: &[
                    ::esrs::__private::Field::of::<i64>("amount"),
                    ::esrs::__private::Field::of::<Option<String>>("note")
                        .declared("added(in = 3)"),
                ],
                closed: false,
            },
        );
        const FINGERPRINT: ::esrs::__private::Fingerprint = ::esrs::__private::fingerprint(
            Self::SHAPE,
        );
    }
    #[inline]
    fn __added_0_1_in_3() -> Option<String> {
        <Option<String> as ::esrs::__private::AddedValue>::added_value()
    }
    #[automatically_derived]
    impl ::esrs::__private::Upcast<MoneyDepositedV2> for MoneyDeposited {
        #[inline]
        fn upcast(old: MoneyDepositedV2) -> Self {
            Self {
                cents: old.amount,
                note: __added_0_1_in_3(),
            }
        }
    }
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
        &<MoneyDepositedV2 as ::esrs::__private::KnownEvent>::TYPE,
        "money_deposited",
        2u32,
        (
            <__MoneyDepositedV2 as ::esrs::__private::Schema>::SHAPE,
            <__MoneyDepositedV2 as ::esrs::__private::Schema>::FINGERPRINT,
        ),
        "`MoneyDeposited` is stored as \"money_deposited\", and `MoneyDepositedV2`, which it follows, under another name: write `#[event(\"money_deposited\", …)]` on `MoneyDepositedV2` too, and an older name into `aliases(…)`",
        "what is declared of `MoneyDeposited` begins with version 3, and `MoneyDepositedV2`, which comes before it, is not version 2: declare what each version after `MoneyDepositedV2` changed, or let `from` name the struct of version 2",
        (
            "what is declared of `MoneyDeposited` leads back to another shape than that of `MoneyDepositedV2`",
            "\neither: declare what became of it in version 3 or later: `added(…)`, `renamed(…)` or `retyped(…)` on the field, or `removed(…)` in the `#[event(…)]` of `MoneyDeposited`\nor:     keep a struct of version 3, with an `Upcast<MoneyDepositedV2>` by hand, and let `from` name that",
        ),
    );
};
