//! One command at work: its turn, the state it decides on, and its result.

use std::pin::Pin;

use uuid::Uuid;

use super::fold::Fold;
use super::instances::Turn;
use super::returned::Draft;
use super::warm::Warm;
use super::{Answer, ExecuteError, Executed, LoadError, Repository};
use crate::aggregate::{Aggregate, Context, Events, Handle, round_trip};
use crate::event::{Metadata, Position, StreamId, to_microsecond};
use crate::log::{
    AppendBatch, AppendCondition, Appended, AppendedStream, NewEvent, Page, StoreError,
    StreamAppend,
};
use crate::log::{CommandFingerprint, FingerprintError, IdempotencyKey};
use crate::value::guarded;

/// One command at work on one instance.
pub struct Running<'a, A: Aggregate, C, R: Answer<A>> {
    pub(super) repository: &'a Repository<A>,
    pub(super) stream: StreamId,
    pub(super) idempotency_key: Option<IdempotencyKey>,
    /// Of the command; of one without a key only where it is one of several.
    pub(super) fingerprint: Option<Result<CommandFingerprint, FingerprintError>>,
    pub(super) metadata: Metadata,
    /// The only version that it is executed at.
    expected_version: Option<u64>,
    id: A::Id,
    command: C,
    /// A new id that no event has yet.
    unused_id: Option<Uuid>,
    turn: Option<Turn<A>>,
    /// The state that it decides on: that of stored events only.
    warm: Option<Warm<A>>,
    /// True if the stream was read for this command; else the state is as an earlier one left it.
    is_fresh: bool,
    /// The decided events, as a later load will read them, and how long their payloads are.
    decided: Vec<A::Event>,
    decided_bytes: usize,
    /// The id of the last event that it has decided.
    last_decided: Option<Uuid>,
    /// The state after the decided events. Nobody else may have it before they are stored.
    ahead: Option<Ahead<A>>,
    /// The known part of the answer.
    draft: R::Draft,
}

/// A state that contains events which may not be stored.
struct Ahead<A> {
    /// The state after them, with the version before them.
    warm: Warm<A>,
    events: u64,
}

impl<'a, A: Aggregate, C, R: Answer<A>> Running<'a, A, C, R> {
    pub(super) fn new(
        repository: &'a Repository<A>,
        (id, stream): (A::Id, StreamId),
        command: C,
        metadata: Metadata,
        (idempotency_key, fingerprint): (
            Option<IdempotencyKey>,
            Option<Result<CommandFingerprint, FingerprintError>>,
        ),
    ) -> Self {
        Self {
            repository,
            stream,
            idempotency_key,
            fingerprint,
            id,
            command,
            metadata,
            expected_version: None,
            unused_id: None,
            turn: None,
            warm: None,
            is_fresh: false,
            decided: Vec::new(),
            decided_bytes: 0,
            last_decided: None,
            ahead: None,
            draft: R::Draft::default(),
        }
    }

    pub(super) fn expecting(mut self, expected_version: Option<u64>) -> Self {
        self.expected_version = expected_version;
        self
    }

    /// Refuses a version of the instance that is not the expected one.
    pub(super) fn check_version<E>(&self, found: u64) -> Result<(), ExecuteError<E>> {
        match self.expected_version {
            Some(expected) if expected != found => Err(ExecuteError::WrongExpectedVersion {
                stream: self.stream.clone(),
                expected,
                found,
            }),
            _ => Ok(()),
        }
    }

    pub(super) fn correlation_id(&self) -> Option<Uuid> {
        self.metadata.correlation_id()
    }

    pub(super) fn correlate(&mut self, id: Uuid) {
        if self.metadata.correlation_id().is_none() {
            self.metadata = std::mem::take(&mut self.metadata).with_correlation_id(id);
        }
    }

    /// Gives its first event this id, which is new.
    pub(super) fn begin_with(&mut self, id: Uuid) {
        self.unused_id = Some(id);
    }

    /// Waits for its turn on the instance.
    pub(super) async fn take_turn(&mut self) {
        let mut turn = self.repository.instances.turn(&self.stream).await;
        self.warm = turn.warm.take();
        self.turn = Some(turn);
    }

    /// Drops the state after the decided events, because they were not stored.
    pub(super) fn step_back(&mut self) {
        self.ahead = None;
    }

