// #[event("money_moved", merges(MoneyDeposited, old::MoneyWithdrawn))]
// struct MoneyMoved {
//     cents: i64,
// }

#[automatically_derived]
#[allow(deprecated)]
impl ::esrs::__private::Schema for MoneyMoved {
    const SHAPE: &'static ::esrs::__private::Shape = &::esrs::__private::Shape::Struct(
        &::esrs::__private::StructShape {
            fields: &[::esrs::__private::Field::of::<i64>("cents")],
            closed: false,
        },
    );
    const FINGERPRINT: ::esrs::__private::Fingerprint = ::esrs::__private::fingerprint(
        Self::SHAPE,
    );
}
#[automatically_derived]
#[allow(deprecated)]
impl ::esrs::__private::Emit for MoneyMoved {
    const PARTS: &'static ::esrs::__private::PartTypes = &::esrs::__private::PartTypes::Event(::esrs::__private::PartType {
        written: "MoneyMoved",
        name: "money_moved",
        version: 1u32,
    });
}
#[automatically_derived]
#[allow(deprecated)]
impl ::esrs::__private::Event for MoneyMoved {
    const USE_THE_DERIVE: ::esrs::__private::ByDerive = ::esrs::__private::ByDerive::GENERATED;
    const NAME: &'static ::esrs::__private::str = "money_moved";
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
    const MERGED_NAMES: &'static [&'static ::esrs::__private::str] = &[
        <MoneyDeposited as ::esrs::__private::KnownEvent>::NAME,
        <old::MoneyWithdrawn as ::esrs::__private::KnownEvent>::NAME,
    ];
    const MERGES: &'static [::esrs::__private::EventType] = if ::esrs::__private::merge_each_other(
        "money_moved",
        &[
            <MoneyDeposited as ::esrs::__private::KnownEvent>::MERGED_NAMES,
            <old::MoneyWithdrawn as ::esrs::__private::KnownEvent>::MERGED_NAMES,
        ],
    ) {
        &[]
    } else {
        &[
            ::esrs::__private::merged_type::<MoneyDeposited>(),
            ::esrs::__private::merged_type::<old::MoneyWithdrawn>(),
        ]
    };
    fn decode_merged(
        stored: ::esrs::__private::StoredAs,
        payload: &::esrs::__private::str,
    ) -> ::esrs::__private::Result<Self, ::esrs::__private::PayloadError> {
        match ::esrs::__private::merged::<Self>(stored) {
            ::esrs::__private::Option::Some((0usize, stored)) => {
                ::esrs::__private::decode_merged(
                    0usize,
                    stored,
                    payload,
                    <MoneyDeposited as ::esrs::__private::KnownEvent>::decode_stored,
                    <Self as ::esrs::__private::TryUpcast<MoneyDeposited>>::try_upcast,
                )
            }
            ::esrs::__private::Option::Some((1usize, stored)) => {
                ::esrs::__private::decode_merged(
                    1usize,
                    stored,
                    payload,
                    <old::MoneyWithdrawn as ::esrs::__private::KnownEvent>::decode_stored,
                    <Self as ::esrs::__private::TryUpcast<
                        old::MoneyWithdrawn,
                    >>::try_upcast,
                )
            }
            _ => ::esrs::__private::Err(::esrs::__private::no_such_merged(stored)),
        }
    }
}
#[allow(deprecated)]
const _: () = ::esrs::__private::no_merge_in_turn(
    "money_moved",
    (
        <MoneyDeposited as ::esrs::__private::KnownEvent>::NAME,
        <MoneyDeposited as ::esrs::__private::KnownEvent>::MERGED_NAMES,
    ),
    ("MoneyMoved", "MoneyDeposited"),
);
#[allow(deprecated)]
const _: () = ::esrs::__private::merge_clash(
    &<MoneyMoved as ::esrs::__private::KnownEvent>::TYPE,
    0usize,
    &["MoneyDeposited", "old::MoneyWithdrawn", "MoneyMoved"],
);
#[allow(deprecated)]
const _: () = ::esrs::__private::no_merge_in_turn(
    "money_moved",
    (
        <old::MoneyWithdrawn as ::esrs::__private::KnownEvent>::NAME,
        <old::MoneyWithdrawn as ::esrs::__private::KnownEvent>::MERGED_NAMES,
    ),
    ("MoneyMoved", "old::MoneyWithdrawn"),
);
#[allow(deprecated)]
const _: () = ::esrs::__private::merge_clash(
    &<MoneyMoved as ::esrs::__private::KnownEvent>::TYPE,
    1usize,
    &["MoneyDeposited", "old::MoneyWithdrawn", "MoneyMoved"],
);
