//! Appends that are committed as one transaction.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Instant;

use esrs_core::{Appended, Imported, LogMark, Position, StoreError};

use super::{PreparedAppend, QueuedAppend, Writer};
use crate::error::Fault;

const APPENDING: &str = "appending events";

/// Appends that are committed as one transaction.
pub(super) struct Group {
    appends: Vec<QueuedAppend>,
    bytes: usize,
}

impl Group {
    const MAX_APPENDS: usize = 512;
    const MAX_BYTES: usize = 8 * 1024 * 1024;

    pub(super) fn of(first: QueuedAppend) -> Self {
        let mut group = Self { appends: Vec::new(), bytes: 0 };
        group.push(first);
        group
    }

    pub(super) fn is_full(&self) -> bool {
        self.appends.len() >= Self::MAX_APPENDS || self.bytes >= Self::MAX_BYTES
    }

    pub(super) fn push(&mut self, queued: QueuedAppend) {
        self.bytes += queued.append.bytes();
        self.appends.push(queued);
    }

    fn answer(self, answers: Answers) {
        tracing::trace!(appends = answers.len(), "committed");
        for (queued, answer) in self.appends.into_iter().zip(answers) {
            queued.answer(answer);
        }
    }
}

/// A panic is a fault as others are: the writer goes on.
fn caught<T>(work: impl FnOnce() -> Result<T, Fault>) -> Result<T, Fault> {
    let attempt = catch_unwind(AssertUnwindSafe(work));
    attempt.unwrap_or_else(|_| Err(Fault::said(APPENDING, "the writer panicked")))
}

type Answers = Vec<Result<Appended, StoreError>>;

impl Writer {
    /// Commits what it can of a group, and answers all of it.
    pub(super) fn commit_group(&mut self, group: Group) {
        let appends = group.appends.iter().map(|queued| &queued.append);
        let attempt = caught(|| match &*group.appends {
            [only] => match self.append_one(&only.append)? {
                Some(appended) => Ok(vec![Ok(appended)]),
                None => self.try_group(appends),
            },
            _ => self.try_group(appends),
        });
        match attempt {
            Ok(answers) => group.answer(answers),
            Err(fault) => self.answer_failed(group, fault),
        }
    }

    /// Commits an append that nobody else waits for.
    pub(super) fn commit_alone(&mut self, append: &PreparedAppend) -> Result<Appended, StoreError> {
        let attempt = caught(|| match self.append_one(append)? {
            Some(appended) => Ok(Ok(appended)),
            None => Ok(self.try_group(std::iter::once(append))?.swap_remove(0)),
        });
        attempt.unwrap_or_else(|fault| {
            self.roll_back();
            Err(self.database.explain(APPENDING, fault))
        })
    }

    /// Answers a group of which nothing was committed; those that may do better alone are tried.
    fn answer_failed(&mut self, group: Group, fault: Fault) {
        self.roll_back();
        match <[QueuedAppend; 1]>::try_from(group.appends) {
            Ok([only]) => {
                only.answer(Err(self.database.explain(APPENDING, fault)));
            }
            Err(appends) if fault.may_be_about_one_append() => {
                // Once another process holds the file, each of them would wait for it anew.
                let give_up_at = Instant::now() + self.database.busy_timeout;
                for queued in appends {
                    if Instant::now() < give_up_at {
                        self.commit_group(Group::of(queued));
                    } else {
                        let (location, waited) =
                            (self.database.location(), self.database.busy_timeout);
                        queued.answer(Err(StoreError::Busy { location, waited }));
                    }
                }
            }
            Err(appends) => {
                for queued in appends {
                    let error = self.database.explain_to_each(APPENDING, &fault);
                    queued.answer(Err(error));
                }
            }
        }
    }

