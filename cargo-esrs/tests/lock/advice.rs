//! The advice of the compiler about a change of a locked history is true: following it gives a crate that
//! compiles and locks again, and reads all that was ever locked.

use crate::support::{Package, text};

const LIB: &str = "src/lib.rs";

/// A change of the source, what the compiler says about it, and how that is followed.
struct Advice {
    name: &'static str,
    change: &'static [(&'static str, &'static str)],
    says: &'static [&'static str],
    followed: &'static [(&'static str, &'static str)],
    /// The arguments of `cargo esrs` that end it.
    ended: &'static [&'static str],
}

const LOCK: &[&str] = &["lock"];
const ACCEPT: &[&str] = &["lock", "--accept-steps", "exam_marked"];

/// In addition to the events of the fixture: one whose payload is that of another type.
const NEWTYPE: &str = "
#[derive(Schema, Serialize, Deserialize)]
pub struct Interest {
    pub percent: u8,
}

#[derive(Event, Serialize, Deserialize)]
#[event(\"interest_paid\")]
pub struct InterestPaid(pub Interest);
";

/// Events whose types are in each wrapper, and those that no attribute of a field or variant renames.
const WRAPPED: &str = "
#[derive(Schema, Serialize, Deserialize, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Coin {
    pub cents: i64,
}

#[derive(Schema, Serialize, Deserialize)]
pub struct Purse(pub Coin);

#[derive(Event, Serialize, Deserialize)]
#[event(\"coins_counted\")]
pub struct CoinsCounted {
    pub array: [Coin; 2],
    pub ordered: std::collections::BTreeSet<Coin>,
    pub hashed: std::collections::HashSet<Coin>,
    pub linked: std::collections::LinkedList<Coin>,
    pub shared: std::sync::Arc<Coin>,
    pub cow: std::borrow::Cow<'static, Coin>,
    pub purse: Purse,
}

#[derive(Schema, Serialize, Deserialize)]
#[serde(tag = \"kind\")]
pub struct Stamp {
    pub by: String,
}

#[derive(Event, Serialize, Deserialize)]
#[event(\"letter_stamped\")]
pub struct LetterStamped {
    pub stamp: Stamp,
}

#[derive(Event, Serialize, Deserialize)]
#[event(\"form_filled\")]
pub struct FormFilled {
    pub of: String,
    #[serde(flatten)]
    #[schema(opaque = \"rest@1\")]
    pub rest: std::collections::BTreeMap<String, String>,
}

#[derive(Event, Serialize, Deserialize)]
#[event(\"point_drawn\")]
pub struct PointDrawn {
    #[serde(default, rename = \"point\")]
    #[schema(opaque = \"point@1\")]
    pub point: (i32, i32),
}
";

/// Events whose fields are read as something else where they are absent.
const ABSENT: &str = "
fn five() -> u8 {
    5
}

fn seven() -> Option<u16> {
    Some(7)
}

#[derive(Schema, Serialize, Deserialize)]
pub struct Shelf {
    #[serde(default = \"five\")]
    pub boards: u8,
    pub width: Option<u16>,
}

#[derive(Event, Serialize, Deserialize)]
#[event(\"shelf_built\")]
pub struct ShelfBuilt {
    pub shelf: Shelf,
    #[serde(default = \"five\", alias = \"count\")]
    pub number: u8,
    pub price: Option<u16>,
}
";

/// Events whose types serde converts, generic ones, and one of which an older struct alone holds a type.
const CONVERTED: &str = "
#[derive(Schema, Serialize, Deserialize)]
pub struct Points {
    pub count: u8,
}

#[derive(Schema, Serialize, Deserialize, Clone)]
#[serde(from = \"Points\", into = \"Points\")]
pub struct Mark(u8);

impl From<Points> for Mark {
    fn from(points: Points) -> Self {
        Self(points.count)
    }
}

impl From<Mark> for Points {
    fn from(mark: Mark) -> Self {
        Self { count: mark.0 }
    }
}

#[derive(Schema, Serialize, Deserialize)]
pub struct Span {
    pub days: u8,
}

#[derive(Schema, Serialize, Deserialize, Clone)]
#[serde(try_from = \"Span\", into = \"Span\")]
pub struct Term(u8);

impl TryFrom<Span> for Term {
    type Error = std::num::TryFromIntError;

    fn try_from(span: Span) -> Result<Self, Self::Error> {
        u8::try_from(u32::from(span.days)).map(Self)
    }
}

impl From<Term> for Span {
    fn from(term: Term) -> Self {
        Self { days: term.0 }
    }
}

#[derive(Schema, Serialize, Deserialize)]
pub struct Paged<T> {
    pub items: Vec<T>,
    pub next: u8,
}

#[derive(Event, Serialize, Deserialize)]
#[event(\"exam_marked\")]
pub struct ExamMarked {
    pub mark: Mark,
    pub term: Term,
    pub pages: Paged<String>,
}

#[derive(Schema, Serialize, Deserialize)]
pub struct Door {
    pub floor: u8,
}

#[derive(Event, Serialize, Deserialize)]
#[event(\"door_opened\")]
pub struct DoorOpenedV1 {
    pub door: Door,
}

#[derive(Event, Serialize, Deserialize)]
#[event(\"door_opened\", version = 2, from = DoorOpenedV1)]
pub struct DoorOpened {
    pub floor: u8,
}

