//! A follower: it reads all events in their order, and may miss none.

use tokio_postgres::{Client, Config, Statement};

use crate::Tried;
use crate::layout::{Layout, Order};
use crate::session::connect;

/// An event that a follower was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) position: i64,
    pub(crate) stream: i64,
    pub(crate) version: i64,
}

pub(crate) struct Follower {
    client: Client,
    layout: Layout,
    read: Statement,
    /// The transactions that may still store an event.
    writers: Statement,
    /// The last event: its transaction, where the layout keeps that, and its position.
    at: (i64, i64),
    proof: Option<Proof>,
    /// The number of times that it asked for these transactions.
    pub(crate) asked: u32,
}

/// On its way: once these writers have ended, nothing new comes up to a position.
struct Proof {
    up_to: i64,
    writers: Vec<String>,
}

impl Follower {
    pub(crate) async fn open(config: &Config, layout: Layout) -> Tried<Self> {
        let client = connect(config).await?;
        client.batch_execute(&format!("SET search_path = {}", layout.schema)).await?;
        let read = match layout.order {
            Order::Horizon => {
                "SELECT position, stream, version, xid::text::bigint FROM esrs_events
                WHERE (xid, position) > ($1::bigint::text::xid8, $2)
                    AND xid < pg_snapshot_xmin(pg_current_snapshot())
                ORDER BY xid, position LIMIT 512"
            }
            _ => {
                "SELECT position, stream, version, 0::bigint FROM esrs_events
                WHERE position > $2 AND $1::bigint = 0 ORDER BY position LIMIT 512"
            }
        };
        let read = client.prepare(read).await?;
        let writers = client
            .prepare(
                "SELECT virtualtransaction FROM pg_locks WHERE locktype = 'advisory' AND granted
                AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
                AND classid = 1702064755 AND objid = 'esrs_events'::regclass::oid",
            )
            .await?;
        Ok(Self { client, layout, read, writers, at: (0, 0), proof: None, asked: 0 })
    }

    /// Reads the events that it can have now, a page at most.
    pub(crate) async fn poll(&mut self) -> Tried<Vec<Seen>> {
        let mut seen = self.read().await?;
        if self.layout.order == Order::GapProof {
            seen = self.without_doubt(seen).await?;
        }
        Ok(seen.into_iter().map(|(xid, seen)| self.take(xid, seen)).collect())
    }

    fn take(&mut self, xid: i64, seen: Seen) -> Seen {
        self.at = (xid, seen.position);
        seen
    }

    async fn read(&self) -> Tried<Vec<(i64, Seen)>> {
        let rows = self.client.query(&self.read, &[&self.at.0, &self.at.1]).await?;
        let seen = |row: &tokio_postgres::Row| {
            (row.get(3), Seen { position: row.get(0), stream: row.get(1), version: row.get(2) })
        };
        Ok(rows.iter().map(seen).collect())
    }

    /// Those before the first gap; behind it as well, once it is proven that nothing fills it.
    async fn without_doubt(&mut self, read: Vec<(i64, Seen)>) -> Tried<Vec<(i64, Seen)>> {
        let Some(&(_, last)) = read.last() else { return Ok(read) };
        let before_gap =
            read.iter().zip(self.at.1 + 1..).take_while(|((_, s), at)| s.position == *at).count();
        if before_gap > 0 {
            self.proof = None;
            return Ok(read[..before_gap].to_vec());
        }
        let writers = self.writers().await?;
        let proof =
            self.proof.take().unwrap_or(Proof { up_to: last.position, writers: writers.clone() });
        if proof.writers.iter().any(|writer| writers.contains(writer)) {
            self.proof = Some(proof);
            return Ok(Vec::new());
        }
        // What they have stored is there now, and was not when it was read before.
        let mut read = self.read().await?;
        read.retain(|(_, seen)| seen.position <= proof.up_to);
        Ok(read)
    }

    async fn writers(&mut self) -> Tried<Vec<String>> {
        self.asked += 1;
        let rows = self.client.query(&self.writers, &[]).await?;
        Ok(rows.iter().map(|row| row.get(0)).collect())
    }

    /// Reads until a page is empty, and nothing is in doubt any more.
    pub(crate) async fn drain(&mut self, into: &mut Vec<Seen>) -> Tried<()> {
        loop {
            let seen = self.poll().await?;
            if seen.is_empty() && self.proof.is_none() {
                return Ok(());
            }
            into.extend(seen);
        }
    }
}
