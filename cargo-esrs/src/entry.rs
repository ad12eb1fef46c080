//! The lock of an event, and that of an aggregate, as text.

use std::path::Path;

use esrs_core::schema::lock::{
    OutlineChange, StepChange, first_change_of, first_changed_step, first_changed_writer,
};

use crate::error::Error;

/// One locked version of an event.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Entry {
    pub(crate) version: u32,
    pub(crate) fingerprint: u64,
    /// One line for each part of the shape.
    pub(crate) outline: Vec<String>,
    /// One line for each part of which something is declared besides its shape; `None` for an entry that
    /// was locked before that was, or that has none.
    pub(crate) steps: Option<Vec<String>>,
}

/// The line before the steps of an entry.
const STEPS: &str = "steps";

impl Entry {
    fn write(&self, text: &mut String) {
        text.push_str(&format!("\nversion {} = {:016x}\n", self.version, self.fingerprint));
        for line in &self.outline {
            text.push_str(&format!("    {line}\n"));
        }
        if let Some(steps) = &self.steps {
            text.push_str(&format!("{STEPS}\n"));
            steps.iter().for_each(|line| text.push_str(&format!("    {line}\n")));
        }
    }

    /// The same shape, whatever the order of its lines.
    pub(crate) fn says_the_same(&self, other: &Self) -> bool {
        let sorted = |entry: &Self| {
            let mut lines = entry.outline.clone();
            lines.sort();
            lines
        };
        self.version == other.version
            && self.fingerprint == other.fingerprint
            && sorted(self) == sorted(other)
    }

    /// The first change that breaks payloads of `self`, or else the first that does not; `None` when the
    /// outlines are the same.
    pub(crate) fn first_change(&self, now: &Self) -> Option<OutlineChange> {
        let steps = |entry: &Self| entry.steps.clone().unwrap_or_default();
        first_change_of((&self.outline, &steps(self)), (&now.outline, &steps(now)))
    }

    /// The first part of which something else is declared than `self` has; `None` also when one of them
    /// does not tell.
    pub(crate) fn changed_step(&self, now: &Self) -> Option<StepChange> {
        let locked = self.steps.as_ref()?;
        let steps = now.steps.as_deref().unwrap_or_default();
        first_changed_step((&self.outline, locked), (&now.outline, steps))
    }

    /// The first part that is written by other code than `self` has; `None` also when one of them does not
    /// tell.
    pub(crate) fn changed_writer(&self, now: &Self) -> Option<StepChange> {
        let locked = self.steps.as_ref()?;
        let steps = now.steps.as_deref().unwrap_or_default();
        first_changed_writer((&self.outline, locked), (&now.outline, steps))
    }

    /// Returns true if it is `then`, or that with the steps which were not locked at that time.
    pub(crate) fn is_or_gained_steps(&self, then: &Self) -> bool {
        let is_kept = then.steps.is_none() || then.steps == self.steps;
        is_kept && Self { steps: None, ..then.clone() } == Self { steps: None, ..self.clone() }
    }

    /// Returns true if it was locked before steps were, and `now` has some.
    pub(crate) fn lacks_steps_of(&self, now: &Self) -> bool {
        self.steps.is_none() && now.steps.is_some()
    }
}

/// The text of an event's lock: all of its versions, as they were locked one after the other.
pub(crate) fn write_event(name: &str, entries: &[Entry]) -> String {
    let mut text = format!(
        "# What is stored as {name:?}. Written by `cargo esrs lock`, read by the compiler, only ever added to.\n"
    );
    entries.iter().for_each(|entry| entry.write(&mut text));
    text
}

/// The entries of an event's lock, in their order.
///
/// # Errors
/// When a line is none of a lock.
pub(crate) fn read_event(path: &Path, text: &str) -> Result<Vec<Entry>, Error> {
    let mut entries: Vec<Entry> = Vec::new();
    for (number, line) in text.lines().enumerate() {
        if line.trim().is_empty() || line.starts_with('#') {
            continue;
        }
        let damaged =
            || Error::Damaged { path: path.to_owned(), line: number + 1, found: line.to_owned() };
        if let Some(header) = line.strip_prefix("version ") {
            let (version, fingerprint) = header.split_once(" = ").ok_or_else(damaged)?;
            entries.push(Entry {
                version: version.parse().map_err(|_| damaged())?,
                fingerprint: u64::from_str_radix(fingerprint.trim_end(), 16)
                    .map_err(|_| damaged())?,
                outline: Vec::new(),
                steps: None,
            });
        } else if line.trim_end() == STEPS
            && let Some(entry) = entries.last_mut()
            && entry.steps.is_none()
        {
            entry.steps = Some(Vec::new());
        } else if line.starts_with("    ")
            && let Some(entry) = entries.last_mut()
        {
            entry.steps.as_mut().unwrap_or(&mut entry.outline).push(line.trim().to_owned());
        } else {
            return Err(damaged());
        }
    }
    Ok(entries)
}

/// How the line begins that has the type of an aggregate's ids, which no name does.
const ID: &str = "id: ";

/// The lock of an aggregate.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct AggregateEntry {
    /// What its ids are written as; `None` where that is not known, or an older esrs has locked it.
    pub(crate) id: Option<String>,
    /// The names that it reads.
    pub(crate) reads: Vec<String>,
}

/// The text of an aggregate's lock: its ids, and the names that it has to be able to read.
pub(crate) fn write_aggregate(name: &str, aggregate: &AggregateEntry) -> String {
    let mut text = format!(
        "# What {name:?} reads. Written by `cargo esrs lock`, read by the compiler, only ever added to.\n\n"
    );
    if let Some(id) = &aggregate.id {
        text.push_str(&format!("{ID}{id}\n"));
    }
    aggregate.reads.iter().for_each(|name| text.push_str(&format!("{name}\n")));
    text
}

/// The content of an aggregate's lock.
pub(crate) fn read_aggregate(text: &str) -> AggregateEntry {
    let lines = text.lines().map(str::trim_end);
    let lines = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
    let mut aggregate = AggregateEntry::default();
    for line in lines {
        match line.strip_prefix(ID) {
            Some(id) => aggregate.id = Some(id.to_owned()),
            None => aggregate.reads.push(line.to_owned()),
        }
    }
    aggregate
}
