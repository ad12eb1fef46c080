//! A bank's book, imported: a command per row, an aggregate per account, a table of the balances.
//!
//! ```text
//! cargo run --release -p esrs-examples --example bank_import [-- BOOK.csv] [--db FILE] [--strict]
//! ```
//!
//! Without a book it imports a small invented one, and without `--db` into a file that is gone
//! afterwards. Each row is executed under its transaction's number as idempotency key, so importing
//! a book twice, or once more after a crash, changes nothing. A malformed row is reported by its
//! line; the others are imported, or with `--strict` none is.

mod account;
mod book;
mod summary;

use std::collections::HashMap;
use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use esrs::{OccurredAt, Repository, SqlReadModels, SqliteStore};
use indicatif::{ProgressBar, ProgressStyle};
use tokio::task::JoinSet;

use account::{Account, AccountId, Book};
use summary::AccountSummary;

/// So many accounts are at work at once; their commands share the commits of the log.
const CONCURRENCY: usize = 64;

struct Arguments {
    book: Option<PathBuf>,
    db: Option<PathBuf>,
    strict: bool,
}

impl Arguments {
    fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut parsed = Self { book: None, db: None, strict: false };
        while let Some(argument) = arguments.next() {
            match &*argument {
                "--strict" => parsed.strict = true,
                "--db" => {
                    let file = arguments.next().ok_or("--db takes the name of a file")?;
                    parsed.db = Some(file.into());
                }
                flag if flag.starts_with('-') => {
                    return Err(format!("{flag} is not known; there are --db FILE and --strict"));
                }
                _ if parsed.book.is_none() => parsed.book = Some(argument.into()),
                _ => return Err(format!("{argument}: there is one book at a time")),
            }
        }
        Ok(parsed)
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<ExitCode, Box<dyn Error>> {
    let arguments = Arguments::parse(std::env::args().skip(1))?;
    let rows = book::read(arguments.book.as_deref()).map_err(|error| match &arguments.book {
        Some(book) => format!("{}: {error}", book.display()),
        None => error.to_string(),
    })?;
    for malformed in &rows.malformed {
        eprintln!("not imported: {malformed}");
    }
    if arguments.strict && !rows.malformed.is_empty() {
        eprintln!("nothing was imported, because of --strict");
        return Ok(ExitCode::FAILURE);
    }

    let folder = tempfile::tempdir()?;
    let file = arguments.db.unwrap_or_else(|| folder.path().join("bank.db"));
    let store = SqliteStore::builder(&file).inline::<AccountSummary>().open().await?;
    let accounts = Repository::<Account>::new(store.clone());

    let commands = rows.good.len();
    let started = Instant::now();
    let known = import(&accounts, rows.good).await?;
    let seconds = started.elapsed().as_secs_f64();

    let replayed = compare_with_replay(&store, &accounts).await?;
    if known > 0 {
        eprintln!("{known} of {commands} rows were imported before");
    }
    println!("replayed: {replayed} accounts, each as its row in account_summary");
    for (name, value) in summary::figures(&store).await? {
        println!("{name}: {value}");
    }
    println!("commands_per_second: {:.0}", commands as f64 / seconds);
    store.close().await;
    Ok(ExitCode::SUCCESS)
}

/// Executes the rows: those of one account in the order of the book, those of many at once. Says how many were
/// imported before.
async fn import(
    accounts: &Repository<Account>,
    rows: Vec<(AccountId, Book)>,
) -> Result<u64, Box<dyn Error>> {
    let style = "{elapsed_precise} [{bar:40}] {pos} of {len}, {per_sec}";
    let progress = ProgressBar::new(rows.len() as u64);
    progress.set_style(ProgressStyle::with_template(style)?.progress_chars("=> "));

    let mut books: HashMap<AccountId, Vec<(Book, OccurredAt)>> = HashMap::new();
    for (account, row) in rows {
        // The book has days: what occurred on one did so at its begin, in the time of the bank.
        let occurred_at = format!("{}T00:00:00+01:00", row.booking.on).parse()?;
        books.entry(account).or_default().push((row, occurred_at));
    }
    let known = Arc::new(AtomicU64::new(0));
    let mut tasks = JoinSet::new();
    for (id, book) in books {
        if tasks.len() == CONCURRENCY {
            tasks.join_next().await.transpose()?.transpose()?;
        }
        let (accounts, progress, known) = (accounts.clone(), progress.clone(), known.clone());
        tasks.spawn(async move {
            for (row, occurred_at) in book {
                let key = row.booking.transaction.to_string();
                let command = accounts.execute(&id, row).by("import").occurred_at(occurred_at);
                let executed = command.idempotency_key(key).await?;
                known.fetch_add(u64::from(executed.was_repeated()), Ordering::Relaxed);
                progress.inc(1);
            }
            Ok::<_, esrs::ExecuteError<std::convert::Infallible>>(())
        });
    }
    while let Some(imported) = tasks.join_next().await {
        imported??;
    }
    progress.finish();
    Ok(known.load(Ordering::Relaxed))
}

/// Holds every row of the table to what its account's log adds up to.
async fn compare_with_replay(
    store: &SqliteStore,
    accounts: &Repository<Account>,
) -> Result<usize, Box<dyn Error>> {
    let rows = store.find::<AccountSummary>("", []).await?;
    for row in &rows {
        let account = accounts.load(&row.account_id).await?;
        if (account.cents, account.transactions) != (row.balance, row.transactions) {
            return Err(format!("account {} and its row differ", row.account_id).into());
        }
    }
    Ok(rows.len())
}
