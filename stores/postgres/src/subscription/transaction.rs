//! The statements of a subscriber: the transaction of its step.

use esrs_core::StoreError;
use esrs_core::projection::{RowChanges, RowKey, Value};
use esrs_core::subscription::{RowTransaction, Transaction};
use futures_core::future::BoxFuture;
use tokio_postgres::types::ToSql;

use super::step::{Parameters, Step};
use super::value::{Bound, stored_rows, values_of};

/// So many rows are sent or asked for by one statement at most.
const ROWS: usize = 10_000;

impl Transaction for Step<'_> {
    fn take_failure(&mut self) -> Option<StoreError> {
        Step::take_failure(self)
    }

    fn execute<'a>(
        &'a mut self,
        sql: &'a str,
        parameters: &'a [Value],
    ) -> BoxFuture<'a, Result<u64, StoreError>> {
        Box::pin(async move {
            let bound: Vec<_> = parameters.iter().map(Bound).collect();
            let bound: Vec<&(dyn ToSql + Sync)> =
                bound.iter().map(|one| one as &(dyn ToSql + Sync)).collect();
            let client = self.open_for_text().await?;
            let execute = async |statement| client.execute(&statement, &bound).await;
            self.run_text(sql, execute, &client).await
        })
    }

    fn query<'a>(
        &'a mut self,
        sql: &'a str,
        parameters: &'a [Value],
    ) -> BoxFuture<'a, Result<Vec<Vec<Value>>, StoreError>> {
        Box::pin(async move {
            let bound: Vec<_> = parameters.iter().map(Bound).collect();
            let bound: Vec<&(dyn ToSql + Sync)> =
                bound.iter().map(|one| one as &(dyn ToSql + Sync)).collect();
            let client = self.open_for_text().await?;
            let query = async |statement| client.query(&statement, &bound).await;
            let rows = self.run_text(sql, query, &client).await?;
            rows.iter().map(|row| values_of(row).map_err(|error| self.explain(error))).collect()
        })
    }
}

impl RowTransaction for Step<'_> {
    fn rows<'a>(
        &'a mut self,
        keys: &'a [RowKey],
    ) -> BoxFuture<'a, Result<Vec<Vec<Value>>, StoreError>> {
        Box::pin(async move {
            let model = self.model()?;
            let mut found = Vec::with_capacity(keys.len());
            for keys in keys.chunks(ROWS) {
                let keys = model.encode_keys(keys)?;
                let keys: Vec<&(dyn ToSql + Sync)> =
                    keys.iter().map(|one| one as &(dyn ToSql + Sync)).collect();
                let rows = self.ask(&model.by_keys, &keys).await?;
                found.append(&mut stored_rows(&model, &rows)?);
            }
            Ok(found)
        })
    }

    fn write<'a>(&'a mut self, changes: &'a RowChanges) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(async move {
            let model = self.model()?;
            let boxed = |columns: Vec<_>| -> Parameters {
                columns.into_iter().map(|one| Box::new(one) as _).collect()
            };
            // First, so that a row may have what another that goes has had, where that is unique.
            for keys in changes.deletes.chunks(ROWS) {
                self.hold_on_rows(&model.delete, boxed(model.encode_keys(keys)?)).await?;
            }
            for rows in changes.upserts.chunks(ROWS) {
                self.hold_on_rows(&model.upsert, boxed(model.encode_rows(rows)?)).await?;
            }
            Ok(())
        })
    }

    fn as_transaction(&mut self) -> &mut dyn Transaction {
        self
    }
}
