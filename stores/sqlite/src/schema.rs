//! The store's own tables, and how they come to be.

use esrs_core::StoreError;
use rusqlite::{Connection, OptionalExtension, TransactionBehavior};

use crate::error::{Database, Fault};

mod expected;

/// One step each, from version `n` of the tables to `n + 1`; what was released is never edited.
const MIGRATIONS: &[&str] = &[V1, V2, V3, V4, V5, V6, V7];

/// The newest version of the tables that this program knows.
const VERSION: u32 = MIGRATIONS.len() as u32;

// Positions are given by the writer: the next after the highest that is committed. SQLite lets one
// transaction write at a time and events are never deleted, so they have no gap and never go back.
// A stream's version is the highest of its events: there is no second place that could differ.
const V1: &str = "
CREATE TABLE esrs_kinds (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    version INTEGER NOT NULL,
    UNIQUE (name, version)
) STRICT;

CREATE TABLE esrs_streams (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    category TEXT NOT NULL
) STRICT;

CREATE TABLE esrs_events (
    position INTEGER PRIMARY KEY,
    stream INTEGER NOT NULL REFERENCES esrs_streams (id),
    version INTEGER NOT NULL,
    kind INTEGER NOT NULL REFERENCES esrs_kinds (id),
    event_id BLOB NOT NULL UNIQUE,
    recorded_at INTEGER NOT NULL,
    correlation_id BLOB,
    causation_id BLOB,
    actor TEXT,
    metadata TEXT,
    payload TEXT NOT NULL,
    UNIQUE (stream, version)
) STRICT;

CREATE TRIGGER esrs_events_are_never_updated BEFORE UPDATE ON esrs_events
BEGIN SELECT RAISE(ABORT, 'an event that is stored is never changed'); END;

CREATE TRIGGER esrs_events_are_never_deleted BEFORE DELETE ON esrs_events
BEGIN SELECT RAISE(ABORT, 'an event that is stored is never deleted'); END;

