//! Locked payloads are read by a test that no one has to write, wherever the event stands: by `cargo test` of
//! a package that is locked, and then changed where the compiler does not see it.

use crate::support::{Package, text};

/// The output of `cargo test` for a target.
struct Tested {
    passed: Vec<String>,
    failed: Vec<String>,
    text: String,
}

fn test(package: &Package, target: &[&str]) -> Tested {
    let text =
        text(&package.cargo(&[&["test", "--quiet"], target, &["--", "--format=pretty"]].concat()));
    let ended = |with: &str| {
        let ended = |line: &str| {
            let name = line.strip_prefix("test ")?.strip_suffix(with)?;
            Some(
                name.trim_end_matches("::reads_every_locked_payload")
                    .replace("esrs_schema_of_", ""),
            )
        };
        let mut names: Vec<_> = text.lines().filter_map(ended).collect();
        names.sort_unstable();
        names
    };
    Tested { passed: ended(" ... ok"), failed: ended(" ... FAILED"), text }
}

impl Tested {
    /// Fails unless these pass, next to the one that each target has.
    #[track_caller]
    fn passes(&self, names: &[&str]) {
        let mut expected = strings(&[names, &[GOLDEN]].concat());
        expected.sort_unstable();
        assert_eq!((&self.passed, self.failed.len()), (&expected, 0), "{}", self.text);
    }

    /// Fails unless these fail, and all of this is said.
    #[track_caller]
    fn fails(&self, names: &[&str], said: &[&str]) {
        assert_eq!(self.failed, strings(names), "{}", self.text);
        for said in said {
            assert!(self.text.contains(said), "{said:?} is not said:\n{}", self.text);
        }
    }
}

fn strings(names: &[&str]) -> Vec<String> {
    names.iter().map(|&name| name.to_owned()).collect()
}

/// The package; `Divided` says what it never held.
fn locked(name: &str) -> Package {
    let package = Package::locked("samples", name);
    package.write("schema/golden/divided/v1.narrow.txt", "# It was never divided by none.\n.by\n");
    package.write("schema/golden/divided/v1.once.json", "{\"by\": 3, \"text\": \"a\"}\n");
    package
}

const LIB: &str = "src/lib.rs";

/// The test that each golden payload is read.
const GOLDEN: &str = "esrs_golden_payloads::are_of_what_is_locked";

/// Those whose payloads hold a `Text`, wherever they stand; not those of functions.
const OF_TEXT: &[&str] =
    &["Divided", "Noted", "OfAMacro", "Written", "taken::nested::Hidden", "taken::type"];

/// The end of the output of `lock --check`.
const MENDED: &str =
    "run `cargo esrs lock` for what is not locked; the rest has to be mended by hand\n";

/// One that merges others, and those.
const OF_CENTS: &[&str] =
    &["CouponUsed", "GiftGiven", "GiftGivenV1", "MoneyMoved", "MoneyReceived"];

#[test]
fn every_locked_payload_is_read_wherever_the_event_stands() {
    let package = locked("samples-anywhere");
    let all = OF_CENTS
        .iter()
        .chain(&["Counted", "CountedV1", "Numbered", "Paid", "PaidV1", "Remarked"])
        .chain(OF_TEXT);
    let mut all: Vec<_> = all.copied().collect();
    all.sort_unstable();
    test(&package, &["--lib"]).passes(&all);

    package.replace(LIB, "text.len() > 1_000_000", "text.starts_with(' ')");
    let picky = test(&package, &["--lib"]);
    picky.fails(
        OF_TEXT,
        &[
            "version 1 of \"written\" may be stored as this payload, by schema/events/written.lock, and \
             it does not come through:\n    {\"text\":\" \"}\ntoo long at line 1 column 12\n",
            "either: let it be read: look at a `Deserialize` of your own",
            "write the path of the part as the lock does, such as `.text`, into \
             schema/golden/written/v1.narrow.txt",
        ],
    );

    // An event that has another name now reads what is locked under its old one.
    package.replace(LIB, "text.starts_with(' ')", "false");
    package.replace(
        "src/lib.rs",
        "#[event(\"noted\")]\npub struct Noted",
        "#[event(\"gone\")]\npub struct Noted",
    );
    assert!(package.esrs(&["lock"]).status.success());
    package.write("schema/golden/noted/v1.bad.json", "{\"note\": \"a\"}");
    test(&package, &["--lib"]).fails(
        &["Written"],
        &["the golden payload schema/golden/noted/v1.bad.json, of version 1 of \"noted\", cannot be read \
           any more: missing field `text` at line 1 column 13\nwhat is stored has to be read for ever"],
    );
}

