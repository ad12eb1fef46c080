//! Every rule by which a change of a stored shape is judged has an old and a new shape that show it, and
//! stands with them in the table of the documentation. `BLESS=1` writes the table.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::fs;

use esrs::schema::lock::{Rule, first_change};

const DOC: &str = "src/doc/lock.md";

/// What was locked, and what is there now.
fn fixture(rule: Rule) -> (&'static [&'static str], &'static [&'static str]) {
    match rule {
        Rule::OptionalFieldAdded => (&["struct"], &["struct", ".note?: string"]),
        Rule::VariantAdded => (&["enum", "|Eur"], &["enum", "|Eur", "|Usd"]),
        Rule::WiderNumber => (&["struct", ".of: u8"], &["struct", ".of: u32"]),
        Rule::MayBeNull => (&["struct", ".of: u8"], &["struct", ".of: u8?"]),
        Rule::MayBeAbsent => (&["struct", ".of: u8"], &["struct", ".of?: u8"]),
        Rule::AliasAdded => (&["struct", ".note: string"], &["struct", ".note/memo: string"]),
        Rule::RenamedWithAlias => (&["struct", ".memo: string"], &["struct", ".note/memo: string"]),
        Rule::NoLongerClosed => (&["closed struct"], &["struct"]),
        Rule::AnyText => (&["struct", ".id: uuid"], &["struct", ".id: string"]),
        Rule::AnyLength => (&["struct", ".of: [u8; 3]"], &["struct", ".of: [u8]"]),
        Rule::BecameAny => (&["struct", ".of: u8"], &["struct", ".of: any"]),
        Rule::FieldAdded => (&["struct"], &["struct", ".note: string"]),
        Rule::FieldRemoved => (&["struct", ".note: string"], &["struct"]),
        Rule::VariantRemoved => (&["enum", "|Eur", "|Usd"], &["enum", "|Eur"]),
        Rule::AliasRemoved => (&["struct", ".note/memo: string"], &["struct", ".note: string"]),
        Rule::NowRequired => (&["struct", ".of?: u8"], &["struct", ".of: u8"]),
        Rule::NoLongerNull => (&["struct", ".of: u8?"], &["struct", ".of: u8"]),
        Rule::NarrowerNumber => (&["struct", ".of: u32"], &["struct", ".of: i32"]),
        Rule::NowClosed => (&["struct"], &["closed struct"]),
        Rule::OtherRepresentation => (&["enum", "|Eur"], &["enum(tag kind)", "|Eur"]),
        Rule::TypeChanged => (&["struct", ".of: u8"], &["struct", ".of: string"]),
        other => panic!("{other:?} has no fixture"),
    }
}

#[test]
fn each_rule_is_found_in_its_two_shapes() {
    for &rule in Rule::ALL {
        let (locked, now) = fixture(rule);
        let change = first_change(locked, now).unwrap();
        assert_eq!(change.rule, rule, "{locked:?} became {now:?}");
        assert_eq!(first_change(locked, locked), None);
    }
}

#[test]
fn a_change_that_breaks_is_found_behind_one_that_does_not() {
    let (locked, now) = (["struct", ".a: u8", ".b: u8"], ["struct", ".a: u16", ".b: string"]);
    assert_eq!(first_change(&locked, &now).unwrap().rule, Rule::TypeChanged);
}

#[test]
fn wrappers_are_judged_by_what_is_in_them() {
    let judged = |locked: &str, now: &str| {
        let (locked, now) = (["struct", locked], ["struct", now]);
        first_change(&locked, &now).unwrap().rule
    };
    assert_eq!(judged(".of: [u8?]", ".of: [u16?]"), Rule::WiderNumber);
    assert_eq!(judged(".of: map<string, u8>", ".of: map<string, string>"), Rule::TypeChanged);
    assert_eq!(judged(".of: map<uuid, [u8]>", ".of: map<string, [u8]>"), Rule::AnyText);
    assert_eq!(judged(".of: [u8; 3]", ".of: [u8; 4]"), Rule::TypeChanged);
    assert_eq!(judged(".of: u8", ".of: [u8]"), Rule::TypeChanged);
    assert_eq!(judged(".of: i64", ".of: f64"), Rule::NarrowerNumber);
    assert_eq!(judged(".of: bool", ".of: string"), Rule::TypeChanged);
}

#[test]
fn the_documentation_has_every_rule_with_its_two_shapes() {
    let row = |&rule: &Rule| {
        let (locked, now) = fixture(rule);
        let shown = |lines: &[&str]| {
            let lines = lines.iter().map(|line| format!("`{}`", line.replace('|', "\\|")));
            lines.collect::<Vec<_>>().join(" ")
        };
        let verdict = if rule.is_compatible() { "compatible" } else { "breaks" };
        format!("| {} | {} | {} | {verdict} |\n", rule.sentence(), shown(locked), shown(now))
    };
    let rows: String = Rule::ALL.iter().map(row).collect();
    let table =
        format!("| what became of it | locked | now | |\n| --- | --- | --- | --- |\n{rows}");
    let (begin, end) = ("<!-- the rules -->\n", "<!-- end of the rules -->");
    let doc = fs::read_to_string(DOC).unwrap();
    let (before, rest) = doc.split_once(begin).unwrap();
    let (there, after) = rest.split_once(end).unwrap();
    if std::env::var_os("BLESS").is_some() {
        fs::write(DOC, format!("{before}{begin}{table}{end}{after}")).unwrap();
    } else {
        assert!(there == table, "{DOC} has another table than\n{table}");
    }
}
