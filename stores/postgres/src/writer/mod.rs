//! The one connection that appends.
//!
//! Appends that come while another is under way are stored together, by one statement. A caller that finds
//! nobody at work does its own, on the task that asks, and is spared the way to the writer's and back.
//! It holds no lock meanwhile: a future that nobody polls any more keeps nobody waiting.

mod group;
mod inline;
mod one;
mod prepared;
mod queue;
mod room;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use esrs_core::{AppendBatch, Appended, Conflict, StoreError};
use futures_util::future::try_join5;
use tokio::sync::{Notify, mpsc};
use tokio_postgres::{Error, Statement};

use crate::connect::{Client, ConnectError, Connector, OutOfOrder, to_millis};
use crate::error::{is_busy, is_duplicate, is_lost, is_renumbered, may_be_about_one_append, said};
use crate::find;
use crate::pool::{self, Reader};
use crate::store::Shared;
use crate::subscription::{Inline, InlineError};
use group::{At, Outcome, RENUMBERED};
pub(crate) use prepared::PreparedAppend;
use queue::Queue;
pub(crate) use queue::{Job, QueuedAppend};
pub(crate) use room::Room;

const DOING: &str = "appending events";

/// The time to wait after a connection was refused.
const BACK_OFF: Duration = Duration::from_millis(50);

/// The shortest time that the server has for appends, however long they have waited before.
const SHORTEST_ANSWER: Duration = Duration::from_secs(1);

/// The time for which a connection that works by itself is waited for before the server is asked whether it
/// is done.
const MOMENT: Duration = Duration::from_millis(20);

/// A connection with the statements that append.
pub(crate) struct Connection {
    client: Client,
    wait: Mutex<Wait>,
    direct: Option<Direct>,
    append: Statement,
}

/// The facts about a log that are needed before anything is appended to it.
pub(crate) struct Condition {
    is_partitioned: bool,
    /// The last position of an event.
    last: i64,
    /// The last position that the log has given.
    given: i64,
}

impl Condition {
    pub(crate) async fn of(
        client: &tokio_postgres::Client,
        shared: &Shared,
    ) -> Result<Self, Error> {
        let row = client.query_one(&shared.sql.condition, &[]).await?;
        let (last, given) = (row.try_get(1)?, row.try_get(2)?);
        Ok(Self { is_partitioned: row.try_get(0)?, last, given })
    }

    /// Refuses a log with events at positions that it has not given: what is appended would stand before
    /// them, where no follower looks any more.
    pub(crate) fn check(&self) -> Result<(), OutOfOrder> {
        match *self {
            Self { last, given, .. } if last > given => Err(OutOfOrder { last, given }),
            _ => Ok(()),
        }
    }
}

/// The time for which the statements of a connection wait for the log.
#[derive(Default)]
struct Wait {
    limit: Duration,
    /// True if the last of them waited without effect.
    was_in_vain: bool,
}

/// Statements that leave it to the table's indexes to refuse what is there already, which those of a
/// partitioned table cannot.
struct Direct {
    append_one: Statement,
    append_behind: Statement,
    append_known: Statement,
}

/// The connection that appends, when there is one.
#[derive(Default)]
pub(crate) struct Writer {
    connection: Mutex<Option<Arc<Connection>>>,
    /// True if another task appends: then appends are stored together with others that come.
    is_at_work: AtomicBool,
    is_done: Notify,
    /// True if read models are written in each append's transaction, which is the writer's.
    is_inline: AtomicBool,
    /// True if the last statement stored several appends: then more are on their way, and the first
    /// had better wait for them.
    is_shared: AtomicBool,
}

/// A task that appends, until this is dropped.
struct AtWork<'a>(&'a Writer);

impl Drop for AtWork<'_> {
    fn drop(&mut self) {
        self.0.is_at_work.store(false, Ordering::Release);
        self.0.is_done.notify_one();
    }
}

