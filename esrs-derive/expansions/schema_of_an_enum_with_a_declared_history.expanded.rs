// #[schema(version = 2)]
// enum Method {
//     Cash,
//     #[schema(renamed(from = "Card", in = 2))]
//     CreditCard(#[schema(updated(in = 2, from = 1))] Card),
//     #[schema(added(in = 2))]
//     Transfer { account: String },
// }

#[automatically_derived]
#[allow(deprecated)]
impl ::esrs::__private::Schema for Method {
    const SHAPE: &'static ::esrs::__private::Shape = &::esrs::__private::Shape::Enum(
        &::esrs::__private::EnumShape {
            tagging: ::esrs::__private::Tagging::External,
            variants: &[
                ::esrs::__private::Variant {
                    name: "Cash",
                    aliases: &[],
                    other: false,
                    content: ::esrs::__private::Content::Unit,
                    declared: ::esrs::__private::Declared::NOTHING,
                },
                ::esrs::__private::Variant {
                    name: "CreditCard",
                    aliases: &[],
                    other: false,
                    content: ::esrs::__private::Content::Newtype(
                        ::esrs::__private::Item::of_variant::<Card>()
                            .declared("updated(in = 2, from = 1)"),
                    ),
                    declared: ::esrs::__private::Declared::NOTHING
                        .on_part("renamed(from = \"Card\", in = 2)"),
                },
                ::esrs::__private::Variant {
                    name: "Transfer",
                    aliases: &[],
                    other: false,
                    content: ::esrs::__private::Content::Struct(
                        &[::esrs::__private::Field::of::<String>("account")],
                    ),
                    declared: ::esrs::__private::Declared::NOTHING
                        .on_part("added(in = 2)"),
                },
            ],
            closed: false,
        },
    );
    const FINGERPRINT: ::esrs::__private::Fingerprint = ::esrs::__private::fingerprint(
        Self::SHAPE,
    );
}
#[allow(deprecated, dead_code)]
const _: () = {
    #[doc(hidden)]
    #[derive(::esrs::__private::serde::Deserialize)]
    #[serde(crate = "::esrs::__private::serde")]
    pub enum __MethodV1<__Held1_0> {
        Cash,
        #[serde(rename = "Card")]
        CreditCard(__Held1_0),
    }
    #[automatically_derived]
    impl ::esrs::__private::PastVersion<1> for Method {
        type Past = __MethodV1<<Card as ::esrs::__private::PastVersion<1>>::Past>;
        const CODE: ::esrs::__private::u64 = ::esrs::__private::code_and(
            9929290117630038695u64,
            <Card as ::esrs::__private::PastVersion<1>>::CODE,
        );
        #[inline]
        fn from_past(
            past: __MethodV1<<Card as ::esrs::__private::PastVersion<1>>::Past>,
        ) -> Self {
            match past {
                __MethodV1::Cash {} => Method::Cash {},
                __MethodV1::CreditCard { 0: field_0 } => {
                    Method::CreditCard {
                        0: ::esrs::__private::updated(
                            field_0,
                            <Card as ::esrs::__private::PastVersion<1>>::from_past,
                        ),
                    }
                }
            }
        }
    }
    #[automatically_derived]
    #[allow(deprecated)]
    impl<__Held1_0> ::esrs::__private::Schema for __MethodV1<__Held1_0>
    where
        __Held1_0: ::esrs::__private::Schema,
    {
        const SHAPE: &'static ::esrs::__private::Shape = &::esrs::__private::Shape::Enum(
            &::esrs::__private::EnumShape {
                tagging: ::esrs::__private::Tagging::External,
                variants: &[
                    ::esrs::__private::Variant {
                        name: "Cash",
                        aliases: &[],
                        other: false,
                        content: ::esrs::__private::Content::Unit,
                        declared: ::esrs::__private::Declared::NOTHING,
                    },
                    ::esrs::__private::Variant {
                        name: "Card",
                        aliases: &[],
                        other: false,
                        content: ::esrs::__private::Content::Newtype(
                            ::esrs::__private::Item::of_variant::<__Held1_0>(),
                        ),
                        declared: ::esrs::__private::Declared::NOTHING,
                    },
                ],
                closed: false,
            },
        );
        const FINGERPRINT: ::esrs::__private::Fingerprint = ::esrs::__private::fingerprint(
            Self::SHAPE,
        );
    }
    const _: () = ::esrs::__private::changes(
        (
            <__MethodV1<
                <Card as ::esrs::__private::PastVersion<1>>::Past,
            > as ::esrs::__private::Schema>::SHAPE,
            <__MethodV1<
                <Card as ::esrs::__private::PastVersion<1>>::Past,
            > as ::esrs::__private::Schema>::FINGERPRINT,
        ),
        (
            <Method as ::esrs::__private::Schema>::SHAPE,
            <Method as ::esrs::__private::Schema>::FINGERPRINT,
        ),
        "version 2 of `Method` has the shape of version 1, so nothing changed that is stored\neither: if version 2 is not locked, remove what is declared of it, and lower `version` and each later `in` by one\nor:     if version 2 is locked, put back what made it differ",
    );
};