#[test]
fn a_type_that_takes_less_than_its_shape_says_has_to_be_told_of() {
    let package = locked("samples-narrow");
    let narrow = "schema/golden/divided/v1.narrow.txt";
    package.write(narrow, "");
    test(&package, &["--lib"]).fails(
        &["Divided"],
        &["\"by\":0", "out of range integral type", "schema/golden/divided/v1.narrow.txt"],
    );
    package.write(narrow, ".by\n.buy\n");
    test(&package, &["--lib"]).fails(
        &["Divided"],
        &["v1.narrow.txt names \".buy\", and the lock schema/events/divided.lock has no such part in \
           version 1"],
    );
}

#[test]
fn what_only_its_owner_knows_is_read_as_golden_payloads_have_it() {
    let package = locked("samples-opaque");
    let place = ["--bin", "place"];
    test(&package, &place).fails(
        &["Visited"],
        &["version 1 of \"visited\" has a part that cannot be made up, `.at` (opaque point@1), so \
           nothing tells whether it can still be read: put a payload that was stored, or may be, into \
           schema/bin/place/golden/visited/v1.any_name.json"],
    );
    // No build sees that it came.
    package.write(
        "schema/bin/place/golden/visited/v1.home.json",
        "{\"at\": [1, 2], \"times\": 3, \"by\": \"car\"}",
    );
    test(&package, &place).passes(&["Visited"]);
    package.write(
        "schema/bin/place/golden/visited/v1.far.json",
        "{\"at\": [1, 1000], \"times\": 3, \"by\": \"car\"}",
    );
    test(&package, &place).fails(
        &["Visited"],
        &[
            "the golden payload schema/bin/place/golden/visited/v1.far.json",
            "invalid value: integer `1000`",
        ],
    );
    package.write(
        "schema/bin/place/golden/visited/v1.far.json",
        "{\"at\": [1, 100], \"times\": 3, \"by\": \"car\"}",
    );
}

#[test]
fn an_option_that_was_not_written_has_to_be_read() {
    let package = locked("samples-absent");
    // Serde's derive wants it to be there, which that of the shape knows.
    let derived = "    pub remark: Remark,\n}\n\n/// Perhaps.\n#[derive(Schema, Serialize, Deserialize)]\n\
                   pub struct Remark(Option<u8>);\n";
    package.replace(
        LIB,
        "    #[serde(skip_serializing_if = \"Option::is_none\")]\n    pub remark: Option<u8>,\n}\n",
        derived,
    );
    let said = package.check(&[]).unwrap();
    assert!(said.contains("a field must be there now, and stored payloads may lack it"), "{said}");
    assert!(said.contains("u8, may be null, must be there"), "{said}");
    // A shape that is written by hand may say what is not so.
    let by_hand = derived.replace("Schema, ", "")
        + "\nimpl Schema for Remark {\n    const SHAPE: &'static esrs::schema::Shape = Option::<u8>::SHAPE;\n    \
           const FINGERPRINT: esrs::schema::Fingerprint = Option::<u8>::FINGERPRINT;\n    \
           const READ_IF_ABSENT: bool = true;\n}\n";
    package.replace(LIB, derived, &by_hand);
    test(&package, &["--lib"]).fails(
        &["Remarked"],
        &[
            "version 1 of \"remarked\" may be stored as this payload, by schema/events/remarked.lock, and \
             it does not come through:\n    {}\nmissing field `remark`",
        ],
    );
    package.write("schema/golden/remarked/v1.narrow.txt", ".remark\n");
    package.write("schema/golden/remarked/v1.none.json", "{\"remark\": null}");
    assert!(test(&package, &["--lib"]).failed.is_empty(), "it is said never to have been left out");
}

#[test]
fn a_golden_payload_that_is_written_as_something_else_is_refused() {
    let package = locked("samples-altered");
    package.write("schema/golden/numbered/v1.right.json", "{\"numbers\": [1, 2]}");
    assert!(test(&package, &["--lib"]).failed.is_empty());
    package.write("schema/golden/numbered/v1.twice.json", "{\"numbers\": [1, 1, 2]}");
    test(&package, &["--lib"]).fails(
        &["Numbered"],
        &["the golden payload schema/golden/numbered/v1.twice.json, of version 1 of \"numbered\", cannot \
           be read any more: it is read, and that is written as something else:\n    {\"numbers\":[1,2]}"],
    );
}

