//! Locked entries, their files, and the messages about them.

use std::path::Path;

use crate::support::{Package, errors_of, text, workspace};

const LIB: &str = "src/lib.rs";

fn locks(package: &Package) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![package.root.join("schema")];
    while let Some(folder) = folders.pop() {
        for file in std::fs::read_dir(folder).unwrap() {
            let path = file.unwrap().path();
            match path.is_dir() {
                true => folders.push(path),
                false => {
                    found.push(path.strip_prefix(&package.root).unwrap().display().to_string())
                }
            }
        }
    }
    found.retain(|file| !file.ends_with("index.lock"));
    found.sort();
    found
}

#[test]
fn each_target_has_its_own_locks_and_no_event_escapes_them() {
    let package = Package::copy("targets", "targets");
    assert_eq!(package.check(&["--all-targets"]), None);
    let lock = package.esrs(&["lock", "--all-targets", "--all-features"]);
    assert!(lock.status.success(), "{}", text(&lock));
    assert_eq!(
        locks(&package),
        [
            "schema/bin/another/events/%53hown.lock",
            "schema/bin/of_a_feature/events/of_a_feature.lock",
            "schema/bin/one/events/%53hown.lock",
            "schema/bin/targets/events/placed.lock",
            "schema/events/hidden.lock",
            "schema/events/placed.lock",
            "schema/test/without_harness/events/tried.lock",
        ]
    );
    for line in ["src/lib.rs", "src/main.rs", "examples/one.rs", "tests/without_harness.rs"] {
        assert!(text(&lock).contains(&format!("add this line to {line}")), "{}", text(&lock));
    }

    // Nothing but the locks was added, and the targets that were compiled before notice them.
    let said = package.check(&["--all-targets"]).expect("the line is missing");
    assert!(said.contains("ADD_THE_MACRO_CALL_esrs_schema"), "{said}");
    let roots = [
        "src/lib.rs",
        "src/main.rs",
        "examples/one.rs",
        "examples/another.rs",
        "examples/of_a_feature.rs",
        "tests/without_harness.rs",
    ];
    for root in roots {
        package.write(root, &format!("esrs::schema!();\n{}", package.read(root)));
    }
    assert_eq!(package.check(&["--all-targets", "--all-features"]), None);
    let again = text(&package.esrs(&["lock", "--all-targets", "--all-features"]));
    assert_eq!(again, "everything is locked\n");

    // Each is held to its own.
    package.replace("src/main.rs", "name: String", "name: u8");
    package.replace(
        "src/lib.rs",
        "number: u32,\n    }\n\n    Hidden",
        "number: String,\n    }\n\n    Hidden",
    );
    let said = package.check(&[]).unwrap();
    assert!(said.contains("version 1 of `Hidden` is locked"), "{said}");
    package.replace("src/lib.rs", "number: String", "number: u32");
    let said = package.check(&[]).unwrap();
    assert!(said.contains("version 1 of `Placed` is locked") && said.contains("`name`"), "{said}");
}

#[test]
fn a_test_fails_while_an_event_is_not_locked_and_says_the_command() {
    let package = Package::copy("targets", "unlocked");
    let test = package.cargo(&["test", "--lib"]);
    let said = text(&test);
    assert!(!test.status.success(), "{said}");
    assert!(said.contains("version 1 of \"placed\" is not locked"), "{said}");
    assert!(said.contains("cargo esrs lock"), "{said}");
    assert!(!errors_of(&said).contains("error["), "it compiles, and the other tests run: {said}");
    assert!(!said.contains("warning"), "{said}");
    package.esrs(&["lock"]);
    package.write(LIB, &format!("esrs::schema!();\n{}", package.read(LIB)));
    let test = package.cargo(&["test", "--lib"]);
    assert!(test.status.success(), "{}", text(&test));
}

