//! The declarations that differ between two entries, of the parts that both have.

use std::collections::BTreeMap;

use super::{Lines, Place, compare};
use crate::file::INDENT;
use crate::outline::{Line, Text, name_end, parse, slice, split};

/// A part of which something else is declared than is locked; see [`first_changed_step`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct StepChange {
    /// Its path; empty for the payload itself.
    pub path: String,
    /// The locked declaration; `None` for nothing.
    pub locked: Option<String>,
    /// The declaration in the source; `None` for nothing.
    pub now: Option<String>,
}

/// The first part of which something else is declared than is locked, among those that both shapes have. A
/// `default` counts where a part may be absent in both: [`first_change_of`](crate::compat::first_change_of) judges
/// the others.
pub fn first_changed_step<S: AsRef<str>>(
    (locked_outline, locked): (&[S], &[S]),
    (outline, now): (&[S], &[S]),
) -> Option<StepChange> {
    let then = parts(locked_outline, &BTreeMap::new());
    let former = former_paths(outline, &then);
    let today = parts(outline, &former);
    let may_be_absent = |path: &str| Some((*then.get(path)?, *today.get(path)?));
    let (locked, now) = (declared(locked, &BTreeMap::new()), declared(now, &former));
    let common = |lines: &[(String, String)], is_locked: bool| {
        let mut text = String::new();
        for (path, declared) in lines {
            let counts = match may_be_absent(path) {
                None if path.is_empty() => true,
                None => continue,
                Some((true, true)) => true,
                // Of an opaque part, whether it is an `Option` is known by its type alone.
                Some((false, false)) => is_locked || has_default(&locked, path),
                Some(_) => false,
            };
            let declared = if counts { declared } else { without_default(declared) };
            match (path.is_empty(), declared.is_empty()) {
                (_, true) => {}
                (true, false) => text += &format!("{INDENT}{declared}\n"),
                (false, false) => text += &format!("{INDENT}{path}: {declared}\n"),
            }
        }
        text
    };
    let (before, after) = (common(&locked, true), common(&now, false));
    let (before, after) = (Lines::new(before.as_bytes(), 0), Lines::new(after.as_bytes(), 0));
    let change = compare(&before, &after)?;
    let text = |text: Text<'_>| text.as_str().to_owned();
    Some(StepChange {
        path: text(change.path),
        locked: change.locked.map(text),
        now: change.now.map(text),
    })
}

/// The first part that is written by other code than is locked, of the parts that both shapes have: another
/// function of serde, another type of an opaque part, or another `default`, which stands for what is left out.
/// Declared steps concern readers alone.
pub fn first_changed_writer<S: AsRef<str>>(
    (locked_outline, locked): (&[S], &[S]),
    (outline, now): (&[S], &[S]),
) -> Option<StepChange> {
    let lines = |lines: &[S]| lines.iter().map(|line| line.as_ref().to_owned()).collect();
    let (locked_outline, outline): (Vec<String>, Vec<String>) =
        (lines(locked_outline), lines(outline));
    let writers = |lines: &[S]| -> Vec<String> {
        lines.iter().filter_map(|line| writer(line.as_ref())).collect()
    };
    first_changed_step((&locked_outline, &writers(locked)), (&outline, &writers(now)))
}

/// The code by which a line of steps says that its part is written; `None` if it says nothing of it.
fn writer(line: &str) -> Option<String> {
    const WRITING: [&str; 7] = [
        "default",
        "with = ",
        "serialize_with = ",
        "getter = ",
        "into = ",
        "remote = ",
        "of type ",
    ];
    let indented = format!("{INDENT}{line}");
    let (path, declared) = parts_of_line(&indented);
    let is_writing = |word: &&str| WRITING.iter().any(|begin| word.starts_with(begin));
    let words: Vec<_> = words(declared).into_iter().filter(is_writing).collect();
    let said = words.join(", ");
    match (said.as_str(), path) {
        ("", _) => None,
        (_, "") => Some(said),
        _ => Some(format!("{path}: {said}")),
    }
}

/// The words of a declaration, which commas part outside of quotes and brackets.
fn words(declared: &str) -> Vec<&str> {
    let (mut words, mut start, mut depth) = (Vec::new(), 0, 0_usize);
    let (mut is_quoted, mut is_escaped, mut before) = (false, false, ' ');
    for (at, letter) in declared.char_indices() {
        match letter {
            _ if is_escaped => is_escaped = false,
            '\\' if is_quoted => is_escaped = true,
            '"' => is_quoted = !is_quoted,
            _ if is_quoted => {}
            '(' | '[' | '{' | '<' => depth += 1,
            // That of an arrow closes nothing.
            '>' if matches!(before, '-' | '=') => {}
            ')' | ']' | '}' | '>' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                words.push(declared[start..at].trim());
                start = at + 1;
            }
            _ => {}
        }
        before = letter;
    }
    words.push(declared[start..].trim());
    words
}

/// The path that each part has in `then`: a part that was renamed has that of the alias by which it is read.
fn former_paths<S: AsRef<str>>(
    outline: &[S],
    then: &BTreeMap<String, bool>,
) -> BTreeMap<String, String> {
    let mut former = BTreeMap::<String, String>::new();
    for line in outline {
        let line = parse(line.as_ref().as_bytes());
        let path = split(line.path);
        let parent = path.parent.as_str();
        let above = former.get(parent).map_or(parent, String::as_str);
        let of = |name: Text<'_>| format!("{above}{}{}", path.step.as_str(), name.as_str());
        let (mut found, mut start) = (of(path.name), 0);
        while !then.contains_key(&found) && start < line.aliases.len() {
            let end = name_end(line.aliases, start + 1, b"/");
            found = of(slice(line.aliases, start + 1, end));
            start = end;
        }
        let found = if then.contains_key(&found) { found } else { of(path.name) };
        former.insert(line.path.as_str().to_owned(), found);
    }
    former
}

