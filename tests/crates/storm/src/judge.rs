//! The conditions for a log and its read models after a storm, checked by plain SQL.

use std::collections::{BTreeMap, HashMap};
use std::fmt;

use serde::Deserialize;
use tokio_postgres::NoTls;

use crate::follower::Follower;
use crate::processes::Said;

/// A row of the log.
#[derive(Debug, Clone)]
pub struct Row {
    /// Its position.
    pub position: i64,
    /// The name of its stream, which a row that lost its stream does not have.
    pub stream: Option<String>,
    /// Its version.
    pub version: i64,
    /// The name of its kind.
    pub event: Option<String>,
    /// Its payload.
    pub payload: String,
    /// Its id.
    pub event_id: uuid::Uuid,
}

#[derive(Deserialize)]
struct Payload {
    account: u32,
    number: i64,
    cents: i64,
    operation: String,
}

/// The log, and the tables of its read models.
#[derive(Debug, Default)]
pub struct Evidence {
    /// The log, by position.
    pub log: Vec<Row>,
    /// `account, events, cents` of each table of balances.
    pub balances: BTreeMap<&'static str, Vec<(i64, i64, i64)>>,
    /// `account, number` of each event that the handler has seen.
    pub seen: Vec<(i64, i64)>,
    /// Parked streams.
    pub parked: Vec<String>,
    /// The furthest checkpoint.
    pub furthest: i64,
}

/// The evidence that was found.
#[derive(Debug, Default)]
pub struct Verdict {
    /// The number of events.
    pub events: usize,
    /// The number of operations that were answered as executed.
    pub did: usize,
    /// The number of them that are missing.
    pub lost: usize,
    /// The faults that were found.
    pub faults: Vec<String>,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { events, did, lost, faults } = self;
        write!(f, "{events} events, {did} answered, {lost} of them lost, {} faults", faults.len())?;
        faults.iter().take(20).try_for_each(|fault| write!(f, "\n- {fault}"))
    }
}

impl Evidence {
    /// Compares what a reader has read with the log.
    ///
    /// # Panics
    /// When the reader has read anything else than what is stored now.
    pub fn compare(&self, follower: &Follower) {
        let stored = self.log.iter().map(|row| (row.position as u64, row.event_id));
        let stored: BTreeMap<_, _> = stored.collect();
        let wrong = follower.read.iter().filter(|(position, id)| stored.get(position) != Some(id));
        let wrong: Vec<_> = wrong.take(3).collect();
        assert!(wrong.is_empty(), "a reader has read what is not stored: {wrong:?}");
        let missed = stored.keys().find(|position| !follower.read.contains_key(position));
        assert_eq!(missed, None, "a reader has missed an event");
    }
}

/// Judges the evidence; after a fail-over, answered operations may be lost, and are only counted.
pub fn judge(evidence: &Evidence, said: &Said, may_lose: bool) -> Verdict {
    let mut verdict = Verdict { events: evidence.log.len(), ..Verdict::default() };
    let mut fault = |fault: String| verdict.faults.push(fault);
    said.wrong.iter().for_each(|wrong| fault(wrong.clone()));
    let mut versions = HashMap::<&str, i64>::new();
    let mut operations = HashMap::<String, i64>::new();
    let mut sums = BTreeMap::<i64, (i64, i64)>::new();
    for row in &evidence.log {
        let Row { position, stream, version, event, payload, .. } = row;
        let (Some(stream), Some(event)) = (stream, event) else {
            fault(format!("the event at {position} has no stream or no kind: {row:?}"));
            continue;
        };
        let next = versions.entry(stream).or_default();
        *next += 1;
        if *next != *version {
            fault(format!("{stream} has version {version} at {position} in place of {next}"));
            *next = *version;
        }
        let Ok(Payload { account, number, cents, operation }) = serde_json::from_str(payload)
        else {
            fault(format!("the event at {position} has the payload {payload}"));
            continue;
        };
        if *stream != format!("account-{account}") {
            fault(format!("the event at {position} of account {account} stands in {stream}"));
        }
        if number != *version {
            fault(format!("event {number} of {stream} has version {version}"));
        }
        let sign = match &**event {
            "deposited" => 1,
            "withdrawn" => -1,
            other => {
                fault(format!("the event at {position} is called {other}"));
                continue;
            }
        };
        if let Some(before) = operations.insert(operation.clone(), *position) {
            fault(format!("{operation} is stored at {before} and at {position}"));
        }
        let sum = sums.entry(i64::from(account)).or_default();
        *sum = (sum.0 + 1, sum.1 + sign * cents);
        if sum.1 < 0 {
            fault(format!("account {account} has {} cents after {position}", sum.1));
        }
    }
    let lost = said.did.iter().filter(|operation| !operations.contains_key(*operation));
    let lost: Vec<_> = lost.collect();
    if !may_lose {
        lost.iter()
            .for_each(|lost| fault(format!("{lost} was answered as executed, and is not stored")));
    }
    for operation in said.did_not.difference(&said.maybe) {
        if operations.contains_key(operation) {
            fault(format!("{operation} was answered as not executed, and is stored"));
        }
    }
    let expected: Vec<_> =
        sums.iter().map(|(&account, &(events, cents))| (account, events, cents)).collect();
    for (table, rows) in &evidence.balances {
        if *rows != expected {
            let wrong = rows.iter().filter(|row| !expected.contains(row)).take(3);
            let wrong: Vec<_> = wrong.collect();
            let count = (rows.len(), expected.len());
            fault(format!("{table} is not what the log adds up to ({count:?} rows): {wrong:?}"));
        }
    }
    let mut seen = evidence.seen.clone();
    seen.sort_unstable();
    let mut all: Vec<_> = expected
        .iter()
        .flat_map(|&(account, events, _)| (1..=events).map(move |number| (account, number)))
        .collect();
    all.sort_unstable();
    if seen != all {
        fault(format!("the handler has seen {} events of {}, or others", seen.len(), all.len()));
    }
    evidence.parked.iter().for_each(|parked| fault(format!("it is parked: {parked}")));
    let head = evidence.log.last().map_or(0, |row| row.position);
    if evidence.furthest > head {
        fault(format!("a checkpoint is at {}, and the log ends at {head}", evidence.furthest));
    }
    (verdict.did, verdict.lost) = (said.did.len(), lost.len());
    verdict
}

