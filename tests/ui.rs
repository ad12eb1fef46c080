//! What the compiler says about wrong uses: one mistake a file, beside what is printed for it.
//!
//! Beside them, in each folder, stands the nearest right use (`right.rs`), which is run.
//! `TRYBUILD=overwrite cargo test --test ui` writes down what is printed today.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[test]
fn each_mistake_is_told_where_it_was_made_and_each_right_use_runs() {
    let cases = trybuild::TestCases::new();
    cases.pass("tests/ui/*/right.rs");
    for case in wrong_uses() {
        cases.compile_fail(case);
    }
}

/// Every case but the right ones.
fn wrong_uses() -> impl Iterator<Item = std::path::PathBuf> {
    let folder = std::path::Path::new("tests/ui");
    let topics = std::fs::read_dir(folder).unwrap().map(|topic| topic.unwrap().path());
    let files = topics.flat_map(|topic| std::fs::read_dir(topic).unwrap());
    files
        .map(|file| file.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .filter(|path| path.file_name().is_some_and(|name| name != "right.rs"))
}
