//! The entries to lock of a target, and what prevents it.

use std::collections::BTreeSet;
use std::fmt;

use esrs_core::escaped;
use esrs_core::samples::{LockedVersions, Stray, strays};
use esrs_lock::compat::{OutlineChange, is_id_kept};
use esrs_lock::file::Entry;
use esrs_lock::name::{INDEX, Kind};
use esrs_lock::steps::StepChange;

use crate::error::Error;
use crate::folder::{Locks, Unsound};
use crate::told::Told;
use crate::workspace::LockTarget;

/// The new locks of a target.
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
    Version {
        event: String,
        version: u32,
    },
    Compatible {
        event: String,
        version: u32,
        change: OutlineChange,
    },
    /// A version was locked before what leads to it was.
    Steps {
        event: String,
        version: u32,
    },
    /// The steps to a version differ, and a person has accepted that.
    Accepted {
        event: String,
        version: u32,
        change: StepChange,
    },
    Names {
        aggregate: String,
        names: Vec<String>,
    },
    Id {
        aggregate: String,
        id: String,
    },
    Rewritten {
        name: String,
        given_up: Vec<String>,
    },
    /// The lock of an event went to where the event is.
    Moved {
        file: String,
    },
}

/// Something that cannot be locked.
#[derive(Debug)]
pub(crate) enum Problem {
    Breaking {
        event: String,
        version: u32,
        change: OutlineChange,
    },
    Edited {
        event: String,
        version: u32,
    },
    Steps {
        event: String,
        version: u32,
        change: StepChange,
    },
    /// A version is locked in several shapes, of which one cannot be read.
    Forked {
        event: String,
        version: u32,
        change: OutlineChange,
    },
    Dropped {
        aggregate: String,
        names: Vec<String>,
    },
    /// A lock under a former name of an event that is not a version of it.
    Alias {
        alias: String,
        version: u32,
        event: String,
        change: OutlineChange,
    },
    /// An event of another crate that is locked nowhere.
    Unlocked {
        aggregate: String,
        event: String,
    },
    Id {
        aggregate: String,
        locked: String,
        now: Option<String>,
    },
    Gone {
        file: String,
    },
    Altered {
        file: String,
    },
}

/// Something that is locked, and that nothing in the source says anything of; or that is stored, and
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
    /// A version that is locked under a former name, and that the event does not have.
    Alias {
        alias: String,
        version: u32,
        event: String,
    },
    /// It is read by an aggregate, from another crate or target.
    Moved {
        event: String,
    },
    Aggregate {
        aggregate: String,
    },
    /// A stored payload of what is not locked.
    Golden(Stray),
}

/// The changes that a person allows by name.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Given<'a> {
    /// Entries of these are given up.
    pub(crate) rewrite: &'a [String],
    /// The events whose steps to a version differ, and make the same values.
    pub(crate) accept_steps: &'a [String],
    /// The events that are declared anywhere among the targets.
    pub(crate) declared: Option<&'a BTreeSet<String>>,
    /// The locks of all targets, this one's among them.
    pub(crate) elsewhere: &'a [Locks],
}

impl Plan {
    /// Decides what happens to `locks` by what a target has told.
    pub(crate) fn new(
        target: &LockTarget,
        locks: Locks,
        told: Vec<Told>,
        given: &Given<'_>,
    ) -> Result<Self, Error> {
        let mut plan = Self { locks, news: Vec::new(), problems: Vec::new(), orphans: Vec::new() };
        plan.rewrite(given.rewrite);
        plan.orphans = orphans(&plan.locks, &told);
        plan.problems = aliases(&plan.locks, &told);
        let mut seen: Vec<(String, Entry)> = Vec::new();
        for one in told {
            match one {
                Told::Event { name, entry, .. } => {
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
                    plan.event(name, entry, given.accept_steps);
                }
                Told::Aggregate { name, id, reads, unlocked, .. } => {
                    // Their own target tells of those that are asked too.
                    let is_asked =
                        |event: &String| given.declared.is_some_and(|all| all.contains(event));
                    let open = unlocked.into_iter().filter(|event| !is_asked(event));
                    let open = open.filter(|_| !target.is_test());
                    plan.problems.extend(
                        open.map(|event| Problem::Unlocked { aggregate: name.clone(), event }),
                    );
                    plan.aggregate(name, id, &reads);
                }
                // Its rows follow from events, so nothing of it is locked.
                Told::Projection { .. } => {}
            }
        }
        plan.unsound(given.elsewhere);
        plan.golden(target)?;
        Ok(plan)
    }

