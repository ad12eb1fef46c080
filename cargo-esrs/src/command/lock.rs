//! `cargo esrs lock`.

use std::process::ExitCode;
use std::time::SystemTime;

use esrs_core::escaped;

use super::plan::Plan;
use super::{Lock, names};
use crate::ask::ask;
use crate::error::Error;
use crate::folder::Locks;
use crate::told::Told;
use crate::workspace::LockTarget;

pub(crate) fn run(targets: &[LockTarget], arguments: &Lock) -> Result<ExitCode, Error> {
    for name in &arguments.rewrite {
        let mut locks = targets.iter().map(|target| Locks::read(&target.folder));
        if !locks.try_fold(false, |found, locks| Ok::<_, Error>(found || locks?.have(name)))? {
            return Err(Error::NothingToGiveUp(name.clone()));
        }
    }
    let (mut locked, mut problems) = (0, 0);
    let (mut asked, mut failed) = (Vec::new(), Vec::new());
    for target in targets {
        match ask(target, &arguments.features) {
            Ok(told) => asked.push((target, told)),
            // What it depends on may differ from its own lock, and is about to be locked.
            Err(Error::DoesNotCompile { .. }) => failed.push(target),
            Err(error) => return Err(error),
        }
    }
    names::check(&asked)?;
    for (target, told) in &asked {
        let plan = lock(target, told.clone(), &arguments.rewrite)?;
        locked += plan.news.len();
        problems += plan.problems.len();
    }
    for target in failed {
        let told = match ask(target, &arguments.features) {
            // It waits for what cannot be locked, which was told.
            Err(Error::DoesNotCompile { .. }) if problems > 0 => continue,
            told => told?,
        };
        asked.push((target, told.clone()));
        names::check(&asked)?;
        let plan = lock(target, told, &arguments.rewrite)?;
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

/// Locks what a target has told, and says what that was.
fn lock(target: &LockTarget, told: Vec<Told>, rewrite: &[String]) -> Result<Plan, Error> {
    let is_first = !target.is_locked();
    let plan = Plan::new(target, Locks::read(&target.folder)?, told, rewrite)?;
    if plan.locks == Locks::default() {
        return Ok(plan);
    }
    if !plan.news.is_empty() || !plan.problems.is_empty() || !plan.orphans.is_empty() {
        say!("{}", target.name());
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
        begin(target)?;
    }
    Ok(plan)
}

/// The first locks of a target: its crate has to watch them from now on, and is to be compiled again.
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
