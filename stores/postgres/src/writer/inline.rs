//! Appends in one transaction with the read models that follow from them.

use std::time::Duration;

use esrs_core::{LogMark, Page, Position};

use super::group::Outcome;
use super::{Connection, QueuedAppend, Session};
use crate::connect::to_millis;
use crate::error::is_renumbered;
use crate::subscription::{InlineError, commit};

/// The longest time between two statements of the transaction: a process that is stopped in the middle
/// of it holds the log.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

impl Session<'_> {
    /// Appends a group, and writes what follows from its events: all of it, or nothing.
    pub(super) async fn commit_inline(
        &mut self,
        group: &[QueuedAppend],
        connection: &Connection,
    ) -> Result<Vec<Outcome>, InlineError> {
        let shared = self.shared;
        let appends = group.iter().map(|queued| &queued.append);
        // They are for all who append, so they are committed by themselves.
        let kinds = connection.number_kinds(appends.clone(), &shared.names, &shared.sql).await?;
        let idle = to_millis(LONGEST_PAUSE);
        let begin = format!(
            "BEGIN; SET LOCAL idle_in_transaction_session_timeout = {idle}; {}",
            shared.sql.lock
        );
        let done = async {
            connection.client.batch_execute(&begin).await?;
            let appended = connection.append_in_transaction(appends.clone(), &kinds).await?;
            if let Some((first, page)) = page_of(group, &appended.0)? {
                self.inline.take(&connection.client, shared, (first, &page)).await?;
            }
            let committed = connection.client.batch_execute(&commit(&connection.client)).await;
            committed.map_err(|error| self.inline.not_committed(shared, error))?;
            Ok(appended)
        };
        match done.await {
            Ok((outcomes, seen)) => {
                seen.into_iter().for_each(|seen| seen.learn(&shared.names));
                let stored = outcomes.iter().filter(|one| matches!(one, Outcome::Stored(_)));
                shared.committed(stored.count());
                self.inline.committed(shared);
                Ok(outcomes)
            }
            Err(error) => {
                // Whichever statement failed, its beginning and its end among them, the next append
                // finds no transaction: a connection that cannot do that is gone with its own.
                if matches!(&error, InlineError::Driver(error) if is_renumbered(error)) {
                    kinds.forget(&shared.names);
                }
                if connection.client.batch_execute("ROLLBACK").await.is_err() {
                    shared.writer.set_connection(None);
                }
                Err(error)
            }
        }
    }
}

/// The page of what was stored of a group, and where its first event stands.
fn page_of(
    group: &[QueuedAppend],
    outcomes: &[Outcome],
) -> Result<Option<(Position, Page)>, InlineError> {
    let mut page = Page::new().into_writer();
    let (mut first, mut last, mut mark) = (None, Position::START, None);
    for (queued, outcome) in group.iter().zip(outcomes) {
        if let Outcome::Stored(appended) = outcome {
            let append = &queued.append;
            append
                .batch
                .write_into(&mut page, &append.details, appended)
                .map_err(InlineError::from)?;
            first = first.or(Some(appended.first_position));
            last = appended.last_position;
            let event = append.batch.events().last();
            mark = event.map(|(_, event)| LogMark { position: last, event_id: event.id });
        }
    }
    let Some(first) = first else { return Ok(None) };
    page.set_mark(mark);
    let page = page.finish(true, last).map_err(esrs_core::StoreError::from)?;
    Ok(Some((first, page)))
}
