//! A fold that changed has another fingerprint, and one that only looks otherwise has not.

#![allow(dead_code, reason = "of most of the counters only the fingerprint is asked for")]

mod another_alias;
mod another_body;
mod another_declared_default;
mod another_declared_default_inside;
mod another_event_version;
mod another_fold_version;
mod another_helper_in_another_file;
mod another_retired_name;
mod another_shape;
mod another_upcast_body;
mod declared_step;
mod edited;
mod first;
mod macros;
mod merged;
mod merged_by_another_body;
mod of_a_macro;
mod of_a_macro_with_another_body;
#[rustfmt::skip]
mod reformatted_and_commented;
mod split;
mod split_by_another_body;
mod steps;

use esrs::prelude::*;
use esrs::schema::Fingerprint;

/// The fingerprint of the counter of a module.
macro_rules! fold {
    ($module:ident) => {
        <$module::Counter as Aggregate>::FOLD
    };
}

const FIRST: Fingerprint = fold!(first);

#[test]
fn another_form_comments_and_order_leave_no_trace() {
    assert_eq!(fold!(reformatted_and_commented), FIRST);
    assert!(reformatted_and_commented::SAID.contains("impl Apply"));
}

#[test]
fn what_is_declared_otherwise_is_noticed() {
    assert_ne!(fold!(another_fold_version), FIRST);
    assert_ne!(fold!(another_retired_name), FIRST);
}

#[test]
fn another_body_is_noticed() {
    assert_ne!(fold!(another_body), FIRST);
    assert_ne!(fold!(another_upcast_body), FIRST);
    assert_ne!(fold!(merged_by_another_body), fold!(merged));
    assert_ne!(fold!(split_by_another_body), fold!(split));
}

#[test]
fn another_declared_step_is_noticed_also_within_what_an_event_holds() {
    assert_ne!(fold!(another_declared_default), fold!(declared_step));
    assert_ne!(fold!(another_declared_default_inside), fold!(declared_step));
}

#[test]
fn another_event_is_noticed() {
    assert_ne!(fold!(another_event_version), FIRST);
    assert_ne!(fold!(another_shape), FIRST);
    assert_ne!(fold!(another_alias), FIRST);
    assert_ne!(fold!(merged), FIRST);
    assert_ne!(fold!(split), FIRST);
}

#[test]
fn another_body_is_noticed_also_of_an_aggregate_that_a_macro_writes() {
    assert_ne!(fold!(of_a_macro_with_another_body), fold!(of_a_macro));
}

/// For this there is `fold_version`.
#[test]
fn another_helper_in_another_file_is_not_noticed() {
    fn folded<A: Aggregate>(event: impl Into<A::Event>) -> A {
        let mut counter = A::initial();
        counter.apply_event(event.into());
        counter
    }
    let once: first::Counter = folded(first::Counted { by: 3 });
    use another_helper_in_another_file as other;
    let twice: other::Counter = folded(other::Counted { by: 3 });
    assert_eq!((once.sum, twice.sum), (3, 6), "they do not fold alike");
    assert_eq!(fold!(another_helper_in_another_file), FIRST);
}
