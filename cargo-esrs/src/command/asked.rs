//! The entries that the targets have told, by the folder of their locks.

use std::collections::BTreeSet;

use crate::ask::{Features, ask};
use crate::error::Error;
use crate::told::Told;
use crate::workspace::LockTarget;

/// The targets that have their locks in one folder: a binary and an example of one name share it.
pub(super) struct Unit<'t> {
    targets: Vec<&'t LockTarget>,
    told: Vec<(&'t LockTarget, Vec<Told>)>,
    /// The targets that do not compile, each with why.
    failed: Vec<(&'t LockTarget, Error)>,
}

/// Asks all targets.
///
/// # Errors
/// When one of them tells what is not understood; one that does not compile waits in its unit.
pub(super) fn ask_all<'t>(
    targets: &'t [LockTarget],
    features: &Features,
) -> Result<Vec<Unit<'t>>, Error> {
    let mut units: Vec<Unit<'t>> = Vec::new();
    for target in targets {
        let place = units.iter().position(|unit| unit.target().folder == target.folder);
        let place = place.unwrap_or_else(|| {
            units.push(Unit { targets: Vec::new(), told: Vec::new(), failed: Vec::new() });
            units.len() - 1
        });
        units[place].targets.push(target);
        units[place].ask(target, features)?;
    }
    Ok(units)
}

/// The entries of each target.
pub(super) fn by_target<'t>(units: &[Unit<'t>]) -> Vec<(&'t LockTarget, Vec<Told>)> {
    units.iter().flat_map(|unit| unit.told.iter().cloned()).collect()
}

/// The events that are declared in any of the targets.
pub(super) fn declared(units: &[Unit<'_>]) -> BTreeSet<String> {
    let told = units.iter().flat_map(|unit| &unit.told).flat_map(|(_, told)| told);
    let names = told.filter_map(|one| match one {
        Told::Event { name, .. } => Some(name.clone()),
        _ => None,
    });
    names.collect()
}

impl<'t> Unit<'t> {
    fn ask(&mut self, target: &'t LockTarget, features: &Features) -> Result<(), Error> {
        match ask(target, features) {
            Ok(told) => self.told.push((target, told)),
            // What it depends on may differ from its own lock, and is about to be locked.
            Err(error @ Error::DoesNotCompile { .. }) => self.failed.push((target, error)),
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// Asks those again that did not compile.
    pub(super) fn ask_again(&mut self, features: &Features) -> Result<(), Error> {
        let failed = std::mem::take(&mut self.failed);
        failed.into_iter().try_for_each(|(target, _)| self.ask(target, features))
    }

    /// The first of its targets.
    pub(super) fn target(&self) -> &'t LockTarget {
        self.targets[0]
    }

    pub(super) fn targets(&self) -> &[&'t LockTarget] {
        &self.targets
    }

    /// As messages call it.
    pub(super) fn name(&self) -> String {
        let names: Vec<_> = self.targets.iter().map(|target| target.name()).collect();
        names.join(" and ")
    }

    /// The entries of each target.
    pub(super) fn by_target(&self) -> &[(&'t LockTarget, Vec<Told>)] {
        &self.told
    }

    /// The entries of all of them.
    pub(super) fn told(&self) -> Vec<Told> {
        let mut told: Vec<_> = self.told.iter().flat_map(|(_, told)| told.clone()).collect();
        told.sort();
        told.dedup();
        told
    }

    /// Why one of its targets does not compile.
    pub(super) fn failure(&mut self) -> Option<Error> {
        (!self.failed.is_empty()).then(|| self.failed.swap_remove(0).1)
    }

    pub(super) fn has_failed(&self) -> bool {
        !self.failed.is_empty()
    }
}
