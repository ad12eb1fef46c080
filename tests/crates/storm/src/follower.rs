//! A reader of the log that remembers what it has read, and finds out when that is not true any more.

use std::collections::BTreeMap;

use esrs::store::{LogMark, Page, ReadQuery};
use esrs::{EventStore, Position, StoreError};
use uuid::Uuid;

/// The events that a reader has read, by position.
#[derive(Debug, Default)]
pub struct Follower {
    /// The ids of the events that it has read.
    pub read: BTreeMap<u64, Uuid>,
    /// The number of times that it was told that the log is another one, and began again.
    pub told: u32,
    after: Position,
    mark: Option<LogMark>,
    page: Page,
}

impl Follower {
    /// Reads on to the end of the log; a store that does not answer is asked again later.
    pub async fn read_on(&mut self, store: &dyn EventStore) {
        loop {
            let query = ReadQuery::all().after(self.after).continuing(self.mark).with_envelopes();
            let page = match store.read(query, std::mem::take(&mut self.page)).await {
                Ok(page) => page,
                Err(StoreError::HistoryChanged { .. }) => {
                    *self = Self { told: self.told + 1, ..Self::default() };
                    continue;
                }
                Err(_) => return,
            };
            for record in page.records() {
                let id = record.envelope().unwrap().event_id;
                self.read.insert(record.position().get(), id);
            }
            (self.after, self.mark) = (page.scanned(), page.mark().or(self.mark));
            let is_last = page.is_last();
            self.page = page;
            if is_last {
                return;
            }
        }
    }
}
