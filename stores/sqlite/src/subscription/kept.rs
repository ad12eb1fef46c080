//! A subscription, and what is stored of it in the file.

use std::sync::Arc;

use esrs_core::subscription::{Checkpoint, CheckpointOf, Subscription};
use rusqlite::Connection;

use super::checkpoint::{self, checkpoint_of};
use super::lease;
use crate::error::Fault;
use crate::projection::ModelTable;

/// A subscription, and its table if it has one.
pub(super) struct Kept {
    pub(super) subscription: Arc<Subscription>,
    pub(super) table: Option<ModelTable>,
}

impl Kept {
    pub(super) fn new(subscription: Arc<Subscription>) -> Result<Self, Fault> {
        let table = subscription.table.map(|table| ModelTable::new(subscription.clone(), table));
        Ok(Self { table: table.transpose()?, subscription })
    }

    /// Where it stands; what is not there is made. In a transaction.
    pub(super) fn enter(&self, connection: &Connection) -> Result<Checkpoint, Fault> {
        match &self.table {
            Some(table) => table.ensure(connection),
            None => match checkpoint::of_definition(connection, &self.subscription)? {
                Some(checkpoint) => Ok(checkpoint),
                None => checkpoint::begin(connection, &self.subscription),
            },
        }
    }

    /// Throws away what it made of events so far. In a transaction.
    pub(super) fn start_over(&self, connection: &Connection) -> Result<Checkpoint, Fault> {
        let Some(table) = &self.table else {
            return checkpoint::begin(connection, &self.subscription);
        };
        let beside = table.take_away(connection)?;
        let begin = table.create(connection)?;
        table.put_beside(connection, &beside)?;
        Ok(begin)
    }
}

/// Where every subscription stands.
pub(super) fn all(connection: &Connection) -> Result<Vec<CheckpointOf>, Fault> {
    // The name of a lease is that of `Subscription::lease`. One that ends later than its length from
    // now was given before the clock was set back, and its holder does not renew it any more.
    let mut statement = connection.prepare_cached(
        "SELECT name, building, position, generation, mark_position, mark_event, failure,
             (SELECT count(*) FROM esrs_parked AS parked
              WHERE parked.subscription = one.name AND parked.building = one.building),
             (SELECT holder FROM esrs_leases AS lease
              WHERE lease.name = one.name || iif(one.building, ' (building)', '')
                  AND lease.until > ?1
                  AND lease.until <= ?1 + coalesce(lease.duration, lease.until))
         FROM esrs_subscriptions AS one ORDER BY name, building",
    )?;
    let mut rows = statement.query([lease::now()])?;
    let mut all = Vec::new();
    while let Some(row) = rows.next()? {
        let name: String = row.get(0)?;
        let mut one = CheckpointOf::new(name, row.get(1)?, checkpoint_of(row, 2)?);
        one.failure = row.get(6)?;
        one.parked = row.get::<_, i64>(7)?.cast_unsigned();
        one.held_by = row.get(8)?;
        all.push(one);
    }
    Ok(all)
}
