//! The state of subscriptions in a store, in addition to that in the database.

use std::collections::HashMap;
use std::sync::{Arc, RwLock};

use esrs_core::StoreError;
use esrs_core::subscription::{InlineOwners, Subscription};
use tokio::sync::watch;

use super::statements::Statements;
use super::table::ModelTable;
use crate::sql::{Sql, check_name};

/// The statements, the tables that were asked for so far, and what wakes those who wait.
#[derive(Debug)]
pub(crate) struct Subscriptions {
    pub(super) statements: Statements,
    read_model_schema: String,
    tables: RwLock<HashMap<(&'static str, bool), Known>>,
    /// Changes whenever this process has moved a checkpoint.
    pub(super) moved: watch::Sender<()>,
    /// The read models that are written inline.
    pub(super) owners: InlineOwners,
}

/// A table that was asked for, and for which subscriptions.
#[derive(Debug)]
struct Known {
    model: Arc<ModelTable>,
    subscriptions: Vec<Subscription>,
}

/// The tables that others than those who build them read, column by column.
#[derive(Debug, Default)]
pub(super) struct KnownTables {
    pub(super) names: Vec<&'static str>,
    pub(super) tables: Vec<String>,
    pub(super) subscriptions: Vec<Subscription>,
    /// Each definition that is known of a name.
    pub(super) defined_names: Vec<&'static str>,
    pub(super) definitions: Vec<String>,
}

impl Subscriptions {
    pub(crate) fn new(sql: &Sql, read_model_schema: String) -> Result<Self, StoreError> {
        check_name(&read_model_schema)?;
        Ok(Self {
            statements: Statements::new(sql),
            read_model_schema,
            tables: RwLock::default(),
            moved: watch::Sender::default(),
            owners: InlineOwners::default(),
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
            && known.model.table == table
            && known.subscriptions.contains(subscription)
        {
            return Ok(Some(known.model.clone()));
        }
        drop(tables);
        let made = ModelTable::new(table, subscription.building, &self.read_model_schema)?;
        let made = Arc::new(made);
        let mut tables = self.tables.write().unwrap_or_else(|poisoned| poisoned.into_inner());
        let known = tables.entry(place).or_insert_with(|| {
            let subscriptions = Vec::new();
            Known { model: made.clone(), subscriptions }
        });
        known.model = made.clone();
        if !known.subscriptions.contains(subscription) {
            known.subscriptions.push(subscription.clone());
        }
        Ok(Some(made))
    }

    /// The tables that were asked for so far.
    pub(super) fn known_tables(&self) -> KnownTables {
        let mut all = KnownTables::default();
        let tables = self.tables.read().unwrap_or_else(|poisoned| poisoned.into_inner());
        for ((name, building), Known { model, subscriptions }) in &*tables {
            let Some(last) = subscriptions.last().filter(|_| !building) else { continue };
            all.names.push(name);
            all.tables.push(model.name.clone());
            all.subscriptions.push(last.clone());
            for known in subscriptions {
                all.defined_names.push(name);
                all.definitions.push(known.definition.to_string());
            }
        }
        all
    }
}