/// The tables of balances.
const TABLES: [&str; 2] = ["balances", "inline_balances"];

/// Reads the database of this url.
pub async fn ask_postgres(url: &str) -> Evidence {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    let connection = tokio::spawn(connection);
    let mut evidence = Evidence::default();
    let log = "SELECT e.position, s.name, e.version, k.name, e.payload::text,
            e.event_id::text FROM esrs.events e
        LEFT JOIN esrs.streams s ON s.id = e.stream LEFT JOIN esrs.kinds k ON k.id = e.kind
        ORDER BY e.position";
    for row in client.query(log, &[]).await.unwrap() {
        let (position, stream, version) = (row.get(0), row.get(1), row.get(2));
        let (event, payload, id): (_, _, String) = (row.get(3), row.get(4), row.get(5));
        let event_id = id.parse().unwrap();
        evidence.log.push(Row { position, stream, version, event, payload, event_id });
    }
    for table in TABLES {
        let sql = format!("SELECT account::int8, events, cents FROM {table} ORDER BY account");
        let rows = client.query(&sql, &[]).await.unwrap();
        let rows = rows.iter().map(|row| (row.get(0), row.get(1), row.get(2))).collect();
        evidence.balances.insert(table, rows);
    }
    let seen = client.query("SELECT account, number FROM seen", &[]).await.unwrap();
    evidence.seen = seen.iter().map(|row| (row.get(0), row.get(1))).collect();
    let parked =
        client.query("SELECT subscription || ' ' || stream || ' ' || reason FROM esrs.parked", &[]);
    evidence.parked = parked.await.unwrap().iter().map(|row| row.get(0)).collect();
    let furthest = "SELECT coalesce(max(position), 0) FROM esrs.subscriptions";
    evidence.furthest = client.query_one(furthest, &[]).await.unwrap().get(0);
    drop(client);
    connection.await.unwrap().unwrap();
    evidence
}

/// Reads this file.
pub fn ask_sqlite(path: &std::path::Path) -> rusqlite::Result<Evidence> {
    let connection = rusqlite::Connection::open(path)?;
    let mut evidence = Evidence::default();
    let whole: String = connection.query_row("PRAGMA integrity_check", [], |row| row.get(0))?;
    assert_eq!(whole, "ok", "SQLite finds the file damaged");
    let log = "SELECT position, s.name, e.version, k.name, payload, event_id FROM esrs_events e
        LEFT JOIN esrs_streams s ON s.id = e.stream LEFT JOIN esrs_kinds k ON k.id = e.kind
        ORDER BY position";
    let mut statement = connection.prepare(log)?;
    let rows = statement.query_map([], |row| {
        let (position, stream, version) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let (event, payload, id): (_, _, [u8; 16]) = (row.get(3)?, row.get(4)?, row.get(5)?);
        let event_id = uuid::Uuid::from_bytes(id);
        Ok(Row { position, stream, version, event, payload, event_id })
    })?;
    evidence.log = rows.collect::<Result<_, _>>()?;
    for table in TABLES {
        let sql = format!("SELECT account, events, cents FROM {table} ORDER BY account");
        let mut statement = connection.prepare(&sql)?;
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
        evidence.balances.insert(table, rows.collect::<Result<_, _>>()?);
    }
    let mut statement = connection.prepare("SELECT account, number FROM seen")?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    evidence.seen = rows.collect::<Result<_, _>>()?;
    let parked = "SELECT subscription || ' ' || stream || ' ' || reason FROM esrs_parked";
    let mut statement = connection.prepare(parked)?;
    evidence.parked = statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    let furthest = "SELECT coalesce(max(position), 0) FROM esrs_subscriptions";
    evidence.furthest = connection.query_row(furthest, [], |row| row.get(0))?;
    Ok(evidence)
}
