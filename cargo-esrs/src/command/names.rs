//! The check that each aggregate and each table of a program has a name of its own.

use std::collections::{BTreeMap, BTreeSet};

use crate::error::Error;
use crate::told::Told;
use crate::workspace::LockTarget;

/// Refuses a program that is built of two aggregates with one stored name, or of two projections with one
/// table: in one target, or in the libraries that it uses. Tests play older and newer programs, and store
/// nothing.
pub(super) fn check(asked: &[(&LockTarget, Vec<Told>)]) -> Result<(), Error> {
    for (program, told) in asked.iter().filter(|(program, _)| !program.is_test()) {
        let is_used = |library: &LockTarget| {
            library.program().is_none() && program.uses.contains(&library.package)
        };
        let libraries = asked.iter().filter(|(library, _)| is_used(library));
        let used: Vec<_> = told.iter().chain(libraries.flat_map(|(_, told)| told)).collect();
        let aggregates = used.iter().filter_map(|one| match one {
            Told::Aggregate { name, place, .. } => Some((&**name, &**place)),
            _ => None,
        });
        if let Some((name, places)) = named_twice(aggregates) {
            return Err(Error::SameAggregate { program: program.name(), name, places });
        }
        let tables = used.iter().filter_map(|one| match one {
            Told::Projection { table, place } => Some((&**table, &**place)),
            _ => None,
        });
        if let Some((table, places)) = named_twice(tables) {
            return Err(Error::SameTable { program: program.name(), table, places });
        }
    }
    Ok(())
}

/// The first name that is at several places, and those.
fn named_twice<'a>(named: impl Iterator<Item = (&'a str, &'a str)>) -> Option<(String, String)> {
    // A file that two targets share is one place.
    let mut all: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (name, place) in named {
        all.entry(name).or_default().insert(place);
    }
    let (name, places) = all.into_iter().find(|(_, places)| places.len() > 1)?;
    Some((name.to_owned(), places.into_iter().collect::<Vec<_>>().join(" and ")))
}
