//! What there is to lock of a target, and what stands in the way.

use std::collections::BTreeSet;
use std::fmt;

use esrs_core::schema::lock::{OutlineChange, first_change, is_id_kept};
use esrs_core::schema::samples::{LockedVersions, Stray, strays};

use crate::entry::Entry;
use crate::error::Error;
use crate::folder::{Locks, Unsound, aggregate_file, event_file, file_name};
use crate::told::Told;
use crate::workspace::LockTarget;

/// What the locks of a target are to become.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) locks: Locks,
    pub(crate) news: Vec<News>,
    pub(crate) problems: Vec<Problem>,
    pub(crate) orphans: Vec<Orphan>,
}

/// Something that is not locked yet.
#[derive(Debug)]
pub(crate) enum News {
    Version { event: String, version: u32 },
    Compatible { event: String, version: u32, change: OutlineChange },
    Names { aggregate: String, names: Vec<String> },
    Id { aggregate: String, id: String },
    Rewritten { name: String, given_up: Vec<String> },
}

/// Something that cannot be locked.
#[derive(Debug)]
pub(crate) enum Problem {
    Breaking { event: String, version: u32, change: OutlineChange },
    Edited { event: String, version: u32 },
    Dropped { aggregate: String, names: Vec<String> },
    Id { aggregate: String, locked: String, now: Option<String> },
    Gone { file: String },
    Altered { file: String },
}

/// Something that is locked, and that nothing in the source says anything of; or that is kept, and
/// nothing that is locked says anything of.
#[derive(Debug)]
pub(crate) enum Orphan {
    Event {
        event: String,
    },
    Version {
        event: String,
        version: u32,
    },
    Aggregate {
        aggregate: String,
    },
    /// A payload that is kept of what is not locked.
    Golden(Stray),
}

impl Plan {
    /// What becomes of `locks` by what a target has told; entries of a name in `rewrite` are given up.
    pub(crate) fn new(
        target: &LockTarget,
        locks: Locks,
        told: Vec<Told>,
        rewrite: &[String],
    ) -> Result<Self, Error> {
        let mut plan = Self { locks, news: Vec::new(), problems: Vec::new(), orphans: Vec::new() };
        plan.rewrite(rewrite);
        plan.orphans = orphans(&plan.locks, &told);
        let mut seen: Vec<(String, Entry)> = Vec::new();
        for one in told {
            match one {
                Told::Event { name, entry } => {
                    let twin = seen
                        .iter()
                        .find(|(other, seen)| *other == name && seen.version == entry.version);
                    if let Some((_, twin)) = twin {
                        if !twin.says_the_same(&entry) {
                            let (target, version) = (target.name(), entry.version);
                            return Err(Error::Ambiguous { target, name, version });
                        }
                        continue;
                    }
                    seen.push((name.clone(), entry.clone()));
                    plan.event(name, entry);
                }
                Told::Aggregate { name, id, reads, .. } => plan.aggregate(name, id, &reads),
                // Its rows follow from events, so nothing of it is locked.
                Told::Projection { .. } => {}
            }
        }
        plan.unsound();
        plan.golden(target)?;
        Ok(plan)
    }

    /// What was altered is taken for a merge only when all of it says what the source says; otherwise
    /// nothing tells any more what was locked.
    fn unsound(&mut self) {
        for (file, what) in &self.locks.unsound {
            let is_of = |event: &str| event_file(event) == *file;
            let is_of_aggregate = |aggregate: &str| aggregate_file(aggregate) == *file;
            let is_news = self.news.iter().any(|news| match news {
                News::Version { event, .. } | News::Compatible { event, .. } => is_of(event),
                News::Names { aggregate, .. } | News::Id { aggregate, .. } => {
                    is_of_aggregate(aggregate)
                }
                News::Rewritten { .. } => false,
            });
            let is_orphan = self.orphans.iter().any(|orphan| match orphan {
                Orphan::Event { event } | Orphan::Version { event, .. } => is_of(event),
                Orphan::Aggregate { aggregate } => is_of_aggregate(aggregate),
                Orphan::Golden(_) => false,
            });
            let file = file.clone();
            match what {
                Unsound::Gone => self.problems.push(Problem::Gone { file }),
                Unsound::Altered if is_news || is_orphan => {
                    self.problems.push(Problem::Altered { file });
                }
                Unsound::Altered => {}
            }
        }
    }

