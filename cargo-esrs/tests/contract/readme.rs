//! The output in the README is what is printed.

use crate::support::{bank, printed};

/// The fenced block after the line that begins with `marker`: the command, and what it printed.
fn shown(marker: &str) -> (String, String) {
    let readme = include_str!("../../README.md").replace("\r\n", "\n");
    let (_, rest) = readme.split_once(marker).unwrap();
    let (_, block) = rest.split_once("```").unwrap();
    let (block, _) = block.split_once("\n```").unwrap();
    let (command, printed) = block.split_once("\n…\n").unwrap();
    let (_, arguments) = command.split_once("$ cargo esrs schema ").unwrap();
    (arguments.to_owned(), printed.to_owned())
}

#[test]
fn the_readme_shows_what_is_printed() {
    for marker in ["<!-- the page: -->", "<!-- the schema: -->"] {
        let (arguments, shown) = shown(marker);
        assert!(shown.lines().count() > 5, "{shown}");
        let arguments: Vec<_> = arguments.split(' ').collect();
        let printed = printed(&bank(), &arguments);
        assert!(printed.contains(&shown), "{arguments:?} does not print this:\n{shown}");
    }
}
