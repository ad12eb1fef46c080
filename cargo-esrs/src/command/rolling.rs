//! `cargo esrs lock --check --rolling REF`: programs of an older commit read what this source writes.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::{Path, PathBuf};

use esrs_lock::compat::is_id_kept;
use esrs_lock::file::{AggregateEntry, Entry, read_aggregate};
use esrs_lock::name::{Kind, lock_name};
use esrs_lock::rolling::{RollingChange, as_written, first_unread, with_plain_options};
use esrs_lock::steps::StepChange;

use super::asked::Unit;
use crate::error::Error;
use crate::folder::{kind_of, read_event};
use crate::git::locks_at;
use crate::told::Told;
use crate::workspace::{Chosen, LockTarget};

/// Compares the payloads that the source writes with what is locked at a commit; returns how many of them its
/// programs cannot read.
///
/// # Errors
/// When git does not know the commit, or a lock there cannot be read.
pub(super) fn check(
    chosen: &Chosen,
    units: &[Unit<'_>],
    reference: &str,
    accepted: &[String],
) -> Result<usize, Error> {
    let then = Then::read(reference, &chosen.root)?;
    if then.events.is_empty() && then.aggregates.is_empty() {
        say!("nothing was locked at {reference}");
        return Ok(0);
    }
    let aliases = aliases(units);
    let renamed = then.renamed(units);
    let (mut found, mut compared) = (0, 0);
    for unit in units.iter().filter(|unit| !unit.target().is_test()) {
        let folder = folder_of(unit.target());
        let mut lines = Vec::new();
        for written in written(unit) {
            compared += 1;
            lines.extend(then.event(&folder, &written, accepted)?);
        }
        for one in unit.told() {
            if let Told::Aggregate { name, id, reads, retired, .. } = one {
                let emits = reads.into_iter().filter(|event| !retired.contains(event));
                let is_told = |event: &String| aliases.contains(event) || renamed.contains(event);
                let emits = emits.filter(|event| !is_told(event)).collect();
                lines.extend(then.aggregate(&folder, &name, id, emits));
            }
        }
        if !lines.is_empty() {
            say!("{}", unit.name());
        }
        for line in &lines {
            match line {
                Difference::Read { .. } => say!("    note: {line}"),
                _ => say!("    programs of {reference}: {line}"),
            }
        }
        found += lines.iter().filter(|line| !matches!(line, Difference::Read { .. })).count();
    }
    if found > 0 {
        say!("{}", way_out(reference));
    } else {
        say!("programs of {reference} read all of {compared} events that this source writes");
    }
    Ok(found)
}

/// The effect on the older programs, and the ways out.
fn way_out(reference: &str) -> String {
    format!(
        "programs of {reference} do not read all that this source writes; while they run beside it\n    \
         an event of a newer version: their Runner gives its lease to a newer program (`State::Outdated`), \
         and loads and commands on its stream fail\n    \
         an event of a new name: loads and commands on its stream fail\n    \
         any other payload that they cannot read: their Runner parks its stream until an operator retries \
         it, and loads and commands on it fail\n\
         either: deploy readers first: everywhere a release that reads it and does not write it yet, and \
         then the one that writes it\n\
         or:     stop all programs of {reference} before the first one of this source writes"
    )
}

/// The newest version of an event, which is the one that is written.
struct Written {
    name: String,
    entry: Entry,
    /// The names that it was stored under before.
    aliases: Vec<String>,
    /// The paths of the fields that are always written.
    always: Vec<String>,
}

/// The events that the targets of a folder write.
fn written(unit: &Unit<'_>) -> Vec<Written> {
    let mut newest: BTreeMap<String, Written> = BTreeMap::new();
    for one in unit.told() {
        let Told::Event { name, entry, aliases, always } = one else { continue };
        let is_newer = newest.get(&name).is_none_or(|known| known.entry.version < entry.version);
        if is_newer {
            newest.insert(name.clone(), Written { name, entry, aliases, always });
        }
    }
    newest.into_values().collect()
}

/// The names that events were stored under before, and are not written under any more.
fn aliases(units: &[Unit<'_>]) -> BTreeSet<String> {
    let told = units.iter().flat_map(Unit::told);
    let aliases = told.filter_map(|one| match one {
        Told::Event { aliases, .. } => Some(aliases),
        _ => None,
    });
    aliases.flatten().collect()
}

/// All locks at a commit, each with its folder and by its name.
struct Then {
    events: BTreeMap<String, Vec<(PathBuf, Vec<Entry>)>>,
    aggregates: BTreeMap<String, Vec<(PathBuf, AggregateEntry)>>,
}

impl Then {
    fn read(reference: &str, root: &Path) -> Result<Self, Error> {
        let mut then = Self { events: BTreeMap::new(), aggregates: BTreeMap::new() };
        for lock in locks_at(reference, root)? {
            // Nobody else reads what a test stores.
            if lock.folder.starts_with("schema/test/") {
                continue;
            }
            let name = lock_name(&lock.file, &lock.text);
            let folder = canonical(&lock.package).join(&lock.folder);
            if kind_of(&lock.file) == Kind::Aggregate {
                let aggregate = read_aggregate(&lock.text);
                then.aggregates.entry(name).or_default().push((folder, aggregate));
            } else {
                let entries = read_event(&folder.join(&lock.file), &lock.text)?;
                then.events.entry(name).or_default().push((folder, entries));
            }
        }
        Ok(then)
    }

    /// The first of these names that an event was stored under.
    fn former<'a>(&self, aliases: &'a [String]) -> Option<&'a String> {
        aliases.iter().find(|alias| self.events.contains_key(*alias))
    }

    /// Returns true if an aggregate reads this name.
    fn reads(&self, event: &String) -> bool {
        self.aggregates.values().flatten().any(|(_, aggregate)| aggregate.reads.contains(event))
    }

    /// The events that have another name than they had, and are told by it.
    fn renamed(&self, units: &[Unit<'_>]) -> BTreeSet<String> {
        let told = units.iter().flat_map(Unit::told);
        let renamed = told.filter_map(|one| match one {
            Told::Event { name, aliases, .. } => {
                let is_renamed =
                    !self.events.contains_key(&name) && self.former(&aliases).is_some();
                is_renamed.then_some(name)
            }
            _ => None,
        });
        renamed.collect()
    }

    /// The differences that the programs find in an event.
    fn event(
        &self,
        folder: &Path,
        written: &Written,
        accepted: &[String],
    ) -> Result<Vec<Difference>, Error> {
        let event = &written.name;
        let mut known = of_folder(&self.events, event, folder);
        if known.is_empty() {
            let Some(from) = self.former(&written.aliases) else { return Ok(Vec::new()) };
            if !self.reads(event) {
                let (event, from) = (event.clone(), from.clone());
                return Ok(vec![Difference::Renamed { event, from }]);
            }
            // It was an alias then of what it is an alias of now.
            known = of_folder(&self.events, from, folder);
        }
        let mut found = Vec::new();
        for entries in known {
            found.extend(version(written, entries, accepted)?);
        }
        Ok(found)
    }

    /// The differences that the programs find in the streams of an aggregate.
    fn aggregate(
        &self,
        folder: &Path,
        name: &str,
        id: Option<String>,
        emits: Vec<String>,
    ) -> Vec<Difference> {
        let mut found = Vec::new();
        for then in of_folder(&self.aggregates, name, folder) {
            let aggregate = name.to_owned();
            let is_new = |event: &&String| !then.reads.contains(event);
            let events: Vec<_> = emits.iter().filter(is_new).cloned().collect();
            if !events.is_empty() {
                found.push(Difference::Events { aggregate: aggregate.clone(), events });
            }
            if let (Some(read), Some(written)) = (&then.id, &id)
                && !is_id_kept(written, read)
            {
                let (read, written) = (read.clone(), written.clone());
                found.push(Difference::Id { aggregate, read, written });
            }
        }
        found
    }
}

/// The locks of a name in this folder; in all others if it has none there.
fn of_folder<'a, T>(
    locks: &'a BTreeMap<String, Vec<(PathBuf, T)>>,
    name: &str,
    folder: &Path,
) -> Vec<&'a T> {
    let all = locks.get(name).map(Vec::as_slice).unwrap_or_default();
    let own: Vec<_> = all.iter().filter(|(of, _)| of == folder).map(|(_, lock)| lock).collect();
    match own.is_empty() {
        true => all.iter().map(|(_, lock)| lock).collect(),
        false => own,
    }
}