    /// Refuses altered locks unless they are a merge: all of it says what the source says; otherwise nothing
    /// tells any more what was locked.
    fn unsound(&mut self, elsewhere: &[Locks]) {
        for (file, what) in &self.locks.unsound {
            let is_of = |event: &str| Kind::Event.file(event) == *file;
            let is_of_aggregate = |aggregate: &str| Kind::Aggregate.file(aggregate) == *file;
            let is_news = self.news.iter().any(|news| match news {
                News::Version { event, .. }
                | News::Compatible { event, .. }
                | News::Steps { event, .. }
                | News::Accepted { event, .. } => is_of(event),
                News::Names { aggregate, .. } | News::Id { aggregate, .. } => {
                    is_of_aggregate(aggregate)
                }
                News::Rewritten { .. } | News::Moved { .. } => false,
            });
            let is_orphan = self.orphans.iter().any(|orphan| match orphan {
                Orphan::Event { event } | Orphan::Moved { event } => is_of(event),
                Orphan::Version { event, .. } | Orphan::Alias { alias: event, .. } => is_of(event),
                Orphan::Aggregate { aggregate } => is_of_aggregate(aggregate),
                Orphan::Golden(_) => false,
            });
            let file = file.clone();
            match what {
                Unsound::Gone if self.locks.is_moved(&file, elsewhere) => {
                    self.news.push(News::Moved { file });
                }
                Unsound::Gone => self.problems.push(Problem::Gone { file }),
                Unsound::Altered if is_news || is_orphan => {
                    self.problems.push(Problem::Altered { file });
                }
                Unsound::Altered | Unsound::Merged => {}
            }
        }
    }

