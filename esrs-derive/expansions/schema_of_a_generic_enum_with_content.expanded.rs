// #[serde(tag = "type", content = "value", rename_all = "snake_case", deny_unknown_fields)]
// enum Change<'a, T: Copy> where T: Ord {
//     Nothing,
//     Single(T),
//     Pair(T, Cow<'a, str>),
//     #[serde(rename_all = "camelCase")]
//     WithFields { new_value: Vec<T>, #[serde(skip)] cached: bool },
//     #[serde(other)]
//     Unknown,
// }

#[automatically_derived]
#[allow(deprecated)]
impl<'a, T: Copy> ::esrs::__private::Schema for Change<'a, T>
where
    T: Ord,
    T: ::esrs::__private::Schema,
{
    const SHAPE: &'static ::esrs::__private::Shape = &::esrs::__private::Shape::Enum(
        &::esrs::__private::EnumShape {
            tagging: ::esrs::__private::Tagging::Adjacent {
                tag: "type",
                content: "value",
            },
            variants: &[
                ::esrs::__private::Variant {
                    name: "nothing",
                    aliases: &[],
                    other: false,
                    content: ::esrs::__private::Content::Unit,
                    declared: ::esrs::__private::Declared::NOTHING,
                },
                ::esrs::__private::Variant {
                    name: "single",
                    aliases: &[],
                    other: false,
                    content: ::esrs::__private::Content::Newtype(
                        ::esrs::__private::Item::of_variant::<T>(),
                    ),
                    declared: ::esrs::__private::Declared::NOTHING,
                },
                ::esrs::__private::Variant {
                    name: "pair",
                    aliases: &[],
                    other: false,
                    content: ::esrs::__private::Content::Tuple(
                        &[
                            ::esrs::__private::Item::of_variant::<T>(),
                            ::esrs::__private::Item::of_variant::<Cow<'a, str>>(),
                        ],
                    ),
                    declared: ::esrs::__private::Declared::NOTHING,
                },
                ::esrs::__private::Variant {
                    name: "with_fields",
                    aliases: &[],
                    other: false,
                    content: ::esrs::__private::Content::Struct(
                        &[::esrs::__private::Field::of::<Vec<T>>("newValue")],
                    ),
                    declared: ::esrs::__private::Declared::NOTHING,
                },
                ::esrs::__private::Variant {
                    name: "unknown",
                    aliases: &[],
                    other: true,
                    content: ::esrs::__private::Content::Unit,
                    declared: ::esrs::__private::Declared::NOTHING,
                },
            ],
            closed: true,
        },
    );
    const FINGERPRINT: ::esrs::__private::Fingerprint = ::esrs::__private::fingerprint(
        Self::SHAPE,
    );
}
