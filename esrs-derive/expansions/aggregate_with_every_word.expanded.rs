// #[aggregate(
//     "bank_account",
//     id = AccountId,
//     events(AccountOpened, shared::Transferred as MoneyTransferred, ignored(StatementSent)),
//     retired("gift_given"),
//     requires(actor, Branch, shared::Reason),
//     fold_version = 2,
//     event_enum = AccountEvent,
//     event_derives(Clone, Debug),
//     crate = crate::reexported,
// )]
// pub(crate) enum BankAccount {
//     #[default]
//     New,
//     Open { cents: i64 },
// }

/// The events of [`BankAccount`].
#[derive(Clone, Debug)]
#[allow(deprecated, non_camel_case_types)]
#[allow(missing_debug_implementations, missing_copy_implementations)]
#[allow(clippy::all, clippy::pedantic, clippy::nursery, clippy::restriction)]
pub(crate) enum AccountEvent {
    /// The event `AccountOpened`.
    AccountOpened(AccountOpened),
    /// The event `shared::Transferred`.
    MoneyTransferred(shared::Transferred),
    /// The event `StatementSent`.
    StatementSent(StatementSent),
}
#[allow(deprecated, clippy::all, clippy::pedantic, clippy::nursery, clippy::restriction)]
const _: () = {
    #[automatically_derived]
    impl crate::reexported::__private::From<AccountOpened> for AccountEvent {
        #[inline]
        fn from(event: AccountOpened) -> Self {
            Self::AccountOpened(event)
        }
    }
    #[automatically_derived]
    impl crate::reexported::__private::From<shared::Transferred> for AccountEvent {
        #[inline]
        fn from(event: shared::Transferred) -> Self {
            Self::MoneyTransferred(event)
        }
    }
    #[automatically_derived]
    impl crate::reexported::__private::From<StatementSent> for AccountEvent {
        #[inline]
        fn from(event: StatementSent) -> Self {
            Self::StatementSent(event)
        }
    }
    #[automatically_derived]
    impl crate::reexported::__private::Emit for AccountEvent {}
    #[automatically_derived]
    impl crate::reexported::__private::IntoEvents<BankAccount> for AccountEvent {
        fn push_into(
            self,
            events: &mut impl crate::reexported::__private::Extend<Self>,
        ) {
            crate::reexported::__private::Extend::extend(
                events,
                crate::reexported::__private::Option::Some(self),
            );
        }
    }
    #[automatically_derived]
    impl crate::reexported::__private::Emits<AccountOpened> for BankAccount {}
    #[automatically_derived]
    impl crate::reexported::__private::Emits<shared::Transferred> for BankAccount {}
    #[automatically_derived]
    impl crate::reexported::__private::Emits<StatementSent> for BankAccount {}
    const _: () = crate::reexported::__private::is_storable(
        &<AccountOpened as crate::reexported::__private::KnownEvent>::TYPE,
    );
    const _: () = crate::reexported::__private::is_storable(
        &<shared::Transferred as crate::reexported::__private::KnownEvent>::TYPE,
    );
    const _: () = crate::reexported::__private::is_storable(
        &<StatementSent as crate::reexported::__private::KnownEvent>::TYPE,
    );
    #[automatically_derived]
    impl crate::reexported::__private::Aggregate for BankAccount {
        const USE_THE_DERIVE: crate::reexported::__private::ByDerive = crate::reexported::__private::ByDerive::GENERATED;
        const NAME: &'static crate::reexported::__private::str = "bank_account";
        const EVENTS: &'static [crate::reexported::__private::EventType] = &[
            <AccountOpened as crate::reexported::__private::KnownEvent>::TYPE,
            <shared::Transferred as crate::reexported::__private::KnownEvent>::TYPE,
            <StatementSent as crate::reexported::__private::KnownEvent>::TYPE,
        ];
        const IGNORED: crate::reexported::__private::usize = 1usize;
        const RETIRED: &'static [&'static crate::reexported::__private::str] = &[
            "gift_given",
        ];
        const FOLD: crate::reexported::__private::Fingerprint = crate::reexported::__private::fold::<
            Self,
        >(
            2u32,
            0u64,
            &[
                <AccountOpened as crate::reexported::__private::KnownEvent>::HISTORY,
                <shared::Transferred as crate::reexported::__private::KnownEvent>::HISTORY,
                <StatementSent as crate::reexported::__private::KnownEvent>::HISTORY,
            ],
        );
        type Id = <AccountId as crate::reexported::__private::AggregateId>::Id;
        type Requires = crate::reexported::__private::Lacking<
            crate::reexported::__private::Actor,
            crate::reexported::__private::Lacking<
                crate::reexported::__private::TypedKey<Branch>,
                crate::reexported::__private::Lacking<
                    crate::reexported::__private::TypedKey<shared::Reason>,
                    (),
                >,
            >,
        >;
        type Event = AccountEvent;
        fn initial() -> Self {
            <Self as crate::reexported::__private::InitialState>::initial_state()
        }
        fn apply_event(&mut self, event: AccountEvent) {
            match event {
                AccountEvent::AccountOpened(event) => {
                    <Self as crate::reexported::__private::Apply<
                        AccountOpened,
                    >>::apply(self, event)
                }
                AccountEvent::MoneyTransferred(event) => {
                    <Self as crate::reexported::__private::Apply<
                        shared::Transferred,
                    >>::apply(self, event)
                }
                AccountEvent::StatementSent(_) => {}
            }
        }
        fn replay(
            &mut self,
            decoder: crate::reexported::__private::usize,
            stored: crate::reexported::__private::StoredAs,
            payload: &crate::reexported::__private::str,
        ) -> crate::reexported::__private::Result<
            (),
            crate::reexported::__private::PayloadError,
        > {
            match decoder {
                0usize => {
                    <Self as crate::reexported::__private::Apply<
                        AccountOpened,
                    >>::apply(
                        self,
                        <AccountOpened as crate::reexported::__private::KnownEvent>::decode_stored(
                            stored,
                            payload,
                        )?,
                    )
                }
                1usize => {
                    <Self as crate::reexported::__private::Apply<
                        shared::Transferred,
                    >>::apply(
                        self,
                        <shared::Transferred as crate::reexported::__private::KnownEvent>::decode_stored(
                            stored,
                            payload,
                        )?,
                    )
                }
                2usize..=2usize => {}
                decoder => {
                    return crate::reexported::__private::Err(
                        crate::reexported::__private::PayloadError::NoSuchDecoder(
                            decoder,
                        ),
                    );
                }
            }
            crate::reexported::__private::Ok(())
        }
        fn decode(
            decoder: crate::reexported::__private::usize,
            stored: crate::reexported::__private::StoredAs,
            payload: &crate::reexported::__private::str,
        ) -> crate::reexported::__private::Result<
            AccountEvent,
            crate::reexported::__private::PayloadError,
        > {
            crate::reexported::__private::Ok(
                match decoder {
                    0usize => {
                        AccountEvent::AccountOpened(
                            <AccountOpened as crate::reexported::__private::KnownEvent>::decode_stored(
                                stored,
                                payload,
                            )?,
                        )
                    }
                    1usize => {
                        AccountEvent::MoneyTransferred(
                            <shared::Transferred as crate::reexported::__private::KnownEvent>::decode_stored(
                                stored,
                                payload,
                            )?,
                        )
                    }
                    2usize => {
                        AccountEvent::StatementSent(
                            <StatementSent as crate::reexported::__private::KnownEvent>::decode_stored(
                                stored,
                                payload,
                            )?,
                        )
                    }
                    decoder => {
                        return crate::reexported::__private::Err(
                            crate::reexported::__private::PayloadError::NoSuchDecoder(
                                decoder,
                            ),
                        );
                    }
                },
            )
        }
        fn encode_into(
            event: &AccountEvent,
            encoder: &mut crate::reexported::__private::Encoder,
        ) -> (
            crate::reexported::__private::usize,
            crate::reexported::__private::Result<
                (),
                crate::reexported::__private::JsonError,
            >,
        ) {
            match event {
                AccountEvent::AccountOpened(event) => {
                    (
                        0usize,
                        <AccountOpened as crate::reexported::__private::KnownEvent>::encode_payload(
                            event,
                            encoder,
                        ),
                    )
                }
                AccountEvent::MoneyTransferred(event) => {
                    (
                        1usize,
                        <shared::Transferred as crate::reexported::__private::KnownEvent>::encode_payload(
                            event,
                            encoder,
                        ),
                    )
                }
                AccountEvent::StatementSent(event) => {
                    (
                        2usize,
                        <StatementSent as crate::reexported::__private::KnownEvent>::encode_payload(
                            event,
                            encoder,
                        ),
                    )
                }
            }
        }
    }
    const _: &crate::reexported::__private::str = <Branch as crate::reexported::__private::MetadataKey>::KEY;
    const _: &crate::reexported::__private::str = <shared::Reason as crate::reexported::__private::MetadataKey>::KEY;
    #[automatically_derived]
    impl crate::reexported::__private::Beside<BankAccount, Branch> for Branch {
        type Is = crate::reexported::__private::TheSame;
    }
    #[automatically_derived]
    impl crate::reexported::__private::Beside<BankAccount, shared::Reason> for Branch {
        type Is = crate::reexported::__private::Another;
    }
    #[automatically_derived]
    impl crate::reexported::__private::Beside<BankAccount, Branch> for shared::Reason {
        type Is = crate::reexported::__private::Another;
    }
    #[automatically_derived]
    impl crate::reexported::__private::Beside<BankAccount, shared::Reason>
    for shared::Reason {
        type Is = crate::reexported::__private::TheSame;
    }
    const _: () = {
        const WRITTEN: &[&crate::reexported::__private::str] = &[
            "AccountOpened",
            "shared::Transferred",
            "StatementSent",
        ];
        match crate::reexported::__private::first_clash(
            <BankAccount as crate::reexported::__private::Aggregate>::EVENTS,
            <BankAccount as crate::reexported::__private::Aggregate>::RETIRED,
        ) {
            0usize => {
                crate::reexported::__private::name_clash(
                    <BankAccount as crate::reexported::__private::Aggregate>::EVENTS,
                    <BankAccount as crate::reexported::__private::Aggregate>::RETIRED,
                    0usize,
                    WRITTEN,
                )
            }
            1usize => {
                crate::reexported::__private::name_clash(
                    <BankAccount as crate::reexported::__private::Aggregate>::EVENTS,
                    <BankAccount as crate::reexported::__private::Aggregate>::RETIRED,
                    1usize,
                    WRITTEN,
                )
            }
            2usize => {
                crate::reexported::__private::name_clash(
                    <BankAccount as crate::reexported::__private::Aggregate>::EVENTS,
                    <BankAccount as crate::reexported::__private::Aggregate>::RETIRED,
                    2usize,
                    WRITTEN,
                )
            }
            _ => {}
        }
    };
};