impl Connection {
    async fn open(connector: &Connector, shared: &Shared) -> Result<Self, ConnectError> {
        let client = connector.connect().await?;
        // Planned once, for a log of any length: planning takes as long as the append itself.
        let planning = "SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off";
        client.batch_execute(planning).await?;
        let (append_one, append_behind, append_known, append, condition) = try_join5(
            client.prepare(&shared.sql.append_one),
            client.prepare(&shared.sql.append_behind),
            client.prepare(&shared.sql.append_known),
            client.prepare(&shared.sql.append),
            Condition::of(&client, shared),
        )
        .await?;
        condition.check()?;
        let direct = (!condition.is_partitioned).then_some(Direct {
            append_one,
            append_behind,
            append_known,
        });
        Ok(Self { client, wait: Mutex::default(), direct, append })
    }

    fn wait(&self) -> MutexGuard<'_, Wait> {
        // Nothing in it is ever half done.
        self.wait.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Waits for the log no longer than this.
    async fn limit_wait(&self, limit: Duration) -> Result<(), Error> {
        if self.wait().limit != limit {
            let millis = to_millis(limit);
            self.client.batch_execute(&format!("SET lock_timeout = {millis}")).await?;
            self.wait().limit = limit;
        }
        Ok(())
    }

    /// Returns true if a statement can be sent that waits for the log for as long as any append does.
    fn is_patient(&self, shared: &Shared) -> bool {
        let wait = self.wait();
        !wait.was_in_vain && wait.limit == shared.busy_timeout
    }
}

impl Writer {
    /// The connection, unless it is gone.
    fn connection(&self) -> Option<Arc<Connection>> {
        let connection = self.connection.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        connection.as_ref().filter(|open| !open.client.is_closed()).cloned()
    }

    fn set_connection(&self, open: Option<Arc<Connection>>) {
        *self.connection.lock().unwrap_or_else(|poisoned| poisoned.into_inner()) = open;
    }

    /// Marks a caller at work, unless another is.
    fn begin_alone(&self) -> Option<AtWork<'_>> {
        let (success, failure) = (Ordering::Acquire, Ordering::Relaxed);
        let begun = self.is_at_work.compare_exchange(false, true, success, failure);
        begun.is_ok().then(|| AtWork(self))
    }

    /// Waits for who is at work by itself: until it is done, or at least the server is with its
    /// statement, so that the next append does not wait for the log behind it, and then again.
    async fn begin_behind(&self, limit: Duration) -> Option<AtWork<'_>> {
        if let Some(begun) = self.begin_alone() {
            return Some(begun);
        }
        let done = async {
            loop {
                self.is_done.notified().await;
                if let Some(begun) = self.begin_alone() {
                    return begun;
                }
            }
        };
        if let Ok(begun) = tokio::time::timeout(MOMENT, done).await {
            return Some(begun);
        }
        // A connection that was lost is noticed by what is sent next.
        if let Some(open) = self.connection() {
            open.client.exchange().take_over();
            match tokio::time::timeout(limit, open.client.batch_execute("")).await {
                Ok(Ok(())) => open.wait().was_in_vain = true,
                Ok(Err(_)) => {}
                // It carries nothing any more.
                Err(_) => self.set_connection(None),
            }
        }
        self.begin_alone()
    }

    /// Appends on the caller's task a batch that is one event behind those of a known stream, unless
    /// another caller is at work; then, or if it may be refused, the batch comes back.
    pub(crate) async fn append_at_once(
        &self,
        mut append: PreparedAppend,
        shared: &Shared,
        ends_at: Instant,
    ) -> Result<Result<Appended, StoreError>, PreparedAppend> {
        if self.is_shared.load(Ordering::Relaxed) || self.is_inline.load(Ordering::Relaxed) {
            return Err(append);
        }
        let Some(remembered) = append.remembered(&shared.names) else { return Err(append) };
        let connection = self.connection().filter(|open| open.is_patient(shared));
        let Some(connection) = connection else { return Err(append) };
        let Some(_at_work) = self.begin_alone() else { return Err(append) };
        let appending = connection.append_one(&append, remembered, &shared.names);
        let answered = connection.client.exchange().work_until(appending);
        let answer = match shared.timer.until(ends_at, answered).await {
            Ok(answer) => answer,
            Err(elapsed) => {
                self.set_connection(None);
                return Ok(Err(shared.unknown(elapsed)));
            }
        };
        match answer {
            Ok(Some(appended)) => {
                shared.committed(1);
                Ok(Ok(appended))
            }
            Ok(None) => Err(append),
            Err(error) if is_duplicate(&error) => Err(append),
            Err(error) if is_lost(&error) => {
                append.may_be_stored = true;
                Err(append)
            }
            Err(error) => {
                connection.wait().was_in_vain = is_busy(&error);
                Ok(Err(shared.explain_append(DOING, &error)))
            }
        }
    }
}

