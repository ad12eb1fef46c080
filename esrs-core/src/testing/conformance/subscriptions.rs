//! The promises of a [`SubscriptionStore`].
//!
//! Each case has a subscription and a table of its own.

mod catching_up;
mod cold;
mod history;
mod leases;
mod parking;
mod rows;
mod scripted;
mod statements;
mod steps;
mod superseded;
mod waiting;

pub use cold::Cold;

use super::{Case, hold};
use crate::store::SubscriptionStore;

macro_rules! cases {
    ($($module:ident: $($case:ident),+;)+) => {
        $(pub use $module::{$($case),+};)+

        /// Every promise, by name.
        pub const CASES: &[Case<dyn SubscriptionStore>] = &[$($(Case {
            name: stringify!($case),
            run: |store| Box::pin($module::$case(store)),
        },)+)+];
    };
}

cases! {
    steps: rows_are_stored_together_with_the_checkpoint,
        a_step_that_fails_stores_nothing,
        a_subscription_that_others_have_moved_is_not_advanced,
        of_many_steps_from_one_place_one_is_stored,
        a_changed_definition_is_noticed,
        who_starts_over_has_no_rows,
        what_was_built_takes_the_place_of_what_was_asked,
        what_stands_behind_takes_what_it_lacks_first,
        what_cannot_take_what_it_lacks_takes_no_place,
        what_stands_far_behind_takes_no_place,
        what_was_put_in_place_stands_nowhere,
        what_is_asked_takes_nobodys_place;
    rows: every_kind_of_value_comes_back,
        numbers_with_a_fraction_come_back_bit_for_bit,
        times_of_rows_come_back_or_are_refused,
        times_of_rows_come_back_in_their_order_or_are_refused,
        a_key_of_several_columns_tells_rows_apart,
        many_rows_are_written_and_deleted_at_once,
        a_row_may_have_what_one_that_goes_has_had,
        a_row_that_the_table_refuses_refuses_the_step,
        rows_that_are_built_fulfil_what_those_that_are_asked_do,
        a_row_that_cannot_be_read_refuses_the_step;
    statements: sql_runs_in_the_transaction_of_the_step,
        sql_does_not_end_the_transaction_of_the_step,
        a_statement_that_failed_is_the_last_but_for_a_way_back;
    leases: a_lease_has_one_holder,
        names_of_a_lease_are_bounded,
        a_lease_that_ended_is_taken_over,
        a_fence_is_never_given_twice,
        a_holder_that_was_only_slow_stores_nothing;
    parking: a_stream_is_parked_with_the_step,
        a_decision_about_a_parked_stream_is_kept,
        of_many_who_skip_one_event_one_skips_it,
        a_stream_is_resumed_with_the_step,
        what_was_built_brings_its_parked_streams;
    waiting: who_waits_is_told_of_an_append,
        who_waits_for_a_subscription_is_told_when_it_is_there,
        a_subscription_that_does_not_come_is_waited_for_no_longer,
        who_waits_for_a_parked_stream_is_told_so,
        who_waits_for_a_subscription_that_failed_is_told_so;
    catching_up: who_catches_up_is_told_of_parked_streams;
    history: a_step_behind_an_event_that_is_gone_is_refused;
    superseded: a_definition_that_was_replaced_does_not_come_back,
        a_definition_that_was_started_over_does_not_come_back;
}

/// Holds `store` to every promise.
///
/// # Panics
/// When the store breaks any. All of them are tried before that, and the message lists what failed.
pub async fn all(store: &dyn SubscriptionStore) {
    hold(store, CASES).await;
}

/// The promises that only a store which speaks SQL can keep: they run statements.
const IN_SQL: [&str; 7] = [
    "times_of_rows_come_back_in_their_order_or_are_refused",
    "a_row_that_the_table_refuses_refuses_the_step",
    "rows_that_are_built_fulfil_what_those_that_are_asked_do",
    "a_row_that_cannot_be_read_refuses_the_step",
    "sql_runs_in_the_transaction_of_the_step",
    "sql_does_not_end_the_transaction_of_the_step",
    "a_statement_that_failed_is_the_last_but_for_a_way_back",
];

/// The promises of a store that does not speak SQL.
pub fn cases_without_sql() -> Vec<Case<dyn SubscriptionStore>> {
    CASES.iter().copied().filter(|case| !IN_SQL.contains(&case.name)).collect()
}

/// Holds `store` to every promise that does not need SQL.
///
/// # Panics
/// When the store breaks any. All of them are tried before that, and the message lists what failed.
pub async fn all_without_sql(store: &dyn SubscriptionStore) {
    hold(store, &cases_without_sql()).await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_needs_sql_is_a_promise() {
        assert_eq!(cases_without_sql().len() + IN_SQL.len(), CASES.len());
    }
}