    /// Applies the decided events before they are stored, so that an event whose `Apply` panics is
    /// refused. Answers `false` if it must decide again, because the state was not the newest.
    ///
    /// # Errors
    /// [`ExecuteError::ApplyPanicked`], and [`ExecuteError::ClonePanicked`] of the state for the answer.
    pub(super) fn apply_decided<E>(
        &mut self,
        batch: &AppendBatch,
    ) -> Result<bool, ExecuteError<E>> {
        let decided = std::mem::take(&mut self.decided);
        let events = decided.len() as u64;
        // Its state is out of reach from here on: a panic leaves it half changed.
        let Some(mut warm) = self.warm.take() else { return Ok(true) };
        if events == 0 {
            let is_taken = self.answer_with(&warm.state, warm.version)?;
            self.warm = Some(warm).filter(|_| is_taken);
            return Ok(is_taken);
        }
        let mut applied = 0;
        let done = guarded(|| {
            for event in decided {
                warm.state.apply_event(event);
                applied += 1;
            }
        });
        match done {
            Ok(()) => {
                if !self.answer_with(&warm.state, warm.version + events)? {
                    return Ok(false);
                }
                warm.since_snapshot.add(events, self.decided_bytes);
                self.ahead = Some(Ahead { warm, events });
                Ok(true)
            }
            Err(_) if !self.is_fresh => Ok(false),
            Err(message) => {
                let part = batch.streams.iter().find(|part| part.stream == self.stream);
                let event = part.and_then(|part| part.events.get(applied));
                Err(ExecuteError::ApplyPanicked {
                    stream: self.stream.clone(),
                    version: warm.version + 1 + applied as u64,
                    event: event.map_or_else(String::new, |event| event.name.to_string()),
                    message,
                })
            }
        }
    }

    /// Gives the answer its state before anything is stored. Answers `false` if the command must decide
    /// again, because the state was not the newest.
    fn answer_with<E>(&mut self, state: &A, version: u64) -> Result<bool, ExecuteError<E>> {
        match guarded(|| self.draft.applied(state)) {
            Ok(()) => Ok(true),
            Err(_) if !self.is_fresh => Ok(false),
            Err(message) => {
                Err(ExecuteError::ClonePanicked { stream: self.stream.clone(), version, message })
            }
        }
    }

    /// The state that it decides on: loaded, or brought up to date by what is new.
    ///
    /// In a box, because most commands find their state, and need no room for what is read.
    fn refresh(&mut self) -> Pin<Box<impl Future<Output = Result<(), LoadError>>>> {
        Box::pin(self.refresh_now())
    }

    async fn refresh_now(&mut self) -> Result<(), LoadError> {
        let Self { repository, stream, .. } = self;
        let mut page = repository.pages.take();
        let folded = fold_anew(repository, stream, self.warm.take(), &mut page).await;
        repository.pages.put(page);
        let mut warm = folded?;
        repository.snapshot_if_due(stream, &mut warm);
        self.warm = Some(warm);
        self.is_fresh = true;
        Ok(())
    }

    /// Answers with the result of the append. The state after the decided events becomes the state,
    /// unless the append was a repetition of an earlier command of the same key.
    ///
    /// # Errors
    /// [`ExecuteError::NotReturned`] if a repetition cannot be read again.
    pub(super) async fn settle<E>(&mut self, appended: &Appended) -> Result<R, ExecuteError<E>> {
        let place = appended.streams.iter().position(|part| part.stream == self.stream);
        let Some(place) = place else { return self.unchanged(appended.repeated).await };
        let (before, part) = (&appended.streams[..place], &appended.streams[place]);
        if let Some(Ahead { mut warm, events }) = self.ahead.take()
            && !appended.repeated
            && part.first_version == warm.version + 1
            && part.last_version == warm.version + events
        {
            warm.version = part.last_version;
            warm.last_event = self.last_decided;
            self.repository.snapshot_if_due(&self.stream, &mut warm);
            self.warm = Some(warm);
        }
        let before: u64 = before.iter().map(AppendedStream::event_count).sum();
        let first = Position::new(appended.first_position.get() + before);
        match self.draft.stored(Executed::of(part, appended), first) {
            Ok(answer) => Ok(answer),
            Err(executed) => read_again(self.repository, &self.id, executed).await,
        }
    }

    /// Returns the number of events of the stream without the decided ones, as far as it is known.
    fn version(&self) -> u64 {
        let warm = self.warm.as_ref().or(self.ahead.as_ref().map(|ahead| &ahead.warm));
        warm.map_or(0, |warm| warm.version)
    }
}

/// The state of a stream as it is stored now, from the state that an earlier command left, if it did.
async fn fold_anew<A: Aggregate>(
    repository: &Repository<A>,
    stream: &StreamId,
    warm: Option<Warm<A>>,
    page: &mut Page,
) -> Result<Warm<A>, LoadError> {
    let (store, codec) = (&*repository.store, repository.codec());
    let folded = match warm {
        Some(warm) => Fold::from(store, stream, warm).finish(page).await,
        None => Fold::new(store, stream, codec)?.finish(page).await,
    };
    match folded {
        Err(LoadError::Store(StoreError::HistoryChanged { .. })) => {
            // The state was computed from events that are gone; what is stored now is the truth.
            tracing::warn!(stream = %crate::value::escaped(&stream), "the stream lost events, and its cached state was dropped");
            Fold::new(store, stream, codec)?.finish(page).await
        }
        folded => folded,
    }
}

