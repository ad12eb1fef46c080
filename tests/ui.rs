//! Compiler messages about wrong uses: one mistake per file, next to its pinned message.
//!
//! Each folder has the nearest right use (`right.rs`), which is run, and what the messages advise,
//! written as they say (`followed.rs`). A message of a derive that advises code which
//! neither has fails a test.
//! `TRYBUILD=overwrite cargo test --test ui` writes down what is printed today.
//!
//! Alone in its binary: it has cargo check hundreds of programs, and both cores are at work.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::ops::Not;
use std::path::{Path, PathBuf};
use std::process::Termination;

/// Builds the right uses into this binary, and runs each as a test.
macro_rules! right_uses {
    ($($file:literal as $name:ident,)*) => {
        const RIGHT_USES: &[&str] = &[$(concat!("tests/", $file)),*];

        $(
            #[path = $file]
            #[allow(dead_code, unreachable_pub, unused_qualifications, clippy::all, reason = "a program for people to read")]
            mod $name;

            #[test]
            fn $name() -> impl Termination {
                $name::main()
            }
        )*
    };
}

right_uses! {
    "ui/aggregate/right.rs" as aggregate_right,
    "ui/column/right.rs" as column_right,
    "ui/event/right.rs" as event_right,
    "ui/handle/right.rs" as handle_right,
    "ui/handler/right.rs" as handler_right,
    "ui/history/followed.rs" as history_followed,
    "ui/history/right.rs" as history_right,
    "ui/id/right.rs" as id_right,
    "ui/merge/right.rs" as merge_right,
    "ui/projection/followed.rs" as projection_followed,
    "ui/projection/right.rs" as projection_right,
    "ui/read_model/right.rs" as read_model_right,
    "ui/repository/right.rs" as repository_right,
    "ui/schema/followed.rs" as schema_followed,
    "ui/schema/right.rs" as schema_right,
    "ui/split/right.rs" as split_right,
    "ui/upcast/right.rs" as upcast_right,
}

#[test]
fn every_right_use_is_run() {
    let mut files = files().filter(|path| is_right(path)).collect::<Vec<_>>();
    files.sort_unstable();
    let mut run = RIGHT_USES.iter().map(PathBuf::from).collect::<Vec<_>>();
    run.sort_unstable();
    assert_eq!(run, files);
}

/// Without a right use among them, trybuild has cargo check all of them at once.
#[test]
fn each_mistake_is_told_where_it_was_made() {
    let cases = trybuild::TestCases::new();
    for case in files().filter(|path| !is_right(path)) {
        cases.compile_fail(case);
    }
}

/// Every case, right and wrong.
fn files() -> impl Iterator<Item = PathBuf> {
    let folder = Path::new("tests/ui");
    let topics = std::fs::read_dir(folder).unwrap().map(|topic| topic.unwrap().path());
    let files = topics.flat_map(|topic| std::fs::read_dir(topic).unwrap());
    files
        .map(|file| file.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
}

fn is_right(path: &Path) -> bool {
    RIGHT.iter().any(|right| path.file_name().is_some_and(|name| name == *right))
}

/// The files that compile.
const RIGHT: [&str; 2] = ["right.rs", "followed.rs"];

/// The text of each file in a folder and those below it.
fn texts(folder: &Path, is_one: fn(&Path) -> bool, found: &mut Vec<(PathBuf, String)>) {
    for path in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if path.is_dir() {
            texts(&path, is_one, found);
        } else if is_one(&path) {
            let text = std::fs::read_to_string(&path).unwrap();
            found.push((path, text));
        }
    }
}

/// The string literals of a source file, without those of its tests.
fn literals(source: &str) -> Vec<String> {
    let source = source.split("#[cfg(test)]").next().unwrap_or_default();
    let (mut found, mut rest) = (Vec::new(), source.chars());
    while let Some(letter) = rest.next() {
        match letter {
            '/' if rest.as_str().starts_with('/') => {
                rest.by_ref().take_while(|letter| *letter != '\n').for_each(drop);
            }
            '\'' if rest.as_str().starts_with("\"'") || rest.as_str().starts_with("\\'") => {
                rest.by_ref().nth(1);
            }
            '"' => {
                let mut text = String::new();
                while let Some(letter) = rest.next().filter(|letter| *letter != '"') {
                    match (letter, letter == '\\') {
                        (_, true) => match rest.next() {
                            Some('n') => text.push('\n'),
                            // A line that goes on: what indents the next one is left out.
                            Some('\n') => rest = rest.as_str().trim_start().chars(),
                            other => text.extend(other),
                        },
                        (letter, false) => text.push(letter),
                    }
                }
                found.push(text);
            }
            _ => {}
        }
    }
    found
}

