//! From a command to appended events.

use std::future::{IntoFuture, ready};
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{self, Poll};
use std::time::Duration;

use futures_core::future::BoxFuture;
use serde::Serialize;
use tracing::Instrument;
use uuid::Uuid;

use super::load::stream_of;
use super::running::Running;
use super::unit::{Together, Unit, run};
use super::wait_for::WaitFor;
use super::{Answer, ExecuteError, LoadError, Repository, Returned};
use crate::aggregate::demands::{Complete, Demands, LacksSomething, MadeComplete, Takes};
use crate::aggregate::{Aggregate, Context, Events, Handle};
use crate::event::{
    InvalidStreamId, Metadata, MetadataKey, OccurredAt, Position, StreamId, TraceContext,
};
use crate::log::{Appended, AppendedStream};
use crate::log::{
    CommandFingerprint, FingerprintError, FingerprintedCommand, IdempotencyKey, KeyText,
};
use crate::read_model::projection::Projection;
use crate::read_model::subscription::Projected;
use crate::value::brief;

/// A pending command; `.await` it.
///
/// `M` is what its aggregate [demands](crate::demands) and was not given yet: nothing, unless there is
/// a `requires(…)`. A command of which something is missing cannot be awaited, and says so when it
/// is compiled. `R` is its answer: [`Executed`], or [`Returned`] after
/// [`returning`](Self::returning).
#[must_use = "a command does nothing until it is awaited"]
pub struct Execute<'a, A: Aggregate, C, M = (), R = Executed> {
    pub(super) repository: &'a Repository<A>,
    id: A::Id,
    command: C,
    metadata: Metadata,
    idempotency_key: Option<IdempotencyKey>,
    fingerprint: Option<Result<CommandFingerprint, FingerprintError>>,
    expected_version: Option<u64>,
    missing: PhantomData<fn() -> (M, R)>,
}

/// A command of `A`: what [`Handle`] says, seen from the command. Asked for this way round, rustc
/// waits until it knows the command, and names it when it is not handled.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{A}` does not handle the command `{Self}`",
    label = "`{A}` has no `Handle` for this command",
    note = "write `impl Handle<{Self}> for {A} {{ type Error = …; fn handle(&self, command: &{Self}, ctx: &Context<Self>) -> Result<Events<Self>, Self::Error> {{ … }} }}`"
)]
pub trait CommandOf<A: Aggregate> {
    /// See [`Handle::Error`].
    type Error;

    /// See [`Handle::handle`].
    fn answer(&self, state: &A, ctx: &Context<A>) -> Result<Events<A>, Self::Error>;
}

#[diagnostic::do_not_recommend]
impl<A: Handle<C>, C> CommandOf<A> for C {
    type Error = A::Error;

    fn answer(&self, state: &A, ctx: &Context<A>) -> Result<Events<A>, Self::Error> {
        state.handle(self, ctx)
    }
}

/// The result of a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Executed {
    stream: StreamId,
    version: u64,
    events: u64,
    position: Option<Position>,
    repeated: bool,
}

impl Executed {
    /// The stream of the instance.
    pub fn stream(&self) -> &StreamId {
        &self.stream
    }

    /// Returns the number of events of the instance after the command.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// Returns the number of events that the command emitted.
    pub fn event_count(&self) -> u64 {
        self.events
    }

    /// The position of the last event that came of the command, or of the unit that it belongs to;
    /// `None` when none came of the command.
    pub fn position(&self) -> Option<Position> {
        self.position
    }

    /// Returns true if a command of the same idempotency key had been executed before; nothing was stored
    /// now, and this is its answer.
    pub fn was_repeated(&self) -> bool {
        self.repeated
    }

    /// The same at another version.
    pub(super) fn at(self, version: u64) -> Self {
        Self { version, ..self }
    }

    pub(super) fn nothing(stream: StreamId, version: u64, repeated: bool) -> Self {
        Self { stream, version, events: 0, position: None, repeated }
    }

