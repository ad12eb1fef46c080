//! What users have put on the table of a read model, which outlives its rows.

use esrs_core::StoreError;
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, Error, Row};

use super::table::ModelTable;
use crate::error::Location;

const DOING: &str = "replacing the table of a read model";

/// Constraints, indexes, statistics, triggers, row security, comments, rights, and whose the table is.
const BESIDE: &str = include_str!("../sql/beside.sql");

/// What rows have to fulfil, for the table that is built.
const JUDGES: &str = include_str!("../sql/judges.sql");

/// The end of that.
const LIFT: &str = include_str!("../sql/lift.sql");

/// What stands on a table.
#[derive(Debug, Default)]
pub(super) struct Beside(Vec<Statement>);

#[derive(Debug)]
struct Statement {
    sql: String,
    /// As users know it.
    shown: String,
}

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
            let statement = |row: &Row| {
                let sql: String = row.try_get(0)?;
                Ok(Statement { shown: sql.clone(), sql })
            };
            rows.iter().map(statement).collect::<Result<_, Error>>()
        };
        read.await.map(Self).map_err(|error| location.explain(DOING, error))
    }

    /// The constraints and unique indexes of a table, for the one that is built beside it: a row that they
    /// refuse has to be refused at its event, and not when all rows are there.
    pub(super) async fn judges_of(
        client: &Client,
        live: &ModelTable,
        building: &ModelTable,
        location: &Location,
    ) -> Result<Self, StoreError> {
        let read = async {
            let rows = client.query(JUDGES, &[&live.name, &building.name]).await?;
            let statement =
                |row: &Row| Ok(Statement { sql: row.try_get(0)?, shown: row.try_get(1)? });
            rows.iter().map(statement).collect::<Result<_, Error>>()
        };
        read.await.map(Self).map_err(|error| location.explain(DOING, error))
    }

    /// Takes the constraints and unique indexes off a table that was built.
    pub(super) async fn lift(
        client: &Client,
        built: &ModelTable,
        location: &Location,
    ) -> Result<(), StoreError> {
        let lift = async {
            for row in client.query(LIFT, &[&built.name]).await? {
                client.batch_execute(row.try_get(0)?).await?;
            }
            Ok(())
        };
        lift.await.map_err(|error| location.explain(DOING, error))
    }

    /// Puts it on the table that has the name now.
    pub(super) async fn put_on(
        &self,
        client: &Client,
        model: &ModelTable,
        location: &Location,
    ) -> Result<(), StoreError> {
        for Statement { sql, shown } in &self.0 {
            client.batch_execute(sql).await.map_err(|error| match error.as_db_error() {
                Some(said) if is_about_rows(said.code()) => model.unusable(format!(
                    "`{shown}` is on it, and cannot be on the new rows: {}; drop it first",
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
