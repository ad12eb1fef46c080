//! Commands that are stored as one unit: one, or several on different instances.

use std::future::{Future, IntoFuture, ready};
use std::marker::PhantomData;

use futures_core::future::BoxFuture;
use tracing::Instrument;
use uuid::Uuid;

use super::repetitions::Repetitions;
use super::running::Running;
use super::{Answer, Execute, ExecuteError, LoadError};
use crate::aggregate::Handle;
use crate::aggregate::demands::{Complete, Demands};
use crate::event::{Metadata, StreamId};
use crate::log::{
    AppendBatch, Appended, CommandFingerprint, Conflict, FingerprintError, FingerprintedCommand,
    IdempotencyKey, StoreError,
};
use crate::store::EventStore;

/// One command, or several that are stored as one unit; what [`Execute::and`] takes.
#[diagnostic::on_unimplemented(
    message = "expected a pending command, found `{Self}`",
    label = "not a pending command",
    note = "give what `repository.execute(&id, command)` returns, before it is awaited"
)]
pub trait Unit: Sized + Send {
    /// Its answer: an [`Executed`](super::Executed) or [`Returned`](super::Returned) for each command.
    type Answer: Send;
    /// Why one of its commands may be rejected.
    type Rejection: Send;
    #[doc(hidden)]
    #[allow(private_bounds, reason = "no other crate makes one")]
    type Parts: Parts<Answer = Self::Answer, Rejection = Self::Rejection>;

    #[doc(hidden)]
    fn begin(self) -> Result<Self::Parts, LoadError>;
}

/// Two commands, or more, whose events are stored as one unit; `.await` it.
///
/// Made by [`Execute::and`].
#[derive(Debug)]
#[must_use = "commands do nothing until they are awaited"]
pub struct Together<'a, L, R> {
    first: L,
    second: R,
    repositories: PhantomData<&'a ()>,
}

/// The rejection of one of two commands that are executed together.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Rejection<L, R> {
    /// The first.
    #[error(transparent)]
    First(L),
    /// The second.
    #[error(transparent)]
    Second(R),
}

/// The facts that must be known of each command of a unit before any of them begins.
pub(super) struct Member<'a> {
    stream: &'a StreamId,
    store: &'a dyn EventStore,
    idempotency_key: Option<&'a IdempotencyKey>,
    fingerprint: Option<&'a Result<CommandFingerprint, FingerprintError>>,
    metadata: &'a Metadata,
}

/// Commands at work. Nothing here knows how many.
pub(super) trait Parts: Send + Sync {
    type Answer: Send;
    type Rejection: Send;

    /// The store of the first, and how often it tries.
    fn first(&self) -> (&dyn EventStore, u32);
    /// Those of the repository of the first, whose key is that of the unit.
    fn repetitions(&self) -> &Repetitions;
    fn correlation_id(&self) -> Option<Uuid>;
    fn correlate(&mut self, id: Uuid);
    /// Gives the first event of the first this id, which is new.
    fn begin_with(&mut self, id: Uuid);
    /// Collects what each says of itself, in order.
    fn members<'a>(&'a self, into: &mut Vec<Member<'a>>);
    /// Waits for the turn of the command on this stream; whether there is one.
    fn take_turn(&mut self, of: &StreamId) -> impl Future<Output = bool> + Send;
    fn decide(
        &mut self,
        batch: &mut AppendBatch,
    ) -> impl Future<Output = Result<(), ExecuteError<Self::Rejection>>> + Send;
    /// Applies the decided events before they are stored. Answers `false` if the unit must decide
    /// again, because a state was not the newest.
    fn apply_decided(&mut self, batch: &AppendBatch)
    -> Result<bool, ExecuteError<Self::Rejection>>;
    /// Refuses a conflict that is one with the version that a command expects.
    fn check_conflict(&self, conflict: &Conflict) -> Result<(), ExecuteError<Self::Rejection>>;
    /// Drops the states after the decided events, because they were not stored.
    fn step_back(&mut self);
    fn settle(
        &mut self,
        appended: &Appended,
    ) -> impl Future<Output = Result<Self::Answer, ExecuteError<Self::Rejection>>> + Send;
    fn nothing(
        &mut self,
    ) -> impl Future<Output = Result<Self::Answer, ExecuteError<Self::Rejection>>> + Send;
}

