//! Features that change what a foreign type writes, and that only a build of the whole workspace has.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::Path;

use crate::error::Error;
use crate::folder::Locks;
use crate::workspace::{Chosen, cargo};

/// A crate whose features change what its types write, and how the lines of a lock tell that one is there.
struct Writer {
    name: &'static str,
    features: &'static [&'static str],
    is_of: fn(&str) -> bool,
}

const WRITERS: [Writer; 3] = [
    Writer {
        name: "rust_decimal",
        features: &["serde-float", "serde-str", "serde-arbitrary-precision"],
        is_of: |line| line.contains("decimal"),
    },
    Writer {
        name: "serde_json",
        features: &["arbitrary_precision"],
        // The numbers of a tagged or an opaque value may be held as any JSON.
        is_of: |line| ["any", "opaque ", "(tag "].iter().any(|head| line.contains(head)),
    },
    Writer {
        name: "time",
        features: &["serde-human-readable"],
        is_of: |line| line.contains("time::"),
    },
];

/// A feature that a package lacks by itself, and that another one switches on for both.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Unified {
    package: String,
    of_crate: &'static str,
    feature: &'static str,
    by: String,
}

impl fmt::Display for Unified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { package, of_crate, feature, by } = self;
        write!(
            f,
            "{package}: its events are locked as `{of_crate}` writes them without `{feature}`, which {by} \
             switches on in each build that has both packages: switch it off in {by}; `cargo tree --package \
             {by} --edges features --invert {of_crate}` tells where"
        )
    }
}

/// The features that packages with locks have only together with others of the workspace.
///
/// # Errors
/// When cargo does not tell the features of a package.
pub(crate) fn unified(chosen: &Chosen) -> Result<BTreeSet<Unified>, Error> {
    let mut found = BTreeSet::new();
    if chosen.members.len() < 2 {
        return Ok(found);
    }
    let mut trees = BTreeMap::new();
    for target in chosen.targets.iter().filter(|target| target.is_locked()) {
        let locks = Locks::read(&target.folder)?;
        let lines = || locks.events.values().flatten().flat_map(|entry| &entry.outline);
        for writer in WRITERS.iter().filter(|writer| lines().any(|line| (writer.is_of)(line))) {
            for member in chosen.members.iter().filter(|member| **member != target.package) {
                for package in [&target.package, member] {
                    if !trees.contains_key(package) {
                        trees.insert(package.clone(), features(&chosen.root, package)?);
                    }
                }
                let none = BTreeSet::new();
                let of = |package: &String| {
                    trees.get(package).and_then(|tree| tree.get(writer.name)).unwrap_or(&none)
                };
                let (own, others) = (of(&target.package), of(member));
                let gained = writer
                    .features
                    .iter()
                    .copied()
                    .find(|feature| others.contains(*feature) && !own.contains(*feature));
                found.extend(gained.map(|feature| Unified {
                    package: target.package.clone(),
                    of_crate: writer.name,
                    feature,
                    by: member.clone(),
                }));
            }
        }
    }
    Ok(found)
}

/// The features of each crate that a package depends on, when it is built by itself.
fn features(root: &Path, package: &str) -> Result<BTreeMap<String, BTreeSet<String>>, Error> {
    let mut command = cargo();
    command.current_dir(root).args(["tree", "--package", package, "--edges", "normal"]);
    command.args(["--prefix", "none", "--format", "{p}|{f}"]);
    let output = command.output().map_err(Error::Cargo)?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        return Err(Error::Features { package: package.to_owned(), said });
    }
    let mut features = BTreeMap::<_, BTreeSet<_>>::new();
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        let Some((name, listed)) = line.split_once('|') else { continue };
        let name = name.split_whitespace().next().unwrap_or_default();
        // What was shown before has a mark behind its features.
        let listed = listed.trim_end_matches(" (*)").split(',').map(str::to_owned);
        features.entry(name.to_owned()).or_default().extend(listed);
    }
    Ok(features)
}
