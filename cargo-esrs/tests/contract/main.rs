//! `cargo esrs schema`: the contract is valid by validators that nobody here wrote, and so is all that
//! serde writes by the contract.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

mod asyncapi;
#[allow(
    dead_code,
    unreachable_pub,
    reason = "of a package of its own, of which only shapes are used"
)]
#[path = "bank/src/events.rs"]
mod bank;
mod command_line;
mod json_schema;
mod locks;
mod markdown;
mod readme;
mod snapshots;
mod support;
mod zoo;
