//! The changes of a stored shape, and their effect on payloads that were stored before.

mod absent;
mod compare;
mod head;
mod rule;

pub use absent::{is_none, is_of_struct, own_default, was_of_struct};
pub use compare::{Change, compare};
pub use head::is_id_kept;
pub use rule::Rule;

use crate::file::{INDENT, STEPS};
use crate::outline::{HeapRoom, Line, describe};
use crate::text::ConstText;

/// The first difference of two outlines of a shape; see [`first_change`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct OutlineChange {
    /// The kind of change.
    pub rule: Rule,
    /// Where: the path of the field or the variant; empty for the payload itself.
    pub path: String,
    /// The locked line; `None` for a new part.
    pub locked: Option<String>,
    /// The line as it is now; `None` for a removed part.
    pub now: Option<String>,
}

/// The first change that breaks stored payloads between two outlines, or else the first that does not;
/// `None` when nothing differs.
///
/// An outline is what a lock holds of a version, a line each for every part of the shape:
///
/// ```
/// use esrs_lock::compat::{Rule, first_change};
///
/// let change = first_change(&["struct", ".cents: i32"], &["struct", ".cents: i64"]).unwrap();
/// assert_eq!((change.rule, change.path.as_str()), (Rule::WiderNumber, ".cents"));
/// assert!(change.rule.is_compatible());
/// ```
///
/// Outlines do not tell what a `default` says; [`first_change_of`] knows it.
pub fn first_change<S: AsRef<str>>(locked: &[S], now: &[S]) -> Option<OutlineChange> {
    first_change_of((locked, &[]), (now, &[]))
}

/// The first change that breaks stored payloads between two entries of a lock, each an outline and its steps,
/// or else the first that does not; `None` when nothing differs in the outlines.
///
/// ```
/// use esrs_lock::compat::{Rule, first_change_of};
///
/// let (locked, now) = (["struct", ".note: string?"], ["struct", ".note?: string?"]);
/// let rule = |declared| first_change_of((&locked, &[]), (&now, &[declared])).unwrap().rule;
/// assert_eq!(rule(".note: default = None"), Rule::AbsentIsNone);
/// assert_eq!(rule(".note: default = \"no_note\""), Rule::AbsentChanged);
/// ```
pub fn first_change_of<S: AsRef<str>>(
    (locked, locked_steps): (&[S], &[S]),
    (now, steps): (&[S], &[S]),
) -> Option<OutlineChange> {
    let (locked, now) = (entry(locked, locked_steps), entry(now, steps));
    let mut room = HeapRoom::new(locked.lines().count().max(now.lines().count()));
    let change = compare(&room.pairs(locked.as_bytes(), now.as_bytes()))?;
    let said = |line: Line<'_>| part_text(line);
    let path = change.now.or(change.locked).map(|line| line.path.as_str().to_owned());
    Some(OutlineChange {
        rule: change.rule,
        path: path.unwrap_or_default(),
        locked: change.locked.map(said),
        now: change.now.map(said),
    })
}

/// An entry as it stands in a lock.
fn entry<S: AsRef<str>>(outline: &[S], steps: &[S]) -> String {
    let head = if steps.is_empty() { String::new() } else { format!("{STEPS}\n") };
    format!("{}{head}{}", indented(outline), indented(steps))
}

fn indented<S: AsRef<str>>(lines: &[S]) -> String {
    lines.iter().map(|line| format!("{}{}\n", INDENT, line.as_ref())).collect()
}

/// A part as messages show it.
pub(crate) fn part_text(line: Line<'_>) -> String {
    let mut text = Box::new(ConstText::<8192>::new());
    describe(&mut text, &line);
    text.as_str().to_owned()
}
