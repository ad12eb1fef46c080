//! A memory store that does one thing wrong.

use std::collections::HashMap;
use std::sync::Mutex;

use esrs_core::{
    AppendBatch, AppendCondition, Appended, AppendedStream, AsOf, EventFilter, EventStore,
    IdempotencyKey, LogId, MemoryStore, Metadata, MetadataFilter, NewEvent, Page, Position,
    ReadQuery, ReadSource, Snapshot, SnapshotQuery, StoreError, StreamId,
};
use futures_core::future::BoxFuture;
use uuid::Uuid;

use super::pages::{add, ended, rewritten, same};

/// The fault that is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    Nothing,
    ReportsAConflictAsSuccess,
    AppendsStreamsOneByOne,
    DropsTheSecondStream,
    IgnoresTheCondition,
    ChecksTheConditionTooEarly,
    TellsAnotherVersionInAConflict,
    LosesEventsForFollowers,
    ShowsEventsTooLate,
    CountsPositionsPerStream,
    ChangesEventsLater,
    AnswersARepeatAsNew,
    StoresARepeatAgain,
    AnswersARepeatWithWhatIsThereNow,
    StoresTheRestOfAKnownBatch,
    ForgetsKeys,
    SharesKeysBetweenStreams,
    LooksForKeysTooEarly,
    FindsNoAppend,
    CutsLongNames,
    CutsLargeBatches,
    TakesAnyPayload,
    LeavesOutWhatStandsTwice,
    WritesPayloadsAnew,
    CutsLargePayloads,
    KeepsMilliseconds,
    LosesMetadata,
    LowersStreamNames,
    IgnoresTheFilter,
    IgnoresTheLimit,
    ReadsForwardsOnly,
    ContinuesBackwardsFromAnything,
    StopsBackwardsAfterAPage,
    NeverSaysLast,
    AlwaysSaysLast,
    ScansOnlyWhatItFound,
    KeepsTheOldPage,
    AlwaysGivesEnvelopes,
    ListsStreamsOfAll,
    CountsAPageOfStreams,
    ForgetsStreams,
    ForgetsSnapshots,
    TakesAnyFold,
    KeepsTheLastSnapshot,
    TakesLaterSnapshots,
    KeepsSnapshotsOfNothing,
    RepeatsTheLastEventOfASnapshot,
    IgnoresCircumstancesOfStreams,
    IgnoresCircumstances,
}
use Fault::*;

pub(crate) struct BrokenStore {
    inner: MemoryStore,
    fault: Fault,
    keyed: Mutex<Vec<AppendBatch>>,
    snapshots: Mutex<HashMap<StreamId, Snapshot>>,
}

impl BrokenStore {
    pub(crate) fn new(fault: Fault) -> Self {
        let inner = MemoryStore::new();
        Self { inner, fault, keyed: Mutex::default(), snapshots: Mutex::default() }
    }

    async fn version(&self, stream: &StreamId) -> u64 {
        let query = ReadQuery::stream(stream.clone()).limit(usize::MAX).max_bytes(usize::MAX);
        self.inner.read(query, Page::new()).await.unwrap().len() as u64
    }

    async fn end(&self) -> u64 {
        let nothing = EventFilter::everything().and("none", []);
        let page = self.inner.read(ReadQuery::all().only(nothing), Page::new()).await.unwrap();
        page.scanned().get()
    }

