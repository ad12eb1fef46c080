//! The contract of a target: what programs in other languages may rely on when they read its events.
//!
//! It is made of the locks alone, so nothing is compiled, and what is not locked is no part of it.

mod asyncapi;
mod json;
mod json_schema;
mod markdown;
mod schema;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use esrs_lock::tree::Tree;

use crate::error::Error;
use crate::folder::Locks;
use crate::workspace::LockTarget;

pub(crate) use asyncapi::asyncapi;
pub(crate) use json_schema::{bundle, documents};
pub(crate) use markdown::markdown;

/// The locked contract of a target.
#[derive(Debug)]
pub(crate) struct Contract {
    /// As people call it: its package, and the program of it when that has locks of its own.
    pub(crate) title: String,
    /// The version of its package.
    version: String,
    /// The steps to it from the workspace: `["bank"]`, or `["bank", "bin", "import"]`.
    steps: Vec<String>,
    /// By name.
    events: Vec<Event>,
    aggregates: Vec<Aggregate>,
}

/// An event, in all versions.
#[derive(Debug)]
struct Event {
    name: String,
    /// The oldest first.
    versions: Vec<Version>,
}

/// One version of an event.
#[derive(Debug)]
struct Version {
    number: u32,
    /// The shapes that it was written as, as it is written now last: a version may be locked again when old
    /// payloads stay readable.
    shapes: Vec<Tree>,
}

/// The events of an aggregate.
#[derive(Debug)]
struct Aggregate {
    name: String,
    reads: Vec<String>,
}

impl Contract {
    /// Reads the locks of a target; `None` when nothing is locked.
    ///
    /// # Errors
    /// When a file cannot be read, or is no lock.
    pub(crate) fn read(target: &LockTarget) -> Result<Option<Self>, Error> {
        let locks = Locks::read(&target.folder)?;
        if locks.events.is_empty() {
            return Ok(None);
        }
        let mut events = Vec::new();
        for (name, entries) in locks.events {
            let mut versions: BTreeMap<u32, Version> = BTreeMap::new();
            for entry in entries {
                let shape = Tree::parse(&entry.outline).map_err(|source| Error::Outline {
                    event: name.clone(),
                    version: entry.version,
                    source,
                })?;
                let number = entry.version;
                let version = versions.entry(number);
                version
                    .or_insert_with(|| Version { number, shapes: Vec::new() })
                    .shapes
                    .push(shape);
            }
            events.push(Event { name, versions: versions.into_values().collect() });
        }
        let aggregates = locks.aggregates.into_iter();
        let aggregates = aggregates
            .map(|(name, aggregate)| Aggregate { name, reads: aggregate.reads })
            .collect();
        let (package, program) = (&target.package, target.program());
        let mut steps = vec![package.clone()];
        steps.extend(program.into_iter().flat_map(|name| ["bin".to_owned(), name.to_owned()]));
        Ok(Some(Self {
            title: match program {
                Some(program) => format!("{package} ({program})"),
                None => package.clone(),
            },
            version: target.version.clone(),
            steps,
            events,
            aggregates,
        }))
    }

    /// The folder of its files, in a folder for all of them.
    pub(crate) fn folder(&self, output: &Path) -> PathBuf {
        self.steps.iter().fold(output.to_owned(), |folder, step| folder.join(step))
    }

    fn event(&self, name: &str) -> Option<&Event> {
        let found = self.events.binary_search_by(|event| event.name.as_str().cmp(name));
        found.ok().and_then(|place| self.events.get(place))
    }
}

impl Aggregate {
    /// Splits what it reads into what has a shape and names alone.
    fn split<'a>(&'a self, contract: &'a Contract) -> (Vec<&'a Event>, Vec<&'a str>) {
        let shapes = self.reads.iter().filter_map(|name| contract.event(name)).collect();
        let names = self.reads.iter().filter(|name| contract.event(name).is_none());
        (shapes, names.map(String::as_str).collect())
    }
}

impl Version {
    /// Names each shape, next to the shape: `v2`, or `v2.1` and `v2.2`.
    fn named_shapes(&self) -> impl Iterator<Item = (String, &Tree)> {
        let number = self.number;
        let only = self.shapes.len() == 1;
        self.shapes.iter().enumerate().map(move |(i, shape)| match only {
            true => (format!("v{number}"), shape),
            false => (format!("v{number}.{}", i + 1), shape),
        })
    }
}