    /// One transaction: an append that fails is left out of it, and the others are committed.
    fn try_group<'a>(
        &mut self,
        group: impl ExactSizeIterator<Item = &'a PreparedAppend>,
    ) -> Result<Answers, Fault> {
        let start = self.begin_appending()?;
        let (mut head, mut last) = (start, self.anchor);
        let mut answers = Vec::with_capacity(group.len());
        let mut alone = None;
        for append in group {
            alone = Some(append);
            match self.append(append, head) {
                Ok(appended) => {
                    if appended.last_position > head
                        && let Some(event_id) = append.last_event()
                    {
                        head = appended.last_position;
                        last = Some(LogMark { position: head, event_id });
                    }
                    answers.push(Ok(appended));
                }
                // SQLite has rolled back all of it, and what was answered so far with it.
                Err(fault) if self.connection.is_autocommit() => return Err(fault),
                Err(fault) => answers.push(Err(self.database.explain(APPENDING, fault))),
            }
        }
        self.commit_appends(start, head, last)?;
        if let ([Ok(only)], Some(append)) = (&*answers, alone)
            && !only.repeated
        {
            for (stored, part) in only.streams.iter().zip(&append.batch.streams) {
                if let (Some(stream), Some(last)) =
                    (self.streams.get(&stored.stream), part.events.last())
                {
                    self.versions.committed(stream, stored.last_version, last.id);
                }
            }
        }
        let stored = answers.iter().flatten().filter(|appended| !appended.repeated).count();
        self.counters.stored(stored);
        Ok(answers)
    }

    /// Stores a chunk of an import as one transaction: each event behind the last of its stream, without
    /// those that are stored already.
    pub(crate) fn import(&mut self, chunk: &[PreparedAppend]) -> Result<Imported, Fault> {
        let start = self.begin_appending()?;
        let (mut head, mut last, mut stored) = (start, self.anchor, 0);
        for append in chunk {
            if self.holds_event_of(append)? {
                continue;
            }
            let appended = self.append(append, head)?;
            if let Some(event_id) = append.last_event() {
                stored += 1;
                head = appended.last_position;
                last = Some(LogMark { position: head, event_id });
            }
        }
        self.commit_appends(start, head, last)?;
        self.counters.stored(stored);
        let known = chunk.len() - stored;
        Ok(Imported::new(stored as u64, known as u64, (head != start).then_some(head)))
    }

    /// Begins a transaction that appends, behind the end of the log that it answers.
    fn begin_appending(&mut self) -> Result<Position, Fault> {
        self.begin()?;
        let start = self.follow_history()?;
        self.follow_inline(start)?;
        self.event_ids.follow(&self.connection, start)?;
        Ok(start)
    }

    /// Commits what was appended from `start` to `head`, which is the event `last`.
    fn commit_appends(
        &mut self,
        start: Position,
        head: Position,
        last: Option<LogMark>,
    ) -> Result<(), Fault> {
        if head != start {
            let Self { inline, connection, .. } = self;
            inline.iter().try_for_each(|inline| inline.move_to(connection, head, last))?;
            self.event_ids.tidy(&self.connection)?;
        }
        self.commit()?;
        self.anchor = last;
        if head != start {
            self.waiting.appended(head);
            for inline in &self.inline {
                self.waiting.changed(&self.connection, &self.database, inline.subscription());
            }
        }
        Ok(())
    }

    /// Runs `write`, which appends behind `head`, in a savepoint: all of it stays, or nothing.
    pub(super) fn in_savepoint<T>(
        &mut self,
        head: Position,
        write: impl FnOnce(&mut Self) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        let marks = (self.kinds.mark(), self.streams.mark());
        self.connection.prepare_cached("SAVEPOINT esrs_append")?.execute([])?;
        let written = write(self);
        if written.is_err() {
            self.kinds.forget_since(marks.0);
            self.streams.forget_since(marks.1);
            self.event_ids.forget_behind(head);
            if self.connection.is_autocommit() {
                return written;
            }
            self.connection.prepare_cached("ROLLBACK TO esrs_append")?.execute([])?;
        }
        self.connection.prepare_cached("RELEASE esrs_append")?.execute([])?;
        written
    }
}
