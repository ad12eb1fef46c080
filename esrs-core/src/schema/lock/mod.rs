//! What is stored, written down for ever: the locks that the compiler holds events to.

mod absent;
mod alias;
mod check;
mod compare;
mod id;
pub(super) mod line;
mod located;
mod outline;
mod pairs;
mod rolling;
mod rule;
mod steps;
pub mod tree;
mod ways;

pub use alias::alias_changed;
pub(super) use check::leads_elsewhere;
pub use check::{
    CompareRoom, Differs, ShapeNow, is_as_locked, past_changed, shape_changed, tell_event,
    tell_past, unsound_lock,
};
pub(crate) use id::id_text;
pub use id::is_id_kept;
pub use rolling::{RollingChange, RollingRule, as_written, first_unread, first_unread_of};
pub use rule::Rule;
pub use steps::{
    StepChange, UNCHANGED, always_written, changed_steps, first_changed_step, first_changed_writer,
    steps_changed,
};

use line::Line;
use pairs::HeapRoom;

/// What is first found to differ between two outlines of a shape; see [`first_change`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct OutlineChange {
    /// What became of it.
    pub rule: Rule,
    /// Where: the path of the field or the variant; empty for the payload itself.
    pub path: String,
    /// What it was; `None` for what is new.
    pub locked: Option<String>,
    /// What it is; `None` for what is gone.
    pub now: Option<String>,
}

/// The first change that breaks stored payloads between two outlines, or else the first that does not;
/// `None` when nothing differs.
///
/// An outline is what a lock holds of a version, a line each for every part of the shape:
///
/// ```
/// use esrs_core::schema::lock::{Rule, first_change};
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
/// use esrs_core::schema::lock::{Rule, first_change_of};
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
    let change = compare::compare(&room.pairs(locked.as_bytes(), now.as_bytes()))?;
    let said = |line: Line<'_>| check::part_text(line).as_str().to_owned();
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
    let head = if steps.is_empty() { "" } else { steps::STEPS };
    format!("{}{head}{}", indented(outline), indented(steps))
}

fn indented<S: AsRef<str>>(lines: &[S]) -> String {
    lines.iter().map(|line| format!("{}{}\n", outline::INDENT, line.as_ref())).collect()
}

/// The outline of a shape, as a lock holds it: a line each for every part.
///
/// ```
/// use esrs_core::Schema;
/// use esrs_core::schema::lock::outline_of;
///
/// assert_eq!(outline_of(<Vec<Option<u8>> as Schema>::SHAPE), ["[u8?]"]);
/// ```
pub fn outline_of(shape: &crate::Shape) -> Vec<String> {
    let mut text = outline::Outline::new();
    outline::write_outline(&mut text, &mut line::Spans::new(&mut []), shape);
    text.as_str().lines().map(|line| line.trim().to_owned()).collect()
}

/// The steps of a shape, as a lock holds them: a line each for every part of which something is declared.
///
/// ```
/// use esrs_core::Schema;
/// use esrs_core::schema::lock::steps_of;
///
/// assert!(steps_of(<Vec<Option<u8>> as Schema>::SHAPE).is_empty());
/// ```
pub fn steps_of(shape: &crate::Shape) -> Vec<String> {
    steps::steps_of(shape).as_str().lines().map(|line| line.trim().to_owned()).collect()
}
