//! What changed from one version to the next, row by row.

use super::rows::{Presence, Row};

/// What is said of `row`, when the version before had `then`; nothing when it had it as it is.
pub(super) fn change(then: &[Row], row: &Row) -> String {
    let Some(before) = then.iter().find(|before| before.path == row.path) else {
        return "new".to_owned();
    };
    let mut changes = Vec::new();
    if before.kind != row.kind {
        changes.push(format!("was {}", before.kind));
    }
    match (before.presence, row.presence) {
        (Presence::Required, Presence::Optional) => changes.push("had to be there".to_owned()),
        (Presence::Optional, Presence::Required) => changes.push("could be absent".to_owned()),
        _ => {}
    }
    changes.join("; ")
}

/// The paths that are not there any more, without what was below them.
pub(super) fn gone<'a>(then: &'a [Row], now: &[Row]) -> Vec<&'a str> {
    let paths = then.iter().map(|row| row.path.as_str());
    let lost: Vec<_> = paths.filter(|path| now.iter().all(|row| row.path != *path)).collect();
    let is_below = |path: &str, above: &str| {
        path.strip_prefix(above).is_some_and(|rest| rest.starts_with(['.', '[', '(']))
    };
    let top = |path: &&&str| !lost.iter().any(|above| is_below(path, above));
    lost.iter().filter(top).copied().collect()
}