    async fn broken_append(&self, mut batch: AppendBatch) -> Result<Appended, StoreError> {
        match self.fault {
            ReportsAConflictAsSuccess => match self.inner.append(batch.clone()).await {
                Err(StoreError::Conflict(_)) => Ok(as_if_stored(&batch)),
                answer => answer,
            },
            AppendsStreamsOneByOne => self.append_one_by_one(batch).await,
            DropsTheSecondStream => {
                let whole = as_if_stored(&batch);
                batch.streams.truncate(1);
                Ok(Appended { streams: whole.streams, ..self.inner.append(batch).await? })
            }
            IgnoresTheCondition => {
                batch.streams.iter_mut().for_each(|part| part.condition = AppendCondition::Any);
                self.inner.append(batch).await
            }
            ChecksTheConditionTooEarly => {
                for part in &mut batch.streams {
                    if part.condition.allows(self.version(&part.stream).await) {
                        part.condition = AppendCondition::Any;
                    }
                }
                // Between the check and the append others have their turn.
                tokio::task::yield_now().await;
                self.inner.append(batch).await
            }
            TellsAnotherVersionInAConflict => match self.inner.append(batch).await {
                Err(StoreError::Conflict(mut conflict)) => {
                    conflict.actual += 1;
                    Err(conflict.into())
                }
                answer => answer,
            },
            CountsPositionsPerStream => {
                let mut answer = self.inner.append(batch).await?;
                let (first, last) = (&answer.streams[0], &answer.streams[answer.streams.len() - 1]);
                answer.first_position = Position::new(first.first_version);
                answer.last_position = Position::new(last.last_version);
                Ok(answer)
            }
            AnswersARepeatAsNew => {
                Ok(Appended { repeated: false, ..self.inner.append(batch).await? })
            }
            AnswersARepeatWithWhatIsThereNow => {
                let mut answer = self.inner.append(batch).await?;
                for part in answer.streams.iter_mut().filter(|_| answer.repeated) {
                    part.last_version = self.version(&part.stream).await;
                }
                Ok(answer)
            }
            StoresTheRestOfAKnownBatch => loop {
                match self.inner.append(batch.clone()).await {
                    Err(StoreError::EventIdTaken { event_id }) => {
                        for part in &mut batch.streams {
                            part.events.retain(|event| event.id != event_id);
                        }
                        batch.streams.retain(|part| !part.events.is_empty());
                    }
                    answer => return answer,
                }
            },
            ForgetsKeys => {
                batch.idempotency_key = None;
                self.inner.append(batch).await
            }
            SharesKeysBetweenStreams => {
                let same_key = |old: &&AppendBatch| {
                    old.idempotency_key.is_some() && old.idempotency_key == batch.idempotency_key
                };
                let first = self.keyed.lock().unwrap().iter().find(same_key).cloned();
                match first {
                    Some(first) => self.inner.append(first).await,
                    None => {
                        self.keyed.lock().unwrap().push(batch.clone());
                        self.inner.append(batch).await
                    }
                }
            }
            LooksForKeysTooEarly => {
                if let Some(key) = batch.idempotency_key.clone() {
                    let stream = batch.streams[0].stream.clone();
                    if let Some(first) = self.inner.find_append(stream, key).await? {
                        return Ok(first);
                    }
                    // Between the look and the append others have their turn.
                    tokio::task::yield_now().await;
                    batch.idempotency_key = None;
                }
                self.inner.append(batch).await
            }
            CutsLargeBatches => {
                batch.streams.iter_mut().for_each(|part| part.events.truncate(1_000));
                self.inner.append(batch).await
            }
            LeavesOutWhatStandsTwice => {
                let mut seen = Vec::new();
                batch.streams.retain(|part| {
                    let first = !seen.contains(&part.stream);
                    seen.push(part.stream.clone());
                    first
                });
                self.inner.append(batch).await
            }
            LowersStreamNames => {
                batch.streams.iter_mut().for_each(|part| part.stream = lowered(&part.stream));
                self.inner.append(batch).await
            }
            fault => {
                for event in batch.streams.iter_mut().flat_map(|part| &mut part.events) {
                    change(fault, event);
                }
                self.inner.append(batch).await
            }
        }
    }

    /// The next page of a stream, which may begin with a snapshot of this wrapper's own.
    async fn read_from_snapshot(&self, mut query: ReadQuery) -> Result<Page, StoreError> {
        let wanted = query.snapshot.take().unwrap();
        let ReadSource::Stream { stream, after_version, .. } = &mut query.source else {
            unreachable!()
        };
        let kept = self.snapshots.lock().unwrap().get(stream).cloned();
        let kept = kept.filter(|kept| {
            let (fold, as_of) = match self.fault {
                TakesAnyFold => (kept.fold, wanted.as_of),
                TakesLaterSnapshots => (wanted.fold, AsOf::Now),
                _ => (wanted.fold, wanted.as_of),
            };
            kept.version > *after_version && SnapshotQuery { fold, as_of }.allows(kept)
        });
        let repeated = u64::from(self.fault == RepeatsTheLastEventOfASnapshot);
        *after_version = kept.as_ref().map_or(*after_version, |kept| kept.version - repeated);
        let page = self.inner.read(query, Page::new()).await?;
        let mut writer = Page::new().into_writer();
        kept.into_iter().for_each(|kept| writer.begin_with(kept));
        add(&mut writer, &page, same);
        Ok(writer.finish(page.is_last(), page.scanned())?)
    }

