//! Refuses two aggregates with one stored name in one program.

use std::collections::{BTreeMap, BTreeSet};

use crate::error::Error;
use crate::told::Told;
use crate::workspace::LockTarget;

/// Refuses a program that is built of two aggregates with one stored name: in one target, or in the
/// libraries that it uses. Tests play older and newer programs, and store nothing.
pub(super) fn check(asked: &[(&LockTarget, Vec<Told>)]) -> Result<(), Error> {
    for (program, told) in asked.iter().filter(|(program, _)| !program.is_test()) {
        let is_used = |library: &LockTarget| {
            library.program().is_none() && program.uses.contains(&library.package)
        };
        let libraries = asked.iter().filter(|(library, _)| is_used(library));
        let used = told.iter().chain(libraries.flat_map(|(_, told)| told));
        // A file that two targets share is one place.
        let mut places: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for one in used {
            if let Told::Aggregate { name, place, .. } = one {
                places.entry(name).or_default().insert(place);
            }
        }
        if let Some((name, places)) = places.into_iter().find(|(_, places)| places.len() > 1) {
            let places = places.into_iter().collect::<Vec<_>>().join(" and ");
            let (program, name) = (program.name(), name.to_owned());
            return Err(Error::SameAggregate { program, name, places });
        }
    }
    Ok(())
}
