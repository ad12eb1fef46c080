//! The story of an evolving schema is true: every program in it is compiled, every command is run, and
//! what it prints is what the story shows. `BLESS=1` writes down what is printed now.

use std::fs;
use std::process::Output;

use crate::support::{Package, workspace};

const STORY: &str = "src/doc/story.md";

const MANIFEST: &str = r#"
[package]
name = "bank"
version = "0.1.0"
edition = "2024"

[dependencies]
esrs = { path = "{esrs}" }
serde = { version = "1", features = ["derive"] }
tokio = { version = "1", features = ["macros", "rt-multi-thread"] }

[workspace]
"#;

/// A part of the story, in order.
enum Part {
    Text(String),
    /// A fenced block: what it is, and its lines.
    Block(String, String),
}

fn parts(story: &str) -> Vec<Part> {
    let (mut parts, mut block) = (Vec::new(), None);
    for line in story.lines() {
        match (line.strip_prefix("```"), &mut block) {
            (Some(""), Some(_)) => {
                let (kind, lines) = block.take().unwrap();
                parts.push(Part::Block(kind, lines));
            }
            (Some(kind), None) => block = Some((kind.to_owned(), String::new())),
            (_, Some((_, lines))) => *lines += &format!("{line}\n"),
            (_, None) => parts.push(Part::Text(line.to_owned())),
        }
    }
    parts
}

/// Puts what a diff adds in the place of what it takes away; its other lines say where.
fn patch(package: &Package, file: &str, diff: &str) {
    let (mut from, mut to) = (String::new(), String::new());
    for line in diff.lines() {
        let (mark, rest) = line.split_at(1.min(line.len()));
        if mark != "+" {
            from += &format!("{rest}\n");
        }
        if mark != "-" {
            to += &format!("{rest}\n");
        }
    }
    package.replace(file, &from, &to);
}

/// Runs each command of a block, and shows what it prints below it.
fn session(package: &Package, commands: &str) -> String {
    let mut shown = String::new();
    for line in commands.lines().filter(|line| line.starts_with("$ ")) {
        let words: Vec<_> = line.split(' ').skip(1).collect();
        let printed = match words.as_slice() {
            ["cat", file] => package.read(file),
            ["cargo", "esrs", rest @ ..] => printed(&package.esrs(rest)),
            ["cargo", rest @ ..] => printed(&package.cargo(rest)),
            other => panic!("the story runs {other:?}"),
        };
        shown += &format!("{line}\n{printed}");
    }
    shown
}

/// Returns what a command prints, without what cargo says of its own progress.
fn printed(output: &Output) -> String {
    let text = crate::support::text(output);
    let noise = |line: &&str| {
        let words = [
            "Adding",
            "Blocking",
            "Checking",
            "Compiling",
            "Downloaded",
            "Downloading",
            "Finished",
            "Locking",
            "Running",
            "Updating",
        ];
        let first = line.split_whitespace().next().unwrap_or_default();
        let is_progress = line.starts_with(' ') && words.contains(&first);
        is_progress
            || line.starts_with("For more information")
            || line.starts_with("error: could not")
    };
    let lines: Vec<_> = text.lines().filter(|line| !noise(line)).map(str::trim_end).collect();
    let text = lines.join("\n");
    let text = text.trim_end();
    if text.is_empty() { String::new() } else { format!("{text}\n") }
}

#[test]
fn every_step_of_the_story_is_as_it_is_told() {
    let package = Package::empty("bank");
    package.write("Cargo.toml", &MANIFEST.replace("{esrs}", workspace().to_str().unwrap()));
    let story = fs::read_to_string(workspace().join(STORY)).unwrap();
    let mut told = String::new();
    for part in parts(&story) {
        match part {
            Part::Text(line) => told += &format!("{line}\n"),
            Part::Block(kind, lines) => {
                let words: Vec<_> = kind.split(' ').collect();
                let lines = match words.as_slice() {
                    ["rust,no_run", "story", file] => {
                        package.write(file, &lines);
                        lines
                    }
                    ["diff", file] => {
                        patch(&package, file, &lines);
                        lines
                    }
                    ["console"] => session(&package, &lines),
                    other => panic!("the story has a block of {other:?}"),
                };
                told += &format!("```{kind}\n{lines}```\n");
            }
        }
    }
    if std::env::var_os("BLESS").is_some() {
        fs::write(workspace().join(STORY), &told).unwrap();
    }
    let story = fs::read_to_string(workspace().join(STORY)).unwrap();
    assert!(story == told, "the story is not what happens:\n{told}");
}

#[test]
fn the_guide_tells_the_story() {
    let page = fs::read_to_string(workspace().join("docs/book/src/schema/story.md")).unwrap();
    let include = format!("{{{{#include ../../../../{STORY}}}}}");
    assert!(page.lines().any(|line| line == include), "the page has no line {include}");
}
