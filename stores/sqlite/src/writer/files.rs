//! A check that the writer still writes to the file that it has opened.

use std::time::{Duration, Instant};

use esrs_core::StoreError;

use super::Writer;
use crate::connection::open_file_alone;
use crate::error::Fault;
use crate::file::Written;
use crate::history;

/// The time after a look in which another one is spared: the commit that follows is looked at anyway, and
/// what was replaced in between is found then.
const JUST_NOW: Duration = Duration::from_micros(100);

/// The file when the writer looked at it last.
#[derive(Debug, Default)]
pub(super) struct LastLook {
    at: Option<Instant>,
    written: Option<Written>,
    /// The progress of other processes then, as SQLite tells it.
    progress: Option<Progress>,
}

/// The counters that change when another process writes to the file by SQLite.
#[derive(Debug, Clone, Copy)]
struct Progress {
    /// It changes when another connection has committed.
    data_version: i64,
    /// The length of the write-ahead log, and the part of it that is in the file.
    log: i64,
    checkpointed: i64,
}

/// The content that was found in a file that something has written to.
enum Content {
    Whole(Progress),
    /// Something else than what was stored in it.
    Other,
    Unknown,
}

impl Progress {
    /// Returns true if another process has certainly committed or checkpointed since `last`. A commit of this
    /// one may begin the log again, and then less of it is in the file.
    fn is_of_another(&self, last: &Self) -> bool {
        self.data_version != last.data_version || self.checkpointed > last.checkpointed
    }
}

impl Writer {
    /// Refuses to write to a file that was replaced or overwritten, before a transaction.
    pub(super) fn check_files(&mut self) -> Result<(), Fault> {
        if self.last_look.at.is_some_and(|at| at.elapsed() < JUST_NOW) {
            return Ok(());
        }
        let now = self.database.check_files()?;
        if now == self.last_look.written {
            return Ok(());
        }
        match self.check_content() {
            Ok(Content::Whole(progress)) => {
                self.last_look = LastLook { at: None, written: now, progress: Some(progress) };
                return Ok(());
            }
            Ok(Content::Unknown) => return Ok(()),
            Ok(Content::Other) => {}
            Err(fault) if fault.is_damage() => {}
            Err(fault) => return Err(fault),
        }
        // It stays so for every thread of the store: what they remember of the file is worth nothing.
        let reason = "it does not hold the events that were stored in it";
        let _ = self.database.overwritten.set(reason.to_owned());
        self.database.check_files().map(drop)
    }

    /// Looks at what is in the file, after something has written to it.
    fn check_content(&self) -> Result<Content, Fault> {
        // Only checkpoints write to the file itself, and another process may have made one.
        let mut progress = self.progress()?;
        let is_explained = self.last_look.progress.is_none_or(|last| progress.is_of_another(&last));
        if !is_explained {
            self.connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()))?;
            progress = self.progress()?;
        }
        let is_all_in_file = progress.checkpointed == progress.log;
        if is_all_in_file && !self.is_in_file(!is_explained)? {
            // Unless another process is at work on it by now: then it is looked at again.
            let is_certain = !self.progress()?.is_of_another(&progress);
            return Ok(if is_certain { Content::Other } else { Content::Unknown });
        }
        Ok(match is_explained || is_all_in_file {
            true => Content::Whole(progress),
            false => Content::Unknown,
        })
    }

    /// Refuses to acknowledge what was committed into a file that is gone, and notes what the commit
    /// itself has written.
    pub(super) fn check_files_after_commit(&mut self) -> Result<(), Fault> {
        let now = self.database.check_files().map_err(|fault| {
            let error = self.database.explain("committing", fault);
            StoreError::Unknown { reason: error.to_string() }
        })?;
        if now != self.last_look.written {
            let progress = Some(self.progress()?);
            self.last_look = LastLook { at: None, written: now, progress };
        }
        self.last_look.at = Some(Instant::now());
        Ok(())
    }

    fn progress(&self) -> Result<Progress, Fault> {
        let mut statement = self.connection.prepare_cached("PRAGMA data_version")?;
        let data_version = statement.query_row([], |row| row.get(0))?;
        let mut statement = self.connection.prepare_cached("PRAGMA wal_checkpoint(NOOP)")?;
        let (log, checkpointed) = statement.query_row([], |row| Ok((row.get(1)?, row.get(2)?)))?;
        Ok(Progress { data_version, log, checkpointed })
    }

    /// Returns true if the file without its write-ahead log, all of which is in it, holds what this
    /// connection sees; by its last event, and if `all`, by the number of all events. One that cannot be read
    /// does not.
    fn is_in_file(&self, all: bool) -> Result<bool, Fault> {
        let seen = history::look(&self.connection, None)?.head;
        let found = open_file_alone(&self.database).and_then(|connection| {
            let look = history::look(&connection, None)?;
            if look.head != seen || !all {
                return Ok(look.head == seen);
            }
            let count = "SELECT count(*) FROM esrs_events";
            let count: i64 = connection.query_row(count, [], |row| row.get(0))?;
            Ok(look.position().get() == count.unsigned_abs())
        });
        found.or_else(|fault| {
            let error = self.database.explain("reading the file", fault);
            tracing::debug!(%error, "the file cannot be read without its write-ahead log");
            Ok(false)
        })
    }
}
