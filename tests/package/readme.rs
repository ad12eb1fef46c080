//! The README shows what its programs print.

use std::fs;
use std::path::Path;

/// The lines of the fenced block after the line that begins with `marker`, and what that line says
/// after it.
fn block_after(marker: &str) -> (String, String) {
    let readme = fs::read_to_string("README.md").unwrap();
    let mut lines = readme.lines().skip_while(|line| !line.starts_with(marker));
    let said = lines.next().unwrap_or_else(|| panic!("README.md has no line `{marker} … -->`"));
    let said = said[marker.len()..].trim_end_matches("-->").trim().to_owned();
    let fence = lines.next().unwrap_or_default();
    assert!(fence.starts_with("```"), "no fenced block follows `{marker}` in README.md: {fence:?}");
    let block: Vec<_> = lines.take_while(|line| *line != "```").collect();
    (said, block.join("\n"))
}

#[test]
fn the_compile_error_in_the_readme_is_the_one_that_is_printed() {
    let (file, quoted) = block_after("<!-- the compile error:");
    let printed = fs::read_to_string(Path::new(&file))
        .unwrap_or_else(|error| panic!("README.md quotes {file}, which cannot be read: {error}"));
    assert_eq!(quoted.trim_end(), printed.trim_end(), "README.md quotes {file}, word for word");
}
