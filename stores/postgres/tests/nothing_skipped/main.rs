//! Nothing is skipped while transactions commit late, roll back or die: no follower of the log misses an
//! event, nor sees one twice. And a follower that would miss one is found out by the same harness.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[allow(dead_code, unreachable_pub, reason = "other tests use the rest of it")]
#[path = "../../../sqlite/tests/support/child.rs"]
mod child;
#[allow(dead_code, unreachable_pub, reason = "other tests use the rest of it")]
#[path = "../../../sqlite/tests/support/round.rs"]
mod round;

mod by_sql;
mod by_store;
mod events;
mod follower;
mod foreign;
mod harness;
mod judge;
mod log;
mod naive;
mod process;
mod report;
mod write;
mod writers;

use follower::Restart::{OneTooEarly, OneTooFar, WhereItStood};
use harness::Plan;
use judge::Wrong;
use proptest::prelude::RngExt;
use report::Followed;
use round::{dice, round};
use write::Rule;

/// Not a test of its own: what the processes do that the tests start.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn child() {
    let Some((role, url)) = child::role() else { return };
    write::until_killed(&role, &url).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn every_follower_sees_every_committed_event_once_and_in_order() {
    let mut dice = dice();
    for _ in 0..round(1, 3) {
        let (events, seed) = (round(6_000, 200_000), dice.random());
        let plan = Plan { events, seed, writers: Rule::OfTheStore, restarts: [WhereItStood; 4] };
        let report = harness::run(&plan).await;
        println!("{report}");
        assert!(report.is_clean(), "{report}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn events_that_are_skipped_because_writers_took_positions_without_the_lock_are_found() {
    let seed = dice().random();
    let plan = Plan { events: 2_000, seed, writers: Rule::Naive, restarts: [WhereItStood; 4] };
    let report = harness::run(&plan).await;
    println!("{report}");
    let missing = |one: &&Followed| one.wrongs() == [Wrong::Missing];
    let (missed, others): (Vec<_>, Vec<_>) = report.followers.iter().partition(missing);
    assert!(!missed.is_empty(), "{report}");
    // Who lags behind may be lucky.
    assert!(others.iter().all(|one| one.faults.is_empty()), "{report}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn followers_that_go_on_at_a_wrong_place_when_they_restart_are_found_and_no_others() {
    let restarts = [OneTooFar, OneTooEarly, WhereItStood, WhereItStood];
    let plan = Plan { events: 2_000, seed: dice().random(), writers: Rule::OfTheStore, restarts };
    let report = harness::run(&plan).await;
    println!("{report}");
    let wrongs: Vec<_> = report.followers.iter().map(|follower| follower.wrongs()).collect();
    let again = [Wrong::Twice, Wrong::OutOfOrder, Wrong::OutOfOrderInStream];
    assert_eq!(wrongs, [&[Wrong::Missing][..], &again, &[], &[]], "{report}");
}