impl<A, C, R> Parts for Running<'_, A, C, R>
where
    A: Handle<C, Error: Send>,
    C: Send + Sync,
    R: Answer<A>,
{
    type Answer = R;
    type Rejection = A::Error;

    fn first(&self) -> (&dyn EventStore, u32) {
        (&*self.repository.store, self.repository.max_attempts)
    }

    fn repetitions(&self) -> &Repetitions {
        &self.repository.repetitions
    }

    fn correlation_id(&self) -> Option<Uuid> {
        Running::correlation_id(self)
    }

    fn correlate(&mut self, id: Uuid) {
        Running::correlate(self, id);
    }

    fn begin_with(&mut self, id: Uuid) {
        Running::begin_with(self, id);
    }

    fn members<'a>(&'a self, into: &mut Vec<Member<'a>>) {
        into.push(Member {
            stream: &self.stream,
            store: &*self.repository.store,
            idempotency_key: self.idempotency_key.as_ref(),
            fingerprint: self.fingerprint.as_ref(),
            metadata: &self.metadata,
        });
    }

    async fn take_turn(&mut self, of: &StreamId) -> bool {
        if self.stream != *of {
            return false;
        }
        Running::take_turn(self).await;
        true
    }

    async fn decide(
        &mut self,
        batch: &mut AppendBatch,
    ) -> Result<(), ExecuteError<Self::Rejection>> {
        batch.streams.extend(Running::decide(self).await?);
        Ok(())
    }

    fn apply_decided(
        &mut self,
        batch: &AppendBatch,
    ) -> Result<bool, ExecuteError<Self::Rejection>> {
        Running::apply_decided(self, batch)
    }

    fn check_conflict(&self, conflict: &Conflict) -> Result<(), ExecuteError<Self::Rejection>> {
        match self.stream == conflict.stream {
            true => self.check_version(conflict.actual),
            false => Ok(()),
        }
    }

    fn step_back(&mut self) {
        Running::step_back(self);
    }

    async fn settle(&mut self, appended: &Appended) -> Result<R, ExecuteError<Self::Rejection>> {
        Running::settle(self, appended).await
    }

    async fn nothing(&mut self) -> Result<R, ExecuteError<Self::Rejection>> {
        Running::nothing(self).await
    }
}

/// Two at work.
pub struct Both<L, R>(L, R);

impl<L: Parts, R: Parts> Parts for Both<L, R> {
    type Answer = (L::Answer, R::Answer);
    type Rejection = Rejection<L::Rejection, R::Rejection>;

    fn first(&self) -> (&dyn EventStore, u32) {
        self.0.first()
    }

    fn repetitions(&self) -> &Repetitions {
        self.0.repetitions()
    }

    fn correlation_id(&self) -> Option<Uuid> {
        self.0.correlation_id().or_else(|| self.1.correlation_id())
    }

    fn correlate(&mut self, id: Uuid) {
        self.0.correlate(id);
        self.1.correlate(id);
    }

    fn begin_with(&mut self, id: Uuid) {
        self.0.begin_with(id);
    }