    async fn append_one_by_one(&self, batch: AppendBatch) -> Result<Appended, StoreError> {
        batch.check()?;
        let mut whole: Option<Appended> = None;
        for part in &batch.streams {
            let one = AppendBatch { streams: vec![part.clone()], ..batch.clone() };
            let answer = self.inner.append(one).await?;
            whole = Some(match whole {
                None => answer,
                Some(mut before) => {
                    before.streams.extend(answer.streams);
                    Appended { last_position: answer.last_position, ..before }
                }
            });
        }
        Ok(whole.unwrap())
    }

    async fn broken_read(&self, mut query: ReadQuery, page: Page) -> Result<Page, StoreError> {
        let (of_log, after) = match &mut query.source {
            ReadSource::All { after, .. } => (true, *after),
            ReadSource::Stream { stream, .. } => {
                if self.fault == LowersStreamNames {
                    *stream = lowered(stream);
                }
                (false, Position::START)
            }
            ReadSource::StreamBackwards { stream, before_version, before_event } => {
                match self.fault {
                    LowersStreamNames => *stream = lowered(stream),
                    ContinuesBackwardsFromAnything => *before_event = None,
                    ReadsForwardsOnly => {
                        let forwards = ReadQuery::stream(stream.clone());
                        let (limit, envelopes) = (query.limit, query.envelopes);
                        let mut of = forwards.limit(limit);
                        of.envelopes = envelopes;
                        return self.inner.read(of, page).await;
                    }
                    StopsBackwardsAfterAPage if *before_version < 12_000 => *before_version = 0,
                    _ => {}
                }
                (false, Position::START)
            }
            _ => unreachable!(),
        };
        match self.fault {
            IgnoresTheFilter => query = query.only(EventFilter::everything()),
            IgnoresTheLimit => query = query.limit(usize::MAX),
            AlwaysGivesEnvelopes => query = query.with_envelopes(),
            IgnoresCircumstances => query.metadata = MetadataFilter::default(),
            IgnoresCircumstancesOfStreams if !of_log => query.metadata = MetadataFilter::default(),
            _ if query.snapshot.is_some() => return self.read_from_snapshot(query).await,
            _ => {}
        }
        if self.fault == KeepsTheOldPage {
            let new = self.inner.read(query, Page::new()).await?;
            let mut writer = Page::new().into_writer();
            add(&mut writer, &page, same);
            add(&mut writer, &new, same);
            return Ok(writer.finish(new.is_last(), new.scanned())?);
        }
        let page = self.inner.read(query, page).await?;
        let end = self.end().await;
        Ok(match self.fault {
            LosesEventsForFollowers => rewritten(&page, |record| {
                same(record).filter(|(place, _)| !of_log || !place.position.is_multiple_of(5))
            }),
            // As if its transaction had committed after those of the two events behind it.
            ShowsEventsTooLate => rewritten(&page, |record| {
                let is_late = |at: u64| of_log && at.is_multiple_of(4) && at + 2 > end;
                same(record).filter(|(place, _)| !is_late(place.position))
            }),
            CountsPositionsPerStream => rewritten(&page, |record| {
                same(record).map(|(mut place, kind)| {
                    place.position = place.version;
                    (place, kind)
                })
            }),
            ChangesEventsLater => rewritten(&page, |record| {
                same(record).map(|(place, mut kind)| {
                    kind.version = end as u32;
                    (place, kind)
                })
            }),
            NeverSaysLast => ended(&page, false, page.scanned()),
            AlwaysSaysLast => ended(&page, true, page.scanned()),
            ScansOnlyWhatItFound => {
                let found = page.records().last().map(|record| record.position());
                ended(&page, page.is_last(), found.unwrap_or(after))
            }
            _ => page,
        })
    }
}

