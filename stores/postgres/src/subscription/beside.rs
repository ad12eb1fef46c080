//! What users have put on the table of a read model, which outlives its rows.

use esrs_core::StoreError;
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, Error};

use super::table::ModelTable;
use crate::error::Location;

const DOING: &str = "replacing the table of a read model";

/// Constraints, indexes, statistics, triggers, row security, comments, rights, and whose the table is.
const BESIDE: &str = include_str!("../sql/beside.sql");

/// What stands on a table.
#[derive(Debug, Default)]
pub(super) struct Beside(Vec<String>);

impl Beside {
    /// What stands on this table.
    pub(super) async fn of(
        client: &Client,
        model: &ModelTable,
        location: &Location,
    ) -> Result<Self, StoreError> {
        let read = async {
            let columns: Vec<_> = model.table.columns.iter().map(|column| column.name).collect();
            let rows = client.query(BESIDE, &[&model.name, &columns]).await?;
            rows.iter().map(|row| row.try_get(0)).collect::<Result<_, Error>>()
        };
        read.await.map(Self).map_err(|error| location.explain(DOING, error))
    }

    /// Puts it on the table that has the name now.
    pub(super) async fn put_on(
        &self,
        client: &Client,
        model: &ModelTable,
        location: &Location,
    ) -> Result<(), StoreError> {
        for statement in &self.0 {
            client.batch_execute(statement).await.map_err(|error| match error.as_db_error() {
                Some(said) if is_about_rows(said.code()) => model.unusable(format!(
                    "`{statement}` is on it, and cannot be on the new rows: {}; drop it first",
                    said.message()
                )),
                _ => location.explain(DOING, error),
            })?;
        }
        Ok(())
    }
}

/// Whether the new table is not as the statement needs it.
fn is_about_rows(code: &SqlState) -> bool {
    // Broken constraints, and names that are not there.
    code.code().starts_with("23") || code.code().starts_with("42")
}

/// Drops the table, unless something depends on it.
pub(super) async fn drop_table(
    client: &Client,
    model: &ModelTable,
    location: &Location,
) -> Result<(), StoreError> {
    let dropped = client.batch_execute(&format!("DROP TABLE {}", model.name)).await;
    dropped.map_err(|error| match error.as_db_error() {
        Some(said) if *said.code() == SqlState::DEPENDENT_OBJECTS_STILL_EXIST => {
            let depends = said.detail().unwrap_or("something depends on it").replace('\n', ", ");
            model.unusable(format!(
                "it cannot be taken away, because {depends}; drop that, and make it again afterwards"
            ))
        }
        _ => location.explain(DOING, error),
    })
}
