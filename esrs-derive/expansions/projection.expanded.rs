// #[projection(table = "counter", of = Counter, creates(Counted), events(Counted))]
// struct CounterRow {
//     #[projection(key)]
//     id: u64,
//     sum: i64,
// }

#[allow(deprecated, clippy::all, clippy::pedantic, clippy::nursery, clippy::restriction)]
const _: () = {
    #[allow(missing_docs, private_interfaces, unreachable_pub, non_camel_case_types)]
    #[allow(missing_debug_implementations, missing_copy_implementations)]
    pub enum __CounterRowInput {
        Source0(::esrs::__private::Recorded<Counted>),
    }
    const _: () = ::esrs::__private::key_tells_rows_apart::<u64>("id");
    #[automatically_derived]
    impl ::esrs::__private::Projection for CounterRow {
        const USE_THE_DERIVE: ::esrs::__private::ByDerive = ::esrs::__private::ByDerive::GENERATED;
        const TABLE: ::esrs::__private::Table = ::esrs::__private::Table {
            name: "counter",
            version: 1u32,
            columns: &[
                ::esrs::__private::ColumnSpec {
                    name: "id",
                    column_type: <u64 as ::esrs::__private::Column>::TYPE,
                    nullable: ::esrs::__private::nullable::<u64>("id"),
                    key: true,
                },
                ::esrs::__private::ColumnSpec {
                    name: "sum",
                    column_type: <i64 as ::esrs::__private::Column>::TYPE,
                    nullable: ::esrs::__private::nullable::<i64>("sum"),
                    key: false,
                },
            ],
        };
        const SOURCES: &'static [::esrs::__private::Source] = &[
            <Counted as ::esrs::__private::SourceOf<Counter>>::SOURCE
                .in_role("create_or_project"),
        ];
        const CODE: ::esrs::__private::u64 = 0u64;
        const SHAPES: &'static [::esrs::__private::Option<
            ::esrs::__private::Fingerprint,
        >] = &[
            <u64 as ::esrs::__private::Column>::TEXTS,
            <i64 as ::esrs::__private::Column>::TEXTS,
        ];
        type Key = u64;
        type Input = __CounterRowInput;
        fn decode(
            decoder: ::esrs::__private::usize,
            stored: ::esrs::__private::StoredAs,
            payload: &::esrs::__private::str,
            envelope: ::esrs::__private::Envelope,
        ) -> ::esrs::__private::Result<Self::Input, ::esrs::__private::PayloadError> {
            match decoder {
                0usize => {
                    ::esrs::__private::Ok(
                        __CounterRowInput::Source0(
                            <Counted as ::esrs::__private::SourceOf<
                                Counter,
                            >>::recorded(stored, payload, envelope)?,
                        ),
                    )
                }
                decoder => {
                    ::esrs::__private::Err(
                        ::esrs::__private::PayloadError::NoSuchDecoder(decoder),
                    )
                }
            }
        }
        fn keys(
            input: &Self::Input,
            keys: &mut ::esrs::__private::Vec<Self::Key>,
        ) -> ::esrs::__private::Result<(), ::esrs::__private::RowError> {
            match input {
                __CounterRowInput::Source0(event) => {
                    ::esrs::__private::Vec::push(
                        keys,
                        <u64 as ::esrs::__private::StreamKey<
                            Counter,
                        >>::stream_key(
                            ::esrs::__private::Recorded::envelope(event),
                            <u64 as ::esrs::__private::Column>::settle,
                        )?,
                    );
                }
            }
            ::esrs::__private::Ok(())
        }
        fn change(
            input: &Self::Input,
            key: Self::Key,
            row: ::esrs::__private::Option<Self>,
        ) -> ::esrs::__private::Result<
            ::esrs::__private::Option<Self>,
            ::esrs::__private::RowError,
        > {
            match input {
                __CounterRowInput::Source0(event) => {
                    ::esrs::__private::create_or_project(
                        event,
                        key,
                        row,
                        <Self as ::esrs::__private::Create<Counted>>::create,
                        <Self as ::esrs::__private::Project<Counted>>::project,
                    )
                }
            }
        }
        fn to_values(
            &self,
        ) -> ::esrs::__private::Result<
            ::esrs::__private::Vec<::esrs::__private::Value>,
            ::esrs::__private::ColumnError,
        > {
            ::esrs::__private::Ok(
                ::esrs::__private::From::from([
                    ::esrs::__private::in_column(
                        "id",
                        <u64 as ::esrs::__private::Column>::to_value(&self.id),
                    )?,
                    ::esrs::__private::in_column(
                        "sum",
                        <i64 as ::esrs::__private::Column>::to_value(&self.sum),
                    )?,
                ]),
            )
        }
        fn from_values(
            values: ::esrs::__private::Vec<::esrs::__private::Value>,
        ) -> ::esrs::__private::Result<Self, ::esrs::__private::ColumnError> {
            let [column0, column1] = ::esrs::__private::columns(values)?;
            ::esrs::__private::Ok(Self {
                id: ::esrs::__private::in_column(
                    "id",
                    <u64 as ::esrs::__private::Column>::from_value(column0),
                )?,
                sum: ::esrs::__private::in_column(
                    "sum",
                    <i64 as ::esrs::__private::Column>::from_value(column1),
                )?,
            })
        }
        fn settle(
            &mut self,
            stored: &mut ::esrs::__private::Vec<
                (::esrs::__private::usize, ::esrs::__private::Value),
            >,
        ) -> ::esrs::__private::Result<(), ::esrs::__private::ColumnError> {
            if let ::esrs::__private::Option::Some(value) = ::esrs::__private::in_column(
                "id",
                <u64 as ::esrs::__private::Column>::settle(&mut self.id),
            )? {
                ::esrs::__private::Vec::push(stored, (0usize, value));
            }
            if let ::esrs::__private::Option::Some(value) = ::esrs::__private::in_column(
                "sum",
                <i64 as ::esrs::__private::Column>::settle(&mut self.sum),
            )? {
                ::esrs::__private::Vec::push(stored, (1usize, value));
            }
            ::esrs::__private::Ok(())
        }
        fn has_key(
            &self,
            key: &[::esrs::__private::Value],
        ) -> ::esrs::__private::Result<
            ::esrs::__private::bool,
            ::esrs::__private::ColumnError,
        > {
            let [column0] = key else { return ::esrs::__private::Ok(false) };
            ::esrs::__private::Ok(
                *column0
                    == ::esrs::__private::in_column(
                        "id",
                        <u64 as ::esrs::__private::Column>::to_value(&self.id),
                    )?,
            )
        }
        fn key_values(
            key: &Self::Key,
        ) -> ::esrs::__private::Result<
            ::esrs::__private::Vec<::esrs::__private::Value>,
            ::esrs::__private::ColumnError,
        > {
            ::esrs::__private::Ok(
                ::esrs::__private::From::from([
                    ::esrs::__private::in_column(
                        "id",
                        <u64 as ::esrs::__private::Column>::to_value(key),
                    )?,
                ]),
            )
        }
    }
};
