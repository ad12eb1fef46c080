//! The statements of a user that SQLite may run.
//!
//! SQLite itself says what a statement does while it compiles it: a text can hide `COMMIT` behind
//! whatever SQLite skips. The authorizer of a connection is installed once, because each installation
//! expires all prepared statements.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rusqlite::Connection;
use rusqlite::hooks::{AuthAction, AuthContext, Authorization, TransactionOperation};

use crate::error::Fault;
use crate::schema;

/// The author of the statement that is compiled or run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Author {
    Store,
    /// An event handler, within the transaction of its step.
    Handler,
    /// The same, after one of its statements has failed.
    FailedHandler,
    /// The caller of a query.
    Query,
}

impl Author {
    fn from_u8(stored: u8) -> Self {
        match stored {
            0 => Self::Store,
            1 => Self::Handler,
            2 => Self::FailedHandler,
            _ => Self::Query,
        }
    }
}

/// The state of the authorizer of a connection.
#[derive(Debug, Default)]
pub(crate) struct Guard {
    author: AtomicU8,
    /// Why the last statement was refused.
    refusal: Mutex<Option<String>>,
    /// The tables that a query was found to read, when it was compiled.
    reads: Mutex<BTreeSet<String>>,
    /// Until when a statement of an event handler may run.
    until: Mutex<Option<Instant>>,
    /// True if the statement of the store that is compiled writes to a table of the store.
    writes_own: AtomicBool,
    /// True if a statement of a handler has altered a table since `take_altered` was called.
    altered: AtomicBool,
}

