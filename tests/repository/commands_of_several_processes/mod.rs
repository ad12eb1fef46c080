//! Commands of several processes on one file: none is lost, none takes effect twice, and each is
//! answered as it was the first time.
#![cfg(unix)]

#[allow(dead_code, unreachable_pub, reason = "other tests use the rest of it")]
#[path = "../../../stores/sqlite/tests/support/child.rs"]
mod child;
#[allow(dead_code, unreachable_pub, reason = "other tests use the rest of it")]
#[path = "../../../stores/sqlite/tests/support/round.rs"]
mod round;

mod account;
mod answers;
mod counter;
mod crash;
mod log;
mod repetition;

/// The test that plays the roles of other processes.
const CHILD: &str = "commands_of_several_processes::child";

/// Not a test of its own: what the processes do that the tests start.
#[tokio::test(flavor = "multi_thread")]
async fn child() {
    let Some((role, file)) = child::role() else { return };
    match role.split_once(' ').unwrap_or((&role, "")) {
        ("count", _) => counter::count(&file).await,
        ("send", process) => repetition::send(process, &file).await,
        ("crash", _) => crash::withdraw_and_crash(&file).await,
        _ => panic!("there is no role {role:?}"),
    }
}
