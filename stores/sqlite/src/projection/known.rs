//! The read models that a store was asked for, by their tables.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use esrs_core::subscription::Subscription;
use rusqlite::Connection;

use crate::error::Fault;
use crate::subscription::checkpoint;

/// The tables in the file, as this program knows them: a query of its own asks them only while they are what
/// it takes them for.
#[derive(Debug, Default)]
pub(crate) struct Known(Mutex<HashMap<String, Vec<Arc<Subscription>>>>);

impl Known {
    pub(crate) fn add(&self, subscription: &Arc<Subscription>) {
        if subscription.table.is_none() || subscription.building {
            return;
        }
        let mut known = self.lock();
        let of_table = known.entry(subscription.name.to_ascii_lowercase()).or_default();
        if !of_table.iter().any(|one| one.definition == subscription.definition) {
            of_table.push(subscription.clone());
        }
    }

    /// Refuses a table whose rows none of the known definitions has built.
    pub(super) fn check(&self, connection: &Connection, table: &str) -> Result<(), Fault> {
        let of_table = self.lock().get(&table.to_ascii_lowercase()).cloned().unwrap_or_default();
        let mut refused = Ok(());
        for subscription in of_table {
            match checkpoint::of_definition(connection, &subscription) {
                Ok(_) => return Ok(()),
                Err(fault @ Fault::Sql(_)) => return Err(fault),
                Err(fault) => refused = Err(fault),
            }
        }
        refused
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Vec<Arc<Subscription>>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
