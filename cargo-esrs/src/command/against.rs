//! `cargo esrs lock --against REF`: locks are only ever added to.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use esrs_core::escaped;
use esrs_lock::compat::is_id_kept;
use esrs_lock::file::{read_aggregate, with_plain_ends};
use esrs_lock::name::{Kind, lock_name};

use crate::error::Error;
use crate::folder::{kind_of, lock_file, read_event};
use crate::git::{LockAt, locks_at};
use crate::workspace::Chosen;

pub(crate) fn run(chosen: &Chosen, reference: &str) -> Result<ExitCode, Error> {
    let roots = chosen.targets.iter().filter_map(|target| target.manifest.parent());
    let packages: BTreeSet<_> = roots.map(canonical).collect();
    let folders: BTreeSet<_> = chosen.targets.iter().map(|target| &target.folder).collect();
    let (mut compared, mut moved, mut found) = (0, 0, 0);
    for abandoned in chosen.abandoned()? {
        say!("{abandoned}");
        found += 1;
    }
    let locks = locks_at(reference, &chosen.root)?;
    let then: BTreeSet<_> =
        locks.iter().map(|lock| (lock.package.join(&lock.folder), &lock.file)).collect();
    for lock in &locks {
        let package = canonical(&lock.package);
        // One that is there and was not asked about may be of another workspace, or no package at all.
        let is_gone = lock.had_manifest && !lock.package.join("Cargo.toml").exists();
        let is_lost = is_gone && !chosen.is_by_name;
        if !packages.contains(&package) && !is_lost {
            continue;
        }
        compared += 1;
        let own = lock.package.join(&lock.folder);
        let problems = match path_in(&own, lock) {
            Some(path) => lost(lock, &path)?,
            None => {
                // One that another target had then is its own.
                let is_new = |folder: &&&PathBuf| !then.contains(&(canonical(folder), &lock.file));
                let elsewhere =
                    folders.iter().filter(is_new).filter_map(|folder| path_in(folder, lock));
                let kept: Result<Vec<_>, Error> = elsewhere.map(|path| lost(lock, &path)).collect();
                if kept?.iter().any(Vec::is_empty) {
                    moved += 1;
                    continue;
                }
                vec!["it is gone, and no target has it".to_owned()]
            }
        };
        let path = own.join(&lock.file);
        let shown = path.strip_prefix(canonical(&chosen.root)).unwrap_or(&path);
        for problem in problems {
            say!("{}: {problem}", escaped(shown.display()));
            found += 1;
        }
    }
    if found > 0 {
        say!("what was locked at {reference} is stored: restore it from there");
        return Ok(ExitCode::FAILURE);
    }
    match (compared, moved) {
        (0, _) => say!("nothing was locked at {reference}"),
        (_, 0) => say!("all of {compared} locks of {reference} are as they were, or were added to"),
        _ => say!(
            "all of {compared} locks of {reference} are as they were, or were added to; {moved} of them are \
             of another target now"
        ),
    }
    Ok(ExitCode::SUCCESS)
}

fn canonical(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}

/// Where the lock is in a folder of today, if it is.
fn path_in(folder: &Path, lock: &LockAt) -> Option<PathBuf> {
    let name = lock_name(&lock.file, &lock.text);
    let files = [lock.file.clone(), lock_file(&lock.file, &name)];
    files.iter().map(|file| folder.join(file)).find(|path| path.exists())
}

/// Lists the entries that a lock held then and does not hold now.
fn lost(lock: &LockAt, path: &Path) -> Result<Vec<String>, Error> {
    let now = with_plain_ends(&std::fs::read_to_string(path).map_err(Error::file(path))?);
    if kind_of(&lock.file) == Kind::Aggregate {
        let (then, now) = (read_aggregate(&lock.text), read_aggregate(&now));
        let dropped = then.reads.iter().filter(|name| !now.reads.contains(name));
        let dropped = dropped.map(|name| format!("it does not read {name:?} any more"));
        let id = then.id.filter(|then| !now.id.is_some_and(|now| is_id_kept(then, &now)));
        let id = id.map(|id| format!("its ids were {id}, by which streams are stored"));
        return Ok(dropped.chain(id).collect());
    }
    let entries = read_event(path, &now)?;
    let mut lost = Vec::new();
    let mut place = 0;
    for entry in read_event(path, &lock.text)? {
        match entries.iter().skip(place).position(|now| now.is_or_gained_steps(&entry)) {
            Some(behind) => place += behind + 1,
            None => lost.push(format!("version {} is not as it was", entry.version)),
        }
    }
    Ok(lost)
}
