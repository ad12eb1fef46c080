//! A lock stays with its event: when a target, an event or a crate is renamed, moved or merged, and when the
//! event changes at the same time.

use std::fs;

use crate::support::{Package, text, workspace};

const LIB: &str = "src/lib.rs";

fn manifest(name: &str, more: &str) -> String {
    format!(
        "[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[dependencies]\n\
         esrs = {{ path = {:?}, default-features = false }}\nserde = {{ version = \"1\", features = \
         [\"derive\"] }}\n{more}\n",
        workspace()
    )
}

/// A source file with an event of this name, in these fields.
fn source(event: &str, fields: &str) -> String {
    format!(
        "esrs::schema!();\n\nuse esrs::prelude::*;\n\n#[derive(Event, Serialize, Deserialize)]\n\
         #[event({event})]\npub struct Opened {{\n    {fields}\n}}\n"
    )
}

const MAIN: &str = "\nfn main() {\n    println!(\"{}\", Opened::NAME);\n}\n";

const ACCOUNT: &str = "\n#[derive(Aggregate, Default)]\n#[aggregate(\"account\", id = u64, events(Opened))]\n\
                       pub struct Account;\n\nimpl Apply<Opened> for Account {\n    fn apply(&mut self, _: Opened) {}\n}\n";

/// A package with these files; `{name}` is its name.
fn package(name: &str, more: &str, files: &[(&str, &str)]) -> Package {
    let package = Package::empty(name);
    package.write("Cargo.toml", &manifest(name, more));
    for (file, content) in files {
        package.write(file, &content.replace("{name}", name));
    }
    package
}

#[track_caller]
fn passes(package: &Package, arguments: &[&str]) -> String {
    let output = package.esrs(arguments);
    assert!(output.status.success(), "{}", text(&output));
    text(&output)
}

#[track_caller]
fn fails(package: &Package, arguments: &[&str], words: &[&str]) {
    let output = package.esrs(arguments);
    let said = text(&output);
    assert!(!output.status.success(), "{arguments:?} passes: {said}");
    for words in words {
        assert!(said.contains(words), "{words:?} is not in\n{said}");
    }
}

#[track_caller]
fn refused(package: &Package, words: &[&str]) {
    let said = package.check(&["--all-targets"]).expect("it compiles");
    for words in words {
        assert!(said.contains(words), "{words:?} is not in\n{said}");
    }
}

fn commit(package: &Package) {
    package.git(&["init", "--quiet", "--initial-branch=main"]);
    package.git(&["add", "."]);
    package.git(&["commit", "--quiet", "--message", "locked"]);
}

fn rename(package: &Package, from: &str, to: &str) {
    let to = package.root.join(to);
    fs::create_dir_all(to.parent().unwrap()).unwrap();
    fs::rename(package.root.join(from), to).unwrap();
}

#[test]
fn a_binary_that_is_renamed_takes_its_locks_along() {
    let old = source("\"opened\"", "pub owner: String,") + MAIN;
    let package = package("renamed_binary", "[workspace]", &[("src/bin/old.rs", &old)]);
    passes(&package, &["lock"]);
    commit(&package);
    rename(&package, "src/bin/old.rs", "src/bin/new.rs");
    package.replace("src/bin/new.rs", "owner: String", "owner: u64");
    refused(&package, &["`schema/bin/old`", "move its locks"]);
    // Also where its first line is gone, so that nothing asks for locks.
    package.replace("src/bin/new.rs", "esrs::schema!();\n", "");
    for arguments in [&["lock"][..], &["lock", "--check"], &["lock", "--against", "main"]] {
        fails(
            &package,
            arguments,
            &["`schema/bin/old` has locks, and no target", "`schema/bin/new`"],
        );
    }
    assert!(!package.root.join("schema/bin/new").exists(), "it was locked as if it were new");
    // Deleted, it is seen by the commit that had it.
    rename(&package, "schema/bin/old", "aside");
    fails(
        &package,
        &["lock", "--against", "main"],
        &["schema/bin/old/events/opened.lock: it is gone"],
    );
    rename(&package, "aside", "schema/bin/new");
    package
        .write("src/bin/new.rs", &format!("esrs::schema!();\n{}", package.read("src/bin/new.rs")));
    refused(&package, &["version 1 of `Opened` is locked, and its shape has changed: `owner`"]);
    package.replace("src/bin/new.rs", "owner: u64", "owner: String");
    assert_eq!(package.check(&[]), None);
    passes(&package, &["lock", "--check"]);
    let said = passes(&package, &["lock", "--against", "main"]);
    assert!(
        said.contains("all of 1 locks of main") && said.contains("1 of them are of another"),
        "{said}"
    );
}

