//! The code that an aggregate's state follows from, as far as its own source file shows it.
//!
//! A derive is given the struct alone, and the impls of `Apply` stand beside it; so the file is read
//! again. What cannot be read is left out: then only `fold_version` tells one fold from another.

pub(crate) mod hash;
mod scan;

use std::collections::{BTreeSet, HashSet};
use std::path::PathBuf;

use syn::Ident;
use syn::ext::IdentExt;

use crate::model::aggregate::Aggregate;
use hash::Fnv;
use scan::{Impl, Implemented};

/// A hash of the impls of `Apply` for the aggregate, of `Upcast` and `TryUpcast` that lead to its
/// events, of `Split` for them, and of what the aggregate and its events can do by themselves; 0 when none was found.
pub(crate) fn code_of(aggregate: &Aggregate<'_>) -> u64 {
    let mut impls = Vec::new();
    for file in files(aggregate.ident) {
        if let Ok(text) = std::fs::read_to_string(file) {
            impls.extend(scan::impls(&text));
        }
    }
    let segments = aggregate.events.iter().filter_map(|event| event.path.segments.last());
    let events = segments.map(|segment| segment.ident.unraw().to_string()).collect();
    code(&impls, &aggregate.ident.unraw().to_string(), events)
}

/// Where the aggregate stands: its name, and its derive. They differ when a macro writes the derive
/// and is given the name.
fn files(ident: &Ident) -> BTreeSet<PathBuf> {
    // A test of the derive has no compiler to ask.
    if !proc_macro::is_available() {
        return BTreeSet::new();
    }
    let spans = [ident.span().unwrap(), proc_macro::Span::call_site()];
    spans.iter().filter_map(proc_macro::Span::local_file).collect()
}

/// The same of these impls; the order in which they stand means nothing.
fn code(impls: &[Impl], aggregate: &str, events: HashSet<String>) -> u64 {
    let read = with_older_versions(impls, events);
    let mut hashes: Vec<_> = impls
        .iter()
        .filter(|found| match found.implemented {
            Implemented::Apply => found.is_for(|name| name == aggregate),
            Implemented::Upcast | Implemented::Split => found.is_for(|name| read.contains(name)),
            Implemented::Itself => found.is_for(|name| name == aggregate || read.contains(name)),
        })
        .map(|found| found.hash)
        .collect();
    if hashes.is_empty() {
        return 0;
    }
    hashes.sort_unstable();
    let mut all = Fnv::new();
    hashes.iter().for_each(|hash| all.write(&hash.to_le_bytes()));
    all.finish()
}

/// The events, and each version that a chain of upcasters brings up to one of them.
fn with_older_versions(impls: &[Impl], mut events: HashSet<String>) -> HashSet<String> {
    loop {
        let known = events.len();
        for found in impls.iter().filter(|found| found.implemented == Implemented::Upcast) {
            if found.is_for(|name| events.contains(name)) {
                events.extend(found.argument.clone());
            }
        }
        if events.len() == known {
            return events;
        }
    }
}

#[cfg(test)]
mod tests;
