//! The promises of an [`EventStore`], as functions that panic when a store breaks one.
//!
//! Every store runs them in its tests, and so does every wrapper around a store. They name no
//! runtime: what is to happen at once is polled at once, by `join_all`. Each case uses streams of its
//! own, so the suite runs on a store that holds other events too, and while others write to it.
//!
//! The author of a store writes one test that runs all of it:
//!
//! ```
//! # use esrs_core::{MemoryStore, conformance};
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! let store = MemoryStore::new();
//! conformance::all(&store).await;
//! # }
//! ```
//!
//! It tries every case before it panics with the list of those that failed. A store that must be new
//! for each case, or a test runner that is to name each, takes them one by one, by list or by name:
//!
//! ```
//! # use esrs_core::{MemoryStore, conformance};
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! for case in conformance::CASES {
//!     case.run(&MemoryStore::new()).await;
//! }
//! let case = conformance::case("a_conflict_on_one_stream_stores_nothing_of_the_others").unwrap();
//! case.run(&MemoryStore::new()).await;
//! # }
//! ```
//!
//! A store that also has read models ([`SubscriptionStore`](crate::subscription::SubscriptionStore))
//! is held to [`subscriptions`] and [`read_models`] as well: `conformance::subscriptions::all(&store).await`
//! and `conformance::read_models::all_with_sql(&store).await`, or `all_without_sql` and `all` if it does not
//! speak SQL.
//!
//! What one process cannot show is left to the store's own tests: that events outlive the process,
//! and that conditions hold when several processes write to one database. [`model`] runs scripts of
//! operations against a store and a naive model of it; a property test supplies the scripts.

pub mod atomicity;
pub mod circumstances;
mod cold;
pub mod conditions;
pub mod events;
pub mod history;
pub mod idempotency;
pub mod imports;
pub mod limits;
pub mod model;
pub mod order;
pub mod paging;
pub mod payloads;
pub mod read_models;
pub mod repetition;
pub mod snapshots;
pub mod streams;
pub mod subscriptions;
mod support;

pub use cold::Cold;

use std::any::Any;
use std::fmt;
use std::panic::AssertUnwindSafe;

use futures_core::future::BoxFuture;
use futures_util::FutureExt;

use crate::store::EventStore;

/// One promise, and the function that proves it.
pub struct Case<S: ?Sized + 'static = dyn EventStore> {
    /// The promise, as the name of its function.
    pub name: &'static str,
    run: for<'a> fn(&'a S) -> BoxFuture<'a, ()>,
}

impl<S: ?Sized> Clone for Case<S> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<S: ?Sized> Copy for Case<S> {}

impl<S: ?Sized> Case<S> {
    /// Holds `store` to the promise.
    ///
    /// # Panics
    /// When the store breaks it.
    pub fn run<'a>(&self, store: &'a S) -> BoxFuture<'a, ()> {
        (self.run)(store)
    }
}

impl<S: ?Sized> fmt::Debug for Case<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Case").field(&self.name).finish()
    }
}

/// A promise that a store broke.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The name of the [`Case`].
    pub case: &'static str,
    /// The message of its function.
    pub message: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.case, self.message)
    }
}

macro_rules! cases {
    ($($module:ident: $($case:ident),+;)+) => {
        /// Every promise, by name.
        pub const CASES: &[Case] = &[$($(Case {
            name: stringify!($case),
            run: |store| Box::pin($module::$case(store)),
        },)+)+];
    };
}