#[test]
fn a_golden_payload_that_no_test_reads_is_named_by_one_and_by_the_check() {
    let package = locked("samples-strays");
    let golden = |file: &str| format!("schema/golden/{file}");
    let checked = || {
        let check = package.esrs(&["lock", "--check"]);
        (check.status.success(), text(&check))
    };
    for file in ["README.md", "paid/.gitkeep", "paid/v2.json", "%54yped/README.md"] {
        package.write(&golden(file), "{\"cents\": 1}");
    }
    let typed = "schema/golden/%54yped is of no event that is locked, since there is no \
                 schema/events/%54yped.lock: payloads are stored in a folder that is called as the lock of \
                 their event; name it so, or remove it";
    test(&package, &["--lib"]).fails(&[GOLDEN], &[typed]);
    assert_eq!(checked(), (false, format!("samples-strays (lib)\n    {typed}\n{MENDED}")));

    std::fs::remove_dir_all(package.root.join(golden("%54yped"))).unwrap();
    assert_eq!(checked(), (true, "everything is locked\n".to_owned()));
    for file in ["v1.json", "divided/v1.twice.txt", "paid/v3.soon.json", "paid/v9.narrow.txt"] {
        package.write(&golden(file), "{}");
    }
    package.write("schema/bin/place/golden/visited/v2.soon.json", "{}");
    let strays = [
        "schema/golden/divided/v1.twice.txt is not named like a golden payload: name it `v1.any_name.json`, \
         by its version",
        "schema/golden/paid/v3.soon.json is of version 3, which schema/events/paid.lock does not have: \
         correct the number in its name, or remove it",
        "schema/golden/paid/v9.narrow.txt is of version 9, which schema/events/paid.lock does not have",
        "schema/golden/v1.json is of no event that is locked, since there is no schema/events/v1.json.lock",
    ];
    test(&package, &["--lib"]).fails(&[GOLDEN], &strays);
    let (is_fine, said) = checked();
    for stray in strays {
        assert!(!is_fine && said.contains(stray), "{stray:?} is not in:\n{said}");
    }
    let soon = "schema/bin/place/golden/visited/v2.soon.json is of version 2";
    assert!(said.contains(soon), "{said}");
    test(&package, &["--bin", "place"]).fails(&["Visited", GOLDEN], &[soon]);

    // What keeps locks in order tells of it too, and locks what is new.
    package.replace(LIB, "event!(OfAMacro, \"of_a_macro\");", "event!(OfAMacro, \"macro\");");
    package.write(&golden("macro/v1.json"), "{}");
    let lock = package.esrs(&["lock"]);
    let said = text(&lock);
    assert!(lock.status.success() && !said.contains("golden/macro"), "{said}");
    assert!(said.contains("note: schema/golden/v1.json is of no event"), "{said}");
}

#[test]
fn a_step_may_refuse_what_was_made_up_and_not_what_is_golden() {
    let package = locked("samples-steps");
    package.write("schema/golden/counted/v1.few.json", "{\"many\": -1}");
    test(&package, &["--lib"]).fails(
        &["Counted"],
        &[
            "schema/golden/counted/v1.few.json",
            "the payload could not be converted from version 1 to 2: fewer than none",
        ],
    );
    let step = "old.many.try_into().map(|many| Self { many }).map_err(|_| \"fewer than none\")";
    package.replace(
        LIB,
        step,
        "if old.many == 77 { Ok(Self { many: 77 }) } else { Err(\"not 77\") }",
    );
    package.write("schema/golden/counted/v1.few.json", "{\"many\": 77}");
    let tested = test(&package, &["--lib"]);
    assert!(tested.failed.is_empty(), "{}", tested.text);
    std::fs::remove_file(package.root.join("schema/golden/counted/v1.few.json")).unwrap();
    test(&package, &["--lib"]).fails(
        &["Counted"],
        &[
            "a step refused each of 64 payloads of version 1 of \"counted\" that were made up",
            "not 77",
        ],
    );
}

#[test]
fn a_step_that_panics_or_a_payload_that_is_written_as_another_is_said() {
    let package = locked("samples-panic");
    package.replace(LIB, "old.euros.saturating_mul(100)", "old.euros * 100");
    package.replace(LIB, "        text.0\n", "        format!(\"{} \", text.0)\n");
    test(&package, &["--lib"]).fails(
        &[
            "Divided",
            "Noted",
            "OfAMacro",
            "Paid",
            "Written",
            "taken::nested::Hidden",
            "taken::type",
        ],
        &[
            "the code that reads it panicked: attempt to multiply with overflow",
            "a step that cannot take each old payload says so by `TryUpcast`",
            "it is read and written again, and that is read as something else:",
            "let `Serialize` and `Deserialize` be two ways of the same",
        ],
    );
}

