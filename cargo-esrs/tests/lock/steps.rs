//! The way that leads from a locked version to the newest is locked too: an edit of it leaves the shapes of
//! both as they are, and stored payloads would be read as other values.

use std::fs;

use crate::support::{Package, text};
use esrs_lock::file::hash_of;

const LIB: &str = "src/lib.rs";
const SENT: &str = "schema/events/parcel_sent.lock";

/// A package, locked.
fn locked(name: &str) -> Package {
    let package = Package::copy("steps", name);
    let locked = package.esrs(&["lock"]);
    assert!(locked.status.success(), "{}", text(&locked));
    package
}

/// The values that the program reads of payloads that older versions stored.
fn read(package: &Package) -> String {
    let run = package.cargo(&["run", "--quiet"]);
    assert!(run.status.success(), "{}", text(&run));
    String::from_utf8(run.stdout).unwrap()
}

struct Edit {
    name: &'static str,
    edits: &'static [(&'static str, &'static str)],
    /// The messages of the compiler.
    says: &'static [&'static str],
}

const SWAPPED: &[(&str, &str)] = &[
    ("from = \"sender\"", "from = \"other\""),
    ("from = \"receiver\"", "from = \"sender\""),
    ("from = \"other\"", "from = \"receiver\""),
];

const EDITS: &[Edit] = &[
    Edit {
        name: "two fields that were renamed are swapped",
        edits: SWAPPED,
        says: &[
            "version 2 of `ParcelSent` is locked, and what leads to it has changed: `from`",
            "locked is:   renamed(from = \"sender\", in = 2)",
            "declared is: renamed(from = \"receiver\", in = 2)",
            "cargo esrs lock --accept-steps parcel_sent",
        ],
    },
    Edit {
        name: "a field that was renamed is removed and added",
        edits: &[
            (
                "\"parcel_sent\", version = 2",
                "\"parcel_sent\", version = 2, removed(name = \"sender\", ty = String, in = 2)",
            ),
            ("renamed(from = \"sender\", in = 2)", "added(in = 2)"),
        ],
        says: &[
            "`from`",
            "locked is:   renamed(from = \"sender\", in = 2)",
            "declared is: added(in = 2)",
        ],
    },
    Edit {
        name: "the value of an added field",
        edits: &[("default = \"none\"", "default = \"nothing\"")],
        says: &["`note`", "declared is: added(in = 2, default = \"nothing\".to_owned())"],
    },
    Edit {
        name: "the value of an added field, dropped",
        edits: &[(", default = \"none\".to_owned()", "")],
        says: &["`note`", "declared is: added(in = 2)"],
    },
    Edit {
        name: "the function of a field that was retyped",
        edits: &[("with = cents", "with = tenths")],
        says: &["`price`", "locked is:   retyped(from = i32, in = 2, with = cents)"],
    },
    Edit {
        name: "a function that became a closure",
        edits: &[("with = cents", "with = |old| i64::from(old)")],
        says: &["`price`", "declared is: retyped(from = i32, in = 2, with = |old| i64::from(old))"],
    },
    Edit {
        name: "two fields of a type within are swapped",
        edits: &[
            ("from = \"x\"", "from = \"z\""),
            ("from = \"y\"", "from = \"x\""),
            ("from = \"z\"", "from = \"y\""),
        ],
        says: &["`parcels[].wide`", "declared is: renamed(from = \"y\", in = 2)"],
    },
    Edit {
        name: "two variants of a type within are swapped",
        edits: &[
            ("from = \"Kg\"", "from = \"other\""),
            ("from = \"Lb\"", "from = \"Kg\""),
            ("from = \"other\"", "from = \"Lb\""),
        ],
        says: &["`unit|Kilogram`", "declared is: renamed(from = \"Lb\", in = 2)"],
    },
    Edit {
        name: "the default of a field",
        edits: &[(
            "    #[serde(default = \"five\")]\n    pub priority",
            "    #[serde(default = \"six\")]\n    pub priority",
        )],
        says: &["`priority`", "declared is: default = \"six\""],
    },
    Edit {
        name: "the default of a field within",
        edits: &[(
            "    #[serde(default = \"five\")]\n    pub layers",
            "    #[serde(default = \"six\")]\n    pub layers",
        )],
        says: &["`parcels[].layers`", "declared is: default = \"six\""],
    },
    Edit {
        name: "a default that became that of the type",
        edits: &[(
            "    #[serde(default = \"five\")]\n    pub priority",
            "    #[serde(default)]\n    pub priority",
        )],
        says: &["`priority`", "declared is: default\n"],
    },
    Edit {
        name: "the default of an option, which became none",
        edits: &[("#[serde(default = \"some_five\")]", "#[serde(default)]")],
        says: &[
            "`parcels[].tier`",
            "locked is:   default = \"some_five\"",
            "declared is: default = None",
        ],
    },
    Edit {
        name: "the default of a field within, which became that of its struct",
        edits: &[
            (
                "#[derive(Debug, Schema, Serialize, Deserialize)]\npub struct Strap",
                "impl Default for Strap {\n    fn default() -> Self {\n        Self { seals: 9 }\n    }\n}\n\n\
                 #[derive(Debug, Schema, Serialize, Deserialize)]\n#[serde(default)]\npub struct Strap",
            ),
            ("    #[serde(default)]\n    pub seals", "    pub seals"),
        ],
        says: &["`strap.seals`", "locked is:   default\n", "declared is: default of the struct"],
    },
    Edit {
        name: "the functions of an opaque field",
        edits: &[("with = \"as_text\"", "with = \"as_hex\"")],
        says: &[
            "`number`",
            "locked is:   with = \"as_text\", of type u32",
            "declared is: with = \"as_hex\"",
        ],
    },
    Edit {
        name: "the functions of an opaque field, one by one",
        edits: &[(
            "with = \"as_text\"",
            "serialize_with = \"as_text::serialize\", deserialize_with = \"as_hex::deserialize\"",
        )],
        says: &["`number`", "deserialize_with = \"as_hex::deserialize\""],
    },
    Edit {
        name: "the type that a type within is read from",
        edits: &[
            ("from = \"u8\", into = \"u8\"", "from = \"Twice\", into = \"Twice\""),
            (
                "impl From<Grade>",
                "#[derive(Schema, Serialize, Deserialize)]\npub struct Twice(u8);\n\nimpl From<Twice> for \
                 Grade {\n    fn from(twice: Twice) -> Self {\n        Self(twice.0 / 2)\n    }\n}\n\n\
                 impl From<Grade> for Twice {\n    fn from(grade: Grade) -> Self {\n        \
                 Self(grade.0 * 2)\n    }\n}\n\nimpl From<Grade>",
            ),
        ],
        says: &["`grade`", "declared is: from = \"Twice\", into = \"Twice\""],
    },
    Edit {
        name: "an upcast by hand that became steps",
        edits: &[
            ("\"route_taken\", version = 2, from = RouteTakenV1", "\"route_taken\", version = 2"),
            ("    pub start", "    #[event(renamed(from = \"to\", in = 2))]\n    pub start"),
            ("    pub end", "    #[event(renamed(from = \"from\", in = 2))]\n    pub end"),
            (
                "#[derive(Debug, Event, Serialize, Deserialize)]\n#[event(\"route_taken\")]",
                "#[derive(Deserialize)]",
            ),
            ("impl Upcast<RouteTakenV1> for RouteTaken {\n    fn", "impl RouteTaken {\n    pub fn"),
        ],
        says: &[
            "version 2 of `RouteTaken` is locked, and what leads to it has changed: `(the payload)`",
            "upcast by hand",
        ],
    },
];