#[test]
fn a_library_that_becomes_a_binary_takes_its_locks_along() {
    let lib = source("\"opened\"", "pub owner: String,");
    let package = package("became_binary", "[workspace]", &[(LIB, &lib)]);
    passes(&package, &["lock"]);
    commit(&package);
    rename(&package, LIB, "src/main.rs");
    package.replace("src/main.rs", "owner: String", "owner: u64");
    package.write("src/main.rs", &(package.read("src/main.rs") + MAIN));
    refused(&package, &["the package has some in `schema`"]);
    for arguments in [&["lock"][..], &["lock", "--check"], &["lock", "--against", "main"]] {
        fails(&package, arguments, &["`schema` has locks, and no target"]);
    }
    for part in ["events", "index.lock"] {
        rename(&package, &format!("schema/{part}"), &format!("schema/bin/became_binary/{part}"));
    }
    refused(&package, &["version 1 of `Opened` is locked, and its shape has changed: `owner`"]);
    package.replace("src/main.rs", "owner: u64", "owner: String");
    passes(&package, &["lock", "--check"]);
    passes(&package, &["lock", "--against", "main"]);
}

#[test]
fn a_package_that_is_gone_is_seen_by_the_commit_that_had_it() {
    let lib = source("\"opened\"", "pub owner: String,");
    let other = manifest("gone_shop", "");
    let package = package(
        "gone",
        "[workspace]\nmembers = [\"shop\"]",
        &[(LIB, &lib), ("shop/Cargo.toml", &other), ("shop/src/lib.rs", &lib)],
    );
    passes(&package, &["lock", "--workspace"]);
    commit(&package);
    passes(&package, &["lock", "--against", "main", "--workspace"]);
    fs::remove_dir_all(package.root.join("shop")).unwrap();
    package.replace("Cargo.toml", "members = [\"shop\"]", "");
    let gone = "shop/schema/events/opened.lock: it is gone, and no target has it";
    package.write(LIB, &package.read(LIB).replace("opened", "started"));
    fails(&package, &["lock", "--against", "main"], &[gone]);
}

#[test]
fn nothing_locked_at_a_commit_is_said_as_that() {
    let lib = source("\"opened\"", "pub owner: String,");
    let package = package("nothing_then", "[workspace]", &[(LIB, &lib)]);
    commit(&package);
    passes(&package, &["lock"]);
    assert_eq!(passes(&package, &["lock", "--against", "main"]), "nothing was locked at main\n");
}

/// An event at version 2, which had `cents`.
fn second(name: &str) -> (String, &'static str) {
    (
        format!("{name}, version = 2"),
        "#[event(renamed(from = \"cents\", in = 2))]\n    pub amount: i64,",
    )
}

#[test]
fn an_event_that_is_renamed_decodes_each_version_that_is_locked_under_its_old_name() {
    let (event, fields) = second("\"opened\"");
    let lib = source(&event, fields) + ACCOUNT;
    let package = package("renamed_event", "[workspace]", &[(LIB, &lib)]);
    passes(&package, &["lock"]);
    let versioned = "\"opened\", version = 2";
    let alias = "\"account_opened\", aliases(\"opened\")";
    // In the shape of version 1.
    let first = lib.replace(versioned, alias).replace(fields, "pub cents: i64,");
    package.write(LIB, &first);
    refused(&package, &["is version 1 of \"account_opened\", and version 2 is locked"]);
    // No aggregate lists it.
    package.write(LIB, &first.replace(ACCOUNT, ""));
    fails(
        &package,
        &["lock", "--check"],
        &["opened version 2 is locked, and account_opened, which was stored as that before"],
    );
    // In the shape of version 2, as version 1.
    package.write(LIB, &lib.replace(versioned, alias).replace(fields, "pub amount: i64,"));
    refused(&package, &["version 1 of \"opened\" is locked, which `Opened` was stored as before"]);
    // In a shape of its own.
    let changed = lib.replace("\"opened\", ", &format!("{alias}, "));
    package.write(LIB, &changed.replace("amount: i64", "amount: String"));
    refused(&package, &["version 1 of \"opened\" is locked", "`cents`"]);
    // With a version that begins behind it.
    let behind = fields.replace("in = 2", "in = 3");
    let third = changed.replace("version = 2", "version = 3").replace(fields, &behind);
    package.write(LIB, &third);
    assert!(package.check(&[]).is_some(), "a version lacks what led to it");
    // As it was.
    package.write(LIB, &changed);
    assert_eq!(package.check(&[]), None);
    passes(&package, &["lock"]);
    passes(&package, &["lock", "--check"]);
    let test = package.cargo(&["test", "--quiet"]);
    assert!(test.status.success(), "{}", text(&test));
}