impl Upcast<DoorOpenedV1> for DoorOpened {
    fn upcast(old: DoorOpenedV1) -> Self {
        Self { floor: old.door.floor }
    }
}
";

const EXAM_MARKED_2: (&str, &str) = ("\"exam_marked\"", "\"exam_marked\", version = 2");

const ON_THE_WAY: &str =
    "a generic type, or one with `from` and `into`, has an `impl PastVersion<1>` instead";

const SHELF_BUILT_2: (&str, &str) = ("\"shelf_built\"", "\"shelf_built\", version = 2");

const VERSION_2: (&str, &str) =
    ("aliases(\"deposited\"))]", "aliases(\"deposited\"), version = 2)]");

const ADVICE: &[Advice] = &[
    Advice {
        name: "a field that was renamed",
        change: &[("pub fee: Cents", "pub charge: Cents")],
        says: &[
            "if it was renamed, write `#[serde(alias = \"fee\")]` on it, and run `cargo esrs lock`",
        ],
        followed: &[("    pub charge", "    #[serde(alias = \"fee\")]\n    pub charge")],
        ended: LOCK,
    },
    Advice {
        name: "a field that was removed",
        change: &[("    pub fee: Cents,\n", "")],
        says: &[
            "write `version = 2, removed(name = \"fee\", ty = OldType, in = 2)` in the `#[event(…)]` of \
             `MoneyDeposited`",
        ],
        followed: &[(
            "aliases(\"deposited\"))]",
            "aliases(\"deposited\"), version = 2, removed(name = \"fee\", ty = Cents, in = 2))]",
        )],
        ended: LOCK,
    },
    Advice {
        name: "a field that is skipped",
        change: &[("    pub fee: Cents", "    #[serde(skip)]\n    pub fee: Cents")],
        says: &["removed(name = \"fee\", ty = OldType, in = 2)"],
        followed: &[(
            "aliases(\"deposited\"))]",
            "aliases(\"deposited\"), version = 2, removed(name = \"fee\", ty = Cents, in = 2))]",
        )],
        ended: LOCK,
    },
    Advice {
        name: "a field that was added, with a default",
        change: &[("pub fee: Cents", "pub tax: Cents,\n    pub fee: Cents")],
        says: &["`#[event(added(in = 2, default = …))]` on `tax`"],
        followed: &[
            VERSION_2,
            ("    pub tax", "    #[event(added(in = 2, default = 0))]\n    pub tax"),
        ],
        ended: LOCK,
    },
    Advice {
        name: "a field that was added, and may be absent",
        change: &[("pub fee: Cents", "pub tax: Cents,\n    pub fee: Cents")],
        says: &[
            "let it be absent, by an `Option` or `#[serde(default)]`, and run `cargo esrs lock`",
        ],
        followed: &[("    pub tax", "    #[serde(default)]\n    pub tax")],
        ended: LOCK,
    },
    Advice {
        name: "a field of another type",
        change: &[("tags: Vec<String>", "tags: Vec<u32>")],
        says: &["`#[event(retyped(from = OldType, in = 2, with = function))]` on `tags`"],
        followed: &[
            VERSION_2,
            (
                "    pub tags",
                "    #[event(retyped(from = Vec<String>, in = 2, with = |old| old.iter().map(|_| \
                 0).collect()))]\n    pub tags",
            ),
        ],
        ended: LOCK,
    },
    Advice {
        name: "a field that must be there now",
        change: &[("    #[serde(default)]\n", "")],
        says: &["`#[event(retyped(from = OldType, in = 2, with = std::convert::identity, \
             serde(default)))]` on `hint`, where `OldType` is the type it has"],
        followed: &[
            VERSION_2,
            (
                "    pub hint",
                "    #[event(retyped(from = u8, in = 2, with = std::convert::identity, \
                 serde(default)))]\n    pub hint",
            ),
        ],
        ended: LOCK,
    },
    Advice {
        name: "a field that must be there, and was what a function said",
        change: &[("default = \"five\", alias", "alias")],
        says: &["`#[event(retyped(from = OldType, in = 2, with = std::convert::identity, \
             serde(default = \"five\", alias = \"count\")))]` on `number`, where `OldType` is the type it has"],
        followed: &[
            SHELF_BUILT_2,
            (
                "    #[serde(alias = \"count\")]",
                "    #[event(retyped(from = u8, in = 2, with = std::convert::identity, \
                 serde(default = \"five\", alias = \"count\")))]\n    #[serde(alias = \"count\")]",
            ),
        ],
        ended: LOCK,
    },
    Advice {
        name: "a field that was removed, with its default and its alias",
        change: &[(
            "    #[serde(default = \"five\", alias = \"count\")]\n    pub number: u8,\n",
            "",
        )],
        says: &[
            "removed(name = \"number\", ty = OldType, in = 2, serde(default = \"five\", alias = \
             \"count\"))",
        ],
        followed: &[(
            "\"shelf_built\"",
            "\"shelf_built\", version = 2, removed(name = \"number\", ty = u8, in = 2, serde(default = \
             \"five\", alias = \"count\"))",
        )],
        ended: LOCK,
    },
    Advice {
        name: "an option that became what a function says",
        change: &[("    pub price", "    #[serde(default = \"seven\")]\n    pub price")],
        says: &[
            "a field that stored payloads may lack is read as another value there now",
            "`#[event(retyped(from = OldType, in = 2, with = std::convert::identity, serde()))]` on `price`",
        ],
        followed: &[
            SHELF_BUILT_2,
            (
                "    #[serde(default = \"seven\")]",
                "    #[event(retyped(from = Option<u16>, in = 2, with = std::convert::identity, \
                 serde()))]\n    #[serde(default = \"seven\")]",
            ),
        ],
        ended: LOCK,
    },
    Advice {
        name: "an option within that became what a function says",
        change: &[("    pub width", "    #[serde(default = \"seven\")]\n    pub width")],
        says: &["1. write `#[schema(version = 2)]` on the type that has `shelf.width`, and \
             `#[schema(retyped(from = OldType, in = 2, with = std::convert::identity, serde()))]` on that \
             field"],
        followed: &[
            (
                "#[derive(Schema, Serialize, Deserialize)]\npub struct Shelf",
                "#[derive(Schema, Serialize, Deserialize)]\n#[schema(version = 2)]\npub struct Shelf",
            ),
            (
                "    #[serde(default = \"seven\")]",
                "    #[schema(retyped(from = Option<u16>, in = 2, with = std::convert::identity, \
                 serde()))]\n    #[serde(default = \"seven\")]",
            ),
            SHELF_BUILT_2,
            ("    pub shelf", "    #[event(updated(in = 2, from = 1))]\n    pub shelf"),
        ],
        ended: LOCK,
    },
    Advice {
        name: "an option in a struct that has a default now",
        change: &[(
            "#[derive(Event, Serialize, Deserialize)]\n#[event(\"shelf_built\")]",
            "impl Default for ShelfBuilt {\n    fn default() -> Self {\n        Self { shelf: Shelf { boards: 1, \
                 width: None }, number: 2, price: Some(3) }\n    }\n}\n\n#[derive(Event, Serialize, \
                 Deserialize)]\n#[serde(default)]\n#[event(\"shelf_built\")]",
        )],
        says: &[
            "`price`",
            "write `version = 2, from = ShelfBuiltV1` in the `#[event(…)]` of `ShelfBuilt`",
        ],
        followed: &[
            (
                "#[event(\"shelf_built\")]",
                "#[event(\"shelf_built\", version = 2, from = ShelfBuiltV1)]",
            ),
            (
                "pub type Cents",
                "#[derive(Event, Serialize, Deserialize)]\n#[event(\"shelf_built\")]\npub struct \
                 ShelfBuiltV1 {\n    shelf: Shelf,\n    #[serde(default = \"five\", alias = \"count\")]\n    \
                 number: u8,\n    price: Option<u16>,\n}\n\nimpl Upcast<ShelfBuiltV1> for ShelfBuilt {\n    fn \
                 upcast(old: ShelfBuiltV1) -> Self {\n        Self { shelf: old.shelf, number: old.number, price: \
                 old.price }\n    }\n}\n\npub type Cents",
            ),
        ],
        ended: LOCK,
    },
    Advice {
        name: "an alias that is gone",
        change: &[("    #[serde(alias = \"memo\")]\n", "")],
        says: &["with = std::convert::identity, serde(alias = \"memo\")))]` on `note`"],
        followed: &[
            VERSION_2,
            (
                "    pub note",
                "    #[event(retyped(from = String, in = 2, with = std::convert::identity, \
                 serde(alias = \"memo\")))]\n    pub note",
            ),
        ],
        ended: LOCK,
    },
    Advice {
        name: "a place of a tuple",
        change: &[("(u8, i32)", "(i32, u8)")],
        says: &[
            "was stored as: (u8, i32)",
            "is here:       (i32, u8)",
            "`#[event(retyped(from = OldType, in = 2, with = function))]` on `shares`",
        ],
        followed: &[
            VERSION_2,
            (
                "    pub shares",
                "    #[event(retyped(from = (u8, i32), in = 2, with = |(a, b)| (b, a)))]\n    pub shares",
            ),
        ],
        ended: LOCK,
    },
    Advice {
        name: "a type three levels down",
        change: &[("pub city: String", "pub city: Vec<String>")],
        says: &[
            "1. write `#[schema(version = 2)]` on the type that has `reason|refund.at.city`, and \
             `#[schema(retyped(from = OldType, in = 2, with = function))]` on that field",
            "2. write `#[schema(version = 2)]` on the type that has `reason|refund.at`, and \
             `#[schema(updated(in = 2, from = 1))]` on that field",
            "3. write `#[schema(version = 2)]` on the type that has `reason|refund`, and \
             `#[schema(updated(in = 2, from = 1))]` on that field",
            "4. write `version = 2` in the `#[event(…)]` of `MoneyDeposited`, and \
             `#[event(updated(in = 2, from = 1))]` on `reason`",
            "2. write `version = 2` in the `#[event(…)]` of `AccountClosed`, and \
             `#[event(updated(in = 2, from = 1))]` on `at`",
        ],
        followed: &[
            ("pub struct Place", "#[schema(version = 2)]\npub struct Place"),
            (
                "    pub city",
                "    #[schema(retyped(from = String, in = 2, with = |old| vec![old]))]\n    pub city",
            ),
            ("pub struct Refund", "#[schema(version = 2)]\npub struct Refund"),
            ("u32,\n    pub at", "u32,\n    #[schema(updated(in = 2, from = 1))]\n    pub at"),
            ("pub enum Reason", "#[schema(version = 2)]\npub enum Reason"),
            ("Refund(Refund)", "Refund(#[schema(updated(in = 2, from = 1))] Refund)"),
            VERSION_2,
            ("    pub reason", "    #[event(updated(in = 2, from = 1))]\n    pub reason"),
            ("\"account_closed\"", "\"account_closed\", version = 2"),
            (
                "pub struct AccountClosed {\n",
                "pub struct AccountClosed {\n    #[event(updated(in = 2, from = 1))]\n",
            ),
        ],
        ended: LOCK,
    },
    Advice {
        name: "a field that was removed three levels down",
        change: &[("    pub zip: Option<String>,\n", "")],
        says: &[
            "1. write `#[schema(version = 2, removed(name = \"zip\", ty = OldType, in = 2))]` on the \
             type that had `at.zip`",
        ],
        followed: &[
            (
                "pub struct Place",
                "#[schema(version = 2, removed(name = \"zip\", ty = Option<String>, in = 2))]\npub \
                 struct Place",
            ),
            ("pub struct Refund", "#[schema(version = 2)]\npub struct Refund"),
            ("u32,\n    pub at", "u32,\n    #[schema(updated(in = 2, from = 1))]\n    pub at"),
            ("pub enum Reason", "#[schema(version = 2)]\npub enum Reason"),
            ("Refund(Refund)", "Refund(#[schema(updated(in = 2, from = 1))] Refund)"),
            VERSION_2,
            ("    pub reason", "    #[event(updated(in = 2, from = 1))]\n    pub reason"),
            ("\"account_closed\"", "\"account_closed\", version = 2"),
            (
                "pub struct AccountClosed {\n",
                "pub struct AccountClosed {\n    #[event(updated(in = 2, from = 1))]\n",
            ),
        ],
        ended: LOCK,
    },
    Advice {
        name: "a field of a variant",
        change: &[("from: String", "from: Vec<String>")],
        says: &[
            "1. write `#[schema(version = 2)]` on the type that has `reason|gift.from`, and \
             `#[schema(retyped(from = OldType, in = 2, with = function))]` on that field",
            "2. write `version = 2` in the `#[event(…)]` of `MoneyDeposited`, and \
             `#[event(updated(in = 2, from = 1))]` on `reason`",
        ],
        followed: &[
            ("pub enum Reason", "#[schema(version = 2)]\npub enum Reason"),
            (
                "Gift { from",
                "Gift { #[schema(retyped(from = String, in = 2, with = |old| vec![old]))] from",
            ),
            VERSION_2,
            ("    pub reason", "    #[event(updated(in = 2, from = 1))]\n    pub reason"),
        ],
        ended: LOCK,
    },
    Advice {
        name: "a variant that was renamed",
        change: &[("    Salary,\n", "    Wage,\n")],
        says: &[
            "if it was renamed, write `#[serde(alias = \"salary\")]` on it, and run `cargo esrs lock`",
        ],
        followed: &[("    Wage", "    #[serde(alias = \"salary\")]\n    Wage")],
        ended: LOCK,
    },
    Advice {
        name: "a variant that was removed",
        change: &[("    Salary,\n", "")],
        says: &["write `version = 2` in the `#[event(…)]` of `MoneyDeposited`, and \
             `#[event(retyped(from = OldType, in = 2, with = function))]` on `reason`, where `function` \
             makes the new value of an `OldType`, a copy of its type as it was, with all in it that \
             changed"],
        followed: &[VERSION_2, RETYPED_REASON, OLD_REASON],
        ended: LOCK,
    },
    Advice {
        name: "what a variant holds",
        change: &[("Gift { from: String }", "Gift")],
        says: &["`#[event(retyped(from = OldType, in = 2, with = function))]` on `reason`"],
        followed: &[VERSION_2, RETYPED_REASON, OLD_REASON],
        ended: LOCK,
    },
    Advice {
        name: "how an enum is written",
        change: &[("rename_all = \"snake_case\"", "rename_all = \"snake_case\", tag = \"kind\"")],
        says: &["`#[event(retyped(from = OldType, in = 2, with = function))]` on `reason`"],
        followed: &[VERSION_2, RETYPED_REASON, OLD_REASON],
        ended: LOCK,
    },
    Advice {
        name: "unknown fields that are refused",
        change: &[("pub struct Place", "#[serde(deny_unknown_fields)]\npub struct Place")],
        says: &[
            "1. write `#[schema(version = 2)]` on the type that has `reason|refund.at`, and \
             `#[schema(retyped(from = OldType, in = 2, with = function))]` on that field, where \
             `function` makes the new value of an `OldType`, a copy of its type as it was",
            "`#[event(retyped(from = OldType, in = 2, with = function))]` on `at`",
        ],
        followed: &[
            (
                "pub type Cents",
                "#[derive(Schema, Serialize, Deserialize)]\npub struct OldPlace {\n    city: String,\n    \
                 zip: Option<String>,\n}\n\nfn placed(old: OldPlace) -> Place {\n    Place { city: \
                 old.city, zip: old.zip }\n}\n\npub type Cents",
            ),
            ("pub struct Refund", "#[schema(version = 2)]\npub struct Refund"),
            (
                "u32,\n    pub at",
                "u32,\n    #[schema(retyped(from = OldPlace, in = 2, with = placed))]\n    pub at",
            ),
            ("pub enum Reason", "#[schema(version = 2)]\npub enum Reason"),
            ("Refund(Refund)", "Refund(#[schema(updated(in = 2, from = 1))] Refund)"),
            VERSION_2,
            ("    pub reason", "    #[event(updated(in = 2, from = 1))]\n    pub reason"),
            ("\"account_closed\"", "\"account_closed\", version = 2"),
            (
                "pub struct AccountClosed {\n",
                "pub struct AccountClosed {\n    #[event(retyped(from = OldPlace, in = 2, with = \
                 placed))]\n",
            ),
        ],
        ended: LOCK,
    },
    Advice {
        name: "a payload that refuses unknown fields",
        change: &[(
            "pub struct AccountClosed",
            "#[serde(deny_unknown_fields)]\npub struct AccountClosed",
        )],
        says: &["keep a copy of the struct as it was, with its attributes and what it holds, as \
             `AccountClosedV1`; write `version = 2, from = AccountClosedV1` in the `#[event(…)]` of \
             `AccountClosed`, and `impl Upcast<AccountClosedV1> for AccountClosed { fn upcast(old: \
             AccountClosedV1) -> Self { … } }`"],
        followed: &[
            ("\"account_closed\"", "\"account_closed\", version = 2, from = AccountClosedV1"),
            (
                "pub type Cents",
                "#[derive(Event, Serialize, Deserialize)]\n#[event(\"account_closed\")]\npub struct \
                 AccountClosedV1 {\n    pub at: Place,\n}\n\nimpl Upcast<AccountClosedV1> for \
                 AccountClosed {\n    fn upcast(old: AccountClosedV1) -> Self {\n        Self { at: \
                 old.at }\n    }\n}\n\npub type Cents",
            ),
        ],
        ended: LOCK,
    },
    Advice {
        name: "a payload of another type",
        change: &[("pub percent: u8", "pub percent: String")],
        says: &[
            "write `version = 2, from = InterestPaidV1` in the `#[event(…)]` of `InterestPaid`",
        ],
        followed: &[
            ("\"interest_paid\"", "\"interest_paid\", version = 2, from = InterestPaidV1"),
            (
                "pub type Cents",
                "#[derive(Schema, Serialize, Deserialize)]\npub struct InterestV1 {\n    percent: \
                 u8,\n}\n\n#[derive(Event, Serialize, Deserialize)]\n#[event(\"interest_paid\")]\npub \
                 struct InterestPaidV1(InterestV1);\n\nimpl Upcast<InterestPaidV1> for InterestPaid {\n    \
                 fn upcast(old: InterestPaidV1) -> Self {\n        Self(Interest { percent: \
                 old.0.percent.to_string() })\n    }\n}\n\npub type Cents",
            ),
        ],
        ended: LOCK,
    },
    Advice {
        name: "an old version that is given a new field",
        change: &[("pub owner: String", "pub owner: String,\n    pub born: u16")],
        says: &[
            "put it back as it was, because `AccountOpenedV1` is an old version, and make the change \
             in the newest one",
        ],
        followed: &[
            (",\n    pub born: u16", ""),
            ("version = 2, from = AccountOpenedV1", "version = 3, from = AccountOpenedV2"),
            (
                "pub owners: Vec<String>,\n}\n",
                "pub owners: Vec<String>,\n    #[event(added(in = 3))]\n    pub born: u16,\n}\n\n\
                 #[derive(Event, Serialize, Deserialize)]\n#[event(\"account_opened\", version = 2, from \
                 = AccountOpenedV1)]\npub struct AccountOpenedV2 {\n    owners: Vec<String>,\n}\n",
            ),
            (
                "impl Upcast<AccountOpenedV1> for AccountOpened ",
                "impl Upcast<AccountOpenedV1> for AccountOpenedV2 ",
            ),
        ],
        ended: LOCK,
    },
    Advice {
        name: "a type within each wrapper",
        change: &[(
            "pub cents: i64,\n}\n\n#[derive(Schema, Serialize, Deserialize)]\npub struct Purse",
            "pub cents: String,\n}\n\n#[derive(Schema, Serialize, Deserialize)]\npub struct Purse",
        )],
        says: &[
            "`#[event(updated(in = 2, from = 1))]` on `array`",
            "a newtype on the way declares `updated` on its place",
        ],
        followed: &[
            ("pub struct Coin {", "#[schema(version = 2)]\npub struct Coin {"),
            (
                "    pub cents: String",
                "    #[schema(retyped(from = i64, in = 2, with = |old| old.to_string()))]\n    pub cents: \
                 String",
            ),
            (
                "pub struct Purse(",
                "#[schema(version = 2)]\npub struct Purse(#[schema(updated(in = 2, from = 1))] ",
            ),
            ("\"coins_counted\"", "\"coins_counted\", version = 2"),
            ("    pub array", UPDATED_ARRAY),
            ("    pub ordered", "    #[event(updated(in = 2, from = 1))]\n    pub ordered"),
            ("    pub hashed", "    #[event(updated(in = 2, from = 1))]\n    pub hashed"),
            ("    pub linked", "    #[event(updated(in = 2, from = 1))]\n    pub linked"),
            ("    pub shared", "    #[event(updated(in = 2, from = 1))]\n    pub shared"),
            ("    pub cow", "    #[event(updated(in = 2, from = 1))]\n    pub cow"),
            ("    pub purse", "    #[event(updated(in = 2, from = 1))]\n    pub purse"),
        ],
        ended: LOCK,
    },
    Advice {
        name: "a struct with a tag that was renamed",
        change: &[("pub struct Stamp", "pub struct Seal"), ("stamp: Stamp", "stamp: Seal")],
        says: &[
            "if it is the name of a struct with `tag`, write `#[serde(rename = \"Stamp\")]` on the struct",
        ],
        followed: &[("pub struct Seal", "#[serde(rename = \"Stamp\")]\npub struct Seal")],
        ended: LOCK,
    },
    Advice {
        name: "fields that `flatten` spread",
        change: &[(
            "    #[serde(flatten)]\n    #[schema(opaque = \"rest@1\")]\n    pub rest: \
             std::collections::BTreeMap<String, String>,\n",
            "",
        )],
        says: &["write `version = 2, from = FormFilledV1` in the `#[event(…)]` of `FormFilled`"],
        followed: &[
            ("\"form_filled\"", "\"form_filled\", version = 2, from = FormFilledV1"),
            (
                "pub type Cents",
                "#[derive(Event, Serialize, Deserialize)]\n#[event(\"form_filled\")]\npub struct \
                 FormFilledV1 {\n    of: String,\n    #[serde(flatten)]\n    #[schema(opaque = \
                 \"rest@1\")]\n    rest: std::collections::BTreeMap<String, String>,\n}\n\nimpl \
                 Upcast<FormFilledV1> for FormFilled {\n    fn upcast(old: FormFilledV1) -> Self {\n        \
                 Self { of: old.of }\n    }\n}\n\npub type Cents",
            ),
        ],
        ended: LOCK,
    },
    Advice {
        name: "an opaque field of another type",
        change: &[(
            "    #[schema(opaque = \"point@1\")]\n    pub point: (i32, i32)",
            "    pub point: String",
        )],
        says: &[
            "`#[event(retyped(from = OldType, in = 2, with = function, opaque = \"point@1\"))]` on `point`",
        ],
        followed: &[
            ("\"point_drawn\"", "\"point_drawn\", version = 2"),
            (
                "    pub point",
                "    #[event(retyped(from = (i32, i32), in = 2, with = |(x, y)| format!(\"{x} {y}\"), \
                 opaque = \"point@1\"))]\n    pub point",
            ),
        ],
        ended: LOCK,
    },
    Advice {
        name: "an alias that answers for two fields",
        change: &[
            ("    #[serde(default)]\n    pub hint: u8,\n", ""),
            ("    pub fee: Cents", "    #[serde(alias = \"hint\")]\n    pub fee: Cents"),
        ],
        says: &["take the alias away; what became of the other part is then a change of its own"],
        followed: &[
            ("    #[serde(alias = \"hint\")]\n", ""),
            (
                "aliases(\"deposited\"))]",
                "aliases(\"deposited\"), version = 2, removed(name = \"hint\", ty = u8, in = 2, \
                 serde(default)))]",
            ),
        ],
        ended: LOCK,
    },
    Advice {
        name: "a type that serde converts",
        change: &[
            (
                "pub struct Points {\n    pub count: u8",
                "pub struct Points {\n    pub count: String",
            ),
            ("pub struct Mark(u8)", "pub struct Mark(String)"),
        ],
        says: &[
            "1. write `#[schema(version = 2)]` on the type that has `mark.count`, and \
             `#[schema(retyped(from = OldType, in = 2, with = function))]` on that field",
            "`#[event(updated(in = 2, from = 1))]` on `mark`",
            ON_THE_WAY,
            "`cargo esrs lock --accept-steps exam_marked`",
        ],
        followed: &[
            ("pub struct Points {", "#[schema(version = 2)]\npub struct Points {"),
            (
                "    pub count: String",
                "    #[schema(retyped(from = u8, in = 2, with = |old| old.to_string()))]\n    pub \
                 count: String",
            ),
            (
                "impl From<Points> for Mark",
                "impl esrs::schema::PastVersion<1> for Mark {\n    type Past = <Points as \
                 esrs::schema::PastVersion<1>>::Past;\n    fn from_past(past: Self::Past) -> Self {\n        \
                 Points::from_past(past).into()\n    }\n}\n\nimpl From<Points> for Mark",
            ),
            EXAM_MARKED_2,
            ("    pub mark", "    #[event(updated(in = 2, from = 1))]\n    pub mark"),
        ],
        ended: ACCEPT,
    },
    Advice {
        name: "a type that serde tries to convert",
        change: &[
            ("pub days: u8", "pub days: String"),
            ("u8::try_from(u32::from(span.days)).map(Self)", "Ok(Self(span.days))"),
            ("pub struct Term(u8)", "pub struct Term(String)"),
        ],
        says: &["2. write `version = 2` in the `#[event(…)]` of `ExamMarked`", ON_THE_WAY],
        followed: &[
            ("pub struct Span {", "#[schema(version = 2)]\npub struct Span {"),
            (
                "    pub days",
                "    #[schema(retyped(from = u8, in = 2, with = |old| old.to_string()))]\n    pub days",
            ),
            (
                "impl TryFrom<Span> for Term",
                "#[derive(Schema, Serialize, Deserialize)]\npub struct OldSpan {\n    days: u8,\n}\n\nimpl \
                 esrs::schema::PastVersion<1> for Term {\n    type Past = OldSpan;\n    fn from_past(past: Self::Past) \
                 -> Self {\n        Self(past.days.to_string())\n    }\n}\n\nimpl TryFrom<Span> for Term",
            ),
            EXAM_MARKED_2,
            ("    pub term", "    #[event(updated(in = 2, from = 1))]\n    pub term"),
        ],
        ended: ACCEPT,
    },
    Advice {
        name: "a generic type",
        change: &[("pub next: u8", "pub next: String")],
        says: &["2. write `version = 2` in the `#[event(…)]` of `ExamMarked`", ON_THE_WAY],
        followed: &[
            (
                "pub next: String,\n}\n",
                "pub next: String,\n}\n\n#[derive(Schema, Serialize, Deserialize)]\npub struct OldPaged<T> \
                 {\n    items: Vec<T>,\n    next: u8,\n}\n\nimpl<T: Schema + serde::de::DeserializeOwned> \
                 esrs::schema::PastVersion<1> for Paged<T> {\n    type Past = OldPaged<T>;\n    fn from_past(past: \
                 Self::Past) -> Self {\n        Self { items: past.items, next: past.next.to_string() }\n    }\n}\n",
            ),
            EXAM_MARKED_2,
            ("    pub pages", "    #[event(updated(in = 2, from = 1))]\n    pub pages"),
        ],
        ended: LOCK,
    },
    Advice {
        name: "the type of a generic type",
        change: &[("Paged<String>", "Paged<u8>")],
        says: &["`#[event(retyped(from = OldType, in = 2, with = function))]` on `pages`"],
        followed: &[
            EXAM_MARKED_2,
            (
                "    pub pages",
                "    #[event(retyped(from = Paged<String>, in = 2, with = |old| Paged { items: vec![], next: \
                 old.next }))]\n    pub pages",
            ),
        ],
        ended: LOCK,
    },
    Advice {
        name: "a type that only a struct of an older version holds",
        change: &[
            ("pub struct Door {\n    pub floor: u8", "pub struct Door {\n    pub floor: String"),
            ("old.door.floor", "old.door.floor.len() as u8"),
        ],
        says: &[
            "because `DoorOpenedV1` is an old version",
            "or: if the change is meant for newer versions, keep a copy of the old type, and let \
             `DoorOpenedV1` hold that",
        ],
        followed: &[
            (
                "pub struct DoorOpenedV1 {\n    pub door: Door",
                "pub struct DoorOpenedV1 {\n    pub door: OldDoor",
            ),
            (
                "pub type Cents",
                "#[derive(Schema, Serialize, Deserialize)]\npub struct OldDoor {\n    floor: u8,\n}\n\npub \
                 type Cents",
            ),
            ("old.door.floor.len() as u8", "old.door.floor"),
        ],
        ended: LOCK,
    },
    Advice {
        name: "an event of another name",
        change: &[("\"money_deposited\"", "\"money_put_in\"")],
        says: &[
            "if it has another name now, write `aliases(\"money_deposited\")` in its `#[event(…)]`",
        ],
        followed: &[("aliases(\"deposited\")", "aliases(\"deposited\", \"money_deposited\")")],
        ended: LOCK,
    },
    Advice {
        name: "an event that is to be skipped",
        change: &[(", AccountClosed)", ")")],
        says: &["write `retired(\"account_closed\")` beside `events(…)`"],
        followed: &[("retired(\"gift_given\")", "retired(\"gift_given\", \"account_closed\")")],
        ended: LOCK,
    },
];

