//! The content of the log.

use std::collections::HashMap;

use esrs::EventStore;
use esrs::prelude::*;
use esrs::store::{Page, ReadQuery};

pub(crate) struct Found {
    pub(crate) stream: String,
    pub(crate) version: u64,
    pub(crate) position: u64,
    pub(crate) name: String,
    pub(crate) payload: serde_json::Value,
}

/// All events, whose positions and versions have no gap.
pub(crate) async fn read(store: &SqliteStore) -> Vec<Found> {
    let (mut page, mut query, mut found) = (Page::new(), ReadQuery::all(), Vec::new());
    loop {
        page = store.read(query.clone(), page).await.unwrap();
        found.extend(page.records().map(|record| Found {
            stream: record.stream().to_string(),
            version: record.version(),
            position: record.position().get(),
            name: record.kind().name.to_string(),
            payload: serde_json::from_str(record.payload()).unwrap(),
        }));
        if page.is_last() {
            break;
        }
        query = query.after(page.scanned());
    }
    let mut versions = HashMap::new();
    for (n, event) in (1..).zip(&found) {
        assert_eq!(event.position, n, "a position is missing");
        let last = versions.insert(&event.stream, event.version).unwrap_or(0);
        assert_eq!(event.version, last + 1, "a version of {} is missing", event.stream);
    }
    found
}
