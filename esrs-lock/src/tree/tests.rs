use super::*;

#[test]
fn what_is_no_outline_is_refused_by_its_line() {
    let line = |line: &str| Err(OutlineError::Line { line: line.to_owned() });
    let stray = |line: &str| Err(OutlineError::Stray { line: line.to_owned() });
    assert_eq!(Tree::parse::<&str>(&[]), Err(OutlineError::Empty));
    for wrong in ["", "[u8", "[u8; ]", "map<u8>", "closed u8", "u8 u8", "opaque ", "enum(tag )"] {
        assert_eq!(Tree::parse(&[wrong]), line(wrong), "{wrong:?}");
    }
    let deep = format!("{}u8{}", "[".repeat(9_999), "]".repeat(9_999));
    assert_eq!(Tree::parse(&[&deep]), line(&deep));
    let null = format!("u8{}", "?".repeat(9_999));
    assert_eq!(Tree::parse(&[&null]), line(&null));
    assert_eq!(Tree::parse(&["struct", "cents: u8"]), line("cents: u8"));
    assert_eq!(Tree::parse(&["struct", ".cents: "]), line(".cents: "));
    assert_eq!(Tree::parse(&["struct", ".\"a: u8"]), line(".\"a: u8"));
    assert_eq!(Tree::parse(&["tuple", ".1: u8"]), line(".1: u8"));
    assert_eq!(Tree::parse(&["struct", ".a: u8", ".a.b: u8"]), stray(".a.b: u8"));
    assert_eq!(Tree::parse(&["struct", "|A"]), stray("|A"));
}

#[test]
fn the_order_of_lines_is_of_no_matter_to_what_they_are_parts_of() {
    let merged = Tree::parse(&["struct", ".a.b: u8", ".c: [struct]", ".a: struct", ".c[].d: u8"]);
    let written = ["struct", ".c: [struct]", ".c[].d: u8", ".a: struct", ".a.b: u8"];
    assert_eq!(merged, Tree::parse(&written));
}
