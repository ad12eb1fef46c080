//! The delay between the answer of an append and a follower that polls every millisecond.

use std::time::{Duration, Instant};

use tokio::sync::mpsc;
use tokio_postgres::{Client, Config};

use crate::Tried;
use crate::commands::prepare;
use crate::follower::Follower;
use crate::group::{Answer, Group, Part};
use crate::layout::Layout;
use crate::session::{Session, Way, connect};
use crate::turns::median;

/// The other transaction that is open meanwhile.
#[derive(Debug, Clone, Copy)]
enum Foreign {
    Nobody,
    /// It has written to a table of its own, in the same database.
    SameDatabase,
    /// The same in another database of the server.
    OtherDatabase,
}

/// A follower and a writer of one layout.
pub(crate) struct Rig {
    session: Session,
    answered: mpsc::UnboundedReceiver<(i64, Instant)>,
    next_stream: i64,
}

/// The time that an append took, and the delay of the follower.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Waited {
    pub(crate) append: Duration,
    pub(crate) follower: Duration,
}

impl Rig {
    pub(crate) async fn new(config: &Config, layout: Layout) -> Tried<Self> {
        prepare(config, &layout).await?;
        let session = Session::open(config, layout, Way::OneStatement).await?;
        let mut follower = Follower::open(config, layout).await?;
        let (sender, answered) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            // It ends when nobody asks any more, and then the error of the last poll tells nobody.
            while let Ok(seen) = follower.poll().await {
                let now = Instant::now();
                for seen in seen {
                    if sender.send((seen.position, now)).is_err() {
                        return;
                    }
                }
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        });
        Ok(Self { session, answered, next_stream: 500 })
    }

    /// Appends so often, with a pause behind each, and waits until all were seen.
    pub(crate) async fn append(&mut self, count: u32, pause: Duration) -> Tried<Vec<Waited>> {
        let mut appended = Vec::new();
        for _ in 0..count {
            let part = Part { stream: self.next_stream, expected: None, events: 1 };
            self.next_stream = 500 + (self.next_stream - 499) % 500;
            let begun = Instant::now();
            let answers = self.session.append(&Group::of(part)).await?;
            let Answer::Stored { position, .. } = answers[0] else {
                return Err("an append without a condition was refused".into());
            };
            appended.push((position, begun, Instant::now()));
            tokio::time::sleep(pause).await;
        }
        let mut waited = Vec::new();
        for (position, begun, answered) in appended {
            let seen = loop {
                let (seen, at) = self.answered.recv().await.ok_or("the follower has ended")?;
                if seen == position {
                    break at;
                }
            };
            let follower = seen.saturating_duration_since(answered);
            waited.push(Waited { append: answered - begun, follower });
        }
        Ok(waited)
    }
}

/// Prints how late followers are.
pub(crate) async fn late(config: &Config, layouts: &[Layout]) -> Tried<()> {
    println!("\n### How late a follower is that asks every millisecond: median, longest");
    println!("| side | nobody else | a foreign transaction of 2 s | one in another database |");
    println!("| --- | --- | --- | --- |");
    for layout in layouts {
        let mut rig = Rig::new(config, *layout).await?;
        let mut line = format!("| {} |", layout.name);
        for foreign in [Foreign::Nobody, Foreign::SameDatabase, Foreign::OtherDatabase] {
            let open = foreign.begin(config).await?;
            let held = tokio::spawn(async move {
                if let Some(client) = open {
                    tokio::time::sleep(Duration::from_secs(2)).await;
                    client.batch_execute("ROLLBACK").await?;
                }
                Ok::<_, tokio_postgres::Error>(())
            });
            let waited = rig.append(40, Duration::from_millis(40)).await?;
            held.await??;
            let mut late: Vec<f64> =
                waited.iter().map(|waited| waited.follower.as_secs_f64() * 1e3).collect();
            late.sort_by(f64::total_cmp);
            line += &format!(" {:.1} ms, {:.1} ms |", median(&late), late[late.len() - 1]);
        }
        println!("{line}");
    }
    Ok(())
}

impl Foreign {
    async fn begin(self, config: &Config) -> Tried<Option<Client>> {
        const OTHER: &str = "esrs_order_other";
        let client = match self {
            Self::Nobody => return Ok(None),
            Self::SameDatabase => connect(config).await?,
            Self::OtherDatabase => {
                let client = connect(config).await?;
                let there = "SELECT FROM pg_database WHERE datname = $1";
                if client.query_opt(there, &[&OTHER]).await?.is_none() {
                    client.batch_execute(&format!("CREATE DATABASE {OTHER}")).await?;
                }
                connect(config.clone().dbname(OTHER)).await?
            }
        };
        client.batch_execute("CREATE TABLE IF NOT EXISTS esrs_order_foreign (n int)").await?;
        client.batch_execute("BEGIN; INSERT INTO esrs_order_foreign VALUES (1)").await?;
        Ok(Some(client))
    }
}
