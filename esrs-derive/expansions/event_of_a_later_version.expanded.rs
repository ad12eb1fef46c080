// #[event("money_deposited", version = 3, from = v2::MoneyDeposited, aliases("deposited"), crate = ::renamed)]
// struct MoneyDeposited {
//     cents: i64,
//     #[serde(default, rename = "curr", alias = "currency_code")]
//     currency: Currency,
//     #[schema(opaque = "place@1")]
//     at: geo::Point,
// }

#[automatically_derived]
#[allow(deprecated)]
impl ::renamed::__private::Schema for MoneyDeposited {
    const SHAPE: &'static ::renamed::__private::Shape = &::renamed::__private::Shape::Struct(
        &::renamed::__private::StructShape {
            fields: &[
                ::renamed::__private::Field::of::<i64>("cents"),
                ::renamed::__private::Field::of::<Currency>("curr")
                    .optional()
                    .always_written()
                    .aliases(&["currency_code"])
                    .declared("default"),
                ::renamed::__private::Field::opaque(
                        "at",
                        &::renamed::__private::Shape::Opaque("place@1"),
                    )
                    .declared("of type geo::Point"),
            ],
            closed: false,
        },
    );
    const FINGERPRINT: ::renamed::__private::Fingerprint = ::renamed::__private::fingerprint(
        Self::SHAPE,
    );
}
#[automatically_derived]
#[allow(deprecated)]
impl ::renamed::__private::Emit for MoneyDeposited {
    const PARTS: &'static ::renamed::__private::PartTypes = &::renamed::__private::PartTypes::Event(::renamed::__private::PartType {
        written: "MoneyDeposited",
        name: "money_deposited",
        version: 3u32,
    });
}
#[automatically_derived]
#[allow(deprecated)]
impl ::renamed::__private::Event for MoneyDeposited {
    const USE_THE_DERIVE: ::renamed::__private::ByDerive = ::renamed::__private::ByDerive::GENERATED;
    const NAME: &'static ::renamed::__private::str = "money_deposited";
    const VERSION: ::renamed::__private::u32 = 3u32;
    const ALIASES: &'static [&'static ::renamed::__private::str] = &["deposited"];
    const HISTORY: &'static ::renamed::__private::ShapeVersion = &::renamed::__private::newest_version::<
        Self,
    >(
        ::renamed::__private::Step::Written,
        0,
        ::renamed::__private::Option::Some(
            <v2::MoneyDeposited as ::renamed::__private::KnownEvent>::HISTORY,
        ),
    );
    #[inline]
    fn decode(
        version: ::renamed::__private::u32,
        payload: &::renamed::__private::str,
    ) -> ::renamed::__private::Result<Self, ::renamed::__private::PayloadError> {
        match version {
            3u32 => ::renamed::__private::decode_current(payload),
            _ => {
                ::renamed::__private::decode_older(
                    version,
                    payload,
                    <v2::MoneyDeposited as ::renamed::__private::KnownEvent>::decode_payload,
                    <Self as ::renamed::__private::TryUpcast<
                        v2::MoneyDeposited,
                    >>::try_upcast,
                )
            }
        }
    }
}
#[allow(deprecated)]
const _: () = ::renamed::__private::follows(
    &<v2::MoneyDeposited as ::renamed::__private::KnownEvent>::TYPE,
    &<MoneyDeposited as ::renamed::__private::KnownEvent>::TYPE,
    "`MoneyDeposited` is stored as \"money_deposited\", and `v2::MoneyDeposited`, which it follows, under another name: write `#[event(\"money_deposited\", …)]` on `v2::MoneyDeposited` too, and an older name into `aliases(…)`",
    "version 3 of `MoneyDeposited` follows version 2, and `v2::MoneyDeposited` has another number: let `from` name the struct of version 2, or correct the numbers",
    "`MoneyDeposited` has the shape of `v2::MoneyDeposited`, so there is nothing to bring up to date: drop `version = 3` and `from = v2::MoneyDeposited`; or if a field has another meaning now, give it another name",
    "`v2::MoneyDeposited` merges events that `MoneyDeposited`, which follows it, does not: move its `merges(…)` to `MoneyDeposited`, and write `impl Upcast<…> for MoneyDeposited` for each event in it",
);