fn change(fault: Fault, event: &mut NewEvent) {
    match fault {
        StoresARepeatAgain => event.id = Uuid::now_v7(),
        CutsLongNames => event.name = event.name.chars().take(100).collect::<String>().into(),
        TakesAnyPayload if serde_json::from_str::<serde_json::Value>(&event.payload).is_err() => {
            event.payload = "null".to_owned();
        }
        WritesPayloadsAnew => {
            if let Ok(value) = serde_json::from_str::<serde_json::Value>(&event.payload) {
                event.payload = value.to_string();
            }
        }
        CutsLargePayloads if event.payload.len() > 1_000_000 => {
            event.payload = format!("\"{}\"", "x".repeat(1_000_000));
        }
        KeepsMilliseconds => {
            let milliseconds = event.recorded_at.as_millisecond();
            event.recorded_at = jiff::Timestamp::from_millisecond(milliseconds).unwrap();
        }
        LosesMetadata => event.metadata = Metadata::new(),
        _ => {}
    }
}

/// The answer to a batch of which every stream was new.
fn as_if_stored(batch: &AppendBatch) -> Appended {
    let streams = batch.streams.iter().map(|part| AppendedStream {
        stream: part.stream.clone(),
        first_version: 1,
        last_version: part.events.len() as u64,
    });
    Appended {
        streams: streams.collect(),
        first_position: Position::new(1),
        last_position: Position::new(batch.events().count() as u64),
        repeated: false,
    }
}

fn lowered(stream: &StreamId) -> StreamId {
    StreamId::new(stream.category(), stream.id().to_ascii_lowercase()).unwrap()
}

impl EventStore for BrokenStore {
    fn append(&self, batch: AppendBatch) -> BoxFuture<'_, Result<Appended, StoreError>> {
        Box::pin(self.broken_append(batch))
    }

    fn read(&self, query: ReadQuery, page: Page) -> BoxFuture<'_, Result<Page, StoreError>> {
        Box::pin(self.broken_read(query, page))
    }

    fn find_append(
        &self,
        stream: StreamId,
        key: IdempotencyKey,
    ) -> BoxFuture<'_, Result<Option<Appended>, StoreError>> {
        Box::pin(async move {
            match self.fault {
                FindsNoAppend => Ok(None),
                _ => self.inner.find_append(stream, key).await,
            }
        })
    }

    fn import_chunk(
        &self,
        events: Vec<(StreamId, NewEvent)>,
    ) -> BoxFuture<'_, Result<esrs_core::Imported, StoreError>> {
        self.inner.import_chunk(events)
    }

    fn save_snapshot(&self, snapshot: Snapshot) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(async move {
            snapshot.check()?;
            let is_there = self.version(&snapshot.stream).await >= snapshot.version;
            let mut kept = self.snapshots.lock().unwrap();
            let replaces = kept.get(&snapshot.stream).is_none_or(|kept| snapshot.replaces(kept));
            match self.fault {
                ForgetsSnapshots => {}
                KeepsTheLastSnapshot | KeepsSnapshotsOfNothing => {
                    kept.insert(snapshot.stream.clone(), snapshot);
                }
                _ if replaces && is_there => {
                    kept.insert(snapshot.stream.clone(), snapshot);
                }
                _ => {}
            }
            Ok(())
        })
    }

    fn streams(
        &self,
        query: esrs_core::StreamsQuery,
    ) -> BoxFuture<'_, Result<Vec<StreamId>, StoreError>> {
        Box::pin(async move {
            let mut query = query;
            if self.fault == ListsStreamsOfAll {
                query.category.push('x');
            }
            let mut found = self.inner.streams(query).await?;
            if self.fault == ForgetsStreams {
                found.truncate(999);
            }
            Ok(found)
        })
    }

    fn count_streams(&self, category: String) -> BoxFuture<'_, Result<u64, StoreError>> {
        Box::pin(async move {
            let count = self.inner.count_streams(category).await?;
            Ok(if self.fault == CountsAPageOfStreams { count.min(1_000) } else { count })
        })
    }

    fn log_id(&self) -> LogId {
        self.inner.log_id()
    }
}