#[test]
fn an_event_that_moves_to_another_crate_takes_its_lock_along() {
    let event = source("\"opened\"", "pub owner: String,");
    let shop = manifest("moved_shop", "");
    let package = package(
        "moved",
        "shop = { path = \"shop\", package = \"moved_shop\" }\n\n[workspace]\nmembers = [\"shop\"]",
        &[
            (LIB, &(event.clone() + ACCOUNT)),
            ("shop/Cargo.toml", &shop),
            ("shop/src/lib.rs", "// Empty.\n"),
        ],
    );
    passes(&package, &["lock", "--workspace"]);
    commit(&package);
    let moved = event.replace("owner: String", "owner: u64");
    package.write("shop/src/lib.rs", &moved);
    package.write(
        LIB,
        &format!("esrs::schema!();\n\nuse esrs::prelude::*;\nuse shop::Opened;\n{ACCOUNT}"),
    );
    let shop = package.read("shop/src/lib.rs");
    package.write("shop/src/lib.rs", &shop.replace("esrs::schema!();\n", ""));
    refused(
        &package,
        &[
            "`Opened` is declared in another crate or target, and its name \"opened\" is locked in `schema/events`",
        ],
    );
    fails(
        &package,
        &["lock", "--check"],
        &["opened is locked here, and the event stands in another crate"],
    );
    package.write("shop/src/lib.rs", &shop);
    rename(&package, "schema/events/opened.lock", "shop/schema/events/opened.lock");
    fails(
        &package,
        &["lock", "--workspace"],
        &["opened version 1 is locked, and its shape has changed: `owner`"],
    );
    package.replace("shop/src/lib.rs", "owner: u64", "owner: String");
    passes(&package, &["lock", "--workspace"]);
    assert_eq!(package.check(&["--workspace"]), None);
    passes(&package, &["lock", "--check", "--workspace"]);
    passes(&package, &["lock", "--against", "main", "--workspace"]);
    let test = package.cargo(&["test", "--quiet", "--workspace"]);
    assert!(test.status.success(), "{}", text(&test));
}

#[test]
fn an_event_of_a_dependency_that_nobody_locked_is_told() {
    let event = source("\"opened\"", "pub owner: String,").replace("esrs::schema!();\n", "");
    let own = source("\"noted\"", "pub note: String,").replace("Opened", "Noted");
    let shop = manifest("never_shop", "");
    let account = ACCOUNT.replace("events(Opened)", "events(shop::Opened, ignored(Noted))");
    let account = account
        .replace("Apply<Opened>", "Apply<shop::Opened>")
        .replace("_: Opened", "_: shop::Opened");
    let package = package(
        "never_locked",
        "shop = { path = \"shop\", package = \"never_shop\" }\n\n[workspace]\nmembers = [\"shop\"]",
        &[(LIB, &(own + &account)), ("shop/Cargo.toml", &shop), ("shop/src/lib.rs", &event)],
    );
    let told =
        "aggregate account reads opened, which stands in another package and is not locked there";
    fails(&package, &["lock"], &[told]);
    passes(&package, &["lock", "--workspace"]);
    package.write("shop/src/lib.rs", &format!("esrs::schema!();\n{event}"));
    passes(&package, &["lock", "--check"]);
    fs::remove_dir_all(package.root.join("shop/schema")).unwrap();
    package.write("shop/src/lib.rs", &event);
    fails(&package, &["lock", "--check"], &[told]);
    let test = package.cargo(&["test", "--quiet"]);
    let said = text(&test);
    assert!(!test.status.success(), "{said}");
    assert!(said.contains("\"opened\" of \"account\" stand in another crate or target"), "{said}");
}

