// #[projection(
//     table = "balance",
//     of = BankAccount,
//     version = 2,
//     creates(AccountOpened(key = (stream_id, currency))),
//     events(MoneyTransferred(of = Transfer, key = [(from, currency), (to, currency)], missing = skip)),
//     deletes(AccountClosed(key = (stream_id, currency))),
//     crate = ::renamed,
// )]
// pub struct Balance {
//     #[projection(key)]
//     pub account: AccountId,
//     #[projection(key, text)]
//     pub currency: Currency,
//     #[projection(column = "amount")]
//     pub cents: i64,
//     #[projection(json)]
//     pub tags: Vec<String>,
// }

#[allow(deprecated, clippy::all, clippy::pedantic, clippy::nursery, clippy::restriction)]
const _: () = {
    #[allow(missing_docs, private_interfaces, unreachable_pub, non_camel_case_types)]
    #[allow(missing_debug_implementations, missing_copy_implementations)]
    pub enum __BalanceInput {
        Source0(::renamed::__private::Recorded<AccountOpened>),
        Source1(::renamed::__private::Recorded<MoneyTransferred>),
        Source2(::renamed::__private::Recorded<AccountClosed>),
    }
    #[allow(non_upper_case_globals)]
    const __JSON_OF_tags: ::renamed::__private::JsonShape = {
        #[allow(unused_imports)]
        use ::renamed::__private::UnknownShape as _;
        <::renamed::__private::ShapeOf<Vec<String>>>::JSON
    };
    const _: () = ::renamed::__private::is_json_storable(
        "tags",
        {
            #[allow(unused_imports)]
            use ::renamed::__private::UnknownShape as _;
            <::renamed::__private::ShapeOf<Vec<String>>>::KNOWN
        },
    );
    const _: () = ::renamed::__private::key_tells_rows_apart::<AccountId>("account");
    #[automatically_derived]
    impl ::renamed::__private::Projection for Balance {
        const USE_THE_DERIVE: ::renamed::__private::ByDerive = ::renamed::__private::ByDerive::GENERATED;
        const TABLE: ::renamed::__private::Table = ::renamed::__private::Table {
            name: "balance",
            version: 2u32,
            columns: &[
                ::renamed::__private::ColumnSpec {
                    name: "account",
                    column_type: <AccountId as ::renamed::__private::Column>::TYPE,
                    nullable: ::renamed::__private::nullable::<AccountId>("account"),
                    key: true,
                },
                ::renamed::__private::ColumnSpec {
                    name: "currency",
                    column_type: ::renamed::__private::ColumnType::Text,
                    nullable: false,
                    key: true,
                },
                ::renamed::__private::ColumnSpec {
                    name: "amount",
                    column_type: <i64 as ::renamed::__private::Column>::TYPE,
                    nullable: ::renamed::__private::nullable::<i64>("cents"),
                    key: false,
                },
                ::renamed::__private::ColumnSpec {
                    name: "tags",
                    column_type: __JSON_OF_tags.column_type(),
                    nullable: false,
                    key: false,
                },
            ],
        };
        const SOURCES: &'static [::renamed::__private::Source] = &[
            <AccountOpened as ::renamed::__private::SourceOf<BankAccount>>::SOURCE
                .in_role("create by [(stream_id, currency)]")
                .keyed(),
            <MoneyTransferred as ::renamed::__private::SourceOf<Transfer>>::SOURCE
                .in_role("project_or_skip by [(from, currency), (to, currency)]")
                .keyed(),
            <AccountClosed as ::renamed::__private::SourceOf<BankAccount>>::SOURCE
                .in_role("delete by [(stream_id, currency)]")
                .keyed(),
        ];
        const CODE: ::renamed::__private::u64 = 0u64;
        const SHAPES: &'static [::renamed::__private::Option<
            ::renamed::__private::Fingerprint,
        >] = &[
            <AccountId as ::renamed::__private::Column>::TEXTS,
            {
                #[allow(unused_imports)]
                use ::renamed::__private::UnknownShape as _;
                <::renamed::__private::ShapeOf<Currency>>::SHAPE
            },
            <i64 as ::renamed::__private::Column>::TEXTS,
            {
                #[allow(unused_imports)]
                use ::renamed::__private::UnknownShape as _;
                <::renamed::__private::ShapeOf<Vec<String>>>::SHAPE
            },
        ];
        const JSON: &'static [::renamed::__private::JsonShape] = &[__JSON_OF_tags];
        type Key = (AccountId, Currency);
        type Input = __BalanceInput;
        fn decode(
            decoder: ::renamed::__private::usize,
            stored: ::renamed::__private::StoredAs,
            payload: &::renamed::__private::str,
            envelope: ::renamed::__private::Envelope,
        ) -> ::renamed::__private::Result<
            Self::Input,
            ::renamed::__private::PayloadError,
        > {
            match decoder {
                0usize => {
                    ::renamed::__private::Ok(
                        __BalanceInput::Source0(
                            <AccountOpened as ::renamed::__private::SourceOf<
                                BankAccount,
                            >>::recorded(stored, payload, envelope)?,
                        ),
                    )
                }
                1usize => {
                    ::renamed::__private::Ok(
                        __BalanceInput::Source1(
                            <MoneyTransferred as ::renamed::__private::SourceOf<
                                Transfer,
                            >>::recorded(stored, payload, envelope)?,
                        ),
                    )
                }
                2usize => {
                    ::renamed::__private::Ok(
                        __BalanceInput::Source2(
                            <AccountClosed as ::renamed::__private::SourceOf<
                                BankAccount,
                            >>::recorded(stored, payload, envelope)?,
                        ),
                    )
                }
                decoder => {
                    ::renamed::__private::Err(
                        ::renamed::__private::PayloadError::NoSuchDecoder(decoder),
                    )
                }
            }
        }
        fn keys(
            input: &Self::Input,
            keys: &mut ::renamed::__private::Vec<Self::Key>,
        ) -> ::renamed::__private::Result<(), ::renamed::__private::RowError> {
            match input {
                __BalanceInput::Source0(event) => {
                    ::renamed::__private::Vec::push(
                        keys,
                        (
                            <AccountId as ::renamed::__private::StreamKey<
                                BankAccount,
                            >>::stream_key(
                                ::renamed::__private::Recorded::envelope(event),
                                <AccountId as ::renamed::__private::Column>::settle,
                            )?,
                            ::renamed::__private::Clone::clone(
                                &::renamed::__private::Recorded::event(event).currency,
                            ),
                        ),
                    );
                }
                __BalanceInput::Source1(event) => {
                    <MoneyTransferred as ::renamed::__private::SourceOf<
                        Transfer,
                    >>::of_an_instance(::renamed::__private::Recorded::envelope(event))?;
                    ::renamed::__private::Vec::push(
                        keys,
                        (
                            ::renamed::__private::Clone::clone(
                                &::renamed::__private::Recorded::event(event).from,
                            ),
                            ::renamed::__private::Clone::clone(
                                &::renamed::__private::Recorded::event(event).currency,
                            ),
                        ),
                    );
                    ::renamed::__private::Vec::push(
                        keys,
                        (
                            ::renamed::__private::Clone::clone(
                                &::renamed::__private::Recorded::event(event).to,
                            ),
                            ::renamed::__private::Clone::clone(
                                &::renamed::__private::Recorded::event(event).currency,
                            ),
                        ),
                    );
                }
                __BalanceInput::Source2(event) => {
                    ::renamed::__private::Vec::push(
                        keys,
                        (
                            <AccountId as ::renamed::__private::StreamKey<
                                BankAccount,
                            >>::stream_key(
                                ::renamed::__private::Recorded::envelope(event),
                                <AccountId as ::renamed::__private::Column>::settle,
                            )?,
                            ::renamed::__private::Clone::clone(
                                &::renamed::__private::Recorded::event(event).currency,
                            ),
                        ),
                    );
                }
            }
            ::renamed::__private::Ok(())
        }
        fn change(
            input: &Self::Input,
            key: Self::Key,
            row: ::renamed::__private::Option<Self>,
        ) -> ::renamed::__private::Result<
            ::renamed::__private::Option<Self>,
            ::renamed::__private::RowError,
        > {
            match input {
                __BalanceInput::Source0(event) => {
                    ::renamed::__private::create(
                        event,
                        key,
                        row,
                        <Self as ::renamed::__private::Create<AccountOpened>>::create,
                    )
                }
                __BalanceInput::Source1(event) => {
                    ::renamed::__private::project_or_skip(
                        event,
                        key,
                        row,
                        <Self as ::renamed::__private::Project<
                            MoneyTransferred,
                        >>::project,
                    )
                }
                __BalanceInput::Source2(event) => {
                    ::renamed::__private::delete(event, key, row)
                }
            }
        }
        fn to_values(
            &self,
        ) -> ::renamed::__private::Result<
            ::renamed::__private::Vec<::renamed::__private::Value>,
            ::renamed::__private::ColumnError,
        > {
            ::renamed::__private::Ok(
                ::renamed::__private::From::from([
                    ::renamed::__private::in_column(
                        "account",
                        <AccountId as ::renamed::__private::Column>::to_value(
                            &self.account,
                        ),
                    )?,
                    ::renamed::__private::in_column(
                        "currency",
                        <Currency as ::renamed::__private::TextColumn>::to_value(
                            &self.currency,
                        ),
                    )?,
                    ::renamed::__private::in_column(
                        "amount",
                        <i64 as ::renamed::__private::Column>::to_value(&self.cents),
                    )?,
                    ::renamed::__private::in_column(
                        "tags",
                        __JSON_OF_tags
                            .value(
                                <Vec<
                                    String,
                                > as ::renamed::__private::JsonColumn>::to_value(&self.tags),
                            ),
                    )?,
                ]),
            )
        }
        fn from_values(
            values: ::renamed::__private::Vec<::renamed::__private::Value>,
        ) -> ::renamed::__private::Result<Self, ::renamed::__private::ColumnError> {
            let [column0, column1, column2, column3] = ::renamed::__private::columns(
                values,
            )?;
            ::renamed::__private::Ok(Self {
                account: ::renamed::__private::in_column(
                    "account",
                    <AccountId as ::renamed::__private::Column>::from_value(column0),
                )?,
                currency: ::renamed::__private::in_column(
                    "currency",
                    <Currency as ::renamed::__private::TextColumn>::from_value(column1),
                )?,
                cents: ::renamed::__private::in_column(
                    "amount",
                    <i64 as ::renamed::__private::Column>::from_value(column2),
                )?,
                tags: ::renamed::__private::in_column(
                    "tags",
                    <Vec<
                        String,
                    > as ::renamed::__private::JsonColumn>::from_value(column3),
                )?,
            })
        }
        fn settle(
            &mut self,
            stored: &mut ::renamed::__private::Vec<
                (::renamed::__private::usize, ::renamed::__private::Value),
            >,
        ) -> ::renamed::__private::Result<(), ::renamed::__private::ColumnError> {
            if let ::renamed::__private::Option::Some(value) = ::renamed::__private::in_column(
                "account",
                <AccountId as ::renamed::__private::Column>::settle(&mut self.account),
            )? {
                ::renamed::__private::Vec::push(stored, (0usize, value));
            }
            if let ::renamed::__private::Option::Some(value) = ::renamed::__private::in_column(
                "currency",
                <Currency as ::renamed::__private::TextColumn>::settle(
                    &mut self.currency,
                ),
            )? {
                ::renamed::__private::Vec::push(stored, (1usize, value));
            }
            if let ::renamed::__private::Option::Some(value) = ::renamed::__private::in_column(
                "amount",
                <i64 as ::renamed::__private::Column>::settle(&mut self.cents),
            )? {
                ::renamed::__private::Vec::push(stored, (2usize, value));
            }
            if let ::renamed::__private::Option::Some(value) = ::renamed::__private::in_column(
                "tags",
                __JSON_OF_tags
                    .settled(
                        <Vec<
                            String,
                        > as ::renamed::__private::JsonColumn>::settle(&mut self.tags),
                    ),
            )? {
                ::renamed::__private::Vec::push(stored, (3usize, value));
            }
            ::renamed::__private::Ok(())
        }
        fn has_key(
            &self,
            key: &[::renamed::__private::Value],
        ) -> ::renamed::__private::Result<
            ::renamed::__private::bool,
            ::renamed::__private::ColumnError,
        > {
            let [column0, column1] = key else { return ::renamed::__private::Ok(false) };
            ::renamed::__private::Ok(
                *column0
                    == ::renamed::__private::in_column(
                        "account",
                        <AccountId as ::renamed::__private::Column>::to_value(
                            &self.account,
                        ),
                    )?
                    && *column1
                        == ::renamed::__private::in_column(
                            "currency",
                            <Currency as ::renamed::__private::TextColumn>::to_value(
                                &self.currency,
                            ),
                        )?,
            )
        }
        fn key_values(
            key: &Self::Key,
        ) -> ::renamed::__private::Result<
            ::renamed::__private::Vec<::renamed::__private::Value>,
            ::renamed::__private::ColumnError,
        > {
            ::renamed::__private::Ok(
                ::renamed::__private::From::from([
                    ::renamed::__private::in_column(
                        "account",
                        <AccountId as ::renamed::__private::Column>::to_value(&key.0),
                    )?,
                    ::renamed::__private::in_column(
                        "currency",
                        <Currency as ::renamed::__private::TextColumn>::to_value(&key.1),
                    )?,
                ]),
            )
        }
    }
};