impl Guard {
    /// Guards a connection; once, before its first statement is cached.
    pub(crate) fn install(connection: &mut Connection) -> Result<Arc<Self>, Fault> {
        let guard = Arc::new(Self::default());
        let of_connection = guard.clone();
        connection.authorizer(Some(move |context: AuthContext<'_>| {
            match of_connection.refusal_of(&context) {
                None => Authorization::Allow,
                Some(refusal) => {
                    *lock(&of_connection.refusal) = Some(refusal);
                    Authorization::Deny
                }
            }
        }))?;
        Ok(guard)
    }

    /// Compiles and runs statements of `author`. SQLite compiles a statement again while it runs, when
    /// the tables have changed, so both belong in here.
    pub(crate) fn during<T>(&self, author: Author, work: impl FnOnce() -> T) -> T {
        struct Reset<'a>(&'a AtomicU8);
        impl Drop for Reset<'_> {
            fn drop(&mut self) {
                self.0.store(Author::Store as u8, Ordering::Relaxed);
            }
        }
        *lock(&self.refusal) = None;
        self.author.store(author as u8, Ordering::Relaxed);
        let _reset = Reset(&self.author);
        work()
    }

    /// The same, for `timeout` at most.
    pub(crate) fn during_at_most<T>(
        &self,
        author: Author,
        timeout: Duration,
        work: impl FnOnce() -> T,
    ) -> T {
        *lock(&self.until) = Instant::now().checked_add(timeout);
        let done = self.during(author, work);
        *lock(&self.until) = None;
        done
    }

    /// The tables that the queries read which were compiled since it was called last.
    pub(crate) fn take_reads(&self) -> BTreeSet<String> {
        std::mem::take(&mut lock(&self.reads))
    }

    /// Returns true if the time of the statement that runs is over.
    pub(crate) fn is_over(&self) -> bool {
        lock(&self.until).is_some_and(|until| until <= Instant::now())
    }

    /// Returns true if a table was altered since the last call: SQLite does not say what its new name is.
    pub(crate) fn take_altered(&self) -> bool {
        self.altered.swap(false, Ordering::Relaxed)
    }

    /// Why SQLite did not authorize a statement.
    pub(crate) fn take_refusal(&self) -> Option<String> {
        lock(&self.refusal).take()
    }

    fn refusal_of(&self, context: &AuthContext<'_>) -> Option<String> {
        let action = context.action;
        match Author::from_u8(self.author.load(Ordering::Relaxed)) {
            Author::Store => self.of_store(action, context.accessor),
            Author::Handler => {
                if let AuthAction::AlterTable { .. } = action {
                    self.altered.store(true, Ordering::Relaxed);
                }
                of_handler(action)
            }
            Author::FailedHandler => match action {
                AuthAction::Savepoint { operation: TransactionOperation::Rollback, .. } => {
                    of_handler(action)
                }
                _ => Some(
                    "an earlier statement of the transaction has failed; return its error, or go back \
                     by `ROLLBACK TO` a savepoint"
                        .to_owned(),
                ),
            },
            Author::Query => {
                if let AuthAction::Read { table_name, .. } = action {
                    lock(&self.reads).insert(table_name.to_owned());
                }
                of_query(action)
            }
        }
    }

    /// Refuses what a trigger in the file would add to a statement of the store.
    fn of_store(&self, action: AuthAction<'_>, trigger: Option<&str>) -> Option<String> {
        let writes_own = written(action).map(is_of_store);
        let Some(trigger) = trigger else {
            // Of the table that a statement writes to SQLite asks before it looks for triggers.
            if let Some(writes_own) = writes_own {
                self.writes_own.store(writes_own, Ordering::Relaxed);
            }
            return None;
        };
        if schema::TRIGGERS.iter().any(|own| own.eq_ignore_ascii_case(trigger)) {
            return None;
        }
        if self.writes_own.load(Ordering::Relaxed) {
            return Some(format!(
                "the trigger `{trigger}` is on a table that begins with `esrs_`; only the store has \
                 triggers there, so drop it"
            ));
        }
        let table = written(action).filter(|table| is_of_store(table))?;
        Some(format!("the trigger `{trigger}` writes to `{table}`; {OWN_TABLES}"))
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

const OWN_TABLES: &str =
    "tables that begin with `esrs_` are written by the store only, so use a table of your own";

/// Names of tables are the same to SQLite in other cases.
fn is_of_store(name: &str) -> bool {
    name.get(..5).is_some_and(|start| start.eq_ignore_ascii_case("esrs_"))
}

/// The table that an action writes to or changes.
fn written<'a>(action: AuthAction<'a>) -> Option<&'a str> {
    use AuthAction as A;
    Some(match action {
        A::Insert { table_name }
        | A::Update { table_name, .. }
        | A::Delete { table_name }
        | A::CreateTable { table_name }
        | A::CreateVtable { table_name, .. }
        | A::CreateIndex { table_name, .. }
        | A::CreateTrigger { table_name, .. }
        | A::DropTable { table_name }
        | A::DropVtable { table_name, .. }
        | A::DropIndex { table_name, .. }
        | A::DropTrigger { table_name, .. }
        | A::AlterTable { table_name, .. } => table_name,
        A::CreateView { view_name } | A::DropView { view_name } => view_name,
        _ => return None,
    })
}

/// Functions that load code into the process.
fn loads_code(function: &str) -> bool {
    ["load_extension", "fts3_tokenizer"].iter().any(|name| function.eq_ignore_ascii_case(name))
}

