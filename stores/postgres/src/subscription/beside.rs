//! Objects that users have put on the table of a read model, which outlives its rows.

use esrs_core::StoreError;
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, Error, Row};

use super::table::ModelTable;
use crate::error::Location;

const DOING: &str = "replacing the table of a read model";

/// Constraints, indexes, statistics, triggers, row security, comments, rights, and whose the table is.
const BESIDE: &str = include_str!("../sql/beside.sql");

/// The rights and policies that a table has by itself when it is made.
const BARE: &str = include_str!("../sql/bare.sql");

/// The steps of `BESIDE` that keep others from the rows of a table.
const POLICIES: i32 = 6;
const ROW_SECURITY: i32 = 7;
const OWNER: i32 = 10;

/// Gives the table that is built the constraints and unique indexes of the live one.
const JUDGES: &str = include_str!("../sql/judges.sql");

/// The end of that.
const LIFT: &str = include_str!("../sql/lift.sql");

/// The objects on a table.
#[derive(Debug, Default)]
pub(super) struct Beside(Vec<Statement>);

#[derive(Debug)]
struct Statement {
    sql: String,
    /// As users know it.
    shown: String,
}

impl Beside {
    /// Reads the objects on this table.
    pub(super) async fn of(
        client: &Client,
        model: &ModelTable,
        location: &Location,
    ) -> Result<Self, StoreError> {
        let read = async {
            let columns: Vec<_> = model.table.columns.iter().map(|column| column.name).collect();
            let rows = client.query(BESIDE, &[&model.name, &columns, &model.name]).await?;
            let statement = |row: &Row| {
                let sql: String = row.try_get(0)?;
                Ok(Statement { shown: sql.clone(), sql })
            };
            rows.iter().map(statement).collect::<Result<_, Error>>()
        };
        read.await.map(Self).map_err(|error| location.explain(DOING, error))
    }

    /// The constraints and unique indexes of a table, for the one that is built next to it: a row that they
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

/// Takes from a table what it has by itself.
pub(super) async fn strip(
    client: &Client,
    model: &ModelTable,
    location: &Location,
) -> Result<(), StoreError> {
    let stripping = async {
        for row in client.query(BARE, &[&model.name]).await? {
            client.batch_execute(row.try_get(0)?).await?;
        }
        Ok(())
    };
    stripping.await.map_err(|error| location.explain(DOING, error))
}

/// Keeps others from the rows that are built next to those of `live`, before there are any: nobody but the
/// owner of both has a right to them, and their row security is on. They get the rights of `live` when they
/// take its place. Does nothing if there is no such table.
pub(super) async fn protect(
    client: &Client,
    live: &ModelTable,
    built: &ModelTable,
    location: &Location,
) -> Result<(), StoreError> {
    let explain = |error| location.explain(DOING, error);
    if !super::subscribe::is_there(client, live).await.map_err(explain)? {
        return Ok(());
    }
    strip(client, built, location).await?;
    let columns: Vec<_> = built.table.columns.iter().map(|column| column.name).collect();
    let rows = client.query(BESIDE, &[&live.name, &columns, &built.name]).await.map_err(explain)?;
    for row in rows {
        let (statement, step): (&str, i32) =
            (|| Ok((row.try_get(0)?, row.try_get(1)?)))().map_err(explain)?;
        match step {
            // The owner is not held up by policies while it builds.
            ROW_SECURITY if !statement.contains(" FORCE ") => {
                client.batch_execute(statement).await.map_err(explain)?;
            }
            OWNER => client.batch_execute(statement).await.map_err(explain)?,
            // Without a policy, row security shows nobody a row. One that the new columns do not allow is
            // an error when they take their place.
            POLICIES => {
                client.batch_execute("SAVEPOINT esrs_policy").await.map_err(explain)?;
                let end = match client.batch_execute(statement).await {
                    Err(error)
                        if error.as_db_error().is_some_and(|said| is_about_rows(said.code())) =>
                    {
                        "ROLLBACK TO esrs_policy; RELEASE esrs_policy"
                    }
                    made => made.map(|()| "RELEASE esrs_policy").map_err(explain)?,
                };
                client.batch_execute(end).await.map_err(explain)?;
            }
            _ => {}
        }
    }
    Ok(())
}

/// Returns true if the new table is not as the statement needs it.
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