/// The path of each line, in other words where `former` has some, and what is declared there. Any JSON has
/// `null` where an `Option` has `None`.
fn declared<S: AsRef<str>>(
    steps: &[S],
    former: &BTreeMap<String, String>,
) -> Vec<(String, String)> {
    let line = |line: &S| {
        let line = format!("{INDENT}{}\n", line.as_ref());
        let (path, declared) = parts_of_line(&line);
        let path = former.get(path).map_or(path, String::as_str);
        (path.to_owned(), declared.replacen("default = null", "default = None", 1))
    };
    steps.iter().map(line).collect()
}

/// The path of an indented line, and what is declared there.
fn parts_of_line(line: &str) -> (&str, &str) {
    let text = Text::of(line.as_bytes());
    match Place::at(text, 0) {
        Some(Place { begin, path, declared, end, .. }) => {
            (&line[begin..path], &line[declared..end])
        }
        None => ("", ""),
    }
}

fn has_default(steps: &[(String, String)], path: &str) -> bool {
    steps.iter().any(|(of, declared)| of == path && declared.starts_with("default"))
}

/// The paths of an outline, in other words where `former` has some, each with whether what is there may be
/// absent.
fn parts<S: AsRef<str>>(
    outline: &[S],
    former: &BTreeMap<String, String>,
) -> BTreeMap<String, bool> {
    let parsed = outline.iter().map(|line| parse(line.as_ref().as_bytes()));
    let part = |line: Line<'_>| {
        let path = line.path.as_str();
        (former.get(path).map_or(path, String::as_str).to_owned(), line.optional)
    };
    parsed.map(part).collect()
}

/// The declarations of a part without its `default`, which is the first.
fn without_default(declared: &str) -> &str {
    let Some(rest) = declared.strip_prefix("default") else { return declared };
    let rest = match rest.strip_prefix(" = \"") {
        Some(path) => path.split_once('"').map_or("", |(_, rest)| rest),
        None => rest.strip_prefix(" = None").unwrap_or(rest),
    };
    rest.strip_prefix(" of the struct").unwrap_or(rest).trim_start_matches(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_default_counts_only_where_a_part_was_absent() {
        let changed = |then: (&str, &[&str]), now: (&str, &[&str])| {
            first_changed_step((&[then.0], then.1), (&[now.0], now.1)).is_some()
        };
        let (needed, optional) = (".a: u8", ".a?: u8");
        let (five, six) = (".a: default = \"five\"", ".a: default = \"six\"");
        assert!(!changed((needed, &[]), (optional, &[five])));
        assert!(!changed(
            (needed, &[".a: added(in = 2)"]),
            (optional, &[".a: default, added(in = 2)"])
        ));
        assert!(changed((optional, &[five]), (optional, &[six])));
        assert!(changed((optional, &[five]), (".a/b?: u8", &[six])), "whatever else changed");
        assert!(changed((needed, &[]), (optional, &[".a: default, retyped(from = u8)"])));
        assert!(!changed((optional, &[five]), (".b?: u8", &[".b: default = \"six\""])));
    }

    #[test]
    fn code_of_writing_is_told_from_code_of_reading() {
        let outline = [".a: opaque at@1", ".b: u8"];
        let changed = |then: &str, now: &str| {
            first_changed_writer((&outline, &[then]), (&outline, &[now])).is_some()
        };
        let seconds =
            ".a: default, with = \"seconds\", of type Time<u8, fn(u8) -> u8>, added(in = 2)";
        for same in [
            ".a: default, with = \"seconds\", of type Time<u8, fn(u8) -> u8>",
            ".a: default, with = \"seconds\", of type Time<u8, fn(u8) -> u8>, \
             retyped(from = X, in = 3, with = y)",
        ] {
            assert!(!changed(seconds, same), "{same}");
        }
        for other in [
            ".a: default = \"zero, one\", with = \"seconds\", of type Time<u8, fn(u8) -> u8>",
            ".a: default, with = \"millis\", of type Time<u8, fn(u8) -> u8>",
            ".a: default, with = \"seconds\", of type Time<u16, fn(u8) -> u8>",
            ".a: added(in = 2)",
        ] {
            assert!(changed(seconds, other), "{other}");
            assert!(changed(other, seconds), "{other}");
        }
        assert!(changed("into = \"A\"", "into = \"B\", from = \"A\""));
        assert!(!changed("into = \"A\", from = \"B\"", "from = \"A\", into = \"A\""));
        assert!(!changed(".b: deserialize_with = \"a\"", ".b: deserialize_with = \"b\""));
        assert!(changed(".b: serialize_with = \"a\"", ".b: serialize_with = \"b\""));
        assert!(!changed("upcast by hand", ".b: added(in = 2, default = 1)"));
    }

    #[test]
    fn what_led_to_a_part_that_is_gone_does_not_count() {
        let changed = |then: &[&str], now: &[&str]| {
            let outline = [".a: struct", ".a.b: u8"];
            first_changed_step((&outline, then), (&outline, now)).is_some()
        };
        assert!(!changed(&[".a.b: added(in = 2)"], &[".a: removed(in = 3)"]));
        assert!(!changed(&[".a: added(in = 2)"], &[".a: removed(in = 3)"]));
        assert!(changed(&[".a.b: added(in = 2)"], &[]));
        assert!(changed(&["upcast by hand"], &[]));
    }
}