/// A merge of the two sides of a lock that keeps all lines of both; and of the index.
fn merge(package: &Package, base: &str, sides: [&str; 2], indexes: [&str; 2]) {
    let added = sides.map(|side| side.strip_prefix(base).unwrap());
    package.write("schema/events/opened.lock", &format!("{base}{}{}", added[0], added[1]));
    let mut index = indexes[0].to_owned();
    for line in indexes[1].lines().filter(|line| !indexes[0].contains(*line)) {
        index += &format!("{line}\n");
    }
    package.write("schema/index.lock", &index);
}

/// Locks by each of two branches, which change the same source in their own way.
fn branches(package: &Package, sources: [&str; 2]) -> (String, [String; 2], [String; 2]) {
    let (lock, index) = ("schema/events/opened.lock", "schema/index.lock");
    let (base, base_index, lib) = (package.read(lock), package.read(index), package.read(LIB));
    let side = |source: &str| {
        package.write(LIB, source);
        passes(package, &["lock"]);
        let side = (package.read(lock), package.read(index));
        package.write(lock, &base);
        package.write(index, &base_index);
        side
    };
    let [(one, one_index), (two, two_index)] = sources.map(side);
    package.write(LIB, &lib);
    (base, [one, two], [one_index, two_index])
}

#[test]
fn two_branches_that_both_add_a_version_are_not_merged_by_keeping_both() {
    let first = source("\"opened\"", "pub owner: String,");
    let second = |field: &str| {
        let added = format!("pub owner: String,\n    #[event(added(in = 2))]\n    pub {field}");
        source("\"opened\", version = 2", &added)
    };
    let package = package("forked", "[workspace]", &[(LIB, &first)]);
    passes(&package, &["lock"]);
    let (one, two) = (second("cents: i64,"), second("name: String,"));
    let (base, sides, indexes) = branches(&package, [&one, &two]);
    merge(&package, &base, sides.each_ref().map(|s| &**s), indexes.each_ref().map(|s| &**s));
    for source in [&one, &two] {
        package.write(LIB, source);
        refused(&package, &["keep the lines of both sides, and run `cargo esrs lock`"]);
        for arguments in [&["lock"][..], &["lock", "--check"]] {
            fails(
                &package,
                arguments,
                &[
                    "opened version 2 is locked in several shapes, as when two branches both added it",
                ],
            );
        }
    }
    // Nothing is stored of the second branch.
    package.write(LIB, &one);
    package.write("schema/events/opened.lock", &sides[0]);
    passes(&package, &["lock"]);
    assert_eq!(package.check(&[]), None);
    passes(&package, &["lock", "--check"]);
    // Payloads of both are stored: version 2 reads both.
    merge(&package, &base, sides.each_ref().map(|s| &**s), indexes.each_ref().map(|s| &**s));
    let both =
        second("cents: Option<i64>,\n    #[event(added(in = 2))]\n    pub name: Option<String>,");
    package.write(LIB, &both);
    passes(&package, &["lock"]);
    assert_eq!(package.check(&[]), None);
    passes(&package, &["lock", "--check"]);
    let test = package.cargo(&["test", "--quiet"]);
    assert!(test.status.success(), "{}", text(&test));
}

#[test]
fn two_branches_that_both_add_what_may_be_absent_are_merged() {
    let with = |fields: &str| source("\"opened\"", &format!("pub owner: String,{fields}"));
    let package = package("twins", "[workspace]", &[(LIB, &with(""))]);
    passes(&package, &["lock"]);
    let (one, two) = ("\n    pub name: Option<String>,", "\n    pub cents: Option<i64>,");
    let (base, sides, indexes) = branches(&package, [&with(one), &with(two)]);
    merge(&package, &base, sides.each_ref().map(|s| &**s), indexes.each_ref().map(|s| &**s));
    package.write(LIB, &with(&format!("{one}{two}")));
    refused(&package, &["keep the lines of both sides, and run `cargo esrs lock`"]);
    passes(&package, &["lock"]);
    assert_eq!(package.check(&[]), None);
    passes(&package, &["lock", "--check"]);
    // An edit beside a merge is none.
    merge(&package, &base, sides.each_ref().map(|s| &**s), indexes.each_ref().map(|s| &**s));
    package.replace("schema/events/opened.lock", ".cents: i64?", ".cents: i32?");
    fails(&package, &["lock"], &["NOT locked"]);
}