    /// Golden payloads of nothing that is locked, or is about to be.
    fn golden(&mut self, target: &LockTarget) -> Result<(), Error> {
        let events = self.locks.events.iter();
        let locked: LockedVersions = events
            .map(|(name, entries)| (file_name(name), entries.iter().map(|e| e.version).collect()))
            .collect();
        let folder = &target.folder;
        let shown = target.shown(folder).to_string();
        let strays = strays(folder, &shown, &locked).map_err(Error::file(folder))?;
        // A lock that is gone is to be restored, and was told of.
        let is_gone = |stray: &Stray| match stray {
            Stray::Event { lock, .. } => self.locks.unsound.keys().any(|file| lock.ends_with(file)),
            _ => false,
        };
        let strays: Vec<_> = strays.into_iter().filter(|stray| !is_gone(stray)).collect();
        self.orphans.extend(strays.into_iter().map(Orphan::Golden));
        Ok(())
    }

    fn rewrite(&mut self, names: &[String]) {
        for name in names {
            if !self.locks.have(name) {
                continue;
            }
            let mut given_up = Vec::new();
            for entry in self.locks.events.remove(name).unwrap_or_default() {
                given_up.push(format!("version {}: {}", entry.version, entry.outline.join(", ")));
            }
            let aggregate = self.locks.aggregates.remove(name).unwrap_or_default();
            given_up.extend(aggregate.id.map(|id| format!("its ids are {id}")));
            given_up.extend(aggregate.reads.into_iter().map(|read| format!("it reads {read:?}")));
            for file in [event_file(name), aggregate_file(name)] {
                if self.locks.unsound.remove(&file) == Some(Unsound::Gone) {
                    given_up.push(format!("whatever {file} said, which is gone"));
                }
            }
            self.news.push(News::Rewritten { name: name.clone(), given_up });
        }
    }

    fn event(&mut self, name: String, entry: Entry) {
        let entries = self.locks.events.entry(name.clone()).or_default();
        let version = entry.version;
        let Some(locked) = entries.iter().rfind(|locked| locked.version == version) else {
            entries.push(entry);
            self.news.push(News::Version { event: name, version });
            return;
        };
        if locked.says_the_same(&entry) {
            return;
        }
        match first_change(&locked.outline, &entry.outline) {
            Some(change)
                if locked.fingerprint == entry.fingerprint || change.rule.is_compatible() =>
            {
                if locked.fingerprint == entry.fingerprint {
                    self.problems.push(Problem::Edited { event: name, version });
                    return;
                }
                entries.push(entry);
                self.news.push(News::Compatible { event: name, version, change });
            }
            Some(change) => self.problems.push(Problem::Breaking { event: name, version, change }),
            None => self.problems.push(Problem::Edited { event: name, version }),
        }
    }

    fn aggregate(&mut self, name: String, id: Option<String>, reads: &[String]) {
        let is_new = !self.locks.aggregates.contains_key(&name);
        let locked = self.locks.aggregates.entry(name.clone()).or_default();
        let dropped: Vec<_> =
            locked.reads.iter().filter(|read| !reads.contains(read)).cloned().collect();
        if !dropped.is_empty() {
            self.problems.push(Problem::Dropped { aggregate: name, names: dropped });
            return;
        }
        match (&locked.id, id) {
            (Some(then), now) if now.as_ref().is_none_or(|now| !is_id_kept(then, now)) => {
                let locked = then.clone();
                self.problems.push(Problem::Id { aggregate: name, locked, now });
                return;
            }
            (then, Some(id)) if then.as_ref() != Some(&id) => {
                locked.id = Some(id.clone());
                if !is_new {
                    self.news.push(News::Id { aggregate: name.clone(), id });
                }
            }
            _ => {}
        }
        let names: Vec<_> =
            reads.iter().filter(|read| !locked.reads.contains(read)).cloned().collect();
        if !names.is_empty() || is_new {
            locked.reads.extend(names.iter().cloned());
            locked.reads.sort();
            self.news.push(News::Names { aggregate: name, names });
        }
    }
}

