//! Doc comments open with a noun or a verb; they, errors and the guide name things by the terms of the
//! field.

use std::fs;
use std::path::{Path, PathBuf};

/// The folders whose doc comments are read.
const FOLDERS: [&str; 12] = [
    "benches",
    "cargo-esrs",
    "docs",
    "esrs-core",
    "esrs-derive",
    "esrs-lock",
    "esrs-runner",
    "examples",
    "src",
    "stores",
    "tests",
    "xtask",
];

/// Words that no doc comment opens with: a type, a function or a module is named instead.
const OPENERS: [&str; 8] =
    ["What", "Which", "Who", "That", "Whether", "How", "Whoever", "Whatever"];

/// Phrases that no doc comment has, each with what to write instead.
const PHRASES: [(&str, &str); 42] = [
    ("way to the store", "takes one round trip"),
    ("ways to the store", "takes two round trips"),
    ("who asks", "the caller"),
    ("who reads", "the reader"),
    ("whoever", "the caller, the reader, a process"),
    ("somebody else", "another process, another writer"),
    ("kept", "stored, cached"),
    ("keeps a snapshot", "stores a snapshot"),
    ("keeps rows", "stores rows"),
    ("keeps no", "stores no"),
    ("keeps payloads", "stores payloads"),
    ("keeps snapshots", "stores snapshots"),
    ("the word `", "the attribute `"),
    ("was faster", "appended first"),
    ("what may happen to a database", "the variants, and when each occurs"),
    ("take it away", "remove it"),
    ("as of which", "at which"),
    ("is to be", "must be"),
    ("are to be", "must be"),
    ("was to be", "expected"),
    ("were to be", "expected"),
    ("is none", "is invalid"),
    ("anew", "again; rebuilt"),
    ("came to", "emitted; the result"),
    ("comes to", "emits; the result"),
    ("by the word of", "on an explicit request by"),
    ("stands at", "is at"),
    ("stood at", "was at"),
    ("on its way to", "before it is"),
    ("warm state", "cached state"),
    ("warm states", "cached states"),
    ("beside", "next to, in parallel with, compared to"),
    ("asked for twice", "requested twice"),
    ("in vain", "without effect"),
    ("a moment", "a point in time"),
    ("adds up to, in", "the total, in"),
    ("name and reason are kept", "its name and the reason are recorded"),
    ("what is there is something else", "not a database of esrs"),
    ("look whether", "check whether"),
    ("does not show it yet", "did not catch up in time"),
    ("asks for a lease", "a request to acquire a lease"),
    ("waits to be executed", "a pending command"),
];

/// Words for people, which the guide may use; in code, tasks and transactions have names of their own.
const PEOPLE: [&str; 2] = ["somebody", "anybody"];

/// The lines of a doc comment, without examples and code in backticks.
struct Comment {
    file: PathBuf,
    line: usize,
    text: String,
}

fn comments(file: &Path, source: &str) -> Vec<Comment> {
    let (mut comments, mut is_open, mut is_code) = (Vec::<Comment>::new(), false, false);
    for (place, line) in source.lines().enumerate() {
        let line = line.trim_start();
        let text = line.strip_prefix("///").or_else(|| line.strip_prefix("//!"));
        let Some(text) = text.filter(|text| !text.starts_with('/')) else {
            (is_open, is_code) = (false, false);
            continue;
        };
        if !is_open {
            let (file, line) = (file.to_owned(), place + 1);
            comments.push(Comment { file, line, text: String::new() });
            is_open = true;
        }
        if text.trim_start().starts_with("```") {
            is_code = !is_code;
        } else if !is_code && let Some(comment) = comments.last_mut() {
            for (place, part) in text.split('`').enumerate() {
                comment.text.push_str(if place % 2 == 0 { part } else { "`" });
            }
            comment.text.push(' ');
        }
    }
    comments
}

/// The words of a text in lower case, with one space around each.
fn words(text: &str) -> String {
    let mut words = String::from(" ");
    for word in text.split_whitespace() {
        let word = word.trim_matches(|c: char| ".;:!?()[]\u{2026}\"*".contains(c));
        words.push_str(&word.to_lowercase());
        words.push(' ');
    }
    // A comma is a word of its own, so that a phrase may end before it.
    words.replace(", ", " , ")
}

/// The texts of attributes that the user reads: errors, and advice of the compiler.
const MESSAGES: [&str; 2] = ["#[error(", "#[diagnostic::on_unimplemented("];

/// The string literals of each such attribute, joined, with the line that it begins in.
fn messages(source: &str) -> Vec<(usize, String)> {
    let found = MESSAGES.iter().flat_map(|opening| source.match_indices(opening));
    found
        .map(|(start, opening)| {
            let line = source[..start].matches('\n').count() + 1;
            (line, literals(&source[start + opening.len()..]))
        })
        .collect()
}

/// The string literals up to the parenthesis that closes this attribute, without `code` in them.
fn literals(attribute: &str) -> String {
    let (mut text, mut depth, mut chars) = (String::new(), 1, attribute.chars());
    while let Some(c) = chars.next() {
        match c {
            '"' => {
                while let Some(c) = chars.next().filter(|&c| c != '"') {
                    match c {
                        '\\' => text.extend(chars.next().filter(|&c| c == '"')),
                        c => text.push(c),
                    }
                }
                text.push(' ');
            }
            '(' => depth += 1,
            ')' if depth == 1 => break,
            ')' => depth -= 1,
            _ => {}
        }
    }
    text.split('`').step_by(2).collect::<Vec<_>>().join("`")
}

