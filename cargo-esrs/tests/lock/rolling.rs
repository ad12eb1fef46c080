//! A rolling deployment: what programs of an older commit read of the events that the source writes.

use crate::support::{Package, text};

const LIB: &str = "src/lib.rs";

/// A locked package whose commit is tagged as the release that runs.
fn released(name: &str) -> Package {
    let package = Package::locked("bank", name);
    package.git(&["init", "--quiet", "--initial-branch=main"]);
    release(&package);
    package
}

fn release(package: &Package) {
    package.git(&["add", "."]);
    package.git(&["commit", "--quiet", "--allow-empty", "--message", "released"]);
    package.git(&["tag", "--force", "running"]);
}

/// Locks what changed, and judges it; the lines of the verdict, and whether it is a success.
fn judge(package: &Package) -> (bool, String) {
    let lock = package.esrs(&["lock"]);
    assert!(lock.status.success(), "{}", text(&lock));
    rolling(package, &[])
}

fn rolling(package: &Package, more: &[&str]) -> (bool, String) {
    let arguments = [&["lock", "--check", "--rolling", "running"], more].concat();
    let output = package.esrs(&arguments);
    let said = text(&output);
    let (first, said) = said.split_once('\n').unwrap();
    assert_eq!(first, "everything is locked", "{said}");
    (output.status.success(), said.to_owned())
}

#[test]
fn a_field_that_older_programs_skip_is_deployed_at_once() {
    let package = released("rolling_skipped");
    let (is_read, said) = judge(&package);
    let same = "programs of running read all of 3 events that this source writes\n";
    assert_eq!((is_read, &*said), (true, same));

    package.replace(LIB, "pub hint: u8,", "pub hint: u8,\n    pub by: Option<String>,");
    let (is_read, said) = judge(&package);
    assert!(is_read, "{said}");
    let note = "note: money_deposited version 1 differs, and is read: `by` is written as string, may be \
                null, and read as nothing: the old program skips the new field";
    assert!(said.contains(note) && said.ends_with(same), "{said}");
    // Two in one verdict.
    package.replace(
        LIB,
        "pub at: Place,\n}\n\n#[derive(Aggregate",
        "pub at: Place,\n    pub by: Option<u8>,\n}\n\n#[derive(Aggregate",
    );
    let (is_read, said) = judge(&package);
    assert!(is_read && said.matches("note: ").count() == 2, "{said}");
}

#[test]
fn a_payload_that_older_programs_cannot_read_is_refused_until_readers_are_deployed() {
    let package = released("rolling_wider");
    package.replace(LIB, "order: u32", "order: u64");
    package.replace(LIB, "    Salary,", "    Salary,\n    Bonus,");
    let (is_read, said) = judge(&package);
    assert!(!is_read, "{said}");
    let refused = "programs of running: cannot read money_deposited version 1: `reason|bonus` is written as a \
                   variant without fields, and read as nothing: the old program does not know the new variant";
    assert!(said.contains(refused), "{said}");
    for line in ["their Runner parks its stream", "deploy readers first", "before the first one"] {
        assert!(said.contains(line), "{said}");
    }
    // The readers are everywhere now; each error was of that commit alone.
    release(&package);
    assert!(rolling(&package, &[]).0);
    assert!(package.esrs(&["lock", "--against", "running"]).status.success());
}

#[test]
fn a_newer_version_is_named_with_the_one_that_is_known() {
    let package = released("rolling_newer");
    package.replace(
        LIB,
        "#[event(\"account_closed\")]",
        "#[event(\"account_closed\", version = 2)]",
    );
    package.replace(
        LIB,
        "    pub at: Place,\n}\n\n#[derive(Aggregate",
        "    pub at: Place,\n    #[event(added(in = 2, default = 0))]\n    pub by: u8,\n}\n\n#[derive(Aggregate",
    );
    let (is_read, said) = judge(&package);
    assert!(!is_read, "{said}");
    let newer = "programs of running: cannot read account_closed version 2, which is newer than version 1, \
                 the newest that they know";
    assert!(said.contains(newer) && said.contains("`State::Outdated`"), "{said}");
    // An older source beside a newer release: the version is one that it knows.
    release(&package);
    package.git(&["checkout", "--quiet", "running~1"]);
    let (is_read, said) = rolling(&package, &[]);
    assert!(is_read, "{said}");
}

#[test]
fn a_new_event_stops_older_programs_in_the_streams_of_their_aggregates_alone() {
    let package = released("rolling_events");
    let event = "\n#[derive(Event, Serialize, Deserialize)]\n#[event(\"card_issued\")]\npub struct CardIssued {}\n\n\
                 #[derive(Event, Serialize, Deserialize)]\n#[event(\"fee_taken\")]\npub struct FeeTaken {}\n";
    package.write(LIB, &(package.read(LIB) + event));
    let (is_read, said) = judge(&package);
    assert!(is_read, "no aggregate of the release has it in its streams: {said}");

    let other = "\n#[derive(Aggregate, Default)]\n#[aggregate(\"card\", id = u64, events(ignored(CardIssued)))]\n\
                 pub struct Card {}\n";
    package.write(LIB, &(package.read(LIB) + other));
    let (is_read, said) = judge(&package);
    assert!(is_read, "an aggregate that the release does not have: {said}");

    package.replace(LIB, "AccountClosed)", "AccountClosed, CardIssued, FeeTaken)");
    let (is_read, said) = judge(&package);
    assert!(!is_read, "{said}");
    let unknown = "cannot load a stream of aggregate account with card_issued or fee_taken, which it does \
                   not read there";
    assert!(said.contains(unknown), "{said}");

    release(&package);
    assert!(rolling(&package, &[]).0);
}

