//! The locks of what is stored, written down for ever: those that the compiler holds events to.

mod alias;
mod check;
mod id;
mod located;
mod locked;
mod message;
mod outline;
mod steps;
#[cfg(test)]
mod tree_tests;
mod walk;
mod ways;

pub use alias::alias_changed;
pub(super) use check::leads_elsewhere;
pub use check::{
    Differs, ShapeNow, is_as_locked, past_changed, shape_changed, tell_event, tell_past,
    unsound_lock,
};
pub use esrs_lock::compat::{OutlineChange, Rule, first_change, first_change_of, is_id_kept};
pub use esrs_lock::outline::CompareRoom;
pub use esrs_lock::rolling::{
    RollingChange, RollingRule, as_written, first_unread, with_plain_options,
};
pub use esrs_lock::steps::{StepChange, first_changed_step, first_changed_writer};
pub use esrs_lock::tree;
pub(crate) use id::id_text;
#[doc(hidden)]
pub use locked::{Locked, Locks};
pub use steps::{UNCHANGED, always_written, changed_steps, steps_changed};

use esrs_lock::outline::Spans;

/// The outline of a shape, as a lock holds it: a line each for every part.
///
/// ```
/// use esrs_core::Schema;
/// use esrs_core::schema::lock::outline_of;
///
/// assert_eq!(outline_of(<Vec<Option<u8>> as Schema>::SHAPE), ["[u8?]"]);
/// ```
pub fn outline_of(shape: &crate::schema::Shape) -> Vec<String> {
    let mut text = outline::Outline::new();
    outline::write_outline(&mut text, &mut Spans::new(&mut []), shape);
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
pub fn steps_of(shape: &crate::schema::Shape) -> Vec<String> {
    steps::steps_of(shape).as_str().lines().map(|line| line.trim().to_owned()).collect()
}