/// Works until the store is closed, or dropped; then says who waits for the end of it.
pub(crate) async fn run(
    shared: Arc<Shared>,
    jobs: mpsc::UnboundedReceiver<Job>,
    mut inline: Inline,
) {
    let mut queue = Queue::new(jobs);
    shared.writer.is_inline.store(!inline.is_empty(), Ordering::Relaxed);
    while queue.wait().await {
        queue.let_in().await;
        let group = queue.take_group();
        shared.writer.is_shared.store(group.len() > 1, Ordering::Relaxed);
        let at_work = shared.writer.begin_behind(shared.longest_call()).await;
        let inline = &mut inline;
        Session { shared: &shared, queue: &mut queue, inline }.commit(group).await;
        drop(at_work);
    }
    shared.writer.set_connection(None);
    queue.close();
}

/// The writer, while it is at work on a group.
struct Session<'a> {
    shared: &'a Arc<Shared>,
    queue: &'a mut Queue,
    inline: &'a mut Inline,
}

impl Session<'_> {
    async fn commit(&mut self, mut group: Vec<QueuedAppend>) {
        let mut left = RENUMBERED;
        while !group.is_empty() {
            let Some(open) = self.connected(&mut group).await else { continue };
            let shared = self.shared;
            let ends_at = self.ends_at(&group);
            group.iter_mut().for_each(|queued| queued.is_sent = true);
            let trying = open.client.exchange().work_until(self.try_commit(&group, &open));
            let tried = match shared.timer.until(ends_at, trying).await {
                Ok(tried) => tried,
                Err(elapsed) => {
                    tracing::warn!("an append was not answered in time; its connection is closed");
                    shared.writer.set_connection(None);
                    for queued in group {
                        queued.answer(Err(shared.unknown(elapsed)));
                    }
                    let error = shared.elapsed(elapsed, shared.longest_call());
                    return self.give_up_late(&mut Vec::new(), &error);
                }
            };
            let is_answered = !matches!(&tried, Err(InlineError::Driver(error)) if is_lost(error));
            if is_answered && tried.is_err() {
                group.iter_mut().for_each(|queued| queued.is_sent = false);
            }
            match tried {
                Ok(outcomes) => {
                    open.wait().was_in_vain = false;
                    let pairs = group.into_iter().zip(outcomes);
                    return pairs.for_each(|(queued, outcome)| self.answer(queued, outcome));
                }
                Err(InlineError::Store(_)) if group.len() > 1 => {
                    self.queue.put_back_one_by_one(group.split_off(1));
                }
                Err(InlineError::Store(error)) => {
                    // It is alone.
                    if let Some(queued) = group.pop() {
                        queued.answer(Err(error));
                    }
                    return;
                }
                Err(InlineError::Driver(error)) if is_lost(&error) => {
                    tracing::warn!(error = %said(&error), "the connection was lost while appending");
                    self.shared.writer.set_connection(None);
                    let is_lost_again = group.iter().any(|queued| queued.append.may_be_stored);
                    // It is sent again: what is stored already is found by its ids.
                    group.iter_mut().for_each(|queued| queued.append.may_be_stored = true);
                    if is_lost_again {
                        // It may be the appends themselves that the server does not survive.
                        self.give_up_late(&mut group, &self.shared.location.unavailable(&error));
                        tokio::time::sleep(BACK_OFF).await;
                    }
                }
                Err(InlineError::Driver(error)) if is_busy(&error) => {
                    open.wait().was_in_vain = true;
                    let error = self.shared.explain_append(DOING, &error);
                    self.give_up_late(&mut group, &error);
                }
                // It is repeated with the numbers that the kinds have.
                Err(InlineError::Driver(error)) if is_renumbered(&error) && left > 0 => left -= 1,
                Err(InlineError::Driver(error))
                    if group.len() > 1 && may_be_about_one_append(&error) =>
                {
                    self.queue.put_back_one_by_one(group.split_off(1));
                }
                Err(InlineError::Driver(error)) => {
                    for queued in group {
                        queued.answer(Err(self.shared.explain_append(DOING, &error)));
                    }
                    return;
                }
            }
        }
    }

    /// The connection, which is opened if there is none; `None` when that failed, and those of the
    /// group who have waited for too long were told.
    async fn connected(&mut self, group: &mut Vec<QueuedAppend>) -> Option<Arc<Connection>> {
        let Shared { writer, connector, location, .. } = &**self.shared;
        if let Some(open) = writer.connection() {
            return Some(open);
        }
        match Connection::open(connector, self.shared).await {
            Ok(open) => {
                let open = Arc::new(open);
                writer.set_connection(Some(open.clone()));
                Some(open)
            }
            Err(error) => {
                let error = pool::not_connected(error, location);
                match error {
                    StoreError::Unavailable { .. } => self.give_up_late(group, &error),
                    _ => group.drain(..).for_each(|queued| queued.give_up(&error)),
                }
                tokio::time::sleep(BACK_OFF).await;
                None
            }
        }
    }

    /// The time when the first of the group has to be answered, whichever was before it.
    fn ends_at(&self, group: &[QueuedAppend]) -> Instant {
        let first = group.iter().map(|queued| queued.give_up_at).min();
        let ends_at = first.map(|give_up_at| give_up_at + self.shared.timeout);
        let soonest = Instant::now() + SHORTEST_ANSWER;
        ends_at.map_or(soonest, |ends_at| ends_at.max(soonest))
    }

    /// Tells those who have waited for too long why they got no answer: of the group, and behind it.
    fn give_up_late(&mut self, group: &mut Vec<QueuedAppend>, error: &StoreError) {
        let now = Instant::now();
        let late = group.extract_if(.., |queued| queued.give_up_at <= now);
        for queued in late.chain(self.queue.take_late(now)) {
            queued.give_up(error);
        }
    }

    async fn try_commit(
        &mut self,
        group: &[QueuedAppend],
        connection: &Connection,
    ) -> Result<Vec<Outcome>, InlineError> {
        let Shared { names, sql, busy_timeout, .. } = &**self.shared;
        let first = group.iter().map(|queued| queued.give_up_at).min();
        let limit = match first {
            // Somebody holds the log, for whom the first has waited already.
            Some(first) if connection.wait().was_in_vain => {
                first.saturating_duration_since(Instant::now())
            }
            _ => *busy_timeout,
        };
        connection.limit_wait(limit).await?;
        if !self.inline.is_empty() {
            return self.commit_inline(group, connection).await;
        }
        if let [only] = group
            && !only.append.may_be_stored
            && let Some(remembered) = only.append.remembered(names)
        {
            match connection.append_one(&only.append, remembered, names).await {
                Ok(Some(appended)) => {
                    self.shared.committed(1);
                    return Ok(vec![Outcome::Stored(appended)]);
                }
                Ok(None) => {}
                Err(error) if is_duplicate(&error) => {}
                Err(error) => return Err(error.into()),
            }
        }
        let appends = group.iter().map(|queued| &queued.append);
        let outcomes = connection.append_group(appends, names, sql).await?;
        let stored = outcomes.iter().filter(|one| matches!(one, Outcome::Stored(_))).count();
        self.shared.committed(stored);
        Ok(outcomes)
    }

    /// Tells what became of an append. Why one was refused is found out in parallel with the writer, unless a
    /// stored key says it.
    fn answer(&self, queued: QueuedAppend, outcome: Outcome) {
        match outcome {
            Outcome::Stored(appended) => queued.answer(Ok(appended)),
            Outcome::Refused(versions, stored) => {
                if let (false, Some(stored)) = (queued.append.may_be_stored, stored)
                    && let (Some(key), Some(first)) =
                        (&queued.append.batch.idempotency_key, queued.append.batch.streams.first())
                {
                    let answer = stored.answer(&first.stream, key);
                    return queued.answer(answer);
                }
                let (shared, mut queued) = (self.shared.clone(), queued);
                tokio::spawn(async move {
                    let answer = refusal(&shared, &queued, &versions).await;
                    // Its events may be what it was refused for.
                    queued.append.may_be_stored |= answer.is_err();
                    queued.answer(answer);
                });
            }
        }
    }
}

