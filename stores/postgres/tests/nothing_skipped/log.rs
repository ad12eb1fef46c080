//! The truth: what stands in the store's tables, read by plain SQL.

use std::collections::HashMap;

use tokio_postgres::Client;
use uuid::Uuid;

use crate::events::id_in;
use crate::judge::{Event, Fault, Faults, Stored, Wrong};
use crate::writers::Told;

/// The name that connections of writers go by, so that it is seen when none is left.
pub(crate) const WRITER: &str = "writer";

/// All that is stored, by position.
pub(crate) async fn read(client: &Client) -> Vec<Stored> {
    let rows = client
        .query(
            "SELECT e.position, s.name, e.version, e.event_id, e.payload::text, k.name
             FROM esrs.events e
             JOIN esrs.streams s ON s.id = e.stream
             JOIN esrs.kinds k ON k.id = e.kind
             ORDER BY e.position",
            &[],
        )
        .await
        .unwrap();
    let stored = rows.into_iter().map(|row| {
        let (id, stream): (Uuid, &str) = (row.get(3), row.get(1));
        assert_eq!(id_in(row.get(4)), id, "each payload says its event's id");
        let (position, version) = (row.get::<_, i64>(0) as u64, row.get::<_, i64>(2) as u64);
        let event = Event { position, stream: stream.parse().unwrap(), version, id };
        Stored { event, name: row.get(5) }
    });
    stored.collect()
}

pub(crate) async fn count(client: &Client) -> usize {
    let row = client.query_one("SELECT count(*) FROM esrs.events", &[]).await.unwrap();
    row.get::<_, i64>(0) as usize
}

/// Returns true if the server is done with whatever a writer sent before it was killed.
pub(crate) async fn is_quiet(client: &Client) -> bool {
    let connections = "SELECT FROM pg_stat_activity
        WHERE datname = current_database() AND application_name = $1";
    client.query(connections, &[&WRITER]).await.unwrap().is_empty()
}

/// Returns the faults of the log itself: gaps in streams, and what writers were told otherwise.
pub(crate) fn check(stored: &[Stored], told: &Told) -> Vec<Fault> {
    let mut faults = Faults::default();
    let (mut versions, mut positions) = (HashMap::new(), HashMap::new());
    for Stored { event, .. } in stored {
        let last = versions.insert(&event.stream, event.version).unwrap_or(0);
        if event.version != last + 1 {
            faults.note(Wrong::GapInStream, event.position);
        }
        positions.insert(event.id, event.position);
    }
    for (position, id) in &told.stored {
        if positions.get(id) != Some(position) {
            faults.note(Wrong::Lost, *position);
        }
    }
    for position in told.undone.iter().filter_map(|id| positions.get(id)) {
        faults.note(Wrong::NotUndone, *position);
    }
    faults.into_list()
}