    /// The answer to a command that appended to this stream.
    pub(super) fn of(part: &AppendedStream, appended: &Appended) -> Self {
        Self {
            stream: part.stream.clone(),
            version: part.last_version,
            events: part.event_count(),
            position: Some(appended.last_position),
            repeated: appended.repeated,
        }
    }
}

impl<'a, A: Aggregate, C> Execute<'a, A, C, A::Requires> {
    pub(super) fn new(repository: &'a Repository<A>, id: A::Id, command: C) -> Self {
        let metadata = Metadata::new();
        let (idempotency_key, fingerprint, missing) = (None, None, PhantomData);
        Self {
            repository,
            id,
            command,
            metadata,
            idempotency_key,
            fingerprint,
            expected_version: None,
            missing,
        }
    }
}

impl<'a, A: Aggregate, C, M: Demands, R: Answer<A>> Execute<'a, A, C, M, R> {
    /// Sets the actor of the command. A blank text names nobody, and is [`ExecuteError::BlankActor`].
    pub fn by(self, actor: impl Into<String>) -> Execute<'a, A, C, M::WithActor, R> {
        self.knowing(|metadata| metadata.with_actor(actor))
    }

    /// The id of the event or message that causes the command.
    pub fn caused_by(self, id: Uuid) -> Execute<'a, A, C, M::WithCausation, R> {
        self.knowing(|metadata| metadata.with_causation_id(id))
    }

    /// Sets the id that all events of one business transaction share. Without it the events of the command
    /// share an id of their own.
    pub fn correlated_by(self, id: Uuid) -> Execute<'a, A, C, M::WithCorrelation, R> {
        self.knowing(|metadata| metadata.with_correlation_id(id))
    }

    /// The time at which what the command is about occurred, as a `Timestamp`, or as a `ZonedDateTime` with the
    /// time zone of its source. Without it, the command occurs when it is executed.
    pub fn occurred_at(self, time: impl Into<OccurredAt>) -> Self {
        self.knowing(|metadata| metadata.with_occurred_at(time))
    }

    /// A key of your own, by its type, next to every event of the command. Keys that the aggregate
    /// demands come first, in any order.
    pub fn with_key<K: MetadataKey>(self, value: K) -> Execute<'a, A, C, M::Left, R>
    where
        M: Takes<A, K>,
    {
        self.knowing(|metadata| metadata.with_key(value))
    }

    /// A key of your own next to every event of the command; one whose value has a type is given by
    /// [`with_key`](Self::with_key).
    pub fn with(self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.knowing(|metadata| metadata.with(key, value))
    }

    /// Where in a distributed trace the command stands; without it, what the repository
    /// [picks up](Repository::with_trace_context).
    pub fn with_trace_context(self, context: TraceContext) -> Self {
        let (traceparent, tracestate) = context.into_parts();
        self.knowing(|metadata| metadata.with_trace(traceparent, tracestate))
    }

    /// All metadata at once, in place of what was said so far.
    ///
    /// What is in it is known when the program runs, and not when it is compiled: what the aggregate
    /// demands must be given behind it.
    pub fn with_metadata(self, metadata: Metadata) -> Execute<'a, A, C, A::Requires, R> {
        self.knowing(|_| metadata)
    }

    fn knowing<N, Q>(self, more: impl FnOnce(Metadata) -> Metadata) -> Execute<'a, A, C, N, Q> {
        let Self {
            repository,
            id,
            command,
            metadata,
            idempotency_key,
            fingerprint,
            expected_version,
            ..
        } = self;
        Execute {
            repository,
            id,
            command,
            metadata: more(metadata),
            idempotency_key,
            fingerprint,
            expected_version,
            missing: PhantomData,
        }
    }

    /// Refuses the command unless the instance is at this version, as `If-Match` does in HTTP: the version
    /// that its caller has seen. 0 expects an instance without events.
    ///
    /// Another version is [`ExecuteError::WrongExpectedVersion`]; nothing is stored then, and the command
    /// is not tried again. A repetition of a stored command by its
    /// [idempotency key](Self::idempotency_key) is answered before the version is compared. The version
    /// of a command that emits no events is compared when it is decided.
    ///
    /// ```
    #[doc = include_str!("../doc/bank_account.txt")]
    /// use esrs_core::{ExecuteError, MemoryStore, Repository};
    ///
    /// let accounts = Repository::<BankAccount>::new(MemoryStore::new());
    /// let id = "NL-18".to_owned();
    /// let seen = accounts.execute(&id, Deposit { cents: 500 }).await?.version();
    /// accounts.execute(&id, Deposit { cents: 20 }).await?;
    ///
    /// let late = accounts.execute(&id, Deposit { cents: 1 }).expected_version(seen).await;
    /// let Err(ExecuteError::WrongExpectedVersion { expected, found, .. }) = late else {
    ///     panic!("version {seen} is not the newest")
    /// };
    /// assert_eq!((expected, found), (1, 2));
    /// # Ok(()) }
    /// ```
    pub fn expected_version(self, version: u64) -> Self {
        Self { expected_version: Some(version), ..self }
    }

    /// Answers with the emitted events and the state after them, as a [`Returned`], without another read.
    ///
    /// Both are what a later read returns. A repetition of a command by its
    /// [idempotency key](Self::idempotency_key) reads the stored events and the state after them, and
    /// says so as before: [`Executed::was_repeated`].
    ///
    /// The state is cloned, because the next command on the instance works on it too.
    ///
    /// ```
    #[doc = include_str!("../doc/bank_account.txt")]
    /// use esrs_core::{MemoryStore, Recorded, Repository};
    ///
    /// let accounts = Repository::<BankAccount>::new(MemoryStore::new());
    /// let id = "NL-18".to_owned();
    /// let deposited = accounts.execute(&id, Deposit { cents: 500 }).returning().await?;
    /// assert_eq!(deposited.state().cents, 500);
    /// let event = &deposited.events()[0];
    /// assert_eq!((Recorded::version(event), Recorded::position(event).get()), (1, 1));
    /// # Ok(()) }
    /// ```
    pub fn returning(self) -> Execute<'a, A, C, M, Returned<A>>
    where
        A: Clone,
    {
        self.knowing(|metadata| metadata)
    }

    /// Identifies repetitions of this command by a key, as `&str`, `String` or [`IdempotencyKey`]; scoped
    /// to the instance.
    ///
    /// The key is stored with the command's events, in one unit. A command with a key that was
    /// used is answered with its first result, also when it would be rejected by now. A command
    /// that emitted no events leaves no key behind.
    ///
    /// A [fingerprint](CommandFingerprint) of the command is stored with the key: a key that was used for
    /// a different command is [`ExecuteError::KeyReused`]. It is made of what `Serialize` writes, so the
    /// command needs `#[derive(Serialize)]`.
    pub fn idempotency_key(self, key: impl KeyText) -> Self
    where
        C: FingerprintedCommand,
    {
        let fingerprint = Some(self.command.fingerprint());
        Self { idempotency_key: Some(key.into_key()), fingerprint, ..self }
    }

    /// The same as [`idempotency_key`](Self::idempotency_key), with a fingerprint of `content` instead of
    /// the command: of the request that it was made of, or for a command that is not `Serialize`.
    pub fn idempotency_key_for(
        self,
        key: impl KeyText,
        content: &(impl Serialize + ?Sized),
    ) -> Self {
        let fingerprint = Some(CommandFingerprint::of(content));
        Self { idempotency_key: Some(key.into_key()), fingerprint, ..self }
    }

    /// Has the events of another command, on another instance, stored in the same unit: all of them
    /// are stored, or none. The other may be of another aggregate, whose repository is over the same
    /// store, or more than one command.
    ///
    /// Each decides on its own instance. The answer is a pair, and so is a rejection, which says
    /// whose it is. An idempotency key is given to the first command, and is that of them all, with
    /// the fingerprints of them all: each needs `#[derive(Serialize)]`. On another it is
    /// [`ExecuteError::KeyNotOnFirst`]. One that emits no events does not hold the
    /// others to what it has seen.
    ///
    /// ```text
    /// let withdrawal = accounts.execute(&from, Withdraw { cents });
    /// let (withdrawn, deposited) = withdrawal.and(accounts.execute(&to, Deposit { cents })).await?;
    /// ```
    pub fn and<U: Unit + 'a>(self, other: U) -> Together<'a, Self, U>
    where
        M: Complete<A>,
        C: FingerprintedCommand,
    {
        Together::new(self, other)
    }

    /// Waits until the read model `P` has taken the events of the command, for no longer than this: a
    /// query of it then finds what was written.
    ///
    /// The projection must run: inline, by a runner of this process or of another. What the
    /// command has emitted is stored when the wait ends without it, too: [`ExecuteError::NotSeen`] has it.
    ///
    /// ```text
    /// accounts.execute(&id, Deposit { cents: 500 }).wait_for::<AccountSummary>(SECOND).await?;
    /// let row = store.get::<AccountSummary>(&id).await?;
    /// ```
    pub fn wait_for<P: Projection>(self, timeout: Duration) -> WaitFor<'a, A, C, R>
    where
        M: Complete<A>,
    {
        let execute = self.knowing(|metadata| metadata);
        WaitFor { execute, subscription: Projected::<P>::subscription_of(), timeout }
    }

    /// Computes the fingerprint of a command that is one of several, the first of which may have a key.
    pub(super) fn fingerprinted(mut self) -> Self
    where
        C: FingerprintedCommand,
    {
        self.fingerprint.get_or_insert_with(|| self.command.fingerprint());
        self
    }

    pub(super) fn into_running(self) -> Result<Running<'a, A, C, R>, InvalidStreamId> {
        let Self { repository, id, command, metadata, .. } = self;
        let stream = stream_of::<A>(&id)?;
        let metadata = repository.trace_source.trace(metadata);
        let key = (self.idempotency_key, self.fingerprint);
        let running = Running::new(repository, (id, stream), command, metadata, key);
        Ok(running.expecting(self.expected_version))
    }
}

