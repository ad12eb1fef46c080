//! From a command to appended events.

use std::future::IntoFuture;

use futures_core::future::BoxFuture;
use tracing::Instrument;
use uuid::Uuid;

use super::load::stream_of;
use super::running::Running;
use super::unit::{Together, Unit, run};
use super::{ExecuteError, Repository};
use crate::{
    Aggregate, Appended, AppendedStream, Context, Events, Handle, IdempotencyKey, InvalidStreamId,
    Metadata, MetadataKey, Position, StreamId,
};

/// A command that waits to be executed; `.await` it.
#[must_use = "a command does nothing until it is awaited"]
pub struct Execute<'a, A: Aggregate, C> {
    repository: &'a Repository<A>,
    id: A::Id,
    command: C,
    metadata: Metadata,
    idempotency_key: Option<IdempotencyKey>,
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

/// What a command came to.
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

    /// How many events the instance has after the command.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// How many of them came of the command.
    pub fn event_count(&self) -> u64 {
        self.events
    }

    /// The position of the last event that came of the command, or of the unit that it belongs to;
    /// `None` when none came of the command.
    pub fn position(&self) -> Option<Position> {
        self.position
    }

    /// Whether a command of the same idempotency key had been executed before; nothing was stored
    /// now, and this is its answer.
    pub fn was_repeated(&self) -> bool {
        self.repeated
    }

    pub(super) fn nothing(stream: StreamId, version: u64, repeated: bool) -> Self {
        Self { stream, version, events: 0, position: None, repeated }
    }

    /// The answer to a command that appended to this stream.
    pub(super) fn of(part: &AppendedStream, appended: &Appended) -> Self {
        Self {
            stream: part.stream.clone(),
            version: part.last_version,
            events: part.last_version + 1 - part.first_version,
            position: Some(appended.last_position),
            repeated: appended.repeated,
        }
    }
}

impl<'a, A: Aggregate, C> Execute<'a, A, C> {
    pub(super) fn new(repository: &'a Repository<A>, id: A::Id, command: C) -> Self {
        let (metadata, idempotency_key) = (Metadata::new(), None);
        Self { repository, id, command, metadata, idempotency_key }
    }

    /// Who gives the command.
    pub fn by(mut self, actor: impl Into<String>) -> Self {
        self.metadata = self.metadata.with_actor(actor);
        self
    }

    /// The id of the event or message that causes the command.
    pub fn caused_by(mut self, id: Uuid) -> Self {
        self.metadata = self.metadata.with_causation_id(id);
        self
    }

    /// What all that belongs to one business transaction has in common. Without it the events of
    /// the command share an id of their own.
    pub fn correlated_by(mut self, id: Uuid) -> Self {
        self.metadata = self.metadata.with_correlation_id(id);
        self
    }

    /// A key of your own, by its type, beside every event of the command.
    pub fn with_key<K: MetadataKey>(mut self, value: K) -> Self {
        self.metadata = self.metadata.with_key(value);
        self
    }

    /// A key of your own beside every event of the command; one whose value has a type is given by
    /// [`with_key`](Self::with_key).
    pub fn with(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.metadata = self.metadata.with(key, value);
        self
    }

    /// All metadata at once, in place of what was said so far.
    pub fn with_metadata(mut self, metadata: Metadata) -> Self {
        self.metadata = metadata;
        self
    }

    /// What tells a repetition of this command from a new one; scoped to the instance.
    ///
    /// The key is stored with the command's events, in one unit. A command with a key that was
    /// used is answered with its first result, also when it would be rejected by now. A command
    /// that came to no events leaves no key behind.
    pub fn idempotency_key(mut self, key: impl Into<IdempotencyKey>) -> Self {
        self.idempotency_key = Some(key.into());
        self
    }
}

impl<'a, A: Aggregate, C> Execute<'a, A, C> {
    /// Has the events of another command, on another instance, stored in the same unit: all of them
    /// are stored, or none. The other may be of another aggregate, whose repository is over the same
    /// store, or more than one command.
    ///
    /// Each decides on its own instance. The answer is a pair, and so is a rejection, which says
    /// whose it is. An idempotency key is that of the first command. One that comes to no events does
    /// not hold the others to what it has seen.
    ///
    /// ```text
    /// let withdrawal = accounts.execute(&from, Withdraw { cents });
    /// let (withdrawn, deposited) = withdrawal.and(accounts.execute(&to, Deposit { cents })).await?;
    /// ```
    pub fn and<U: Unit + 'a>(self, other: U) -> Together<'a, Self, U> {
        Together::new(self, other)
    }

    pub(super) fn into_running(self) -> Result<Running<'a, A, C>, InvalidStreamId> {
        let Self { repository, id, command, metadata, idempotency_key } = self;
        let stream = stream_of::<A>(&id)?;
        Ok(Running::new(repository, (id, stream), command, metadata, idempotency_key))
    }
}

impl<'a, A, C> IntoFuture for Execute<'a, A, C>
where
    A: Handle<C, Error: Send>,
    C: Send + Sync + 'a,
{
    type Output = Result<Executed, ExecuteError<A::Error>>;
    type IntoFuture = BoxFuture<'a, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        let span = tracing::debug_span!(
            "execute",
            aggregate = A::NAME,
            id = %self.id,
            command = std::any::type_name::<C>()
        );
        Box::pin(async move { run(self.begin()?).await }.instrument(span))
    }
}

impl<A: Aggregate, C> std::fmt::Debug for Execute<'_, A, C> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Execute")
            .field("aggregate", &A::NAME)
            .field("id", &format_args!("{}", self.id))
            .field("command", &std::any::type_name::<C>())
            .field("metadata", &self.metadata)
            .field("idempotency_key", &self.idempotency_key)
            .finish()
    }
}