#[test]
fn a_test_names_the_older_version_that_fields_declare_and_nobody_has_locked() {
    let package = Package::copy("targets", "undeclared");
    package.write(
        LIB,
        "use esrs::prelude::*;\n\n#[derive(Event, Serialize, Deserialize)]\n\
         #[event(\"placed\", version = 2)]\npub struct Placed {\n    \
         #[event(renamed(from = \"no\", in = 2))]\n    pub number: u32,\n}\n\n\
         pub fn in_a_function() -> &'static str {\n    Placed::NAME\n}\n",
    );
    let said = text(&package.cargo(&["test", "--lib"]));
    assert!(said.contains("version 1 of \"placed\" is not locked"), "{said}");
    package.esrs(&["lock"]);
    package.write(LIB, &format!("esrs::schema!();\n{}", package.read(LIB)));
    let test = package.cargo(&["test", "--lib"]);
    assert!(test.status.success(), "{}", text(&test));
}

#[test]
fn check_names_what_is_not_locked_what_differs_and_what_is_not_there_any_more() {
    let package = Package::locked("bank", "checked");
    let check = package.esrs(&["lock", "--check"]);
    assert_eq!((check.status.success(), text(&check).as_str()), (true, "everything is locked\n"));
    let index = package.read("schema/index.lock");

    let source = package.read(LIB);
    package.replace(LIB, "order: u32", "order: u16");
    package.replace(LIB, "\"account_closed\"", "\"account_ended\"");
    let check = package.esrs(&["lock", "--check"]);
    let said = text(&check);
    assert!(!check.status.success(), "{said}");
    for line in [
        "not locked: account_ended version 1",
        "money_deposited version 1 is locked, and its shape has changed: `reason|refund.order` was \
         stored as u32, and is u16 here",
        "aggregate account does not read account_closed any more",
        "account_closed is locked, and no event is stored under that name any more",
    ] {
        assert!(said.contains(line), "{line:?} is not in:\n{said}");
    }
    let lock = package.esrs(&["lock"]);
    assert!(!lock.status.success() && text(&lock).contains("NOT locked"), "{}", text(&lock));
    package.write(LIB, &source);
    assert!(!package.root.join("schema/events/account_ended.lock").exists());
    assert_eq!(
        package.read("schema/index.lock"),
        index,
        "where something is wrong, nothing is written"
    );
    assert!(package.esrs(&["lock", "--check"]).status.success());
}

#[test]
fn what_is_locked_is_overwritten_only_by_who_says_so_twice() {
    let package = Package::locked("bank", "rewritten");
    package.replace(LIB, "order: u32", "order: u16");
    assert!(!package.esrs(&["lock"]).status.success());
    assert!(!package.esrs(&["lock", "--rewrite", "money_deposited"]).status.success());
    let lock = package.esrs(&["lock", "--rewrite", "money_deposited", "--give-up-what-is-stored"]);
    let said = text(&lock);
    assert!(lock.status.success(), "{said}");
    assert!(
        said.contains("gave up what was locked") && said.contains(".reason|refund.order: u32"),
        "{said}"
    );
    assert_eq!(package.check(&[]), None);
}

#[test]
fn a_lock_that_is_gone_or_altered_is_not_written_again_by_locking() {
    let package = Package::locked("bank", "altered");
    let (lock, index) = ("schema/events/money_deposited.lock", "schema/index.lock");
    let (text, indexed) = (package.read(lock), package.read(index));
    let source = package.read(LIB);
    let refused = |why: &str| {
        let before = package.read(index);
        let locked = package.esrs(&["lock"]);
        let said = crate::support::text(&locked);
        assert!(!locked.status.success() && said.contains(why), "{said}");
        assert_eq!(package.read(index), before);
        let check = package.esrs(&["lock", "--check"]);
        assert!(
            !check.status.success() && crate::support::text(&check).contains(why),
            "{}",
            crate::support::text(&check)
        );
        assert!(package.check(&[]).is_some(), "it compiles");
    };

    package.replace(LIB, "order: u32", "order: u16");
    std::fs::remove_file(package.root.join(lock)).unwrap();
    refused("events/money_deposited.lock is gone");
    let (header, _) = text.split_once("version 1").unwrap();
    package.write(lock, header);
    refused("events/money_deposited.lock is not as it was written");
    package.write(LIB, &source);
    package.write(lock, &text.replace(".fee: i64", ".fee: i32"));
    refused("money_deposited version 1 says another shape than its fingerprint");

    // Of an event that the source does not have any more, nothing can be compared.
    package.write(lock, &text);
    let orphan = text.replace("version 1 =", "version 7 =");
    package.write("schema/events/long_gone.lock", &orphan);
    refused("events/long_gone.lock is not as it was written");
    std::fs::remove_file(package.root.join("schema/events/long_gone.lock")).unwrap();

    // After a merge: the lines of both sides, and every entry says what the source says.
    let stale = "events/money_deposited.lock 0000000000000000\n";
    package.write(index, &format!("{stale}{indexed}"));
    assert_eq!(package.check(&[]), None);
    let others = indexed.lines().filter(|line| !line.contains("money_deposited"));
    package.write(index, &format!("{stale}{}\n", others.collect::<Vec<_>>().join("\n")));
    assert!(package.check(&[]).is_some());
    let locked = package.esrs(&["lock"]);
    assert!(locked.status.success(), "{}", crate::support::text(&locked));
    assert_eq!(package.read(index), indexed);
}

