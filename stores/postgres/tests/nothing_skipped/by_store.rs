//! A writer that appends through the store.

use std::time::Duration;

use esrs_core::{AppendBatch, AppendCondition, Appended, EventStore, StoreError, StreamId};
use esrs_postgres::PostgresStore;
use proptest::prelude::RngExt;
use proptest::test_runner::TestRng;
use uuid::Uuid;

use crate::events::Stream;
use crate::write::{delay, say_stored};

/// So many streams are appended to again, at the version at which they were left.
const REMEMBERED: usize = 40;

struct Writer {
    store: PostgresStore,
    dice: TestRng,
    known: Vec<(Stream, u64)>,
}

/// Appends until it meets with what it does not expect.
pub(crate) async fn append(store: PostgresStore, dice: TestRng) -> String {
    let mut writer = Writer { store, dice, known: Vec::new() };
    loop {
        tokio::time::sleep(delay(&mut writer.dice)).await;
        if let Err(error) = writer.append_one().await {
            return error.to_string();
        }
    }
}

impl Writer {
    async fn append_one(&mut self) -> Result<(), StoreError> {
        let streams = self.streams();
        let mut batch = AppendBatch::default();
        for (stream, condition, count) in &streams {
            let events = stream.events(*count, &mut self.dice);
            batch = batch.and(stream.id.clone(), *condition, events);
        }
        // Whoever meets with a conflict has not used its key.
        let has_key = streams.iter().all(|(_, condition, _)| *condition == AppendCondition::Any);
        if has_key && self.dice.random() {
            batch = batch.with_idempotency_key(Uuid::now_v7().to_string());
        }
        let Some(appended) = self.store(&batch).await? else { return Ok(()) };
        let count = appended.last_position.get() - appended.first_position.get() + 1;
        assert_eq!(count, batch.events().count() as u64, "{appended:?}");
        self.remember(streams.into_iter().map(|(stream, ..)| stream), &appended);
        if batch.idempotency_key.is_some() && self.dice.random() {
            self.repeat(batch, &appended).await?;
        }
        Ok(())
    }

    /// Chooses the streams to append to: on which condition, and how many events.
    fn streams(&mut self) -> Vec<(Stream, AppendCondition, usize)> {
        use AppendCondition::{Any, NoStream, Version};
        let dice = &mut self.dice;
        let known = match self.known.len() {
            0 => None,
            known => Some(self.known[dice.random_range(0..known)].clone()),
        };
        let any = (Stream::shared(dice), Any, dice.random_range(1..=5));
        let new = (Stream::new(dice), NoStream, dice.random_range(1..=40));
        match (dice.random_range(0..6), known) {
            (0..3, Some((stream, version))) => vec![(stream, Version(version), 1)],
            (3, Some((stream, version))) if stream.id != any.0.id => {
                vec![new, (stream, Version(version), dice.random_range(1..=3)), any]
            }
            (4, _) => vec![any],
            _ => vec![new],
        }
    }

    /// Stores a batch, unless another writer appended first. Now and then it does not wait for the
    /// answer, and asks once more.
    async fn store(&mut self, batch: &AppendBatch) -> Result<Option<Appended>, StoreError> {
        if self.dice.random_ratio(1, 8) {
            let patience = Duration::from_micros(self.dice.random_range(0..4_000));
            let asked = self.store.append(batch.clone());
            drop(tokio::time::timeout(patience, asked).await);
        }
        loop {
            match self.store.append(batch.clone()).await {
                // Nothing was stored: others held the lock for too long.
                Err(StoreError::Busy { .. }) => {}
                Err(StoreError::Conflict(_)) => return Ok(None),
                Err(error) => return Err(error),
                Ok(appended) => {
                    let (_, first) = batch.events().next().expect("there is one");
                    say_stored(appended.first_position.get(), first.id);
                    return Ok(Some(appended));
                }
            }
        }
    }

    /// A command that is sent again makes events again, and is known by its key.
    async fn repeat(&mut self, batch: AppendBatch, first: &Appended) -> Result<(), StoreError> {
        let mut again = batch;
        for event in again.streams.iter_mut().flat_map(|part| &mut part.events) {
            event.id = Uuid::now_v7();
        }
        let repeated = loop {
            match self.store.append(again.clone()).await {
                Err(StoreError::Busy { .. }) => {}
                answer => break answer?,
            }
        };
        assert!(repeated.repeated, "{repeated:?}");
        assert_eq!(repeated.first_position, first.first_position);
        assert_eq!(repeated.last_position, first.last_position);
        Ok(())
    }

    fn remember(&mut self, streams: impl Iterator<Item = Stream>, appended: &Appended) {
        for stream in streams {
            let is_it = |id: &StreamId| *id == stream.id;
            let Some(now) = appended.streams.iter().find(|one| is_it(&one.stream)) else {
                continue;
            };
            self.known.retain(|(known, _)| !is_it(&known.id));
            if self.known.len() == REMEMBERED {
                self.known.swap_remove(self.dice.random_range(0..REMEMBERED));
            }
            self.known.push((stream, now.last_version));
        }
    }
}
