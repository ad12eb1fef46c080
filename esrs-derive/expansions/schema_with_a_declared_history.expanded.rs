// #[schema(version = 2, crate = ::renamed)]
// pub struct Amount {
//     cents: i64,
//     #[schema(added(in = 2))]
//     currency: Currency,
// }

#[automatically_derived]
#[allow(deprecated)]
impl ::renamed::__private::Schema for Amount {
    const SHAPE: &'static ::renamed::__private::Shape = &::renamed::__private::Shape::Struct(
        &::renamed::__private::StructShape {
            fields: &[
                ::renamed::__private::Field::of::<i64>("cents"),
                ::renamed::__private::Field::of::<Currency>("currency")
                    .declared("added(in = 2)"),
            ],
            closed: false,
        },
    );
    const FINGERPRINT: ::renamed::__private::Fingerprint = ::renamed::__private::fingerprint(
        Self::SHAPE,
    );
}
#[allow(deprecated, dead_code)]
const _: () = {
    #[doc(hidden)]
    #[derive(::renamed::__private::serde::Deserialize)]
    #[serde(crate = "::renamed::__private::serde")]
    pub struct __AmountV1 {
        cents: i64,
    }
    #[automatically_derived]
    impl ::renamed::__private::PastVersion<1> for Amount {
        type Past = __AmountV1;
        const CODE: ::renamed::__private::u64 = 14868010904577284377u64;
        #[inline]
        fn from_past(past: __AmountV1) -> Self {
            let __AmountV1 { cents: field_0 } = past;
            Amount {
                cents: field_0,
                currency: __added_0_1_in_2(),
            }
        }
    }
    #[automatically_derived]
    #[allow(deprecated)]
    impl ::renamed::__private::Schema for __AmountV1 {
        const SHAPE: &'static ::renamed::__private::Shape = &::renamed::__private::Shape::Struct(
            &::renamed::__private::StructShape {
                fields: &[::renamed::__private::Field::of::<i64>("cents")],
                closed: false,
            },
        );
        const FINGERPRINT: ::renamed::__private::Fingerprint = ::renamed::__private::fingerprint(
            Self::SHAPE,
        );
    }
    #[inline]
    fn __added_0_1_in_2() -> Currency {
        <Currency as ::renamed::__private::AddedValue>::added_value()
    }
    const _: () = ::renamed::__private::changes(
        (
            <__AmountV1 as ::renamed::__private::Schema>::SHAPE,
            <__AmountV1 as ::renamed::__private::Schema>::FINGERPRINT,
        ),
        (
            <Amount as ::renamed::__private::Schema>::SHAPE,
            <Amount as ::renamed::__private::Schema>::FINGERPRINT,
        ),
        "version 2 of `Amount` has the shape of version 1, so nothing changed that is stored\neither: if version 2 is not locked, remove what is declared of it, and lower `version` and each later `in` by one\nor:     if version 2 is locked, put back what made it differ",
    );
};