impl<A: Handle<C>, C, R: Answer<A>> Running<'_, A, C, R> {
    /// Decides, on a state that is as new as the decision needs.
    ///
    /// What an earlier command left is good enough for events: their append finds out whether it was
    /// old. To reject a command, or to answer that nothing happens, the stream is looked at first.
    pub(super) async fn decide(&mut self) -> Result<Option<StreamAppend>, ExecuteError<A::Error>> {
        self.decided.clear();
        self.draft.restart();
        loop {
            let Some(warm) = &self.warm else {
                self.refresh().await?;
                continue;
            };
            if let Err(wrong) = self.check_version(warm.version) {
                if self.is_fresh {
                    return Err(wrong);
                }
                self.refresh().await?;
                continue;
            }
            let now = to_microsecond(self.repository.clock.now());
            let context = Context::new(self.id.clone(), warm.version, now, self.metadata.clone());
            let answer = warm.state.handle(&self.command, &context);
            if !self.is_fresh && !answer.as_ref().is_ok_and(|events| !events.is_empty()) {
                self.refresh().await?;
                continue;
            }
            let events = answer.map_err(ExecuteError::Rejected)?;
            if events.is_empty() {
                return Ok(None);
            }
            let condition = match (warm.version, warm.last_event) {
                (0, _) => AppendCondition::NoStream,
                (version, Some(id)) => AppendCondition::LastEvent { version, id },
                (version, None) => AppendCondition::Version(version),
            };
            let events = self.encode(&events, &context)?;
            return Ok(Some(StreamAppend { stream: self.stream.clone(), condition, events }));
        }
    }

    /// Writes the events, and holds them as a later load will read them.
    fn encode(
        &mut self,
        events: &Events<A>,
        context: &Context<A>,
    ) -> Result<Vec<NewEvent>, ExecuteError<A::Error>> {
        self.decided.clear();
        self.decided_bytes = 0;
        let mut encoded = Vec::with_capacity(events.len());
        for event in events.as_slice() {
            let (now, metadata) = (context.now(), context.metadata().clone());
            let id = self.unused_id.take().unwrap_or_else(Uuid::now_v7);
            let (new, again) = round_trip::<A>(id, event, now, metadata)
                .map_err(|error| ExecuteError::not_stored(self.stream.clone(), error))?;
            self.draft.decided(&new).map_err(|source| {
                let known = A::EVENTS.iter().find(|known| known.name == &*new.name);
                let event = known.map_or("", |known| known.name);
                ExecuteError::Unreadable {
                    stream: self.stream.clone(),
                    event,
                    source,
                    unheld: None,
                }
            })?;
            self.decided.push(again);
            self.decided_bytes += new.payload.len();
            self.last_decided = Some(new.id);
            encoded.push(new);
        }
        Ok(encoded)
    }
}

impl<A: Aggregate, C, R: Answer<A>> Running<'_, A, C, R> {
    /// The answer of a command that emitted no events.
    pub(super) async fn nothing<E>(&mut self) -> Result<R, ExecuteError<E>> {
        self.unchanged(false).await
    }

    async fn unchanged<E>(&mut self, repeated: bool) -> Result<R, ExecuteError<E>> {
        let executed = Executed::nothing(self.stream.clone(), self.version(), repeated);
        if self.warm.is_none() {
            // The answer's state has events that were not stored.
            self.draft.restart();
        }
        match self.draft.unchanged(executed) {
            Ok(answer) => Ok(answer),
            Err(executed) => read_again(self.repository, &self.id, executed).await,
        }
    }
}

/// The answer of a command that an earlier one has stored.
async fn read_again<A: Aggregate, R: Answer<A>, E>(
    repository: &Repository<A>,
    id: &A::Id,
    executed: Executed,
) -> Result<R, ExecuteError<E>> {
    let read = R::Draft::read(repository, id, executed.clone()).await;
    read.map_err(|source| match executed.was_repeated() {
        true => ExecuteError::NotReturned { executed: Box::new(executed), source },
        false => source.into(),
    })
}

impl<A: Aggregate, C, R: Answer<A>> Drop for Running<'_, A, C, R> {
    /// Leaves the state of the stored events to the next command. One that contains events which may
    /// not be stored is dropped: the append failed, or this is dropped before its answer.
    fn drop(&mut self) {
        if let Some(turn) = &mut self.turn
            && !std::thread::panicking()
        {
            turn.warm = self.warm.take();
        }
    }
}