/// Why an append was refused. A server that went away meanwhile is waited for.
async fn refusal(
    shared: &Shared,
    queued: &QueuedAppend,
    versions: &[At],
) -> Result<Appended, StoreError> {
    let is_waited_for = |answer: &Result<Appended, StoreError>| {
        matches!(answer, Err(StoreError::Unavailable { .. })) && Instant::now() < queued.give_up_at
    };
    let mut attempts = shared.attempts();
    loop {
        let answer = match shared.reader().await {
            Ok(reader) => {
                let asking = why_refused(&reader, queued, versions);
                let answer = shared.in_time(shared.timeout, asking).await;
                if attempts.again(&answer, reader) {
                    continue;
                }
                answer
            }
            Err(error) => Err(error),
        };
        if !is_waited_for(&answer) {
            return answer;
        }
        tokio::time::sleep(BACK_OFF).await;
    }
}

/// It was stored before, or its streams are not as it expects.
async fn why_refused(
    reader: &Reader<'_>,
    queued: &QueuedAppend,
    versions: &[At],
) -> Result<Appended, StoreError> {
    let batch = &queued.append.batch;
    let mut found = None;
    if let (Some(key), Some(first)) = (&batch.idempotency_key, batch.streams.first()) {
        let stored = find::by_key(reader, &first.stream, key).await?;
        found = stored.map(|stored| stored.answer(&first.stream, key)).transpose()?;
    }
    let is_by_key = found.is_some();
    if found.is_none() {
        found = find::repetition(reader, batch).await?;
    }
    if let Some(mut found) = found {
        // What was stored by this very append, whose answer was lost, is no repetition.
        let is_this_one =
            queued.append.may_be_stored && (!is_by_key || has_its_events(reader, batch).await?);
        found.repeated = !is_this_one;
        return Ok(found);
    }
    let mut refused = batch.streams.iter().zip(versions);
    let is_other = |at: &At, id| at.last != Some(id);
    match refused.find(|(part, at)| {
        !part.condition.allows(at.version)
            || part.condition.last_event().is_some_and(|id| is_other(at, id))
    }) {
        Some((part, at)) => {
            let (stream, expected, actual) = (part.stream.clone(), part.condition, at.version);
            Err(Conflict { stream, expected, actual }.into())
        }
        None => {
            let source = "it was refused, and neither its ids, its key nor its streams say why";
            Err(StoreError::Database { doing: DOING, source: source.into() })
        }
    }
}

/// Returns true if the events of the batch are stored, and not only an append with its key.
async fn has_its_events(reader: &Reader<'_>, batch: &AppendBatch) -> Result<bool, StoreError> {
    match find::repetition(reader, batch).await {
        Ok(found) => Ok(found.is_some()),
        Err(StoreError::EventIdTaken { .. }) => Ok(false),
        Err(error) => Err(error),
    }
}
