//! Commands, loads, snapshots, audits, scenarios and read models, on the stores of the facade.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod answers;
mod audit;
mod backwards;
#[cfg(feature = "sqlite")]
mod commands_of_several_processes;
mod counted;
#[cfg(feature = "sqlite")]
mod faithful;
mod follow;
mod instances;
mod key_reused;
#[cfg(feature = "sqlite")]
mod metadata;
mod own_names;
mod projection_scenario;
#[cfg(feature = "sqlite")]
mod read_models;
mod regrown;
mod repository;
mod scenario;
mod snapshots;
mod time_travel;
mod together;
mod trace_context;
mod warm_states;
