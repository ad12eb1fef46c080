//! `cargo esrs lock --against REF`: locks are only ever added to.

use std::path::Path;
use std::process::ExitCode;

use esrs_core::schema::lock::is_id_kept;

use crate::entry::{read_aggregate, read_event};
use crate::error::Error;
use crate::folder::INDEX;
use crate::git::files_at;
use crate::workspace::LockTarget;

pub(crate) fn run(targets: &[LockTarget], reference: &str) -> Result<ExitCode, Error> {
    let (mut compared, mut found) = (0, 0);
    for target in targets {
        for (file, then) in files_at(reference, &target.folder)? {
            // A library's folder holds those of the other targets.
            if file == INDEX || !(file.starts_with("events/") || file.starts_with("aggregates/")) {
                continue;
            }
            compared += 1;
            let path = target.folder.join(&file);
            for problem in lost(&file, &path, &then)? {
                say!("{}: {problem}", target.shown(&path));
                found += 1;
            }
        }
    }
    if found > 0 {
        say!("what was locked at {reference} is stored: restore it from there");
        return Ok(ExitCode::FAILURE);
    }
    say!("all of {compared} locks of {reference} are as they were, or were added to");
    Ok(ExitCode::SUCCESS)
}

/// What a lock held then that it does not hold now.
fn lost(file: &str, path: &Path, then: &str) -> Result<Vec<String>, Error> {
    let Ok(now) = std::fs::read_to_string(path) else { return Ok(vec!["it is gone".to_owned()]) };
    let now = now.replace("\r\n", "\n");
    if file.starts_with("aggregates/") {
        let (then, now) = (read_aggregate(then), read_aggregate(&now));
        let dropped = then.reads.iter().filter(|name| !now.reads.contains(name));
        let dropped = dropped.map(|name| format!("it does not read {name:?} any more"));
        let id = then.id.filter(|then| !now.id.is_some_and(|now| is_id_kept(then, &now)));
        let id = id.map(|id| format!("its ids were {id}, by which streams are stored"));
        return Ok(dropped.chain(id).collect());
    }
    let entries = read_event(path, &now)?;
    let mut lost = Vec::new();
    let mut place = 0;
    for entry in read_event(path, then)? {
        match entries.iter().skip(place).position(|now| *now == entry) {
            Some(behind) => place += behind + 1,
            None => lost.push(format!("version {} is not as it was", entry.version)),
        }
    }
    Ok(lost)
}
