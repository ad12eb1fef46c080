//! A process of writers.

use std::time::Duration;

use esrs_postgres::PostgresStore;
use futures_util::future::{BoxFuture, select_all};
use proptest::prelude::RngExt;
use proptest::test_runner::TestRng;
use tokio_postgres::{Client, NoTls};

use crate::log::WRITER;
use crate::round::dice_of;
use crate::{by_sql, by_store, child, naive};

/// The rule by which writers get their positions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rule {
    /// Through the store, and by SQL that takes its lock.
    OfTheStore,
    /// By SQL that takes the next number of the sequence, and no lock.
    Naive,
}

/// The role of a process.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Role {
    pub(crate) rule: Rule,
    pub(crate) through_store: usize,
    pub(crate) by_sql: usize,
    pub(crate) seed: u64,
}

impl std::fmt::Display for Role {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { rule, through_store, by_sql, seed } = self;
        write!(f, "{rule:?} {through_store} {by_sql} {seed}")
    }
}

impl Role {
    fn of(text: &str) -> Self {
        let words: Vec<_> = text.split(' ').collect();
        let [rule, through_store, by_sql, seed] = words[..] else { panic!("{text:?} is no role") };
        let rule = match rule {
            "OfTheStore" => Rule::OfTheStore,
            "Naive" => Rule::Naive,
            other => panic!("there is no rule {other:?}"),
        };
        let (through_store, by_sql) = (through_store.parse().unwrap(), by_sql.parse().unwrap());
        Self { rule, through_store, by_sql, seed: seed.parse().unwrap() }
    }
}

/// Writes in as many tasks as its role says, until the process is killed.
pub(crate) async fn until_killed(role: &str, url: &str) {
    let Role { rule, through_store, by_sql, seed } = Role::of(role);
    let mut dice = dice_of(seed);
    let mut writing: Vec<BoxFuture<'static, String>> = Vec::new();
    match rule {
        Rule::OfTheStore => {
            let store = PostgresStore::builder(&writers_url(url)).readers(2).open().await.unwrap();
            for _ in 0..through_store {
                let (store, dice) = (store.clone(), dice_of(dice.random()));
                writing.push(Box::pin(by_store::append(store, dice)));
            }
            for _ in 0..by_sql {
                writing.push(Box::pin(by_sql::append(url.to_owned(), dice_of(dice.random()))));
            }
        }
        Rule::Naive => {
            for _ in 0..through_store + by_sql {
                writing.push(Box::pin(naive::insert(url.to_owned(), dice_of(dice.random()))));
            }
        }
    }
    let (ended, ..) = select_all(writing.into_iter().map(tokio::spawn)).await;
    panic!("only a signal was to end it: {ended:?}");
}

/// Tells the parent that an append is stored there, and which event is its first.
pub(crate) fn say_stored(position: u64, first: uuid::Uuid) {
    child::say("stored", format!("{position} {first}"));
}

/// Tells the parent that these events were rolled back.
pub(crate) fn say_undone(ids: &[uuid::Uuid]) {
    ids.iter().for_each(|id| child::say("undone", id));
}

/// The url of a connection that is known to be a writer's.
fn writers_url(url: &str) -> String {
    let separator = if url.contains('?') { '&' } else { '?' };
    format!("{url}{separator}application_name={WRITER}")
}

/// A connection of a writer.
pub(crate) async fn connect(url: &str) -> Result<Client, tokio_postgres::Error> {
    let (client, connection) = tokio_postgres::connect(&writers_url(url), NoTls).await?;
    tokio::spawn(connection);
    Ok(client)
}

/// Mostly none, often a short one, and now and then a long one.
pub(crate) fn delay(dice: &mut TestRng) -> Duration {
    let micros = match dice.random_range(0..60) {
        0 => dice.random_range(50_000..120_000),
        1..16 => dice.random_range(0..6_000),
        _ => 0,
    };
    Duration::from_micros(micros)
}

/// The same within a transaction.
pub(crate) async fn sleep(
    client: &Client,
    dice: &mut TestRng,
) -> Result<(), tokio_postgres::Error> {
    let delay = delay(dice);
    if !delay.is_zero() {
        client.execute("SELECT pg_sleep($1)", &[&delay.as_secs_f64()]).await?;
    }
    Ok(())
}

#[test]
fn a_process_is_told_its_role() {
    for rule in [Rule::OfTheStore, Rule::Naive] {
        let role = Role { rule, through_store: 2, by_sql: 1, seed: u64::MAX };
        assert_eq!(Role::of(&role.to_string()), role);
    }
}
