//! A writer that appends within transactions of its own, by the store's SQL.

use std::collections::HashMap;

use esrs_core::NewEvent;
use proptest::prelude::RngExt;
use proptest::test_runner::TestRng;
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, Error};
use uuid::Uuid;

use crate::events::{CATEGORIES, Stream};
use crate::write::{connect, say_stored, say_undone, sleep};

struct Writer {
    url: String,
    client: Client,
    dice: TestRng,
    kinds: HashMap<(&'static str, &'static str), i32>,
    /// The key of the store's lock, as its function has it.
    lock: String,
}

/// The events that a step of a transaction stored: where, and which events.
struct Step {
    position: i64,
    ids: Vec<Uuid>,
}

/// Appends until it meets with what it does not expect.
pub(crate) async fn append(url: String, dice: TestRng) -> String {
    let writing = async {
        let mut writer = Writer::open(url, dice).await?;
        loop {
            writer.transaction().await?;
        }
    };
    let ended: Result<std::convert::Infallible, Error> = writing.await;
    match ended {
        Err(error) => format!("{error:?}"),
    }
}

impl Writer {
    async fn open(url: String, dice: TestRng) -> Result<Self, Error> {
        let client = connect(&url).await?;
        let mut kinds = HashMap::new();
        for (category, names) in CATEGORIES {
            for name in names {
                let number = "SELECT esrs.kind_of($1, $2, 1)";
                let number = client.query_one(number, &[&category, name]).await?.try_get(0)?;
                kinds.insert((category, *name), number);
            }
        }
        let lock = "SELECT substring(prosrc FROM 'pg_advisory_xact_lock\\(([^)]*)\\)')
            FROM pg_proc WHERE oid = 'esrs.append'::regproc";
        let lock = client.query_one(lock, &[]).await?.try_get(0)?;
        Ok(Self { url, client, dice, kinds, lock })
    }

    async fn transaction(&mut self) -> Result<(), Error> {
        let is_repeatable = self.dice.random_ratio(1, 8);
        match self.try_transaction(is_repeatable).await {
            // It saw the streams as they were before it had the lock.
            Err(error) if is_repeatable && error.code() == Some(&SqlState::UNIQUE_VIOLATION) => {
                self.client.batch_execute("ROLLBACK").await
            }
            ended => ended,
        }
    }

    async fn try_transaction(&mut self, is_repeatable: bool) -> Result<(), Error> {
        self.client.batch_execute("BEGIN").await?;
        if is_repeatable {
            let from_now_on = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ;
                SELECT FROM esrs.streams LIMIT 1";
            self.client.batch_execute(from_now_on).await?;
        }
        let (mut stored, mut undone) = (Vec::new(), Vec::new());
        for _ in 0..self.dice.random_range(1..=3) {
            sleep(&self.client, &mut self.dice).await?;
            let is_undone = self.dice.random_ratio(1, 6);
            if is_undone {
                self.client.batch_execute("SAVEPOINT step").await?;
            }
            let step = match self.dice.random() {
                true => self.append().await?,
                false => Some(self.insert().await?),
            };
            sleep(&self.client, &mut self.dice).await?;
            if is_undone {
                self.client.batch_execute("ROLLBACK TO SAVEPOINT step").await?;
                undone.extend(step.into_iter().flat_map(|step| step.ids));
            } else {
                stored.extend(step);
            }
        }
        sleep(&self.client, &mut self.dice).await?;
        match self.dice.random_range(0..10) {
            0 => self.client = connect(&self.url).await?,
            1 | 2 => self.client.batch_execute("ROLLBACK").await?,
            _ => {
                self.client.batch_execute("COMMIT").await?;
                for step in stored.drain(..) {
                    say_stored(step.position as u64, step.ids[0]);
                }
            }
        }
        undone.extend(stored.into_iter().flat_map(|step| step.ids));
        say_undone(&undone);
        Ok(())
    }

