//! The table of all messages about a change, printed and compared: `BLESS=1` accepts what is printed.

use esrs_lock::outline::HeapRoom;

use super::*;
use crate::schema::lock::check::differs;
use crate::schema::{Schema, Shape};

/// A change of an event, by the outlines of then and now.
struct Case {
    title: &'static str,
    then: &'static [&'static str],
    now: &'static [&'static str],
}

const fn case(
    title: &'static str,
    then: &'static [&'static str],
    now: &'static [&'static str],
) -> Case {
    Case { title, then, now }
}

const CASES: &[Case] = &[
    case("a change that breaks nothing", &["struct", ".a: u8"], &["struct", ".a: u16"]),
    case("a field was added", &["struct"], &["struct", ".a: u8"]),
    case("a field was removed", &["struct", ".a: u8"], &["struct"]),
    case(
        "a field with all it may have was removed",
        &["struct", ".a/b/\"two words\"?: opaque geo@1", "steps", ".a: default = \"five\""],
        &["struct"],
    ),
    case("a field has another type", &["struct", ".a: u8"], &["struct", ".a: string"]),
    case(
        "an opaque field has another type",
        &["struct", ".a: opaque x@1?"],
        &["struct", ".a: u8?"],
    ),
    case("an alias was removed", &["struct", ".a/b: u8"], &["struct", ".a: u8"]),
    case("a field must be there", &["struct", ".a?: u8"], &["struct", ".a: u8"]),
    case(
        "a field must be there, and has another type",
        &["struct", ".a?: u8"],
        &["struct", ".a: string"],
    ),
    case(
        "an absent field is read as another value",
        &["struct", ".a?: u8?", "steps", ".a: default = \"five\""],
        &["struct", ".a: u8?"],
    ),
    case(
        "an absent field is read by the default of the struct",
        &["struct", ".a?: u8", "steps", ".a: default of the struct"],
        &["struct", ".a: u8"],
    ),
    case("two fields are read as one", &["struct", ".a: u8", ".b: u8"], &["struct", ".a/b: u8"]),
    case("a flattened field was removed", &["struct", ".\"*\"?: opaque x@1"], &["struct"]),
    case("a place was added", &["tuple", ".0: u8"], &["tuple", ".0: u8", ".1: u8"]),
    case("the payload has another type", &["u8"], &["string"]),
    case("the struct is closed", &["struct"], &["closed struct"]),
    case(
        "a struct in it is closed",
        &["struct", ".a: struct", ".a.b: struct"],
        &["struct", ".a: struct", ".a.b: closed struct"],
    ),
    case(
        "a field of a type in it was added",
        &["struct", ".a: [struct]"],
        &["struct", ".a: [struct]", ".a[].b: u8"],
    ),
    case(
        "a field of a type in it was removed",
        &["struct", ".a: struct", ".a.b: struct", ".a.b.\"c d\": u8"],
        &["struct", ".a: struct", ".a.b: struct"],
    ),
    case(
        "a place of a type in it has another type",
        &["struct", ".a: tuple", ".a.0: u8"],
        &["struct", ".a: tuple", ".a.0: string"],
    ),
    case(
        "a variant was removed",
        &["struct", ".a: enum", ".a|B", ".a|C"],
        &["struct", ".a: enum", ".a|C"],
    ),
    case(
        "the only variant of an enum with a tag was removed",
        &["struct", ".a: enum(tag kind)", ".a|B: fields"],
        &["struct", ".a: enum(tag kind)", ".a|C: fields"],
    ),
    case(
        "a field of a variant was removed",
        &["struct", ".a: enum", ".a|B: fields", ".a|B.c: u8"],
        &["struct", ".a: enum", ".a|B: fields"],
    ),
    case(
        "a field of a variant has another type",
        &["struct", ".a: enum", ".a|B: fields", ".a|B.c: u8"],
        &["struct", ".a: enum", ".a|B: fields", ".a|B.c: string"],
    ),
    case(
        "an enum is written otherwise",
        &["struct", ".a: enum", ".a|B"],
        &["struct", ".a: enum(tag kind)", ".a|B"],
    ),
];

fn lines(outline: &[&str]) -> String {
    let line = |line: &&str| match *line {
        "steps" => "steps\n".to_owned(),
        line => format!("    {line}\n"),
    };
    outline.iter().map(line).collect()
}

fn event(locked_up_to: u32) -> EventType {
    EventType {
        name: "moved",
        version: 2,
        shape: &Shape::Any,
        fingerprint: <u8 as Schema>::FINGERPRINT,
        aliases: &[],
        merges: &[],
        locked_up_to,
        home: 0,
    }
}

/// Returns the message about a change.
fn said(case: &Case, say: impl Fn(&mut Message, &Change<'_>, &Both<'_>)) -> String {
    let (then, now) = (lines(case.then), lines(case.now));
    let mut room = HeapRoom::new(16);
    let both = Both::of_pairs(room.pairs(then.as_bytes(), now.as_bytes()), true);
    let change = both.change.unwrap_or_else(|| panic!("{}: nothing changed", case.title));
    let mut text = Message::new();
    say(&mut text, &change, &both);
    text.as_str().to_owned()
}

/// All messages, each under the change that it is about.
fn all_messages() -> String {
    let mut all = String::new();
    let (newest, old) = (event(2), event(3));
    for case in CASES {
        all += &format!("== {}\n", case.title);
        all += &said(case, |text, change, both| differs(text, newest.shape, change, both));
        let mut before = String::new();
        for (title, event, has_fields) in [
            ("the newest version", &newest, true),
            ("the newest version, whose parts are not its fields", &newest, false),
            ("an older version", &old, true),
        ] {
            let changed = Changed { event, ident: "Moved", has_fields };
            let ways = said(case, |text, change, both| ways_out(text, &changed, change, both));
            if ways != before {
                all += &format!("\n-- {title}{ways}");
            }
            before = ways;
        }
        let past = said(case, |text, change, _| ways_out_of_the_past(text, &old, change));
        all += &format!("\n-- a version that is declared{past}\n\n");
    }
    format!("{}\n", all.trim_end())
}

#[test]
fn each_message_is_as_the_table_has_it() {
    let printed = all_messages();
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/src/schema/lock/ways/messages.txt");
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(file, &printed).unwrap();
    }
    let accepted = std::fs::read_to_string(file).unwrap().replace("\r\n", "\n");
    for (printed, accepted) in printed.split("\n\n").zip(accepted.split("\n\n")) {
        assert_eq!(printed, accepted, "BLESS=1 accepts what is printed");
    }
    assert_eq!(printed, accepted, "BLESS=1 accepts what is printed");
}
