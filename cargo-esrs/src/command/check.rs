//! `cargo esrs lock --check`.

use std::process::ExitCode;

use esrs_core::escaped;

use super::plan::Plan;
use super::{Lock, names};
use crate::ask::ask;
use crate::error::Error;
use crate::folder::Locks;
use crate::workspace::LockTarget;

pub(crate) fn run(targets: &[LockTarget], arguments: &Lock) -> Result<ExitCode, Error> {
    let (mut found, mut asked) = (0, Vec::new());
    for target in targets {
        let told = match ask(target, &arguments.features) {
            // What it depends on does not compile, and that was told.
            Err(Error::DoesNotCompile { .. }) if found > 0 => break,
            told => told?,
        };
        asked.push((target, told.clone()));
        let plan = Plan::new(target, Locks::read(&target.folder)?, told, &[])?;
        let unlocked = plan.news.iter().map(|news| format!("not locked: {news}"));
        let drift = plan.problems.iter().map(ToString::to_string);
        let orphans = plan.orphans.iter().map(|orphan| escaped(orphan).to_string());
        let mut lines: Vec<_> = unlocked.chain(drift).chain(orphans).collect();
        if lines.is_empty() && target.is_locked() {
            lines.extend(changed_files(target, &plan.locks));
        }
        if !lines.is_empty() {
            say!("{}", target.name());
        }
        lines.iter().for_each(|line| say!("    {line}"));
        found += lines.len();
    }
    names::check(&asked)?;
    if found > 0 {
        say!("run `cargo esrs lock` for what is not locked; the rest has to be mended by hand");
        return Ok(ExitCode::FAILURE);
    }
    say!("everything is locked");
    Ok(ExitCode::SUCCESS)
}

/// The files that are not as they are written, as after a merge.
fn changed_files(target: &LockTarget, locks: &Locks) -> Vec<String> {
    let files = locks.files().into_iter();
    let differs = |(file, text): (String, String)| {
        let path = target.folder.join(&file);
        let there = std::fs::read_to_string(&path).unwrap_or_default().replace("\r\n", "\n");
        (there != text)
            .then(|| format!("not locked: {} is not as it was written", target.shown(&path)))
    };
    files.filter_map(differs).collect()
}
