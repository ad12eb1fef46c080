// #[event("account_opened")]
// pub struct AccountOpened {
//     pub owner: String,
// }

#[automatically_derived]
#[allow(deprecated)]
impl ::esrs::__private::Schema for AccountOpened {
    const SHAPE: &'static ::esrs::__private::Shape = &::esrs::__private::Shape::Struct(
        &::esrs::__private::StructShape {
            fields: &[::esrs::__private::Field::of::<String>("owner")],
            closed: false,
        },
    );
    const FINGERPRINT: ::esrs::__private::Fingerprint = ::esrs::__private::fingerprint(
        Self::SHAPE,
    );
}
#[automatically_derived]
#[allow(deprecated)]
impl ::esrs::__private::Emit for AccountOpened {
    const PARTS: &'static ::esrs::__private::PartTypes = &::esrs::__private::PartTypes::Event(::esrs::__private::PartType {
        written: "AccountOpened",
        name: "account_opened",
        version: 1u32,
    });
}
#[automatically_derived]
#[allow(deprecated)]
impl ::esrs::__private::Event for AccountOpened {
    const USE_THE_DERIVE: ::esrs::__private::ByDerive = ::esrs::__private::ByDerive::GENERATED;
    const NAME: &'static ::esrs::__private::str = "account_opened";
    const VERSION: ::esrs::__private::u32 = 1u32;
    const ALIASES: &'static [&'static ::esrs::__private::str] = &[];
    #[inline]
    fn decode(
        version: ::esrs::__private::u32,
        payload: &::esrs::__private::str,
    ) -> ::esrs::__private::Result<Self, ::esrs::__private::PayloadError> {
        match version {
            1u32 => ::esrs::__private::decode_current(payload),
            _ => {
                ::esrs::__private::Err(::esrs::__private::no_such::<Self>(version, 1u32))
            }
        }
    }
}
