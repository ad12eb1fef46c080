//! `cargo esrs lock`.

use std::process::ExitCode;
use std::time::SystemTime;

use esrs_core::escaped;

use super::asked::{Unit, ask_all, by_target, declared};
use super::plan::{Given, Plan};
use super::{Lock, names};
use crate::error::Error;
use crate::folder::Locks;
use crate::workspace::{Chosen, LockTarget};

pub(crate) fn run(chosen: &Chosen, arguments: &Lock) -> Result<ExitCode, Error> {
    let targets = &chosen.targets;
    for name in &arguments.rewrite {
        let mut locks = targets.iter().map(|target| Locks::read(&target.folder));
        if !locks.try_fold(false, |found, locks| Ok::<_, Error>(found || locks?.have(name)))? {
            return Err(Error::NothingToGiveUp(name.clone()));
        }
    }
    for name in &arguments.accept_steps {
        let mut locks = targets.iter().map(|target| Locks::read(&target.folder));
        let has = |locks: Locks| locks.events.contains_key(name);
        if !locks.try_fold(false, |found, locks| Ok::<_, Error>(found || has(locks?)))? {
            return Err(Error::NothingToAccept(name.clone()));
        }
    }
    let mut problems = 0;
    let abandoned = chosen.abandoned()?;
    for abandoned in &abandoned {
        say!("{abandoned}");
        problems += 1;
    }
    // A target that was renamed would be locked as if nothing of it were stored.
    let is_barred =
        |target: &LockTarget| !target.is_locked() && abandoned.iter().any(|one| one.is_of(target));
    let mut units = ask_all(targets, &arguments.features)?;
    units.retain(|unit| !is_barred(unit.target()));
    names::check(&by_target(&units))?;
    let mut locked = 0;
    let all = Locks::of(targets)?;
    let declared = declared(&units);
    let given = Given {
        rewrite: &arguments.rewrite,
        accept_steps: &arguments.accept_steps,
        declared: Some(&declared),
        elsewhere: &all,
    };
    for unit in units.iter().filter(|unit| !unit.has_failed()) {
        let plan = lock(unit, &given)?;
        locked += plan.news.len();
        problems += plan.problems.len();
    }
    for place in 0..units.len() {
        if !units[place].has_failed() {
            continue;
        }
        units[place].ask_again(&arguments.features)?;
        match units[place].failure() {
            // It waits for what cannot be locked, which was told.
            Some(_) if problems > 0 => continue,
            Some(error) => return Err(error),
            None => {}
        }
        names::check(&by_target(&units))?;
        let plan = lock(&units[place], &given)?;
        locked += plan.news.len();
        problems += plan.problems.len();
    }
    if problems > 0 {
        say!("nothing was locked where something stands in the way");
        return Ok(ExitCode::FAILURE);
    }
    if locked == 0 {
        say!("everything is locked");
    }
    Ok(ExitCode::SUCCESS)
}

/// Locks what the targets of a folder have told, and says what that was.
fn lock(unit: &Unit<'_>, given: &Given<'_>) -> Result<Plan, Error> {
    let target = unit.target();
    let is_first = !target.is_locked();
    let plan = Plan::new(target, Locks::read(&target.folder)?, unit.told(), given)?;
    if plan.locks.is_empty() {
        return Ok(plan);
    }
    if !plan.news.is_empty() || !plan.problems.is_empty() || !plan.orphans.is_empty() {
        say!("{}", unit.name());
    }
    // All or nothing: a problem may be that what is there cannot be trusted.
    if plan.problems.is_empty() {
        plan.locks.write(&target.folder)?;
        plan.news.iter().for_each(|news| say!("    locked {news}"));
    }
    for orphan in &plan.orphans {
        // The name of a file may have line breaks in it.
        say!("    note: {}", escaped(orphan));
    }
    for problem in &plan.problems {
        say!("    NOT locked: {problem}");
    }
    if is_first && target.is_locked() {
        unit.targets().iter().try_for_each(|target| begin(target))?;
    }
    Ok(plan)
}

/// The first locks of a target: its crate has to watch them from now on, and must be compiled again.
fn begin(target: &LockTarget) -> Result<(), Error> {
    let source = std::fs::read_to_string(&target.root).map_err(Error::file(&target.root))?;
    if !source.contains("schema!(") {
        say!(
            "    add this line to {}, and commit {} with it:\n\n        esrs::schema!();\n",
            target.shown(&target.root),
            target.shown(&target.folder)
        );
    }
    let file = std::fs::File::options().append(true).open(&target.root);
    let touched = file.and_then(|file| file.set_modified(SystemTime::now()));
    touched.map_err(Error::file(&target.root))
}
