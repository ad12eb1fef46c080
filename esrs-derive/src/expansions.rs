//! The output of each derive, pretty-printed and stored under `expansions/` for people to read.
//!
//! `BLESS=1 cargo test -p esrs-derive` accepts what is written now; read every line of the diff.

use std::path::Path;

use crate::errors::Errors;
use crate::{Derive, expand};

fn expansion(derive: Derive, input: &str) -> String {
    let input = syn::parse_str(input).unwrap();
    let errors = Errors::new();
    let expanded = derive(&input, &errors);
    assert!(errors.finish().is_none(), "the input has a mistake in it");
    prettyplease::unparse(&syn::parse2(expanded.unwrap()).unwrap())
}

fn compare(name: &str, derive: Derive, input: &str) {
    let written = expansion(derive, input);
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("expansions").join(name);
    let file = file.with_extension("expanded.rs");
    let lines = input.trim_start_matches('\n').lines();
    let shown: String = lines.map(|line| format!("//{}\n", &line[3..])).collect();
    let written = format!("{shown}\n{written}");
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&file, &written).unwrap();
    }
    let reviewed = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(reviewed == written, "{} is not what the derive writes:\n{written}", file.display());
}

macro_rules! expansions {
    ($($name:ident: $derive:path => $input:literal;)*) => {$(
        #[test]
        fn $name() {
            compare(stringify!($name), $derive, $input);
        }
    )*};
}

expansions! {
    event: expand::event::derive => r#"
    #[event("account_opened")]
    pub struct AccountOpened {
        pub owner: String,
    }"#;

    event_of_a_later_version: expand::event::derive => r#"
    #[event("money_deposited", version = 3, from = v2::MoneyDeposited, aliases("deposited"), crate = ::renamed)]
    struct MoneyDeposited {
        cents: i64,
        #[serde(default, rename = "curr", alias = "currency_code")]
        currency: Currency,
        #[schema(opaque = "place@1")]
        at: geo::Point,
    }"#;

    event_that_merges_others: expand::event::derive => r#"
    #[event("money_moved", merges(MoneyDeposited, old::MoneyWithdrawn))]
    struct MoneyMoved {
        cents: i64,
    }"#;

    event_with_a_declared_history: expand::event::derive => r#"
    #[event("money_deposited", version = 4, removed(name = "note", ty = String, in = 4, serde(default)))]
    #[serde(rename_all = "camelCase", deny_unknown_fields)]
    struct MoneyDeposited {
        #[event(renamed(from = "amount", in = 2))]
        cents: i64,
        #[event(added(in = 3, default = Currency::Eur))]
        #[serde(alias = "curr")]
        currency: Currency,
        #[event(retyped(from = u32, in = 2, with = BookingId::new), updated(in = 3, from = 1))]
        booking_id: BookingId,
    }"#;

    event_with_a_declared_history_after_a_struct: expand::event::derive => r#"
    #[event("money_deposited", version = 4, from = MoneyDepositedV2)]
    struct MoneyDeposited {
        #[event(renamed(from = "amount", in = 4))]
        cents: i64,
        #[event(added(in = 3))]
        note: Option<String>,
    }"#;

    event_whose_declared_history_may_refuse: expand::event::derive => r#"
    #[event("money_deposited", version = 4, from = MoneyDepositedV1)]
    struct MoneyDeposited {
        #[event(retyped(from = i64, in = 3, try_with = u64::try_from), renamed(from = "amount", in = 2))]
        cents: u64,
        #[event(added(in = 4))]
        note: Option<String>,
    }"#;

    schema: expand::schema::derive => r#"
    pub enum Currency {
        Eur,
        Usd,
    }"#;

    schema_of_a_generic_enum_with_content: expand::schema::derive => r#"
    #[serde(tag = "type", content = "value", rename_all = "snake_case", deny_unknown_fields)]
    enum Change<'a, T: Copy> where T: Ord {
        Nothing,
        Single(T),
        Pair(T, Cow<'a, str>),
        #[serde(rename_all = "camelCase")]
        WithFields { new_value: Vec<T>, #[serde(skip)] cached: bool },
        #[serde(other)]
        Unknown,
    }"#;

    schema_with_a_declared_history: expand::schema::derive => r#"
    #[schema(version = 2, crate = ::renamed)]
    pub struct Amount {
        cents: i64,
        #[schema(added(in = 2))]
        currency: Currency,
    }"#;

    schema_of_an_enum_with_a_declared_history: expand::schema::derive => r#"
    #[schema(version = 2)]
    enum Method {
        Cash,
        #[schema(renamed(from = "Card", in = 2))]
        CreditCard(#[schema(updated(in = 2, from = 1))] Card),
        #[schema(added(in = 2))]
        Transfer { account: String },
    }"#;

    id: expand::id::derive => r#"
    pub struct AccountId(u64);"#;

    column: expand::column::derive => r#"
    pub struct Cents(i64);"#;

    column_of_an_enum: expand::column::derive => r#"
    #[serde(rename_all = "snake_case")]
    #[column(crate = ::renamed)]
    pub enum Status {
        Pending,
        #[serde(alias = "given")]
        Granted,
        #[serde(rename = "sent back")]
        Returned,
    }"#;

    column_of_an_enum_that_reads_every_name: expand::column::derive => r#"
    enum Class {
        Economy,
        #[serde(other)]
        Unknown,
    }"#;

    aggregate: expand::aggregate::derive => r#"
    #[aggregate("counter", id = u64, events(Counted))]
    struct Counter {
        sum: i64,
    }"#;

    aggregate_with_an_event_that_was_split: expand::aggregate::derive => r#"
    #[aggregate("order", id = u64, events(split(OrderPlacedAndPaid), OrderPlaced, ignored(OrderPaid)))]
    struct Order {}"#;

    aggregate_with_every_word: expand::aggregate::derive => r#"
    #[aggregate(
        "bank_account",
        id = AccountId,
        events(AccountOpened, shared::Transferred as MoneyTransferred, ignored(StatementSent)),
        retired("gift_given"),
        requires(actor, Branch, shared::Reason),
        fold_version = 2,
        event_enum = AccountEvent,
        event_derives(Clone, Debug),
        crate = crate::reexported,
    )]
    pub(crate) enum BankAccount {
        #[default]
        New,
        Open { cents: i64 },
    }"#;

    projection: expand::projection::derive => r#"
    #[projection(table = "counter", of = Counter, creates(Counted), events(Counted))]
    struct CounterRow {
        #[projection(key)]
        id: u64,
        sum: i64,
    }"#;

    projection_with_every_word: expand::projection::derive => r#"
    #[projection(
        table = "balance",
        of = BankAccount,
        version = 2,
        creates(AccountOpened(key = (stream_id, currency))),
        events(MoneyTransferred(of = Transfer, key = [(from, currency), (to, currency)], missing = skip)),
        deletes(AccountClosed(key = (stream_id, currency))),
        crate = ::renamed,
    )]
    pub struct Balance {
        #[projection(key)]
        pub account: AccountId,
        #[projection(key, text)]
        pub currency: Currency,
        #[projection(column = "amount")]
        pub cents: i64,
        #[projection(json)]
        pub tags: Vec<String>,
    }"#;
}
