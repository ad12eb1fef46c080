//! Asking read models.

use esrs_core::projection::Value;
use esrs_core::read_model::where_matches;
use esrs_core::{Projection, ReadModels, SqlReadModels, StoreError};
use rusqlite::Statement;

use super::ModelTable;
use crate::SqliteStore;
use crate::error::Fault;
use crate::guard::Author;
use crate::parameters::{Style, bind};
use crate::reader::Reader;
use crate::statement::{self, Place};
use crate::value::untyped;

const DOING: &str = "asking for rows";

/// Runs `work` in a read transaction, so that all of it sees the same rows.
fn at_once<T>(
    reader: &mut Reader,
    work: impl FnOnce(&mut Reader) -> Result<T, Fault>,
) -> Result<T, Fault> {
    reader.connection.prepare_cached("BEGIN")?.execute([])?;
    // After an error the thread ends the transaction.
    let done = work(reader)?;
    reader.connection.prepare_cached("COMMIT")?.execute([])?;
    Ok(done)
}

/// Runs `work` on the one statement of `sql`, which may only read.
fn reading<T>(
    reader: &Reader,
    sql: &str,
    work: impl FnOnce(&mut Statement<'_>) -> Result<T, Fault>,
) -> Result<T, Fault> {
    let location = || reader.database.location();
    let Reader { connection, guard, database, .. } = reader;
    let place = Place { connection, guard, timeout: database.timeout };
    let done = statement::run(&place, Author::Query, DOING, sql, |it| {
        // What the guard is not asked about, such as `VACUUM INTO`.
        if !it.readonly() {
            let refusal = "a query only reads, and this one would write".to_owned();
            return Err(Fault::Refused { doing: DOING, refusal });
        }
        work(it)
    });
    done.map_err(|fault| match fault {
        Fault::Refused { refusal: reason, .. } => {
            Fault::Store(StoreError::ReadOnly { location: location(), reason })
        }
        fault => fault,
    })
}

fn all_rows(reader: &Reader, sql: &str, values: &[Value]) -> Result<Vec<Vec<Value>>, Fault> {
    reading(reader, sql, |statement| {
        let columns = statement.column_count();
        bind(DOING, sql, statement, values, Style::DollarOrQuestionMark)?;
        let mut found = statement.raw_query();
        let mut rows = Vec::new();
        while let Some(row) = found.next()? {
            let values = (0..columns).map(|place| Ok(untyped(row.get_ref(place)?)?));
            rows.push(values.collect::<Result<_, Fault>>()?);
        }
        Ok(rows)
    })
}

impl Reader {
    /// Refuses a query of a table whose rows are not those that this program takes them for.
    fn check_tables(&mut self, sql: &str) -> Result<(), Fault> {
        /// So many texts are remembered.
        const MOST: usize = 256;
        if !self.tables.contains_key(sql) {
            self.guard.take_reads();
            let Self { connection, guard, database, .. } = &*self;
            let place = Place { connection, guard, timeout: database.timeout };
            let compiled = statement::compile(&place, Author::Query, DOING, sql);
            let reads = self.guard.take_reads();
            // Whatever is wrong with it is told when it is run.
            if compiled.is_err() {
                return Ok(());
            }
            if self.tables.len() >= MOST {
                self.tables.clear();
            }
            self.tables.insert(sql.to_owned(), reads);
        }
        let tables = self.tables.get(sql).into_iter().flatten();
        tables.into_iter().try_for_each(|table| self.database.known.check(&self.connection, table))
    }

    /// The same for what SQLite has compiled again meanwhile, such as a view that is another by now.
    fn check_tables_again(&mut self, sql: &str) -> Result<(), Fault> {
        let reads = self.guard.take_reads();
        if reads.is_empty() {
            return Ok(());
        }
        // Noted before it is refused: the next time it is compiled already.
        let reads = &*self.tables.entry(sql.to_owned()).insert_entry(reads).into_mut();
        reads.iter().try_for_each(|table| self.database.known.check(&self.connection, table))
    }
}

impl ReadModels for SqliteStore {
    fn get<P: Projection>(
        &self,
        key: &P::Key,
    ) -> impl Future<Output = Result<Option<P>, StoreError>> + Send {
        let key = P::key_values(key).map_err(|error| self.explain(DOING, error.into()));
        async move {
            let rows = self.rows(|table| table.by_key.clone(), key?).await?;
            Ok(rows.into_iter().next())
        }
    }

    fn all<P: Projection>(&self) -> impl Future<Output = Result<Vec<P>, StoreError>> + Send {
        self.rows(|table| table.select.clone(), Vec::new())
    }
}

impl SqlReadModels for SqliteStore {
    fn find<P: Projection>(
        &self,
        condition: &str,
        parameters: impl IntoIterator<Item = Value>,
    ) -> impl Future<Output = Result<Vec<P>, StoreError>> + Send {
        let parameters = parameters.into_iter().collect();
        self.rows(move |table| where_matches(&table.select, condition), parameters)
    }

    fn query(
        &self,
        sql: &str,
        parameters: impl IntoIterator<Item = Value>,
    ) -> impl Future<Output = Result<Vec<Vec<Value>>, StoreError>> + Send {
        let sql = sql.to_owned();
        let parameters: Vec<Value> = parameters.into_iter().collect();
        self.on_reader(DOING, move |reader| {
            at_once(reader, |reader| {
                reader.check_tables(&sql)?;
                let rows = all_rows(reader, &sql, &parameters)?;
                reader.check_tables_again(&sql)?;
                Ok(rows)
            })
        })
    }
}

impl SqliteStore {
    async fn rows<P: Projection>(
        &self,
        sql: impl FnOnce(&ModelTable) -> String + Send,
        values: Vec<Value>,
    ) -> Result<Vec<P>, StoreError> {
        let table = ModelTable::of::<P>().map_err(|fault| self.explain(DOING, fault))?;
        let sql = sql(&table);
        self.on_reader(DOING, move |reader| {
            reader.database.known.add(&table.subscription);
            at_once(reader, |reader| {
                table.checkpoint(&reader.connection)?;
                reading(reader, &sql, |statement| {
                    bind(DOING, &sql, statement, &values, Style::DollarOrQuestionMark)?;
                    let mut found = statement.raw_query();
                    let mut rows = Vec::new();
                    while let Some(row) = found.next()? {
                        rows.push(P::from_values(table.values(row)?)?);
                    }
                    Ok(rows)
                })
            })
        })
        .await
    }
}