/// The difference that a program with these entries finds in a version that is written.
fn version(
    written: &Written,
    entries: &[Entry],
    accepted: &[String],
) -> Result<Option<Difference>, Error> {
    let (event, entry) = (written.name.clone(), &written.entry);
    let version = entry.version;
    let Some(known) = entries.iter().map(|entry| entry.version).max() else { return Ok(None) };
    let Some(read) = entries.iter().rfind(|locked| locked.version == version) else {
        return Ok(Some(match version > known {
            true => Difference::Newer { event, version, known },
            false => Difference::NoSuchVersion { event, version },
        }));
    };
    if !accepted.contains(&event)
        && let Some(change) = read.changed_writer(entry)
    {
        return Ok(Some(Difference::Code { event, version, change }));
    }
    if read.fingerprint == entry.fingerprint {
        return Ok(None);
    }
    let of = event.clone();
    let plain = |entry: &Entry, outline: &[String]| {
        with_plain_options(outline, entry.steps.as_deref().unwrap_or_default())
    };
    let writes = plain(entry, &as_written(&entry.outline, &written.always));
    let change = first_unread(&writes, &plain(read, &read.outline))
        .map_err(|source| Error::Outline { event: of, version, source })?;
    Ok(change.map(|change| match change.rule.is_compatible() {
        true => Difference::Read { event, version, change },
        false => Difference::Unread { event, version, change },
    }))
}