/// The pieces of code in a message that the reader must write: those in backticks that are more than a name.
fn advised(message: &str) -> impl Iterator<Item = &str> {
    let in_backticks = message.split('`').skip(1).step_by(2);
    let count = message.matches('`').count() / 2;
    in_backticks.take(count).filter(|code| {
        code.contains("#[") || code.contains(" = ") || code.contains('(') || code.contains("impl")
    })
}

/// The parts of code that stand for themselves, between those that stand for something else: `…`, what is
/// filled in, literals, and the names of examples.
fn fixed_parts(code: &str) -> Vec<String> {
    const EXAMPLES: [&str; 8] =
        ["T", "OldType", "function", "field", "fields", "path", "FirstPart", "SecondPart"];
    let (mut parts, mut word) = (vec![String::new()], String::new());
    let mut letters = code.replace("{{", "\u{1}").replace("}}", "\u{2}");
    letters.push(' ');
    let mut letters = letters.chars();
    while let Some(letter) = letters.next() {
        if letter.is_alphanumeric() || letter == '_' {
            word.push(letter);
            continue;
        }
        let is_any =
            EXAMPLES.contains(&&*word) || word.chars().all(|letter| letter.is_ascii_digit());
        match is_any && !word.is_empty() {
            true => parts.push(String::new()),
            false => parts.last_mut().unwrap().push_str(&word),
        }
        word.clear();
        match letter {
            '{' => {
                letters.by_ref().take_while(|letter| *letter != '}').for_each(drop);
                parts.push(String::new());
            }
            '"' => {
                letters.by_ref().take_while(|letter| *letter != '"').for_each(drop);
                parts.push(String::new());
            }
            '…' => parts.push(String::new()),
            '\u{1}' => parts.last_mut().unwrap().push('{'),
            '\u{2}' => parts.last_mut().unwrap().push('}'),
            letter if letter.is_whitespace() => {}
            letter => parts.last_mut().unwrap().push(letter),
        }
    }
    parts.retain(|part| !part.is_empty());
    parts
}

/// Returns true if a text, which has no spaces, has these parts one after the other, close to each other.
fn has(text: &str, parts: &[String]) -> bool {
    const CLOSE: usize = 400;
    let Some((first, others)) = parts.split_first() else { return true };
    text.match_indices(&**first).any(|(at, _)| {
        let mut rest = &text[at + first.len()..];
        others.iter().all(|part| match rest.find(&**part) {
            Some(at) if at <= CLOSE => {
                rest = &rest[at + part.len()..];
                true
            }
            _ => false,
        })
    })
}

#[test]
fn each_piece_of_code_that_a_derive_advises_is_compiled() {
    let without_spaces = |text: &str| text.split_whitespace().collect::<String>();
    let mut right = Vec::new();
    texts(Path::new("tests/ui"), is_right, &mut right);
    // `schema!()` compiles where there are locks.
    texts(Path::new("cargo-esrs/tests/bank/src"), |_| true, &mut right);
    let right: Vec<_> = right.iter().map(|(_, text)| without_spaces(text)).collect();
    let mut sources = Vec::new();
    texts(Path::new("esrs-derive/src"), |path| path.ends_with("tests.rs").not(), &mut sources);
    let (mut count, mut wrong) = (0, Vec::new());
    for (path, source) in &sources {
        for message in literals(source) {
            for code in advised(&message) {
                count += 1;
                let parts = fixed_parts(code);
                if !right.iter().any(|text| has(text, &parts)) {
                    wrong.push(format!("{}: no test compiles `{code}`: {message}", path.display()));
                }
            }
        }
    }
    assert!(count > 60, "{count}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn code_that_is_advised_is_found_as_it_is_filled_in() {
    let has = |text: &str, code: &str| {
        has(&text.split_whitespace().collect::<String>(), &fixed_parts(code))
    };
    assert!(has("#[schema( opaque = \"a@2\" )]", "#[schema(opaque = \"name@1\")]"));
    assert!(!has("#[schema(version = 2)]", "#[schema(opaque = \"name@1\")]"));
    assert!(has("impl Upcast<V1> for Opened {", "impl Upcast<{from}> for {ident}"));
    assert!(has("fn apply(&mut self) { x }", "fn apply(&mut self) {{ … }}"));
    assert!(!has("fn apply(self) {}", "fn apply(&mut self) {{ … }}"));
    let messages = literals("let a = \"mark it `#[a]`, or `b`\"; // \"`#[no]`\"\nlet c = '\"';");
    assert_eq!(messages, ["mark it `#[a]`, or `b`"]);
    assert_eq!(advised(&messages[0]).collect::<Vec<_>>(), ["#[a]"]);
}
