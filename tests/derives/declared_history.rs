//! Histories that are declared on the fields of an event: every version that was ever stored is
//! read as the newest, without a struct or a function written for it.

use esrs::event::{PayloadError, RetypeError};
use esrs::prelude::*;
use esrs::schema::Step;

#[derive(Schema, Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
enum Currency {
    Eur,
    Usd,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Schema)]
struct Account(String);

fn account(number: u32) -> Account {
    Account(format!("no {number}"))
}

#[derive(Event, Debug, PartialEq, Serialize, Deserialize)]
#[event("money_deposited", version = 5, removed(name = "note", ty = Option<String>, since = 2, in = 4))]
struct MoneyDeposited {
    #[event(renamed(from = "amount", in = 2))]
    cents: i64,
    #[event(added(in = 3, default = Currency::Eur))]
    currency: Currency,
    #[event(retyped(from = u32, in = 4, with = account))]
    into: Account,
    #[event(added(in = 5))]
    reason: Option<String>,
}

fn deposited(currency: Currency, reason: Option<&str>) -> MoneyDeposited {
    let reason = reason.map(Into::into);
    MoneyDeposited { cents: 5, currency, into: Account("no 7".into()), reason }
}

#[test]
fn each_version_is_read_as_the_newest() {
    let read = |version, payload: &str| MoneyDeposited::decode(version, payload).unwrap();
    let (eur, usd) = (deposited(Currency::Eur, None), deposited(Currency::Usd, None));
    assert_eq!(read(1, r#"{"amount": 5, "into": 7}"#), eur);
    assert_eq!(read(2, r#"{"cents": 5, "into": 7, "note": "a gift"}"#), eur);
    assert_eq!(read(3, r#"{"cents": 5, "into": 7, "currency": "Usd"}"#), usd);
    assert_eq!(read(4, r#"{"cents": 5, "into": "no 7", "currency": "Usd"}"#), usd);
    let newest = r#"{"cents": 5, "into": "no 7", "currency": "Usd", "reason": "rent"}"#;
    assert_eq!(read(5, newest), deposited(Currency::Usd, Some("rent")));
}

#[test]
fn a_payload_is_read_by_the_names_and_types_of_its_own_version() {
    let read = |version, payload: &str| MoneyDeposited::decode(version, payload).unwrap_err();
    for (version, payload, wrong) in [
        (1, r#"{"cents": 5, "into": 7}"#, "amount"),
        (2, r#"{"amount": 5, "into": 7}"#, "cents"),
        (3, r#"{"cents": 5, "into": 7}"#, "currency"),
        (3, r#"{"cents": 5, "into": "no 7", "currency": "Usd"}"#, "u32"),
        (2, r#"{"cents": 5, "into": 7, "note": 3}"#, "string"),
    ] {
        let error = read(version, payload);
        assert!(matches!(error, PayloadError::Json(_)), "{error:?}");
        assert!(error.to_string().contains(wrong), "{error}");
    }
}

#[test]
fn a_version_that_was_never_declared_is_an_error() {
    let newer = MoneyDeposited::decode(6, "{}").unwrap_err();
    assert!(matches!(newer, PayloadError::NewerVersion { version: 6, newest: 5 }), "{newer:?}");
    let zero = MoneyDeposited::decode(0, "{}").unwrap_err();
    assert!(matches!(zero, PayloadError::NoSuchVersion { version: 0, oldest: 1 }), "{zero:?}");
}

#[test]
fn the_history_tells_each_version_and_what_led_to_it() {
    let told: Vec<_> = MoneyDeposited::history().map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            "5 {cents: i64, currency: enum Eur | Usd, into: string, reason: string?}: added reason",
            "4 {cents: i64, currency: enum Eur | Usd, into: string}: retyped into, removed note",
            "3 {cents: i64, currency: enum Eur | Usd, into: u32, note: string?}: added currency",
            "2 {cents: i64, into: u32, note: string?}: renamed amount to cents, added note",
            "1 {amount: i64, into: u32}: the first",
        ]
    );
    let newest = MoneyDeposited::history().next().unwrap();
    assert_eq!(newest.fingerprint(), MoneyDeposited::FINGERPRINT);
    assert_eq!(newest.version(), MoneyDeposited::VERSION);
    let first = MoneyDeposited::history().last().unwrap();
    assert_eq!((first.step(), first.previous().is_none()), (Step::First, true));
}

/// Two versions that were written by hand, and two that are declared on top of them.
mod after_a_struct {
    use super::*;

    #[derive(Event, Debug, PartialEq, Serialize, Deserialize)]
    #[event("item_added")]
    struct ItemAddedV1 {
        item: String,
    }

    #[derive(Event, Debug, PartialEq, Serialize, Deserialize)]
    #[event("item_added", version = 2, from = ItemAddedV1)]
    #[serde(rename_all = "camelCase")]
    struct ItemAddedV2 {
        sku: String,
        unit_price: i64,
        comment: Option<String>,
    }

    impl TryUpcast<ItemAddedV1> for ItemAddedV2 {
        type Error = std::num::ParseIntError;

        fn try_upcast(old: ItemAddedV1) -> Result<Self, Self::Error> {
            let (sku, price) = old.item.split_once(' ').unwrap_or((&old.item, ""));
            Ok(Self { sku: sku.into(), unit_price: price.parse()?, comment: None })
        }
    }

    #[derive(Event, Debug, PartialEq, Serialize, Deserialize)]
    #[event(
        "item_added",
        version = 4,
        from = ItemAddedV2,
        removed(name = "comment", ty = Option<String>, in = 4),
    )]
    #[serde(rename_all = "camelCase")]
    struct ItemAdded {
        sku: String,
        #[event(added(in = 4, default = 1))]
        quantity: u32,
        #[event(renamed(from = "unitPrice", in = 3))]
        unit_cents: i64,
    }

    #[test]
    fn declared_steps_go_on_from_a_struct_that_was_kept() {
        let added = |quantity| ItemAdded { sku: "a1".into(), quantity, unit_cents: 5 };
        for (version, payload, quantity) in [
            (1, r#"{"item": "a1 5"}"#, 1),
            (2, r#"{"sku": "a1", "unitPrice": 5, "comment": "red"}"#, 1),
            (3, r#"{"sku": "a1", "unitCents": 5}"#, 1),
            (4, r#"{"sku": "a1", "unitCents": 5, "quantity": 3}"#, 3),
        ] {
            assert_eq!(ItemAdded::decode(version, payload).unwrap(), added(quantity), "{version}");
        }
        let refused = ItemAdded::decode(1, r#"{"item": "a1 five"}"#).unwrap_err();
        assert!(matches!(refused, PayloadError::Upcast { from: 1, .. }), "{refused:?}");
        let newer = ItemAdded::decode(5, "{}").unwrap_err();
        assert!(matches!(newer, PayloadError::NewerVersion { version: 5, newest: 4 }), "{newer:?}");
        let zero = ItemAdded::decode(0, "{}").unwrap_err();
        assert!(matches!(zero, PayloadError::NoSuchVersion { version: 0, oldest: 1 }), "{zero:?}");
    }

    #[test]
    fn the_history_goes_on_through_the_structs_that_were_kept() {
        let told: Vec<_> = ItemAdded::history().map(ToString::to_string).collect();
        assert_eq!(
            told,
            [
                "4 {sku: string, quantity: u32, unitCents: i64}: added quantity, removed comment",
                "3 {sku: string, unitCents: i64, comment: string?}: renamed unitPrice to unitCents",
                "2 {sku: string, unitPrice: i64, comment: string?}: by an upcaster",
                "1 {item: string}: the first",
            ]
        );
    }

    /// The other way round: a step by hand on top of declared ones.
    #[derive(Event, Debug, PartialEq, Serialize, Deserialize)]
    #[event("item_added", version = 5, from = ItemAdded)]
    struct ItemsAdded {
        items: Vec<String>,
    }

    impl Upcast<ItemAdded> for ItemsAdded {
        fn upcast(old: ItemAdded) -> Self {
            Self { items: vec![old.sku; old.quantity as usize] }
        }
    }

    #[test]
    fn a_step_by_hand_goes_on_from_declared_ones() {
        let read = ItemsAdded::decode(3, r#"{"sku": "a1", "unitCents": 5}"#).unwrap();
        assert_eq!(read, ItemsAdded { items: vec!["a1".into()] });
        assert_eq!(ItemsAdded::history().map(|version| version.version()).sum::<u32>(), 15);
    }
}

/// A nested type declares its own history, in one place.
mod nested {
    use std::collections::{BTreeMap, HashMap, VecDeque};

    use super::*;

    #[derive(Schema, Debug, Clone, PartialEq, Serialize, Deserialize)]
    #[schema(version = 3)]
    struct Amount {
        #[schema(renamed(from = "amount", in = 2))]
        cents: i64,
        #[schema(added(in = 3, default = Currency::Usd))]
        currency: Currency,
    }

    #[derive(Schema, Debug, Clone, PartialEq, Serialize, Deserialize)]
    #[schema(version = 2)]
    struct Line {
        sku: String,
        #[schema(updated(in = 2, from = 1))]
        price: Amount,
    }

    #[derive(Event, Debug, PartialEq, Serialize, Deserialize)]
    #[event("order_placed", version = 3)]
    struct OrderPlaced {
        #[event(updated(in = 2, from = 1), updated(in = 3, from = 2))]
        shipping: Amount,
        #[event(updated(in = 2, from = 1))]
        lines: Vec<Line>,
    }

    fn amount(currency: Currency) -> Amount {
        Amount { cents: 5, currency }
    }

    #[test]
    fn an_event_holds_the_version_of_a_payload_type_that_it_held_then() {
        let lines = |currency| vec![Line { sku: "a1".into(), price: amount(currency) }];
        let v1 = r#"{"shipping": {"amount": 5}, "lines": [{"sku": "a1", "price": {"amount": 5}}]}"#;
        assert_eq!(
            OrderPlaced::decode(1, v1).unwrap(),
            OrderPlaced { shipping: amount(Currency::Usd), lines: lines(Currency::Usd) }
        );
        let v2 = r#"{"shipping": {"cents": 5},
            "lines": [{"sku": "a1", "price": {"cents": 5, "currency": "Eur"}}]}"#;
        assert_eq!(
            OrderPlaced::decode(2, v2).unwrap(),
            OrderPlaced { shipping: amount(Currency::Usd), lines: lines(Currency::Eur) }
        );
        let v3 = r#"{"shipping": {"cents": 5, "currency": "Eur"}, "lines": []}"#;
        let v3 = OrderPlaced::decode(3, v3).unwrap();
        assert_eq!(v3, OrderPlaced { shipping: amount(Currency::Eur), lines: vec![] });
        assert!(OrderPlaced::decode(2, v1).is_err(), "each version is read by its own names");
    }

    #[test]
    fn the_history_tells_the_shapes_within() {
        let told: Vec<_> = OrderPlaced::history().map(ToString::to_string).collect();
        assert_eq!(
            told,
            [
                "3 {shipping: {cents: i64, currency: enum Eur | Usd}, \
             lines: [{sku: string, price: {cents: i64, currency: enum Eur | Usd}}]}: \
             updated shipping from version 2",
                "2 {shipping: {cents: i64}, \
             lines: [{sku: string, price: {cents: i64, currency: enum Eur | Usd}}]}: \
             updated shipping from version 1, updated lines from version 1",
                "1 {shipping: {amount: i64}, lines: [{sku: string, price: {amount: i64}}]}: the first",
            ]
        );
    }

    #[derive(Event, Debug, PartialEq, Serialize, Deserialize)]
    #[event("totals_counted", version = 2)]
    struct TotalsCounted {
        #[event(updated(in = 2, from = 2))]
        maybe: Option<Amount>,
        #[event(updated(in = 2, from = 2))]
        boxed: Box<Amount>,
        #[event(updated(in = 2, from = 2))]
        queue: VecDeque<Amount>,
        #[event(updated(in = 2, from = 2))]
        by_name: HashMap<String, Amount>,
        #[event(updated(in = 2, from = 2))]
        by_year: BTreeMap<u32, Vec<Amount>>,
    }

    #[test]
    fn a_collection_holds_the_older_version_of_what_is_in_it() {
        let past = r#"{"boxed": {"cents": 5}, "queue": [{"cents": 5}],
            "by_name": {"a": {"cents": 5}}, "by_year": {"1999": [{"cents": 5}]}}"#;
        let usd = amount(Currency::Usd);
        assert_eq!(
            TotalsCounted::decode(1, past).unwrap(),
            TotalsCounted {
                maybe: None,
                boxed: usd.clone().into(),
                queue: [usd.clone()].into(),
                by_name: [("a".to_owned(), usd.clone())].into(),
                by_year: [(1999, vec![usd.clone()])].into(),
            }
        );
        let some = past.replacen('{', r#"{"maybe": {"cents": 5}, "#, 1);
        assert_eq!(TotalsCounted::decode(1, &some).unwrap().maybe, Some(usd));
    }

    #[derive(Schema, Debug, PartialEq, Serialize, Deserialize)]
    #[schema(version = 3)]
    #[serde(rename_all = "snake_case")]
    enum Method {
        Cash,
        #[schema(renamed(from = "card", in = 2))]
        CreditCard(#[schema(updated(in = 3, from = 1))] Card),
        #[schema(added(in = 3))]
        Transfer {
            account: String,
        },
        Voucher {
            #[schema(retyped(from = u32, in = 2, with = code_of))]
            code: String,
            #[schema(added(in = 3))]
            worth: Option<u32>,
        },
    }

    #[derive(Schema, Debug, PartialEq, Serialize, Deserialize)]
    #[schema(version = 2)]
    struct Card(#[schema(retyped(from = u16, in = 2, with = digits_of))] String);

    fn code_of(number: u32) -> String {
        format!("code {number}")
    }

    fn digits_of(last_four: u16) -> String {
        format!("{last_four:04}")
    }

    #[derive(Event, Debug, PartialEq, Serialize, Deserialize)]
    #[event("paid", version = 3)]
    struct Paid(#[event(updated(in = 2, from = 1), updated(in = 3, from = 2))] Method);

    #[test]
    fn an_enum_tells_which_variants_came_and_what_their_fields_went_through() {
        let read = |version, payload: &str| Paid::decode(version, payload).unwrap().0;
        let card = || Method::CreditCard(Card("0042".into()));
        let voucher = |worth| Method::Voucher { code: "code 7".into(), worth };
        assert_eq!(read(1, r#""cash""#), Method::Cash);
        assert_eq!(read(1, r#"{"card": 42}"#), card());
        assert_eq!(read(2, r#"{"credit_card": 42}"#), card());
        assert_eq!(read(3, r#"{"credit_card": "0042"}"#), card());
        assert_eq!(read(1, r#"{"voucher": {"code": 7}}"#), voucher(None));
        assert_eq!(read(2, r#"{"voucher": {"code": "code 7"}}"#), voucher(None));
        assert_eq!(read(3, r#"{"voucher": {"code": "code 7", "worth": 3}}"#), voucher(Some(3)));
        let transfer = r#"{"transfer": {"account": "a"}}"#;
        assert_eq!(read(3, transfer), Method::Transfer { account: "a".into() });
        let before_it_came = Paid::decode(2, transfer).unwrap_err();
        assert!(before_it_came.to_string().contains("unknown variant"), "{before_it_came}");
    }
}

/// The older structs have the attributes of serde that the newest has.
mod serde_attributes {
    use super::*;

    #[derive(Event, Debug, PartialEq, Serialize, Deserialize)]
    #[event("noted", version = 3, removed(name = "old", ty = u8, in = 3, serde(default, alias = "older")))]
    #[serde(rename_all = "camelCase", deny_unknown_fields)]
    struct Noted {
        #[serde(alias = "txt")]
        long_text: String,
        #[event(renamed(from = "PLACE", in = 2))]
        #[serde(rename = "where", alias = "PLACE", skip_serializing_if = "Option::is_none")]
        place: Option<String>,
        #[event(added(in = 2))]
        #[serde(default)]
        stars: u8,
        #[serde(skip)]
        cached: bool,
    }

    #[test]
    fn an_older_struct_is_as_closed_and_named_as_the_newest() {
        let told: Vec<_> = Noted::history().map(|version| version.shape().to_string()).collect();
        assert_eq!(
            told,
            [
                "{longText/txt: string, where/PLACE: string?, stars?: u8} closed",
                "{longText/txt: string, where/PLACE: string?, stars?: u8, old/older?: u8} closed",
                "{longText/txt: string, PLACE: string?, old/older?: u8} closed",
            ]
        );
        let noted =
            Noted { long_text: "a".into(), place: Some("b".into()), stars: 0, cached: false };
        let read = Noted::decode(1, r#"{"txt": "a", "PLACE": "b", "older": 3}"#);
        assert_eq!(read.unwrap(), noted);
        let unknown = Noted::decode(1, r#"{"longText": "a", "stars": 3}"#).unwrap_err();
        assert!(unknown.to_string().contains("unknown field `stars`"), "{unknown}");
    }

    #[derive(Event, Debug, PartialEq, Serialize, Deserialize)]
    #[event("set", version = 2, removed(name = "unit", ty = String, in = 2))]
    #[serde(default)]
    struct Set {
        #[event(renamed(from = "value", in = 2))]
        degrees: i64,
        #[event(retyped(from = u8, in = 2, with = u64::from))]
        times: u64,
    }

    impl Default for Set {
        fn default() -> Self {
            Self { degrees: 20, times: 1 }
        }
    }

    #[test]
    fn what_an_older_payload_lacks_is_as_the_default_of_the_newest_has_it() {
        assert_eq!(Set::decode(1, r#"{"times": 3}"#).unwrap(), Set { degrees: 20, times: 3 });
        assert_eq!(Set::decode(1, r#"{"value": 7}"#).unwrap(), Set { degrees: 7, times: 0 });
    }

    #[derive(Event, Debug, PartialEq, Serialize, Deserialize)]
    #[event("tagged", version = 2)]
    #[serde(tag = "type")]
    struct Tagged {
        #[event(renamed(from = "a", in = 2))]
        b: u8,
    }

    #[test]
    fn a_tag_says_the_name_of_the_newest() {
        let told: Vec<_> = Tagged::history().map(|version| version.shape().to_string()).collect();
        assert_eq!(
            told,
            [r#"enum(tag = "type") Tagged {b: u8}"#, r#"enum(tag = "type") Tagged {a: u8}"#,]
        );
        assert_eq!(Tagged::decode(1, r#"{"type": "Tagged", "a": 3}"#).unwrap(), Tagged { b: 3 });
    }

    mod shouted {
        use serde::{Deserialize, Deserializer, Serializer};

        pub(super) fn serialize<S: Serializer>(text: &str, to: S) -> Result<S::Ok, S::Error> {
            to.serialize_str(&text.to_uppercase())
        }

        pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
            Ok(String::deserialize(from)?.to_lowercase())
        }
    }

    #[derive(Event, Debug, PartialEq, Serialize, Deserialize)]
    #[event("said", version = 3, removed(name = "at", ty = (u8, u8), in = 3, opaque = "place@1"))]
    struct Said {
        #[event(renamed(from = "said", in = 2))]
        #[event(retyped(from = Vec<char>, in = 3, with = String::from_iter, serde(default)))]
        #[serde(with = "shouted")]
        #[schema(opaque = "shouted@1")]
        text: String,
    }

    #[test]
    fn what_stood_on_a_field_of_another_type_is_said_with_that_type() {
        let told: Vec<_> = Said::history().map(|version| version.shape().to_string()).collect();
        assert_eq!(
            told,
            [
                r#"{text: opaque "shouted@1"}"#,
                r#"{text?: [char], at: opaque "place@1"}"#,
                r#"{said?: [char], at: opaque "place@1"}"#,
            ]
        );
        let read = |version, payload: &str| Said::decode(version, payload).unwrap().text;
        assert_eq!(read(3, r#"{"text": "ABC"}"#), "abc");
        assert_eq!(read(2, r#"{"at": [1, 2], "text": ["a", "B"]}"#), "aB");
        assert_eq!(read(1, r#"{"at": [1, 2]}"#), "");
    }
}

/// The same versions by hand, and by declaration.
mod twins {
    use proptest::prelude::*;

    use super::*;

    #[derive(Event, Debug, PartialEq, Serialize, Deserialize)]
    #[event("booked")]
    struct ByHandV1 {
        amount: i64,
        note: Option<String>,
        tags: Vec<String>,
    }

    #[derive(Event, Debug, PartialEq, Serialize, Deserialize)]
    #[event("booked", version = 2, from = ByHandV1)]
    struct ByHandV2 {
        cents: i64,
        tags: Vec<String>,
    }

    #[derive(Event, Debug, PartialEq, Serialize, Deserialize)]
    #[event("booked", version = 3, from = ByHandV2)]
    struct ByHand {
        cents: String,
        tags: Vec<String>,
        currency: Currency,
    }

    impl Upcast<ByHandV1> for ByHandV2 {
        fn upcast(old: ByHandV1) -> Self {
            Self { cents: old.amount, tags: old.tags }
        }
    }

    impl Upcast<ByHandV2> for ByHand {
        fn upcast(old: ByHandV2) -> Self {
            Self { cents: old.cents.to_string(), tags: old.tags, currency: Currency::Eur }
        }
    }

    #[derive(Event, Debug, PartialEq, Serialize, Deserialize)]
    #[event(
        "booked",
        version = 3,
        removed(name = "note", ty = Option<String>, in = 2),
    )]
    struct Declared {
        #[event(renamed(from = "amount", in = 2))]
        #[event(retyped(from = i64, in = 3, with = |cents| cents.to_string()))]
        cents: String,
        tags: Vec<String>,
        #[event(added(in = 3, default = if cfg!(test) { Currency::Eur } else { Currency::Usd }))]
        currency: Currency,
    }

    #[test]
    fn every_version_has_the_shape_that_a_struct_for_it_would_have() {
        let shapes =
            |version: &esrs::schema::ShapeVersion| (version.version(), version.fingerprint());
        let by_hand: Vec<_> = ByHand::history().map(shapes).collect();
        assert_eq!(Declared::history().map(shapes).collect::<Vec<_>>(), by_hand);
        assert_eq!(by_hand.len(), 3);
    }

    proptest! {
        #[test]
        fn every_payload_is_read_alike(
            version in 0..5_u32,
            cents: Option<i64>,
            text: Option<String>,
            tags: Option<Vec<String>>,
            currency in prop::sample::select(vec!["", "Eur", "Usd", "Czk"]),
        ) {
            let mut payload = serde_json::Map::new();
            let name = if version == 1 { "amount" } else { "cents" };
            let cents = cents.map(|cents| match version {
                3 => cents.to_string().into(),
                _ => serde_json::Value::from(cents),
            });
            payload.extend(cents.map(|cents| (name.to_owned(), cents)));
            payload.extend(text.map(|text| ("note".to_owned(), text.into())));
            payload.extend(tags.map(|tags| ("tags".to_owned(), tags.into())));
            if !currency.is_empty() {
                payload.insert("currency".to_owned(), currency.into());
            }
            let payload = serde_json::Value::from(payload).to_string();
            let by_hand = ByHand::decode(version, &payload).map_err(|error| error.to_string());
            let declared = Declared::decode(version, &payload).map_err(|error| error.to_string());
            let by_hand = by_hand.map(|by_hand| (by_hand.cents, by_hand.tags, by_hand.currency));
            let declared = declared.map(|event| (event.cents, event.tags, event.currency));
            prop_assert_eq!(declared, by_hand);
        }
    }
}

/// A field that came and went, and whose name another one took.
#[derive(Event, Debug, PartialEq, Serialize, Deserialize)]
#[event(
    "renumbered",
    version = 4,
    removed(name = "number", ty = String, in = 2),
    removed(name = "number", ty = bool, since = 3, in = 4)
)]
struct Renumbered {
    #[event(added(in = 4, default = 7))]
    number: u32,
    #[event(added(in = 2, default = 'x'), retyped(from = char, in = 3, with = String::from))]
    text: String,
}

#[test]
fn a_name_may_come_back_with_another_meaning() {
    let read = |version, payload: &str| Renumbered::decode(version, payload).unwrap();
    let renumbered = |number, text: &str| Renumbered { number, text: text.into() };
    assert_eq!(read(1, r#"{"number": "a"}"#), renumbered(7, "x"));
    assert_eq!(read(2, r#"{"text": "y"}"#), renumbered(7, "y"));
    assert_eq!(read(3, r#"{"number": true, "text": "b"}"#), renumbered(7, "b"));
    assert_eq!(read(4, r#"{"number": 4, "text": "b"}"#), renumbered(4, "b"));
}

/// Functions that may refuse what an older payload has in a field.
mod refused {
    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize, Schema)]
    #[schema(version = 2)]
    struct Amount {
        #[schema(renamed(from = "value", in = 2))]
        cents: u32,
    }

    fn half(whole: u32) -> Result<u32, String> {
        if whole.is_multiple_of(2) { Ok(whole / 2) } else { Err(format!("{whole} is odd")) }
    }

    #[derive(Event, Debug, PartialEq, Serialize, Deserialize)]
    #[event("counted", version = 4)]
    struct Counted {
        #[event(retyped(from = String, in = 2, try_with = |text| text.parse()))]
        #[event(renamed(from = "number", in = 3))]
        #[event(retyped(from = i64, in = 3, try_with = u32::try_from))]
        #[event(retyped(from = u32, in = 4, with = u64::from))]
        count: u64,
        #[event(added(in = 2, default = 4), retyped(from = u32, in = 4, try_with = half))]
        pairs: u32,
        #[event(updated(in = 3, from = 1))]
        amount: Amount,
    }

    fn read(version: u32, payload: &str) -> Result<Counted, String> {
        Counted::decode(version, payload).map_err(|error| error.to_string())
    }

    #[test]
    fn what_each_function_takes_is_read_from_every_version() {
        let counted = || Counted { count: 7, pairs: 2, amount: Amount { cents: 1 } };
        let old = r#""amount": {"value": 1}"#;
        assert_eq!(read(1, &format!(r#"{{"number": "7", {old}}}"#)), Ok(counted()));
        assert_eq!(read(2, &format!(r#"{{"number": 7, "pairs": 4, {old}}}"#)), Ok(counted()));
        let of_3 = r#"{"count": 7, "pairs": 4, "amount": {"cents": 1}}"#;
        assert_eq!(read(3, of_3), Ok(counted()));
        assert_eq!(read(4, r#"{"count": 7, "pairs": 2, "amount": {"cents": 1}}"#), Ok(counted()));
    }

    #[test]
    fn what_a_function_refuses_is_an_error_that_names_the_field_and_the_step() {
        let refused = |version, payload: &str| read(version, payload).unwrap_err();
        assert_eq!(
            refused(1, r#"{"number": "many", "amount": {"value": 1}}"#),
            "the payload could not be converted from version 1 to 2: its field `number`: invalid digit \
             found in string"
        );
        assert_eq!(
            refused(2, r#"{"number": -1, "pairs": 4, "amount": {"value": 1}}"#),
            "the payload could not be converted from version 2 to 3: its field `count`: out of range \
             integral type conversion attempted"
        );
        assert_eq!(
            refused(3, r#"{"count": 7, "pairs": 5, "amount": {"cents": 1}}"#),
            "the payload could not be converted from version 3 to 4: its field `pairs`: 5 is odd"
        );
        let error = Counted::decode(3, r#"{"count": 7, "pairs": 5, "amount": {"cents": 1}}"#);
        let Err(PayloadError::Upcast { from: 3, source }) = error else { panic!("{error:?}") };
        let field = source.downcast_ref::<RetypeError>().unwrap().field;
        assert_eq!(field, "pairs");
    }

    #[derive(Event, Serialize, Deserialize)]
    #[event("weighed")]
    struct WeighedV1 {
        grams: i64,
    }

    #[derive(Event, Debug, PartialEq, Serialize, Deserialize)]
    #[event("weighed", version = 3, from = WeighedV1)]
    struct Weighed {
        #[event(retyped(from = i64, in = 2, try_with = u32::try_from))]
        #[event(renamed(from = "grams", in = 3))]
        weight: u32,
    }

    #[test]
    fn a_struct_that_is_kept_is_brought_on_by_the_same_functions() {
        let read = |version, payload: &str| {
            Weighed::decode(version, payload).map_err(|error| error.to_string())
        };
        assert_eq!(read(1, r#"{"grams": 5}"#), Ok(Weighed { weight: 5 }));
        assert_eq!(read(2, r#"{"grams": 5}"#), Ok(Weighed { weight: 5 }));
        assert_eq!(
            read(1, r#"{"grams": -5}"#).unwrap_err(),
            "the payload could not be converted from version 1 to 2: its field `grams`: out of range \
             integral type conversion attempted"
        );
        assert!(read(4, "{}").unwrap_err().contains("newer than version 3"));
        assert!(read(0, "{}").unwrap_err().contains("no version 0"));
    }
}
