//! What a store knows of its subscriptions, beside what the database does.

use std::collections::HashMap;
use std::sync::{Arc, RwLock};

use esrs_core::StoreError;
use esrs_core::subscription::Subscription;
use tokio::sync::watch;

use super::statements::Statements;
use super::table::ModelTable;
use crate::sql::{Sql, check_name};

/// The statements, the tables that were asked for so far, and what wakes those who wait.
#[derive(Debug)]
pub(crate) struct Subscriptions {
    pub(super) statements: Statements,
    read_model_schema: String,
    tables: RwLock<HashMap<(&'static str, bool), Arc<ModelTable>>>,
    /// Changes whenever this process has moved a checkpoint.
    pub(super) moved: watch::Sender<()>,
}

impl Subscriptions {
    pub(crate) fn new(sql: &Sql, read_model_schema: String) -> Result<Self, StoreError> {
        check_name(&read_model_schema)?;
        Ok(Self {
            statements: Statements::new(sql),
            read_model_schema,
            tables: RwLock::default(),
            moved: watch::Sender::default(),
        })
    }

    pub(crate) fn read_model_schema(&self) -> &str {
        &self.read_model_schema
    }

    /// The table of a subscription, if it has one.
    pub(super) fn table(
        &self,
        subscription: &Subscription,
    ) -> Result<Option<Arc<ModelTable>>, StoreError> {
        let Some(table) = subscription.table else { return Ok(None) };
        let place = (table.name, subscription.building);
        let tables = self.tables.read().unwrap_or_else(|poisoned| poisoned.into_inner());
        if let Some(known) = tables.get(&place)
            && known.table == table
        {
            return Ok(Some(known.clone()));
        }
        drop(tables);
        let made = ModelTable::new(table, subscription.building, &self.read_model_schema)?;
        let made = Arc::new(made);
        let mut tables = self.tables.write().unwrap_or_else(|poisoned| poisoned.into_inner());
        tables.insert(place, made.clone());
        Ok(Some(made))
    }
}