const UPDATED_ARRAY: &str = "    #[event(updated(in = 2, from = 1))]\n    pub array";

const RETYPED_REASON: (&str, &str) = (
    "    pub reason",
    "    #[event(retyped(from = OldReason, in = 2, with = reasoned))]\n    pub reason",
);

const OLD_REASON: (&str, &str) = (
    "pub type Cents",
    "#[derive(Schema, Serialize, Deserialize)]\n#[serde(rename_all = \"snake_case\")]\npub enum \
     OldReason {\n    Salary,\n    Gift { from: String },\n    #[serde(alias = \"repayment\")]\n    \
     Refund(Refund),\n}\n\nfn reasoned(_: OldReason) -> Reason {\n    Reason::Refund(Refund { order: 0, at: \
     Place { city: String::new(), zip: None } })\n}\n\npub type Cents",
);

/// The files of all locks, with what is in them.
fn locks(package: &Package) -> Vec<(String, String)> {
    let mut locks = Vec::new();
    for folder in ["schema", "schema/events", "schema/aggregates"] {
        for file in std::fs::read_dir(package.root.join(folder)).unwrap() {
            let file = file.unwrap();
            if file.file_type().unwrap().is_file() {
                let file = format!("{folder}/{}", file.file_name().to_str().unwrap());
                locks.push((file.clone(), package.read(&file)));
            }
        }
    }
    locks
}

