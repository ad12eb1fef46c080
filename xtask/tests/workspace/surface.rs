//! The public names of the facade are those that were agreed on: `surface.txt` lists them.
//!
//! `BLESS=1 cargo test -p xtask surface` accepts what is there now.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

const LISTED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/workspace/surface.txt");

fn source(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join("src").join(file)
}

/// The names that a file exports, by the module that they are in; those that are hidden are left out.
fn exports(file: &str, module: &str, into: &mut BTreeMap<String, Vec<String>>) {
    let text = std::fs::read_to_string(source(file)).unwrap();
    let code: String = text
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .map(|line| format!("{line}\n"))
        .collect();
    let (mut inner, mut is_hidden) = (None, false);
    let mut statements = code.as_str();
    while let Some(end) = statements.find([';', '{', '}']) {
        let mut statement = &statements[..end];
        let mut end_at = end + 1;
        let is_use = statement.contains("pub use ");
        if is_use && statements[end..].starts_with('{') {
            end_at = statements.find(';').unwrap() + 1;
            statement = &statements[..end_at - 1];
        }
        is_hidden |= statement.contains("#[doc(hidden)]");
        let place = inner.clone().unwrap_or_else(|| module.to_owned());
        if let Some((_, path)) = statement.split_once("pub use ") {
            if !is_hidden {
                into.entry(place).or_default().extend(names(path));
            }
            is_hidden = false;
        } else if let Some((_, name)) = statement.split_once("pub mod ") {
            let path = format!("{module}::{}", name.trim());
            if statements[end..].starts_with('{') {
                inner = Some(path);
            } else {
                exports(&format!("{}.rs", name.trim()), &path, into);
            }
        } else if statements[end..].starts_with('}') {
            inner = None;
        }
        statements = &statements[end_at..];
    }
}

/// The names that a `use` of this path brings.
fn names(path: &str) -> Vec<String> {
    let last = |path: &str| {
        let path = path.trim();
        let name = path.rsplit_once(" as ").or_else(|| path.rsplit_once("::"));
        name.map_or(path, |(_, name)| name).trim().to_owned()
    };
    match path.split_once('{') {
        None => vec![last(path)],
        Some((_, list)) => {
            let list = list.split_once('}').unwrap().0;
            list.split(',').filter(|name| !name.trim().is_empty()).map(last).collect()
        }
    }
}

fn surface() -> BTreeMap<String, Vec<String>> {
    let mut found = BTreeMap::new();
    exports("lib.rs", "esrs", &mut found);
    for names in found.values_mut() {
        names.sort();
        // A derive has the name of its trait.
        names.dedup();
    }
    found
}

#[test]
fn the_names_of_the_facade_are_those_that_are_listed() {
    let found: String = surface()
        .iter()
        .filter(|(module, _)| !module.ends_with("::prelude"))
        .flat_map(|(module, names)| names.iter().map(move |name| format!("{module}::{name}\n")))
        .collect();
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(LISTED, &found).unwrap();
    }
    let listed = std::fs::read_to_string(LISTED).unwrap();
    let gone: Vec<_> =
        listed.lines().filter(|name| !found.contains(&format!("{name}\n"))).collect();
    let new: Vec<_> = found.lines().filter(|name| !listed.contains(&format!("{name}\n"))).collect();
    assert_eq!((gone, new), (vec![], vec![]), "gone, and new: BLESS=1 accepts them");
}

#[test]
fn an_item_has_one_path_and_the_root_is_small() {
    let mut paths = BTreeMap::<String, Vec<String>>::new();
    for (module, names) in surface() {
        for name in names {
            assert_ne!(name, "*", "{module} exports what nobody has chosen");
            if !module.ends_with("::prelude") {
                paths.entry(name).or_default().push(module.clone());
            }
        }
    }
    assert!(paths.len() > 100, "{paths:?}");
    let twice: Vec<_> = paths.iter().filter(|(_, modules)| modules.len() > 1).collect();
    assert!(twice.is_empty(), "{twice:?}");
    let root = paths.values().filter(|modules| modules[0] == "esrs").count();
    assert!(root <= 40, "{root} names at the root");
}