/// A difference between what this source writes and what older programs read.
enum Difference {
    /// They read it although it differs.
    Read { event: String, version: u32, change: RollingChange },
    /// They do not read it, or read another value.
    Unread { event: String, version: u32, change: RollingChange },
    /// They do not know the version.
    Newer { event: String, version: u32, known: u32 },
    /// They know newer versions, and not this one.
    NoSuchVersion { event: String, version: u32 },
    /// It is written by other code, which no shape shows.
    Code { event: String, version: u32, change: StepChange },
    /// They know it by its former name alone.
    Renamed { event: String, from: String },
    /// They do not know these names in the streams of an aggregate.
    Events { aggregate: String, events: Vec<String> },
    /// They do not find the streams.
    Id { aggregate: String, read: String, written: String },
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Read { event, version, change } => {
                write!(f, "{event} version {version} differs, and is read: {}", Shown(change))
            }
            Self::Unread { event, version, change } => {
                write!(f, "cannot read {event} version {version}: {}", Shown(change))
            }
            Self::Newer { event, version, known } => write!(
                f,
                "cannot read {event} version {version}, which is newer than version {known}, the newest \
                 that they know"
            ),
            Self::NoSuchVersion { event, version } => {
                write!(f, "cannot read {event} version {version}, which they do not have any more")
            }
            Self::Code { event, version, change } => write!(
                f,
                "may read {event} version {version} as another value: `{}` is written by {}, and was by \
                 {}\n      if it writes the same text, add `--accept-steps {event}`",
                path_of(&change.path),
                change.now.as_deref().unwrap_or("serde alone"),
                change.locked.as_deref().unwrap_or("serde alone"),
            ),
            Self::Renamed { event, from } => write!(
                f,
                "do not know {event}, which they read as {from} alone: their projections skip it, and \
                 loads fail\n      to deploy readers first, release `aliases({event:?})` on the event that is \
                 stored as {from}"
            ),
            Self::Events { aggregate, events } => write!(
                f,
                "cannot load a stream of aggregate {aggregate} with {}, which it does not read there",
                events.join(" or ")
            ),
            Self::Id { aggregate, read, written } => write!(
                f,
                "do not find the streams of aggregate {aggregate}: its ids are written as {written}, and \
                 read as {read}"
            ),
        }
    }
}

/// A difference between two shapes as messages show it.
struct Shown<'a>(&'a RollingChange);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let RollingChange { rule, path, written, read, .. } = self.0;
        let text = |part: &Option<String>| part.clone().unwrap_or_else(|| "nothing".to_owned());
        write!(
            f,
            "`{}` is written as {}, and read as {}: {}",
            path_of(path),
            text(written),
            text(read),
            rule.sentence()
        )
    }
}

fn path_of(path: &str) -> &str {
    match path.strip_prefix('.').unwrap_or(path) {
        "" => "(the payload)",
        path => path,
    }
}

/// The folder of a target's locks, which need not be there.
fn folder_of(target: &LockTarget) -> PathBuf {
    let package = target.manifest.parent().unwrap_or(&target.manifest);
    let within = target.folder.strip_prefix(package).unwrap_or(&target.folder);
    canonical(package).join(within)
}

fn canonical(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}
