// pub enum Currency {
//     Eur,
//     Usd,
// }

#[automatically_derived]
#[allow(deprecated)]
impl ::esrs::__private::Schema for Currency {
    const SHAPE: &'static ::esrs::__private::Shape = &::esrs::__private::Shape::Enum(
        &::esrs::__private::EnumShape {
            tagging: ::esrs::__private::Tagging::External,
            variants: &[
                ::esrs::__private::Variant {
                    name: "Eur",
                    aliases: &[],
                    other: false,
                    content: ::esrs::__private::Content::Unit,
                    declared: ::esrs::__private::Declared::NOTHING,
                },
                ::esrs::__private::Variant {
                    name: "Usd",
                    aliases: &[],
                    other: false,
                    content: ::esrs::__private::Content::Unit,
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