#[test]
fn what_is_not_locked_cannot_be_given_up() {
    let package = Package::locked("bank", "not_given_up");
    let words = ["lock", "--rewrite", "money_deposit", "--give-up-what-is-stored"];
    let lock = package.esrs(&words);
    let said = text(&lock);
    assert!(!lock.status.success(), "{said}");
    assert!(said.contains("nothing is locked under the name \"money_deposit\""), "{said}");
}

#[test]
fn against_a_commit_locks_may_only_have_been_added_to() {
    let package = Package::locked("bank", "against");
    package.git(&["init", "--quiet", "--initial-branch=main"]);
    package.git(&["add", "."]);
    package.git(&["commit", "--quiet", "--message", "locked"]);
    let against = || package.esrs(&["lock", "--against", "main"]);
    assert!(against().status.success(), "{}", text(&against()));

    package.replace(LIB, "order: u32", "order: u64");
    assert!(package.esrs(&["lock"]).status.success());
    assert!(against().status.success(), "what was added to is as it was: {}", text(&against()));

    package.replace(LIB, "order: u64", "order: u16");
    package.esrs(&["lock", "--rewrite", "money_deposited", "--give-up-what-is-stored"]);
    std::fs::remove_file(package.root.join("schema/events/account_closed.lock")).unwrap();
    let said = text(&against());
    assert!(!against().status.success(), "{said}");
    assert!(
        said.contains("schema/events/money_deposited.lock: version 1 is not as it was"),
        "{said}"
    );
    assert!(said.contains("schema/events/account_closed.lock: it is gone"), "{said}");
    let unknown = package.esrs(&["lock", "--against", "nowhere"]);
    assert!(!unknown.status.success() && text(&unknown).contains("nowhere"), "{}", text(&unknown));
}

#[test]
fn a_package_carries_its_locks_and_its_consumer_builds() {
    let package = Package::copy("targets", "packaged");
    package.esrs(&["lock"]);
    for root in ["src/lib.rs", "src/main.rs", "examples/one.rs", "examples/another.rs"] {
        package.write(root, &format!("esrs::schema!();\n{}", package.read(root)));
    }
    assert_eq!(package.check(&["--all-targets"]), None);
    let list = package.cargo(&["package", "--list", "--allow-dirty"]);
    assert!(text(&list).contains("schema/events/placed.lock"), "{}", text(&list));

    // As a registry unpacks it: somewhere else, for somebody else.
    let consumer = Package::empty("consumer");
    for file in text(&list).lines().filter(|file| package.root.join(file).exists()) {
        consumer.write(&format!("vendored/{file}"), &package.read(file));
    }
    let manifest = consumer.read("vendored/Cargo.toml").replace("[workspace]\n", "");
    consumer.write("vendored/Cargo.toml", &manifest);
    consumer.write(
        "Cargo.toml",
        "[package]\nname = \"consumer\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[dependencies]\n\
         targets = { package = \"packaged\", path = \"vendored\" }\n\n[workspace]\n",
    );
    consumer.write(LIB, "pub use targets::in_a_function;\n");
    assert_eq!(consumer.check(&[]), None);
    // A package that leaves them out does not build, and says why.
    std::fs::remove_dir_all(consumer.root.join("vendored/schema")).unwrap();
    let said = consumer.check(&[]).expect("the locks are missing");
    assert!(said.contains("in the `include` of its Cargo.toml"), "{said}");
}

