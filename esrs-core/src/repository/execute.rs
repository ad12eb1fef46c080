//! From a command to appended events.

use std::future::IntoFuture;

use futures_core::future::BoxFuture;
use jiff::Timestamp;
use tracing::Instrument;
use uuid::Uuid;

use super::load::{load, stream_of};
use super::{ExecuteError, Loaded, Repository};
use crate::clock::to_microsecond;
use crate::{
    Aggregate, AppendBatch, AppendCondition, Appended, Context, Events, Handle, IdempotencyKey,
    Metadata, NewEvent, Page, Position, StoreError, StreamId,
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
pub trait CommandOf<A> {}

#[diagnostic::do_not_recommend]
impl<A: Handle<C>, C> CommandOf<A> for C {}

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

    /// The position of the last event that came of the command; `None` when none did.
    pub fn position(&self) -> Option<Position> {
        self.position
    }

    /// Whether a command of the same idempotency key had been executed before; nothing was stored
    /// now, and this is its answer.
    pub fn was_repeated(&self) -> bool {
        self.repeated
    }

    fn nothing(stream: StreamId, version: u64) -> Self {
        Self { stream, version, events: 0, position: None, repeated: false }
    }

    /// The answer to a command that appended to one stream, or whose first part did.
    fn of(stream: StreamId, appended: &Appended) -> Self {
        let part = appended.streams.iter().find(|part| part.stream == stream);
        let (version, events) = part
            .map_or((0, 0), |part| (part.last_version, part.last_version + 1 - part.first_version));
        let position = Some(appended.last_position);
        Self { stream, version, events, position, repeated: appended.repeated }
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

    /// A key of your own beside every event of the command.
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

impl<A: Handle<C>, C> Execute<'_, A, C> {
    async fn run(self) -> Result<Executed, ExecuteError<A::Error>> {
        let stream = stream_of::<A>(&self.id).map_err(super::LoadError::from)?;
        let span = tracing::debug_span!(
            "execute",
            stream = stream.as_str(),
            command = std::any::type_name::<C>()
        );
        let mut page = self.repository.pages.take();
        let executed = self.attempt(stream, &mut page).instrument(span).await;
        self.repository.pages.put(page);
        executed
    }

    async fn attempt(
        &self,
        stream: StreamId,
        page: &mut Page,
    ) -> Result<Executed, ExecuteError<A::Error>> {
        let store = &*self.repository.store;
        let correlation_id = self.metadata.correlation_id().unwrap_or_else(Uuid::now_v7);
        let metadata = self.metadata.clone().with_correlation_id(correlation_id);
        let mut attempts = 0;
        loop {
            attempts += 1;
            let now = to_microsecond(self.repository.clock.now());
            let loaded: Loaded<A> = load(store, self.id.clone(), stream.clone(), page).await?;
            let version = loaded.version();
            let context = Context::new(self.id.clone(), version, now, metadata.clone());
            let answer = loaded.state().handle(&self.command, &context);
            if !answer.as_ref().is_ok_and(|events| !events.is_empty())
                && let Some(first) = self.first_answer(&stream).await?
            {
                return Ok(first);
            }
            let events = answer.map_err(ExecuteError::Rejected)?;
            if events.is_empty() {
                return Ok(Executed::nothing(stream, version));
            }
            let events = encode::<A, A::Error>(&stream, &events, now, &metadata)?;
            let condition = match version {
                0 => AppendCondition::NoStream,
                version => AppendCondition::Version(version),
            };
            let mut batch = AppendBatch::new(stream.clone(), condition, events);
            batch.idempotency_key = self.idempotency_key.clone();
            match store.append(batch).await {
                Ok(appended) => {
                    let executed = Executed::of(stream, &appended);
                    tracing::debug!(version = executed.version, repeated = executed.repeated);
                    return Ok(executed);
                }
                Err(StoreError::Conflict(conflict)) if attempts < self.repository.max_attempts => {
                    tracing::debug!(attempts, %conflict, "another writer was faster");
                }
                Err(StoreError::Conflict(conflict)) => {
                    return Err(ExecuteError::Conflict { attempts, conflict });
                }
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// What the command was answered with, if it was executed before under this key.
    async fn first_answer(
        &self,
        stream: &StreamId,
    ) -> Result<Option<Executed>, ExecuteError<A::Error>> {
        let Some(key) = &self.idempotency_key else { return Ok(None) };
        let found = self.repository.store.find_append(stream.clone(), key.clone()).await?;
        Ok(found.map(|appended| Executed::of(stream.clone(), &appended)))
    }
}

fn encode<A: Aggregate, E>(
    stream: &StreamId,
    events: &Events<A>,
    now: Timestamp,
    metadata: &Metadata,
) -> Result<Vec<NewEvent>, ExecuteError<E>> {
    let encode_one = |event| {
        let (place, payload) = A::encode(event);
        let event_type = &A::EVENTS[place];
        let payload = payload.map_err(|source| ExecuteError::Encode {
            stream: stream.clone(),
            event: event_type.name,
            source,
        })?;
        Ok(NewEvent::encoded(event_type, payload, now, metadata.clone()))
    };
    events.as_slice().iter().map(encode_one).collect()
}

impl<'a, A, C> IntoFuture for Execute<'a, A, C>
where
    A: Handle<C, Error: Send>,
    C: Send + Sync + 'a,
{
    type Output = Result<Executed, ExecuteError<A::Error>>;
    type IntoFuture = BoxFuture<'a, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
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
