//! The contract between esrs and a database.
//!
//! The traits that a store implements ([`EventStore`], [`SubscriptionStore`] and its parts, [`ReadModels`],
//! [`SqlReadModels`]), what is written once for every store (catching up, rebuilding,
//! importing, the audit trail), and, from `log`, what the traits speak of. SQL and connections are in the crates
//! of the databases.

mod audit;
mod catch_up;
mod checkpoints;
mod cursor;
mod event_store;
mod forward;
mod import;
mod leases;
mod parking;
mod read_model_writer;
mod read_models;
mod rebuild;
mod sql_read_models;
mod subscription_store;

pub use crate::event::{EventKind, from_microseconds, to_microseconds};
pub use crate::log::*;
pub use audit::{AuditEntry, AuditTrail};
pub use catch_up::{catch_up, catch_up_unless_parked};
pub use checkpoints::CheckpointStore;
pub(crate) use cursor::Cursor;
pub use event_store::EventStore;
pub use import::{ImportSource, Imported, import};
pub use leases::LeaseStore;
pub use parking::ParkingStore;
pub use read_model_writer::ReadModelWriter;
pub use read_models::ReadModels;
pub use rebuild::rebuild;
pub use sql_read_models::SqlReadModels;
pub use subscription_store::SubscriptionStore;