impl<'a, A, C, R> IntoFuture for Execute<'a, A, C, (), R>
where
    A: Handle<C, Error: Send>,
    C: Send + Sync + 'a,
    R: Answer<A>,
{
    type Output = Result<R, ExecuteError<A::Error>>;
    type IntoFuture = BoxFuture<'a, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        let span = tracing::debug_span!(
            "execute",
            aggregate = A::NAME,
            id = %brief(&self.id),
            command = std::any::type_name::<C>()
        );
        // The trace is the caller's, so it begins before the span does.
        match self.into_running() {
            Ok(running) => Box::pin(run(running).instrument(span)),
            Err(invalid) => Box::pin(ready(Err(LoadError::from(invalid).into()))),
        }
    }
}

/// Says at `.await` what is missing. Nothing implements what this asks for: it is there so that rustc
/// looks for that, and does not say that a command is not a future.
#[doc(hidden)]
impl<A, C, M, R> Future for Execute<'_, A, C, M, R>
where
    A: Handle<C>,
    M: for<'b> LacksSomething<'b> + MadeComplete<A>,
{
    type Output = Result<R, ExecuteError<A::Error>>;

    fn poll(self: Pin<&mut Self>, _: &mut task::Context<'_>) -> Poll<Self::Output> {
        unreachable!("something is missing")
    }
}

impl<A: Aggregate, C, M, R> std::fmt::Debug for Execute<'_, A, C, M, R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Execute")
            .field("aggregate", &A::NAME)
            .field("id", &format_args!("{}", brief(&self.id)))
            .field("command", &std::any::type_name::<C>())
            .field("metadata", &self.metadata)
            .field("idempotency_key", &self.idempotency_key)
            .field("expected_version", &self.expected_version)
            .finish()
    }
}