    fn kind(&self, stream: &Stream, event: &NewEvent) -> i32 {
        self.kinds[&(stream.category, &*event.name)]
    }

    /// Events of several streams by the store's function, as one batch; now and then of a version
    /// that no stream has, which refuses it.
    async fn append(&mut self) -> Result<Option<Step>, Error> {
        let mut streams = vec![Stream::new(&mut self.dice), Stream::shared(&mut self.dice)];
        streams.truncate(self.dice.random_range(1..=2));
        let expected = if self.dice.random_ratio(1, 10) { 1_000_000 } else { -1_i64 };
        let (mut names, mut categories, mut counts) = (Vec::new(), Vec::new(), Vec::new());
        let (mut parts, mut numbers, mut kinds) = (Vec::new(), Vec::new(), Vec::new());
        let (mut ids, mut payloads) = (Vec::new(), Vec::new());
        for (part, stream) in (1_i32..).zip(&streams) {
            let count = self.dice.random_range(1..=50);
            let events = stream.events(count, &mut self.dice);
            names.push(stream.id.as_str());
            categories.push(stream.category);
            counts.push(count as i32);
            for (number, event) in (1_i32..).zip(events) {
                parts.push(part);
                numbers.push(number);
                kinds.push(self.kind(stream, &event));
                ids.push(event.id);
                payloads.push(event.payload);
            }
        }
        let rows = self
            .client
            .query(
                "WITH per_part AS (SELECT ARRAY[cardinality($1::text[])] AS size),
                    per_event AS (SELECT ARRAY[cardinality($5::int4[])] AS size)
                SELECT appended.first_position
                FROM per_part p, per_event e, esrs.append(
                    array_fill(1, p.size), $1, $2::text[], array_fill($3::int8, p.size),
                    array_fill(NULL::text, p.size), $4::int4[], array_fill(NULL::int8, p.size),
                    $5, $6::int4[], $7::int4[], $8::uuid[], array_fill(now(), e.size),
                    array_fill(NULL::uuid, e.size), array_fill(NULL::uuid, e.size),
                    array_fill(NULL::text, e.size), $9::text[]) appended",
                &[
                    &names,
                    &categories,
                    &expected,
                    &counts,
                    &parts,
                    &numbers,
                    &kinds,
                    &ids,
                    &payloads,
                ],
            )
            .await?;
        let position: Option<i64> = rows[0].try_get(0)?;
        assert_eq!(position.is_none(), expected > 0, "only a wrong version is refused");
        Ok(position.map(|position| Step { position, ids }))
    }

    /// One event by the store's own INSERT, behind the version that the stream has once the lock is
    /// held.
    async fn insert(&mut self) -> Result<Step, Error> {
        let stream = Stream::shared(&mut self.dice);
        let event = stream.events(1, &mut self.dice).remove(0);
        let lock = format!("SELECT pg_advisory_xact_lock({})", self.lock);
        self.client.batch_execute(&lock).await?;
        let found = "SELECT s.id, max(e.version) FROM esrs.streams s
            JOIN esrs.events e ON e.stream = s.id WHERE s.name = $1 GROUP BY s.id";
        let found = self.client.query_one(found, &[&stream.id.as_str()]).await?;
        let (id, version): (i64, i64) = (found.try_get(0)?, found.try_get(1)?);
        sleep(&self.client, &mut self.dice).await?;
        let insert = format!(
            "INSERT INTO esrs.events (position, stream, version, kind, event_id, recorded_at, payload)
            SELECT nextval('esrs.position_seq'), $1::int8, $2::int8, $3::int4, $4::uuid, now(),
                $5::text::json
            FROM pg_advisory_xact_lock({}) RETURNING position",
            self.lock
        );
        let kind = self.kind(&stream, &event);
        let row = self
            .client
            .query_one(&insert, &[&id, &(version + 1), &kind, &event.id, &event.payload])
            .await?;
        Ok(Step { position: row.try_get(0)?, ids: vec![event.id] })
    }
}
