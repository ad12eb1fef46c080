//! The source files that code may stand in.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use syn::Ident;

/// Where a type stands: its name, and its derive. They differ when a macro writes the derive and is
/// given the name.
pub(super) fn own(ident: &Ident) -> BTreeSet<PathBuf> {
    // A test of the derive has no compiler to ask.
    if !proc_macro::is_available() {
        return BTreeSet::new();
    }
    let spans = [ident.span().unwrap(), proc_macro::Span::call_site()];
    spans.iter().filter_map(proc_macro::Span::local_file).collect()
}

/// The line that a name stands in, counted from 1; 0 if there is no compiler to ask.
pub(super) fn line(ident: &Ident) -> usize {
    if proc_macro::is_available() { ident.span().unwrap().line() } else { 0 }
}

/// The texts of the other files that may be of the same target: those under `src`, or for a test, an
/// example or a benchmark those next to it, and those in the folder of its name.
pub(super) fn others(own: &BTreeSet<PathBuf>) -> impl Iterator<Item = String> {
    let package = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from).unwrap_or_default();
    let mut found = BTreeSet::new();
    for file in own {
        let Ok(file) = file.canonicalize() else { continue };
        let source = package.join("src").canonicalize().unwrap_or_default();
        match (file.starts_with(&source), file.parent()) {
            (true, _) => add(&source, &mut found),
            (false, Some(folder)) if folder.parent() != package.canonicalize().ok().as_deref() => {
                add(folder, &mut found);
            }
            // Each other file in the folder is another target.
            (false, _) => add(&file.with_extension(""), &mut found),
        }
        found.remove(&file);
    }
    found.into_iter().filter_map(|file| std::fs::read_to_string(file).ok())
}

/// Adds the source files in a folder and in those below it.
fn add(folder: &Path, found: &mut BTreeSet<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for path in entries.filter_map(Result::ok).map(|entry| entry.path()) {
        if path.is_dir() {
            add(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.insert(path);
        }
    }
}