#[test]
fn a_renamed_event_needs_its_new_name_among_the_aliases_of_the_release() {
    let package = released("rolling_renamed");
    // Readers first: the new name is an alias.
    package.git(&["checkout", "--quiet", "-b", "readers"]);
    package.replace(LIB, "aliases(\"deposited\")", "aliases(\"deposited\", \"money_put_in\")");
    let (is_read, said) = judge(&package);
    assert!(is_read, "an alias is not written: {said}");
    package.git(&["commit", "--quiet", "--all", "--message", "readers"]);
    package.git(&["checkout", "--quiet", "main"]);

    package.replace(
        LIB,
        "\"money_deposited\", aliases(\"deposited\")",
        "\"money_put_in\", aliases(\"deposited\", \"money_deposited\")",
    );
    let (is_read, said) = judge(&package);
    assert!(!is_read, "{said}");
    let renamed = "do not know money_put_in, which they read as money_deposited alone";
    assert!(said.contains(renamed) && !said.contains("cannot load"), "{said}");

    package.git(&["tag", "--force", "running", "readers"]);
    let (is_read, said) = rolling(&package, &[]);
    assert!(is_read, "{said}");
    package.replace(LIB, "    Salary,", "    Salary,\n    Bonus,");
    let (is_read, said) = judge(&package);
    assert!(
        !is_read && said.contains("cannot read money_put_in version 1: `reason|bonus`"),
        "{said}"
    );
}

#[test]
fn ids_that_older_programs_do_not_find_are_refused() {
    let package = released("rolling_ids");
    package.replace(LIB, "id = String", "id = u64");
    package.esrs(&["lock", "--rewrite", "account", "--give-up-what-is-stored"]);
    release(&package);
    package.replace(LIB, "id = u64", "id = String");
    let (is_read, said) = judge(&package);
    let id = "do not find the streams of aggregate account: its ids are written as string, and read as u64";
    assert!(!is_read && said.contains(id), "{said}");
}

#[test]
fn other_code_that_writes_a_part_is_refused_until_it_is_accepted() {
    let package = released("rolling_code");
    let functions = "\nmod code {\n    use serde::{Deserialize, Deserializer, Serializer};\n    \
                     pub fn write<S: Serializer>(of: &u8, to: S) -> Result<S::Ok, S::Error> { to.serialize_u8(*of) }\n    \
                     pub fn tell<S: Serializer>(of: &u8, to: S) -> Result<S::Ok, S::Error> { to.serialize_u8(of + 1) }\n    \
                     pub fn read<'a, D: Deserializer<'a>>(from: D) -> Result<u8, D::Error> { u8::deserialize(from) }\n    \
                     pub fn get<'a, D: Deserializer<'a>>(from: D) -> Result<u8, D::Error> { u8::deserialize(from) }\n}\n";
    let source = package.read(LIB) + functions;
    let coded = |write: &str, read: &str| {
        let code = format!(
            "#[serde(serialize_with = \"code::{write}\", deserialize_with = \"code::{read}\")]\n    \
             #[schema(opaque = \"hint@1\")]\n"
        );
        package.write(LIB, &source.replace("#[serde(default)]\n", &code));
    };
    coded("write", "read");
    package.esrs(&["lock", "--rewrite", "money_deposited", "--give-up-what-is-stored"]);
    release(&package);
    // Code that only reads concerns no older program.
    for (write, read, is_same) in [("write", "get", true), ("tell", "read", false)] {
        coded(write, read);
        let lock = package.esrs(&["lock", "--accept-steps", "money_deposited"]);
        assert!(lock.status.success(), "{}", text(&lock));
        let (is_read, said) = rolling(&package, &[]);
        assert_eq!(is_read, is_same, "{said}");
        let code = "`hint` is written by serialize_with = \"code::tell\", of type u8, and was by \
                    serialize_with = \"code::write\", of type u8";
        assert!(is_same || said.contains(code), "{said}");
        let (is_read, said) = rolling(&package, &["--accept-steps", "money_deposited"]);
        assert!(is_read, "{said}");
    }
    let alone = package.esrs(&["lock", "--check", "--accept-steps", "money_deposited"]);
    assert!(
        !alone.status.success() && text(&alone).contains("add `--rolling REF`"),
        "{}",
        text(&alone)
    );
}

#[test]
fn a_commit_that_git_does_not_know_and_one_without_locks_are_told_apart() {
    let package = Package::copy("bank", "rolling_first");
    package.git(&["init", "--quiet", "--initial-branch=main"]);
    release(&package);
    let (is_read, said) = judge(&package);
    assert_eq!((is_read, &*said), (true, "nothing was locked at running\n"));
    let unknown = package.esrs(&["lock", "--check", "--rolling", "nowhere"]);
    assert!(!unknown.status.success() && text(&unknown).contains("nowhere"), "{}", text(&unknown));
    let alone = package.esrs(&["lock", "--rolling", "running"]);
    assert!(!alone.status.success() && text(&alone).contains("--check"), "{}", text(&alone));
    // An error of the check counts, whatever older programs read.
    package.replace(LIB, "order: u32", "order: u16");
    let drift = package.esrs(&["lock", "--check", "--rolling", "running"]);
    assert!(!drift.status.success(), "{}", text(&drift));
}
