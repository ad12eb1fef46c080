//! Judges pairs of types: what the lock says of each, and what serde makes of it.
#![allow(dead_code, unused_imports, unused_variables, unused_mut, unreachable_patterns)]

mod families;
mod json;
mod make;

use std::collections::BTreeMap;
use std::fmt::Debug;

use esrs::Schema;
use esrs::schema::lock::tree::Tree;
use esrs::schema::lock::{
    always_written, as_written, first_change_of, first_changed_step, first_unread, outline_of, steps_of, with_plain_options,
};
use esrs::testing::samples::Samples;
use json::Json;
use make::{Dice, Make};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// One version of a type.
pub struct Version {
    outline: Vec<String>,
    steps: Vec<String>,
    /// The part of that which it writes.
    writes: Vec<String>,
    tree: Tree,
    fingerprint: u64,
    /// The payloads that it wrote.
    written: Vec<String>,
    /// The payloads that it stored, and what its lock says that it may have stored.
    payloads: Vec<String>,
    /// Reads a payload, and writes what came of it.
    again: fn(&str) -> Result<String, String>,
    /// Returns true if two payloads are the same value; `None` if the second one cannot be read.
    same: fn(&str, &str) -> Option<bool>,
}

pub fn version<T: Schema + Make + Serialize + DeserializeOwned + PartialEq + Debug>(seed: u64) -> Version {
    let outline = outline_of(T::SHAPE);
    let steps = steps_of(T::SHAPE);
    let writes = with_plain_options(&as_written(&outline, &always_written(T::SHAPE)), &steps);
    let tree = Tree::parse(&outline).unwrap_or_else(|error| {
        println!("{error}: {outline:#?}");
        std::process::exit(1)
    });
    let mut dice = Dice(seed);
    let mut payloads = Vec::new();
    for _ in 0..24 {
        let value = T::make(&mut dice);
        let Ok(text) = serde_json::to_string(&value) else { continue };
        // A store refuses what does not come back.
        if serde_json::from_str::<T>(&text).is_ok_and(|read| read == value) && !payloads.contains(&text) {
            payloads.push(text);
        }
    }
    let written = payloads.clone();
    if let Ok(samples) = Samples::new(&tree, seed) {
        for text in samples.take(24) {
            let Ok(value) = read::<T>(&text) else { continue };
            let Ok(again) = serde_json::to_string(&value) else { continue };
            let comes_back = serde_json::from_str::<T>(&again).is_ok_and(|read| read == value);
            if comes_back && json::keeps(&Json::parse(&text), &Json::parse(&again), &tree) {
                payloads.push(text);
            }
        }
    }
    Version {
        outline,
        steps,
        writes,
        tree,
        fingerprint: T::FINGERPRINT.to_u64(),
        written,
        payloads,
        again: |text| {
            let value = read::<T>(text)?;
            serde_json::to_string(&value).map_err(|error| error.to_string())
        },
        same: |text, other| {
            let other = read::<T>(other).ok()?;
            Some(serde_json::from_str::<T>(text).is_ok_and(|value| value == other))
        },
    }
}

/// serde_json panics over the message for some keys that are no bool.
fn read<T: DeserializeOwned>(text: &str) -> Result<T, String> {
    let read = std::panic::catch_unwind(|| serde_json::from_str::<T>(text).map_err(|error| error.to_string()));
    read.unwrap_or_else(|_| Err("panicked".to_owned()))
}

/// Returns how serde reads the first payload that does not come through.
fn truth(old: &Version, new: &Version) -> Result<(), (String, String)> {
    for payload in &old.payloads {
        let again = (new.again)(payload).map_err(|error| (payload.clone(), error))?;
        let changed = || Err((payload.clone(), format!("becomes {again}")));
        if !json::keeps(&Json::parse(payload), &Json::parse(&again), &new.tree) {
            return changed();
        }
        // What the old type would read of it, where nothing of that is unknown to it.
        let back = (old.again)(&again).map(|back| json::keeps(&Json::parse(&again), &Json::parse(&back), &old.tree));
        if back == Ok(true) && (old.same)(payload, &again) == Some(false) {
            return changed();
        }
    }
    Ok(())
}