CREATE TABLE esrs_idempotency_keys (
    stream INTEGER NOT NULL REFERENCES esrs_streams (id),
    key TEXT NOT NULL,
    first_position INTEGER NOT NULL,
    last_position INTEGER NOT NULL,
    PRIMARY KEY (stream, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE esrs_projections (
    name TEXT NOT NULL COLLATE NOCASE PRIMARY KEY,
    definition TEXT NOT NULL,
    position INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
";

// One snapshot of a stream: the next takes its place. What made it is a fingerprint of 64 bits.
const V2: &str = "
CREATE TABLE esrs_snapshots (
    stream INTEGER PRIMARY KEY REFERENCES esrs_streams (id),
    fold INTEGER NOT NULL,
    version INTEGER NOT NULL,
    position INTEGER NOT NULL,
    recorded_at INTEGER NOT NULL,
    state TEXT NOT NULL
) STRICT;
";

// Event ids leave the table of events for one of their own, which is written now and then, up to a
// position: an index that each append writes to is a page more in each commit.
const V3: &str = "
CREATE TABLE esrs_events_of_v3 (
    position INTEGER PRIMARY KEY,
    stream INTEGER NOT NULL REFERENCES esrs_streams (id),
    version INTEGER NOT NULL,
    kind INTEGER NOT NULL REFERENCES esrs_kinds (id),
    event_id BLOB NOT NULL,
    recorded_at INTEGER NOT NULL,
    correlation_id BLOB,
    causation_id BLOB,
    actor TEXT,
    metadata TEXT,
    payload TEXT NOT NULL,
    UNIQUE (stream, version)
) STRICT;
INSERT INTO esrs_events_of_v3 SELECT position, stream, version, kind, event_id, recorded_at,
    correlation_id, causation_id, actor, metadata, payload FROM esrs_events;

CREATE TABLE esrs_event_ids (
    event_id BLOB PRIMARY KEY,
    position INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO esrs_event_ids SELECT event_id, position FROM esrs_events ORDER BY event_id;

CREATE TABLE esrs_event_ids_up_to (position INTEGER NOT NULL) STRICT;
INSERT INTO esrs_event_ids_up_to SELECT coalesce(max(position), 0) FROM esrs_events;

DROP TABLE esrs_events;
ALTER TABLE esrs_events_of_v3 RENAME TO esrs_events;

CREATE TRIGGER esrs_events_are_never_updated BEFORE UPDATE ON esrs_events
BEGIN SELECT RAISE(ABORT, 'an event that is stored is never changed'); END;

CREATE TRIGGER esrs_events_are_never_deleted BEFORE DELETE ON esrs_events
BEGIN SELECT RAISE(ABORT, 'an event that is stored is never deleted'); END;
";

// Read models become subscriptions: what is built beside another has a row and a generation of its own,
// one process at a time holds a lease, and a stream whose event cannot be taken is put aside.
const V4: &str = "
CREATE TABLE esrs_subscriptions (
    name TEXT NOT NULL COLLATE NOCASE,
    building INTEGER NOT NULL,
    definition TEXT NOT NULL,
    position INTEGER NOT NULL,
    generation INTEGER NOT NULL,
    PRIMARY KEY (name, building)
) STRICT, WITHOUT ROWID;
INSERT INTO esrs_subscriptions SELECT name, 0, definition, position, 1 FROM esrs_projections;
DROP TABLE esrs_projections;

CREATE TABLE esrs_leases (
    name TEXT NOT NULL COLLATE NOCASE PRIMARY KEY,
    holder TEXT,
    fence INTEGER NOT NULL,
    until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE esrs_parked (
    subscription TEXT NOT NULL COLLATE NOCASE,
    building INTEGER NOT NULL,
    stream TEXT NOT NULL,
    version INTEGER NOT NULL,
    position INTEGER NOT NULL,
    event TEXT NOT NULL,
    reason TEXT NOT NULL,
    parked_at INTEGER NOT NULL,
    is_to_resume INTEGER NOT NULL,
    PRIMARY KEY (subscription, building, stream)
) STRICT, WITHOUT ROWID;

CREATE TABLE esrs_parking_log (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    subscription TEXT NOT NULL COLLATE NOCASE,
    stream TEXT NOT NULL,
    version INTEGER NOT NULL,
    action TEXT NOT NULL,
    actor TEXT,
    reason TEXT NOT NULL,
    at INTEGER NOT NULL
) STRICT;
CREATE INDEX esrs_parking_log_of ON esrs_parking_log (subscription);
";

// What is remembered of the log is stored with the id of an event, by which a log that was cut back is
// told from one that was not. A lease has its length, so that a clock that was set back delays nobody for
// longer than that; one of an older esrs has none.
const V5: &str = "
ALTER TABLE esrs_leases ADD COLUMN duration INTEGER;

ALTER TABLE esrs_subscriptions ADD COLUMN mark_position INTEGER;
ALTER TABLE esrs_subscriptions ADD COLUMN mark_event BLOB;
ALTER TABLE esrs_subscriptions ADD COLUMN failure TEXT;
UPDATE esrs_subscriptions SET mark_position = position,
    mark_event = (SELECT event_id FROM esrs_events AS event
        WHERE event.position = esrs_subscriptions.position)
    WHERE EXISTS (SELECT 1 FROM esrs_events AS event
        WHERE event.position = esrs_subscriptions.position);

ALTER TABLE esrs_snapshots ADD COLUMN event_id BLOB;
UPDATE esrs_snapshots SET event_id = (SELECT event_id FROM esrs_events AS event
    WHERE event.stream = esrs_snapshots.stream AND event.version = esrs_snapshots.version);

CREATE TABLE esrs_superseded (
    name TEXT NOT NULL COLLATE NOCASE,
    definition TEXT NOT NULL,
    PRIMARY KEY (name, definition)
) STRICT, WITHOUT ROWID;
";

// The fingerprint of the command that a key stands for; one of an older esrs has none.
const V6: &str = "
ALTER TABLE esrs_idempotency_keys ADD COLUMN command TEXT;
";

// `REPLACE` deletes rows without their triggers, unless a connection asks for it. So an insert is refused
// before it could replace anything, on the connections of other programs too: an event is the next of the
// log and of its stream, and what names it stays as it is.
const V7: &str = "
CREATE TRIGGER esrs_events_are_never_replaced BEFORE INSERT ON esrs_events
WHEN NEW.position IS NOT (SELECT coalesce(max(position), 0) + 1 FROM esrs_events)
    OR NEW.version IS NOT
        (SELECT coalesce(max(version), 0) + 1 FROM esrs_events WHERE stream = NEW.stream)
    OR length(NEW.event_id) <> 16
    OR NEW.recorded_at NOT BETWEEN -377705023201000000 AND 253402207200999999
BEGIN SELECT RAISE(ABORT, 'an event is stored as the next of the log and of its stream only'); END;

CREATE TRIGGER esrs_streams_are_never_updated BEFORE UPDATE ON esrs_streams
BEGIN SELECT RAISE(ABORT, 'a stream that is stored is never changed'); END;
CREATE TRIGGER esrs_streams_are_never_deleted BEFORE DELETE ON esrs_streams
BEGIN SELECT RAISE(ABORT, 'a stream that is stored is never deleted'); END;
CREATE TRIGGER esrs_streams_are_never_replaced BEFORE INSERT ON esrs_streams
WHEN EXISTS (SELECT 1 FROM esrs_streams WHERE id = NEW.id OR name = NEW.name)
BEGIN SELECT RAISE(ABORT, 'a stream that is stored is never replaced'); END;

CREATE TRIGGER esrs_kinds_are_never_updated BEFORE UPDATE ON esrs_kinds
BEGIN SELECT RAISE(ABORT, 'an event kind that is stored is never changed'); END;
CREATE TRIGGER esrs_kinds_are_never_deleted BEFORE DELETE ON esrs_kinds
BEGIN SELECT RAISE(ABORT, 'an event kind that is stored is never deleted'); END;
CREATE TRIGGER esrs_kinds_are_never_replaced BEFORE INSERT ON esrs_kinds
WHEN EXISTS (SELECT 1 FROM esrs_kinds
    WHERE id = NEW.id OR (name = NEW.name AND version = NEW.version))
BEGIN SELECT RAISE(ABORT, 'an event kind that is stored is never replaced'); END;

CREATE TRIGGER esrs_idempotency_keys_are_never_updated BEFORE UPDATE ON esrs_idempotency_keys
BEGIN SELECT RAISE(ABORT, 'an idempotency key that is stored is never changed'); END;
CREATE TRIGGER esrs_idempotency_keys_are_never_replaced BEFORE INSERT ON esrs_idempotency_keys
WHEN EXISTS (SELECT 1 FROM esrs_idempotency_keys WHERE stream = NEW.stream AND key = NEW.key)
BEGIN SELECT RAISE(ABORT, 'an idempotency key that is stored is never replaced'); END;

CREATE TRIGGER esrs_parking_log_is_never_updated BEFORE UPDATE ON esrs_parking_log
BEGIN SELECT RAISE(ABORT, 'an entry of the parking log is never changed'); END;
CREATE TRIGGER esrs_parking_log_is_never_deleted BEFORE DELETE ON esrs_parking_log
BEGIN SELECT RAISE(ABORT, 'an entry of the parking log is never deleted'); END;
CREATE TRIGGER esrs_parking_log_is_never_replaced BEFORE INSERT ON esrs_parking_log
WHEN EXISTS (SELECT 1 FROM esrs_parking_log WHERE id = NEW.id)
BEGIN SELECT RAISE(ABORT, 'an entry of the parking log is never replaced'); END;
";

/// The triggers on the store's tables that are its own.
pub(crate) const TRIGGERS: &[&str] = &[
    "esrs_events_are_never_updated",
    "esrs_events_are_never_deleted",
    "esrs_events_are_never_replaced",
    "esrs_streams_are_never_updated",
    "esrs_streams_are_never_deleted",
    "esrs_streams_are_never_replaced",
    "esrs_kinds_are_never_updated",
    "esrs_kinds_are_never_deleted",
    "esrs_kinds_are_never_replaced",
    "esrs_idempotency_keys_are_never_updated",
    "esrs_idempotency_keys_are_never_replaced",
    "esrs_parking_log_is_never_updated",
    "esrs_parking_log_is_never_deleted",
    "esrs_parking_log_is_never_replaced",
];

/// The version of the tables in the file; 0 when there are none.
fn stored_version(connection: &Connection) -> Result<i64, Fault> {
    let exists = "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'esrs_schema'";
    if connection.query_row(exists, [], |_| Ok(())).optional()?.is_none() {
        return Ok(0);
    }
    let version = connection
        .query_row("SELECT version FROM esrs_schema", [], |row| row.get::<_, i64>(0))
        .optional()?;
    Ok(version.unwrap_or(0))
}

/// Returns true if there is nothing in the file.
pub(crate) fn is_empty(connection: &Connection) -> Result<bool, Fault> {
    let mut any = connection.prepare("SELECT 1 FROM sqlite_schema")?;
    Ok(!any.exists([])?)
}

/// Returns true if the tables are those of this esrs.
pub(crate) fn is_current(connection: &Connection) -> Result<bool, Fault> {
    Ok(stored_version(connection)? == i64::from(VERSION))
}

/// Refuses tables of a newer esrs, before anything in the file is touched.
pub(crate) fn check(connection: &Connection, database: &Database) -> Result<u32, Fault> {
    let stored = stored_version(connection)?;
    match u32::try_from(stored) {
        Ok(version) if version <= VERSION => Ok(version),
        _ => Err(Fault::Store(StoreError::NewerSchema {
            location: database.location(),
            found: u32::try_from(stored).unwrap_or(u32::MAX),
            known: VERSION,
        })),
    }
}

/// Brings the tables up to date, in one transaction.
pub(crate) fn migrate(connection: &mut Connection, database: &Database) -> Result<(), Fault> {
    if check(connection, database)? == VERSION {
        return Ok(());
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    // Another process may have been faster while this one waited.
    let stored = check(&transaction, database)?;
    expected::verify(&transaction, database, stored)?;
    bring_to(&transaction, stored, VERSION)?;
    Ok(transaction.commit()?)
}

/// Refuses tables that are not as an esrs of their version has made them.
pub(crate) fn verify(connection: &Connection, database: &Database) -> Result<(), Fault> {
    // Another process may bring them up to date between the two looks.
    let transaction = connection.unchecked_transaction()?;
    let version = check(&transaction, database)?;
    expected::verify(&transaction, database, version)?;
    Ok(transaction.commit()?)
}

/// The same within a transaction, of tables that are up to date, and of those that are being built.
pub(crate) fn verify_all(connection: &Connection, database: &Database) -> Result<(), Fault> {
    expected::verify(connection, database, VERSION)?;
    expected::verify_building(connection, database)
}

/// Runs the steps from one version of the tables to another.
fn bring_to(connection: &Connection, from: u32, to: u32) -> Result<(), Fault> {
    if from == 0 && to > 0 {
        connection.execute_batch("CREATE TABLE esrs_schema (version INTEGER NOT NULL) STRICT")?;
        connection.execute("INSERT INTO esrs_schema (version) VALUES (0)", [])?;
    }
    for step in &MIGRATIONS[from as usize..to as usize] {
        connection.execute_batch(step)?;
    }
    if from != to {
        connection.execute("UPDATE esrs_schema SET version = ?1", [to])?;
    }
    Ok(())
}