#[test]
fn what_became_another_event_is_read_through_its_own_versions_and_then_the_step() {
    let package = locked("samples-merged");
    package.replace(LIB, "old.cents.wrapping_neg()", "-old.cents");
    test(&package, &["--lib"]).fails(
        &["MoneyMoved"],
        &[
            "version 1 of \"money_received\" (which \"money_moved\" merges) may be stored as this payload, \
             by schema/events/money_received.lock, and it does not come through:\n    \
             {\"cents\":-9223372036854775808}\nthe code that reads it panicked: attempt to negate with overflow",
            "write the path of the part as the lock does, such as `.cents`, into \
             schema/golden/money_received/v1.narrow.txt",
        ],
    );

    // Through two steps: of the version that was stored, and of the event that it became first.
    package.replace(LIB, "-old.cents", "old.cents.wrapping_neg()");
    package.replace(LIB, "old.cents.wrapping_abs()", "old.cents.abs()");
    test(&package, &["--lib"]).fails(
        &["MoneyMoved", "MoneyReceived"],
        &[
            "version 1 of \"gift_given\" (which \"money_moved\" merges)",
            "version 1 of \"gift_given\" (which \"money_received\" merges)",
            "attempt to negate with overflow",
        ],
    );

    // A step may refuse some of what was made up, and not all, nor what is golden.
    package.replace(LIB, "old.cents.abs()", "old.cents.wrapping_abs()");
    package.write("schema/golden/coupon_used/v1.free.json", "{\"cents\": 0}");
    package.write("schema/golden/gift_given/v1.nothing.json", "{\"euros\": 0}");
    package.replace(LIB, "if old.cents < 0", "if old.cents <= 0");
    test(&package, &["--lib"]).fails(
        &["MoneyMoved"],
        &[
            "the golden payload schema/golden/coupon_used/v1.free.json, of version 1 of \"coupon_used\" \
             (which \"money_moved\" merges), cannot be read any more: the `coupon_used` could not be converted \
             to a `money_moved`: below nothing",
        ],
    );
    std::fs::remove_file(package.root.join("schema/golden/coupon_used/v1.free.json")).unwrap();
    package.replace(LIB, "if old.cents <= 0", "if old.cents <= i64::MAX");
    test(&package, &["--lib"]).fails(
        &["MoneyMoved"],
        &["a step refused each of 64 payloads of version 1 of \"coupon_used\" (which \"money_moved\" merges)"],
    );
}

#[test]
fn what_another_crate_stored_is_read_by_the_event_that_it_became_here() {
    let theirs = locked("samples-theirs");
    let package = Package::empty("samples-ours");
    let manifest = theirs.read("Cargo.toml").replace("samples-theirs", "samples-ours");
    let on_theirs = format!("[dependencies]\nsamples-theirs = {{ path = {:?} }}", theirs.root);
    package.write("Cargo.toml", &manifest.replace("[dependencies]", &on_theirs));
    package.write(
        LIB,
        "esrs::schema!();\n\n\
         #[derive(esrs::Event, serde::Serialize, serde::Deserialize)]\n\
         #[event(\"settled\", merges(samples_theirs::Paid))]\n\
         pub struct Settled {\n    pub cents: i64,\n}\n\n\
         impl esrs::Upcast<samples_theirs::Paid> for Settled {\n    \
         fn upcast(old: samples_theirs::Paid) -> Self {\n        \
         Self { cents: old.cents.wrapping_neg() }\n    }\n}\n",
    );
    let lock = package.esrs(&["lock"]);
    assert!(lock.status.success(), "{}", text(&lock));
    test(&package, &["--lib"]).passes(&["Settled"]);
    package.replace(LIB, "old.cents.wrapping_neg()", "-old.cents");
    test(&package, &["--lib"]).fails(
        &["Settled"],
        &[
            "of \"paid\" (which \"settled\" merges) may be stored as this payload, by schema/events/paid.lock",
        ],
    );
}

#[test]
fn a_version_that_is_not_locked_fails_until_it_is() {
    let package = locked("samples-unlocked");
    package.replace(
        LIB,
        "event!(OfAMacro, \"of_a_macro\");",
        "event!(OfAMacro, \"of_a_macro\");\nevent!(New, \"new\");",
    );
    test(&package, &["--lib"]).fails(
        &["New::is_locked"],
        &["version 1 of \"new\" is not locked", "run `cargo esrs lock`"],
    );
    assert!(package.esrs(&["lock"]).status.success());
    assert!(test(&package, &["--lib"]).passed.contains(&"New".to_owned()));
}
