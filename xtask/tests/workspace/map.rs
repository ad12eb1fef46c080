//! The map in ARCHITECTURE.md is that of the house as it stands.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn read(file: &str) -> String {
    std::fs::read_to_string(root().join(file)).unwrap()
}

/// The texts in backticks outside of blocks of code.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    let prose = text.split("```").step_by(2);
    prose.flat_map(|prose| prose.split('`').skip(1).step_by(2))
}

/// True for the name of a file or a folder of the repository: `stores/sqlite/`, `esrs-core/src/log/page.rs`.
fn is_path(quoted: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._-".contains(c);
    let is_name = quoted.ends_with('/') || quoted.ends_with(".rs") || quoted.ends_with(".md");
    quoted.contains('/') && quoted.chars().all(is_plain) && is_name
}

#[test]
fn every_path_that_a_map_names_is_there() {
    for map in ["ARCHITECTURE.md", "CONTRIBUTING.md"] {
        let text = read(map);
        let paths: BTreeSet<_> = quoted(&text).filter(|quoted| is_path(quoted)).collect();
        assert!(paths.len() > 5, "{map}: {paths:?}");
        let missing: Vec<_> = paths.iter().filter(|path| !root().join(path).exists()).collect();
        assert!(missing.is_empty(), "{map} names what is not there: {missing:?}");
    }
}

#[test]
fn every_room_of_the_core_is_on_the_map() {
    let text = read("ARCHITECTURE.md");
    let mut rooms = 0;
    for entry in std::fs::read_dir(root().join("esrs-core/src")).unwrap() {
        let entry = entry.unwrap();
        if !entry.file_type().unwrap().is_dir() {
            continue;
        }
        let room = entry.file_name().into_string().unwrap();
        rooms += 1;
        assert!(
            text.contains(&format!("\n| `esrs-core/src/{room}/` |")),
            "ARCHITECTURE.md has no row for `{room}/`"
        );
    }
    assert!(rooms > 5, "{rooms}");
}

#[test]
fn every_member_of_the_workspace_is_on_the_map() {
    let (text, manifest) = (read("ARCHITECTURE.md"), read("Cargo.toml"));
    let members = manifest.lines().find(|line| line.starts_with("members = ")).unwrap();
    for member in members.split('"').skip(1).step_by(2) {
        let is_named = |path: &Path| text.contains(&format!("`{}/`", path.display()));
        assert!(
            Path::new(member).ancestors().any(is_named),
            "ARCHITECTURE.md has no row for `{member}/`"
        );
    }
}

/// The rooms of the core, in the order of the map: each imports from those before it alone.
const ROOMS: [&str; 11] = [
    "value",
    "schema",
    "event",
    "log",
    "aggregate",
    "read_model",
    "store",
    "repository",
    "memory",
    "testing",
    "macro_support",
];

/// The source below a folder, without unit tests.
fn sources(folder: &Path, found: &mut Vec<(PathBuf, String)>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if !path.to_str().unwrap().ends_with("tests.rs") {
            let source = std::fs::read_to_string(&path).unwrap();
            let end = source.find("\nmod tests {").unwrap_or(source.len());
            found.push((path, source[..end].to_owned()));
        }
    }
}

#[test]
fn rooms_of_the_core_import_only_from_those_before_them() {
    let (text, mut imports) = (read("ARCHITECTURE.md"), 0);
    let rows = ROOMS.map(|room| text.find(&format!("\n| `esrs-core/src/{room}/` |")));
    assert!(rows.is_sorted() && rows.iter().all(Option::is_some), "{rows:?}");
    for (place, room) in ROOMS.iter().enumerate() {
        let mut files = Vec::new();
        sources(&root().join("esrs-core/src").join(room), &mut files);
        for (file, source) in files {
            let code = source.lines().map(|line| line.split("//").next().unwrap_or_default());
            for line in code {
                for (at, _) in line.match_indices("crate::") {
                    let rest = &line[at + "crate::".len()..];
                    let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
                    let of = &rest[..end.unwrap_or(rest.len())];
                    imports += 1;
                    let is_before = ROOMS[..=place].contains(&of);
                    assert!(is_before, "{}: `{}` from `{room}`", file.display(), line.trim());
                }
            }
        }
    }
    assert!(imports > 200, "{imports}");
}
