//! The queue of the writer.

use std::collections::{HashSet, VecDeque};
use std::time::Instant;

use esrs_core::{Appended, StoreError};
use tokio::sync::{OwnedSemaphorePermit, mpsc, oneshot};

use super::PreparedAppend;

/// A request to the writer.
pub(crate) enum Job {
    Append(QueuedAppend),
    Close(oneshot::Sender<()>),
}

/// An append, and who waits for its answer.
pub(crate) struct QueuedAppend {
    pub(super) append: PreparedAppend,
    reply: Option<oneshot::Sender<Result<Appended, StoreError>>>,
    /// Until when a server that cannot be reached is waited for, and who holds the log.
    pub(super) give_up_at: Instant,
    /// True if the server may be at work on it.
    pub(super) is_sent: bool,
    /// True if it is stored by itself, because one of its group failed.
    alone: bool,
    /// Its room in the queue, until it is answered.
    _place: OwnedSemaphorePermit,
}

impl QueuedAppend {
    pub(crate) fn new(
        append: PreparedAppend,
        give_up_at: Instant,
        place: OwnedSemaphorePermit,
        reply: oneshot::Sender<Result<Appended, StoreError>>,
    ) -> Self {
        let (is_sent, alone) = (false, false);
        Self { append, reply: Some(reply), give_up_at, is_sent, alone, _place: place }
    }

    /// Answers the callers that wait.
    pub(super) fn answer(mut self, answer: Result<Appended, StoreError>) {
        let answer = answer.map_err(|error| match self.append.may_be_stored {
            true => unless_looked_for(error),
            false => error,
        });
        if let Some(reply) = self.reply.take() {
            // Who does not wait any more does not have to be told.
            let _ = reply.send(answer);
        }
    }

    /// Answers that the server does not serve, or another process holds the log: one of several, who all have
    /// to be told.
    pub(super) fn give_up(self, error: &StoreError) {
        let error = match error {
            StoreError::Unavailable { location, reason } => {
                StoreError::Unavailable { location: location.clone(), reason: reason.clone() }
            }
            StoreError::Denied { location, reason } => {
                StoreError::Denied { location: location.clone(), reason: reason.clone() }
            }
            StoreError::NotADatabase { location, reason } => {
                StoreError::NotADatabase { location: location.clone(), reason: reason.clone() }
            }
            StoreError::Busy { location, waited } => {
                StoreError::Busy { location: location.clone(), waited: *waited }
            }
            StoreError::Damaged { stream, position, source } => {
                let (stream, source) = (stream.clone(), source.to_string().into());
                StoreError::Damaged { stream, position: *position, source }
            }
            StoreError::Closed => StoreError::Closed,
            other => StoreError::Database { doing: "connecting", source: other.to_string().into() },
        };
        self.answer(Err(error));
    }
}

/// Why an append was refused of which an attempt before may be stored: who looked for that has found
/// out, and nobody else knows.
fn unless_looked_for(error: StoreError) -> StoreError {
    let since = match &error {
        StoreError::Conflict(_)
        | StoreError::KeyReused(_)
        | StoreError::EventIdTaken { .. }
        | StoreError::EventDiffers { .. }
        | StoreError::Unknown { .. } => return error,
        // These say of themselves that nothing was stored, which is true of the last attempt only.
        StoreError::Unavailable { location, reason } => {
            format!("{location} cannot be reached: {reason}")
        }
        StoreError::Busy { location, waited } => format!("{location} was busy for {waited:?}"),
        StoreError::Full { location } => format!("there is no room left for {location}"),
        other => other.to_string(),
    };
    StoreError::Unknown { reason: format!("the connection was lost, and since then {since}") }
}

impl Drop for QueuedAppend {
    /// Nothing of what is still in the queue when that is gone was stored, unless it was sent.
    fn drop(&mut self) {
        if let Some(reply) = self.reply.take() {
            let answer = match self.append.may_be_stored || self.is_sent {
                true => StoreError::Unknown { reason: "the store was closed".to_owned() },
                false => StoreError::Closed,
            };
            let _ = reply.send(Err(answer));
        }
    }
}

/// The requests that wait for the writer, in the order in which they came.
pub(super) struct Queue {
    jobs: mpsc::UnboundedReceiver<Job>,
    waiting: VecDeque<QueuedAppend>,
    closing: Option<oneshot::Sender<()>>,
}

impl Queue {
    const MAX_APPENDS: usize = 512;
    const MAX_BYTES: usize = 8 * 1024 * 1024;
    /// So often it looks whether more come, as long as more have come.
    const MOMENTS: usize = 8;

    pub(super) fn new(jobs: mpsc::UnboundedReceiver<Job>) -> Self {
        Self { jobs, waiting: VecDeque::new(), closing: None }
    }

    /// Waits for something to do; false when nothing will come any more.
    pub(super) async fn wait(&mut self) -> bool {
        if !self.waiting.is_empty() {
            return true;
        }
        if self.closing.is_some() {
            return false;
        }
        match self.jobs.recv().await {
            Some(job) => self.take(job),
            None => return false,
        }
        !self.waiting.is_empty()
    }

    /// Lets in those who were answered just now, and come back soon.
    pub(super) async fn let_in(&mut self) {
        for _ in 0..Self::MOMENTS {
            let before = self.jobs.len();
            tokio::task::yield_now().await;
            if self.jobs.len() == before {
                return;
            }
        }
    }

    fn take(&mut self, job: Job) {
        match job {
            Job::Append(queued) => self.waiting.push_back(queued),
            Job::Close(closed) => {
                self.jobs.close();
                self.closing = Some(closed);
            }
        }
    }

    /// The next appends that can be stored together: no two of them are about one stream.
    pub(super) fn take_group(&mut self) -> Vec<QueuedAppend> {
        while let Ok(job) = self.jobs.try_recv() {
            self.take(job);
        }
        let (mut group, mut streams, mut bytes) = (Vec::new(), HashSet::new(), 0);
        let mut later = VecDeque::new();
        while let Some(queued) = self.waiting.pop_front() {
            let is_full = group.len() == Self::MAX_APPENDS || bytes >= Self::MAX_BYTES;
            if is_full || (queued.alone && !group.is_empty()) {
                later.push_back(queued);
                break;
            }
            let of_batch = queued.append.batch.streams.iter().map(|part| &part.stream);
            let is_free = of_batch.clone().all(|stream| !streams.contains(stream));
            // Those behind one that has to wait do not go before it.
            streams.extend(of_batch.cloned());
            match is_free {
                true => {
                    bytes += queued.append.bytes();
                    let alone = queued.alone;
                    group.push(queued);
                    if alone {
                        break;
                    }
                }
                false => later.push_back(queued),
            }
        }
        later.append(&mut self.waiting);
        self.waiting = later;
        group
    }

    /// Those who have waited until now.
    pub(super) fn take_late(&mut self, now: Instant) -> VecDeque<QueuedAppend> {
        while let Ok(job) = self.jobs.try_recv() {
            self.take(job);
        }
        let (late, waiting) = self.waiting.drain(..).partition(|queued| queued.give_up_at <= now);
        self.waiting = waiting;
        late
    }

    /// These are stored next, each by itself.
    pub(super) fn put_back_one_by_one(&mut self, appends: Vec<QueuedAppend>) {
        for mut queued in appends.into_iter().rev() {
            queued.alone = true;
            self.waiting.push_front(queued);
        }
    }

    /// Answers the callers that wait for the end.
    pub(super) fn close(self) {
        if let Some(closing) = self.closing {
            let _ = closing.send(());
        }
    }
}