    fn members<'a>(&'a self, into: &mut Vec<Member<'a>>) {
        self.0.members(into);
        self.1.members(into);
    }

    async fn take_turn(&mut self, of: &StreamId) -> bool {
        self.0.take_turn(of).await || self.1.take_turn(of).await
    }

    async fn decide(
        &mut self,
        batch: &mut AppendBatch,
    ) -> Result<(), ExecuteError<Self::Rejection>> {
        let first = self.0.decide(batch).await;
        first.map_err(|error| error.map(Rejection::First))?;
        let second = self.1.decide(batch).await;
        second.map_err(|error| error.map(Rejection::Second))
    }

    fn apply_decided(
        &mut self,
        batch: &AppendBatch,
    ) -> Result<bool, ExecuteError<Self::Rejection>> {
        let first = self.0.apply_decided(batch);
        let first = first.map_err(|error| error.map(Rejection::First))?;
        let second = self.1.apply_decided(batch);
        Ok(second.map_err(|error| error.map(Rejection::Second))? && first)
    }

    fn check_conflict(&self, conflict: &Conflict) -> Result<(), ExecuteError<Self::Rejection>> {
        let first = self.0.check_conflict(conflict);
        first.map_err(|error| error.map(Rejection::First))?;
        let second = self.1.check_conflict(conflict);
        second.map_err(|error| error.map(Rejection::Second))
    }

    fn step_back(&mut self) {
        self.0.step_back();
        self.1.step_back();
    }

    async fn settle(
        &mut self,
        appended: &Appended,
    ) -> Result<Self::Answer, ExecuteError<Self::Rejection>> {
        let first = self.0.settle(appended).await;
        // Both, so that the state of each is there for the next command.
        let second = self.1.settle(appended).await;
        let first = first.map_err(|error| error.map(Rejection::First))?;
        Ok((first, second.map_err(|error| error.map(Rejection::Second))?))
    }

    async fn nothing(&mut self) -> Result<Self::Answer, ExecuteError<Self::Rejection>> {
        let first = self.0.nothing().await.map_err(|error| error.map(Rejection::First))?;
        let second = self.1.nothing().await;
        Ok((first, second.map_err(|error| error.map(Rejection::Second))?))
    }
}

/// Decides, appends, and decides again when another writer appended first.
#[allow(clippy::manual_async_fn, reason = "an `async fn` has room for its argument twice")]
pub(super) fn run<P: Parts>(
    mut parts: P,
) -> impl Future<Output = Result<P::Answer, ExecuteError<P::Rejection>>> + Send {
    async move {
        let streams = in_order(&parts)?;
        let key = key_of(&parts)?;
        for stream in &streams {
            parts.take_turn(stream).await;
        }
        let given = parts.correlation_id();
        let correlation = given.unwrap_or_else(Uuid::now_v7);
        parts.correlate(correlation);
        if given.is_none() {
            // What begins a correlation has its id.
            parts.begin_with(correlation);
        }
        let mut attempts = 0;
        loop {
            attempts += 1;
            // The append of one command finds its key by itself, but costs a repetition its cached state.
            // That of several may begin with another stream than it did before.
            if (streams.len() > 1 || parts.repetitions().are_expected())
                && let Some(first) = first_answer(&parts, &streams, key.as_ref()).await?
            {
                return parts.settle(&first).await;
            }
            let mut batch = AppendBatch::default();
            let decided =
                match parts.decide(&mut batch).await.and_then(|()| parts.apply_decided(&batch)) {
                    Ok(false) => {
                        // Each state is read anew, so this happens once for each command at most.
                        parts.step_back();
                        attempts -= 1;
                        continue;
                    }
                    decided => decided.map(drop),
                };
            if decided.is_err() || batch.streams.is_empty() {
                return match first_answer(&parts, &streams, key.as_ref()).await? {
                    Some(first) => parts.settle(&first).await,
                    None => {
                        decided?;
                        parts.nothing().await
                    }
                };
            }
            batch.idempotency_key.clone_from(&key);
            let (store, max_attempts) = parts.first();
            match store.append(batch).await {
                Ok(appended) => {
                    let repeated = appended.repeated;
                    if key.is_some() {
                        parts.repetitions().record(repeated);
                    }
                    tracing::debug!(position = %appended.last_position, repeated, "appended");
                    return parts.settle(&appended).await;
                }
                Err(StoreError::Conflict(conflict)) if attempts < max_attempts => {
                    parts.check_conflict(&conflict)?;
                    tracing::debug!(attempts, %conflict, "another writer appended first");
                    parts.step_back();
                }
                Err(StoreError::Conflict(conflict)) => {
                    parts.check_conflict(&conflict)?;
                    return Err(ExecuteError::Conflict { attempts, conflict });
                }
                Err(error) => return Err(error.into()),
            }
        }
    }
}

