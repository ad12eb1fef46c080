//! `cargo esrs lock --check`.

use std::process::ExitCode;

use esrs_core::escaped;

use super::asked::{ask_all, declared};
use super::plan::{Given, News, Plan};
use super::{Lock, names, rolling};
use crate::error::Error;
use crate::features::unified;
use crate::folder::Locks;
use crate::workspace::{Chosen, LockTarget};

pub(crate) fn run(chosen: &Chosen, arguments: &Lock) -> Result<ExitCode, Error> {
    let (mut found, mut asked) = (0, Vec::new());
    for abandoned in chosen.abandoned()? {
        say!("{abandoned}");
        found += 1;
    }
    for unified in unified(chosen)? {
        say!("{unified}");
        found += 1;
    }
    let mut units = ask_all(&chosen.targets, &arguments.features)?;
    let all = Locks::of(&chosen.targets)?;
    let declared = declared(&units);
    let given = Given { declared: Some(&declared), elsewhere: &all, ..Given::default() };
    for unit in &mut units {
        match unit.failure() {
            // What it depends on does not compile, and that was told.
            Some(_) if found > 0 => continue,
            Some(error) => return Err(error),
            None => {}
        }
        asked.extend(unit.by_target().iter().cloned());
        let target = unit.target();
        let locks = Locks::read(&target.folder)?;
        let plan = Plan::new(target, locks.clone(), unit.told(), &given)?;
        let (notes, news): (Vec<_>, Vec<_>) =
            plan.news.iter().partition(|news| matches!(news, News::Steps { .. }));
        let unlocked = news.iter().map(|news| format!("not locked: {news}"));
        let drift = plan.problems.iter().map(ToString::to_string);
        let orphans = plan.orphans.iter().map(|orphan| escaped(orphan).to_string());
        let mut lines: Vec<_> = unlocked.chain(drift).chain(orphans).collect();
        if lines.is_empty() && target.is_locked() && !locks.has_former_files() {
            lines.extend(changed_files(target, &locks));
        }
        if !lines.is_empty() || !notes.is_empty() {
            say!("{}", unit.name());
        }
        lines.iter().for_each(|line| say!("    {line}"));
        // An esrs of before has locked it so; it is as good as it was then.
        notes.iter().for_each(|note| say!("    note: `cargo esrs lock` adds {note}"));
        found += lines.len();
    }
    names::check(&asked)?;
    match found {
        0 => say!("everything is locked"),
        _ => {
            say!("run `cargo esrs lock` for what is not locked; the rest has to be mended by hand")
        }
    }
    if let Some(reference) = &arguments.rolling {
        found += rolling::check(chosen, &units, reference, &arguments.accept_steps)?;
    }
    Ok(if found > 0 { ExitCode::FAILURE } else { ExitCode::SUCCESS })
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