#[test]
fn a_binary_and_an_example_of_one_name_share_their_locks() {
    let (bin, example) = ("src/bin/server.rs", "examples/server.rs");
    let opened = source("\"opened\"", "pub owner: String,") + MAIN;
    let closed = opened.replace("Opened", "Closed").replace("opened", "closed");
    let package = package("shared", "[workspace]", &[(bin, &opened), (example, &closed)]);
    passes(&package, &["lock"]);
    assert_eq!(package.check(&["--all-targets"]), None);
    assert_eq!(passes(&package, &["lock", "--check"]), "everything is locked\n");
    package.write(example, &opened);
    fails(&package, &["lock", "--check"], &["closed is locked, and no event is stored"]);
    package.write(example, &opened.replace("String", "u64"));
    fails(
        &package,
        &["lock", "--check"],
        &["two events that are stored as \"opened\" in version 1"],
    );
}

#[test]
fn a_package_that_has_esrs_from_another_crate_is_locked() {
    let lib = source("\"opened\", crate = ::kit::esrs", "pub owner: String,");
    let lib = lib.replace("esrs::schema!();", "kit::esrs::schema!(crate = ::kit::esrs);");
    let lib = lib.replace("use esrs::", "use kit::esrs::");
    let kit = manifest("kit_behind", "\n[workspace]");
    let package = Package::empty("behind");
    package.write("app/src/lib.rs", &lib);
    package.write(
        "app/Cargo.toml",
        &manifest("behind", "[workspace]").replace(
            &format!("esrs = {{ path = {:?}, default-features = false }}", workspace()),
            "kit = { path = \"../kit\", package = \"kit_behind\" }",
        ),
    );
    package.write("kit/Cargo.toml", &kit);
    package.write("kit/src/lib.rs", "pub use esrs;\n");
    fs::copy(package.root.join("Cargo.lock"), package.root.join("app/Cargo.lock")).unwrap();
    let manifest = ["--manifest-path", "app/Cargo.toml"];
    passes(&package, &[&["lock"], &manifest[..]].concat());
    assert!(package.root.join("app/schema/events/opened.lock").exists());
    assert_eq!(package.check(&manifest), None);
    package.replace("app/src/lib.rs", "String", "u64");
    let said = package.check(&manifest).expect("it compiles");
    assert!(said.contains("its shape has changed: `owner`"), "{said}");
}

#[test]
fn each_name_that_an_event_may_have_is_locked() {
    let (long, wide) = ("x".repeat(255), "ö".repeat(100));
    let names = ["con", "lpt1.of_a_printer", "aux", &long, &wide, "a/b", "Größe"];
    let mut lib = "esrs::schema!();\n\nuse esrs::prelude::*;\n".to_owned();
    for (place, name) in names.iter().enumerate() {
        lib += &format!(
            "\n#[derive(Event, Serialize, Deserialize)]\n#[event({name:?})]\npub struct Event{place} {{\n    \
             pub owner: String,\n}}\n"
        );
    }
    for (place, name) in ["con", "aux", "com7"].iter().enumerate() {
        lib += &format!(
            "\n#[derive(Aggregate, Default)]\n#[aggregate({name:?}, id = u64, events(ignored(Event{place})))]\n\
             pub struct Aggregate{place};\n"
        );
    }
    let package = package("all_names", "[workspace]", &[(LIB, &lib)]);
    passes(&package, &["lock"]);
    assert_eq!(package.check(&[]), None);
    assert_eq!(passes(&package, &["lock", "--check"]), "everything is locked\n");
    for file in fs::read_dir(package.root.join("schema/events")).unwrap() {
        let name = file.unwrap().file_name().into_string().unwrap();
        assert!(name.len() <= 255 && !matches!(&*name, "con.lock" | "aux.lock"), "{name}");
    }
    let test = package.cargo(&["test", "--quiet"]);
    assert!(test.status.success(), "{}", text(&test));
    package.replace(
        LIB,
        "pub struct Event4 {\n    pub owner: String",
        "pub struct Event4 {\n    pub owner: u8",
    );
    refused(&package, &["version 1 of `Event4` is locked, and its shape has changed"]);
    fails(&package, &["lock"], &["version 1 is locked, and its shape has changed"]);
    // As an esrs of before has called the files of two.
    package.write(LIB, &lib);
    let index = package.read("schema/index.lock");
    package.write("schema/index.lock", &index.replace("%63on.lock", "con.lock"));
    for kind in ["events", "aggregates"] {
        rename(&package, &format!("schema/{kind}/%63on.lock"), &format!("schema/{kind}/con.lock"));
    }
    package.write("schema/golden/con/v1.home.json", "{\"owner\":\"Ann\"}");
    assert_eq!(package.check(&[]), None);
    assert_eq!(passes(&package, &["lock", "--check"]), "everything is locked\n");
    let test = package.cargo(&["test", "--quiet"]);
    assert!(test.status.success(), "{}", text(&test));
    passes(&package, &["lock"]);
    assert_eq!(package.read("schema/index.lock"), index);
    assert!(!package.root.join("schema/events/con.lock").exists());
    assert!(package.root.join("schema/golden/%63on/v1.home.json").exists());
    assert_eq!(package.check(&[]), None);
}

