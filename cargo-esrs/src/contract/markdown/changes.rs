//! The changes from one version to the next, row by row.

use std::collections::{HashMap, HashSet};

use super::rows::{Path, Presence, Row};

/// The rows of a version by their paths: each version is compared with the next, so to look through all of
/// them for each row would make a page of many fields take the square of their number.
pub(super) struct Rows<'a> {
    rows: &'a [Row],
    by_path: HashMap<&'a Path, &'a Row>,
}

impl<'a> Rows<'a> {
    pub(super) fn of(rows: &'a [Row]) -> Self {
        let mut by_path = HashMap::with_capacity(rows.len());
        for row in rows {
            by_path.entry(&row.path).or_insert(row);
        }
        Self { rows, by_path }
    }

    /// Describes the change of `row` of the next version; empty if it is the same.
    pub(super) fn change(&self, row: &Row) -> String {
        let Some(before) = self.by_path.get(&row.path) else { return "new".to_owned() };
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

    /// The paths that are not there any more in the next version, without what was below them.
    pub(super) fn gone(&self, now: &Rows<'_>) -> Vec<&'a str> {
        let is_lost = |row: &&Row| !now.by_path.contains_key(&row.path);
        let lost: Vec<_> = self.rows.iter().filter(is_lost).collect();
        let paths: HashSet<_> = lost.iter().map(|row| row.path.as_str()).collect();
        let is_below_another = |path: &str| {
            path.match_indices(['.', '[', '(']).any(|(end, _)| paths.contains(&path[..end]))
        };
        let paths = lost.iter().map(|row| row.path.as_str());
        paths.filter(|path| !is_below_another(path)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(paths: impl IntoIterator<Item = String>) -> Vec<Row> {
        let kind = || "text".to_owned();
        let row =
            |path: String| Row { path: path.into(), kind: kind(), presence: Presence::Required };
        paths.into_iter().map(row).collect()
    }

    fn gone(then: &[&str], now: &[&str]) -> Vec<String> {
        let owned = |paths: &[&str]| rows(paths.iter().map(|path| (*path).to_owned()));
        let (then, now) = (owned(then), owned(now));
        let gone = Rows::of(&then).gone(&Rows::of(&now));
        gone.into_iter().map(str::to_owned).collect()
    }

    #[test]
    fn what_was_below_a_path_that_is_gone_is_not_named() {
        let then = ["a", "a.b", "a.b[]", "ab", "c[]", "c(kind = x).d", "e", "e[0]", "f.g"];
        assert_eq!(gone(&then, &["ab", "e"]), ["a", "c[]", "c(kind = x).d", "e[0]", "f.g"]);
        assert_eq!(gone(&then, &then), Vec::<String>::new());
        assert_eq!(gone(&then, &[]), ["a", "ab", "c[]", "c(kind = x).d", "e", "f.g"]);
        // Twice there is twice gone, and the first counts.
        assert_eq!(gone(&["a", "a"], &[]), ["a", "a"]);
    }

    #[test]
    fn ten_times_the_rows_take_ten_times_the_comparisons() {
        let compared = |count: usize| {
            let then = rows((0..count).map(|number| format!("field_{number}")));
            let now = rows((0..count).map(|number| format!("field_{}", number + count / 2)));
            Path::compared();
            let (then, now) = (Rows::of(&then), Rows::of(&now));
            let new = now.rows.iter().filter(|row| then.change(row) == "new").count();
            assert_eq!((new, then.gone(&now).len()), (count / 2, count / 2));
            Path::compared()
        };
        let (few, many) = (compared(200), compared(2_000));
        assert!(few > 0, "comparisons are counted");
        assert!(many <= few * 20, "{few} comparisons of 200 rows, {many} of 2,000");
    }
}
