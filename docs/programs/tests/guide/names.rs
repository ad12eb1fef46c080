//! The names in the prose of the guide are those of the code: what is renamed there is renamed here.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use crate::book::{files, pages};
use crate::markdown::{Page, root};

/// The folders whose identifiers are known: the libraries, and the programs that the guide shows.
const SOURCES: [&str; 9] = [
    "cargo-esrs/src",
    "docs/programs/examples",
    "esrs-core/src",
    "esrs-derive/src",
    "esrs-lock/src",
    "esrs-runner/src",
    "examples",
    "src",
    "stores",
];

/// Names of other libraries and programs, and names that a page makes up.
const FOREIGN: [&str; 29] = [
    "AggregateConflict",
    "AggregateError",
    "AggregateLifecycle",
    "AggregateStreamAsync",
    "CqrsFramework",
    "DomainEvent",
    "ETag",
    "EventTypeSchemaChanged",
    "EventUpcaster",
    "FetchForWriting",
    "Old1",
    "Old2",
    "PersistedEventStore",
    "QueryReplay",
    "Reserve",
    "Services",
    "StoreOptions",
    "TestFramework",
    "Upcaster",
    "View",
    "ViewRepository",
    "default_pool_size",
    "dispatch",
    "execute_with_metadata",
    "max_connections",
    "new_aggregate_store",
    "new_snapshot_store",
    "noon",
    "upcast_to",
];

/// The identifiers of a piece of code, without those in its strings.
fn identifiers(code: &str) -> impl Iterator<Item = &str> {
    let outside = code.split('"').step_by(2);
    let words = outside.flat_map(|part| part.split(|c: char| !c.is_alphanumeric() && c != '_'));
    words.filter(|word| word.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_'))
}

/// True for a path, a call, a method, a type or a name of several words; false for values and commands.
fn is_name(code: &str) -> bool {
    let is_word = code.chars().all(|c| c.is_alphanumeric() || c == '_');
    let is_type = code.starts_with(|c: char| c.is_ascii_uppercase());
    code.contains("::")
        || code.contains('(')
        || code.starts_with('.')
        || (is_word && (is_type || code.contains('_')))
}

fn known() -> BTreeSet<String> {
    let sources = SOURCES.iter().flat_map(|folder| files(&root().join(folder)));
    let is_rust = |path: &Path| path.extension().is_some_and(|extension| extension == "rs");
    let mut known = BTreeSet::new();
    for path in sources.filter(|path| is_rust(path)) {
        for line in fs::read_to_string(path).unwrap().lines() {
            let code = line.split("//").next().unwrap();
            let words = code.split(|c: char| !c.is_alphanumeric() && c != '_');
            known.extend(words.map(str::to_owned));
        }
    }
    known
}

#[test]
fn names_in_prose_are_those_of_the_code() {
    let (known, mut count, mut foreign, mut wrong) = (known(), 0, BTreeSet::new(), Vec::new());
    let readme = Page::read(&root().join("README.md"));
    for page in pages().iter().chain([&readme]) {
        let prose: String = page.prose.split("```").collect();
        for code in prose.split('`').skip(1).step_by(2).filter(|code| is_name(code)) {
            count += 1;
            for name in identifiers(code).filter(|name| !known.contains(*name)) {
                match FOREIGN.contains(&name) {
                    true => _ = foreign.insert(name.to_owned()),
                    false => wrong.push(format!("{}: {name} in {code}", page.path.display())),
                }
            }
        }
    }
    assert!(wrong.is_empty(), "names that are not in the code: {wrong:#?}");
    assert!(count > 300, "{count} names");
    let unused: Vec<_> = FOREIGN.iter().filter(|name| !foreign.contains(**name)).collect();
    assert!(unused.is_empty(), "names that no page has, or that are in the code now: {unused:?}");
}

#[test]
fn names_are_told_from_other_code() {
    for name in ["Repository::load", ".by(…)", "with_snapshots", "Scenario", "id(\"x\")"] {
        assert!(is_name(name), "{name}");
    }
    for other in ["cargo esrs lock", "events", "2", "v1.name.json", "{\"cents\":500}"] {
        assert!(!is_name(other), "{other}");
    }
    assert_eq!(
        identifiers("store.get::<A>(\"b c\", 5)").collect::<Vec<_>>(),
        ["store", "get", "A"]
    );
}