#[cfg(unix)]
#[test]
fn the_name_of_a_lock_forges_no_line() {
    use std::os::unix::fs::PermissionsExt;

    let lib = source("\"opened\"", "pub owner: String,");
    let package = package("forged", "[workspace]", &[(LIB, &lib)]);
    passes(&package, &["lock"]);
    commit(&package);
    let forged = "schema/events/a\neverything is locked\n\u{1b}[31mb.lock";
    let lock = package.read("schema/events/opened.lock");
    let other = lock.replace("version 1", "version 3");
    for content in ["garbage", "version 1 = x\n", &lock, &other, "", "\u{1b}[31m\rversion"] {
        package.write(forged, content);
        for arguments in [
            &["lock"][..],
            &["lock", "--check"],
            &["lock", "--against", "main"],
            &["schema", "--format", "markdown"],
            &["schema", "--format", "json-schema"],
        ] {
            let said = text(&package.esrs(arguments));
            let lines = said.lines().filter(|line| line.trim() == "everything is locked");
            assert_eq!(lines.count(), 0, "{arguments:?} with {content:?}: {said}");
            assert!(!said.contains('\u{1b}'), "{arguments:?} with {content:?}: {said}");
        }
        let said = package.check(&[]).expect("it compiles");
        assert!(!said.lines().any(|line| line.trim() == "everything is locked"), "{said}");
        assert!(!said.contains('\u{1b}'), "{said}");
    }
    // One that cannot be read.
    package.write(forged, &lock);
    let unreadable = fs::Permissions::from_mode(0o000);
    fs::set_permissions(package.root.join(forged), unreadable).unwrap();
    let said = text(&package.esrs(&["lock"]));
    assert!(!said.lines().any(|line| line.trim() == "everything is locked"), "{said}");
    fs::remove_file(package.root.join(forged)).unwrap();
    assert_eq!(passes(&package, &["lock", "--check"]), "everything is locked\n");
}