#[test]
fn whoever_follows_an_advice_reads_all_that_was_locked() {
    let package = Package::copy("bank", "advice");
    let source = package.read(LIB) + NEWTYPE + WRAPPED + ABSENT + CONVERTED;
    package.write(LIB, &source);
    let locked = package.esrs(&["lock"]);
    assert!(locked.status.success(), "{}", text(&locked));
    let locks = locks(&package);
    let (mut wrong, mut all_said) = (Vec::new(), String::new());
    for Advice { name, change, says, followed, ended } in ADVICE {
        std::fs::remove_dir_all(package.root.join("schema")).unwrap();
        locks.iter().for_each(|(file, lock)| package.write(file, lock));
        // What `flatten` spreads cannot be made up.
        package.write("schema/golden/form_filled/v1.one.json", r#"{"of":"a","more":"b"}"#);
        package.write(LIB, &source);
        change.iter().for_each(|(from, to)| package.replace(LIB, from, to));
        let said = package.check(&[]).unwrap_or_else(|| panic!("{name}: it compiles"));
        // The compiler indents what it shows.
        let is_said = |words: &str| said.contains(words) || words_of(&said).contains(words);
        for words in says.iter().filter(|words| !is_said(words)) {
            wrong.push(format!("{name}: {words:?} is not in\n{said}"));
        }
        if said.contains("alias = \"*\"") || said.contains("name = \"*\"") {
            wrong.push(format!("{name}: `*` is the name of no field\n{said}"));
        }
        all_said.push_str(&said);
        followed.iter().for_each(|(from, to)| package.replace(LIB, from, to));
        let locked = package.esrs(ended);
        if !locked.status.success() {
            wrong.push(format!("{name}: {}", text(&locked)));
            continue;
        }
        let test = package.cargo(&["test", "--quiet", "--lib"]);
        if !test.status.success() {
            wrong.push(format!("{name}: {}", text(&test)));
        }
    }
    // Each template has a case above that prints it.
    let all_said = words_of(&all_said);
    for template in templates() {
        if !all_said.contains(&words_of(&template)) && !ELSEWHERE.contains(&template.as_str()) {
            wrong.push(format!("no case prints {template:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

/// Templates that the test below prints and follows.
const ELSEWHERE: &[&str] = &[
    "\neither: put back what is declared, and what it is declared of, as it was",
    "\nor:     declare what changed, in a version that is not locked yet: `added(…)`, `renamed(…)` or \
     `retyped(…)` on the field, `removed(…)` in the `#[event(…)]`, or `updated(…)` on the field where its \
     type declares the change",
];

/// A text with one space between its words.
fn words_of(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The pieces of advice as they are written in the templates of the messages, between what is filled in.
fn templates() -> Vec<String> {
    let file = crate::support::workspace().join("esrs-core/src/schema/lock/ways/templates.rs");
    let source = std::fs::read_to_string(file).unwrap();
    let mut found = Vec::new();
    for declared in source.split("pub(super) const ").skip(1) {
        // A change that breaks nothing is printed by the cases of `mutations.rs`.
        if declared.starts_with("KEEP:") {
            continue;
        }
        let text = literal(declared.split_once('"').unwrap().1);
        let text = text.replace("{{", "\0").replace("}}", "\u{1}");
        for piece in
            text.split('{').map(|piece| piece.split_once('}').map_or(piece, |(_, rest)| rest))
        {
            if piece.split_whitespace().count() > 2 {
                found.push(piece.replace('\0', "{").replace('\u{1}', "}"));
            }
        }
    }
    assert!(found.len() > 20, "{found:?}");
    found
}

/// A literal up to its closing quote, as it is in the program.
fn literal(source: &str) -> String {
    let (mut text, mut letters) = (String::new(), source.chars());
    while let Some(letter) = letters.next() {
        match letter {
            '"' => break,
            '\\' => match letters.next() {
                Some('n') => text.push('\n'),
                // A line that goes on: what indents the next one is left out.
                Some('\n') => {
                    let indented = letters.as_str();
                    letters = indented.trim_start().chars();
                }
                Some(other) => text.push(other),
                None => break,
            },
            other => text.push(other),
        }
    }
    text
}

#[test]
fn a_change_under_what_is_declared_is_declared_in_a_version_that_is_not_locked() {
    let package = Package::copy("bank", "declared");
    let version = |number: u32| format!("aliases(\"deposited\"), version = {number})]");
    package.replace(LIB, "aliases(\"deposited\"))]", &version(2));
    let tax = "    #[event(added(in = 2))]\n    pub tax: Option<Cents>,\n    pub fee";
    package.replace(LIB, "    pub fee", tax);
    assert!(package.esrs(&["lock"]).status.success());

    package.replace(LIB, "pub fee: Cents", "pub fee: String");
    let said = package.check(&[]).unwrap();
    for words in [
        "version 1 of `MoneyDeposited` is locked, and what is declared of `MoneyDeposited` leads back to \
         another shape of it: `fee`",
        "declare what changed, in a version that is not locked yet: `added(…)`, `renamed(…)` or \
         `retyped(…)` on the field",
        "write `version = 3` in the `#[event(…)]` of `MoneyDeposited`",
    ] {
        assert!(said.contains(words), "{words:?} is not in\n{said}");
    }
    for template in ELSEWHERE {
        assert!(words_of(&said).contains(&words_of(template)), "{template:?} is not in\n{said}");
    }
    package.replace(LIB, &version(2), &version(3));
    let retyped = "retyped(from = Cents, in = 3, with = |old| old.to_string())";
    package.replace(LIB, "    pub fee", &format!("    #[event({retyped})]\n    pub fee"));
    let locked = package.esrs(&["lock"]);
    assert!(locked.status.success(), "{}", text(&locked));
    assert_eq!(package.check(&[]), None);
}