/// The first payload of the newer program that the older one does not read, and serde's error.
fn rolling_truth(new: &Version, old: &Version) -> Result<(), (String, String)> {
    for payload in &new.written {
        let again = (old.again)(payload).map_err(|error| (payload.clone(), error))?;
        let changed = || Err((payload.clone(), format!("becomes {again}")));
        let (written, read) = (Json::parse(payload), Json::parse(&again));
        if !json::keeps_known(&written, &read, &old.tree) {
            return changed();
        }
        // Where nothing was skipped, the newer program would read the same value of it.
        let back = (new.again)(&again).map(|back| json::keeps(&read, &Json::parse(&back), &new.tree));
        let has_all = json::keeps(&written, &read, &old.tree) && back == Ok(true);
        if has_all && (new.same)(payload, &again) == Some(false) {
            return changed();
        }
    }
    Ok(())
}

/// The verdict on each pair, next to the truth.
#[derive(Default)]
struct Judged {
    tally: BTreeMap<String, [usize; 2]>,
    wrong: usize,
    examples: BTreeMap<String, usize>,
}

impl Judged {
    /// Counts a verdict, and shows it by `shown` where it is wrong.
    fn count(
        &mut self,
        (direction, verdict, accepted): (&str, String, bool),
        truth: Result<(), (String, String)>,
        shown: impl Fn(&str),
    ) {
        let judged = if accepted { "compatible" } else { "breaks" };
        let judged = format!("{direction} {judged} {verdict}");
        self.tally.entry(judged.clone()).or_default()[usize::from(truth.is_ok())] += 1;
        match truth {
            Err((payload, error)) if accepted => {
                self.wrong += 1;
                if self.wrong <= 40 {
                    shown(&format!("WRONG {judged}"));
                    println!("    {payload}\n    {error}");
                }
            }
            Ok(()) if !accepted => {
                let count = self.examples.entry(judged.clone()).or_default();
                *count += 1;
                if *count <= 12 && std::env::var_os("ESRS_FALSE_ALARMS").is_some() {
                    shown(&format!("ALARM {judged}"));
                }
            }
            _ => {}
        }
    }
}

fn main() {
    std::panic::set_hook(Box::new(|_| {}));
    let mut judged = Judged::default();
    for (number, versions) in families::all() {
        for (i, old) in versions.iter().enumerate() {
            for (j, new) in versions.iter().enumerate().filter(|(j, _)| *j != i) {
                let shown = |what: &str, change: String| {
                    println!("{what}: family {number}, {i} to {j}\n    old {:?}\n    new {:?}", old.outline, new.writes);
                    println!("    {change}\n    {:?}\n    {:?}", old.steps, new.steps);
                };
                let is_same = old.fingerprint == new.fingerprint;
                let (then, now) = ((&*old.outline, &*old.steps), (&*new.outline, &*new.steps));
                let change = first_change_of(then, now).filter(|_| !is_same);
                // It is asked before the shapes are, as `cargo esrs lock` does.
                let verdict = match &change {
                    _ if first_changed_step(then, now).is_some() => ("steps".to_owned(), false),
                    _ if is_same => ("unchanged".to_owned(), true),
                    None => ("unsaid".to_owned(), false),
                    Some(change) => (format!("{:?}", change.rule), change.rule.is_compatible()),
                };
                judged.count(("stored", verdict.0, verdict.1), truth(old, new), |what| {
                    shown(what, format!("{change:?}"));
                });
                let change = first_unread(&new.writes, &with_plain_options(&old.outline, &old.steps)).unwrap().filter(|_| !is_same);
                let verdict = match &change {
                    None => ("unchanged".to_owned(), true),
                    Some(change) => (format!("{:?}", change.rule), change.rule.is_compatible()),
                };
                judged.count(("rolling", verdict.0, verdict.1), rolling_truth(new, old), |what| {
                    shown(what, format!("{change:?}"));
                });
            }
        }
    }
    let Judged { tally, wrong, .. } = judged;
    for (verdict, [broken, kept]) in &tally {
        println!("TALLY {verdict}: {broken} {kept}");
    }
    println!("DONE {wrong}");
}
