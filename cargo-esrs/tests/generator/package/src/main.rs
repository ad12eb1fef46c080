//! Judges pairs of types: what the lock says of each, and what serde makes of it.
#![allow(dead_code, unused_imports, unused_variables, unused_mut, unreachable_patterns)]

mod families;
mod json;
mod make;

use std::collections::BTreeMap;
use std::fmt::Debug;

use esrs::Schema;
use esrs::schema::lock::tree::Tree;
use esrs::schema::lock::{first_change_of, first_changed_step, outline_of, steps_of};
use esrs::schema::samples::Samples;
use json::Json;
use make::{Dice, Make};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// One version of a type.
pub struct Version {
    outline: Vec<String>,
    steps: Vec<String>,
    tree: Tree,
    fingerprint: u64,
    /// What it stored, and what its lock says that it may have stored.
    payloads: Vec<String>,
    /// Reads a payload, and writes what came of it.
    again: fn(&str) -> Result<String, String>,
    /// Returns true if two payloads are the same value; `None` if the second one cannot be read.
    same: fn(&str, &str) -> Option<bool>,
}

pub fn version<T: Schema + Make + Serialize + DeserializeOwned + PartialEq + Debug>(seed: u64) -> Version {
    let outline = outline_of(T::SHAPE);
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
        steps: steps_of(T::SHAPE),
        tree,
        fingerprint: T::FINGERPRINT.to_u64(),
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

/// What serde makes of the first payload that does not come through.
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

fn main() {
    std::panic::set_hook(Box::new(|_| {}));
    let mut tally: BTreeMap<String, [usize; 2]> = BTreeMap::new();
    let mut wrong = 0;
    let mut examples: BTreeMap<String, usize> = BTreeMap::new();
    for (number, versions) in families::all() {
        for (i, old) in versions.iter().enumerate() {
            for (j, new) in versions.iter().enumerate().filter(|(j, _)| *j != i) {
                let change = match old.fingerprint == new.fingerprint {
                    true => None,
                    false => first_change_of((&old.outline, &old.steps), (&new.outline, &new.steps)),
                };
                // It is asked before the shapes are, as `cargo esrs lock` does.
                let step = first_changed_step((&old.outline, &old.steps), (&new.outline, &new.steps));
                let (verdict, accepted) = match (&change, old.fingerprint == new.fingerprint) {
                    _ if step.is_some() => ("steps".to_owned(), false),
                    (_, true) => ("unchanged".to_owned(), true),
                    (None, false) => ("unsaid".to_owned(), false),
                    (Some(change), _) => (format!("{:?}", change.rule), change.rule.is_compatible()),
                };
                let truth = truth(old, new);
                tally.entry(format!("{} {verdict}", if accepted { "compatible" } else { "breaks" })).or_default()
                    [usize::from(truth.is_ok())] += 1;
                let shown = |what: &str| {
                    println!(
                        "{what}: family {number}, {i} to {j}, {verdict}\n    stored as {:?}\n    read as   {:?}",
                        (&old.outline, &old.steps),
                        (&new.outline, &new.steps)
                    );
                    if let Some(change) = &change {
                        println!("    {:?}: {:?} became {:?}", change.path, change.locked, change.now);
                    }
                };
                match truth {
                    Err((payload, error)) if accepted => {
                        wrong += 1;
                        if wrong <= 40 {
                            shown("WRONG");
                            println!("    {payload}\n    {error}");
                        }
                    }
                    Ok(()) if !accepted => {
                        let count = examples.entry(verdict.clone()).or_default();
                        *count += 1;
                        if *count <= 12 && std::env::var_os("ESRS_FALSE_ALARMS").is_some() {
                            shown("ALARM");
                        }
                    }
                    _ => {}
                }
            }
        }
    }
    for (verdict, [broken, kept]) in &tally {
        println!("TALLY {verdict}: {broken} {kept}");
    }
    println!("DONE {wrong}");
}
