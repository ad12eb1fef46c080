//! Random types and random edits of them: what the lock says of a change, compared with what serde makes of
//! payloads that the old type stored when the new one reads them; and what is said of a rolling deployment,
//! compared with what the old type reads of payloads that the new one wrote.
//!
//! A short round runs with every test. `ESRS_FAULTS=long cargo test -p cargo-esrs --test lock generator -- --nocapture`
//! judges 10,000 pairs; `ESRS_FAULTS_SEED` throws the dice of an earlier round again, and
//! `ESRS_FALSE_ALARMS=1` shows changes that are refused although each payload reads the same.

mod edits;
mod model;
mod source;

use std::fmt::Write;

use crate::support::{Package, text};
use model::{Dice, Ty, any_right};

/// The versions of one type, each of which is judged against each other.
const VERSIONS: usize = 5;

/// The number of pairs in a family.
const PAIRS: usize = VERSIONS * (VERSIONS - 1);

/// The number of families in one program.
const BATCH: usize = 125;

fn family(dice: &mut Dice) -> Vec<Ty> {
    let mut versions = vec![any_right(dice)];
    while versions.len() < VERSIONS {
        // Most are one edit away from the first, some several.
        let from = if dice.once_in(3) { versions.len() - 1 } else { 0 };
        let edited = edits::edited(&versions[from], dice);
        versions.push(edited);
    }
    versions
}

/// Writes the families of a batch, and the list of all.
fn write(package: &Package, dice: &mut Dice, count: usize) {
    let (mut list, mut all) = (String::new(), String::new());
    for number in 0..count {
        let mut module = String::new();
        let mut versions = String::new();
        for (i, ty) in family(dice).iter().enumerate() {
            module.push_str(&source::module(&format!("v{i}"), ty));
            let _ = write!(versions, "crate::version::<v{i}::Root>({}), ", dice.next());
        }
        let _ = writeln!(module, "pub fn all() -> Vec<crate::Version> {{ vec![{versions}] }}");
        package.write(&format!("src/families/f{number}.rs"), &module);
        let _ = writeln!(list, "mod f{number};");
        let _ = writeln!(all, "({number}, f{number}::all()),");
    }
    package.write(
        "src/families/mod.rs",
        &format!("{list}pub fn all() -> Vec<(usize, Vec<crate::Version>)> {{ vec![\n{all}] }}\n"),
    );
}

#[test]
fn what_is_judged_compatible_reads_the_same() {
    let is_long = std::env::var("ESRS_FAULTS").is_ok_and(|length| length == "long");
    let seed = std::env::var("ESRS_FAULTS_SEED").ok().and_then(|seed| seed.parse().ok());
    let seed: u64 = seed.unwrap_or(16);
    println!("ESRS_FAULTS_SEED={seed}");
    let mut families = if is_long { 10_000 / PAIRS } else { 30 };
    let package = Package::copy("lock/generator/package", "generator");
    let (mut dice, mut wrong) = (Dice(seed), String::new());
    let mut said = String::new();
    while families > 0 {
        let count = families.min(BATCH);
        families -= count;
        write(&package, &mut dice, count);
        let output = package.cargo(&["run", "--quiet"]);
        let output = (output.status.success(), text(&output));
        assert!(output.0 && output.1.contains("DONE "), "{}", output.1);
        said.push_str(&output.1);
        if !output.1.contains("DONE 0\n") {
            wrong.push_str(&output.1);
        }
    }
    println!("{}", summary(&said));
    assert!(wrong.is_empty(), "{wrong}");
}

/// Returns what was judged, by rule: how many pairs read the same, and how many did not.
fn summary(said: &str) -> String {
    let mut tally = std::collections::BTreeMap::<&str, [usize; 2]>::new();
    let mut shown = String::new();
    for line in said.lines() {
        let Some(line) = line.strip_prefix("TALLY ") else {
            let _ = writeln!(shown, "{line}");
            continue;
        };
        let (verdict, counts) = line.split_once(": ").unwrap();
        let (broken, kept) = counts.split_once(' ').unwrap();
        let counts = tally.entry(verdict).or_default();
        counts[0] += broken.parse::<usize>().unwrap();
        counts[1] += kept.parse::<usize>().unwrap();
    }
    for (verdict, [broken, kept]) in &tally {
        let _ = writeln!(shown, "{verdict}: {kept} pairs read the same, {broken} do not");
    }
    for direction in ["stored", "rolling"] {
        let begin = format!("{direction} breaks ");
        let refused = tally.iter().filter(|(verdict, _)| verdict.starts_with(&begin));
        let (all, alarms) = refused.fold((0, 0), |(all, alarms), (_, [broken, kept])| {
            (all + broken + kept, alarms + kept)
        });
        let _ = writeln!(shown, "{direction}: {alarms} of {all} refused pairs read the same");
    }
    shown
}