#[test]
fn a_test_harness_under_another_manifest_needs_no_locks() {
    let package = Package::locked("bank", "harnessed");
    let harness = Package::empty("harness");
    harness.write(
        "Cargo.toml",
        &format!(
            "[package]\nname = \"harness\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[dependencies]\n\
             harnessed = {{ path = {:?} }}\nesrs = {{ path = {:?}, default-features = false }}\n\
             serde = \"1\"\n\n[workspace]\n",
            package.root, workspace(),
        ),
    );
    // An event of a name that is locked elsewhere, in a shape of its own.
    harness.write(
        "src/main.rs",
        "use esrs::prelude::*;\n\n#[derive(Event, Serialize, Deserialize)]\n\
         #[event(\"money_deposited\")]\nstruct Mine {\n    other: bool,\n}\n\nfn main() {\n    \
         println!(\"{} {}\", Mine::NAME, harnessed::MoneyDeposited::NAME);\n}\n",
    );
    assert_eq!(harness.check(&[]), None);
}

#[test]
fn the_same_events_in_documentation_are_not_those_that_are_locked() {
    let package = Package::locked("bank", "documented");
    let doc = "//! ```\n//! use esrs::prelude::*;\n//! #[derive(Event, Serialize, Deserialize)]\n\
               //! #[event(\"money_deposited\")]\n//! struct Mine { other: bool }\n//! ```\n";
    package.write(LIB, &format!("{doc}{}", package.read(LIB)));
    let test = package.cargo(&["test", "--doc"]);
    assert!(test.status.success(), "{}", text(&test));
}

#[test]
fn what_does_not_compile_is_not_locked_and_cargos_own_words_say_why() {
    let package = Package::copy("bank", "broken");
    package.replace(LIB, "pub fee: Cents", "pub fee: Cent");
    let lock = package.esrs(&["lock"]);
    let said = text(&lock);
    assert!(!lock.status.success() && said.contains("cannot find type `Cent`"), "{said}");
    assert!(!Path::new(&package.root).join("schema").exists());
}

#[cfg(unix)]
#[test]
fn a_compiler_that_was_killed_has_told_nothing() {
    use std::os::unix::fs::PermissionsExt;

    let package = Package::copy("bank", "killed");
    package.write(
        "rustc",
        "#!/bin/sh\n\"$@\"\ncode=$?\ncase \"$*\" in *esrs_lock*) kill -9 $$;; esac\nexit $code\n",
    );
    let wrapper = package.root.join("rustc");
    std::fs::set_permissions(&wrapper, std::fs::Permissions::from_mode(0o755)).unwrap();
    let lock = package.esrs_with("RUSTC_WORKSPACE_WRAPPER", &wrapper, &["lock"]);
    let said = text(&lock);
    assert!(!lock.status.success() && said.contains("SIGKILL"), "{said}");
    assert!(!package.root.join("schema").exists());
}

#[test]
fn an_error_at_no_place_in_a_source_is_told_too() {
    let package = Package::copy("bank", "not_linked");
    package.write(
        "build.rs",
        "#[link(name = \"a_library_that_is_not_there\")]\nunsafe extern \"C\" {\n    safe fn there();\n}\n\n\
         fn main() {\n    there();\n}\n",
    );
    let lock = package.esrs(&["lock"]);
    let said = text(&lock);
    assert!(!lock.status.success() && said.contains("a_library_that_is_not_there"), "{said}");
}

/// A module with an aggregate of this name, and with a projection of this table.
fn till(module: &str, aggregate: &str, table: &str) -> String {
    format!(
        "pub mod {module} {{
    use esrs::prelude::*;
    use serde::{{Deserialize, Serialize}};

    #[derive(Event, Serialize, Deserialize)]
    #[event(\"{module}_opened\")]
    pub struct TillOpened;

    #[derive(Aggregate, Default)]
    #[aggregate(\"{aggregate}\", id = u64, events(TillOpened))]
    pub struct Till;

    impl Apply<TillOpened> for Till {{
        fn apply(&mut self, _: TillOpened) {{}}
    }}

    #[derive(Projection)]
    #[projection(table = \"{table}\", of = Till, creates(TillOpened))]
    pub struct Row {{
        #[projection(key)]
        id: u64,
    }}

    impl Create<TillOpened> for Row {{
        fn create(id: u64, _: &Recorded<TillOpened>) -> Self {{
            Self {{ id }}
        }}
    }}
}}
"
    )
}