fn of_handler(action: AuthAction<'_>) -> Option<String> {
    use AuthAction as A;
    if let Some(table) = written(action).filter(|table| is_of_store(table)) {
        return Some(format!("it writes to `{table}`; {OWN_TABLES}"));
    }
    match action {
        A::Transaction { operation } => {
            let word = match operation {
                TransactionOperation::Begin => "BEGIN",
                TransactionOperation::Rollback => "ROLLBACK",
                _ => "COMMIT",
            };
            Some(format!(
                "`{word}` is refused, because it would end the transaction of the step, which begins and \
                 ends by itself; leave it out, and return an error to roll back"
            ))
        }
        A::Savepoint { savepoint_name, .. } if is_of_store(savepoint_name) => Some(format!(
            "the savepoint `{savepoint_name}` belongs to the store; use a name that does not begin \
             with `esrs_`"
        )),
        A::Attach { .. } | A::Detach { .. } => Some(
            "`ATTACH` and `DETACH` are refused, because a step writes to the file of its store only; \
             use a connection of your own outside of the handler"
                .to_owned(),
        ),
        A::Pragma { pragma_name, pragma_value } if !reads(pragma_name, pragma_value) => {
            Some(format!(
                "`PRAGMA {pragma_name}` is refused, because it may change how the store works; use a \
                 connection of your own outside of the handler"
            ))
        }
        A::CreateTempTable { .. }
        | A::CreateTempView { .. }
        | A::CreateTempTrigger { .. }
        | A::CreateTempIndex { .. } => Some(
            "temporary tables, views and triggers are refused, because they hide those of the file; \
             create an ordinary one"
                .to_owned(),
        ),
        A::Function { function_name } if loads_code(function_name) => {
            Some(format!("the function `{function_name}` is refused, because it loads code"))
        }
        A::Unknown { code, .. } => Some(format!("this store does not know action {code} of SQLite")),
        _ => None,
    }
}

fn of_query(action: AuthAction<'_>) -> Option<String> {
    use AuthAction as A;
    let refused = match action {
        A::Select | A::Read { .. } | A::Recursive => return None,
        A::Function { function_name } if !loads_code(function_name) => return None,
        A::Pragma { pragma_name, pragma_value } if reads(pragma_name, pragma_value) => return None,
        A::Function { function_name } => {
            return Some(format!("a query only reads, and `{function_name}` loads code"));
        }
        A::Pragma { pragma_name, .. } => {
            return Some(format!(
                "a query only reads, and `PRAGMA {pragma_name}` may change something"
            ));
        }
        A::Attach { .. } | A::Detach { .. } => {
            return Some(
                "a query reads the file of its store only, without `ATTACH` or `DETACH`".to_owned(),
            );
        }
        A::Transaction { .. } | A::Savepoint { .. } => {
            return Some("a query is one statement, without a transaction of its own".to_owned());
        }
        // The first thing that SQLite asks about, whatever is created.
        A::Insert { table_name: "sqlite_temp_master" } => {
            "a temporary table, view or trigger".to_owned()
        }
        A::Insert { table_name: "sqlite_master" } => "a change of the schema".to_owned(),
        A::Insert { table_name } => format!("`INSERT` into `{table_name}`"),
        A::Update { table_name, .. } => format!("`UPDATE` of `{table_name}`"),
        A::Delete { table_name } => format!("`DELETE` from `{table_name}`"),
        A::Analyze { table_name } => format!("`ANALYZE` of `{table_name}`"),
        A::Reindex { index_name } => format!("`REINDEX` of `{index_name}`"),
        other => match written(other) {
            Some(table) => format!("a change of `{table}`"),
            None => "this one".to_owned(),
        },
    };
    Some(format!("a query only reads, and {refused} would write"))
}

/// Returns true if a pragma only reads.
fn reads(name: &str, value: Option<&str>) -> bool {
    const DESCRIBING: &[&str] = &[
        "collation_list",
        "compile_options",
        "database_list",
        "foreign_key_check",
        "foreign_key_list",
        "function_list",
        "index_info",
        "index_list",
        "index_xinfo",
        "integrity_check",
        "module_list",
        "pragma_list",
        "quick_check",
        "table_info",
        "table_list",
        "table_xinfo",
    ];
    const SETTINGS: &[&str] = &[
        "application_id",
        "auto_vacuum",
        "cache_size",
        "data_version",
        "encoding",
        "foreign_keys",
        "freelist_count",
        "journal_mode",
        "max_page_count",
        "page_count",
        "page_size",
        "query_only",
        "schema_version",
        "synchronous",
        "user_version",
    ];
    let is_in = |list: &[&str]| list.iter().any(|known| name.eq_ignore_ascii_case(known));
    is_in(DESCRIBING) || (value.is_none() && is_in(SETTINGS))
}