cases! {
    atomicity: several_streams_are_stored_as_one_unit,
        a_conflict_on_one_stream_stores_nothing_of_the_others,
        a_batch_that_fails_leaves_its_event_ids_free;
    conditions: any_is_allowed_at_every_version,
        no_stream_is_refused_once_the_stream_exists,
        a_version_is_allowed_when_it_is_exact,
        of_many_writers_who_expect_one_version_one_wins,
        of_many_writers_who_expect_no_stream_one_wins,
        many_writers_without_a_condition_all_succeed_without_a_gap;
    order: versions_count_from_one_without_a_gap,
        positions_strictly_increase_and_are_reported,
        a_follower_sees_every_event_once_while_others_write,
        an_event_never_changes_once_it_was_read;
    repetition: a_repeated_append_is_answered_with_the_first_result,
        a_repeated_append_is_known_after_later_events,
        a_repeated_append_of_several_streams_is_known,
        a_batch_of_which_some_ids_are_known_is_refused,
        known_ids_on_another_stream_or_in_another_order_are_refused,
        concurrent_repetitions_are_stored_once;
    idempotency: a_repeated_key_is_answered_with_the_first_result,
        a_key_belongs_to_its_stream,
        a_key_of_a_batch_belongs_to_its_first_stream,
        an_append_is_found_by_its_key,
        keys_looked_for_at_once_are_answered_each_for_itself,
        a_refused_append_leaves_its_key_free,
        a_key_reused_for_another_command_is_refused,
        a_key_without_a_fingerprint_is_that_of_any_command,
        of_concurrent_commands_with_one_key_one_wins,
        concurrent_repetitions_of_a_key_are_stored_once;
    imports: an_import_is_stored_once_in_its_order,
        an_event_that_is_imported_twice_at_once_is_stored_once,
        an_import_that_differs_is_refused,
        an_import_with_a_bad_event_stores_nothing,
        known_ids_with_other_content_are_refused,
        the_time_at_which_an_event_occurred_comes_back;
    limits: what_is_too_large_is_refused_at_append,
        what_is_as_large_as_allowed_is_stored,
        what_makes_no_sense_is_refused_at_append,
        what_is_no_json_is_refused_at_append;
    payloads: any_json_comes_back_byte_for_byte,
        a_large_payload_comes_back_byte_for_byte;
    events: metadata_comes_back_complete,
        absent_metadata_stays_absent,
        times_come_back_to_the_microsecond,
        any_stream_name_comes_back,
        names_and_versions_of_shapes_come_back;
    paging: a_page_ends_at_its_limit,
        a_page_ends_at_its_bytes_and_holds_one_event_at_least,
        a_stream_is_read_after_a_version,
        a_stream_is_read_backwards,
        a_long_stream_is_read_backwards_page_by_page,
        the_log_is_read_after_a_position,
        a_filter_lets_only_its_own_events_pass,
        a_follower_gets_past_what_its_filter_drops,
        what_is_not_there_is_an_empty_last_page,
        a_recycled_page_holds_nothing_of_before,
        a_page_lists_each_kind_once,
        envelopes_come_only_when_they_are_asked_for;
    streams: the_streams_of_an_aggregate_are_listed_and_counted,
        streams_are_listed_page_by_page,
        a_refused_append_leaves_no_stream;
    snapshots: a_read_begins_with_the_snapshot_that_was_saved,
        a_snapshot_of_another_fold_is_not_used,
        the_further_of_two_snapshots_is_kept,
        a_snapshot_behind_the_moment_is_not_used,
        a_snapshot_of_what_is_not_there_is_not_kept;
    circumstances: a_stream_is_asked_by_who_why_and_when,
        the_log_is_asked_by_who_why_and_when;
    history: an_append_behind_an_event_needs_that_very_event,
        a_page_says_which_event_it_goes_up_to,
        a_read_continues_only_from_an_event_that_is_there,
        a_read_backwards_continues_only_from_an_event_that_is_there,
        a_long_history_is_read_to_its_end;
}

/// The case of this name.
pub fn case(name: &str) -> Option<Case> {
    CASES.iter().copied().find(|case| case.name == name)
}

/// Holds `store` to every promise.
///
/// # Panics
/// When the store breaks any. All of them are tried before that, and the message lists what failed.
pub async fn all(store: &dyn EventStore) {
    hold(store, CASES).await;
}

async fn hold<S: ?Sized>(store: &S, cases: &[Case<S>]) {
    let failures = broken(store, cases).await;
    let list: String = failures.iter().map(|failure| format!("\n- {failure}")).collect();
    assert!(
        failures.is_empty(),
        "{} of {} promises are broken:{list}",
        failures.len(),
        cases.len()
    );
}

/// The promises that `store` breaks.
pub async fn failures(store: &dyn EventStore) -> Vec<Failure> {
    broken(store, CASES).await
}

async fn broken<S: ?Sized>(store: &S, cases: &[Case<S>]) -> Vec<Failure> {
    let mut failures = Vec::new();
    for case in cases {
        if let Err(panic) = AssertUnwindSafe(case.run(store)).catch_unwind().await {
            failures.push(Failure { case: case.name, message: message(&*panic) });
        }
    }
    failures
}

fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("a panic").to_owned()
}