/// The streams in the order in which their turns are waited for. It is the same for all units, so
/// that no two of them wait for each other.
fn in_order<P: Parts>(parts: &P) -> Result<Vec<StreamId>, ExecuteError<P::Rejection>> {
    let mut members = Vec::new();
    parts.members(&mut members);
    for Member { stream, metadata, .. } in &members {
        let refused = |source| ExecuteError::BlankActor { stream: (*stream).clone(), source };
        metadata.refuse_blank_actor().map_err(refused)?;
    }
    for later in members.iter().skip(1) {
        if later.store.log_id() != parts.first().0.log_id() {
            return Err(ExecuteError::DifferentStores { stream: later.stream.clone() });
        }
        if later.idempotency_key.is_some() {
            return Err(ExecuteError::KeyNotOnFirst { stream: later.stream.clone() });
        }
    }
    let mut streams: Vec<_> = members.iter().map(|member| member.stream.clone()).collect();
    streams.sort_unstable();
    match streams.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(pair) => Err(ExecuteError::SameInstance { stream: pair[0].clone() }),
        None => Ok(streams),
    }
}

/// The key of the first command, with the fingerprints of all.
fn key_of<P: Parts>(parts: &P) -> Result<Option<IdempotencyKey>, ExecuteError<P::Rejection>> {
    let mut members = Vec::new();
    parts.members(&mut members);
    let Some(key) = members.first().and_then(|first| first.idempotency_key) else {
        return Ok(None);
    };
    let mut fingerprints = Vec::with_capacity(members.len());
    for Member { stream, fingerprint, .. } in &members {
        match fingerprint {
            Some(Ok(fingerprint)) => fingerprints.push((*stream, fingerprint)),
            Some(Err(source)) => {
                let (stream, source) = ((*stream).clone(), source.clone());
                return Err(ExecuteError::Fingerprint { stream, source });
            }
            None => {}
        }
    }
    let fingerprint = match &*fingerprints {
        [(_, only)] if members.len() == 1 => (*only).clone(),
        _ => CommandFingerprint::of_batch(fingerprints.into_iter()),
    };
    Ok(Some(key.clone().for_command(fingerprint)))
}

/// Finds the answer of a unit that was executed before under its key.
async fn first_answer<P: Parts>(
    parts: &P,
    streams: &[StreamId],
    key: Option<&IdempotencyKey>,
) -> Result<Option<Appended>, ExecuteError<P::Rejection>> {
    let Some(key) = key else { return Ok(None) };
    let mut found = None;
    for stream in streams {
        found = parts.first().0.find_append(stream.clone(), key.clone()).await?;
        if found.is_some() {
            break;
        }
    }
    parts.repetitions().record(found.is_some());
    Ok(found)
}

impl<'a, A, C, M, R> Unit for Execute<'a, A, C, M, R>
where
    A: Handle<C, Error: Send>,
    C: FingerprintedCommand + Send + Sync + 'a,
    M: Demands + Complete<A>,
    R: Answer<A>,
{
    type Answer = R;
    type Rejection = A::Error;
    type Parts = Running<'a, A, C, R>;

    fn begin(self) -> Result<Self::Parts, LoadError> {
        Ok(self.fingerprinted().into_running()?)
    }
}

#[diagnostic::do_not_recommend]
impl<L: Unit, R: Unit> Unit for Together<'_, L, R> {
    type Answer = (L::Answer, R::Answer);
    type Rejection = Rejection<L::Rejection, R::Rejection>;
    type Parts = Both<L::Parts, R::Parts>;

    fn begin(self) -> Result<Self::Parts, LoadError> {
        Ok(Both(self.first.begin()?, self.second.begin()?))
    }
}

impl<'a, L, R> Together<'a, L, R> {
    pub(super) fn new(first: L, second: R) -> Self {
        Self { first, second, repositories: PhantomData }
    }

    /// Has the events of one more command, or of several, stored in the same unit.
    pub fn and<U: Unit + 'a>(self, other: U) -> Together<'a, Self, U> {
        Together::new(self, other)
    }
}

impl<'a, L, R> IntoFuture for Together<'a, L, R>
where
    L: Unit + 'a,
    R: Unit + 'a,
{
    type Output =
        Result<(L::Answer, R::Answer), ExecuteError<Rejection<L::Rejection, R::Rejection>>>;
    type IntoFuture = BoxFuture<'a, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        let span = tracing::debug_span!("execute_together");
        // The trace is the caller's, so it begins before the span does.
        match self.begin() {
            Ok(parts) => Box::pin(run(parts).instrument(span)),
            Err(error) => Box::pin(ready(Err(error.into()))),
        }
    }
}