#[test]
fn an_edit_of_what_is_locked_is_refused_though_it_reads_every_payload() {
    let package = locked("steps");
    let (source, before) = (package.read(LIB), read(&package));
    let mut wrong = Vec::new();
    for Edit { name, edits, says } in EDITS {
        edits.iter().for_each(|(from, to)| package.replace(LIB, from, to));
        match package.check(&[]) {
            None => wrong.push(format!("{name}: it compiles")),
            Some(said) => {
                let lacking = says.iter().filter(|words| !said.contains(*words));
                wrong.extend(lacking.map(|words| format!("{name}: {words:?} is not in\n{said}")));
                let count = said.matches("error[E0080]").count();
                if count > says.len() {
                    wrong.push(format!("{name}: it is said {count} times:\n{said}"));
                }
            }
        }
        for arguments in [&["lock"][..], &["lock", "--check"]] {
            let said = package.esrs(arguments);
            if said.status.success() || !text(&said).contains("what leads to it has changed") {
                wrong.push(format!("{name}: {arguments:?} says {}", text(&said)));
            }
        }
        // Without its locks it compiles, and reads something else.
        fs::rename(package.root.join("schema"), package.root.join("aside")).unwrap();
        let all = package.read(LIB);
        package.write(LIB, &all.replace("esrs::schema!();\n", ""));
        if read(&package) == before && !name.starts_with("a function that became") {
            wrong.push(format!("{name}: it reads the same\n{before}"));
        }
        fs::rename(package.root.join("aside"), package.root.join("schema")).unwrap();
        package.write(LIB, &source);
    }
    assert_eq!(package.check(&[]), None);
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn steps_are_accepted_by_name_and_what_was_locked_stays() {
    let package = locked("accepted_steps");
    let lock = package.read(SENT);
    assert!(lock.contains("steps\n    .from: renamed(from = \"sender\", in = 2)\n"), "{lock}");
    package.replace(LIB, "with = cents", "with = |old| cents(old)");
    assert!(!package.esrs(&["lock"]).status.success());
    assert_eq!(package.read(SENT), lock);
    let other = package.esrs(&["lock", "--accept-steps", "route_taken"]);
    assert!(!other.status.success(), "{}", text(&other));
    let nothing = package.esrs(&["lock", "--accept-steps", "parcel"]);
    assert!(!nothing.status.success() && text(&nothing).contains("no event is locked under"));
    let accepted = package.esrs(&["lock", "--accept-steps", "parcel_sent"]);
    assert!(accepted.status.success(), "{}", text(&accepted));
    assert!(package.read(SENT).starts_with(lock.trim_end()), "it was only added to");
    assert_eq!(package.check(&[]), None);
    let check = package.esrs(&["lock", "--check"]);
    assert_eq!(text(&check), "everything is locked\n");
    let test = package.cargo(&["test", "--quiet", "--lib"]);
    assert!(test.status.success() || text(&test).contains("number@1"), "{}", text(&test));
}

#[test]
fn what_is_written_otherwise_and_means_the_same_is_no_change() {
    let package = locked("same_steps");
    for (from, to) in [
        (
            "renamed(from = \"sender\", in = 2)",
            "renamed(\n        in = 2,\n        from = \"sender\",\n    )",
        ),
        ("default = \"none\".to_owned()", "default = \"none\" . to_owned( )"),
        ("    #[event(renamed(from = \"receiver\", in = 2))]\n    pub to: String,\n", ""),
        (
            "    pub grade: Grade,\n",
            "    pub grade: Grade,\n    /// To whom.\n    #[event(renamed(from = \"receiver\", in = 2))]\n    pub to: String,\n",
        ),
    ] {
        package.replace(LIB, from, to);
    }
    assert_eq!(package.check(&[]), None);
    assert_eq!(text(&package.esrs(&["lock", "--check"])), "everything is locked\n");
}

#[test]
fn later_versions_carry_on_from_locked_steps() {
    let package = locked("later_steps");
    for (from, to) in [
        (
            "\"parcel_sent\", version = 2",
            "\"parcel_sent\", version = 3, removed(name = \"note\", ty = String, since = 2, in = 3)",
        ),
        ("    #[event(added(in = 2, default = \"none\".to_owned()))]\n    pub note: String,\n", ""),
        (
            "in = 2))]\n    pub to: String",
            "in = 2), renamed(from = \"to\", in = 3))]\n    pub receiver: String",
        ),
    ] {
        package.replace(LIB, from, to);
    }
    let main = package.read("src/main.rs");
    assert_eq!(package.check(&[]), None);
    // An edit under the version that is locked is refused also while the newest is not.
    package.replace(LIB, "with = cents", "with = tenths");
    let said = package.check(&[]).unwrap();
    assert!(said.contains("version 2 of `ParcelSent` is locked, and what leads to it"), "{said}");
    package.replace(LIB, "with = tenths", "with = cents");
    assert!(package.esrs(&["lock"]).status.success());
    assert_eq!(package.check(&[]), None);
    assert_eq!(text(&package.esrs(&["lock", "--check"])), "everything is locked\n");
    package.replace(LIB, "with = cents", "with = tenths");
    let said = package.check(&[]).unwrap();
    assert_eq!(said.matches("what leads to it has changed").count(), 1, "{said}");
    assert_eq!(package.read("src/main.rs"), main);
}

#[test]
fn a_lock_of_before_is_taken_as_it_is_until_it_is_locked_again() {
    let package = locked("locked_before");
    // As an esrs without steps has written it.
    let lock = package.read(SENT);
    let (mut old, mut is_in_steps) = (String::new(), false);
    for line in lock.lines() {
        is_in_steps = line == "steps" || (is_in_steps && line.starts_with("    "));
        if !is_in_steps {
            old += &format!("{line}\n");
        }
    }
    package.write(SENT, &old);
    let (now, then) = (format!("{:016x}", hash_of(&lock)), format!("{:016x}", hash_of(&old)));
    package.replace("schema/index.lock", &now, &then);
    assert_eq!(package.check(&[]), None);
    let check = package.esrs(&["lock", "--check"]);
    assert!(check.status.success(), "{}", text(&check));
    assert!(
        text(&check).contains("note: `cargo esrs lock` adds what leads to parcel_sent version 2")
    );
    package.git(&["init", "--quiet", "--initial-branch=main"]);
    package.git(&["add", "."]);
    package.git(&["commit", "--quiet", "--message", "locked"]);
    let locked = package.esrs(&["lock"]);
    assert!(locked.status.success(), "{}", text(&locked));
    assert_eq!(package.read(SENT), lock, "it gains them where it is");
    let against = package.esrs(&["lock", "--against", "main"]);
    assert!(against.status.success(), "{}", text(&against));
    assert_eq!(package.check(&[]), None);
}