/// Checks that both ways to lock a workspace refuse it in these words, and lock nothing.
fn refused(package: &Package, words: &[&str]) {
    for arguments in [&["lock", "--workspace"][..], &["lock", "--check", "--workspace"]] {
        let said = package.esrs(arguments);
        assert!(!said.status.success(), "{}", text(&said));
        let said = text(&said);
        assert!(words.iter().all(|word| said.contains(word)), "{words:?}: {said}");
    }
    let at = package.root.join("schema/events/till_opened.lock");
    assert!(!at.exists(), "an event of it was locked");
}

#[test]
fn two_aggregates_of_one_name_in_one_program_are_refused() {
    let package = Package::locked("bank", "two_aggregates");
    let (lib, money) = (package.read(LIB), package.read("money/src/lib.rs"));
    let named = "are stored as \"account\"";
    // In one crate, and in the library that it uses.
    package.write(LIB, &format!("{lib}\n{}", till("till", "account", "tills")));
    refused(&package, &[named, "src/lib.rs:"]);
    package.write(LIB, &lib);
    package.write("money/src/lib.rs", &format!("{money}\n{}", till("till", "account", "tills")));
    refused(&package, &[named, "src/lib.rs:", "money/src/lib.rs:"]);
    // By two calls of one macro.
    package.write("money/src/lib.rs", &money);
    let (body, calls) = (till("$module", "till", "tills"), "tills!(one);\ntills!(other);\n");
    let by_macro = format!("macro_rules! tills {{ ($module:ident) => {{ {body} }} }}\n{calls}");
    let by_macro = by_macro.replace("$module_opened", "till_opened");
    package.write(LIB, &format!("{lib}\n{by_macro}"));
    refused(&package, &["are stored as \"till\"", "(called at src/lib.rs:"]);
    package.write(LIB, &lib);
    package.write("money/src/lib.rs", &format!("{money}\n{}", till("till", "till", "tills")));
    let lock = package.esrs(&["lock", "--workspace"]);
    assert!(lock.status.success(), "{}", text(&lock));
}

#[test]
fn two_projections_of_one_table_in_one_program_are_refused() {
    let package = Package::locked("bank", "two_projections");
    let (lib, money) = (package.read(LIB), package.read("money/src/lib.rs"));
    let both = |one: &str, other: &str| {
        format!("{}{}", till("till", "till", one), till("shop", "shop", other))
    };
    let named = "have the table \"tills\"";
    package.write(LIB, &format!("{lib}\n{}", both("tills", "tills")));
    refused(&package, &[named, "src/lib.rs:", " and src/lib.rs:"]);
    // A library is a part of the program.
    package.write(LIB, &format!("{lib}\n{}", till("till", "till", "tills")));
    package.write("money/src/lib.rs", &format!("{money}\n{}", till("shop", "shop", "tills")));
    refused(&package, &[named, "src/lib.rs:", "money/src/lib.rs:"]);
    package.write("money/src/lib.rs", &money);
    package.write(LIB, &format!("{lib}\n{}", both("tills", "shops")));
    let lock = package.esrs(&["lock", "--workspace"]);
    assert!(lock.status.success(), "{}", text(&lock));
    let check = package.esrs(&["lock", "--check", "--workspace"]);
    assert!(check.status.success(), "{}", text(&check));
}

#[test]
fn programs_of_tests_may_repeat_names() {
    let package = Package::locked("bank", "names_in_tests");
    let lib = package.read(LIB);
    package.write(LIB, &format!("{lib}\n{}", till("till", "till", "tills")));
    let lock = package.esrs(&["lock", "--workspace"]);
    assert!(lock.status.success(), "{}", text(&lock));
    // It plays an older program, and a newer one.
    let programs = [till("older", "account", "tills"), till("newer", "till", "tills")];
    package.write("tests/programs.rs", &format!("esrs::schema!();\n{}", programs.concat()));
    for arguments in [&["lock", "--all-targets"][..], &["lock", "--check", "--all-targets"]] {
        let said = package.esrs(arguments);
        assert!(said.status.success(), "{}", text(&said));
    }
    let locked = package.read("schema/test/programs/aggregates/account.lock");
    assert!(locked.contains("older_opened"), "{locked}");
}
