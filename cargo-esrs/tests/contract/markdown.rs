//! The page for people names every field by its way into the payload.

use std::collections::BTreeMap;

use esrs::Schema;
use serde::{Deserialize, Serialize};

use crate::support::{Package, printed};

#[derive(Schema, Serialize, Deserialize)]
struct Everything {
    list: Vec<Part>,
    map: BTreeMap<u8, Part>,
    pair: (u8, Option<Part>),
    #[serde(rename = "in|side")]
    external: External,
    adjacent: Adjacent,
    internal: Internal,
    #[serde(flatten)]
    #[schema(opaque = "extra@2")]
    extra: BTreeMap<String, u8>,
}

#[derive(Schema, Serialize, Deserialize)]
struct Part {
    a: char,
}

#[derive(Schema, Serialize, Deserialize)]
enum External {
    Unit,
    Newtype(Part),
    Pair(u8, bool),
    Fields {},
}

#[derive(Schema, Serialize, Deserialize)]
#[serde(tag = "t", content = "c")]
enum Adjacent {
    Unit,
    Newtype([f32; 2]),
}

#[derive(Schema, Serialize, Deserialize)]
#[serde(tag = "k", deny_unknown_fields)]
enum Internal {
    Newtype(Part),
    #[serde(other, alias = "old")]
    Other,
}

/// The lines of the tables on the page of an event.
fn table(package: &Package) -> Vec<String> {
    let page = printed(package.folder(), &["--format", "markdown"]);
    page.lines().filter(|line| line.starts_with("| `")).map(str::to_owned).collect()
}

#[test]
fn every_part_of_a_shape_has_a_row() {
    let package = Package::new("page");
    package.lock::<Everything>("seen");
    assert_eq!(
        table(&package),
        [
            "| `list` | list of object |  |",
            "| `list[].a` | one character |  |",
            "| `map` | map of `u8` to object |  |",
            "| `map.*.a` | one character |  |",
            "| `pair` | array of 2 places |  |",
            "| `pair[0]` | `u8` |  |",
            "| `pair[1]` | object or null |  |",
            "| `pair[1].a` | one character |  |",
            r#"| `"in\|side"` | one of `"Unit"`, `{"Newtype": …}`, `{"Pair": …}`, `{"Fields": …}` |  |"#,
            r#"| `"in\|side".Newtype` | object | by variant |"#,
            r#"| `"in\|side".Newtype.a` | one character |  |"#,
            r#"| `"in\|side".Pair` | array of 2 places | by variant |"#,
            r#"| `"in\|side".Pair[0]` | `u8` |  |"#,
            r#"| `"in\|side".Pair[1]` | true or false |  |"#,
            r#"| `"in\|side".Fields` | object | by variant |"#,
            "| `adjacent` | object, told by `t` and with what it holds in `c`: `Unit`, `Newtype` |  |",
            "| `adjacent(t = Newtype).c` | list of 2 times `f32` | by variant |",
            "| `internal` | object, told by `k`: `Newtype`, `Other` (also read as `old`) (and any other \
             name), without other fields |  |",
            "| `internal(k = Newtype).a` | one character |  |",
            "| `…` | the other fields: `extra@2`, which only its owner knows | yes |",
        ]
    );
}

#[test]
fn a_version_says_what_changed_since_the_one_before() {
    let package = Package::new("page");
    let outline = |lines: &[&str]| lines.iter().map(|line| (*line).to_owned()).collect();
    let first =
        outline(&["struct", ".a: u8", ".b?: string", ".c: struct", ".c.d: u8", ".same: u8"]);
    let second = outline(&["struct", ".a: u16", ".b: string", ".e?: u8", ".same: u8"]);
    package.lock_outlines("moved", &[(1, first), (2, second)]);
    assert_eq!(
        table(&package)[..4],
        [
            "| `a` | `u16` |  | was `u8` |",
            "| `b` | text |  | could be absent |",
            "| `e` | `u8` | yes | new |",
            "| `same` | `u8` |  |  |",
        ]
    );
    let page = printed(package.folder(), &["--format", "markdown"]);
    assert!(page.contains("\nGone: `c`.\n"), "what was within it went with it: {page}");
}
