//! The tutorial: programs to read in order, each with what it prints.
//!
//! Each is a file of the folder `examples/`. It is compiled and run by the tests, and its output is
//! compared with the one shown here, so that nothing on this page can be out of date.
//!
//! 1. [The first aggregate](#1-the-first-aggregate)
//! 2. [An enum as a state machine](#2-an-enum-as-a-state-machine)
//! 3. [A log in SQLite, and a table](#3-a-log-in-sqlite-and-a-table)
//! 4. [Two versions of an event](#4-two-versions-of-an-event)
//! 5. [Snapshots](#5-snapshots)
//! 6. [Time travel and audit](#6-time-travel-and-audit)
//! 7. [Idempotent commands](#7-idempotent-commands)
//! 8. [The tests of a domain](#8-the-tests-of-a-domain)
//! 9. [Events over the years](#9-events-over-the-years)
//! 10. [The compiler guards the history](#10-the-compiler-guards-the-history)
//!
//! # 1. The first aggregate
//!
//! ```no_run
#![doc = include_str!("../examples/01_to_do_list.rs")]
//! ```
//!
//! `cargo run -p esrs-examples --example 01_to_do_list` prints
//!
//! ```text
#![doc = include_str!("../examples/01_to_do_list.out")]
//! ```
//!
//! # 2. An enum as a state machine
//!
//! ```no_run
#![doc = include_str!("../examples/02_shopping_cart.rs")]
//! ```
//!
//! `cargo run -p esrs-examples --example 02_shopping_cart` prints
//!
//! ```text
#![doc = include_str!("../examples/02_shopping_cart.out")]
//! ```
//!
//! # 3. A log in SQLite, and a table
//!
//! ```no_run
#![doc = include_str!("../examples/03_bank_account.rs")]
//! ```
//!
//! `cargo run -p esrs-examples --example 03_bank_account` prints
//!
//! ```text
#![doc = include_str!("../examples/03_bank_account.out")]
//! ```
//!
//! # 4. Two versions of an event
//!
//! ```no_run
#![doc = include_str!("../examples/04_two_versions.rs")]
//! ```
//!
//! `cargo run -p esrs-examples --example 04_two_versions` prints
//!
//! ```text
#![doc = include_str!("../examples/04_two_versions.out")]
//! ```
//!
//! # 5. Snapshots
//!
//! ```no_run
#![doc = include_str!("../examples/05_snapshots.rs")]
//! ```
//!
//! `cargo run -p esrs-examples --example 05_snapshots` prints
//!
//! ```text
#![doc = include_str!("../examples/05_snapshots.out")]
//! ```
//!
//! # 6. Time travel and audit
//!
//! ```no_run
#![doc = include_str!("../examples/06_time_travel_and_audit.rs")]
//! ```
//!
//! `cargo run -p esrs-examples --example 06_time_travel_and_audit` prints
//!
//! ```text
#![doc = include_str!("../examples/06_time_travel_and_audit.out")]
//! ```
//!
//! # 7. Idempotent commands
//!
//! ```no_run
#![doc = include_str!("../examples/07_idempotent_commands.rs")]
//! ```
//!
//! `cargo run -p esrs-examples --example 07_idempotent_commands` prints
//!
//! ```text
#![doc = include_str!("../examples/07_idempotent_commands.out")]
//! ```
//!
//! # 8. The tests of a domain
//!
//! ```no_run
#![doc = include_str!("../examples/08_testing_a_domain.rs")]
//! ```
//!
//! `cargo run -p esrs-examples --example 08_testing_a_domain` prints
//!
//! ```text
#![doc = include_str!("../examples/08_testing_a_domain.out")]
//! ```
//!
//! # 9. Events over the years
//!
//! ```no_run
#![doc = include_str!("../examples/09_events_over_the_years.rs")]
//! ```
//!
//! `cargo run -p esrs-examples --example 09_events_over_the_years` prints
//!
//! ```text
#![doc = include_str!("../examples/09_events_over_the_years.out")]
//! ```
//!
//! # 10. The compiler guards the history
//!
#![doc = include_str!("doc/story.md")]