    /// Golden payloads of nothing that is locked, or is about to be.
    fn golden(&mut self, target: &LockTarget) -> Result<(), Error> {
        let events = self.locks.events.iter();
        let locked: LockedVersions = events
            .map(|(name, entries)| {
                (self.locks.stem(name), entries.iter().map(|e| e.version).collect())
            })
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
            for file in [Kind::Event.file(name), Kind::Aggregate.file(name)] {
                if self.locks.unsound.remove(&file) == Some(Unsound::Gone) {
                    given_up.push(format!("whatever {file} said, which is gone"));
                }
            }
            self.news.push(News::Rewritten { name: name.clone(), given_up });
        }
    }

    fn event(&mut self, name: String, entry: Entry, accept_steps: &[String]) {
        let is_merged = self.locks.unsound.get(&Kind::Event.file(&name)) == Some(&Unsound::Merged);
        let entries = self.locks.events.entry(name.clone()).or_default();
        let version = entry.version;
        let of: Vec<_> = entries.iter().filter(|locked| locked.version == version).collect();
        let breaks = |then: &Entry, now: &Entry| {
            let is_same = then.fingerprint == now.fingerprint;
            let change = then.first_change(now).filter(|_| !is_same);
            change.filter(|change| !change.rule.is_compatible())
        };
        // What was locked once more reads what was locked before, unless two branches did it.
        let is_forked = of.windows(2).any(|pair| breaks(pair[0], pair[1]).is_some());
        let mut lost = of.iter().filter_map(|locked| breaks(locked, &entry));
        if is_forked && let Some(change) = lost.next() {
            self.problems.push(Problem::Forked { event: name, version, change });
            return;
        }
        // Each side of a merge may lead to it in its own way.
        let other_steps = entries.iter().filter(|locked| is_merged && locked.version == version);
        if let Some(change) = other_steps.filter_map(|locked| locked.changed_step(&entry)).next()
            && !accept_steps.contains(&name)
        {
            self.problems.push(Problem::Steps { event: name, version, change });
            return;
        }
        let Some(locked) = entries.iter_mut().rfind(|locked| locked.version == version) else {
            entries.push(entry);
            self.news.push(News::Version { event: name, version });
            return;
        };
        if let Some(change) = locked.changed_step(&entry) {
            if !accept_steps.contains(&name) {
                self.problems.push(Problem::Steps { event: name, version, change });
                return;
            }
            if locked.says_the_same(&entry) {
                entries.push(entry);
                self.news.push(News::Accepted { event: name, version, change });
                return;
            }
        }
        if locked.says_the_same(&entry) {
            if locked.lacks_steps_of(&entry) {
                locked.steps = entry.steps;
                self.news.push(News::Steps { event: name, version });
            }
            return;
        }
        match locked.first_change(&entry) {
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

/// Lists locked names that are not told. A name that an event of this target had before, or that is retired,
/// does not count.
fn orphans(locks: &Locks, told: &[Told]) -> Vec<Orphan> {
    let (mut events, mut versions) = (BTreeSet::new(), BTreeSet::new());
    let (mut aggregates, mut reads, mut skipped) =
        (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    let mut former: Vec<(&String, &String)> = Vec::new();
    for one in told {
        match one {
            Told::Event { name, entry, aliases, .. } => {
                events.insert(name);
                versions.insert((name, entry.version));
                former.extend(aliases.iter().map(|alias| (alias, name)));
            }
            Told::Aggregate { name, reads: read, retired, .. } => {
                aggregates.insert(name);
                reads.extend(read);
                skipped.extend(retired);
            }
            Told::Projection { .. } => {}
        }
    }
    former.sort_unstable();
    former.dedup();
    let mut orphans = Vec::new();
    for (event, entries) in &locks.events {
        let known: BTreeSet<_> = entries.iter().map(|entry| entry.version).collect();
        let heirs = former.iter().filter(|(alias, _)| *alias == event).map(|(_, heir)| *heir);
        let heirs: Vec<_> = heirs.collect();
        for heir in &heirs {
            let lost = known.iter().filter(|version| !versions.contains(&(heir, **version)));
            orphans.extend(lost.map(|version| Orphan::Alias {
                alias: event.clone(),
                version: *version,
                event: (*heir).clone(),
            }));
        }
        if !events.contains(event) {
            let is_read = !heirs.is_empty() || skipped.contains(event);
            let event = event.clone();
            match (is_read, reads.contains(&event)) {
                (true, _) => {}
                (false, true) => orphans.push(Orphan::Moved { event }),
                (false, false) => orphans.push(Orphan::Event { event }),
            }
            continue;
        }
        let lost = known.into_iter().filter(|version| !versions.contains(&(event, *version)));
        orphans.extend(lost.map(|version| Orphan::Version { event: event.clone(), version }));
    }
    let lost = locks.aggregates.keys().filter(|name| !aggregates.contains(name));
    orphans.extend(lost.map(|name| Orphan::Aggregate { aggregate: name.clone() }));
    orphans
}

/// Lists what is locked under a former name of an event in a shape that its version of that number cannot
/// read.
fn aliases(locks: &Locks, told: &[Told]) -> Vec<Problem> {
    let mut problems = Vec::new();
    for one in told {
        let Told::Event { name, entry, aliases, .. } = one else { continue };
        for alias in aliases {
            let entries = locks.events.get(alias).into_iter().flatten();
            let of: Vec<_> = entries.filter(|locked| locked.version == entry.version).collect();
            if of.iter().any(|locked| locked.fingerprint == entry.fingerprint) {
                continue;
            }
            let change = of.last().and_then(|last| last.first_change(entry));
            let change = change.filter(|change| !change.rule.is_compatible());
            problems.extend(change.map(|change| Problem::Alias {
                alias: alias.clone(),
                version: entry.version,
                event: name.clone(),
                change,
            }));
        }
    }
    problems
}

impl fmt::Display for News {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Version { event, version } => write!(f, "{event} version {version}"),
            Self::Compatible { event, version, change } => {
                write!(f, "{event} version {version}, once more: {}", Shown(change))
            }
            Self::Steps { event, version } => {
                write!(f, "what leads to {event} version {version}, which was locked without it")
            }
            Self::Accepted { event, version, change } => write!(
                f,
                "{event} version {version}, once more, by another step: {}",
                ShownStep(change)
            ),
            Self::Names { aggregate, names } => {
                write!(f, "aggregate {aggregate}: it reads {}", names.join(", "))
            }
            Self::Moved { file } => {
                write!(f, "without {}, which another target has now", escaped(file))
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
            Self::Steps { event, version, change } => write!(
                f,
                "{event} version {version} is locked, and what leads to it has changed: {}\n      stored \
                 payloads would be read as other values: put it back as it was; or, if each is read as the \
                 same value, run `cargo esrs lock --accept-steps {event}`",
                ShownStep(change)
            ),
            Self::Forked { event, version, change } => write!(
                f,
                "{event} version {version} is locked in several shapes, as when two branches both added it, \
                 and one of them cannot be read: {}\n      either: if nothing is stored in that shape, delete its \
                 entry from {} and keep the rest as it is\n      or:     if it is stored, let version {version} \
                 read both, such as by fields that may be absent, and run `cargo esrs lock`",
                Shown(change),
                Kind::Event.file(event)
            ),
            Self::Dropped { aggregate, names } => write!(
                f,
                "aggregate {aggregate} does not read {} any more: list the event, an alias of it, or \
                 `retired(…)`",
                names.join(", ")
            ),
            Self::Alias { alias, version, event, change } => write!(
                f,
                "{alias} version {version} is locked, which {event} was stored as before, and its version of \
                 that number has another shape: {}\n      give each version the number that it had, or let \
                 {event} merge the other event instead",
                Shown(change)
            ),
            Self::Unlocked { aggregate, event } => write!(
                f,
                "aggregate {aggregate} reads {event}, which stands in another package and is not locked there: \
                 run `cargo esrs lock` in that package, or with `--workspace`"
            ),
            Self::Id { aggregate, locked, now } => write!(
                f,
                "aggregate {aggregate} has streams by ids of {locked}, and its ids are {} here, by which they \
                 are not found: put the type back",
                now.as_deref().unwrap_or("of a type without a `Schema`")
            ),
            Self::Gone { file } => write!(
                f,
                "{} is gone, and nothing else tells what is stored: restore it from version control",
                escaped(file)
            ),
            Self::Altered { file } => write!(
                f,
                "{} is not as it was written, and the source says something else: restore it from version \
                 control; or after a merge, keep all lines of both sides, here and in {INDEX}, and run \
                 `cargo esrs lock`",
                escaped(file)
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
            Self::Alias { alias, version, event } => write!(
                f,
                "{alias} version {version} is locked, and {event}, which was stored as that before, does not \
                 decode it: raise its version, and bring the struct back, or declare its history"
            ),
            Self::Moved { event } => write!(
                f,
                "{event} is locked here, and the event stands in another crate or target, which is not held \
                 to this lock: move the lock to that one's `schema/events`, and run `cargo esrs lock \
                 --workspace`"
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

/// The declaration of a part, as messages show it.
struct ShownStep<'a>(&'a StepChange);

impl fmt::Display for ShownStep<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let StepChange { path, locked, now, .. } = self.0;
        let path = match path.strip_prefix('.').unwrap_or(path) {
            "" => "(the payload)",
            path => path,
        };
        let shown = |said: &Option<String>| said.clone().unwrap_or_else(|| "nothing".to_owned());
        write!(f, "`{path}` was locked with {}, and has {} here", shown(locked), shown(now))
    }
}