#[test]
fn name_that_a_terminal_obeys_is_escaped_in_a_contract() {
    let lib = source("\"open\\u{202e}ed\"", "pub owner: String,");
    let package = package("obeyed", "[workspace]", &[(LIB, &lib)]);
    passes(&package, &["lock"]);
    for (format, expected) in [
        ("markdown", r"### `open\u{202e}ed`"),
        ("json-schema", r#""open\u202eed""#),
        ("asyncapi", r#"open\u202eed"#),
    ] {
        let said = passes(&package, &["schema", "--format", format]);
        assert!(said.contains(expected), "{format}: {said}");
        assert!(!said.contains('\u{202e}'), "{format}: {said}");
    }
}

#[test]
fn an_event_of_tests_alone_needs_no_lock() {
    let event = |name: &str| {
        format!(
            "#[derive(esrs::Event, serde::Serialize, serde::Deserialize)]\n#[event({name:?})]\npub struct \
             Tried{name} {{\n    pub owner: String,\n}}\n"
        )
    };
    let lib = source("\"opened\"", "pub owner: String,");
    let all = format!(
        "{lib}\n#[cfg(test)]\nmod tests {{\n{}}}\n\n#[cfg(test)]\n#[allow(dead_code)]\npub(crate) mod \
         fixtures;\n\n#[cfg(test)]\n{}",
        event("one"),
        event("three")
    );
    let fixtures = format!("pub mod within {{\n{}}}\n", event("two"));
    let files = [(LIB, &*all), ("src/fixtures.rs", &*fixtures)];
    let package = package("of_tests", "[workspace]", &files);
    passes(&package, &["lock"]);
    let test = package.cargo(&["test", "--quiet"]);
    assert!(test.status.success(), "{}", text(&test));
    passes(&package, &["lock", "--check"]);
    // One of the program, which the test names until it is locked.
    package.write(LIB, &format!("{all}\nmod kept {{\n{}}}\n", event("four")));
    let test = package.cargo(&["test", "--quiet"]);
    assert!(!test.status.success() && text(&test).contains("version 1 of \"four\" is not locked"));
}

#[cfg(unix)]
#[test]
fn without_cargos_variables_the_checks_are_not_off_in_silence() {
    use std::os::unix::fs::PermissionsExt;

    let lib = source("\"opened\"", "pub owner: String,") + ACCOUNT;
    let package = package("other_build", "[workspace]", &[(LIB, &lib)]);
    passes(&package, &["lock"]);
    let schema = package.root.join("schema").display().to_string();
    // As a build system that calls the compiler by itself.
    let build = |variable: &str| {
        let script = format!(
            "#!/bin/sh\nunset CARGO CARGO_CRATE_NAME CARGO_MANIFEST_DIR\n{variable}\nexec \"$@\"\n"
        );
        package.write("rustc", &script);
        let wrapper = package.root.join("rustc");
        fs::set_permissions(&wrapper, fs::Permissions::from_mode(0o755)).unwrap();
        let config = format!("[build]\nrustc-workspace-wrapper = {wrapper:?}\n");
        package.write(".cargo/config.toml", &config);
        // It is compiled again for the variable alone.
        package.write(LIB, &package.read(LIB));
        package.check(&[])
    };
    let said = build("").expect("it compiles");
    assert_eq!(said.matches("esrs does not find the locks of this target").count(), 1, "{said}");
    assert!(said.contains("let it set `ESRS_SCHEMA_DIR` for the target"), "{said}");
    let named = format!("export ESRS_SCHEMA_DIR='{schema}'");
    assert_eq!(build(&named), None);
    package.replace(LIB, "owner: String", "owner: u64");
    let said = build(&named).expect("it compiles");
    assert!(said.contains("version 1 of `Opened` is locked, and its shape has changed"), "{said}");
    let said = build("export ESRS_SCHEMA_DIR=elsewhere").expect("it compiles");
    assert!(said.contains("there are no locks in `elsewhere`"), "{said}");
    assert_eq!(build("export ESRS_SCHEMA_DIR=off"), None);
    // A crate without the line is held to its locks too.
    package.replace(LIB, "esrs::schema!();\n", "");
    let said = build("").expect("it compiles");
    assert!(said.contains("esrs does not find the locks of this target"), "{said}");
}

#[test]
fn a_feature_that_changes_what_a_type_writes_fails_the_test_of_what_is_locked() {
    let of = |ty: &str| source("\"opened\"", &format!("pub amount: {ty},"));
    let more = |features: &str, json: &str| {
        format!(
            "rust_decimal = {{ version = \"1\", default-features = false, features = [{features}] }}\n\
             serde_json = {{ version = \"1\", features = [{json}] }}\n\n[workspace]"
        )
    };
    let (decimal, any) = (of("Vec<rust_decimal::Decimal>"), of("Option<serde_json::Value>"));
    let package = package("features", &more("\"serde\"", ""), &[(LIB, &decimal)]);
    let with_decimal = |manifest: String| {
        manifest.replace(
            "default-features = false }\nserde =",
            "default-features = false, features = [\"rust_decimal\"] }\nserde =",
        )
    };
    for (source, features, json, words) in [
        (
            &decimal,
            "\"serde\", \"serde-float\"",
            "",
            "cargo tree --edges features --invert rust_decimal",
        ),
        (
            &decimal,
            "\"serde\", \"serde-float\", \"serde-arbitrary-precision\"",
            "",
            "cargo tree --edges features --invert rust_decimal",
        ),
        (
            &any,
            "\"serde\"",
            "\"arbitrary_precision\"",
            "cargo tree --edges features --invert serde_json",
        ),
    ] {
        package.write("Cargo.toml", &with_decimal(manifest("features", &more("\"serde\"", ""))));
        package.write(LIB, source);
        let _ = fs::remove_dir_all(package.root.join("schema"));
        package.write(LIB, &source.replace("esrs::schema!();\n", ""));
        passes(&package, &["lock"]);
        package.write(LIB, source);
        let test = package.cargo(&["test", "--quiet"]);
        assert!(test.status.success(), "{}", text(&test));
        package.write("Cargo.toml", &with_decimal(manifest("features", &more(features, json))));
        let test = package.cargo(&["test", "--quiet"]);
        let said = text(&test);
        assert!(!test.status.success() && said.contains(words), "{features} {json}: {said}");
    }
}

#[test]
fn a_feature_that_another_package_switches_on_is_named_with_both() {
    let decimal = |name: &str, features: &str| {
        manifest(
            name,
            &format!(
                "rust_decimal = {{ version = \"1\", default-features = false, features = [{features}] }}"
            ),
        )
        .replace(
            "default-features = false }\nserde =",
            "default-features = false, features = [\"rust_decimal\"] }\nserde =",
        )
    };
    let event = source("\"opened\"", "pub amount: Option<rust_decimal::Decimal>,");
    let plain = source("\"noted\"", "pub note: String,").replace("Opened", "Noted");
    let package = Package::empty("unified");
    package.write(
        "Cargo.toml",
        "[workspace]\nresolver = \"3\"\nmembers = [\"ledger\", \"reports\", \"notes\"]\n",
    );
    package.write("ledger/Cargo.toml", &decimal("unified_ledger", "\"serde\""));
    package.write("ledger/src/lib.rs", &event);
    package.write("notes/Cargo.toml", &manifest("unified_notes", ""));
    package.write("notes/src/lib.rs", &plain);
    package.write("reports/Cargo.toml", &decimal("unified_reports", "\"serde\""));
    package.write("reports/src/lib.rs", "// Empty.\n");
    passes(&package, &["lock", "--workspace"]);
    passes(&package, &["lock", "--check", "--workspace"]);
    package.write("reports/Cargo.toml", &decimal("unified_reports", "\"serde-float\""));
    let said = "unified_ledger: its events are locked as `rust_decimal` writes them without `serde-float`, \
                which unified_reports switches on";
    fails(&package, &["lock", "--check", "--workspace"], &[said]);
    fails(&package, &["lock", "--check", "--package", "unified_ledger"], &[said]);
    // An event without a decimal is the same with and without.
    passes(&package, &["lock", "--check", "--package", "unified_notes"]);
    let test = package.cargo(&["test", "--quiet", "--workspace"]);
    assert!(!test.status.success() && text(&test).contains("rust_decimal"), "{}", text(&test));
    // A build of one package alone has it as it is locked.
    let test = package.cargo(&["test", "--quiet", "--package", "unified_ledger"]);
    assert!(test.status.success(), "{}", text(&test));
}

#[test]
fn a_shape_that_fits_into_no_lock_is_refused_with_a_way_out() {
    let deep: String = (0..5)
        .map(|level| {
            let name = level.to_string().repeat(250);
            let held = if level < 4 { format!("Level{}", level + 1) } else { "u8".to_owned() };
            format!(
                "\n#[derive(Schema, Serialize, Deserialize)]\npub struct Level{level} {{\n    \
                 #[serde(rename = {name:?})]\n    pub of: {held},\n}}\n"
            )
        })
        .collect();
    let flat = source("\"opened\"", "pub of: u8,") + &deep;
    let too_deep = source("\"opened\"", "pub of: Level0,") + &deep;
    let package =
        package("deep", "\n[workspace]", &[(LIB, &too_deep.replace("esrs::schema!();", ""))]);
    let way_out =
        "make events of their own of some of its parts, or store a part as `#[schema(opaque = ";
    fails(&package, &["lock"], &["has more parts than a lock holds", way_out]);
    package.write(LIB, &flat.replace("esrs::schema!();", ""));
    passes(&package, &["lock"]);
    package.write(LIB, &too_deep);
    refused(&package, &["its shape has changed: it has more parts than a lock holds", way_out]);
    // The way out, in a new version.
    let opaque = "#[event(retyped(from = u8, in = 2, with = |of| lifted(of)))]\n    #[schema(opaque = \"level@1\")]\n    \
                  pub of: Level0,";
    let lifted = "\nfn lifted(of: u8) -> Level0 {\n    Level0 { of: Level1 { of: Level2 { of: Level3 { of: Level4 { of } } } } }\n}\n";
    package.write(LIB, &(source("\"opened\", version = 2", opaque) + &deep + lifted));
    passes(&package, &["lock"]);
    assert_eq!(package.check(&[]), None);
}
