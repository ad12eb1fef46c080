//! A bank on PostgreSQL behind HTTP.
//!
//! ```text
//! export DATABASE_URL=postgres://bank@localhost/bank
//! cargo run -p bank-service -- serve
//! cargo run -p bank-service -- serve --fraud-report   # a report that came later
//! cargo run -p bank-service -- rebuild                # the read model anew, while it is asked
//! ```

esrs::schema!();

mod domain;
mod fraud;
mod http;
mod problem;
mod summary;

use std::error::Error;
use std::net::SocketAddr;
use std::sync::Arc;

use clap::{Parser, Subcommand};
use esrs::prelude::*;
use esrs::runner::{Rebuild, Runner};
use indicatif::ProgressBar;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use fraud::FraudReport;
use http::Bank;
use summary::AccountSummary;

#[derive(Parser)]
struct Arguments {
    /// Where the database is.
    #[arg(long, env = "DATABASE_URL")]
    database: String,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Answers HTTP, and runs the subscriptions.
    Serve {
        /// Where to listen; port 0 takes any that is free.
        #[arg(long, default_value = "127.0.0.1:3000")]
        listen: SocketAddr,
        /// Also reports what looks like fraud, from the first event on.
        #[arg(long)]
        fraud_report: bool,
    },
    /// Rebuilds the read model next to the one that is queried.
    Rebuild,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    tracing_subscriber::fmt().with_writer(std::io::stderr).init();
    let Arguments { database, command } = Arguments::parse();
    let store = PostgresStore::open(&database).await?;
    match command {
        Command::Serve { listen, fraud_report } => serve(store, listen, fraud_report).await,
        Command::Rebuild => rebuild(store).await,
    }
}

async fn serve(
    store: PostgresStore,
    listen: SocketAddr,
    fraud_report: bool,
) -> Result<(), Box<dyn Error>> {
    let mut runner = Runner::new(store.clone()).rebuild_changed().project::<AccountSummary>();
    if fraud_report {
        runner = runner.handle(FraudReport);
    }
    let bank = Arc::new(Bank::new(store, runner.start()));
    let listener = TcpListener::bind(listen).await?;
    println!("listening on http://{}", listener.local_addr()?);
    let (failed, mut failure) = oneshot::channel();
    let watched = bank.clone();
    let stop = async move {
        tokio::select! {
            () = interrupted() => {}
            error = watched.failed() => drop(failed.send(error)),
        }
    };
    axum::serve(listener, http::routes(bank.clone())).with_graceful_shutdown(stop).await?;
    // Every response is sent by now, so nobody else has it.
    if let Some(bank) = Arc::into_inner(bank) {
        bank.stop().await;
    }
    println!("stopped");
    // Whatever supervises this starts it again, or tells somebody.
    failure.try_recv().map_or(Ok(()), |error| Err(error.into()))
}

/// Ctrl-C, or whatever else asks a service to end.
async fn interrupted() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        match signal(SignalKind::terminate()) {
            Ok(mut terminate) => {
                tokio::select! {
                    _ = terminate.recv() => {}
                    _ = tokio::signal::ctrl_c() => {}
                }
            }
            Err(error) => tracing::error!(%error, "only a kill ends this"),
        }
    }
    #[cfg(not(unix))]
    if let Err(error) = tokio::signal::ctrl_c().await {
        tracing::error!(%error, "only a kill ends this");
    }
}

async fn rebuild(store: PostgresStore) -> Result<(), Box<dyn Error>> {
    let bar = ProgressBar::new(1);
    let shown = bar.clone();
    let up_to = Rebuild::new(store.clone())
        .on_progress(move |progress| {
            shown.set_length(progress.head.get());
            shown.set_position(progress.position.get());
        })
        .run::<AccountSummary>()
        .await?;
    bar.finish_and_clear();
    let rows = store.query("SELECT count(*) FROM account_summary", []).await?;
    println!("account_summary was built anew from {up_to} events: {} rows", rows[0][0]);
    store.close().await;
    Ok(())
}
