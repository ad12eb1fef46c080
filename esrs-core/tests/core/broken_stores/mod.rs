//! The suite can fail: each of these stores breaks one promise, and is caught by the case about it.

mod pages;
mod store;

use esrs_core::conformance::{all, case, failures};

use store::{BrokenStore, Fault, Fault::*};

/// Each fault, and the case that has to find it.
const CAUGHT_BY: &[(Fault, &str)] = &[
    (ReportsAConflictAsSuccess, "a_version_is_allowed_when_it_is_exact"),
    (AppendsStreamsOneByOne, "a_conflict_on_one_stream_stores_nothing_of_the_others"),
    (DropsTheSecondStream, "several_streams_are_stored_as_one_unit"),
    (IgnoresTheCondition, "no_stream_is_refused_once_the_stream_exists"),
    (ChecksTheConditionTooEarly, "of_many_writers_who_expect_one_version_one_wins"),
    (ChecksTheConditionTooEarly, "of_many_writers_who_expect_no_stream_one_wins"),
    (TellsAnotherVersionInAConflict, "a_version_is_allowed_when_it_is_exact"),
    (LosesEventsForFollowers, "a_follower_sees_every_event_once_while_others_write"),
    (ShowsEventsTooLate, "a_follower_sees_every_event_once_while_others_write"),
    (CountsPositionsPerStream, "positions_strictly_increase_and_are_reported"),
    (ChangesEventsLater, "an_event_never_changes_once_it_was_read"),
    (AnswersARepeatAsNew, "a_repeated_append_is_answered_with_the_first_result"),
    (StoresARepeatAgain, "a_repeated_append_is_answered_with_the_first_result"),
    (AnswersARepeatWithWhatIsThereNow, "a_repeated_append_is_known_after_later_events"),
    (StoresTheRestOfAKnownBatch, "a_batch_of_which_some_ids_are_known_is_refused"),
    (ForgetsKeys, "a_repeated_key_is_answered_with_the_first_result"),
    (SharesKeysBetweenStreams, "a_key_belongs_to_its_stream"),
    (LooksForKeysTooEarly, "concurrent_repetitions_of_a_key_are_stored_once"),
    (FindsNoAppend, "an_append_is_found_by_its_key"),
    (CutsLongNames, "what_is_too_large_is_refused_at_append"),
    (CutsLargeBatches, "what_is_too_large_is_refused_at_append"),
    (TakesAnyPayload, "what_is_no_json_is_refused_at_append"),
    (LeavesOutWhatStandsTwice, "what_makes_no_sense_is_refused_at_append"),
    (WritesPayloadsAnew, "any_json_comes_back_byte_for_byte"),
    (CutsLargePayloads, "a_large_payload_comes_back_byte_for_byte"),
    (KeepsMilliseconds, "times_come_back_to_the_microsecond"),
    (LosesMetadata, "metadata_comes_back_complete"),
    (LowersStreamNames, "any_stream_name_comes_back"),
    (IgnoresTheFilter, "a_filter_lets_only_its_own_events_pass"),
    (IgnoresTheLimit, "a_page_ends_at_its_limit"),
    (ReadsForwardsOnly, "a_stream_is_read_backwards"),
    (ContinuesBackwardsFromAnything, "a_read_backwards_continues_only_from_an_event_that_is_there"),
    (StopsBackwardsAfterAPage, "a_long_stream_is_read_backwards_page_by_page"),
    (NeverSaysLast, "what_is_not_there_is_an_empty_last_page"),
    (AlwaysSaysLast, "a_page_ends_at_its_bytes_and_holds_one_event_at_least"),
    (ScansOnlyWhatItFound, "a_follower_gets_past_what_its_filter_drops"),
    (KeepsTheOldPage, "a_recycled_page_holds_nothing_of_before"),
    (AlwaysGivesEnvelopes, "envelopes_come_only_when_they_are_asked_for"),
    (ListsStreamsOfAll, "the_streams_of_an_aggregate_are_listed_and_counted"),
    (ForgetsStreams, "streams_are_listed_page_by_page"),
    (CountsAPageOfStreams, "streams_are_listed_page_by_page"),
    (ForgetsSnapshots, "a_read_begins_with_the_snapshot_that_was_saved"),
    (RepeatsTheLastEventOfASnapshot, "a_read_begins_with_the_snapshot_that_was_saved"),
    (TakesAnyFold, "a_snapshot_of_another_fold_is_not_used"),
    (KeepsTheLastSnapshot, "the_further_of_two_snapshots_is_kept"),
    (TakesLaterSnapshots, "a_snapshot_behind_the_moment_is_not_used"),
    (KeepsSnapshotsOfNothing, "a_snapshot_of_what_is_not_there_is_not_kept"),
    (IgnoresCircumstancesOfStreams, "a_stream_is_asked_by_who_why_and_when"),
    (IgnoresCircumstances, "the_log_is_asked_by_who_why_and_when"),
];

#[tokio::test]
async fn every_broken_store_is_caught_by_the_case_about_its_fault() {
    for (fault, name) in CAUGHT_BY {
        let case = case(name).unwrap_or_else(|| panic!("there is no case {name}"));
        let held = tokio::spawn(async move { case.run(&BrokenStore::new(*fault)).await }).await;
        assert!(held.is_err_and(|error| error.is_panic()), "{fault:?} was not caught by {name}");
    }
}

#[tokio::test]
async fn the_same_wrapper_without_a_fault_keeps_every_promise() {
    all(&BrokenStore::new(Nothing)).await;
}

#[tokio::test]
async fn a_failure_names_its_case_and_the_other_cases_go_on() {
    let failures = failures(&BrokenStore::new(KeepsMilliseconds)).await;
    let names: Vec<_> = failures.iter().map(|failure| failure.case).collect();
    assert_eq!(names, ["times_come_back_to_the_microsecond"]);
    let text = failures[0].to_string();
    assert!(text.starts_with("times_come_back_to_the_microsecond: assertion"), "{text}");
    assert!(text.contains("times are not what they were"), "{text}");
}

#[tokio::test]
#[should_panic(expected = "- times_come_back_to_the_microsecond: ")]
async fn the_whole_suite_panics_with_the_names_of_the_cases() {
    all(&BrokenStore::new(KeepsMilliseconds)).await;
}