/// What is locked and not told. A name that an aggregate reads, by an alias or as retired, is none.
fn orphans(locks: &Locks, told: &[Told]) -> Vec<Orphan> {
    let (mut events, mut versions) = (BTreeSet::new(), BTreeSet::new());
    let (mut aggregates, mut reads) = (BTreeSet::new(), BTreeSet::new());
    for one in told {
        match one {
            Told::Event { name, entry } => {
                events.insert(name);
                versions.insert((name, entry.version));
            }
            Told::Aggregate { name, reads: read, .. } => {
                aggregates.insert(name);
                reads.extend(read);
            }
            Told::Projection { .. } => {}
        }
    }
    let mut orphans = Vec::new();
    for (event, entries) in &locks.events {
        if !events.contains(event) {
            if !reads.contains(event) {
                orphans.push(Orphan::Event { event: event.clone() });
            }
            continue;
        }
        let mut known: Vec<_> = entries.iter().map(|entry| entry.version).collect();
        known.sort_unstable();
        known.dedup();
        let lost = known.into_iter().filter(|version| !versions.contains(&(event, *version)));
        orphans.extend(lost.map(|version| Orphan::Version { event: event.clone(), version }));
    }
    let lost = locks.aggregates.keys().filter(|name| !aggregates.contains(name));
    orphans.extend(lost.map(|name| Orphan::Aggregate { aggregate: name.clone() }));
    orphans
}

impl fmt::Display for News {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Version { event, version } => write!(f, "{event} version {version}"),
            Self::Compatible { event, version, change } => {
                write!(f, "{event} version {version}, once more: {}", Shown(change))
            }
            Self::Names { aggregate, names } => {
                write!(f, "aggregate {aggregate}: it reads {}", names.join(", "))
            }
            Self::Id { aggregate, id } => write!(f, "aggregate {aggregate}: its ids are {id}"),
            Self::Rewritten { name, given_up } => {
                write!(f, "{name} anew, and gave up what was locked:")?;
                given_up.iter().try_for_each(|line| write!(f, "\n      {line}"))
            }
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Breaking { event, version, change } => write!(
                f,
                "{event} version {version} is locked, and its shape has changed: {}\n      put it back \
                 as it was, or raise the version and declare what changed, as `cargo check` says",
                Shown(change)
            ),
            Self::Edited { event, version } => write!(
                f,
                "the lock of {event} version {version} says another shape than its fingerprint: \
                 somebody edited it; restore it from version control"
            ),
            Self::Dropped { aggregate, names } => write!(
                f,
                "aggregate {aggregate} does not read {} any more: list the event, an alias of it, or \
                 `retired(…)`",
                names.join(", ")
            ),
            Self::Id { aggregate, locked, now } => write!(
                f,
                "aggregate {aggregate} has streams by ids of {locked}, and its ids are {} here, by which they \
                 are not found: put the type back",
                now.as_deref().unwrap_or("of a type without a `Schema`")
            ),
            Self::Gone { file } => write!(
                f,
                "{file} is gone, and nothing else tells what is stored: restore it from version control"
            ),
            Self::Altered { file } => write!(
                f,
                "{file} is not as it was written, and the source says something else: restore it from \
                 version control, or after a merge the lines of both sides, and lock then what is new"
            ),
        }
    }
}

impl fmt::Display for Orphan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Event { event } => write!(
                f,
                "{event} is locked, and no event is stored under that name any more: bring it back, \
                 give its name as an alias, or let the aggregate say `retired({event:?})`"
            ),
            Self::Version { event, version } => write!(
                f,
                "{event} version {version} is locked, and nothing decodes it any more: bring its \
                 struct back, or declare its history"
            ),
            Self::Aggregate { aggregate } => {
                write!(f, "aggregate {aggregate} is locked, and is not there any more")
            }
            Self::Golden(stray) => stray.fmt(f),
        }
    }
}

/// A change as messages show it.
struct Shown<'a>(&'a OutlineChange);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let OutlineChange { rule, path, locked, now, .. } = self.0;
        let path = path.strip_prefix('.').unwrap_or(path);
        let nothing = || "nothing".to_owned();
        let (locked, now) =
            (locked.clone().unwrap_or_else(nothing), now.clone().unwrap_or_else(nothing));
        write!(f, "`{path}` was stored as {locked}, and is {now} here: {}", rule.sentence())
    }
}
