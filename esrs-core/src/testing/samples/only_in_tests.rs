//! Events that only tests have: `cargo esrs` never meets them, so nothing of them is locked.

use std::path::{Path, PathBuf};

/// Fails a test while a version of an event is not locked, unless only tests have the event.
///
/// `module` is that of the test, in a module of its own next to the event, and `package` the folder of the
/// package, whose source tells.
///
/// # Panics
/// When the event is one that programs have.
#[track_caller]
pub fn is_locked(message: &str, module: &str, package: &str) {
    assert!(is_only_in_tests(module, Path::new(package)), "{message}");
}

/// Returns true if a module is one that is compiled for tests alone, by the source files of its package.
fn is_only_in_tests(module: &str, package: &Path) -> bool {
    let mut modules: Vec<_> = module.split("::").skip(1).collect();
    let event = modules.pop().and_then(|test| test.strip_prefix("esrs_schema_of_"));
    let items: Vec<_> = modules.iter().map(|module| ("mod", *module)).collect();
    let items = [items, event.map(|event| ("struct", event)).into_iter().collect()].concat();
    let mut files = Vec::new();
    for folder in ["src", "examples", "tests", "benches"] {
        add(&package.join(folder), &mut files);
    }
    let is_of_tests = |file: &PathBuf| {
        let Ok(text) = std::fs::read_to_string(file) else { return false };
        let stem = file.file_stem().unwrap_or_default();
        let is_module = modules.iter().any(|module| stem == *module);
        (is_module && text.contains("#![cfg(test)]"))
            || items.iter().any(|(kind, name)| is_behind_cfg_test(&text, kind, name))
    };
    files.iter().any(is_of_tests)
}

/// Adds the source files in a folder and in those below it.
fn add(folder: &Path, found: &mut Vec<PathBuf>) {
    let entries = std::fs::read_dir(folder).into_iter().flatten();
    for path in entries.filter_map(|entry| Some(entry.ok()?.path())) {
        if path.is_dir() {
            add(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// Returns true if an item, such as `mod tests`, stands behind a `#[cfg(test)]`.
fn is_behind_cfg_test(text: &str, kind: &str, name: &str) -> bool {
    let item = format!("{kind} {name}");
    text.match_indices(&item).any(|(at, _)| {
        let goes_on = |c: char| c.is_alphanumeric() || c == '_';
        if text[at + item.len()..].starts_with(goes_on) || text[..at].ends_with(goes_on) {
            return false;
        }
        let begin = text[..at].rfind([';', '{', '}']).map_or(0, |end| end + 1);
        let before: String = text[begin..at].split_whitespace().collect();
        ["#[cfg(test)]", "#[cfg(all(test,", "#[cfg(any(test,"]
            .iter()
            .any(|cfg| before.contains(cfg))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_only_tests_have_is_told_by_its_source() {
        for (text, expected) in [
            ("#[cfg(test)]\nmod tests {", true),
            ("fn a() {}\n#[cfg(test)]\n#[allow(dead_code)]\npub(crate) mod tests;", true),
            ("#[cfg(all(test, unix))]\nmod tests;", true),
            ("#[cfg(not(test))]\nmod tests;", false),
            ("mod tests {", false),
            ("#[cfg(test)]\nmod other;\nmod tests;", false),
            ("#[cfg(test)]\nmod tests_of_this;", false),
        ] {
            assert_eq!(is_behind_cfg_test(text, "mod", "tests"), expected, "{text}");
        }
    }

    #[test]
    fn a_module_may_be_a_file() {
        let name = format!("esrs_only_in_tests_{}", std::process::id());
        let package = std::env::temp_dir().join(name);
        let source = package.join("src/store");
        std::fs::create_dir_all(&source).unwrap();
        std::fs::write(source.join("fixtures.rs"), "#![cfg(test)]\n").unwrap();
        std::fs::write(package.join("src/lib.rs"), "#[cfg(test)]\nstruct Tried;\n").unwrap();
        let is = |module: &str| is_only_in_tests(module, &package);
        assert!(is("bank::store::fixtures::esrs_schema_of_Opened"));
        assert!(is("bank::esrs_schema_of_Tried"));
        assert!(!is("bank::store::esrs_schema_of_Opened"));
        assert!(!is("bank::esrs_schema_of_Opened"));
        std::fs::remove_dir_all(&package).unwrap();
    }
}