/// Returns what to write instead, of each mistake of a comment.
fn mistakes(comment: &Comment) -> Vec<String> {
    let first = comment.text.split_whitespace().next().unwrap_or_default();
    let first = first.trim_end_matches(|c: char| !c.is_alphanumeric());
    let opener = OPENERS.iter().filter(|opener| **opener == first);
    let opener = opener.map(|opener| format!("opens with `{opener}`; open with a noun or a verb"));
    let text = words(&comment.text);
    let people = PEOPLE.iter().filter(|word| text.contains(&format!(" {word} ")));
    let people = people.map(|word| format!("has `{word}`; name the caller, task or process"));
    opener.chain(people).chain(riddles(&comment.text)).collect()
}

/// Returns what to write instead, of each phrase of a text that reads like a riddle.
fn riddles(text: &str) -> impl Iterator<Item = String> {
    let words = words(text).replace(" there is none ", " ");
    let found = PHRASES.iter().filter(move |(phrase, _)| {
        let phrase = phrase.replace(", ", " , ");
        words.contains(&format!(" {phrase} "))
    });
    found.map(|(phrase, instead)| format!("has `{phrase}`; write: {instead}"))
}

/// The prose of a page: without fenced blocks and `code`.
fn prose(page: &str) -> String {
    let paragraphs: String = page.split("```").step_by(2).collect();
    paragraphs.split('`').step_by(2).collect()
}

fn sources(folder: &Path, extension: &str, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.ends_with("target") {
            sources(&path, extension, found);
        } else if path.extension().is_some_and(|found| found == extension) {
            found.push(path);
        }
    }
}

#[test]
fn doc_comments_use_the_words_of_the_field() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let (mut files, mut read, mut wrong) = (Vec::new(), 0, Vec::new());
    for folder in FOLDERS {
        sources(&root.join(folder), "rs", &mut files);
    }
    files.sort();
    for file in files {
        let source = fs::read_to_string(&file).unwrap();
        let shown = file.strip_prefix(root).unwrap();
        for comment in comments(shown, &source) {
            read += 1;
            let Comment { file, line, .. } = &comment;
            let mistakes = mistakes(&comment).into_iter();
            wrong.extend(mistakes.map(|mistake| format!("{}:{line} {mistake}", file.display())));
        }
    }
    assert!(wrong.is_empty(), "{} doc comments:\n{}", wrong.len(), wrong.join("\n"));
    assert!(read > 3_000, "{read} comments");
}

#[test]
fn messages_use_the_words_of_the_field() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let (mut files, mut read, mut wrong) = (Vec::new(), 0, Vec::new());
    for folder in FOLDERS {
        sources(&root.join(folder), "rs", &mut files);
    }
    files.sort();
    files.retain(|file| !file.ends_with("xtask/tests/workspace/words.rs"));
    for file in files {
        let shown = file.strip_prefix(root).unwrap();
        for (line, text) in messages(&fs::read_to_string(&file).unwrap()) {
            read += 1;
            let shown = shown.display();
            wrong.extend(riddles(&text).map(|mistake| format!("{shown}:{line} {mistake}")));
            if text.trim_end().ends_with('.') {
                wrong.push(format!("{shown}:{line} ends with a full stop"));
            }
        }
    }
    assert!(wrong.is_empty(), "{} messages:\n{}", wrong.len(), wrong.join("\n"));
    assert!(read > 150, "{read} messages");
}

#[test]
fn mistakes_in_messages_are_found() {
    let found = |source: &str| {
        let messages = messages(source);
        messages.iter().map(|(_, text)| riddles(text).count()).collect::<Vec<_>>()
    };
    assert_eq!(found("#[error(\"it stood \\\n     at {0}\", f(.0))]\nstruct A;"), [1]);
    assert_eq!(found("#[error(\"`beside` is {a}; \\\"x\\\"\")]\n// beside"), [0]);
    assert_eq!(found("#[diagnostic::on_unimplemented(\n    note = \"kept\",\n)]"), [1]);
}

#[test]
fn pages_of_the_guide_use_the_words_of_the_field() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut pages = Vec::new();
    sources(&root.join("docs/book/src"), "md", &mut pages);
    assert!(pages.len() > 20, "{pages:?}");
    pages.push(root.join("README.md"));
    for page in pages {
        let wrong: Vec<_> = riddles(&prose(&fs::read_to_string(&page).unwrap())).collect();
        assert!(wrong.is_empty(), "{}: {wrong:#?}", page.display());
    }
    assert_eq!(riddles(&prose("`beside`\n```\nbeside\n```\nIt stands\nat 5.")).count(), 1);
}

#[test]
fn mistakes_in_doc_comments_are_found() {
    let found = |text: &str| {
        let comments = comments(Path::new("it.rs"), text);
        comments.iter().map(|comment| mistakes(comment).len()).collect::<Vec<_>>()
    };
    assert_eq!(found("/// What it is.\nfn one() {}\n    /// Whether.\n"), [1, 1]);
    assert_eq!(found("//! It stands\n//! at 5, in vain.\n"), [2]);
    assert_eq!(found("/// A page; there is none.\n/// A name that is none.\n"), [1]);
    assert_eq!(found("/// `Whether` it is.\n/// ```\n/// // made anew\n/// ```\n"), [0]);
    assert_eq!(found("/// The word `x` that somebody wrote; it is kept.\n"), [3]);
    assert_eq!(found("/// Whatsoever, [`Beside`] it.\n//// What\n// Which\n"), [0]);
}
