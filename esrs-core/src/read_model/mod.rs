//! Read models: rows that follow from events.
//!
//! How rows follow from events (`projection`), how a follower of the log writes them (`subscription`), and the
//! names and statements that stores with SQL share. The trait that users read rows by is in `store`; SQL and
//! connections are in the crates of the databases.

pub mod projection;
mod statements;
pub mod subscription;

pub use statements::{building_name, column_list, name_hash, on_conflict, quoted, where_matches};
