//! All that is locked under a name, on its way through the chain of an event.

use esrs_lock::file::Entry;

use super::failure::{Failure, MadeUp};
use super::generate::Samples;
use super::golden::Golden;
use super::locked::{Name, first_path};
use super::way::{Fault, there_and_back};
use crate::event::{Event, PayloadError};
use crate::schema::lock::Locked;
use crate::schema::lock::tree::Tree;
use crate::schema::{Fingerprint, Formats};

/// The least number of payloads of an entry that are made up.
const AT_LEAST: usize = 64;

/// The greatest number that is made up, when there is still something at an edge.
const AT_MOST: usize = 1024;

/// Reads golden payloads, and those made up from each entry, of every version that `E` reads of a name
/// that is its own, or that of an event which it merges.
pub(super) fn check<E: Event>(locked: &Locked) -> Result<(), Failure> {
    Formats::of(E::SHAPE).check()?;
    let entries = locked.entries()?;
    let event = Name::of::<E>(locked);
    let golden = Golden::read(locked)?;
    for payload in &golden.payloads {
        let (version, file) = (payload.version, payload.file.clone());
        if version <= locked.newest {
            there_and_back::<E>(locked.name, version, &payload.text)
                .map_err(|fault| Failure::Golden { event, version, file, fault })?;
        }
    }
    let mut met = Vec::new();
    for entry in entries.iter().filter(|entry| entry.version <= locked.newest) {
        met.extend(made_up::<E>(locked, entry, &golden)?);
    }
    let versions = entries.iter().map(|entry| entry.version);
    let mut narrow = versions
        .filter(|version| *version <= locked.newest)
        .flat_map(|version| golden.narrow(version).into_iter().map(move |path| (version, path)));
    if let Some((version, path)) = narrow.find(|path| !met.contains(path)) {
        let (lock, golden) = (locked.lock_file, locked.golden_shown);
        return Err(Failure::NoSuchPath { version, path, lock, golden });
    }
    Ok(())
}

/// Reads what is made up from an entry; says which of the parts that are narrower it has.
fn made_up<E: Event>(
    locked: &Locked,
    entry: &Entry,
    golden: &Golden,
) -> Result<Vec<(u32, String)>, Failure> {
    let (event, version, lock) = (Name::of::<E>(locked), entry.version, locked.lock_file);
    let tree =
        Tree::parse(&entry.outline).map_err(|error| Failure::Outline { lock, version, error })?;
    let (kept, narrow) = (golden.kept(version, &tree), golden.narrow(version));
    let has_golden = golden.of(version).next().is_some();
    let mut samples = match Samples::with_kept(&tree, seed(locked, entry), &kept, &narrow) {
        Ok(samples) => samples,
        // Golden payloads of the version were read, and have to be enough.
        Err(_) if has_golden => {
            return Ok(narrow.into_iter().map(|path| (version, path)).collect());
        }
        Err(missing) => {
            return Err(Failure::Missing { event, version, missing, golden: locked.golden_shown });
        }
    };
    let mut tally = Tally::default();
    while tally.tried < AT_LEAST || (!samples.is_exhausted() && tally.tried < AT_MOST) {
        let Some(payload) = samples.next() else { break };
        let fault = there_and_back::<E>(locked.name, version, &payload).err();
        // Each panic is printed where it happens; one is enough.
        let is_panic = matches!(fault, Some(Fault::Panicked { .. }));
        tally.add(payload, fault);
        if is_panic {
            break;
        }
    }
    tally.verdict(event, locked, entry, has_golden)?;
    Ok(samples.narrow().into_iter().map(|path| (version, path)).collect())
}

/// Another one for each entry, and the same one every time.
fn seed(locked: &Locked, entry: &Entry) -> u64 {
    let text = format!("{} {} {}", locked.name, entry.version, entry.outline.join("\n"));
    Fingerprint::of_text(&text).to_u64()
}

/// The results of the payloads of an entry.
#[derive(Debug, Default)]
struct Tally {
    tried: usize,
    read: usize,
    failed: usize,
    /// The shortest that failed.
    worst: Option<(String, Fault)>,
    /// The fault of a step that may refuse, and has.
    refused: Option<Fault>,
}

impl Tally {
    fn add(&mut self, payload: String, fault: Option<Fault>) {
        self.tried += 1;
        match fault {
            None => self.read += 1,
            // Only a `TryUpcast` or a `try_with` can; what it takes is told by the payloads that come through.
            Some(
                fault @ Fault::Refused(PayloadError::Upcast { .. } | PayloadError::Merge { .. }),
            ) => self.refused = Some(fault),
            Some(fault) => {
                self.failed += 1;
                let is_worst =
                    self.worst.as_ref().is_none_or(|(worst, _)| payload.len() < worst.len());
                if is_worst || matches!(fault, Fault::Panicked { .. }) {
                    self.worst = Some((payload, fault));
                }
            }
        }
    }

    fn verdict(
        self,
        event: Name,
        locked: &Locked,
        entry: &Entry,
        has_golden: bool,
    ) -> Result<(), Failure> {
        let (version, golden) = (entry.version, locked.golden_shown);
        if let Some((payload, fault)) = self.worst {
            return Err(Failure::MadeUp(Box::new(MadeUp {
                event,
                version,
                lock: locked.lock_file,
                golden,
                path: first_path(entry),
                payload,
                fault,
                failed: self.failed,
                tried: self.tried,
            })));
        }
        match self.refused {
            Some(fault) if self.read == 0 && !has_golden => {
                Err(Failure::AllRefused { event, version, count: self.tried, fault, golden })
            }
            _ => Ok(()),
        }
    }
}
